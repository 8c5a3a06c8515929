"""What the stages of a crawl cost alone, one after the other, in CPU seconds: reading with its hop, the WARC files,
and storing."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient

from archive import mongo
from archive.records import Page
from archive.warc.plan import Plan
from archive.warc.writer import Writer
from archive.writer import Entry
from bench import press
from bench.warc import keep_all
from pipelines import store
from pipelines.identity import compare
from pipelines.reading import read
from pipelines.workers import Workers
from sources.model import Source

_IN_FLIGHT = 16
# What comes together in the crawl's 200 ms at some seventy pages a second.
_BATCH = 15


@dataclass(slots=True)
class Alone:
    """CPU seconds of the stages for all pages.

    Attributes:
        hop: of our own process while its workers read.
        reading: of the workers.
        keeping: of the WARC writer, its thread included.
        storing: of our own process while it stores.
        mongod: of the server.
    """

    hop: float
    reading: float
    keeping: float
    storing: float
    mongod: float


def measure(bodies: list[bytes], source: Source, uri: str, database: str, mongod: int) -> Alone:
    """Read all pages in worker processes, keep them in WARC files, then store what came of them, by the crawl's own functions.

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

    with tempfile.TemporaryDirectory() as folder:
        warc = Writer.open(Plan(Path(folder), "bench", 10**9, {"software": "bench"}), lambda: None)
        own = time.process_time()
        await keep_all(warc, bodies, b"", len(bodies), [])
        await warc.close(indexed=True)
        keeping = time.process_time() - own

    await asyncio.to_thread(mongo.ready, uri, database, Path())
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))

    async def compare_texts(earlier: str, later: str) -> Any:
        return await workers.run(compare, earlier, later)

    own, served = time.process_time(), press.cpu_of(mongod)
    for start in range(0, len(entries), _BATCH):
        await store.write(
            client[database], entries[start : start + _BATCH], {"code": "", "lexicon": ""}, ObjectId(), compare_texts
        )
    alone = Alone(hop, reading, keeping, time.process_time() - own, press.cpu_of(mongod) - served)
    await client.close()
    await workers.close()
    return alone
