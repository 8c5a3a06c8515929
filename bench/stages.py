"""What the stages of a crawl cost alone, one after the other, in CPU seconds a page: reading with its hop, and storing."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient

from archive import mongo
from archive.records import Page
from archive.writer import Entry
from bench import press
from pipelines import store
from pipelines.identity import compare
from pipelines.read import read
from pipelines.workers import Workers
from sources.model import Source

_IN_FLIGHT = 16
# What comes together in the crawl's 200 ms at some seventy pages a second.
_BATCH = 15


@dataclass(slots=True)
class Alone:
    """CPU seconds of the two stages for all pages.

    Attributes:
        hop: of our own process while its workers read.
        reading: of the workers.
        storing: of our own process while it stores.
        mongod: of the server.
    """

    hop: float
    reading: float
    storing: float
    mongod: float


def measure(bodies: list[bytes], source: Source, uri: str, database: str, mongod: int) -> Alone:
    """Read all pages in worker processes, then store what came of them, through the crawl's own functions.

    Args:
        uri, database: an empty database.
        mongod: process of its server.
    """
    return asyncio.run(_measure(bodies, source, uri, database, mongod))


async def _measure(bodies: list[bytes], source: Source, uri: str, database: str, mongod: int) -> Alone:
    others = set(press.children_of(os.getpid()))
    workers = Workers.open(os.cpu_count() or 1, 60)
    await asyncio.gather(*(workers.run(os.getpid) for _ in range(20)))
    entries: list[Entry] = []
    turns = asyncio.Semaphore(_IN_FLIGHT)

    async def work(number: int, body: bytes) -> None:
        url = f"{press.SITE}/article/{number}.html"
        now = datetime.now(UTC)
        page = Page(url, url, url, source.name, now, 200, {"content-type": "text/html; charset=utf-8"}, body)
        async with turns:
            reading = await workers.run(read, page, source, now)
        page.article, page.outcome, page.body = reading.article, reading.outcome, b""
        entries.append(Entry(page, url, addresses=[url]))

    def of_workers() -> float:
        return sum(press.cpu_of(pid) for pid in press.children_of(os.getpid()) if pid not in others)

    own, theirs = time.process_time(), of_workers()
    await asyncio.gather(*(work(number, body) for number, body in enumerate(bodies)))
    hop, reading = time.process_time() - own, of_workers() - theirs

    await asyncio.to_thread(mongo.ready, uri, database, Path())
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))

    async def compare_texts(earlier: str, later: str) -> Any:
        return await workers.run(compare, earlier, later)

    own, served = time.process_time(), press.cpu_of(mongod)
    for start in range(0, len(entries), _BATCH):
        await store.write(
            client[database], entries[start : start + _BATCH], {"code": "", "lexicon": ""}, ObjectId(), compare_texts
        )
    alone = Alone(hop, reading, time.process_time() - own, press.cpu_of(mongod) - served)
    await client.close()
    await workers.close()
    return alone
