"""Captured pages, read in worker processes on all cores and handed on in their order.

A hop to a worker carries several pages: it opens their WARC records itself, so that the bytes never pass through the
parent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from archive import answers, replay
from archive.records import Outcome, Page
from archive.warc import reader
from archive.warc.reader import Record, WarcError
from pipelines import decide
from pipelines.reading import Reading, read
from pipelines.workers import WorkerLost, Workers
from sources.model import Source

logger = logging.getLogger(__name__)

#: Pages in one hop: about half a second of reading.
HOP = 16
# Hops under way for each worker: one at work, one waiting, so that none idles while the parent writes.
_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture of a page, to be read.

    Attributes:
        key: canonical URL of the page.
        source: name of the outlet.
        at: its instant.
        file, offset: its record in the WARC folder.
        said: file and offset of the record that says what discovery said; None for a foreign page.
        payload: file and offset of the record that holds its payload, where it is a revisit.
        aliases: addresses that led to it, for a foreign page.
        outside: whether it lay outside the window of its crawl, where the WARC does not say which window that was.
    """

    key: str
    source: str
    at: datetime
    file: str
    offset: int
    said: tuple[str, int] | None = None
    payload: tuple[str, int] | None = None
    aliases: tuple[str, ...] = ()
    outside: bool = False


@dataclass(slots=True)
class Replayed:
    """A capture, read.

    Attributes:
        page: with outcome or article; None where the record cannot be read back.
        run: identifier of the crawl that captured it, "" where the WARC does not tell.
        fault: why it cannot be read back.
    """

    capture: Captured
    page: Page | None = None
    run: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Window:
    since: datetime | None
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


def read_captured(folder: Path, captures: list[Captured], sources: dict[str, Source]) -> list[Replayed]:
    """Read captures back and make articles of them; runs in a worker.

    Args:
        folder: the WARC folder.
        sources: the outlets of these captures by name.
    """
    return [_read_one(folder, capture, sources[capture.source]) for capture in captures]


def _read_one(folder: Path, capture: Captured, source: Source) -> Replayed:
    try:
        page, said = _page(folder, capture)
    except WarcError as error:
        return Replayed(capture, fault=str(error))
    if page.outcome is None:
        settled = answers.settled(page, source)
        if settled is not None:
            page.outcome, page.detail = settled
    if page.outcome is None:
        decide.take(page, read(page, source, page.fetched_at))
        if "since" in said or "until" in said:
            decide.window(page, _Window(_instant(said.get("since")), _instant(said.get("until"))))
        elif capture.outside and page.article is not None:
            page.outcome, page.detail = Outcome.OUTSIDE_WINDOW, "outside the window of its crawl"
    page.body = b""
    return Replayed(capture, page, str(said.get("run", "")))


def _page(folder: Path, capture: Captured) -> tuple[Page, dict[str, Any]]:
    """A captured page and what discovery said of it.

    Raises:
        archive.warc.reader.WarcError: a record of it cannot be read back.
    """
    record = _record(folder, capture.file, capture.offset)
    said = _record(folder, *capture.said).discovery() if capture.said else None
    held = _record(folder, *capture.payload) if capture.payload else None
    page = replay.page(record, capture.file, said, held=held)
    page.key, page.source = capture.key, capture.source
    page.aliases += capture.aliases
    return page, said or {}


def _record(folder: Path, file: str, offset: int) -> Record:
    return reader.read(folder, {"file": file, "offset": offset})


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


async def read_all(
    workers: Workers, folder: Path, captures: Iterable[Captured], sources: dict[str, Source]
) -> AsyncIterator[list[Replayed]]:
    """Read captures on all cores; yields them in their order, several at a time.

    A page that kills or hangs its worker costs only itself: it is UNREADABLE.
    """
    hops = _hops(captures)
    running: deque[asyncio.Task[list[Replayed]]] = deque()
    try:
        while True:
            for hop in islice(hops, _AHEAD * workers.count - len(running)):
                running.append(asyncio.create_task(_hop(workers, folder, hop, sources)))
            if not running:
                return
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()


def _hops(captures: Iterable[Captured]) -> Iterator[list[Captured]]:
    iterator = iter(captures)
    while hop := list(islice(iterator, HOP)):
        yield hop


async def _hop(workers: Workers, folder: Path, captures: list[Captured], sources: dict[str, Source]) -> list[Replayed]:
    named = {capture.source: sources[capture.source] for capture in captures}
    try:
        return await workers.run(read_captured, folder, captures, named)
    except WorkerLost as error:
        if len(captures) > 1:
            singly = [await _hop(workers, folder, [capture], named) for capture in captures]
            return [replayed for one in singly for replayed in one]
        logger.warning("%s: %s", captures[0].key, error)
        return [_unreadable(folder, captures[0], str(error))]


def _unreadable(folder: Path, capture: Captured, reason: str) -> Replayed:
    try:
        page, said = _page(folder, capture)
    except WarcError as error:
        return Replayed(capture, fault=str(error))
    decide.take(page, Reading(outcome=Outcome.UNREADABLE, detail=reason))
    return Replayed(capture, page, str(said.get("run", "")))
