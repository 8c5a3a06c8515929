"""What a process left behind that died: WARC files still called .open, with a torn tail, and captures that no index names.

Only files that no living process has locked are touched. A file that is in order has its final name, so a start with nothing to
recover costs the listing of a folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
from dataclasses import dataclass
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Any

from pymongo.database import Database

from archive import captures, mongo
from archive.warc import reader
from archive.warc.writer import OPEN, sync_folder

logger = logging.getLogger(__name__)

Document = dict[str, Any]

_BATCH = 1000
# The crawls of a process start side by side; each has to wait until the pages that it may find are indexed.
_ONE_BY_ONE = threading.Lock()


@dataclass(slots=True)
class Recovered:
    """What was done: files given their names, captures entered into the index, bytes of torn records cut off."""

    files: int = 0
    captures: int = 0
    torn: int = 0


def left_open(folder: Path) -> list[Path]:
    """The files that are being written, or were when their process died."""
    return sorted(folder.glob(f"*.warc.gz{OPEN}"))


def recover(uri: str, name: str, folder: Path) -> Recovered:
    """Finish the files that died with their processes: trim, index, name. No name is taken from another file.

    Args:
        uri, name: of the database whose pages the folder holds.
    Raises:
        archive.mongo.ArchiveError: the database cannot be used.
        OSError: a file cannot be trimmed or renamed.
        pymongo.errors.PyMongoError: the index cannot be written.
    """
    done = Recovered()
    with _ONE_BY_ONE:
        database = mongo.connect(uri, name)
        try:
            for path in left_open(folder):
                with contextlib.suppress(FileNotFoundError), FileIO(path, "r+") as stream:
                    if _ours(stream, path):
                        _finish(database, path, stream, done)
        finally:
            database.client.close()
    if done.files:
        sync_folder(folder)
        logger.warning(
            "an earlier crawl was killed: %d WARC files finished, %d captures indexed, %d bytes of torn records cut off",
            done.files,
            done.captures,
            done.torn,
        )
    return done


def _ours(stream: FileIO, path: Path) -> bool:
    """Whether the file's process is gone and no other one recovers it; the lock is held as long as the stream is open."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    # Another process may have finished it between its opening and its locking.
    return path.exists() and os.path.samestat(os.fstat(stream.fileno()), path.stat())


def _finish(database: Database[Document], path: Path, stream: FileIO, done: Recovered) -> None:
    name = path.name.removesuffix(OPEN)
    # The outlets of a process share a file, and each enters its captures when it stores its articles: gaps are anywhere.
    known = {capture["_id"] for capture in database.captures.find({"file": name}, {"_id": 1})}
    missing: list[Document] = []
    end = 0
    for record in reader.records(path):
        end = record.offset + record.length
        capture = record.capture(name)
        if capture is not None and capture["_id"] not in known:
            missing.append(capture)
    done.torn += os.fstat(stream.fileno()).st_size - end
    os.ftruncate(stream.fileno(), end)
    os.fsync(stream.fileno())
    target = _name(path) if end else None
    if target is not None and target.name != name:
        missing = [capture | {"file": target.name} for capture in missing]
    for start in range(0, len(missing), _BATCH):
        database.captures.bulk_write(captures.writes(missing[start : start + _BATCH]), ordered=False)
    done.captures += len(missing)
    done.files += 1
    if target is not None:
        path.rename(target)
    else:
        path.unlink()


def _name(path: Path) -> Path | None:
    """What a trimmed file is to be called; None where a file of its name holds all of it already.

    A restored backup may have put the beginning of a file beside the whole one, or the whole one beside its beginning.
    """
    final = path.with_suffix("")
    if not final.exists():
        return final
    if reader.begins_alike(path, final):
        return final if path.stat().st_size > final.stat().st_size else None
    stem = final.name.removesuffix(".warc.gz")
    numbers = (final.with_name(f"{stem}-{number}.warc.gz") for number in count(2))
    other = next(free for free in numbers if not free.exists())
    logger.warning(
        "%s: there is another file of its name, %s, and neither begins the other; both stay, this one as %s",
        path,
        final.name,
        other.name,
    )
    return other
