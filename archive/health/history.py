"""What the runs of one outlet tell of its habits. Pure: plain functions over `runs` documents, oldest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

Document = dict[str, Any]
Span = tuple[datetime, datetime | None]

#: How far back habits are learnt, and how much must be known before they say anything.
MEMORY = timedelta(days=35)
LEARNT = timedelta(days=7)
LEARNT_LOOKS = 12
#: What broke so lately may not have been found yet, and teaches no habit.
UNSETTLED = timedelta(days=3)
# Between visits that lie further apart nobody knows when something came.
_TOGETHER = timedelta(hours=50)
# So many articles speak for an even day, or week, before the outlet's own say otherwise.
_EVEN_HOURS, _EVEN_DAYS = 2.0, 6.0
_HOUR = timedelta(hours=1)
_MONDAY = 4  # 1970-01-05, days after the epoch


def crawls(runs: Iterable[Document]) -> list[Document]:
    """The crawls that came to an end, by themselves or by what stood in their way."""
    return [run for run in runs if run["kind"] == "crawl" and run["ended"] is not None]


def is_look(run: Document) -> bool:
    """Whether a crawl has seen what the outlet names: at least one entry point answered."""
    return any(entry["error"] is None for entry in run["entries"])


def outside(runs: Iterable[Document], spans: Sequence[Span]) -> list[Document]:
    """The runs that lie in none of some spans, such as those of earlier alarms; an end of None is still to come."""
    return [
        run
        for run in runs
        if not any(since <= run["started"] and (until is None or run["started"] < until) for since, until in spans)
    ]


def fresh(run: Document) -> int:
    """The news that a crawl found."""
    return int(run["counters"].get("fresh", 0))


def split(
    runs: list[Document], count: Callable[[Document], int], least: int, longest: timedelta = timedelta(days=14)
) -> tuple[list[Document], list[Document]]:
    """The last runs that together count enough, and those before them.

    Args:
        runs: oldest first.
        count: what a run counts.
        least: how much is enough.
        longest: how far back the last runs may reach.
    """
    total, at = 0, len(runs)
    while at and total < least and runs[-1]["started"] - runs[at - 1]["started"] <= longest:
        at -= 1
        total += count(runs[at])
    return runs[at:], runs[:at]


def chunks(runs: Iterable[Document], count: Callable[[Document], int], least: int) -> list[list[Document]]:
    """Runs in groups, each of which counts enough; a rest that does not is left out."""
    groups: list[list[Document]] = []
    group: list[Document] = []
    total = 0
    for run in runs:
        group.append(run)
        total += count(run)
        if total >= least:
            groups.append(group)
            group, total = [], 0
    return groups


def chance(hits: int, count: int, share: float) -> float:
    """At most how likely it is to see so few (or so many) hits as these at a true share: Chernoff's bound."""
    share = min(max(share, 0.005), 0.995)
    seen = hits / count
    if seen == share:
        return 1.0
    distance = 0.0
    if seen > 0:
        distance += seen * math.log(seen / share)
    if seen < 1:
        distance += (1 - seen) * math.log((1 - seen) / (1 - share))
    return math.exp(-count * distance)


def weighted_median(pairs: Iterable[tuple[float, int]]) -> float | None:
    """The median of numbers that stand for several each; None of nothing."""
    ordered = sorted(pair for pair in pairs if pair[1])
    half, total = sum(weight for _, weight in ordered) / 2, 0
    for number, weight in ordered:
        total += weight
        if total >= half:
            return number
    return None


@dataclass(frozen=True, slots=True)
class Week:
    """When an outlet publishes how much, learnt from what visits found.

    Attributes:
        hourly: articles of each hour of the week (UTC, from Monday), 168 numbers.
        cumulated: of the hours before each, 169 numbers.
        gaps: what was missed, by such a week, in each past silence between two visits with news.
    """

    hourly: list[float]
    cumulated: list[float]
    gaps: list[float]

    def expected(self, since: datetime, until: datetime) -> float:
        """How many articles a span usually brings."""
        return max(0.0, self._before(until) - self._before(since))

    def _before(self, moment: datetime) -> float:
        hours = moment.timestamp() / 3600 - _MONDAY * 24
        weeks, hour = divmod(hours, 168)
        whole = int(hour)
        return weeks * self.cumulated[168] + self.cumulated[whole] + (hour - whole) * self.hourly[whole]


def learn(looks: list[Document]) -> Week | None:
    """The habit that some visits show; None where they are too few, or without news.

    Args:
        looks: crawls that have seen what the outlet names, oldest first.
    """
    if len(looks) < LEARNT_LOOKS or looks[-1]["started"] - looks[0]["started"] < LEARNT:
        return None
    counts, exposure = [0.0] * 168, [0.0] * 168
    for before, after in pairwise(looks):
        start, end = before["started"], after["started"]
        if not timedelta(0) < end - start <= _TOGETHER:
            continue
        hours = (end - start) / _HOUR
        hour, stop = start.timestamp() / 3600 - _MONDAY * 24, end.timestamp() / 3600 - _MONDAY * 24
        while hour < stop:
            step = min(math.floor(hour) + 1.0, stop) - hour
            place = int(hour) % 168
            exposure[place] += step
            counts[place] += fresh(after) * step / hours
            hour = math.floor(hour) + 1.0
    total = sum(counts)
    if not total or not sum(exposure):
        return None
    rate = total / sum(exposure)
    of_hour = [_factor(counts[hour::24], exposure[hour::24], rate, _EVEN_HOURS) for hour in range(24)]
    of_day = [
        _factor(counts[day * 24 : day * 24 + 24], exposure[day * 24 : day * 24 + 24], rate, _EVEN_DAYS)
        for day in range(7)
    ]
    hourly = [rate * of_hour[place % 24] * of_day[place // 24] for place in range(168)]
    expected = sum(number * hours for number, hours in zip(hourly, exposure, strict=True))
    hourly = [number * total / expected for number in hourly]
    cumulated = [0.0]
    for number in hourly:
        cumulated.append(cumulated[-1] + number)
    week = Week(hourly, cumulated, [])
    news = [look["started"] for look in looks if fresh(look)]
    week.gaps.extend(week.expected(before, after) for before, after in pairwise(news))
    return week


def _factor(counts: Sequence[float], exposure: Sequence[float], rate: float, even: float) -> float:
    return (sum(counts) + even) / (sum(exposure) * rate + even)


def spread(observed: Sequence[float], expected: Sequence[float]) -> float:
    """How much counts scatter around what was expected of them, against pure chance, which has 1 (Poisson); robustly."""
    scaled = [(seen - wanted) ** 2 / wanted for seen, wanted in zip(observed, expected, strict=True) if wanted > 0]
    # The median of a squared standard normal number is 0.455.
    return max(1.0, median(scaled) / 0.455) if scaled else 1.0


def known(usual: Sequence[Document]) -> bool:
    """Whether so much is known that a change can be told from chance."""
    return len(usual) >= LEARNT_LOOKS and usual[-1]["started"] - usual[0]["started"] >= LEARNT


def settled(usual: list[Document], latest: datetime) -> list[Document]:
    """The usual runs without the last days, where there are enough: what is broken now has not been found at once."""
    older = [run for run in usual if latest - run["started"] > UNSETTLED]
    return older if known(older) else usual


def trailing(items: Sequence[Any], holds: Callable[[Any], bool]) -> list[Any]:
    """The last items that all hold."""
    at = len(items)
    while at and holds(items[at - 1]):
        at -= 1
    return list(items[at:])


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of numbers in order."""
    return ordered[int(share * (len(ordered) - 1))]
