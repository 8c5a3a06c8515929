"""What a WARC record costs, and how long it holds up the event loop.

    python -m bench.warc [--pages 2000]

Generated pages, bare and gzipped as servers send them, go through the writer as a crawl hands them over (response, then what
discovery said of it, 16 side by side). The stall is what `Writer.keep` and the writer's thread take from the loop: the loop's
lateness with the writer at work, less its lateness in the same minute with nothing to do.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.records import Exchange
from archive.warc.plan import Plan
from archive.warc.writer import Writer
from bench import press

_TICK = 0.001
_SIDE_BY_SIDE = 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    count = parser.parse_args().pages
    pages = press.make_pages(min(count, 500))
    gzipped = [gzip.compress(page, 6) for page in pages]
    print(
        f"{count} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} kB bare, {sum(map(len, gzipped)) / len(pages) / 1000:.0f} kB gzipped\n"
    )
    columns = (
        "records/s",
        "CPU ms a page",
        "loop CPU ms",
        "stall p50 ms",
        "stall p99 ms",
        "stall max ms",
        "pages a fsync",
    )
    print(f"{'':24}" + "".join(f"{column:>15}" for column in columns))
    for name, bodies, coding in (
        ("as bare HTML", pages, b""),
        ("gzipped by the server", gzipped, b"Content-Encoding: gzip\r\n"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            row = asyncio.run(_measure(Path(folder), bodies, coding, count))
        print(f"{name:24}" + "".join(f"{value:>15.2f}" for value in row))


async def _measure(folder: Path, bodies: list[bytes], coding: bytes, count: int) -> list[float]:
    writer = Writer.open(Plan(folder, "bench", 10**9, {"software": "bench"}), lambda: None)
    documents: list[Any] = []
    await keep_all(writer, bodies, coding, 50, documents)
    quiet, _ = await _lateness(asyncio.sleep(2))
    syncs = _count_syncs(writer)
    started, cpu, own = time.monotonic(), time.process_time(), time.thread_time()
    await keep_all(writer, bodies, coding, count, documents)
    seconds, cpu, own = time.monotonic() - started, time.process_time() - cpu, time.thread_time() - own
    fsyncs = len(syncs)
    lateness, _ = await _lateness(keep_all(writer, bodies, coding, count, documents))
    await writer.close(indexed=True)
    assert len(documents) == 2 * count + 50
    stalls = [max(0.0, late - base) * 1000 for late, base in zip(_quantiles(lateness), _quantiles(quiet), strict=True)]
    return [count / seconds, cpu / count * 1000, own / count * 1000, *stalls, count / fsyncs]


async def keep_all(writer: Writer, bodies: list[bytes], coding: bytes, count: int, documents: list[Any]) -> None:
    """Hand pages over as a crawl does, 16 side by side, and wait until each is on disk.

    Args:
        coding: a Content-Encoding line, or nothing.
        documents: takes what would go into `captures`.
    """
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            await _fetch(writer, bodies[number % len(bodies)], coding, number, documents)

    await asyncio.gather(*(one() for _ in range(_SIDE_BY_SIDE)))


async def _fetch(writer: Writer, body: bytes, coding: bytes, number: int, documents: list[Any]) -> None:
    """Hand one page over as a crawl does."""
    url = f"{press.SITE}/article/{number}.html"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%bContent-Length: %d\r\n\r\n" % (
        coding,
        len(body),
    )
    sent = f"GET /article/{number}.html HTTP/1.1\r\nHost: {press.HOST}\r\nAccept: */*\r\n\r\n".encode()
    capture = await writer.keep(Exchange(datetime.now(UTC), url, [sent], [head, body]), None, documents.append)
    await writer.describe(capture, {"source": "bench", "key": url, "requested": url, "found_by": [], "evidence": []})


async def _lateness(work: Any) -> tuple[list[float], Any]:
    """How late each tick of the loop came, in seconds, while some work was done."""
    late: list[float] = []

    async def sample() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK)
            late.append(max(0.0, time.monotonic() - before - _TICK))

    sampler = asyncio.create_task(sample())
    result = await work
    sampler.cancel()
    return late, result


def _quantiles(values: list[float]) -> tuple[float, float, float]:
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]


def _count_syncs(writer: Writer) -> list[None]:
    syncs: list[None] = []
    sync = writer._sync

    def counted() -> None:
        syncs.append(None)
        sync()

    writer._sync = counted  # type: ignore[method-assign]
    return syncs


if __name__ == "__main__":
    main()
