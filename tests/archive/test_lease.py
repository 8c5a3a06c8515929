"""One crawl of an outlet at a time: who has it, who gets it, and whose writes count."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
from pymongo import AsyncMongoClient
from pymongo.database import Database

from archive import ledger, mongo
from archive.lease import Held, Lease, LeaseLost, this_process

Async = Any


def run(database: Database[dict[str, Any]], uri: str, story: Callable[[Async], Awaitable[None]]) -> None:
    async def play() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))
        try:
            await story(client[database.name])
        finally:
            await client.close()

    asyncio.run(play())


def stored(database: Database[dict[str, Any]]) -> dict[str, Any]:
    found = database.sources.find_one({"_id": "alofok"})
    assert found is not None
    return found


def test_a_lease_is_held_until_it_is_let_go_and_each_taking_counts(
    database: Database[dict[str, Any]], mongodb_uri: str
) -> None:
    async def story(db: Async) -> None:
        first, second = Lease("alofok", 30), Lease("alofok", 30)
        await first.take(db)
        with pytest.raises(Held, match=rf"crawled by process {this_process()['pid']} on .+ since 20\d\d-"):
            await second.take(db)
        await first.release(db)
        await second.take(db)
        assert (first.fence, second.fence) == (1, 2)
        await second.take(db)
        assert second.fence == 3, "its own lease stands in nobody's way"

    run(database, mongodb_uri, story)


def test_of_many_that_try_at_once_one_gets_it(database: Database[dict[str, Any]], mongodb_uri: str) -> None:
    async def story(db: Async) -> None:
        leases = [Lease("alofok", 30) for _ in range(20)]
        came = await asyncio.gather(*(lease.take(db) for lease in leases), return_exceptions=True)
        assert [type(result) for result in came if result is not None] == [Held] * 19
        assert len(came) == 20

    run(database, mongodb_uri, story)


def test_what_has_run_out_is_taken_over_and_its_late_writes_change_nothing(
    database: Database[dict[str, Any]], mongodb_uri: str
) -> None:
    async def story(db: Async) -> None:
        slow, next_one = Lease("alofok", 0.2), Lease("alofok", 30)
        await slow.take(db)
        await asyncio.sleep(0.3)
        await slow.renew(db)
        await asyncio.sleep(0.3)
        assert slow.may_be_gone, "it knows without asking"
        await next_one.take(db)
        await ledger.write_cursor(db, next_one, {"feed": {"seen": 2}})
        with pytest.raises(LeaseLost):
            await ledger.write_cursor(db, slow, {"feed": {"seen": 1}})
        for late in (slow.renew, slow.check):
            with pytest.raises(LeaseLost):
                await late(db)
        await slow.release(db)
        await next_one.check(db)
        assert await ledger.read_cursor(db, "alofok") == {"feed": {"key": "feed", "seen": 2}}

    run(database, mongodb_uri, story)


def test_it_is_renewed_while_its_holder_lives(database: Database[dict[str, Any]], mongodb_uri: str) -> None:
    async def story(db: Async) -> None:
        lease = Lease("alofok", 0.5)
        await lease.take(db)
        keeping = asyncio.create_task(lease.keep(lambda: lease.renew(db)))
        for _ in range(6):
            await asyncio.sleep(0.25)
            assert not lease.may_be_gone
            with pytest.raises(Held):
                await Lease("alofok", 30).take(db)
        lease.waking.set()
        await keeping

    run(database, mongodb_uri, story)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_process_of_this_machine_that_died_holds_nothing(
    database: Database[dict[str, Any]], mongodb_uri: str, elsewhere: bool
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        born = psutil.Process(child.pid).create_time()
        lease = this_process() | {"pid": child.pid, "born": born, "fence": 7, "holder": "child"}
        lease |= {"since": datetime.now(UTC), "until": datetime.now(UTC) + timedelta(hours=1)}
        lease |= {"machine": "another boot"} if elsewhere else {}
        new = {"due_at": None, "cursor": {"entries": []}, "habit": None}
        database.sources.insert_one({"_id": "alofok", "lease": lease, **new})

        async def held(db: Async) -> None:
            with pytest.raises(Held):
                await Lease("alofok", 30).take(db)

        async def free(db: Async) -> None:
            await Lease("alofok", 30).take(db)

        run(database, mongodb_uri, held)
        child.kill()
        child.wait()
        run(database, mongodb_uri, held if elsewhere else free)
    assert stored(database)["lease"]["fence"] == (7 if elsewhere else 8)
