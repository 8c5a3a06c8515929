"""The spider of every outlet: entry points → article addresses → pages, newest first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from bson import ObjectId
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import answers, captures, ledger
from archive.lease import Lease, LeaseLost
from archive.ledger import Database, Find
from archive.patience import StorageLost, patiently
from archive.records import Evidence, Outcome, Page
from archive.runs import Run
from archive.warc.writer import Writer
from crawler import outcomes, sieve
from crawler.discovery.links import Link, instant
from crawler.entries import ENTRY_PRIORITY, EntryPoints
from crawler.errors import NotNow, RobotsUnreachable
from crawler.middlewares import conditional
from crawler.middlewares.archived import ARCHIVED
from crawler.middlewares.capture import capture_of
from crawler.news import News
from crawler.unchanged import EntryValidators
from crawler.window import Window, hours, read_window
from sources.ages import read_ages
from sources.model import Source
from sources.urls import UrlError, canonicalize

logger = logging.getLogger(__name__)

Output = AsyncIterator[Request | Page]
T = TypeVar("T")

#: What was published so long before a crawl and is new to it is news; the rest is past that was caught up with.
FRESH = timedelta(days=3)


class SourceSpider(Spider):
    """Crawls one outlet; `crawler.loader` makes a subclass of it for each TOML.

    Arguments (`-a NAME=VALUE`):
        since, until: the window of publication, see `crawler.window.read_window`. Without `since`, feeds are read as they
            are, sitemaps and listings only for recent articles; with it, archives too.
        filter: "yes" leaves new pages unfetched whose address and title name nothing of the topic, see `crawler.sieve`.
        urls: addresses separated by white space, to be visited instead of the entry points (`scrapy visit`).
        recheck: "yes" visits the stored articles that are due again instead of the entry points, "all" those that are not
            due too; `since` and `until` then choose articles by their publication.

    Attributes:
        database: asynchronous MongoDB, set by the Store pipeline before `start` is called.
        lease: on its source, set with it; only its holder crawls.
        run: the account of this crawl.
        warc: the writer of the WARC files, set with it.
        archived: addresses that wait for a visit and were captured by a process that died: read from the WARC files.
        captured: `captures` documents of answers that are on disk and not yet in the index; the Store pipeline enters them.
        storage_failed: MongoDB or the disk was lost for good, or refused a document.
        stopped: why good manners have ended the crawl before its work was done, in words; "" where they have not.
        reopens_at: when the outlet's quiet hours are over, or its budget is fresh, where that ended it; aware.
        close_reason: why the crawl ended, "" while it runs.
        ages: since its publication, at which an article is visited again.
        validators: of the entry points.
    """

    source: Source
    database: Database
    lease: Lease
    run: Run
    warc: Writer
    validators: EntryValidators
    ages: tuple[timedelta, ...] = ()
    storage_failed = False
    stopped = ""
    reopens_at: datetime | None = None
    close_reason = ""

    def __init__(
        self,
        name: str | None = None,
        *,
        since: str = "",
        until: str = "",
        filter: str = "",
        urls: str = "",
        recheck: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        window = read_window(since, until, self.source.timezone)
        # A stored article is followed wherever its date goes: the window chooses, and does not judge.
        self.window, self.chosen = (Window(), window) if recheck else (window, window)
        self.filtered = filter == "yes"
        self.urls = urls.split()
        self.recheck = recheck
        self.started = datetime.now(UTC)
        kind = "visit" if urls else "recheck" if recheck else "crawl"
        asked = {"since": since, "until": until, "filter": filter, "recheck": recheck}
        self.run = Run(
            ObjectId(), self.source.name, self.started, kind, {name: value for name, value in asked.items() if value}
        )
        self.scheduled: dict[str, dict[str, Any]] = {}
        self.news = News(self)
        self.discovered: set[str] = set()
        self.fresh: set[str] = set()
        self.cursor: dict[str, Any] = {}
        self.captured: list[dict[str, Any]] = []
        self.archived: set[str] = set()
        self.order = 0
        self.doubted: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        written = cls.source.recheck
        spider.ages = read_ages(crawler.settings.getlist("RECHECK_AGES") if written is None else written)
        crawler.signals.connect(spider.page_settled, signal=signals.item_scraped)
        return spider

    # -- start ---------------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        """Requests for the entry points, then for what earlier runs left waiting."""
        if self.urls:
            async for request in self._visit(self.urls):
                yield request
            return
        self.cursor = await self.storage(lambda: ledger.read_cursor(self.database, self.source.name))
        self.validators = EntryValidators(self.source, self.cursor, whole=self.window == Window())
        if self.recheck:
            async for request in self._revisit_stored():
                yield request
            return
        since, until = self.window.since, self.window.until
        waiting = await self.storage(
            lambda: ledger.frontier(
                self.database, self.source.name, self.started, since=since, until=until, left=not self.filtered
            )
        )
        # Before the first entry point may name one of them again.
        unread = [_address(document) for document in waiting if document["outcome"] is None]
        self.archived = await self.storage(lambda: captures.captured(self.database, unread))
        for request in EntryPoints(self).requests():
            yield request
        for document in await self._sift(waiting):
            if self.window.may_hold(_published(document)) and not (self.filtered and ledger.was_left(document)):
                for request in self._article(document):
                    yield request

    async def _visit(self, urls: list[str]) -> AsyncIterator[Request]:
        finds = []
        for url in urls:
            find = self._find(Link(url), "visit", "visit")
            if find is not None:
                finds.append(find)
        for document in await self.storage(
            lambda: ledger.discover(self.database, self.source.name, finds, self.started)
        ):
            for request in self._article(document):
                yield request

    async def _revisit_stored(self) -> AsyncIterator[Request]:
        due = await self.storage(
            lambda: ledger.stored_frontier(
                self.database,
                self.source.name,
                self.started,
                since=self.chosen.since,
                until=self.chosen.until,
                everything=self.recheck == "all",
            )
        )
        self.run.counters["due"] = len(due)
        for document in due:
            for request in self._article(document):
                # Behind whatever is fresh, the newest first.
                request.meta["validators"] = conditional.held_by(document)
                yield request.replace(priority=request.priority - ENTRY_PRIORITY)

    def closed(self, reason: str) -> None:
        """Scrapy calls this at the end."""
        self.close_reason = reason

    # -- what servers call unchanged -----------------------------------------------------------------------------------

    def prove(self, response: Response, documents: Iterable[dict[str, Any]]) -> None:
        """Distrust the host of an entry point that was called unchanged and names something new."""
        if response.meta.get("doubted") and any(document.get("new") for document in documents):
            self._distrust(response.url)

    def page_settled(self, item: Page) -> None:
        """Distrust the host of an article that was called unchanged and has changed."""
        url = self.doubted.pop(item.key, None)
        if url is not None and item.outcome is Outcome.UPDATED:
            self._distrust(url)

    def _distrust(self, url: str) -> None:
        conditional.distrust(self.cursor, url)
        host = urlsplit(url).hostname
        logger.warning("%s: %s calls changed pages unchanged (304); it is not asked so again", self.name, host)

    def kept_cursor(self, reason: str) -> dict[str, Any]:
        """The state of entry points and hosts to be kept at the end of a crawl."""
        if self.recheck:
            return {key: state for key, state in self.cursor.items() if conditional.is_host_state(key)}
        return self.cursor | self.validators.state(finished=reason == "finished")

    # -- storage -------------------------------------------------------------------------------------------------------

    async def storage(self, operation: Callable[[], Awaitable[T]]) -> T:
        """The result of a MongoDB operation. An outage pauses the crawl; one that lasts ends it.

        Raises:
            StorageLost: MongoDB stayed away, or refuses; the crawl is being closed and will exit with 3.
            LeaseLost: another crawl has the outlet; this one is being closed.
        """
        engine = self.crawler.engine
        # What is lost is not waited for again, page by page.
        seconds = 0.0 if self.storage_failed else self.settings.getfloat("STORAGE_SECONDS")
        try:
            return await patiently(
                operation,
                seconds,
                waiting=lambda begins: engine.pause() if begins else engine.unpause(),
            )
        except LeaseLost as error:
            self.leave(error)
            raise
        except StorageLost as error:
            if not self.storage_failed:
                self.run.detail = str(error)
                logger.error(
                    "%s: %s; the crawl stops, nothing acknowledged is lost (is MongoDB's disk full?)", self.name, error
                )
                self.stop_storing()
            raise

    def stop_storing(self) -> None:
        """End the crawl because what it finds can no longer be kept; it will exit with 3."""
        if not self.storage_failed:
            self.storage_failed = True
            closing = self.crawler.engine.close_spider_async(reason="storage")
            self.ending = asyncio.get_running_loop().create_task(closing)

    def leave(self, error: LeaseLost) -> None:
        """End the crawl because another one has the outlet; what was not acknowledged is that one's to find."""
        if not self.stopped:
            self.stopped = f"stopped, as {error}"
            logger.error("%s: %s; this crawl stops", self.name, error)
            closing = self.crawler.engine.close_spider_async(reason="lease lost")
            self.ending = asyncio.get_running_loop().create_task(closing)

    # -- articles ------------------------------------------------------------------------------------------------------

    async def enter(self, links: Iterable[Link], found_by: str, where: str) -> list[dict[str, Any]]:
        """The ledger's documents of some links; new ones are counted as discovered."""
        links = list(links)
        finds = [find for link in links if (find := self._find(link, found_by, where))]
        room = self.settings.getint("ADDRESSES") - self.run.counters["discovered"]
        if len(finds) > room:
            logger.info("%s: %s names more addresses than a crawl takes; the others are left out", self.name, found_by)
            finds = finds[: max(room, 0)]
        documents = await self.storage(lambda: ledger.discover(self.database, self.source.name, finds, self.started))
        # Two entry points that are read at once may both find an address new.
        new = [document for document in documents if document.get("new")]
        self.discovered |= {document["_id"] for document in new}
        self.fresh |= {document["_id"] for document in new if document["rank"] >= self.started - FRESH}
        self.run.counters["discovered"], self.run.counters["fresh"] = len(self.discovered), len(self.fresh)
        self.news.add(links, documents, where)
        return await self._sift(documents)

    async def _sift(self, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The documents, those settled that a filtered crawl leaves unfetched."""
        if not self.filtered:
            return documents
        waiting = [document for document in documents if document["outcome"] is None and "filter" not in document]
        sifted = await asyncio.to_thread(sieve.sift, waiting, self.source)
        await self.storage(lambda: ledger.leave(self.database, sifted["left"], sifted["sample"], self.started))
        left = set(sifted["left"])
        for document in waiting:
            if document["_id"] in left:
                document["outcome"], document["filter"] = Outcome.OFF_TOPIC, "left"
        self.run.counters["filtered"] += len(left)
        self.run.counters["filter_sample"] += len(sifted["sample"])
        return documents

    def _find(self, link: Link, found_by: str, where: str) -> Find | None:
        try:
            url = canonicalize(link.url, rules=self.source.identity)
        except UrlError as error:
            logger.warning("%s: %s names an unusable address: %s", self.name, found_by, error)
            return None
        evidence = [Evidence(link.published, where, "published")] if link.published else []
        if link.modified:
            evidence.append(Evidence(link.modified, where, "modified"))
        self.order += 1
        published = instant(link.published)
        # What has no date keeps the order in which it was listed; a date in the future is no reason to come first.
        rank = published or instant(link.modified) or self.started - timedelta(minutes=self.order)
        return Find(url, link.url, found_by, min(rank, self.started), evidence, link.title, published)

    def article_if_due(self, document: dict[str, Any]) -> Iterable[Request]:
        outside = document["outcome"] == Outcome.OUTSIDE_WINDOW and self.window.holds(document["rank"])
        left = not self.filtered and ledger.was_left(document)
        if outside or left or ledger.is_due(document, self.started):
            yield from self._article(document)

    def _article(self, document: dict[str, Any]) -> Iterable[Request]:
        """A request for an article, once in a crawl."""
        scheduled = self.scheduled.setdefault(document["_id"], document)
        if scheduled is not document:
            # Another entry point names it too; the page is read with what all of them say.
            for name in ("found_by", "evidence"):
                scheduled[name] = [*scheduled[name], *(item for item in document[name] if item not in scheduled[name])]
            return
        address = _address(document)
        yield Request(
            address,
            meta={ARCHIVED: address in self.archived},
            callback=self.read_article,
            errback=self.article_failed,
            cb_kwargs={"document": document},
            priority=hours(document["rank"]),
            dont_filter=True,
        )

    async def read_article(self, response: Response, document: dict[str, Any]) -> Output:
        """The page of an article, or what stood in its place."""
        page = self._page(document, response.url)
        page.status = response.status
        page.headers = {
            name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
            for name, values in response.headers.items()
        }
        page.body = response.body
        page.aliases = list(response.meta.get("redirect_urls", []))
        if response.meta.get("doubted"):
            self.doubted[page.key] = response.url
        failed = answers.settled(page, self.source)
        if page.status == 304 and not conditional.is_conditional(response.request):
            failed = Outcome.HTTP_ERROR, "the server answers 304 to a request that holds nothing"
        if failed:
            page.outcome, page.detail = failed
        if await self._in_warc(page, response.request):
            yield page

    async def article_failed(self, failure: Failure) -> Output:
        """A page that says why there is none; nothing where the address was not asked for, and waits."""
        if isinstance(failure.value, NotNow) and not self.urls and not _elsewhere(failure):
            return
        if isinstance(failure.value, StorageLost):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        page = self._page(request.cb_kwargs["document"], request.url)
        page.aliases = list(request.meta.get("redirect_urls", []))
        page.outcome, page.detail = outcomes.of_failure(failure)
        if await self._in_warc(page, request):
            yield page

    async def _in_warc(self, page: Page, request: Request | None) -> bool:
        """Whether the answer to a request is on disk, and with it what discovery said of the page; the page learns where.

        False ends the crawl: the page stays waiting, as what is not in the WARC files must not be acknowledged.
        """
        capture = capture_of(request) if request is not None else None
        if capture is None:
            return True  # there was no answer
        page.fetched_at = capture.at
        try:
            await self.warc.describe(capture, {**page.discovery(), **self.window.said(), "run": str(self.run.id)})
        except StorageLost:
            self.stop_storing()
            return False
        page.capture = capture.place
        return True

    def _page(self, document: dict[str, Any], url: str) -> Page:
        return Page(
            key=document["_id"],
            url=url,
            requested=_address(document),
            source=self.source.name,
            fetched_at=datetime.now(UTC),
            found_by=document["found_by"],
            evidence=[Evidence(**evidence) for evidence in document["evidence"]],
            title_hint=document["title_hint"],
        )


def _address(document: dict[str, Any]) -> str:
    """Where an article is asked for: where it answered last, else its shortest address."""
    answered: str | None = document.get("answered")
    return answered or min(document["aliases"], key=len)


def _published(document: dict[str, Any]) -> datetime | None:
    """What discovery said of the publication; None where it said nothing."""
    for evidence in document["evidence"]:
        if evidence["says"] == "published":
            return instant(evidence["text"])
    return None


def _elsewhere(failure: Failure) -> bool:
    """Whether it was another host, to which the address redirects, whose robots.txt is not to be had: that is an attempt."""
    request: Request = failure.request  # type: ignore[attr-defined]
    return isinstance(failure.value, RobotsUnreachable) and "redirect_urls" in request.meta
