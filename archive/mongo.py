"""MongoDB: which server, the collections of the contract made and migrated on it, and errors a person can act on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymongo
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    CollectionInvalid,
    ConfigurationError,
    InvalidName,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from archive import server, shelf, views
from archive.contract import COLLECTIONS, Collection, validator
from archive.patience import first_words

logger = logging.getLogger(__name__)

Document = dict[str, Any]

#: Seconds until a server that does not answer is given up.
SELECTION_SECONDS = 5.0
#: Acknowledged means: in the journal, on a majority.
WRITE = {"w": "majority", "journal": True}
_INDEX_CONFLICTS = (85, 86)
_EXISTS = 48
# Of earlier contracts, by MongoDB's names: they would only cost.
_OBSOLETE = {"search_text", "copy_of_1", "search.shelf_1_search.named_1", "published.at_-1"}


class ArchiveError(RuntimeError):
    """MongoDB cannot be used; the message says what to mend. Commands end with exit code 3."""


def locate(uri: str, data: Path) -> str:
    """The URI to connect to: the given one, or that of the embedded server, which is started for it.

    Args:
        uri: MONGODB_URI, "" where it is not set.
        data: folder of the embedded server.
    Raises:
        ArchiveError: the embedded server cannot run.
    """
    if uri:
        return uri
    try:
        return server.ensure(data / "mongodb")
    except server.ServerError as error:
        raise ArchiveError(str(error)) from error


def client_options(uri: str) -> dict[str, Any]:
    """Options shared by the blocking and the asynchronous client."""
    return {"host": uri, "tz_aware": True, "serverSelectionTimeoutMS": int(SELECTION_SECONDS * 1000), **WRITE}


def connect(uri: str, name: str) -> Database[Document]:
    """A database for reading and writing, proved to answer.

    Raises:
        ArchiveError: the URI is wrong or the server does not answer; the message names MONGODB_URI, never a password.
    """
    try:
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(**client_options(uri))
        database = client[name]
        client.admin.command("ping")
        # Listing needs a right that the ping does not: a wrong password shows here.
        database.list_collection_names()
    except (PyMongoError, ValueError) as error:
        raise ArchiveError(explain(error, uri)) from error
    return database


def explain(error: Exception, uri: str) -> str:
    """One line for a person: what failed, where, and what to mend."""
    where = redact(uri)
    if isinstance(error, InvalidURI | ConfigurationError | ValueError) and not isinstance(error, OperationFailure):
        return f"MONGODB_URI {where}: not usable: {first_words(error)}"
    if isinstance(error, InvalidName):
        return f"MONGODB_DATABASE: {first_words(error)}"
    if isinstance(error, OperationFailure):
        return f"MONGODB_URI {where}: the server refuses: {first_words(error)}"
    return (
        f"MONGODB_URI {where}: no answer within {SELECTION_SECONDS:.0f} s; start that server, mend the address, "
        "or unset MONGODB_URI to use the embedded one"
    )


def redact(uri: str) -> str:
    """A URI without user name and password."""
    try:
        parts = urlsplit(uri)
        hosts = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(unreadable)"
    return f"{parts.scheme}://{hosts}{parts.path}" if parts.scheme else "(unreadable)"


def prepare(database: Database[Document]) -> None:
    """Make or migrate every collection of the contract: validators, then indexes. Doing it again changes nothing.

    Raises:
        ArchiveError: the server refuses, or holds data that breaks the contract's unique indexes.
    """
    try:
        present = {info["name"]: info for info in database.list_collections()}
        for collection in COLLECTIONS:
            _prepare_collection(database, collection, present.get(collection.name))
        views.prepare(database)
        shelf.upgrade(database, _tell)
    except PyMongoError as error:
        hint = "; is its disk full? its log says why it ended" if isinstance(error, AutoReconnect) else ""
        raise ArchiveError(f"database {database.name}: cannot be prepared: {first_words(error)}{hint}") from error


def _prepare_collection(
    database: Database[Document], collection: Collection, present: Mapping[str, Any] | None
) -> None:
    wanted = validator(collection)
    if present is None:
        try:
            database.create_collection(collection.name, validator=wanted)
        except (CollectionInvalid, OperationFailure) as error:
            if isinstance(error, OperationFailure) and error.code != _EXISTS:
                raise
            present = {"options": {}}  # another process has made it meanwhile
    if present is not None and present["options"].get("validator") != wanted:
        database.command("collMod", collection.name, validator=wanted)
        _fill(database, collection)
    for name in set(database[collection.name].index_information()) & _OBSOLETE:
        database[collection.name].drop_index(name)
    for index in collection.indexes:
        keys = list(index.keys)
        try:
            database[collection.name].create_index(keys, **dict(index.options))
        except OperationFailure as error:
            if error.code not in _INDEX_CONFLICTS:
                raise
            database[collection.name].drop_index(keys)
            database[collection.name].create_index(keys, **dict(index.options))


def _tell(done: int, total: int) -> None:
    logger.warning("articles are indexed for search anew, %d of %d", done, total)


def _fill(database: Database[Document], collection: Collection) -> None:
    """Give documents of an older contract the fields that it did not have, empty: until then MongoDB takes no change of them."""
    empty: Document = {
        field.name: None if field.nullable else [] if field.type == "array" else {}
        for field in collection.fields
        if not field.optional and (field.nullable or field.type == "array" or field.free)
    }
    if empty:
        filled = {name: {"$ifNull": [f"${name}", {"$literal": value}]} for name, value in empty.items()}
        missing = {"$or": [{name: {"$exists": False}} for name in empty]}
        # What lacks more than empty fields, such as an old run, is left as it is and still must not bar the door.
        database[collection.name].update_many(missing, [{"$set": filled}], bypass_document_validation=True)


_READY: set[tuple[str, str]] = set()
_READY_LOCK = threading.Lock()


def ready(uri: str, name: str, data: Path) -> str:
    """The URI of an archive that answers and has its collections; made sure once in a process.

    Args:
        uri: MONGODB_URI, "" for the embedded server.
        name: of the database.
        data: folder of the embedded server.
    Raises:
        ArchiveError: it cannot be used.
    """
    with _READY_LOCK:
        located = locate(uri, data)
        if (located, name) not in _READY:
            database = connect(located, name)
            prepare(database)
            database.client.close()
            _READY.add((located, name))
        return located
