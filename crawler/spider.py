"""The spider of every outlet: entry points → article addresses → pages, newest first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bson import ObjectId
from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import answers, ledger
from archive.ledger import Database, Find, Run
from archive.patience import StorageLost, patiently
from archive.records import Evidence, Outcome, Page
from crawler import archives, outcomes
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import EntryError, Link, instant
from crawler.discovery.listings import read_listing
from crawler.discovery.sitemaps import Sitemap, looks_like_a_sitemap, read_sitemap
from crawler.window import Window, read_window
from sources.model import Source, in_domains
from sources.registry import is_article
from sources.urls import UrlError, canonicalize

logger = logging.getLogger(__name__)

Output = AsyncIterator[Request | Page]
T = TypeVar("T")

#: Entry points come before any article; the priority of an article is its age in hours.
_ENTRY_PRIORITY = 10_000_000
#: How many pages of a listing a crawl without `since` looks at on its first visit.
_FRESH_LISTING_PAGES = 3
_MAX_SITEMAP_DEPTH = 3
#: Outcomes of pages that were read as articles: a dead link says nothing of its day.
_READ = [Outcome.STORED, Outcome.COPY, Outcome.OFF_TOPIC, Outcome.OUTSIDE_WINDOW]
#: How far back a listing was walked that was walked to its last page.
_BOTTOM = datetime(1, 1, 1, tzinfo=UTC)


class SourceSpider(Spider):
    """Crawls one outlet; `crawler.loader` makes a subclass of it for each TOML.

    Arguments (`-a NAME=VALUE`):
        since, until: the window of publication, see `crawler.window.read_window`. Without `since`, feeds are read as they
            are, sitemaps and listings only for recent articles; with it, archives too.
        urls: addresses separated by white space, to be visited instead of the entry points (`scrapy visit`).

    Attributes:
        database: asynchronous MongoDB, set by the Store pipeline before `start` is called.
        run: counters of this crawl, set with it.
        storage_failed: MongoDB was lost for good, or refused a document.
        close_reason: why the crawl ended, "" while it runs.
    """

    source: Source
    database: Database
    run: Run
    storage_failed = False
    close_reason = ""

    def __init__(
        self, name: str | None = None, *, since: str = "", until: str = "", urls: str = "", **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self.window: Window = read_window(since, until, self.source.timezone)
        self.urls = urls.split()
        self.started = datetime.now(UTC)
        self.run = Run(ObjectId(), self.source.name, self.started)
        self.scheduled: dict[str, dict[str, Any]] = {}
        self.cursor: dict[str, Any] = {}
        self.walked: dict[str, Any] = {}
        self.listed: dict[str, set[str]] = {}
        self.order = 0

    # -- start ---------------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        """Requests for the entry points, then for what earlier runs left waiting."""
        if self.urls:
            async for request in self._visit(self.urls):
                yield request
            return
        self.cursor = await self.storage(lambda: ledger.read_cursor(self.database, self.source.name))
        self.walked = dict(self.cursor)
        entry = self.source.entry
        for url in entry.feeds:
            yield self._entry(url, self.read_feed)
        for url in entry.sitemaps:
            yield self._entry(url, self.read_sitemap, depth=0)
        for url in entry.listings:
            yield self._listing_page(url, 1, _ENTRY_PRIORITY, [])
        if self.window.since:
            for url, day in archives.expand(entry.archives, self.window, self.started, self.source.timezone):
                yield self._entry(url, self.read_archive, priority=_hours(day), quiet=True)
        since, until = self.window.since, self.window.until
        waiting = await self.storage(
            lambda: ledger.frontier(self.database, self.source.name, self.started, since=since, until=until)
        )
        for document in waiting:
            if self.window.may_hold(_published(document)):
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

    def _entry(
        self, url: str, callback: Callable[..., Output], priority: int = _ENTRY_PRIORITY, **arguments: Any
    ) -> Request:
        quiet = arguments.pop("quiet", False)
        return Request(
            url,
            callback=callback,
            errback=self.entry_failed,
            cb_kwargs=arguments,
            meta={"entry": url, "quiet": quiet},
            priority=priority,
            dont_filter=True,
        )

    # -- entry points --------------------------------------------------------------------------------------------------

    async def read_feed(self, response: Response) -> Output:
        """Requests for the new articles of a feed."""
        links = await self._read_entry(response, read_feed, response.body, response.url, _content_type(response))
        if links is not None:
            for request in await self._discover(response, links, "feed"):
                yield request

    async def read_sitemap(self, response: Response, depth: int) -> Output:
        """Requests for the new articles of a sitemap, and for the sitemaps of an index that the window may need."""
        sitemap = await self._read_entry(response, read_sitemap, response.body, response.url)
        if sitemap is None:
            return
        for request in await self._discover(response, sitemap.articles, "sitemap", sitemap.truncated):
            yield request
        for request in self._children(sitemap, depth):
            yield request
        self._remember_sitemap(response)

    async def read_archive(self, response: Response) -> Output:
        """Requests for the new articles of one day, month or year of the past, be it a sitemap or a listing."""
        if looks_like_a_sitemap(response.body):
            async for output in self.read_sitemap(response, depth=1):
                yield output
        elif (links := await self._read_listing(response)) is not None:
            for request in await self._discover(response, links, "listing"):
                yield request

    async def read_listing(self, response: Response, template: str, page: int, before: list[str]) -> Output:
        """Requests for the new articles of a page of links, and for the next page while there is more to find.

        Args:
            before: the canonical URLs that the page before it named; their articles have been fetched since.
        """
        links = await self._read_listing(response)
        if links is None:
            if page > 1 and answers.of_status(response.status) == answers.of_status(404):
                self._end_walk(template, _BOTTOM)
            return
        links = [link for link in links if is_article(link.url, self.source)]
        documents = await self._enter(links, response.meta["entry"], "listing")
        for document in documents:
            for request in self._article_if_due(document):
                yield request
        self.run.note_entry(response.url, response.status, len(links))
        # What stood on an earlier page too is a box beside the list: the latest, the most read.
        listed = self.listed.setdefault(template, set())
        documents = [document for document in documents if document["_id"] not in listed]
        listed.update(document["_id"] for document in documents)
        if "{page}" in template and await self._goes_on(template, page, documents, before):
            if page == 1:
                await self._begin_walk(template)
            priority = min((_hours(document["rank"]) for document in documents), default=_ENTRY_PRIORITY) - 1
            yield self._listing_page(template, page + 1, priority, [document["_id"] for document in documents])

    async def entry_failed(self, failure: Failure) -> None:
        """Note an entry point that gave no answer."""
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, detail = outcomes.of_failure(failure)
        self._note_failure(request.meta["entry"], 0, detail, outcome)

    def _listing_page(self, template: str, page: int, priority: int, before: list[str]) -> Request:
        url = template.replace("{page}", str(page))
        return self._entry(
            url, self.read_listing, priority, template=template, page=page, before=before, quiet=page > 1
        )

    async def _read_listing(self, response: Response) -> list[Link] | None:
        encoding = _charset(response)
        return await self._read_entry(
            response, read_listing, response.body, response.url, encoding=encoding, links=self.source.entry.links
        )

    async def _read_entry(self, response: Response, read: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """What an entry point holds, read beside the event loop; None, and noted, where it cannot be read."""
        failed = answers.of_status(response.status)
        if failed:
            if not (response.meta["quiet"] and failed[0] is Outcome.GONE):
                self._note_failure(response.meta["entry"], response.status, failed[1], failed[0])
            return None
        if not in_domains(urlsplit(response.url).hostname or "", self.source.domains):
            self._note_failure(response.meta["entry"], response.status, f"redirects to another outlet: {response.url}")
            return None
        try:
            return await asyncio.to_thread(read, *args, **kwargs)
        except EntryError as error:
            self._note_failure(response.meta["entry"], response.status, str(error))
            return None

    def _note_failure(self, url: str, status: int, detail: str, outcome: Outcome | None = None) -> None:
        self.run.note_entry(url, status, 0, detail)
        self.run.counters["entry_failed"] += 1
        if outcome is Outcome.NETWORK_ERROR:
            self.run.counters["entry_unreachable"] += 1
        logger.info("%s: entry point %s: %s", self.name, url, detail)

    def _children(self, sitemap: Sitemap, depth: int) -> Iterable[Request]:
        """The sitemaps of an index that may hold something new inside the window."""
        if depth >= _MAX_SITEMAP_DEPTH:
            return
        reach = self.window if self.window.since else Window(since=self.started - self._fresh())
        for child in sitemap.children:
            if not in_domains(urlsplit(child.url).hostname or "", self.source.domains):
                continue
            modified = instant(child.modified)
            known = self.cursor.get(child.url, {})
            # Remembered by crawls of what is fresh: a crawl of the past has to read it all the same.
            unchanged = self.window.since is None and child.modified and known.get("modified") == child.modified
            if unchanged or not reach.may_hold(None, modified) or not archives.may_cover(child.url, reach):
                continue
            request = self._entry(child.url, self.read_sitemap, depth=depth + 1, quiet=True)
            request.meta["modified"] = child.modified
            yield request.replace(priority=_hours(modified) if modified else _ENTRY_PRIORITY - 1)

    def _remember_sitemap(self, response: Response) -> None:
        """A sitemap of the past is read once and again only when its index says that it has changed."""
        modified = response.meta.get("modified")
        if modified and self.window.since is None and self.window.until is None:
            self.cursor[response.meta["entry"]] = {"modified": modified}

    async def _goes_on(self, template: str, page: int, documents: list[dict[str, Any]], before: list[str]) -> bool:
        """Whether the next page of a listing may hold something that is not known and inside the window.

        Where every article of a page is known, so is what lies behind it, as far back as an earlier walk went to its end.
        """
        if not documents:
            self._end_walk(template, _BOTTOM)
            return False
        if page >= self.settings.getint("LISTING_PAGES"):
            return False
        since = self.window.since
        known = not any(document.get("new") for document in documents)
        earlier = self.walked.get(template, {})
        walked_to = None if earlier.get("open") else earlier.get("reached")
        if known and walked_to is not None and (since is None or walked_to <= since):
            self._end_walk(template, walked_to)
            return False
        if since is None:
            return walked_to is not None or page < _FRESH_LISTING_PAGES
        if await self._all_older(before, since):
            self._end_walk(template, since)
            return False
        return True

    async def _begin_walk(self, template: str) -> None:
        """Remember that a listing is being walked: what a killed walk has seen must not pass for its end."""
        self.cursor[template] = self.cursor.get(template, {}) | {"open": True}
        await self.storage(lambda: ledger.write_cursor(self.database, self.source.name, self.cursor))

    def _end_walk(self, template: str, reached: datetime) -> None:
        """Remember how far back a listing has been walked without a gap; kept with the end of the run."""
        before = self.cursor.get(template, {}).get("reached", reached)
        self.cursor[template] = {"open": False, "reached": min(before, reached)}

    async def _all_older(self, urls: list[str], since: datetime) -> bool:
        """Whether every article of a listing page that has been read lies before the window; the undated never end a walk."""
        query = {"_id": {"$in": urls}, "outcome": {"$in": _READ}}
        settled = await self.storage(lambda: self.database.urls.find(query, {"rank": 1}).to_list())
        return bool(settled) and all(document["rank"] < since for document in settled)

    def _fresh(self) -> timedelta:
        return timedelta(days=self.settings.getint("FRESH_DAYS"))

    def closed(self, reason: str) -> None:
        """Scrapy calls this at the end."""
        self.close_reason = reason

    # -- storage -------------------------------------------------------------------------------------------------------

    async def storage(self, operation: Callable[[], Awaitable[T]]) -> T:
        """The result of a MongoDB operation. An outage pauses the crawl; one that lasts ends it.

        Raises:
            StorageLost: MongoDB stayed away, or refuses; the crawl is being closed and will exit with 3.
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
        except StorageLost as error:
            if not self.storage_failed:
                self.storage_failed = True
                logger.error(
                    "%s: %s; the crawl stops, nothing acknowledged is lost (is MongoDB's disk full?)", self.name, error
                )
                self.ending = asyncio.get_running_loop().create_task(engine.close_spider_async(reason="storage"))
            raise

    # -- articles ------------------------------------------------------------------------------------------------------

    async def _discover(self, response: Response, links: list[Link], where: str, error: str = "") -> list[Request]:
        """Enter the article links of an entry point into the ledger; requests for those that are due."""
        reach = self.window
        if where == "sitemap" and reach.since is None:
            reach = Window(self.started - self._fresh(), reach.until)
        wanted = await asyncio.to_thread(self._wanted, links, reach)
        documents = await self._enter(wanted, response.meta["entry"], where)
        self.run.note_entry(response.meta["entry"], response.status, len(wanted), error or None)
        return [request for document in documents for request in self._article_if_due(document)]

    def _wanted(self, links: list[Link], reach: Window) -> list[Link]:
        """The links that may be articles of the window; tens of thousands of them, so beside the event loop."""
        inside = (link for link in links if reach.may_hold(instant(link.published), instant(link.modified)))
        return [link for link in inside if is_article(link.url, self.source)]

    async def _enter(self, links: Iterable[Link], found_by: str, where: str) -> list[dict[str, Any]]:
        """The ledger's documents of some links; new ones are counted as discovered."""
        finds = [find for link in links if (find := self._find(link, found_by, where))]
        documents = await self.storage(lambda: ledger.discover(self.database, self.source.name, finds, self.started))
        self.run.counters["discovered"] += sum(1 for document in documents if document.get("new"))
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

    def _article_if_due(self, document: dict[str, Any]) -> Iterable[Request]:
        outside = document["outcome"] == Outcome.OUTSIDE_WINDOW and self.window.holds(document["rank"])
        if outside or ledger.is_due(document, self.started):
            yield from self._article(document)

    def _article(self, document: dict[str, Any]) -> Iterable[Request]:
        """A request for an article, once in a crawl."""
        scheduled = self.scheduled.setdefault(document["_id"], document)
        if scheduled is not document:
            # Another entry point names it too; the page is read with what all of them say.
            for name in ("found_by", "evidence"):
                scheduled[name] = [*scheduled[name], *(item for item in document[name] if item not in scheduled[name])]
            return
        yield Request(
            min(document["aliases"], key=len),
            callback=self.read_article,
            errback=self.article_failed,
            cb_kwargs={"document": document},
            priority=_hours(document["rank"]),
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
        failed = answers.settled(page, self.source)
        if failed:
            page.outcome, page.detail = failed
        yield page

    async def article_failed(self, failure: Failure) -> Output:
        """A page that says why there is none."""
        request: Request = failure.request  # type: ignore[attr-defined]
        page = self._page(request.cb_kwargs["document"], request.url)
        page.outcome, page.detail = outcomes.of_failure(failure)
        yield page

    def _page(self, document: dict[str, Any], url: str) -> Page:
        return Page(
            key=document["_id"],
            url=url,
            requested=min(document["aliases"], key=len),
            source=self.source.name,
            fetched_at=datetime.now(UTC),
            found_by=document["found_by"],
            evidence=[Evidence(**evidence) for evidence in document["evidence"]],
            title_hint=document["title_hint"],
        )


def _hours(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)


def _published(document: dict[str, Any]) -> datetime | None:
    """What discovery said of the publication; None where it said nothing."""
    for evidence in document["evidence"]:
        if evidence["says"] == "published":
            return instant(evidence["text"])
    return None


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def _charset(response: Response) -> str | None:
    """The charset of the Content-Type header, None where it declares none."""
    for part in _content_type(response).split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'") or None
    return None
