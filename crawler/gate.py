"""The gate before each host: requests pass one by one, when the host's pace allows. All crawls of a process share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crawler.pace import Pace

# How often one who waits looks whether the crawl has ended meanwhile.
_LOOK_SECONDS = 0.25


@dataclass(slots=True)
class Gate:
    """Where the requests to one host wait, in the order of their arrival."""

    pace: Pace = field(default_factory=Pace)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, concurrency: int, look: Callable[[], None]) -> None:
        """Return when a request may be sent; the caller holds `turn`.

        Args:
            look: called now and then; raises where waiting has become pointless.
        """
        while True:
            look()
            now = time.monotonic()
            if self.pace.may_start(now, concurrency):
                return
            if self.pace.free_at > now:
                await asyncio.sleep(min(self.pace.free_at - now, _LOOK_SECONDS))
                continue
            self.freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self.freed.wait()


_GATES: dict[str, Gate] = {}


def gate_of(url: str) -> Gate:
    """The gate of an address's host: http, https and `www.` of one host share it, and so does its robots.txt."""
    host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    return _GATES.setdefault(host, Gate())
