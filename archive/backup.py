"""Copies of the whole archive, and the archive from a copy.

A backup folder holds `warc/`, which all its backups share because WARC files are only ever added, and a folder for each
backup with the collections as gzipped BSON, the layout of `mongodump --gzip`, which `mongorestore` reads too.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from bson import decode_file_iter
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from archive import mongo, verify, withdrawal
from archive.contract import SCHEMA_VERSION
from archive.warc import erase, reader
from archive.warc.reader import Damage, Record
from archive.warc.writer import OPEN

Document = dict[str, Any]
Progress = Callable[[str, int, int], None]

MANIFEST = "manifest.json"
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument, tz_aware=True)
_BATCH = 500
_CHUNK = 2**20
# Files that a message names.
_NAMED = 5
# The server is no replica set, or has forgotten the moment because the copy took too long.
_NO_SNAPSHOT = (72, 239, 246, 263)


class BackupFault(ValueError):
    """A backup cannot be made or used; the message names file or folder and says what to do."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds: its folder, documents by collection, WARC files and their bytes.

    Attributes:
        notes: what is not as it should be, and what to do, a line each.
    """

    folder: Path
    documents: dict[str, int]
    files: int
    bytes: int
    notes: tuple[str, ...] = ()


def make(database: Database[Document], warc: Path, target: Path, at: datetime, progress: Progress) -> Summary:
    """Copy MongoDB as it is at one moment, then the WARC files, so that whatever MongoDB points to is there.

    Args:
        warc: the WARC folder.
        target: the backup folder, made where it is missing.
        at: aware instant that names the backup.
    Raises:
        BackupFault: the target cannot be written, or holds a backup of that name.
        pymongo.errors.PyMongoError: the server was lost.
    """
    final = target / f"{at:%Y%m%dT%H%M%SZ}"
    part = target / f"{final.name}.part"
    if final.exists():
        raise BackupFault(f"{final}: exists already; wait a second")
    with _writing(target):
        folder = part / database.name
        folder.mkdir(parents=True)
        collections, is_one_moment = _dump(database, folder, progress)
        files, notes = _copy_all(reader.files(warc), warc, target / "warc", progress)
        if not is_one_moment:
            notes.append("MongoDB's collections are of different moments: make a backup while no crawl runs")
        manifest = {
            "made": at.isoformat(),
            "database": database.name,
            "schema": SCHEMA_VERSION,
            "collections": collections,
            "warc": files,
        }
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        part.rename(final)
    documents = {name: int(collection["documents"]) for name, collection in collections.items()}
    return Summary(final, documents, len(files), sum(files.values()), tuple(notes))


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupFault(
            f"{error.filename or target}: {error.strerror}; choose another folder or make room"
        ) from error


def _dump(database: Database[Document], folder: Path, progress: Progress) -> tuple[dict[str, Document], bool]:
    """Every collection into a file, and whether all are as they were at one moment.

    The server can do that where it is a replica set, and keeps a moment for some minutes.
    """
    try:
        with database.client.start_session(snapshot=True) as session:
            return _dump_collections(database, folder, session, progress), True
    except OperationFailure as error:
        if error.code not in _NO_SNAPSHOT:
            raise
        return _dump_collections(database, folder, None, progress), False


def _dump_collections(
    database: Database[Document], folder: Path, session: ClientSession | None, progress: Progress
) -> dict[str, Document]:
    names = _collections(database)
    made: dict[str, Document] = {}
    for number, name in enumerate(names, 1):
        path = folder / f"{name}.bson.gz"
        count = 0
        with gzip.open(path, "wb", compresslevel=3) as stream:
            collection = _raw(database, name)
            for document in collection.find({}, session=session):
                stream.write(document.raw)
                count += 1
        _sync(path)
        made[name] = {"documents": count, "sha256": _digest(path)}
        progress("collections", number, len(names))
    return made


def _collections(database: Database[Document]) -> list[str]:
    """What holds documents: no views, which `mongo.prepare` makes."""
    names = database.list_collection_names(filter={"type": "collection"})
    return sorted(name for name in names if not name.startswith("system."))


def _copy_all(paths: list[Path], source: Path, target: Path, progress: Progress) -> tuple[dict[str, int], list[str]]:
    """Copy the files that are not there yet, or have changed since: grown, or rid of what was withdrawn.

    A file that was cut or altered leaves the copy that was made when it was whole.

    Returns:
        Sizes by name, and which copies were left as they are.
    """
    copied: dict[str, int] = {}
    notes: list[str] = []
    for number, path in enumerate(paths, 1):
        with reader.opened(path) as stream:
            # It may have got its name since it was listed.
            current = Path(stream.name)
            stands = os.fstat(stream.fileno())
            wanted = target / current.relative_to(source)
            copy = _standing(wanted)
            if copy is None or (_changed(stands, copy) and _supersedes(current, copy)):
                _copy(stream, wanted, stands)
                copy = wanted
            elif _changed(stands, copy):
                notes.append(f"{current}: cut or altered; its earlier copy stays, and 'cp {copy} {current}' mends it")
            elif copy.name.endswith(OPEN):
                copy = copy.rename(wanted)
        copied[str(copy.relative_to(target))] = copy.stat().st_size
        if not copy.name.endswith(OPEN):
            copy.with_name(copy.name + OPEN).unlink(missing_ok=True)
        progress("warc", number, len(paths))
    return copied, notes


def _changed(stands: os.stat_result, copy: Path) -> bool:
    copied = copy.stat()
    # Some file systems keep whole seconds.
    coarse = copied.st_mtime_ns % 10**9 == 0
    same = copied.st_mtime_ns == stands.st_mtime_ns or (coarse and int(copied.st_mtime) == int(stands.st_mtime))
    return stands.st_size != copied.st_size or not same


def _standing(path: Path) -> Path | None:
    """The file that stands under a name, finished or still being written; the longer where both are there."""
    final = path.with_name(path.name.removesuffix(OPEN))
    found = [either for either in (final, final.with_name(final.name + OPEN)) if either.exists()]
    return max(found, key=lambda either: either.stat().st_size, default=None)


def _supersedes(path: Path, other: Path) -> bool:
    """Whether a file has all that another one of its name has and should have, or holds more that is whole."""
    if path.stat().st_size >= other.stat().st_size and (
        reader.begins_alike(path, other) or _only_withdrawn(path, other)
    ):
        return True
    return _soundness(path) > _soundness(other)


def _only_withdrawn(path: Path, other: Path) -> bool:
    """Whether a file lacks of another one but the records that were withdrawn, and lacks nothing else."""
    with path.open("rb") as one, other.open("rb") as two:
        for item in reader.scan(path):
            start, end = (
                (item.start, item.end) if isinstance(item, Damage) else (item.offset, item.offset + item.length)
            )
            if isinstance(item, Record) and erase.is_tombstone(item):
                continue
            one.seek(start)
            two.seek(start)
            expected = two.read(end - start)
            if one.read(len(expected)) != expected:
                return False
    return True


def _soundness(path: Path) -> int:
    """How many records are whole, less what is damaged."""
    report = verify.check_file(path)
    return report.records - len(report.problems)


def _copy(source: BinaryIO, target: Path, stands: os.stat_result) -> None:
    """Copy a file as far as it was long when it was looked at; it may be growing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with part.open("wb") as copy:
        left = stands.st_size
        while left and (data := source.read(min(left, _CHUNK))):
            copy.write(data)
            left -= len(data)
    part.chmod(stands.st_mode & 0o777)
    os.utime(part, ns=(stands.st_atime_ns, stands.st_mtime_ns))
    _sync(part)
    part.rename(target)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# -- and back ----------------------------------------------------------------------------------------------------------


def newest(target: Path) -> Path:
    """The last backup of a backup folder; a folder that is one itself.

    Raises:
        BackupFault: there is none.
    """
    if (target / MANIFEST).is_file():
        return target
    found = sorted(path.parent for path in target.glob(f"*/{MANIFEST}"))
    if not found:
        raise BackupFault(f"{target}: no backup here; 'make backup' makes one")
    return found[-1]


def restore(
    database: Database[Document], warc: Path, folder: Path, progress: Progress, *, overwrite: bool = False
) -> Summary:
    """Fill MongoDB and the WARC folder from a backup. Every file is checked before the first is written.

    Args:
        database: connected, its collections not prepared.
        folder: one backup, see `newest`.
        overwrite: whether what the database holds is dropped, and WARC files that differ from the backup's are replaced; those
            that hold more, and those that the backup does not know, stay in any case.
    Raises:
        BackupFault: the backup is damaged or newer than this code, or the archive is not empty and may not be overwritten.
        pymongo.errors.PyMongoError: the server was lost.
    """
    manifest = _manifest(folder)
    _check(manifest, folder)
    present = {name: database[name].estimated_document_count() for name in _collections(database)}
    standing = sum(present.values())
    if standing and not overwrite:
        raise BackupFault(
            f"database {database.name} holds {standing} documents; restore into another MONGODB_DATABASE, or say --overwrite"
        )
    with _writing(warc):
        _restore_files(warc, folder.parent / "warc", list(manifest["warc"]), progress, overwrite=overwrite)
    withdrawn = database.verdicts.find({"withdrawn": True}).to_list()
    database.client.drop_database(database.name)
    if withdrawn:
        database.verdicts.insert_many(withdrawn)
    counts: dict[str, int] = {}
    # What was withdrawn is known before anything else: whatever cuts this off, no crawl brings it back.
    names = sorted(manifest["collections"], key=lambda name: (name != "verdicts", name))
    for number, name in enumerate(names, 1):
        known = frozenset(verdict["_id"] for verdict in withdrawn) if name == "verdicts" else frozenset()
        counts[name] = _load(database, name, folder / manifest["database"] / f"{name}.bson.gz", known)
        progress("collections", number, len(names))
    mongo.prepare(database)
    notes = _withdraw_again(database, warc, withdrawn)
    return Summary(folder, counts, len(manifest["warc"]), sum(manifest["warc"].values()), tuple(notes))


def _withdraw_again(database: Database[Document], warc: Path, verdicts: list[Document]) -> list[str]:
    """Take out once more what the backup still has and was withdrawn since; which that was, a line each."""
    notes = []
    for verdict in verdicts:
        who = {"by": verdict["by"], "reason": verdict["reason"], "at": verdict["at"]}
        try:
            again = withdrawal.withdraw(database, warc, verdict["url"], verdict["url"], **who)
        except erase.EraseError as error:
            raise BackupFault(f"{verdict['url']}: call 'scrapy withdraw' for it again: {error}") from error
        if again.was_article:
            notes.append(f"{verdict['url']}: withdrawn after this backup was made, and now again")
    return notes


def _restore_files(warc: Path, kept: Path, names: list[str], progress: Progress, *, overwrite: bool) -> None:
    """Copy the WARC files that are missing, of which the backup has more, or which are damaged and the backup's are not.

    Raises:
        BackupFault: files are other ones than the backup's, and may not be overwritten.
    """
    missing: list[tuple[Path, Path, Path | None]] = []
    differing: list[Path] = []
    for number, name in enumerate(names, 1):
        stands, copy = _standing(warc / name), _kept(kept, name)
        if stands is None or not _supersedes(stands, copy):
            missing.append((warc / name, copy, stands))
            # A file that only lacks its end loses nothing.
            if stands is not None and not reader.begins_alike(stands, copy):
                differing.append(stands)
        progress("files", number, len(names))
    if differing and not overwrite:
        more = f" and {len(differing) - _NAMED} more" if len(differing) > _NAMED else ""
        raise BackupFault(
            f"{', '.join(map(str, differing[:_NAMED]))}{more}: not the bytes of the backup, whose files are no worse; "
            "say --overwrite to put the backup's in their place, or move them away ('scrapy verify' tells what is damaged)"
        )
    for number, (target, copy, stands) in enumerate(missing, 1):
        # All that the backup has: what came after its moment is indexed by the recovery of what is called .open.
        with copy.open("rb") as stream:
            _copy(stream, target, os.fstat(stream.fileno()))
        if stands is not None and stands != target:
            stands.unlink()
        progress("warc", number, len(missing))


def _manifest(folder: Path) -> Document:
    path = folder / MANIFEST
    try:
        manifest: Document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupFault(f"{path}: no backup: {error}") from error
    if manifest["schema"] > SCHEMA_VERSION:
        raise BackupFault(
            f"{path}: made by a newer version (schema {manifest['schema']}, this one has {SCHEMA_VERSION})"
        )
    return manifest


def _check(manifest: Document, folder: Path) -> None:
    for name, collection in manifest["collections"].items():
        path = folder / manifest["database"] / f"{name}.bson.gz"
        if not path.is_file() or _digest(path) != collection["sha256"]:
            raise BackupFault(f"{path}: missing or damaged; use another backup")
    for name, size in manifest["warc"].items():
        path = _kept(folder.parent / "warc", name)
        # One that has been finished since may have got rid of a torn record at its end.
        finished = not path.name.endswith(OPEN) and name.endswith(OPEN)
        if not path.is_file() or (path.stat().st_size < size and not finished):
            raise BackupFault(f"{path}: missing or cut; use another backup")


def _kept(folder: Path, name: str) -> Path:
    """A WARC file of the backup: one that was being written has got its name since."""
    path = folder / name
    return path if path.exists() else folder / name.removesuffix(OPEN)


def _load(database: Database[Document], name: str, path: Path, known: frozenset[Any] = frozenset()) -> int:
    """How many documents a file holds, `known` ones included, which stay as they are."""
    collection = _raw(database, name)
    count = 0
    with gzip.open(path, "rb") as stream:
        for batch in _batches(decode_file_iter(cast(BinaryIO, stream), _RAW)):
            if new := [document for document in batch if document["_id"] not in known]:
                collection.insert_many(new)
            count += len(batch)
    return count


def _raw(database: Database[Document], name: str) -> Collection[RawBSONDocument]:
    """A collection whose documents stay bytes."""
    return cast("Collection[RawBSONDocument]", database.get_collection(name, codec_options=cast(Any, _RAW)))


def _batches(documents: Iterable[RawBSONDocument]) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
