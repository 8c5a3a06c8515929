"""What concerns all outlets at once: the disks, the clock, the network, the schedule. Pure, over `runs` documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from archive.health.causes import Sign
from archive.health.history import LEARNT_LOOKS
from archive.runs import state_of

Document = dict[str, Any]

GIB = 2**30
#: A disk is near full with less than this, or with so many days left at the present pace.
_LEAST, _DAYS_LEFT = 2 * GIB, 3.0
#: Seconds by which a clock may be off: dates are read to the second, and robots.txt and leases go by it.
CLOCK = 90.0
_LATELY = timedelta(hours=24)
#: Outlets whose servers are believed about the time.
_ASKED = 5
_DISKS = {"warc": "the disk of the WARC folder", "mongodb": "MongoDB's disk"}
_FULL = ("full", "too large", "no space", "out of disk")


def signs(runs: Sequence[Document], now: datetime) -> list[Sign]:
    """Everything that is out of the ordinary with the machines and the work as a whole.

    Args:
        runs: of all outlets, oldest first; those of the last days are enough.
    """
    ended = [run for run in runs if run["ended"] is not None]
    found: list[Sign] = []
    found += storage(ended, now)
    found += disks(ended, now)
    found += clock(ended, now)
    found += network(ended, now)
    found += killed(runs, now)
    found += schedule(runs, now)
    return found


def storage(ended: list[Document], now: datetime) -> Iterator[Sign]:
    """The last run of a machine ended because nothing more could be written."""
    for host, runs in _by_host(ended).items():
        last = [run for run in runs if run["reason"] not in ("pause", "quiet hours", "budget")]
        streak = []
        while last and last[-1]["reason"] == "storage":
            streak.append(last.pop())
        if streak and now - streak[0]["ended"] <= _LATELY:
            detail = streak[0]["detail"] or "what was found could not be written"
            cause = "disk" if any(word in detail.lower() for word in _FULL) else "storage"
            yield Sign(cause, f"{host}: {len(streak)} runs ended by storage: {detail}", streak[-1]["started"])


def disks(ended: list[Document], now: datetime) -> Iterator[Sign]:
    """A disk that is near full, or will be within days."""
    for host, runs in _by_host(ended).items():
        for name, words in _DISKS.items():
            told = [(run["ended"], run["space"][name]) for run in runs if run["space"].get(name)]
            if not told or now - told[-1][0] > timedelta(days=7):
                continue
            moment, space = told[-1]
            free, total = space["free"], space["total"]
            days = _days_left(told)
            if free < min(_LEAST, total / 20) or days < _DAYS_LEFT:
                left = f", enough for {days:.1f} days" if days < 100 else ""
                yield Sign("disk", f"{host}: {words} has {free / GIB:.1f} of {total / GIB:.0f} GB left{left}", moment)


def _days_left(told: list[tuple[datetime, Document]]) -> float:
    """How long the free space lasts at the pace of the last week, by the median of its days; many where it does not shrink."""
    last, space = told[-1]
    week = [(moment, size["free"]) for moment, size in told if last - moment <= timedelta(days=7)]
    by_day: dict[int, int] = {}
    for moment, free in week:
        by_day[(last - moment).days] = free
    ordered = [by_day[day] for day in sorted(by_day, reverse=True)]
    if len(ordered) < 4:
        return 1000.0
    pace = median(before - after for before, after in pairwise(ordered))
    return float(space["free"] / pace) if pace > 0 else 1000.0


def clock(ended: list[Document], now: datetime) -> Iterator[Sign]:
    """The servers of most outlets agree that it is another time."""
    for host, runs in _by_host(ended).items():
        told = [run for run in runs if now - run["started"] <= _LATELY and run["clock"]["offset"] is not None]
        # Those crawled last: a clock may have been set in between.
        last = {run["source"]: run for run in told}
        last = dict(sorted(last.items(), key=lambda pair: pair[1]["started"])[-_ASKED:])
        offsets = [run["clock"]["offset"] for run in last.values()]
        if len(offsets) < 3:
            continue
        middle = median(offsets)
        agreeing = [run for run in last.values() if abs(run["clock"]["offset"] - middle) <= max(30.0, abs(middle) / 10)]
        if abs(middle) > CLOCK and len(agreeing) >= 2 * len(offsets) / 3:
            way = "behind" if middle > 0 else "ahead"
            words = f"{host}: its clock is {_span(abs(middle))} {way}, by the servers of {len(agreeing)} outlets"
            yield Sign("clock", words, min(run["started"] for run in agreeing))


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def network(ended: list[Document], now: datetime) -> Iterator[Sign]:
    """Most outlets cannot be reached: it is not they who have failed."""
    for host, runs in _by_host(ended).items():
        lately = [run for run in runs if run["kind"] == "crawl" and run["entries"]]
        last = {run["source"]: run for run in lately if now - run["started"] <= timedelta(hours=12)}
        lost = [run for run in last.values() if unreached(run)]
        if len(lost) >= 3 and len(lost) >= 0.6 * len(last):
            error = lost[-1]["entries"][-1]["error"]
            words = f"{host}: {len(lost)} of {len(last)} outlets cannot be reached: {error}"
            yield Sign("network", words, min(run["started"] for run in lost))


def unreached(run: Document) -> bool:
    """Whether none of the entry points of a crawl gave an answer."""
    return bool(run["entries"]) and all(entry["outcome"] == "network_error" for entry in run["entries"])


def killed(runs: Sequence[Document], now: datetime) -> Iterator[Sign]:
    """Several runs of the last day were killed."""
    for host, own in _by_host(runs).items():
        dead = [run for run in own if now - run["started"] <= _LATELY and state_of(run, now) == "killed"]
        if len(dead) >= 3:
            names = ", ".join(sorted({run["source"] for run in dead})[:5])
            yield Sign("killed", f"{host}: {len(dead)} runs of the last day were killed ({names})", dead[0]["started"])


def schedule(runs: Sequence[Document], now: datetime) -> Iterator[Sign]:
    """Nothing at all was crawled for far longer than ever."""
    started = [run["started"] for run in runs if run["kind"] == "crawl"]
    waits = [after - before for before, after in pairwise(started)]
    if len(waits) >= 2 * LEARNT_LOOKS and now - started[-1] > max(timedelta(days=2), 3 * max(waits)):
        yield Sign("schedule", f"nothing was crawled since {started[-1]:%Y-%m-%d %H:%M} UTC", started[-1])


def _by_host(runs: Sequence[Document]) -> dict[str, list[Document]]:
    hosts: dict[str, list[Document]] = defaultdict(list)
    for run in runs:
        hosts[run["machine"]["host"]].append(run)
    return hosts
