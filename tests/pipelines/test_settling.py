"""Stories hang on the set of articles and their ties alone: whatever the order of arrival, whatever came and went."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pipelines.settling import SPAN, Place, settle

START = datetime(2024, 3, 1, tzinfo=UTC)


@dataclass
class Event:
    """An article of a test: when, and the scores of its ties with earlier ones."""

    name: str
    day: float
    ties: dict[str, float] = field(default_factory=dict)
    copy_of: str | None = None

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        at = START + timedelta(days=self.day)
        return at, at, self.name


class Memory:
    """The shelf of `settle`, in memory; ties of articles that are not there are not there either."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = {event.name: replace(event) for event in events}
        self.places: dict[str, Place] = {}
        self.tied: dict[str, dict[str, float]] = {name: {} for name in self.events}
        for event in self.events.values():
            for other, score in event.ties.items():
                self.tied[event.name][other] = self.tied[other][event.name] = score

    async def get(self, ids: Collection[str]) -> dict[str, Place]:
        return {name: self.places[name] for name in ids if name in self.places}

    async def hanging(self, ids: Collection[str]) -> list[Place]:
        wanted = set(ids)
        return [
            place
            for place in self.places.values()
            if wanted & {*place.ties, place.copy_of, place.story, place.follows, place.through}
        ]

    def change(self, come: Iterable[str] = (), go: Iterable[str] = (), days: Mapping[str, float] | None = None) -> None:
        """Articles come, go or get another date; stories are settled as the archive does it."""
        changed = {*come, *go, *(days or {})}
        for name, day in (days or {}).items():
            self.events[name].day = day
            self.places[name].order = self.events[name].order
        for name in come:
            event = self.events[name]
            self.places[name] = Place(event.order, event.copy_of)
        for name in go:
            del self.places[name]
        for name, place in self.places.items():
            event = self.events[name]
            ties = {
                other: score
                for other, score in self.tied[name].items()
                if other in self.places and self.places[other].order < place.order
            }
            copy_of = event.copy_of if event.copy_of in self.places else None
            if (ties, copy_of) != (place.ties, place.copy_of):
                place.ties, place.copy_of = ties, copy_of
                changed.add(name)
        asyncio.run(settle(self, changed))

    def standing(self) -> dict[str, object]:
        return {name: place.standing for name, place in sorted(self.places.items())}

    def stories(self) -> set[frozenset[str]]:
        by_story: dict[str | None, set[str]] = {}
        for name, place in self.places.items():
            by_story.setdefault(place.story, set()).add(name)
        return set(map(frozenset, by_story.values()))


def stories(*events: Event) -> set[frozenset[str]]:
    memory = Memory(events)
    memory.change(come=memory.events)
    return memory.stories()


def a_month(seed: int, count: int = 60) -> list[Event]:
    """A month of articles, tied at random to some of the four days before."""
    rng = random.Random(seed)
    days = sorted(rng.uniform(0, 30) for _ in range(count))
    events: list[Event] = []
    for number, day in enumerate(days):
        near = [event for event in events if day - event.day <= 4 and event.copy_of is None]
        # Names in an order that is not that of the days.
        event = Event(f"{rng.randrange(10**6):06}-{number}", day)
        if near and rng.random() < 0.15:
            event.copy_of = rng.choice(near).name
        else:
            event.ties = {other.name: round(rng.uniform(0.5, 1), 3) for other in near if rng.random() < 0.12}
        events.append(event)
    return events


def test_a_hundred_orders_of_arrival_give_the_same_stories() -> None:
    for seed in range(4):
        events = a_month(seed)
        whole = Memory(events)
        whole.change(come=whole.events)
        assert 5 < len(whole.stories()) < len(events)
        assert any(place.through for place in whole.places.values())
        rng = random.Random(seed)
        for _ in range(25):
            names = rng.sample(list(whole.events), len(events))
            memory = Memory(events)
            while names:
                batch, names = names[:3], names[3:]
                memory.change(come=batch)
            assert memory.standing() == whole.standing()


def test_what_came_and_went_leaves_no_trace() -> None:
    for seed in range(20):
        events = a_month(seed, 40)
        rng = random.Random(seed)
        gone = rng.sample([event.name for event in events], 12)
        memory = Memory(events)
        memory.change(come=memory.events)
        for name in gone:
            memory.change(go=[name])
        never = Memory(events)
        never.change(come=[event.name for event in events if event.name not in gone])
        assert memory.standing() == never.standing()


def test_an_article_that_gets_another_date_stands_where_it_would_have() -> None:
    for seed in range(40):
        events = a_month(seed, 40)
        rng = random.Random(seed)
        memory = Memory(events)
        memory.change(come=memory.events)
        # Which of two equal texts is the original hangs on their dates, and is settled before (`copies.derive`).
        copies = {name for event in events if event.copy_of for name in (event.name, event.copy_of)}
        movable = [event.name for event in events if event.name not in copies]
        moved = {name: memory.events[name].day + rng.uniform(-2, 2) for name in rng.sample(movable, 12)}
        for name, day in moved.items():
            memory.change(days={name: day})
        whole = Memory([replace(event, day=moved.get(event.name, event.day)) for event in events])
        whole.change(come=whole.events)
        assert memory.standing() == whole.standing()


def test_a_chain_of_follow_ups_is_several_stories_linked_in_time() -> None:
    chain = [Event(f"day-{day:02}", day, {f"day-{day - 1:02}": 0.9} if day else {}) for day in range(30)]
    memory = Memory(chain)
    memory.change(come=memory.events)
    assert len(memory.stories()) == 4
    for story in memory.stories():
        days = [memory.events[name].day for name in story]
        assert max(days) - min(days) <= SPAN.days
    firsts = [place for place in memory.places.values() if place.story == place.id]
    assert [place.follows for place in sorted(firsts, key=lambda place: place.order)] == [
        None,
        "day-07",
        "day-15",
        "day-23",
    ]


def test_a_later_article_that_is_tied_to_two_stories_joins_them_and_its_going_parts_them() -> None:
    arabic, french = Event("arabic", 0), Event("french", 0.5)
    both = Event("both", 1, {"arabic": 0.7, "french": 0.6})
    memory = Memory([arabic, french, both])
    memory.change(come=["arabic", "french"])
    assert memory.stories() == {frozenset({"arabic"}), frozenset({"french"})}
    memory.change(come=["both"])
    assert memory.stories() == {frozenset({"arabic", "french", "both"})}
    assert (memory.places["french"].follows, memory.places["french"].through) == ("arabic", "both")
    memory.change(go=["both"])
    assert memory.stories() == {frozenset({"arabic"}), frozenset({"french"})}


def test_an_earlier_report_found_late_becomes_the_first() -> None:
    memory = Memory([Event("first", 0), Event("second", 1, {"first": 0.6}), Event("third", 2, {"second": 0.8})])
    memory.change(come=["second", "third"])
    assert {place.story for place in memory.places.values()} == {"second"}
    memory.change(come=["first"])
    assert {place.story for place in memory.places.values()} == {"first"}


def test_an_article_goes_with_the_story_that_holds_more_than_one_stray_tie() -> None:
    before = [Event("stray", 0), Event("a", 0.1), Event("b", 0.5, {"a": 0.7})]
    new = Event("new", 1, {"stray": 0.8, "a": 0.5, "b": 0.6})
    assert stories(*before, new) == {frozenset({"stray"}), frozenset({"a", "b", "new"})}


def test_a_copy_belongs_to_the_story_of_its_original_however_late() -> None:
    assert stories(Event("original", 0), Event("copy", 40, copy_of="original")) == {frozenset({"original", "copy"})}
