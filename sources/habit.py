"""How often an outlet publishes, learnt from visits, and when it should be visited again. Pure: instants are passed in.

An outlet's rate is a level (articles a day, Gamma-Poisson with old evidence fading) times the shape of its day and week (each
a Dirichlet, drawn towards the shape of the whole press while there is little evidence) times its mood (what the last hours
brought against what was expected: a burst, a silence). The instants that a feed gives its items are evidence, so that one
visit tells of many hours.

A visit is due when the articles that probably wait have together waited `patience` hours. Where the rate is λ this gives
intervals of sqrt(2 patience / λ), which at a given number of visits makes the mean delay of an article least (a visit costs
the same everywhere, and the delay that one more of them saves must be equal everywhere). A feed that may overflow is visited
earlier. What `patience` is follows from the requests that may be spent, see `price`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

#: Half-lives of what is known of the level and the shape, and of the mood.
LASTING, PASSING = timedelta(days=14), timedelta(hours=6)
#: A level before any evidence: so many articles, in so many days.
_PRIOR_ITEMS, _PRIOR_DAYS = 1.0, 0.1
#: Articles that a shape of its own is worth, until which the press's counts more.
_SHAPE_ITEMS = 24.0
#: Articles that the last hours must have brought, or missed, to count as much as the level.
_MOOD_ITEMS = 4.0
#: How much an hour may exceed the expected before anything is known of an outlet's bursts.
_LEAST_BURST = 8.0
# Where little is expected, at night, a burst is one of so many articles an hour and of that share of the mean hour all the same.
_ANY_HOUR, _MEAN_SHARE = 0.5, 0.5
#: The share of a feed that may fill between two visits at the outlet's worst known burst.
_FEED_SHARE = 0.5
#: An article of an outlet that publishes n times as much weighs n^-WEIGHT as much. At 0 the mean delay over all articles is
#: least, and outlets of an article a day wait for hours; at 1 all outlets are visited alike.
WEIGHT = 1 / 3
#: How long before a visit an article may have been published that the visit before has not seen: feeds are late.
_LATE = timedelta(hours=6)
#: How far back the items of a first visit are taken for all that was published.
_FIRST_LOOK = timedelta(days=14)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Habit:
    """What is known of an outlet's publishing.

    Attributes:
        at: aware UTC instant of the last visit.
        days: of observation, fading.
        items: articles that they brought, fading.
        hours: the same by the hour of the outlet's day.
        weekdays: the same by the day of the week, Monday first.
        recent, expected: articles of the last hours, and how many there should have been.
        burst: the most by which an hour exceeded the expected, fading.
        window: items of the smallest feed; 0 where there is none, or it holds all.
        requests: mean number of requests that a visit spends on entry points.
    """

    at: datetime
    days: float = 0.0
    items: float = 0.0
    hours: tuple[float, ...] = (0.0,) * 24
    weekdays: tuple[float, ...] = (0.0,) * 7
    recent: float = 0.0
    expected: float = 0.0
    burst: float = _LEAST_BURST
    window: int = 0
    requests: float = 1.0

    @property
    def level(self) -> float:
        """Articles a day."""
        return (self.items + _PRIOR_ITEMS) / (self.days + _PRIOR_DAYS)

    def mood(self, age: timedelta = timedelta()) -> float:
        """How much livelier than usual it is, so long after the last visit."""
        kept = _kept(age, PASSING)
        return (_MOOD_ITEMS + self.recent * kept) / (_MOOD_ITEMS + self.expected * kept)

    def document(self) -> dict[str, Any]:
        """As stored in `sources.habit`."""
        return asdict(self) | {"hours": list(self.hours), "weekdays": list(self.weekdays)}

    @classmethod
    def from_document(cls, document: dict[str, Any] | None) -> Self | None:
        """As stored, or None where nothing is."""
        if not document:
            return None
        return cls(**document | {"hours": tuple(document["hours"]), "weekdays": tuple(document["weekdays"])})


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a day and a week: shares that sum to 1."""

    hours: tuple[float, ...] = (1 / 24,) * 24
    weekdays: tuple[float, ...] = (1 / 7,) * 7


FLAT = Shape()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How close together, and how far apart, the visits of an outlet may be."""

    shortest: timedelta = timedelta(minutes=10)
    longest: timedelta = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit brought.

    Attributes:
        at: aware UTC instant.
        published: aware instants that the outlet gives for what is new.
        undated: how many are new and have no instant.
        window: items of the smallest feed, 0 for none.
        oldest: the oldest instant of the entry points' items, new or not; None where none has one.
        requests: spent on entry points.
    """

    at: datetime
    published: Sequence[datetime] = field(default_factory=list)
    undated: int = 0
    window: int = 0
    oldest: datetime | None = None
    requests: float = 1.0


def learn(habit: Habit | None, visit: Visit, zone: ZoneInfo) -> Habit:
    """The habit after a visit.

    Args:
        habit: before; None at the first visit.
        zone: the outlet's.
    """
    if habit is None:
        begin = max(visit.at - _FIRST_LOOK, min(visit.oldest or visit.at, visit.at))
        earlier, known = Habit(begin, window=visit.window, requests=visit.requests), begin
        undated = 0  # of whatever age
    else:
        earlier, known, undated = habit, habit.at - _LATE, visit.undated
    begin = earlier.at
    lasted = max(visit.at - begin, timedelta())
    instants = sorted(instant for instant in visit.published if known <= instant <= visit.at)
    # What has no instant came at any time between the visits.
    instants += [begin + lasted * ((n + 0.5) / undated) for n in range(undated)]
    faded, passed = _kept(lasted, LASTING), _kept(lasted, PASSING)
    hours = [count * faded for count in earlier.hours]
    weekdays = [count * faded for count in earlier.weekdays]
    for instant in instants:
        local = instant.astimezone(zone)
        hours[local.hour] += 1
        weekdays[local.weekday()] += 1
    expected = _expected(earlier, begin, visit.at, zone) if habit is not None else 0.0
    return Habit(
        at=visit.at,
        days=earlier.days * faded + lasted / timedelta(days=1),
        items=earlier.items * faded + len(instants),
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        recent=(earlier.recent + len(instants)) * passed if habit is None else earlier.recent * passed + len(instants),
        expected=earlier.expected * passed + expected,
        burst=max(_LEAST_BURST, 1 + (earlier.burst - 1) * faded, _burst(earlier, instants, zone)),
        window=visit.window or earlier.window,
        requests=0.8 * earlier.requests + 0.2 * visit.requests,
    )


def shape(habit: Habit, press: Shape = FLAT) -> Shape:
    """The outlet's own shape, drawn towards the press's while there is little evidence."""
    seen = sum(habit.hours)
    total = seen + _SHAPE_ITEMS
    return Shape(
        tuple((count + _SHAPE_ITEMS * share) / total for count, share in zip(habit.hours, press.hours, strict=True)),
        tuple(
            (count + _SHAPE_ITEMS * share) / total for count, share in zip(habit.weekdays, press.weekdays, strict=True)
        ),
    )


def press_shape(habits: Iterable[Habit]) -> Shape:
    """The shape of many outlets together; none of them counts for more than a few days of another."""
    hours, weekdays = [_SHAPE_ITEMS / 24] * 24, [_SHAPE_ITEMS / 7] * 7
    for habit in habits:
        weight = 1 / max(1.0, sum(habit.hours) / _SHAPE_ITEMS)
        hours = [total + weight * count for total, count in zip(hours, habit.hours, strict=True)]
        weekdays = [total + weight * count for total, count in zip(weekdays, habit.weekdays, strict=True)]
    return Shape(
        tuple(count / sum(hours) for count in hours),
        tuple(count / sum(weekdays) for count in weekdays),
    )


def due(habit: Habit, patience: float, zone: ZoneInfo, bounds: Bounds, press: Shape = FLAT) -> datetime:
    """When to visit an outlet again: aware UTC instant.

    Args:
        patience: hours that waiting articles may wait together, see `price`.
        zone: the outlet's.
        press: the shape of the whole press.
    """
    weight = _weight(habit)
    waiting = waited = filled = 0.0
    room = _FEED_SHARE * habit.window or math.inf
    latest = habit.at + bounds.longest
    for start, rate in _rates(habit, habit.at, latest, zone, press):
        lasts = min(_HOUR - (start - start.replace(minute=0, second=0, microsecond=0)), latest - start) / _HOUR
        # What waits grows by `grows` articles an hour; together they wait its integral.
        grows = weight * rate
        fills = habit.burst * (max(rate, _MEAN_SHARE * habit.level / 24) + _ANY_HOUR)
        until = min(_solve(waiting, grows, patience * habit.requests - waited), (room - filled) / fills)
        if until <= lasts:
            return max(start + max(until, 0.0) * _HOUR, habit.at + bounds.shortest)
        waited += waiting * lasts + grows * lasts**2 / 2
        waiting += grows * lasts
        filled += fills * lasts
    return latest


def price(habits: Sequence[tuple[Habit, Bounds]], requests: float, press: Shape = FLAT) -> float:
    """The patience at which visits to all outlets spend a number of requests.

    Args:
        habits: of all outlets, with their bounds.
        requests: an hour, on entry points. Where the bounds ask for more, the longest patience that is of use.
        press: the shape of the whole press.
    Returns:
        Hours that waiting articles may wait together, for `due`.
    """
    asked = [(habit.requests, bounds, _root_rate(habit, press), _fill_rate(habit)) for habit, bounds in habits]

    def spent(patience: float) -> float:
        total = 0.0
        for cost, bounds, root, fill in asked:
            visits = max(root / math.sqrt(2 * patience * cost), fill, _HOUR / bounds.longest)
            total += cost * min(visits, _HOUR / bounds.shortest)
        return total

    low, high = 1e-4, 1e4
    for _ in range(50):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if spent(middle) > requests else (low, middle)
    return high


def _weight(habit: Habit) -> float:
    return float(habit.level**-WEIGHT)


def _root_rate(habit: Habit, press: Shape) -> float:
    """The mean square root of the weighed rate over a week: what visits an hour are proportional to."""
    own = shape(habit, press)
    mean = (
        sum(math.sqrt(24 * share) for share in own.hours) / 24 * sum(math.sqrt(7 * share) for share in own.weekdays) / 7
    )
    return mean * math.sqrt(_weight(habit) * habit.level / 24)


def _fill_rate(habit: Habit) -> float:
    """Visits an hour that keep the feed from overflowing."""
    return habit.burst * (habit.level / 24 + _ANY_HOUR) / (_FEED_SHARE * habit.window) if habit.window else 0.0


def _rates(
    habit: Habit, begin: datetime, end: datetime, zone: ZoneInfo, press: Shape
) -> Iterable[tuple[datetime, float]]:
    """The rate in articles an hour from each instant on: the begin, then each full hour before the end."""
    own = shape(habit, press)
    level = habit.level / 24
    start = begin
    while start < end:
        local = start.astimezone(zone)
        rate = level * 24 * own.hours[local.hour] * 7 * own.weekdays[local.weekday()]
        yield start, rate * habit.mood(start - habit.at)
        start = start.replace(minute=0, second=0, microsecond=0) + _HOUR


def _expected(habit: Habit, begin: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Articles that the level and the shape let expect, whatever the mood."""
    calm = replace(habit, recent=0.0, expected=0.0)
    starts = list(_rates(calm, begin, end, zone, FLAT))
    ends = [start for start, _ in starts[1:]] + [end]
    return sum(rate * ((until - start) / _HOUR) for (start, rate), until in zip(starts, ends, strict=True))


def _burst(habit: Habit, instants: Sequence[datetime], zone: ZoneInfo) -> float:
    """The most by which an hour of these articles exceeded what was expected of it."""
    most, first = 0.0, 0
    own = shape(habit)
    for last, instant in enumerate(instants):
        while instant - instants[first] > _HOUR:
            first += 1
        local = instant.astimezone(zone)
        usual = habit.level * own.hours[local.hour] * 7 * own.weekdays[local.weekday()]
        most = max(most, (last - first + 1) / (usual + 2 * _ANY_HOUR))
    return most


def _solve(waiting: float, grows: float, left: float) -> float:
    """The hours x after which waiting·x + grows·x²/2 comes to what is left."""
    if left <= 0:
        return 0.0
    root = math.sqrt(waiting**2 + 2 * grows * left)
    return 2 * left / (waiting + root) if waiting + root else math.inf


def _kept(age: timedelta, half_life: timedelta) -> float:
    return float(0.5 ** (age / half_life))
