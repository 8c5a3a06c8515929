"""The schedule by an injected clock, on a real MongoDB: what is started when, through restarts and beside another schedule.

The hands are played: a crawl takes some minutes, then leaves what a crawl leaves with its outlet's state.
"""

from __future__ import annotations

import itertools
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from pymongo import WriteConcern
from pymongo.database import Database

from schedule import loop
from schedule.job import BACKFILL, CRAWL, RECHECK, Done, Job
from schedule.loop import Limits, Schedule
from schedule.plan import Terms
from sources import registry
from sources.habit import Bounds, Habit, Visit, learn
from sources.model import Source
from tests.conftest import ROOT

START = datetime(2026, 3, 2, tzinfo=UTC)
OUTLETS = ROOT / "tests" / "samplepress" / "outlets"
MINUTE = timedelta(minutes=1)
BOUNDS = Bounds(10 * MINUTE, timedelta(hours=6))
Archive = Database[dict[str, Any]]


@dataclass
class World:
    """Outlets that publish by the clock, and hands that crawl them."""

    database: Archive
    sources: list[Source]
    slots: int = 3
    lasts: timedelta = 4 * MINUTE
    now: datetime = START
    fails: set[str] = field(default_factory=set)
    begun: list[tuple[datetime, Job]] = field(default_factory=list)
    under_way: list[tuple[datetime, Job, Future[Done]]] = field(default_factory=list)

    def submit(self, task: Job) -> Future[Done]:
        assert task.source not in {other.source for _, other, _ in self.under_way}, "twice at once"
        future: Future[Done] = Future()
        self.begun.append((self.now, task))
        self.under_way.append((self.now, task, future))
        return future

    def close(self) -> None:
        """The schedule is killed, and its crawls with it."""
        self.under_way.clear()

    def schedule(self, **limits: Any) -> Schedule:
        return Schedule(self.database, self.sources, self, Terms(9.0, BOUNDS), Limits(3600, 2**30, **limits))

    def run(self, until: timedelta, *schedules: Schedule) -> None:
        """Let time pass, from one thing that happens to the next."""
        end = START + until
        while self.now < end:
            self.now = min(end, self._next())
            for begun, task, future in self.under_way[:]:
                if self.now - begun >= self.lasts:
                    self.under_way.remove((begun, task, future))
                    self._crawled(begun, task)
                    future.set_result(Done(task, 1 if task.source in self.fails else 0))
            for schedule in schedules:
                schedule.look(self.now)

    def _next(self) -> datetime:
        """When something may happen next: a crawl ends, or an outlet is due; half an hour from now where nothing does."""
        later = [begun + self.lasts for begun, _, _ in self.under_way]
        later += [state["due_at"] for state in self.database.sources.find({"due_at": {"$gt": self.now}}, {"due_at": 1})]
        return min([self.now + 30 * MINUTE, *(moment for moment in later if moment > self.now)])

    def _crawled(self, begun: datetime, task: Job) -> None:
        run = {"source": task.source, "started": begun, "ended": self.now, "reason": "finished"}
        self.database.runs.insert_one(run, bypass_document_validation=True)
        if task.kind == RECHECK:
            self.database.urls.update_many({"source": task.source}, {"$set": {"next_at": None}})
        if task.source in self.fails or task.kind == RECHECK:
            return
        state = self.database.sources.find_one({"_id": task.source})
        assert state is not None
        before = Habit.from_document(state["habit"])
        every = (1 + self.sources.index(named(self.sources, task.source))) ** 2 * 10 * MINUTE
        since = before.at if before else begun - timedelta(days=2)
        published = [START + every * n for n in range(-200, 1000) if since < START + every * n <= begun]
        habit = learn(before, Visit(begun, published, window=30, oldest=min(published, default=None)), ZoneInfo("UTC"))
        learnt = {"$set": {"habit": habit.document(), "due_at": None}, "$unset": {"tries": ""}}
        self.database.sources.update_one({"_id": task.source}, learnt)

    def visits(self, name: str, kind: str = CRAWL) -> list[datetime]:
        return [at for at, task in self.begun if task.source == name and task.kind == kind]


def named(sources: list[Source], name: str) -> Source:
    return next(source for source in sources if source.name == name)


@pytest.fixture
def world(database: Archive) -> World:
    # Months of simulated writes need not reach the disk.
    return World(database.with_options(write_concern=WriteConcern(w=1, j=False)), registry.everything(OUTLETS)[0])


def gaps(visits: list[datetime]) -> list[timedelta]:
    return [later - earlier for earlier, later in itertools.pairwise(visits)]


def test_every_outlet_is_visited_within_its_bounds_the_busy_ones_more_often(world: World) -> None:
    world.run(timedelta(hours=16), world.schedule())
    for source in world.sources:
        visits = world.visits(source.name)
        assert visits[0] - START <= 40 * MINUTE
        assert min(gaps(visits)) >= BOUNDS.shortest
        assert max(gaps(visits)) <= BOUNDS.longest + world.lasts + 2 * MINUTE
    busiest, laziest = (len(world.visits(world.sources[n].name)) for n in (0, -1))
    assert busiest > 1.5 * laziest
    assert sum(len(world.visits(source.name)) for source in world.sources) == pytest.approx(9 * 16, rel=0.5)


def test_a_restart_neither_skips_nor_repeats(world: World) -> None:
    """Killed every three hours, with what it was crawling, and started again a while later."""
    world.slots = 4
    for hours in range(3, 16, 3):
        world.run(timedelta(hours=hours) - 5 * MINUTE, world.schedule())
        world.close()
        world.run(timedelta(hours=hours))
    for source in world.sources:
        visits = world.visits(source.name)
        done = world.database.runs.find({"source": source.name}).sort("started", 1).to_list()
        between = gaps([run["started"] for run in done])
        assert min(between) >= BOUNDS.shortest, "what had been crawled is not crawled again"
        # A crawl that was killed is tried again when its claim runs out, ten minutes later.
        assert len(visits) - len(done) <= 9
        assert max(between) <= BOUNDS.longest + 30 * MINUTE


def test_two_schedules_share_the_work_and_start_nothing_twice(world: World) -> None:
    world.run(timedelta(hours=6), world.schedule(), world.schedule())  # `submit` asserts that nothing runs twice
    for source in world.sources:
        assert min(gaps(world.visits(source.name))) >= BOUNDS.shortest


def test_what_fails_is_tried_again_ever_more_seldom(world: World) -> None:
    name = world.sources[0].name
    world.fails = {name}
    world.sources = world.sources[:2]
    world.run(timedelta(hours=8), world.schedule())
    waits = [round(gap / MINUTE) for gap in gaps(world.visits(name))]
    assert waits[:5] == pytest.approx([10, 20, 40, 80, 160], abs=5)
    world.fails = set()
    world.run(timedelta(hours=16), world.schedule())
    assert gaps(world.visits(name))[-1] < timedelta(hours=2), "what has recovered is crawled as before"


def test_an_outlet_that_is_paused_or_held_is_left_alone(world: World) -> None:
    paused, held, *_ = (source.name for source in world.sources)
    schedule = world.schedule()
    schedule.look(world.now)
    world.close()
    world.begun.clear()
    schedule = world.schedule()
    world.database.sources.update_many({}, {"$set": {"due_at": START}})
    until = START + timedelta(hours=2)
    pause = {"until": until, "times": 1, "reason": "walls"}
    world.database.sources.update_one({"_id": paused}, {"$set": {"pause": pause}})
    lease = {"fence": 1, "holder": "other", "host": "far", "pid": 1, "born": 0.0, "machine": "far"}
    lease |= {"since": START, "until": until}
    world.database.sources.update_one({"_id": held}, {"$set": {"lease": lease}})
    world.run(timedelta(hours=3), schedule)
    for name in (paused, held):
        assert until <= world.visits(name)[0] <= until + 35 * MINUTE


def test_bounds_of_an_outlets_file_count(world: World) -> None:
    first = world.sources[0]
    visits = msgspec.structs.replace(first.visits, shortest="2h", longest="3h")
    world.sources[0] = msgspec.structs.replace(first, visits=visits)
    world.sources = world.sources[:2]
    world.run(timedelta(days=1), world.schedule())
    between = gaps(world.visits(first.name))
    assert min(between) >= timedelta(hours=2)
    assert max(between) <= timedelta(hours=3) + world.lasts


def due_article(database: Archive, source: str) -> None:
    new = {"title_hint": "", "rank": START, "first_seen": START, "outcome": "stored", "outcome_at": START}
    new |= {"attempts": 0, "answered": None, "etag": None, "last_modified": None, "detail": ""}
    new |= {"next_at": START, "article": "a" * 20, "aliases": [], "found_by": [], "evidence": []}
    database.urls.insert_one({"_id": f"https://{source}.example/1", "source": source, **new})


def test_outlets_without_work_keep_no_other_from_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_IDLE_LOOKS", 2)
    last = world.sources[-1].name
    due_article(world.database, last)
    world.run(timedelta(hours=14), world.schedule())
    assert world.visits(last, RECHECK)


def test_a_job_whose_cluster_is_gone_is_lost_and_no_more(world: World) -> None:
    schedule = world.schedule()
    schedule.look(START)
    for _, _, future in world.under_way:
        future.cancel()
    world.under_way.clear()
    schedule.look(START + MINUTE)
    world.run(timedelta(hours=2), schedule)
    assert {task.source for _, task in world.begun} == {source.name for source in world.sources}


def test_idle_hands_check_what_is_due_then_walk_the_past_once(world: World) -> None:
    """Work of lower rank leaves a hand free for what is fresh, and makes no outlet late."""
    with_due = world.sources[3].name
    due_article(world.database, with_due)
    world.run(timedelta(hours=14), world.schedule(since="2025-01"))
    kinds = Counter(task.kind for _, task in world.begun)
    assert kinds[BACKFILL] == len(world.sources)
    assert world.visits(with_due, RECHECK)
    assert kinds[RECHECK] == len(world.visits(with_due, RECHECK)), "only where something is due"
    rechecks = gaps(world.visits(with_due, RECHECK))
    assert not rechecks or min(rechecks) >= timedelta(minutes=30)
    assert world.visits(with_due, RECHECK)[0] < world.visits(with_due, BACKFILL)[0]
    assert all(task.kind == CRAWL or 120 <= task.seconds <= 3600 for _, task in world.begun)
    world.begun.clear()
    world.run(timedelta(hours=18), world.schedule(since="2025-01"))
    assert BACKFILL not in {task.kind for _, task in world.begun}
