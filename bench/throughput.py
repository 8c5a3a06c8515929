"""The whole crawl's speed beside its bounds, in one run.

    python -m bench.throughput [--pages 3000]

A generated press on loopback is crawled whole (download → reading in workers → MongoDB). Beside it, in the same run: the bare
Scrapy download of the same pages, trafilatura alone on all cores, and reading alone on all cores. From the CPU of the stages
measured alone follow the machine's bound (cores ÷ their sum) and the crawl's share of it.
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
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pymongo

from archive import server
from archive.records import Page
from bench import press
from sources.model import Source, load

ROOT = Path(__file__).resolve().parents[1]
CORES = os.cpu_count() or 1
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
    count = parser.parse_args().pages
    _say(f"making {count} pages …")
    pages = press.make_pages(count)
    serving, port = press.start(pages)
    proxy = f"http://127.0.0.1:{port}"
    try:
        _say("bare Scrapy download …")
        bare = _scrapy(
            ["runspider", str(ROOT / "bench" / "loop.py"), "-a", f"pages={count}", "-a", f"site={press.SITE}"], proxy
        )
        _say("trafilatura alone …")
        trafilatura = _on_all_cores(_trafilatura, pages)
        _say("reading alone …")
        reading = _on_all_cores(_read, pages)
        _say("the whole crawl …")
        crawl = _crawl(proxy)
    finally:
        serving.kill()
    _print(pages, bare, trafilatura, reading, crawl)


def _print(
    pages: list[bytes],
    bare: dict[str, float],
    trafilatura: tuple[float, float],
    reading: tuple[float, float],
    crawl: dict[str, float],
) -> None:
    count = len(pages)
    download, store, serving = bare["cpu"] / count, crawl["mongod"] / count, bare["server"] / count
    stages = download + reading[1] + store + serving
    bound, rate = CORES / stages, count / crawl["seconds"]
    rows: list[tuple[str, float | None, float]] = [
        ("bare Scrapy download", count / bare["seconds"], download),
        ("the press's own server", None, serving),
        ("trafilatura alone, all cores", *trafilatura),
        ("reading alone, all cores", *reading),
        ("mongod", None, store),
        ("bound: cores ÷ (download + server + reading + mongod)", bound, stages),
        ("the crawl's own process", None, crawl["cpu"] / count),
        ("its reading processes", None, crawl["workers"] / count),
        ("the whole crawl", rate, sum(crawl[name] for name in ("cpu", "workers", "mongod", "server")) / count),
    ]
    print(f"\n{count} pages, {sum(map(len, pages)) / count / 1000:.0f} kB in the mean, {CORES} cores\n")
    print(f"{'':56}{'pages/s':>9}{'CPU ms a page':>15}")
    for name, speed, cpu in rows:
        print(f"{name:56}{'' if speed is None else f'{speed:.1f}':>9}{cpu * 1000:>15.2f}")
    print(f"\nshare of the bound          {rate / bound:.0%}")
    print(f"reading beside trafilatura  +{reading[1] / trafilatura[1] - 1:.0%} CPU")
    print(f"loop lag                    p99 {crawl['lag_p99'] * 1000:.0f} ms, max {crawl['lag_max'] * 1000:.0f} ms")
    print(f"peak memory                 {crawl['memory'] / 2**20:.0f} MB (crawl and workers)")
    print(f"stored                      {crawl['stored']:.0f} of {count}")


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
    with tempfile.TemporaryDirectory() as folder:
        outlets = Path(folder) / "outlets"
        outlets.mkdir()
        (outlets / "bench.toml").write_text(OUTLET)
        uri = server.ensure(Path(folder) / "mongodb")
        try:
            mongod = json.loads((Path(folder) / "mongodb" / "server.json").read_text())["pid"]
            before = press.cpu_of(mongod)
            arguments = [
                "crawl",
                "bench",
                "-a",
                "since=2020",
                "-s",
                f"SOURCES_DIR={outlets}",
                "-s",
                "CONCURRENT_REQUESTS=16",
            ]
            arguments += ["-s", f"DATA_DIR={folder}", "-s", 'EXTENSIONS={"bench.loop.LoopReport": 1}']
            report = _scrapy(arguments, proxy, MONGODB_URI=uri, MONGODB_DATABASE="bench")
            with pymongo.MongoClient[dict[str, Any]](uri) as client:
                stored = client["bench"]["articles"].count_documents({})
            return report | {"mongod": press.cpu_of(mongod) - before, "stored": stored}
        finally:
            server.stop(Path(folder) / "mongodb")


def _on_all_cores(work: Callable[[bytes], None], pages: list[bytes]) -> tuple[float, float]:
    """(pages/s, CPU seconds a page) of a function over all pages, in one process a core."""
    with get_context("fork").Pool(CORES) as pool:
        pool.map(_timed, [(work, page) for page in pages[: 4 * CORES]])
        started = time.monotonic()
        cpu = sum(pool.imap_unordered(_timed, ((work, page) for page in pages), chunksize=8))
        return len(pages) / (time.monotonic() - started), cpu / len(pages)


def _timed(task: tuple[Callable[[bytes], None], bytes]) -> float:
    work, page = task
    before = time.process_time()
    work(page)
    return time.process_time() - before


def _trafilatura(page: bytes) -> None:
    from trafilatura import bare_extraction

    bare_extraction(page.decode(), fast=True, with_metadata=True)


def _read(page: bytes) -> None:
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
