"""robots.txt by RFC 9309, and the reservations of tdmrep.json.

Scrapy's own middleware lets requests pass while the first robots.txt of a host is on its way, and takes a failing one
for consent. Here every request waits for the answer; 4xx means allowed, and no answer means "not now" (2.3.1.3, 2.3.1.4).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive import manners
from archive.patience import StorageLost
from archive.reservations import Rule, read_rules, reserves
from crawler.errors import ForbiddenByRobots, NotNow, Refused, Reserved, RobotsUnreachable
from crawler.gate import gate_of
from crawler.network import explain
from sources.model import Source, in_domains

logger = logging.getLogger(__name__)

#: RFC 9309, 2.5: a crawler reads at least 500 KiB.
MAX_BYTES = 500 * 1024
_PRIORITY = 10_000_000


@dataclass(slots=True)
class Rules:
    """What an origin asks of robots.

    Attributes:
        robots: its robots.txt.
        reservations: its tdmrep.json.
        asked: time.monotonic() when it was asked.
    """

    robots: Protego
    reservations: list[Rule] = field(default_factory=list)
    asked: float = field(default_factory=time.monotonic)


class RobotsMiddleware:
    """Asks each origin's robots.txt once a day, and keeps every request back until it is known."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self.longest_delay = crawler.settings.getfloat("CRAWL_DELAY_MAX")
        self.rules: dict[str, asyncio.Task[Rules | NotNow | Refused]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules or _stale(self.rules[origin]):
            # A task of its own: the request that came first may be cancelled while others wait for the same answer.
            self.rules[origin] = asyncio.ensure_future(self._ask(origin))
        rules = await asyncio.shield(self.rules[origin])
        if isinstance(rules, RobotsUnreachable):
            raise RobotsUnreachable(str(rules), rules.status)
        if isinstance(rules, NotNow | Refused):
            raise type(rules)(str(rules))
        if not rules.robots.can_fetch(request.url, self.agent):
            raise ForbiddenByRobots(f"{origin}/robots.txt disallows it")
        if reserves(rules.reservations, request.url):
            raise Reserved(f"{origin}/.well-known/tdmrep.json reserves it")

    async def _ask(self, origin: str) -> Rules | NotNow | Refused:
        try:
            rules = Rules(Protego.parse(await self._text(f"{origin}/robots.txt")))
            gate_of(origin).pace.crawl_delay = self._delay(rules.robots)
            source: Source | None = getattr(self.crawler.spider, "source", None)
            if source and not source.manners.permission and in_domains(urlsplit(origin).hostname or "", source.domains):
                rules.reservations = await self._reservations(f"{origin}/.well-known/tdmrep.json")
        except (NotNow, Refused) as reason:
            return reason
        return rules

    async def _reservations(self, url: str) -> list[Rule]:
        """The rules of a tdmrep.json; one that cannot be had reserves nothing."""
        try:
            return read_rules(await self._text(url))
        except (RobotsUnreachable, Refused):
            return []

    def _delay(self, robots: Protego) -> float:
        """Seconds between requests that a robots.txt asks for, in either of two customary forms, bounded."""
        asked = robots.crawl_delay(self.agent) or 0.0
        rate = robots.request_rate(self.agent)
        if rate is not None and rate.requests:
            asked = max(asked, rate.seconds / rate.requests)
        return min(asked, self.longest_delay) if asked > 0 and not math.isnan(asked) else 0.0

    async def _text(self, url: str) -> str:
        """The text of a file of rules, "" where there is none; the answer of the last day is not asked for again.

        Raises:
            RobotsUnreachable: there is no answer, or one that means "not now".
            NotNow: the crawl ends.
            Refused: its host, or where it redirects to, is not asked.
        """
        spider: Any = self.crawler.spider
        kept = hasattr(spider, "database")
        try:
            if kept:
                known = await spider.storage(lambda: manners.read_rules(spider.database, url, datetime.now(UTC)))
                if known is not None:
                    return str(known["text"])
            status, text = await self._fetch(url)
            if kept:
                now = datetime.now(UTC)
                await spider.storage(lambda: manners.keep_rules(spider.database, url, status, text, now))
        except StorageLost as error:
            raise NotNow("the archive is lost, and the crawl ends") from error
        return text

    async def _fetch(self, url: str) -> tuple[int, str]:
        request = Request(url, priority=_PRIORITY, meta={"is_robots": True}, callback=NO_CALLBACK)
        try:
            response: Response = await self.crawler.engine.download_async(request)
        except (NotNow, StorageLost):
            raise
        except Refused as error:
            raise Refused(f"{url}: {error}") from error
        except Exception as error:
            raise RobotsUnreachable(f"{url}: {explain(error)}") from error
        if response.status >= 500 or response.status == 429:
            raise RobotsUnreachable(f"{url} answers {response.status}", response.status)
        return response.status, _rules_text(response)


def _stale(task: asyncio.Task[Rules | NotNow | Refused]) -> bool:
    """Whether rules were asked for more than a day ago, in a crawl that runs that long."""
    if not task.done() or task.cancelled() or task.exception() is not None:
        return task.done()
    rules = task.result()
    return isinstance(rules, Rules) and time.monotonic() - rules.asked > manners.RULES_LAST.total_seconds()


def _rules_text(response: Response) -> str:
    """The rules of a robots.txt; none where the host has none, or answers with an HTML page in its place."""
    if response.status >= 300:
        return ""
    body = response.body
    if len(body) > MAX_BYTES:
        # Without its last line, which may be cut: "/a" forbids more than "/archive".
        body = body[: body.rfind(b"\n", 0, MAX_BYTES) + 1]
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return ""
    return body.decode("utf-8", errors="replace").removeprefix("\ufeff")
