"""Nearest to the wire: counts every request that is sent, with the time and the bytes of its answer, in the account of the run."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.handler import exchange_of
from sources.model import in_domains


class AccountMiddleware:
    """Tells `archive.runs.Run` of each answer; a spider that keeps no account is left alone."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.sent: WeakKeyDictionary[Request, float] = WeakKeyDictionary()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        self.sent[request] = time.monotonic()

    async def process_response(self, request: Request, response: Response) -> Response:
        self._note(request, response.status, self._offset(response))
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        self._note(request, 0, None)

    def _note(self, request: Request, status: int, offset: float | None) -> None:
        run = getattr(self.crawler.spider, "run", None)
        started = self.sent.pop(request, None)
        if run is None or started is None:
            return
        exchange = exchange_of(request)
        size = sum(map(len, exchange.received)) if exchange else 0
        run.note_answer(status, size, time.monotonic() - started, offset)

    def _offset(self, response: Response) -> float | None:
        """Seconds by which the outlet's clock is ahead of ours; None where it does not say.

        `Date` is when the answer was made, `Age` how long a cache has held it since (RFC 9110, 6.6.1; RFC 9111, 5.1).
        """
        source: Any = getattr(self.crawler.spider, "source", None)
        date = response.headers.get("Date")
        if source is None or date is None or not in_domains(urlsplit(response.url).hostname or "", source.domains):
            return None
        age = (response.headers.get("Age") or b"0").strip()
        try:
            said = parsedate_to_datetime(date.decode("latin-1"))
            held = min(int(age[:10]), 10**9) if age.isdigit() else 0
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        said = said.replace(tzinfo=UTC) if said.tzinfo is None else said
        return (said - datetime.now(UTC)).total_seconds() + held
