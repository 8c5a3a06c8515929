"""Good manners: one request at a time and after its delay, quiet hours, a day's budget, and leaving where one is not wanted.

Stands next to the downloader, so that robots.txt, redirects and retries pass through it like anything else. What decides
a host's delay is `crawler.pace`. docs/manners.md tells the rules.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DownloadTimeoutError
from scrapy.http import Response

from archive import manners
from archive.lease import Lease
from archive.patience import StorageLost
from archive.records import Outcome, Page
from crawler.errors import NotNow
from crawler.gate import Gate, gate_of
from crawler.pace import BUSY, Bounds, pause, quiet_until, retry_after
from sources.model import Manners, Source, in_domains

logger = logging.getLogger(__name__)

#: How long an outlet is left alone that turned one crawl away; each further crawl doubles it.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=6), timedelta(days=7)
_ANSWERED = range(200, 300)
_FORBIDDEN = 403
#: What marks requests in `meta` that a 403 says nothing of the outlet's pages for.
_NO_WALL = ("is_robots", "unconfirmed")


class MannersMiddleware:
    """Keeps each request back until its host may be asked, and ends the crawl of an outlet that should be left alone.

    The crawl ends with one of the reasons "quiet hours", "budget", "walls", "busy" or "asked to wait"; what it has not
    asked for goes on waiting in the ledger, and `spider.stopped` says why in words.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.delay = settings.getfloat("DOWNLOAD_DELAY")
        self.concurrency = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self.bounds = Bounds(
            load=settings.getfloat("HOST_LOAD"),
            crawl_delay=settings.getfloat("CRAWL_DELAY_MAX"),
            penalty=settings.getfloat("SLOWDOWN_SECONDS"),
            longest=settings.getfloat("SLOWDOWN_MAX"),
        )
        self.wait_longest = settings.getfloat("RETRY_AFTER_MAX")
        self.refusals = settings.getint("TURNED_AWAY_TIMES")
        self.under_way: dict[Request, tuple[Gate, float]] = {}
        self.walls = 0
        self.times_before = 0
        self.stopped = ""
        self.ending: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(middleware.item_scraped, signal=signals.item_scraped)
        return middleware

    @property
    def spider(self) -> Any:
        """The running spider; one without an outlet and an archive is met with the manners of the settings."""
        return self.crawler.spider

    @property
    def source(self) -> Source | None:
        """The outlet that is crawled."""
        return getattr(self.spider, "source", None)

    @property
    def remembers(self) -> bool:
        """Whether there is an archive that remembers what was spent and when to come back."""
        return self.source is not None and hasattr(self.spider, "database")

    @property
    def manners(self) -> Manners:
        """How it wants to be visited."""
        return self.source.manners if self.source else Manners()

    # -- before the first request --------------------------------------------------------------------------------------

    async def spider_opened(self) -> None:
        """Do not begin where the outlet is to be left alone for now."""
        if getattr(self.spider, "stopped", ""):
            return  # another crawl has it
        if self.remembers:
            state = await self._ask_archive(lambda: manners.open_state(self.spider.database, self.spider.name))
            earlier = state.get("pause")
            self.times_before = earlier["times"] if earlier else 0
            # A person who asks for one page by hand wants to see whether the wall still stands.
            if earlier and earlier["until"] > datetime.now(UTC) and not self.spider.urls:
                self._stop(f"left alone until {earlier['until']:%Y-%m-%d %H:%M} UTC: {earlier['reason']}")
                raise CloseSpider("pause")
        if words := self._quiet():
            self._stop(words)
            raise CloseSpider("quiet hours")

    # -- requests ------------------------------------------------------------------------------------------------------

    async def process_request(self, request: Request) -> None:
        gate = gate_of(request.url)
        async with gate.turn:
            await gate.wait(self.concurrency, lambda: self._look(gate))
            await self._make_sure()
            await self._spend()
            now = time.monotonic()
            gate.pace.start(now, self.delay)
            self.under_way[request] = gate, now

    async def process_response(self, request: Request, response: Response) -> Response:
        gate, seconds = self._end(request)
        if gate is None:
            return response  # from a cache: nothing was asked
        seconds = request.meta.get("download_latency", seconds)
        gate.pace.answered(response.status, seconds, self.concurrency, self.bounds)
        self._heed(request, response, gate)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        gate, seconds = self._end(request)
        if gate is not None and isinstance(exception, DownloadTimeoutError):
            gate.pace.answered(0, seconds, self.concurrency, self.bounds)

    def _end(self, request: Request) -> tuple[Gate | None, float]:
        """The gate through which a request went, and how many seconds ago."""
        gate, started = self.under_way.pop(request, (None, 0.0))
        now = time.monotonic()
        if gate is not None:
            gate.pace.end(now, self.delay, self.concurrency)
            gate.freed.set()
        return gate, now - started

    def _look(self, gate: Gate) -> None:
        """Raise where there is nothing to wait for."""
        engine = self.crawler.engine
        stopped = self.stopped or getattr(self.spider, "stopped", "")
        if stopped or engine is None or not engine.running or getattr(self.spider, "storage_failed", False):
            raise NotNow(stopped or "the crawl ends")
        if words := self._quiet():
            self._end_crawl("quiet hours", words)
            raise NotNow(words)
        if gate.pace.free_at - time.monotonic() > max(self.wait_longest, self.bounds.longest + self.bounds.crawl_delay):
            raise NotNow("the host asks to come back later")

    def _quiet(self) -> str:
        """That these are the outlet's quiet hours, and until when; "" where they are not."""
        if self.source is None or not self.manners.quiet:
            return ""
        until = quiet_until(datetime.now(ZoneInfo(self.source.timezone)), self.manners.quiet)
        self.spider.reopens_at = until
        return f"these are its quiet hours, until {until:%H:%M} ({self.source.timezone})" if until else ""

    async def _make_sure(self) -> None:
        """That no other crawl has the outlet, where this one was suspended or cut off for longer than its lease.

        Raises:
            NotNow: another has it, or the archive is lost; the crawl is being ended.
        """
        lease: Lease | None = getattr(self.spider, "lease", None)
        if lease is not None and lease.may_be_gone:
            await self._ask_archive(lambda: lease.renew(self.spider.database))

    async def _spend(self) -> None:
        """Count a request against the budget of the outlet's day.

        Raises:
            NotNow: nothing is left; the crawl is being ended.
        """
        if self.source is None or not self.remembers or not self.manners.budget:
            return
        budget, day = self.manners.budget, f"{datetime.now(ZoneInfo(self.source.timezone)):%Y-%m-%d}"
        if not await self._ask_archive(lambda: manners.spend(self.spider.database, self.spider.name, day, budget)):
            words = f"its budget of {budget} requests a day is spent"
            tomorrow = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(self.source.timezone)) + timedelta(days=1)
            self.spider.reopens_at = tomorrow.astimezone(UTC)
            self._end_crawl("budget", words)
            raise NotNow(words)

    # -- answers -------------------------------------------------------------------------------------------------------

    def _heed(self, request: Request, response: Response, gate: Gate) -> None:
        """What an answer asks for: to wait, or to leave."""
        own = self.source is not None and in_domains(urlsplit(request.url).hostname or "", self.source.domains)
        if response.status in BUSY:
            asked = _retry_after(response)
            if asked is not None:
                gate.pace.hold(time.monotonic() + asked)
            if own and asked is not None and asked > self.wait_longest:
                until = datetime.now(UTC) + min(timedelta(seconds=asked), LONGEST_PAUSE)
                self._end_crawl("asked to wait", f"its server answers {response.status} and asks to wait", until)
            elif own and gate.pace.troubles >= self.refusals:
                self._end_crawl(
                    "busy", f"its server answered {response.status} {gate.pace.troubles} times in a row", None
                )
        # An API that is closed to all says nothing of the outlet's pages.
        elif own and response.status == _FORBIDDEN and not any(request.meta.get(name) for name in _NO_WALL):
            self._wall("its server answers 403")

    async def item_scraped(self, item: Page) -> None:
        """A wall that answers 200 is known when the page has been read; an open door is, too."""
        if not isinstance(item, Page) or item.status not in _ANSWERED:
            return
        if item.outcome is Outcome.WALL:
            self._wall(item.detail)
            return
        self.walls = 0
        if self.times_before and self.remembers:
            self.times_before = 0
            await self._ask_archive(lambda: manners.end_pause(self.spider.database, self.spider.name))

    def _wall(self, words: str) -> None:
        self.walls += 1
        if self.walls >= self.refusals:
            self._end_crawl("walls", f"{self.walls} walls in a row: {words}", None)

    # -- the end -------------------------------------------------------------------------------------------------------

    def _stop(self, words: str) -> None:
        self.stopped = words
        if self.source is not None:
            self.spider.stopped = words

    def _end_crawl(self, reason: str, words: str, *pauses: datetime | None) -> None:
        """End the crawl of this outlet.

        Args:
            reason: as stored in `runs`.
            words: for people.
            pauses: an instant before which it is not crawled again; None for the growing pause after being turned away.
        """
        if not self.stopped:
            self._stop(words)
            self.ending = asyncio.get_running_loop().create_task(self._close(reason, words, pauses))

    async def _close(self, reason: str, words: str, pauses: tuple[datetime | None, ...]) -> None:
        for until in pauses if self.remembers else ():
            times = self.times_before + (until is None)
            until = until or datetime.now(UTC) + pause(times, FIRST_PAUSE, LONGEST_PAUSE)
            self._stop(f"{words}; left alone until {until:%Y-%m-%d %H:%M} UTC")
            await self._ask_archive(
                lambda until=until, times=times: manners.keep_pause(  # type: ignore[misc]
                    self.spider.database, self.spider.name, until, times, words
                )
            )
        await self.crawler.engine.close_spider_async(reason=reason)

    async def _ask_archive(self, operation: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await self.spider.storage(operation)
        except StorageLost as error:
            raise NotNow("the archive is lost, and the crawl ends") from error


def _retry_after(response: Response) -> float | None:
    """The seconds that an answer asks to wait, by the server's own clock where it gives one."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    now = datetime.now(UTC)
    date = response.headers.get("Date")
    try:
        said = parsedate_to_datetime(date.decode("latin-1")) if date else now
        now = said if said.tzinfo else now
    except (ValueError, TypeError, IndexError, OverflowError):
        pass
    return retry_after(value.decode("latin-1"), now)
