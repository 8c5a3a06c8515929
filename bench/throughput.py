"""The whole crawl's speed beside its bounds, in one run.

    python -m bench.throughput [--pages 3000] [--peers PYTHON]

A generated press on loopback is crawled whole (download → WARC files → reading in workers → MongoDB). Beside it, in the same
run, each stage alone: the bare Scrapy download of the same pages, reading in worker processes, the WARC files, storing. Their CPU
gives the machine's bound (cores ÷ its sum) and the crawl's share of it. Trafilatura alone tells what our own part of reading
costs; `--peers` adds other crawlers on the same press (see bench/peers.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pymongo

from archive import server
from archive.records import Page
from bench import press
from bench.stages import Alone, measure
from sources.model import Source, load

ROOT = Path(__file__).resolve().parents[1]
CORES = os.cpu_count() or 1
_TURN = 300
OUTLET = f"""
title = "Bench"
languages = ["ar", "fr"]
timezone = "Africa/Casablanca"
country = "MA"
kind = "portal"
domains = ["{press.HOST}"]
topic = "all"
entry.sitemaps = ["{press.SITE}/sitemap.xml"]
articles.match = ['/article/\\d+']
manners.delay = 0.0
manners.concurrency = 16
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=3000)
    parser.add_argument("--peers", metavar="PYTHON", help="the Python of an environment that holds other crawlers")
    options = parser.parse_args()
    count = options.pages
    _say(f"making {count} pages …")
    pages = press.make_pages(count)
    serving, port = press.start(pages)
    proxy = f"http://127.0.0.1:{port}"
    try:
        _say("bare Scrapy download …")
        bare = _scrapy(
            ["runspider", str(ROOT / "bench" / "loop.py"), "-a", f"pages={count}", "-a", f"site={press.SITE}"], proxy
        )
        _say("trafilatura alone and reading alone, by turns …")
        trafilatura, reading = by_turns(pages, (quick_trafilatura, read_page))
        _say("reading in worker processes, WARC files and storing, one after the other …")
        alone = _stages(pages)
        _say("the whole crawl …")
        crawl = _crawl(proxy)
        peers = _peers(options.peers, proxy) if options.peers else {}
    finally:
        serving.kill()
    _print(pages, bare, trafilatura, reading, alone, crawl, peers)


def _print(
    pages: list[bytes],
    bare: dict[str, float],
    trafilatura: tuple[float, float],
    reading: tuple[float, float],
    alone: Alone,
    crawl: dict[str, float],
    peers: dict[str, tuple[int, float]],
) -> None:
    count = len(pages)
    download, serving = bare["cpu"] / count, bare["server"] / count
    stages = download + serving + (alone.hop + alone.reading + alone.keeping + alone.storing + alone.mongod) / count
    bound, rate = CORES / stages, count / crawl["seconds"]
    rows: list[tuple[str, float | None, float | None]] = [
        ("trafilatura alone, all cores", *trafilatura),
        ("reading alone, all cores", *reading),
        ("", None, None),
        ("stages alone: the press's own server", None, serving),
        ("  bare Scrapy download", count / bare["seconds"], download),
        ("  reading in worker processes: the workers", None, alone.reading / count),
        ("  reading in worker processes: the hop, in our process", None, alone.hop / count),
        ("  keeping in WARC files", None, alone.keeping / count),
        ("  storing: our process", None, alone.storing / count),
        ("  storing: mongod", None, alone.mongod / count),
        ("the bound: cores ÷ their sum", bound, stages),
        ("", None, None),
        ("the whole crawl", rate, sum(crawl[name] for name in ("cpu", "workers", "mongod", "server")) / count),
        ("  its own process", None, crawl["cpu"] / count),
        ("  its reading processes", None, crawl["workers"] / count),
        ("  mongod", None, crawl["mongod"] / count),
        *((name, articles / seconds, None) for name, (articles, seconds) in peers.items()),
    ]
    print(f"\n{count} pages, {sum(map(len, pages)) / count / 1000:.0f} kB in the mean, {CORES} cores\n")
    print(f"{'':56}{'pages/s':>9}{'CPU ms a page':>15}")
    for name, speed, cpu in rows:
        figures = f"{'' if speed is None else f'{speed:.1f}':>9}{'' if cpu is None else f'{cpu * 1000:.2f}':>15}"
        print(f"{name:56}{figures}".rstrip())
    print(f"\nshare of the bound          {rate / bound:.0%}")
    print(f"reading beside trafilatura  +{reading[1] / trafilatura[1] - 1:.0%} CPU")
    for name, (articles, seconds) in peers.items():
        print(f"{f'beside {name}':28}{rate * seconds / articles:.1f} times")
    print(f"loop lag                    p99 {crawl['lag_p99'] * 1000:.0f} ms, max {crawl['lag_max'] * 1000:.0f} ms")
    print(f"peak memory                 {crawl['memory'] / 2**20:.0f} MB (crawl and workers)")
    print(f"stored                      {crawl['stored']:.0f} of {count}")


def _stages(pages: list[bytes]) -> Alone:
    with _mongod() as (_, uri, pid):
        return measure(pages, _source(), uri, "bench", pid)


def _peers(python: str, proxy: str) -> dict[str, tuple[int, float]]:
    """Articles and seconds of each other crawler."""
    found = {}
    for name in ("news-please", "fundus"):
        _say(f"{name} …")
        command = [python, str(ROOT / "bench" / "peers.py"), name, press.SITE]
        said = subprocess.run(
            command,
            env=os.environ | {"http_proxy": proxy},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if said.returncode:
            _say(f"{name} failed; run {' '.join(command)} to see why")
            continue
        articles, seconds = json.loads(said.stdout.splitlines()[-1])
        found[name] = (int(articles), float(seconds))
    return found


@contextmanager
def _mongod() -> Iterator[tuple[Path, str, int]]:
    """A folder with an embedded MongoDB of its own, its URI and its process."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "mongodb"
        uri = server.ensure(data)
        try:
            yield Path(folder), uri, json.loads((data / "server.json").read_text())["pid"]
        finally:
            server.stop(data)


def _scrapy(arguments: list[str], proxy: str, **environment: str) -> dict[str, float]:
    """Run a Scrapy command to its end; its LoopReport, the CPU of its workers and of the server, and its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        changed = os.environ | {"http_proxy": proxy, "BENCH_REPORT": str(report), "PYTHONPATH": str(ROOT)} | environment
        server_before = press.cpu()
        # Outside the project's folder, so that `runspider` is Scrapy and nothing of ours.
        where = ROOT if arguments[0] == "crawl" else folder
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapy", *arguments], cwd=where, env=changed, stdout=subprocess.DEVNULL
        )
        watch = _Watch(process.pid)
        if process.wait():
            raise SystemExit(f"scrapy {' '.join(arguments)} ended with {process.returncode}")
        measured: dict[str, float] = json.loads(report.read_text())
    return measured | {"workers": watch.stop(), "memory": watch.memory, "server": press.cpu() - server_before}


class _Watch(threading.Thread):
    """Samples the memory of a process and its children, and the CPU of the children (Linux's /proc)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.memory, self.done = pid, 0, threading.Event()
        self.children: dict[int, float] = {}
        self.start()

    def run(self) -> None:
        """Until `stop`."""
        while not self.done.wait(0.1):
            children = press.children_of(self.pid)
            self.children |= {child: press.cpu_of(child) for child in children}
            self.memory = max(self.memory, sum(press.memory_of(pid) for pid in (self.pid, *children)))

    def stop(self) -> float:
        """CPU seconds of the children."""
        self.done.set()
        self.join()
        return sum(self.children.values())


def _crawl(proxy: str) -> dict[str, float]:
    with _mongod() as (folder, uri, mongod):
        outlets = folder / "outlets"
        outlets.mkdir()
        (outlets / "bench.toml").write_text(OUTLET)
        changed = {"SOURCES_DIR": outlets, "DATA_DIR": folder, "CONCURRENT_REQUESTS": 16}
        changed["EXTENSIONS"] = '{"bench.loop.LoopReport": 1}'
        arguments = ["crawl", "bench", "-a", "since=2020"]
        arguments += [word for name, value in changed.items() for word in ("-s", f"{name}={value}")]
        before = press.cpu_of(mongod)
        contact = f"mailto:bench@{press.HOST}"
        report = _scrapy(arguments, proxy, MONGODB_URI=uri, MONGODB_DATABASE="bench", MARSAD_CONTACT=contact)
        with pymongo.MongoClient[dict[str, Any]](uri) as client:
            stored = client["bench"]["articles"].count_documents({})
        return report | {"mongod": press.cpu_of(mongod) - before, "stored": stored}


def by_turns(pages: list[bytes], works: Sequence[Callable[[bytes], None]]) -> list[tuple[float, float]]:
    """(pages/s, CPU seconds a page) of some works, each in one process a core.

    They take turns of some hundred pages, so that what else the machine does falls on all.
    """
    seconds, cpu = [0.0] * len(works), [0.0] * len(works)
    with get_context("fork").Pool(CORES) as pool:
        pool.map(_timed, [(work, page) for work in works for page in pages[: 4 * CORES]])
        for start in range(0, len(pages), _TURN):
            turn = pages[start : start + _TURN]
            for number, work in enumerate(works):
                started = time.monotonic()
                cpu[number] += sum(pool.imap_unordered(_timed, ((work, page) for page in turn), chunksize=8))
                seconds[number] += time.monotonic() - started
    count = len(pages)
    return [(count / wall, spent / count) for wall, spent in zip(seconds, cpu, strict=True)]


def _timed(task: tuple[Callable[[bytes], None], bytes]) -> float:
    work, page = task
    before = time.process_time()
    work(page)
    return time.process_time() - before


def quick_trafilatura(page: bytes) -> None:
    """trafilatura without its second opinions, as our reading calls it, and with the metadata that our reading finds too."""
    from trafilatura import bare_extraction

    bare_extraction(page.decode(), fast=True, with_metadata=True)


def trafilatura(page: bytes) -> None:
    """trafilatura as it is, with metadata."""
    from trafilatura import bare_extraction

    bare_extraction(page.decode(), with_metadata=True)


def read_page(page: bytes) -> None:
    """Our reading, whole."""
    from pipelines.read import read

    now = datetime.now(UTC)
    url = f"{press.SITE}/article/1.html"
    read(Page(url, url, url, "bench", now, 200, {"content-type": "text/html; charset=utf-8"}, page), _source(), now)


@cache
def _source() -> Source:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.toml"
        path.write_text(OUTLET)
        return load(path)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
