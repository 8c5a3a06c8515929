"""Before the network is asked: a page that was captured and not stored, because its process died, is read from its WARC file.

It goes on from there as if it had just come: content-coding, redirects and pipelines are the same, `now` is the instant of
the capture.
"""

from __future__ import annotations

import asyncio
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive import captures
from archive.warc import reader
from archive.warc.plan import folder_of
from archive.warc.reader import WarcError
from archive.warc.writer import Capture
from crawler.middlewares.capture import replay

#: In `Request.meta`, copied to redirects: answer from the WARC files where they can.
ARCHIVED = "archived"


class ArchivedMiddleware:
    """Answers the requests that are marked so."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.folder = folder_of(crawler.settings)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        if not request.meta.get(ARCHIVED):
            return None
        spider: Any = self.crawler.spider
        url = request.url.partition("#")[0]
        document = await spider.storage(lambda: captures.replacing(spider.database, url))
        if document is None:
            return None
        try:
            answer = (await asyncio.to_thread(reader.read, self.folder, document)).message
            described = await asyncio.to_thread(reader.is_described, self.folder, document)
        except WarcError as error:
            spider.logger.warning("%s: fetched again, as its capture cannot be read: %s", request.url, error)
            return None
        headers = Headers()
        for name, value in answer.headers:
            headers.appendlist(name, value.encode("latin-1"))
        kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.payload)
        replay(request, Capture(document["at"], document, described=described))
        return kind(url=request.url, status=answer.status, headers=headers, body=answer.payload)
