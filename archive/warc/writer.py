"""The writer: a thread that puts exchanges into WARC files, with one fsync for all that wait.

A file that is being written is called NAME.warc.gz.open and locked by its process; it gets its name when it is closed and
every capture in it is indexed. So whatever is called .open and not locked was left by a process that died, and foreign
tools meet whole files only.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import re
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from bson import Int64

from archive.patience import StorageLost
from archive.records import Exchange
from archive.warc import records
from archive.warc.plan import Plan

logger = logging.getLogger(__name__)

Document = dict[str, Any]

OPEN = ".open"
#: Until its lock is held, a file has a name that nobody looks for.
_NEW = ".new"


class Capture:
    """A response on its way to the disk, or there.

    Attributes:
        at: aware UTC instant of the exchange.
        document: its `captures` document; complete when the writer has come to it.
        described: whether what discovery said of the page is in the file.
    """

    def __init__(self, at: datetime, document: Document | None = None, *, described: bool = False) -> None:
        self.at = at
        self.document = document or {}
        self.described = described

    @property
    def place(self) -> Document:
        """What `Page.capture` says of it: file, offset, length."""
        return {name: self.document[name] for name in ("file", "offset", "length")}


@dataclass(slots=True)
class _Job:
    """What the thread is to write, and what is called in the event loop when it is on disk."""

    write: Callable[[_File], object]
    size: int
    done: Callable[[Exception | None], None]


@dataclass(slots=True)
class _File:
    """A file that is being written.

    Attributes:
        name: final, relative to the folder.
        info: id of its warcinfo record.
        end: where the next record begins.
        safe: how far the disk has it.
    """

    name: str
    path: Path
    stream: FileIO
    day: date
    info: str
    end: int = 0
    safe: int = 0

    def add(self, record: records.Record) -> tuple[int, int]:
        """Write a record; its offset and length."""
        data = records.member(record)
        offset, rest = self.end, memoryview(data)
        while rest:
            rest = rest[self.stream.write(rest) or 0 :]
        self.end += len(data)
        return offset, len(data)


class Writer:
    """Shared by all crawls of a process: the last to close it ends it. Used from one event loop."""

    #: Bytes that may wait for the disk before crawls have to.
    QUEUE_BYTES = 64 * 2**20
    #: How long the thread gathers what one fsync is to serve. An article waits so much longer for its acknowledgement.
    GATHER_SECONDS = 0.02

    _shared: Writer | None = None

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = asyncio.get_running_loop()
        self.users = 0
        self.failure: StorageLost | None = None
        self._told: list[Callable[[], None]] = []
        self._indexed = True
        self._broken: StorageLost | None = None
        self._serial = 0
        # Machines may share a host name, and containers their process numbers.
        self._mark = secrets.token_hex(3)
        self._files: list[_File] = []
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._room: set[asyncio.Future[None]] = set()
        self._wake = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="warc", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, plan: Plan, failed: Callable[[], None]) -> Writer:
        """The shared writer, started at its first use. Its first file is made with the first record.

        Args:
            failed: called once when the disk takes no more.
        """
        if cls._shared is None:
            cls._shared = cls(plan)
        cls._shared.users += 1
        cls._shared._told.append(failed)
        return cls._shared

    async def keep(self, exchange: Exchange, earlier: Document | None, written: Callable[[Document], None]) -> Capture:
        """Hand over an exchange; it returns before the disk has it.

        Args:
            earlier: the `captures` document of the last whole response of the address, None where there is none.
            written: called with the `captures` document when the disk has it.
        Raises:
            StorageLost: the disk takes no more.
        """
        capture = Capture(exchange.at)

        def write(file: _File) -> None:
            asked, answered, document = records.exchange(exchange, earlier, file.info)
            file.add(asked)
            offset, length = file.add(answered)
            capture.document = {**document, "file": file.name, "offset": Int64(offset), "length": Int64(length)}

        def done(error: Exception | None) -> None:
            if error is None:
                written(capture.document)

        size = sum(map(len, exchange.received))
        while self._waiting > self.QUEUE_BYTES and self.failure is None:
            room = self.loop.create_future()
            self._room.add(room)
            await room
        self._put(_Job(write, size, done))
        return capture

    async def describe(self, capture: Capture, said: Mapping[str, Any]) -> None:
        """Add what discovery said of a page; returns when the disk has it and, as it was handed over before, the page.

        Raises:
            StorageLost: the disk takes no more.
        """
        if not capture.described:
            await self._written(lambda file: file.add(records.discovery(said, capture.document, file.info)))
            capture.described = True

    async def flush(self) -> None:
        """Return when the disk has everything that was handed over.

        Raises:
            StorageLost: the disk takes no more.
        """
        if self._jobs or self._files:
            await self._written(lambda file: None)

    async def _written(self, write: Callable[[_File], object]) -> None:
        written = self.loop.create_future()

        def done(error: Exception | None) -> None:
            if written.done():
                return
            if error is None:
                written.set_result(None)
            else:
                written.set_exception(error)

        self._put(_Job(write, 0, done))
        await written

    async def close(self, *, indexed: bool) -> None:
        """Leave the writer; the last user waits for its end and gives the files their names.

        Args:
            indexed: whether all captures of this user are in MongoDB. Where one's are not, the files are left to recovery.
        """
        self.users -= 1
        self._indexed = self._indexed and indexed
        if self.users:
            return
        Writer._shared = None
        with self._wake:
            self._ended = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)
        for file in self._files:
            if self._indexed and self.failure is None:
                os.rename(file.path, file.path.with_suffix(""))
            file.stream.close()
        sync_folder(self.plan.folder)

    def _put(self, job: _Job) -> None:
        if self.failure is not None:
            raise StorageLost(str(self.failure))
        self._waiting += job.size
        with self._wake:
            self._jobs.append(job)
            self._wake.notify()

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._ended:
                    self._wake.wait()
                if not self._jobs:
                    return
                ended = self._ended
            if not ended:
                # Not on the condition: every new job would end the wait.
                time.sleep(self.GATHER_SECONDS)
            with self._wake:
                jobs = list(self._jobs)
                self._jobs.clear()
            error = self._write(jobs)
            with contextlib.suppress(RuntimeError):  # the loop was ended by a second Ctrl-C
                self.loop.call_soon_threadsafe(self._settle, jobs, error)

    def _write(self, jobs: list[_Job]) -> StorageLost | None:
        """Write and sync some jobs; what the disk refuses leaves no torn record behind, and ends the writing."""
        if self._broken is None:
            try:
                for job in jobs:
                    job.write(self._file())
                self._sync()
            except Exception as error:
                self._broken = self._lost(error)
                for file in self._files:
                    with contextlib.suppress(OSError):
                        os.ftruncate(file.stream.fileno(), file.safe)
        return self._broken

    def _sync(self) -> None:
        if self._files:
            os.fsync(self._files[-1].stream.fileno())
            self._files[-1].safe = self._files[-1].end

    def _lost(self, error: Exception) -> StorageLost:
        where = self.plan.folder
        if isinstance(error, OSError):
            full = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else error.strerror
            return StorageLost(f"WARC folder {where}: {full}")
        logger.error("a fault of the WARC writer", exc_info=error)
        return StorageLost(f"WARC folder {where}: the writer failed: {error!r}")

    def _file(self) -> _File:
        """The file that takes the next record: one for each day, and no larger than planned but for its last record."""
        now = datetime.now(UTC)
        last = self._files[-1] if self._files else None
        if last is None or last.end >= self.plan.bytes or last.day != now.date():
            self._sync()
            self._begin(now)
        return self._files[-1]

    def _begin(self, now: datetime) -> None:
        folder = self.plan.folder
        folder.mkdir(parents=True, exist_ok=True)
        host = re.sub(r"[^A-Za-z0-9.-]+", "-", socket.gethostname()) or "host"
        name = f"{self.plan.prefix}-{now:%Y%m%d%H%M%S}-{self._serial:05}-{host}-{self._mark}-{os.getpid()}.warc.gz"
        self._serial += 1
        made, path = folder / (name + _NEW), folder / (name + OPEN)
        stream = FileIO(made, "x+")
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.rename(made, path)
        warcinfo = records.warcinfo(name, self.plan.info, now)
        self._files.append(_File(name, path, stream, now.date(), warcinfo.id))
        self._files[-1].add(warcinfo)
        sync_folder(folder)

    # -- back in the event loop ----------------------------------------------------------------------------------------

    def _settle(self, jobs: list[_Job], error: StorageLost | None) -> None:
        if error is not None and self.failure is None:
            self.failure = error
            logger.error("%s; the crawl stops, nothing acknowledged is lost", error)
            for failed in self._told:
                failed()
        self._waiting -= sum(job.size for job in jobs)
        for job in jobs:
            job.done(error)
        rooms, self._room = self._room, set()
        for room in rooms:
            if not room.done():
                room.set_result(None)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (fsync(2))."""
    if not folder.is_dir():
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
