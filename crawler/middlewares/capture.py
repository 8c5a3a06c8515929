"""Nearest to the wire: every answer goes into the WARC files, be it an article, a feed, robots.txt, a redirect or an error."""

from __future__ import annotations

from typing import Any, Self
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from archive import captures, reservations
from archive.warc.writer import Capture
from crawler.handler import exchange_of
from sources.model import Source

_captures: WeakKeyDictionary[Request, Capture] = WeakKeyDictionary()


def capture_of(request: Request) -> Capture | None:
    """The capture of a request's answer; None where there was no answer."""
    return _captures.get(request)


def replay(request: Request, capture: Capture) -> None:
    """Let an earlier capture stand for the answer to a request."""
    _captures[request] = capture


class CaptureMiddleware:
    """Hands each exchange to the WARC writer of the spider; only a full queue holds it up."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getdict("ITEM_PIPELINES"):
            raise NotConfigured  # a visit that stores nothing: the check of outlets, the proposal of one
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        if not self._reserved(response):
            await self._keep(request)
        return response

    def _reserved(self, response: Response) -> bool:
        """Whether the headers of an answer keep it out of archives."""
        source: Source | None = getattr(self.crawler.spider, "source", None)
        names = ("TDM-Reservation", "X-Robots-Tag")
        headers = {name.lower(): b", ".join(response.headers.getlist(name)).decode("latin-1") for name in names}
        return bool(reservations.reserved(headers, b"")) and not (source and source.manners.permission)

    async def process_exception(self, request: Request, exception: Exception) -> None:
        # What was cut off is kept too, as far as it came.
        await self._keep(request)

    async def _keep(self, request: Request) -> None:
        exchange = exchange_of(request)
        if exchange is None:
            return
        spider: Any = self.crawler.spider
        earlier = None
        if not _is_first(request):
            earlier = await spider.storage(lambda: captures.last_whole(spider.database, exchange.url))
        _captures[request] = await spider.warc.keep(exchange, earlier, spider.captured.append)


def _is_first(request: Request) -> bool:
    """Whether an address is fetched for the first time, so that no earlier capture need be looked for."""
    document = request.cb_kwargs.get("document")
    return document is not None and document["outcome"] is None and not document["attempts"]
