"""One crawl of an outlet at a time, on whichever machine: the lease on its source.

A crawl takes the lease before it asks for anything, renews it while it runs, and stops when somebody else has it. Each taking
counts a fence up, and what only the holder may write (the cursor, the habit) carries the fence in the same write; so a
crawl that was suspended for an hour and wakes up changes nothing of its successor's.

All of it goes by MongoDB's clock, so that machines need not agree on the time.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from archive import manners
from archive.ledger import Database
from archive.patience import StorageLost

Document = dict[str, Any]

#: Renewals in the life of a lease: two may fail before it runs out.
_RENEWALS = 3
_SAME_START = 2.0


class LeaseLost(StorageLost):
    """Another crawl has the outlet now: the archive takes nothing more from this one."""


class Held(RuntimeError):
    """The outlet is being crawled; the message says by whom, and since when."""


@dataclass(slots=True)
class Lease:
    """A lease on a source, taken.

    Attributes:
        source: name of the outlet.
        seconds: after which it is free when it is not renewed.
        holder: this taking, unlike any other.
        fence: how many times the outlet has been taken, this time included.
        sure_until: by this machine's clock, sleep included: nobody else can have had it before.
        lost: whether another crawl has been found to have it.
        waking: ends `keep` at once.
    """

    source: str
    seconds: float
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    fence: int = 0
    sure_until: float = 0.0
    lost: bool = False
    waking: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def own(self) -> Document:
        """The query that finds the state of the source while the lease is ours: part of every write that is fenced."""
        return {"_id": self.source, "lease.holder": self.holder, "lease.fence": self.fence}

    @property
    def may_be_gone(self) -> bool:
        """Whether it has run out since it was last renewed: whoever was suspended or cut off renews it before asking for more."""
        return _awake_or_asleep() >= self.sure_until

    async def take(self, db: Database) -> None:
        """Take it; where the answer was lost on its way, doing so again is the same taking.

        The lease of a process of this machine that has died is free at once, any other when it has run out.

        Raises:
            Held: another crawl has it.
        """
        state = await manners.open_state(db, self.source)
        now = state["lease"] or {}
        free: list[Document] = [
            {"lease": None},
            {"lease.holder": {"$in": [None, self.holder]}},
            {"$expr": {"$lt": ["$lease.until", "$$NOW"]}},
        ]
        if now.get("holder") and await asyncio.to_thread(_has_died, now):
            free.append({"lease.holder": now["holder"]})
        taken = {
            "fence": {"$add": [{"$ifNull": ["$lease.fence", 0]}, 1]},
            "holder": self.holder,
            **{name: {"$literal": value} for name, value in this_process().items()},
            "since": "$$NOW",
            "until": self._until,
        }
        sure_until = _awake_or_asleep() + self.seconds
        done = await db.sources.update_one({"_id": self.source, "$or": free}, [{"$set": {"lease": taken}}])
        state = await manners.open_state(db, self.source)
        if not done.matched_count:
            raise Held(in_words(state["lease"]))
        self.fence = state["lease"]["fence"]
        if state["lease"]["holder"] != self.holder:
            raise Held(in_words(state["lease"]))
        self.sure_until = sure_until

    async def renew(self, db: Database) -> None:
        """Keep it for another while, also where it has run out and nobody has taken it.

        Raises:
            LeaseLost: another crawl has it.
        """
        sure_until = _awake_or_asleep() + self.seconds
        done = await db.sources.update_one(self.own, [{"$set": {"lease.until": self._until}}])
        self.demand(done.matched_count)
        self.sure_until = max(self.sure_until, sure_until)

    async def check(self, db: Database) -> None:
        """Make sure of it before something is written.

        Raises:
            LeaseLost: another crawl has it.
        """
        self.demand(await db.sources.count_documents(self.own, limit=1))

    def demand(self, matched: int) -> None:
        """Judge a write that carried the fence by how many documents it found.

        Raises:
            LeaseLost: none; another crawl has the lease.
        """
        if not matched:
            self.lost = True
            raise LeaseLost("another crawl has taken the outlet over")

    async def release(self, db: Database) -> None:
        """Let it go; the fence stays. One that is lost already is left as it is."""
        await db.sources.update_one(self.own, {"$set": {"lease.holder": None, "lease.until": None}})

    async def keep(self, renew: Callable[[], Awaitable[None]]) -> None:
        """Renew it until `waking` is set or storage is lost; `renew` waits through an outage of MongoDB."""
        while not self.waking.is_set():
            try:
                async with asyncio.timeout(self.seconds / _RENEWALS):
                    await self.waking.wait()
            except TimeoutError:
                try:
                    await renew()
                except StorageLost:
                    return  # whoever renews has said so, and ends the crawl

    @property
    def _until(self) -> Document:
        return {"$add": ["$$NOW", int(self.seconds * 1000)]}


def in_words(lease: Document) -> str:
    """Who has a lease, for people."""
    since: datetime = lease["since"]
    return f"crawled by process {lease['pid']} on {lease['host']} since {since:%Y-%m-%d %H:%M:%S} UTC"


def is_held(lease: Document | None, now: datetime) -> bool:
    """Whether a lease as stored keeps an outlet from being crawled.

    Args:
        now: aware UTC instant, by MongoDB's clock.
    """
    return bool(lease and lease["holder"] and lease["until"] > now and not _has_died(lease))


def _awake_or_asleep() -> float:
    """Seconds by a clock that nobody sets; where the system has one, it goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


@cache
def this_process() -> Document:
    """What a lease says of its holder: host, pid, when the process was born, and what tells its machine from others."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "born": psutil.Process().create_time(),
        "machine": _machine(),
    }


@cache
def _machine() -> str:
    """One boot of one kernel and one space of process numbers, so that containers are told apart; "" where it cannot be told."""
    if sys.platform != "linux":
        return ""
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {os.readlink('/proc/self/ns/pid')}"


def _has_died(lease: Document) -> bool:
    """Whether the holder was a process of this machine and is no more; a process that nobody has reaped counts as none."""
    if not lease["machine"] or lease["machine"] != _machine():
        return False
    try:
        process = psutil.Process(lease["pid"])
        born: float = process.create_time()
        return abs(born - lease["born"]) > _SAME_START or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
