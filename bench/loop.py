"""What one Scrapy process cost: a Scrapy extension that writes a report, and the least of spiders to compare with."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler


class LoopReport:
    """Writes seconds, CPU seconds of the process, and how late its event loop was, to the file BENCH_REPORT."""

    INTERVAL = 0.01

    def __init__(self, crawler: Crawler) -> None:
        self.lags: list[float] = []
        crawler.signals.connect(self.opened, signal=signals.spider_opened)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def opened(self) -> None:
        """Start the clock."""
        self.started, self.cpu = time.monotonic(), _cpu()
        self.sampler = asyncio.get_running_loop().create_task(self._sample())

    async def _sample(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(self.INTERVAL)
            self.lags.append(max(0.0, time.monotonic() - before - self.INTERVAL))

    def closed(self) -> None:
        """Write the report."""
        self.sampler.cancel()
        lags = sorted(self.lags) or [0.0]
        report = {
            "seconds": time.monotonic() - self.started,
            "cpu": _cpu() - self.cpu,
            "lag_p99": lags[int(len(lags) * 0.99)],
            "lag_max": lags[-1],
        }
        Path(os.environ["BENCH_REPORT"]).write_text(json.dumps(report))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class BareSpider(Spider):
    """Fetches numbered pages and does nothing with them: `scrapy runspider bench/loop.py -a pages=N -a site=URL`."""

    name = "bare"
    custom_settings = {  # noqa: RUF012 - Scrapy's own way
        "CONCURRENT_REQUESTS": 16,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS": {"bench.loop.LoopReport": 1},
    }

    async def start(self) -> AsyncIterator[Request]:
        """Every page once."""
        for number in range(int(self.pages)):  # type: ignore[attr-defined]
            yield Request(f"{self.site}/article/{number}.html", dont_filter=True)  # type: ignore[attr-defined]

    async def parse(self, response: Any, **kwargs: Any) -> None:
        """Nothing."""
