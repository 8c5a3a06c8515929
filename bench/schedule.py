"""A simulated month of visits: outlets of four volumes, with nights, bursts and silences, visited by habit and at fixed intervals.

    python -m bench.schedule [--outlets 60] [--days 30] [--seed 1] [--requests 120]

The clock is the simulation's; what decides is `sources.habit`, which begins knowing nothing. The fixed intervals get the
number of visits that the habit came to: one interval for all, and one for each volume, shared out as well as any fixed
intervals can be (in proportion to 1/sqrt(volume), which needs the volumes to be known in advance).
"""

from __future__ import annotations

import argparse
import bisect
import heapq
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sources import habit
from sources.habit import Bounds, Habit, Visit

VOLUMES = (1, 5, 30, 150)
START = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
_HOUR = 3600.0
#: How often the patience is made to fit the budget again.
_PRICED = _HOUR
#: Days before the first visit of which feeds may still tell.
_BEFORE = 21


@dataclass(slots=True)
class Outlet:
    """An invented outlet.

    Attributes:
        volume: articles a day, on average.
        window: items that its feed shows.
        published: seconds since START of each article, ascending.
    """

    volume: int
    window: int
    published: list[float]


@dataclass(slots=True)
class Outcome:
    """What came of the visits of an outlet.

    Attributes:
        visits: how many.
        delays: seconds from the publication to the visit that saw it, of each article.
        unseen: articles that had left the feed before a visit.
        overlaps: visits that began before the one before had ended.
    """

    visits: int = 0
    delays: list[float] = field(default_factory=list)
    unseen: int = 0
    overlaps: int = 0


def outlet(volume: int, days: int, random_: random.Random) -> Outlet:
    """An outlet with a night, a weekend, busy hours, bursts and silences of its own; its feed begins full."""
    days += _BEFORE
    night, sleeps, whispers = random_.uniform(20, 26), random_.uniform(5, 9), random_.uniform(0, 0.1)
    busy, lively = random_.uniform(8, 18), random_.uniform(0, 1)
    weekend = random_.uniform(0.3, 1)
    bursts = _spans(days, 4, (0.5, 2), random_, lambda: random_.uniform(3, 8))
    silences = _spans(days, 10, (6, 48), random_, lambda: 0.0)

    def rate(hour: float) -> float:
        of_day = hour % 24
        factor = (
            whispers if (of_day - night) % 24 < sleeps else 1 + lively * math.cos((of_day - busy) / 24 * 2 * math.pi)
        )
        factor *= weekend if hour // 24 % 7 >= 5 else 1
        for begin, end, times in (*bursts, *silences):
            if begin <= hour < end:
                factor *= times
        return factor

    step = 0.1
    rates = [rate(n * step) for n in range(int(days * 24 / step))]
    mean = sum(rates) / len(rates)
    published = []
    for n, relative in enumerate(rates):
        expected = volume / 24 * step * relative / mean
        published += [(n + random_.random()) * step * _HOUR for _ in range(_poisson(expected, random_))]
    published = [moment - _BEFORE * 24 * _HOUR for moment in published]
    windows = [size for size in (10, 15, 20, 30, 50, 100) if size >= volume / 5]
    return Outlet(volume, random_.choice(windows), sorted(published))


def _spans(
    days: int, every: float, hours: tuple[float, float], random_: random.Random, times: Callable[[], float]
) -> list[tuple[float, float, float]]:
    """Spans of some hours at random, one in so many days."""
    starts = [random_.uniform(0, days * 24) for _ in range(_poisson(days / every, random_))]
    return [(start, start + random_.uniform(*hours), times()) for start in starts]


def _poisson(mean: float, random_: random.Random) -> int:
    count, product, limit = 0, random_.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * random_.random()
    return count


def by_habit(
    outlets: Sequence[Outlet], days: int, requests: float, random_: random.Random, bounds: Bounds
) -> list[Outcome]:
    """Visit outlets as the schedule does.

    Args:
        requests: that may be spent an hour.
    """
    outcomes = [Outcome() for _ in outlets]
    habits: list[Habit | None] = [None] * len(outlets)
    seen = [bisect.bisect_right(one.published, 0) for one in outlets]
    ended = [0.0] * len(outlets)
    queue = [(random_.uniform(0, _HOUR), number) for number in range(len(outlets))]
    heapq.heapify(queue)
    press, patience, priced = habit.FLAT, 1.0, 0.0
    while queue and queue[0][0] < days * 24 * _HOUR:
        now, number = heapq.heappop(queue)
        if now >= priced:
            known = [made for made in habits if made is not None]
            press = habit.press_shape(known)
            missing = len(habits) - len(known)
            if known:
                patience = habit.price(
                    [(made, bounds) for made in known], requests * len(known) / (len(known) + missing), press
                )
            priced = now + (_PRICED if not missing else 600)
        one, outcome = outlets[number], outcomes[number]
        until = bisect.bisect_right(one.published, now)
        # What the first visit finds is all new.
        before = seen[number] if habits[number] else 0
        fresh = one.published[max(before, until - one.window, 0) : until]
        shown = one.published[max(0, until - one.window) : until]
        _count(outcome, one, seen[number], until, now)
        outcome.overlaps += now < ended[number]
        seen[number] = until
        made = Visit(
            _at(now), [_at(moment) for moment in fresh], window=one.window, oldest=_at(shown[0]) if shown else None
        )
        habits[number] = habit.learn(habits[number], made, ZONE)
        ended[number] = now + random_.uniform(30, 480)
        wanted = (habit.due(habits[number], patience, ZONE, bounds, press) - START).total_seconds()
        heapq.heappush(queue, (max(wanted, ended[number]), number))
    return outcomes


def at_intervals(
    outlets: Sequence[Outlet], days: int, intervals: dict[int, float], random_: random.Random
) -> list[Outcome]:
    """Visit each outlet at the fixed interval of its volume, in seconds."""
    outcomes = []
    for one in outlets:
        outcome, seen, now = Outcome(), bisect.bisect_right(one.published, 0), random_.uniform(0, intervals[one.volume])
        while now < days * 24 * _HOUR:
            until = bisect.bisect_right(one.published, now)
            _count(outcome, one, seen, until, now)
            seen, now = until, now + intervals[one.volume]
        outcomes.append(outcome)
    return outcomes


def _count(outcome: Outcome, one: Outlet, seen: int, until: int, now: float) -> None:
    outcome.visits += 1
    outcome.unseen += max(0, until - one.window - seen)
    outcome.delays += [now - moment for moment in one.published[max(seen, until - one.window) : until]]


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def compare(count: int, days: int, seed: int, requests: float, bounds: Bounds = Bounds()) -> dict[str, list[Outcome]]:  # noqa: B008
    """The same outlets visited in three ways, with as many visits each; the outlets' volumes take turns."""
    random_ = random.Random(seed)  # noqa: S311 - reproducible, not secret
    outlets = [outlet(VOLUMES[number % len(VOLUMES)], days, random_) for number in range(count)]
    adapted = by_habit(outlets, days, requests, random_, bounds)
    visits = sum(outcome.visits for outcome in adapted)
    whole = days * 24 * _HOUR
    one = whole * count / visits
    root = sum(math.sqrt(made.volume) for made in outlets)
    each = {volume: whole / (visits * math.sqrt(volume) / root) for volume in VOLUMES}
    return {
        "by habit": adapted,
        "one interval": at_intervals(outlets, days, dict.fromkeys(VOLUMES, one), random_),
        "one for each volume": at_intervals(outlets, days, each, random_),
    }


def mean_delay(outcomes: Sequence[Outcome]) -> float:
    """Minutes from publication to sight, over all articles that were seen."""
    delays = [delay for outcome in outcomes for delay in outcome.delays]
    return sum(delays) / max(len(delays), 1) / 60


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outlets", type=int, default=60)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=float, default=120.0, help="an hour, for all outlets")
    options = parser.parse_args()
    began = time.process_time()
    ways = compare(options.outlets, options.days, options.seed, options.requests)
    print(
        f"{options.outlets} outlets, {options.days} days, seed {options.seed}, {options.requests:g} requests an hour allowed"
    )
    print(
        f"{'mean delay in minutes':24}"
        + "".join(f"{f'{volume} a day':>12}" for volume in VOLUMES)
        + f"{'all':>12}{'visits':>10}{'unseen':>8}{'overlaps':>9}"
    )
    for name, outcomes in ways.items():
        classes = [outcomes[number :: len(VOLUMES)] for number in range(len(VOLUMES))]
        row = [mean_delay(part) for part in (*classes, outcomes)]
        totals = [sum(getattr(outcome, what) for outcome in outcomes) for what in ("visits", "unseen", "overlaps")]
        print(f"{name:24}" + "".join(f"{delay:12.1f}" for delay in row) + f"{totals[0]:10}{totals[1]:8}{totals[2]:9}")
    adapted = ways.pop("by habit")
    for name, outcomes in ways.items():
        classes = [
            1 - mean_delay(adapted[number :: len(VOLUMES)]) / mean_delay(outcomes[number :: len(VOLUMES)])
            for number in range(len(VOLUMES))
        ]
        row = [*classes, 1 - mean_delay(adapted) / mean_delay(outcomes)]
        print(f"below {name:18}" + "".join(f"{part:12.0%}" for part in row))
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
