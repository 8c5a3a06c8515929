"""Which story an article belongs to, decided in the fixed order: a function of the set of articles and their ties alone.

Articles are taken in the order of `copies.order`. An article joins the story of the earlier ones it is tied to, if that story's
first report lies at most `SPAN` before it; else it opens a story of its own, which follows the other in time. A first report
that is tied to none before it may be led to one by a later article that is tied to both. So what an article's story is hangs on
earlier articles only, and on direct ties: a change is carried on in the same order, to those that hang on it, and no further.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol

SPAN = timedelta(days=7)
"""What lies between the first report of a story and its last: a chain of follow-ups becomes several stories."""

_COUNTED = 3
_SURE = 0.55
"""Score from which two ties of a later article join what came before it: more than a tie takes, for it speaks for others."""

Order = tuple[datetime, datetime, str]


@dataclass(slots=True)
class Place:
    """An article and its place among the stories.

    Attributes:
        order: `copies.order`; its last part is the `_id`.
        copy_of: `_id` of the article whose text it repeats.
        ties: score by `_id` of each earlier article that it is tied to.
        story: `_id` of the first report of its story, which may be its own.
        follows: `_id` of the earlier article through which it came to that story; of one in the story before, where it is a
            first report that follows another story; None where nothing leads further back.
        through: `_id` of the later article that led it there.
    """

    order: Order
    copy_of: str | None = None
    ties: Mapping[str, float] = field(default_factory=dict)
    story: str | None = None
    follows: str | None = None
    through: str | None = None

    @property
    def id(self) -> str:
        return self.order[2]

    @property
    def standing(self) -> tuple[str | None, str | None, str | None]:
        """What is decided of it."""
        return self.story, self.follows, self.through


class Shelf(Protocol):
    """Where the articles stand."""

    async def get(self, ids: Collection[str]) -> dict[str, Place]:
        """Those that are there, by `_id`; for one article always the same object."""
        ...

    async def hanging(self, ids: Collection[str]) -> list[Place]:
        """Those that are tied to one of these, copies of it or in its story, follow it or were led through it, as it was before."""
        ...


async def settle(shelf: Shelf, changed: Collection[str]) -> list[Place]:
    """Settle the stories of articles that came or changed, and of all whose story hangs on them.

    Args:
        shelf: with the articles and their ties as they are now.
        changed: `_id`s of articles that are new or have gone, or whose ties, date or `copy_of` are other than before.
    Returns:
        The articles whose standing is other than before, settled.
    """
    waiting: list[Order] = []
    queued: set[str] = set()

    async def queue(places: Iterable[Place]) -> None:
        new = {place.id: place for place in places if place.id not in queued}
        queued.update(new)
        for place in new.values():
            heappush(waiting, place.order)
        await _read_ahead(shelf, new)

    present, hung = await asyncio.gather(shelf.get(changed), shelf.hanging(changed))
    touched = [*present.values(), *hung]
    named = await shelf.get({name for place in touched for name in place.ties})
    await queue([*touched, *_led(touched, named)])
    settled = []
    while waiting:
        name = heappop(waiting)[2]
        place = (await shelf.get({name}))[name]
        before = place.standing
        place.story, place.follows, place.through = await _decide(shelf, place)
        if place.standing != before:
            settled.append(place)
        # What lies within the span of a story hangs on the date of its first report.
        if name not in changed and (place.story != before[0] or place.story in changed):
            await queue(other for other in await shelf.hanging({name}) if other.order > place.order)
    return settled


def _led(bridges: Iterable[Place], named: Mapping[str, Place]) -> Iterator[Place]:
    """The first reports that some later articles may lead to an earlier one; what they led there before hangs on them."""
    for bridge in bridges:
        sure = sorted(
            (named[name] for name, score in bridge.ties.items() if score >= _SURE and name in named),
            key=lambda place: place.order,
        )
        yield from (place for place in sure[1:] if not place.ties)


async def _read_ahead(shelf: Shelf, places: Mapping[str, Place]) -> None:
    """Read in a few questions what the decisions about some articles would ask for one by one."""
    later = await shelf.hanging(places)
    several = (*places.values(), *(place for place in later if place.ties))
    originals = {place.copy_of for place in places.values() if place.copy_of}
    near = await shelf.get({name for place in several for name in place.ties} | originals)
    await shelf.get({place.story for place in near.values() if place.story})


async def _decide(shelf: Shelf, place: Place) -> tuple[str, str | None, str | None]:
    """What is decided of an article: (story, follows, through)."""
    if place.copy_of is not None and (original := (await shelf.get({place.copy_of})).get(place.copy_of)):
        # The same report, however late it is repeated.
        return original.story or original.id, original.id, None
    ties, through = place.ties, None
    if not ties and (bridge := await _bridge(shelf, place)):
        ties, through = bridge
    earlier = await shelf.get(ties)
    stories: dict[str, list[tuple[float, Order]]] = {}
    for other in earlier.values():
        stories.setdefault(other.story or other.id, []).append((ties[other.id], other.order))
    if not stories:
        return place.id, None, None
    firsts = await shelf.get(stories)
    going_on = [name for name, first in firsts.items() if place.order[0] - first.order[0] <= SPAN]
    strongest = max(going_on or stories, key=lambda name: (_strength(stories[name]), name))
    follows = max(stories[strongest])[1][2]
    return (strongest if going_on else place.id), follows, through


def _strength(ties: list[tuple[float, Order]]) -> float:
    """How strongly an article is tied to a story: by its strongest ties, so that one stray tie decides nothing."""
    return round(sum(sorted((score for score, _ in ties), reverse=True)[:_COUNTED]), 3)


async def _bridge(shelf: Shelf, place: Place) -> tuple[Mapping[str, float], str] | None:
    """The earlier article to which a later one leads, as the only tie, and that later one."""
    later = [other for other in await shelf.hanging({place.id}) if place.id in other.ties]
    others = await shelf.get({name for other in later for name in other.ties})
    found = [
        (min(bridge.ties[place.id], bridge.ties[name]), others[name].order, bridge.id)
        for bridge in later
        for name in bridge.ties
        if name in others
        and others[name].order < place.order
        and min(bridge.ties[place.id], bridge.ties[name]) >= _SURE
    ]
    if not found:
        return None
    score, order, through = max(found)
    return {order[2]: score}, through
