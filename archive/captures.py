"""The index of the WARC files: which response lies where. Documents are made by `archive.warc`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database

from archive.warc import reader
from archive.warc.message import Message

Document = dict[str, Any]

#: Answers that lead from one address to another.
REDIRECTS = [301, 302, 303, 307, 308]
_REPLACES = {"truncated": None, "revisit_of": None, "status": {"$in": [200, *REDIRECTS]}}
_BATCH = 1000


def writes(documents: Iterable[Document]) -> list[ReplaceOne[Document]]:
    """The operations that enter captures into the index; they may be repeated."""
    return [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]


async def last_whole(database: AsyncDatabase[Document], url: str) -> Document | None:
    """The last capture of an address that holds its payload, the one that a revisit may refer to."""
    query = {"url": url, "revisit_of": None, "truncated": None, "status": 200}
    return await database.captures.find_one(query, sort=[("at", -1)])


async def captured(database: AsyncDatabase[Document], urls: list[str]) -> set[str]:
    """Which of some addresses have a capture that can be read in place of a fetch: a whole page, or a redirect."""
    found: set[str] = set()
    for at in range(0, len(urls), _BATCH):
        query = {"url": {"$in": urls[at : at + _BATCH]}, **_REPLACES}
        found.update(await database.captures.distinct("url", query))
    return found


async def replacing(database: AsyncDatabase[Document], url: str) -> Document | None:
    """The last capture of an address that can be read in place of a fetch."""
    query = {"url": url, **_REPLACES}
    return await database.captures.find_one(query, sort=[("at", -1)])


def of(database: Database[Document], urls: list[str]) -> list[Document]:
    """Every capture of some addresses, the oldest first."""
    return database.captures.find({"url": {"$in": urls}}).sort("at", 1).to_list()


def nearest(captures: list[Document], at: datetime) -> Document | None:
    """The last capture not later than an instant; where all are later, the first."""
    before = [capture for capture in captures if capture["at"] <= at]
    return before[-1] if before else next(iter(captures), None)


def payload(database: Database[Document], folder: Path, capture: Document) -> Message:
    """The response of a capture, its payload found where a revisit refers to an earlier one.

    Raises:
        archive.warc.reader.WarcError: a file or a record is missing or damaged.
    """
    answer = reader.read(folder, capture).message
    if capture["revisit_of"] is None:
        return answer
    original = database.captures.find_one({"_id": capture["revisit_of"]})
    if original is None:
        raise reader.WarcError(
            f"{capture['url']}: the capture that it revisits, {capture['revisit_of']}, is not indexed"
        )
    return Message(answer.head, reader.read(folder, original).message.payload)
