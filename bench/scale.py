"""How many outlets one schedule can look after: thousands of invented ones, on a real MongoDB, by an injected clock.

    python -m bench.scale [--outlets 5000] [--hours 6] [--slots 400]

Crawls are played: they last as long as politeness makes them (three entry points and each new page at two seconds a request,
and five seconds for the process), and leave what a crawl leaves. What is measured is the schedule's own work.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pymongo
from pymongo.database import Database

from archive import mongo, server
from bench.schedule import VOLUMES
from schedule.job import Done, Job
from schedule.loop import Limits, Schedule
from schedule.plan import Terms
from sources import registry
from sources.habit import Bounds, Habit, Visit, learn

OUTLETS = Path(__file__).resolve().parents[1] / "tests" / "samplepress" / "outlets"
START = datetime(2026, 3, 2, 6, tzinfo=UTC)
LOOK = timedelta(seconds=10)
_ENTRIES, _DELAY, _PROCESS = 3, 2.0, 5.0


@dataclass(slots=True)
class Played:
    """Hands whose crawls end when their time has come.

    Attributes:
        rates: articles an hour of each outlet.
    """

    database: Database[dict[str, Any]]
    slots: int
    rates: dict[str, float]
    random_: random.Random
    now: datetime = START
    under_way: list[tuple[datetime, int, Job, datetime, Future[Done]]] = field(default_factory=list)
    begun: int = 0
    most: int = 0
    requests: int = 0

    def submit(self, task: Job) -> Future[Done]:
        future: Future[Done] = Future()
        state = self.database.sources.find_one({"_id": task.source}, {"habit": 1}) or {}
        before = Habit.from_document(state["habit"])
        since = before.at if before else self.now - timedelta(hours=6)
        hours = (self.now - since) / timedelta(hours=1)
        new = round(self.random_.expovariate(1) * self.rates[task.source] * hours)
        lasts = timedelta(seconds=_PROCESS + _DELAY * (_ENTRIES + new))
        heapq.heappush(self.under_way, (self.now + lasts, self.begun, task, self.now, future))
        self.begun += 1
        self.requests += _ENTRIES
        self.most = max(self.most, len(self.under_way))
        published = [since + (self.now - since) * self.random_.random() for _ in range(new)]
        visit = Visit(self.now, published, window=max(10, new), oldest=since, requests=_ENTRIES)
        habit = learn(before, visit, ZoneInfo("UTC"))
        future.habit = habit  # type: ignore[attr-defined]
        return future

    def close(self) -> None:
        """Nothing runs."""

    def pass_to(self, now: datetime) -> None:
        """Let the crawls end whose time has come."""
        self.now = now
        writes = []
        while self.under_way and self.under_way[0][0] <= now:
            _, _, task, _, future = heapq.heappop(self.under_way)
            learnt = {"$set": {"habit": future.habit.document(), "due_at": None}, "$unset": {"tries": ""}}  # type: ignore[attr-defined]
            writes.append(pymongo.UpdateOne({"_id": task.source}, learnt))
            future.set_result(Done(task, 0))
        if writes:
            self.database.sources.bulk_write(writes)


def main() -> None:
    """Print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outlets", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--slots", type=int, default=400)
    parser.add_argument("--visits", type=float, default=2, help="an hour and outlet, on average")
    options = parser.parse_args()
    random_ = random.Random(1)  # noqa: S311 - reproducible, not secret
    (model, *_), _ = registry.everything(OUTLETS)
    sources = [msgspec.structs.replace(model, name=f"outlet-{n}") for n in range(options.outlets)]
    rates = {source.name: VOLUMES[n % len(VOLUMES)] / 24 for n, source in enumerate(sources)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "mongodb"
        database = mongo.connect(server.ensure(folder), "scale")
        try:
            mongo.prepare(database)
            hands = Played(database, options.slots, rates, random_)
            terms = Terms(
                options.outlets * options.visits * _ENTRIES, Bounds(timedelta(minutes=10), timedelta(hours=6))
            )
            schedule = Schedule(database, sources, hands, terms, Limits(3600, 2**30))
            looks, spent, worst, late = 0, 0.0, 0.0, []
            now, began = START, time.monotonic()
            while now < START + timedelta(hours=options.hours):
                now += LOOK
                hands.pass_to(now)
                cpu, wall = time.process_time(), time.monotonic()
                schedule.look(now)
                spent += time.process_time() - cpu
                worst = max(worst, time.monotonic() - wall)
                looks += 1
                if looks % 60 == 0:
                    due = database.sources.find({"due_at": {"$lt": now}}, {"due_at": 1})
                    waits = [(now - state["due_at"]).total_seconds() for state in due]
                    late.append(max(waits, default=0.0))
            visits = hands.begun / options.hours
            print(
                f"{options.outlets} outlets, {options.hours:g} h, {options.slots} slots, a look every {LOOK.seconds} s"
            )
            print(f"visits an hour           {visits:10.0f}   ({visits / options.outlets:.1f} an outlet)")
            print(f"entry requests an hour   {hands.requests / options.hours:10.0f}   of {terms.requests:.0f} allowed")
            print(f"slots in use at most     {hands.most:10}")
            print(
                f"CPU of a look            {spent / looks * 1000:10.0f} ms, {spent / hands.begun * 1000:.1f} ms a visit"
            )
            print(f"longest look             {worst * 1000:10.0f} ms")
            print(
                f"latest outlet            {sorted(late)[len(late) // 2]:10.0f} s in the middle, {max(late):.0f} s at most"
            )
            print(
                f"the schedule's process   {spent / (options.hours * 3600):10.1%} of a core; simulated in {time.monotonic() - began:.0f} s"
            )
        finally:
            database.client.close()
            server.stop(folder)


if __name__ == "__main__":
    main()
