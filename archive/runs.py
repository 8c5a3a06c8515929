"""What happened in a run: counted while it goes on, kept in `runs`, so that every run can be explained from its document.

A run is a crawl, a recheck or a visit of one outlet, or the part of a reprocessing or an import that is one outlet's. Numbers of
which there may be a million are kept as a sample.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bson import Int64, ObjectId

from archive.records import Article, Outcome, Page

Document = dict[str, Any]

KINDS = ("crawl", "recheck", "visit", "reprocess", "import")
#: How often a running run writes what it has counted, and after how long without a word it counts as killed.
HEARTBEAT, SILENT = timedelta(seconds=30), timedelta(minutes=5)
#: Fields of an article whose coverage is counted.
FIELDS = ("published", "authors", "section", "standfirst", "image", "tags", "modified")
#: Places of a date that stand on the page itself; feeds, sitemaps and addresses say it from outside.
ON_PAGE = ("jsonld", "meta", "time", "selector", "visible")
#: A date that lies further ahead than this is in the future; clocks of servers differ by minutes.
AHEAD = timedelta(minutes=10)
_DETAILS = 10
_ENTRIES = 2000
#: Outcomes that need no explanation.
_GOOD = (Outcome.STORED, Outcome.COPY, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.OFF_TOPIC, Outcome.OUTSIDE_WINDOW)


class Sample:
    """Numbers of which the quantiles are wanted: all of the first thousand, an even choice of a thousand of more."""

    SIZE = 1000

    def __init__(self) -> None:
        self.count, self.total, self.largest = 0, 0.0, 0.0
        self._kept: list[float] = []
        self._chance = random.Random(0)  # noqa: S311

    def add(self, number: float) -> None:
        """Take one in."""
        self.count += 1
        self.total += number
        self.largest = max(self.largest, number)
        if len(self._kept) < self.SIZE:
            self._kept.append(number)
        elif (place := self._chance.randrange(self.count)) < self.SIZE:
            self._kept[place] = number

    def quantiles(self, digits: int = 3) -> Document:
        """`count`, `total`, `p10`, `p50`, `p90`, `max`; the last four null without numbers."""
        ordered = sorted(self._kept)
        found: Document = {"count": self.count, "total": round(self.total, digits)}
        for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
            found[name] = round(_between(ordered, share * (len(ordered) - 1)), digits) if ordered else None
        return found | {"max": round(float(self.largest), digits) if ordered else None}


def _between(ordered: list[float], place: float) -> float:
    """The number at a place between two of a list."""
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


@dataclass(slots=True)
class Run:
    """One run of one outlet.

    Attributes:
        id: identifier.
        source: name of the outlet.
        started: aware instant.
        kind: one of KINDS.
        asked: what the run was asked for, as it was typed: since, until, filter, recheck.
        counters: discovered, fresh, fetched …, and one for each outcome.
        entries: what each entry point gave.
        gaps: feeds that shared no item with their last visit.
        made_by: versions of code and lexicon.
        detail: the reason of the end in words.
        space: what the disks have left.
    """

    id: ObjectId
    source: str
    started: datetime
    kind: str = "crawl"
    asked: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    entries: list[Document] = field(default_factory=list)
    gaps: list[Document] = field(default_factory=list)
    made_by: dict[str, str] = field(default_factory=lambda: {"code": "", "lexicon": ""})
    detail: str = ""
    space: Document = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    future: int = 0
    _details: Counter[tuple[str, str]] = field(default_factory=Counter)
    _articles: Counter[str] = field(default_factory=Counter)
    _dates: Counter[str] = field(default_factory=Counter)
    _languages: Counter[str] = field(default_factory=Counter)
    _fetch: Sample = field(default_factory=Sample)
    _read: Sample = field(default_factory=Sample)
    _store: Sample = field(default_factory=Sample)
    _lengths: Sample = field(default_factory=Sample)
    _quality: Sample = field(default_factory=Sample)
    _offsets: Sample = field(default_factory=Sample)

    # -- what is noted while it runs -----------------------------------------------------------------------------------

    def note_entry(
        self,
        url: str,
        status: int,
        items: int,
        error: str | None = None,
        *,
        kind: str = "",
        links: int = 0,
        new: int = 0,
        newest: datetime | None = None,
        outcome: Outcome | None = None,
    ) -> None:
        """Remember what an entry point gave.

        Args:
            url: its address.
            status: HTTP status, 0 without an answer.
            items: article addresses that it named.
            error: what was wrong, in words.
            kind: feed, sitemap, listing, api.
            links: all addresses that it named.
            new: articles that nobody had named before.
            newest: the latest publication that it names.
            outcome: what was wrong, of the closed list.
        """
        if len(self.entries) < _ENTRIES:
            entry = {"url": url, "status": status, "items": items, "error": error, "kind": kind, "links": links}
            self.entries.append(entry | {"new": new, "newest": newest, "outcome": outcome and str(outcome)})

    def note_answer(self, status: int, size: int, seconds: float, offset: float | None) -> None:
        """Count an answer from the network.

        Args:
            status: HTTP status, 0 where none came.
            size: bytes as they came.
            seconds: from the request to the end of the answer.
            offset: seconds by which the server's clock is ahead of ours; None where it does not say.
        """
        self.statuses[str(status)] += 1
        self.bytes += size
        self._fetch.add(seconds)
        if offset is not None:
            self._offsets.add(offset)

    def note_read(self, article: Article | None, seconds: float | None = None) -> None:
        """Count what was read from a page, whatever becomes of it.

        Args:
            article: None where the page is none.
            seconds: that reading took, the hop to the worker included; None where several pages were read in one hop.
        """
        if seconds is not None:
            self._read.add(seconds)
        if article is None:
            return
        self._articles["count"] += 1
        for name in FIELDS:
            self._articles[name] += bool(getattr(article, name))
        if published := article.published:
            self._articles["on_page"] += published.where in ON_PAGE
            self._articles["timed"] += published.precision != "day"
        self._dates[published.where if published else "none"] += 1
        self._languages[article.lang or "unknown"] += 1
        self._lengths.add(len(article.text))
        self._quality.add(article.quality)

    def note_stored(self, seconds: float) -> None:
        """Count the time that writing a batch took."""
        self._store.add(seconds)

    def note_outcome(self, page: Page) -> None:
        """Count what became of a page."""
        if page.outcome is None:
            return
        self.counters[str(page.outcome)] += 1
        if page.outcome not in _GOOD and (len(self._details) < 100 or (page.outcome, page.detail) in self._details):
            self._details[str(page.outcome), page.detail[:200]] += 1

    def note_dates(self, dates: Iterable[datetime | None]) -> None:
        """Count the dates of discovery that lie in the future."""
        self.future += sum(date is not None and date > self.started + AHEAD for date in dates)

    # -- what is kept --------------------------------------------------------------------------------------------------

    def document(self, ended: datetime | None, reason: str | None) -> Document:
        """The run as stored in `runs`, as far as it has come.

        Args:
            ended: None while it runs.
            reason: of the end.
        """
        details = [
            {"outcome": outcome, "detail": detail, "count": count}
            for (outcome, detail), count in self._details.most_common(_DETAILS)
        ]
        return {
            "_id": self.id,
            "source": self.source,
            "kind": self.kind,
            "asked": self.asked,
            "started": self.started,
            "seen": ended or datetime.now(UTC),
            "ended": ended,
            "reason": reason,
            "detail": self.detail,
            "counters": dict(self.counters),
            "details": details,
            "requests": {"sent": self.statuses.total(), "bytes": Int64(self.bytes), "statuses": dict(self.statuses)},
            "seconds": {
                "fetch": self._fetch.quantiles(),
                "read": self._read.quantiles(),
                "store": self._store.quantiles(),
            },
            "entries": self.entries,
            "gaps": self.gaps,
            "articles": {
                "count": self._articles["count"],
                "fields": {name: self._articles[name] for name in (*FIELDS, "on_page", "timed")},
                "dates": dict(self._dates),
                "languages": dict(self._languages),
                "lengths": self._lengths.quantiles(0),
                "quality": self._quality.quantiles(),
            },
            "clock": {
                "answers": self._offsets.count,
                "offset": self._offsets.quantiles()["p50"],
                "future": self.future,
            },
            "space": self.space,
            "made_by": self.made_by,
            "machine": {"host": host(), "pid": os.getpid()},
        }


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def state_of(run: Mapping[str, Any], now: datetime) -> str:
    """How a run stands: "running", "killed", or the reason of its end."""
    if run["ended"] is not None:
        return str(run["reason"] or "ended")
    return "killed" if now - run["seen"] > SILENT else "running"


def disk(folder: Path) -> Document:
    """What the disk of a folder, or of the nearest one above it that is there, has left: `free` and `total` bytes."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return {"free": usage.free, "total": usage.total}


def database_disk(stats: Mapping[str, Any]) -> Document:
    """The same of MongoDB's disk, by its `dbStats`; empty where it does not say."""
    if "fsTotalSize" not in stats:
        return {}
    return {"free": int(stats["fsTotalSize"] - stats["fsUsedSize"]), "total": int(stats["fsTotalSize"])}
