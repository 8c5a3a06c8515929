"""robots.txt by RFC 9309.

Scrapy's own middleware lets requests pass while the first robots.txt of a host is on its way, and takes a failing one
for consent. Here every request waits for the answer; 4xx means allowed, and no answer means "not now" (2.3.1.3, 2.3.1.4).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.patience import StorageLost
from crawler.network import explain

logger = logging.getLogger(__name__)

#: RFC 9309, 2.5: a crawler reads at least 500 KiB.
MAX_BYTES = 500 * 1024
_PRIORITY = 10_000_000


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt disallows the address."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be had, so nothing of the host is fetched now.

    Attributes:
        status: HTTP status of robots.txt, 0 without an answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class RobotsMiddleware:
    """Asks each origin's robots.txt once in a crawl, and keeps every request back until it is known."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self.rules: dict[str, asyncio.Task[Protego | RobotsUnreachable]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("is_robots"):
            return
        parts = urlsplit(request.url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.rules:
            # A task of its own: the request that came first may be cancelled while others wait for the same answer.
            self.rules[origin] = asyncio.ensure_future(self._ask(origin))
        rules = await asyncio.shield(self.rules[origin])
        if isinstance(rules, RobotsUnreachable):
            raise RobotsUnreachable(str(rules), rules.status)
        if not rules.can_fetch(request.url, self.agent):
            raise ForbiddenByRobots(f"{origin}/robots.txt disallows it")

    async def _ask(self, origin: str) -> Protego | RobotsUnreachable:
        url = f"{origin}/robots.txt"
        request = Request(url, priority=_PRIORITY, meta={"is_robots": True}, callback=NO_CALLBACK)
        try:
            response: Response = await self.crawler.engine.download_async(request)
        except StorageLost:
            raise
        except Exception as error:
            return RobotsUnreachable(f"{url}: {explain(error)}")
        if response.status >= 500 or response.status == 429:
            return RobotsUnreachable(f"{url} answers {response.status}", response.status)
        return Protego.parse(_rules_text(response))


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
