"""The schedule: look what is due, start it where a hand is free, keep what came of it. One look at a time, by whatever clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from archive import agenda
from archive.lease import is_held
from schedule import job, metrics, plan
from schedule.hands import Hands
from schedule.job import BACKFILL, CRAWL, RECHECK, Done, Job
from schedule.plan import Agenda, Terms
from sources.model import Source

logger = logging.getLogger(__name__)

#: How often the budget and the shape of the press are reckoned anew.
_RECKONED = timedelta(hours=1)
#: How often idle hands look for stored articles that are due, and at how many outlets at a time.
_IDLE, _IDLE_LOOKS = timedelta(minutes=1), 20
_LONGEST_IDLE = timedelta(hours=1)
#: How often one outlet is given work of lower rank.
_REST = timedelta(minutes=30)


class ClusterLost(RuntimeError):
    """What ran the job is gone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take.

    Attributes:
        seconds: that a crawl may last.
        memory: bytes of RAM, its reading processes included.
        since: how far back idle hands walk the past of each outlet, as `-a since=` takes it; "" for not at all.
        settings: Scrapy's settings that the jobs are given.
    """

    seconds: float
    memory: int
    since: str = ""
    settings: tuple[str, ...] = ()


@dataclass(slots=True)
class Schedule:
    """The schedule of some outlets.

    Attributes:
        database: the archive's; holds all that outlasts the process.
        sources: those that are visited.
        hands: who runs the jobs.
        terms, limits: how often, and how long.
        told: called with each job that has ended.
        running: jobs under way by the names of their outlets.
        looked: when idle hands last looked for work at an outlet.
    """

    database: Database[dict[str, Any]]
    sources: Sequence[Source]
    hands: Hands
    terms: Terms
    limits: Limits
    told: Callable[[Done], None] = lambda done: None
    running: dict[str, tuple[Job, datetime, Future[Done]]] = field(default_factory=dict)
    looked: dict[str, datetime] = field(default_factory=dict)
    agenda: Agenda = field(default_factory=Agenda)
    reckoned: datetime | None = None
    idled: datetime | None = None

    def look(self, now: datetime) -> None:
        """Take in what has ended, and start what is due.

        Args:
            now: aware UTC instant, by MongoDB's clock.
        Raises:
            pymongo.errors.PyMongoError: MongoDB was lost; the next look goes on.
        """
        self._take_in()
        names = [source.name for source in self.sources]
        states = agenda.states(self.database, names)
        if self.reckoned is None or now >= self.reckoned:
            habits = agenda.habits(self.database, names)
            self.agenda = plan.agenda(self.sources, habits, self.terms)
            # Until each outlet has been met, its share of the budget is a guess.
            self.reckoned = now + (_RECKONED if len(habits) == len(names) else _RECKONED / 30)
        open_ = [source for source in self.sources if states[source.name]["due_at"] is None]
        habits = agenda.habits(self.database, [source.name for source in open_])
        due = plan.reckon(open_, habits, self.agenda, self.terms, now)
        agenda.reckon(self.database, due)
        for name, at in due.items():
            states[name]["due_at"] = at
        self._measure(states, now)
        self._start_due(states, now)
        if len(self.running) < self.hands.slots and (self.idled is None or now - self.idled >= _IDLE):
            self.idled = now
            self._start_idle(states, now)

    def _take_in(self) -> None:
        for name, (task, begun, future) in list(self.running.items()):
            if not future.done():
                continue
            try:
                error = future.exception()
            except CancelledError:
                error = ClusterLost("the cluster's scheduler is gone")
            if error is not None:
                del self.running[name]
                metrics.LOST.inc()
                logger.error("%s: the %s was lost with its worker: %s", name, task.kind, error)
                continue
            done = future.result()
            if task.kind == BACKFILL and agenda.has_finished(self.database, name, begun):
                agenda.filled(self.database, name, task.since)
            # Not before: where MongoDB was lost above, the next look comes here again.
            del self.running[name]
            self.told(done)

    def _start_due(self, states: dict[str, dict[str, Any]], now: datetime) -> None:
        """Start what is due, what has waited longest first."""
        waiting = sorted((states[source.name]["due_at"], number) for number, source in enumerate(self.sources))
        for due, number in waiting:
            if due > now or len(self.running) >= self.hands.slots:
                return
            source = self.sources[number]
            state = states[source.name]
            if self._is_free(source, state, now):
                again = plan.retry(state, plan.bounds_of(source, self.terms).longest, now)
                if agenda.claim(self.database, state, again):
                    state["due_at"] = again
                    self._start(self._job(source, CRAWL, self.limits.seconds), now)

    def _start_idle(self, states: dict[str, dict[str, Any]], now: datetime) -> None:
        """Give idle hands the stored articles that are due, then the past; one hand stays free for what is fresh."""
        free = self.hands.slots - len(self.running) - (self.hands.slots > 1)
        rested = now - _REST
        # Those that have waited longest, so that each has its turn.
        long_ago = now - timedelta(days=9999)
        order = sorted(self.sources, key=lambda source: states[source.name].get("idle_at") or long_ago)
        # Those that had nothing to do are looked at again when all the others were.
        order.sort(key=lambda source: self.looked.get(source.name, long_ago))
        looks = _IDLE_LOOKS
        for source in order:
            if free <= 0 or looks <= 0:
                return
            state = states[source.name]
            seconds = plan.spare(state, now, _LONGEST_IDLE).total_seconds()
            if (state.get("idle_at") or rested) > rested or not seconds or not self._is_free(source, state, now):
                continue
            looks -= 1
            self.looked[source.name] = now
            if agenda.has_rechecks(self.database, source.name, now):
                kind = RECHECK
            elif self.limits.since and state.get("filled") != self.limits.since:
                kind = BACKFILL
            else:
                continue
            if agenda.idle(self.database, state, now):
                self._start(self._job(source, kind, seconds), now)
                free -= 1

    def _job(self, source: Source, kind: str, seconds: float) -> Job:
        limits = self.limits
        return Job(source.name, kind, limits.since, min(seconds, limits.seconds), limits.memory, limits.settings)

    def _is_free(self, source: Source, state: dict[str, Any], now: datetime) -> bool:
        if source.name in self.running or not plan.is_open(state, now):
            return False
        return not is_held(state["lease"], now)

    def _start(self, task: job.Job, now: datetime) -> None:
        self.running[task.source] = task, now, self.hands.submit(task)
        metrics.STARTED.labels(task.kind).inc()

    def _measure(self, states: dict[str, dict[str, Any]], now: datetime) -> None:
        waiting = [
            state["due_at"] for name, state in states.items() if state["due_at"] <= now and name not in self.running
        ]
        paused = sum(not plan.is_open(state, now) for state in states.values())
        metrics.states(
            (("all", len(states)), ("running", len(self.running)), ("due", len(waiting)), ("paused", paused))
        )
        metrics.LATE.set((now - min(waiting, default=now)).total_seconds())
        metrics.PATIENCE.set(self.agenda.patience)
        metrics.SLOTS.set(self.hands.slots)
