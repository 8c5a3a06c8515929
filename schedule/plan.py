"""What to start next. Pure: instants and states are passed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sources import habit
from sources.ages import read_ages
from sources.habit import Bounds, Habit, Shape
from sources.model import Source

#: When a crawl that the schedule began and that came to nothing is tried again; doubled by each further one.
FIRST_RETRY = timedelta(minutes=10)
#: Work of lower rank ends so long before the outlet is due, and begins only where twice as much is left for it.
_SPARE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """How the settings want outlets visited.

    Attributes:
        requests: that visits may spend on entry points in an hour, all outlets together.
        bounds: of the time between two visits, where an outlet's file says nothing.
    """

    requests: float
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Agenda:
    """What all outlets together tell: the patience that the budget allows, and the shape of the press."""

    patience: float = 1.0
    press: Shape = habit.FLAT


def bounds_of(source: Source, terms: Terms) -> Bounds:
    """How close and how far apart the visits of an outlet may be."""
    shortest, longest = (
        read_ages([written])[0] if written else None for written in (source.visits.shortest, source.visits.longest)
    )
    return Bounds(shortest or terms.bounds.shortest, longest or terms.bounds.longest)


def agenda(sources: Sequence[Source], habits: dict[str, Habit], terms: Terms) -> Agenda:
    """Learn from all habits; outlets without one are given their share of the budget for later."""
    known = [(habits[source.name], bounds_of(source, terms)) for source in sources if source.name in habits]
    if not known:
        return Agenda()
    press = habit.press_shape(made for made, _ in known)
    return Agenda(habit.price(known, terms.requests * len(known) / len(sources), press), press)


def reckon(
    sources: Iterable[Source], habits: dict[str, Habit], agenda: Agenda, terms: Terms, now: datetime
) -> dict[str, datetime]:
    """When some outlets are due again, by their names; those never visited are due now."""
    due = {}
    for source in sources:
        made = habits.get(source.name)
        zone, bounds = ZoneInfo(source.timezone), bounds_of(source, terms)
        due[source.name] = habit.due(made, agenda.patience, zone, bounds, agenda.press) if made else now
    return due


def is_open(state: dict[str, Any], now: datetime) -> bool:
    """Whether an outlet lets itself be crawled."""
    pause = state.get("pause")
    return pause is None or pause["until"] <= now


def retry(state: dict[str, Any], longest: timedelta, now: datetime) -> datetime:
    """When an outlet that is being started now is due again, should nothing come of it."""
    tries: int = state.get("tries", 0)
    doubled = FIRST_RETRY * (1 << min(tries, 20))
    return now + min(doubled, max(longest, FIRST_RETRY))


def spare(state: dict[str, Any], now: datetime, longest: timedelta) -> timedelta:
    """How long work of lower rank may take on an outlet; nothing where it will be due too soon."""
    due = state["due_at"]
    left = min(due - now - _SPARE, longest) if due else timedelta()
    return left if left >= 2 * _SPARE else timedelta()
