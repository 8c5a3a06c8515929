"""One queue for one host, however its address is written."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request


class SlotMiddleware:
    """Puts http, https and www of one host, and its robots.txt, into one download slot, so that the delay between two
    requests holds for the server and not for each spelling of its name."""

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        request.meta["download_slot"] = host.removeprefix("www.")
