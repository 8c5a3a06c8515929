"""Entry points of an outlet: feeds, sitemaps, archives and listings, each asked, read and entered into the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import answers
from archive.patience import StorageLost
from archive.records import Outcome
from crawler import archives, outcomes
from crawler.discovery.feeds import is_whole, read_feed
from crawler.discovery.links import EntryError, Link, instant
from crawler.discovery.listings import read_listing
from crawler.discovery.sitemaps import Sitemap, looks_like_a_sitemap, read_sitemap
from crawler.middlewares import conditional
from crawler.walk import BOTTOM, Walk
from crawler.window import Window, hours
from sources.model import Point, in_domains, points
from sources.registry import is_article

if TYPE_CHECKING:
    from crawler.spider import SourceSpider

logger = logging.getLogger(__name__)

Requests = AsyncIterator[Request]
T = TypeVar("T")

#: Entry points come before any article; the priority of an article is its age in hours.
ENTRY_PRIORITY = 10_000_000
_MAX_SITEMAP_DEPTH = 3
#: How long an unconfirmed entry point that was missing is not asked for again.
_MISSING = timedelta(days=30)


class EntryPoints:
    """The entry points of one crawl; its methods are the callbacks of their requests.

    Attributes:
        spider: whose crawl it is.
        walk: how far the listings have been walked.
    """

    def __init__(self, spider: SourceSpider) -> None:
        self.spider = spider
        self.source = spider.source
        self.walk = Walk(spider)

    def requests(self) -> Iterator[Request]:
        """A request for each entry point that the window needs."""
        past = self.spider.window.since is not None
        sure = any(point.confirmed for point in points(self.source, "feeds", "sitemaps", "listings"))
        for point in points(self.source):
            if point.confirmed or past or not sure:
                yield from self._ask(point, quiet=sure and not point.confirmed)

    def _ask(self, point: Point, *, quiet: bool) -> Iterator[Request]:
        """The first request, or requests, for an entry point.

        Args:
            quiet: nobody has seen it answer, and there are others: one that is missing is left alone for a while.
        """
        spider, url = self.spider, point.url
        if quiet and spider.started - spider.cursor.get(url, {}).get("missing", BOTTOM) < _MISSING:
            return
        if point.field == "feeds":
            yield self._entry(url, self.read_feed, unconfirmed=quiet)
        elif point.field == "sitemaps":
            yield self._entry(url, self.read_sitemap, unconfirmed=quiet, depth=0)
        elif point.field == "listings":
            yield self._listing_page(url, 1, ENTRY_PRIORITY, [], unconfirmed=quiet)
        elif point.field == "archives" and spider.window.since:
            for address, day in archives.expand([url], spider.window, spider.started, self.source.timezone):
                yield self._entry(address, self.read_archive, priority=hours(day), quiet=True)

    def _entry(
        self,
        url: str,
        callback: Callable[..., Requests],
        priority: int = ENTRY_PRIORITY,
        *,
        quiet: bool = False,
        unconfirmed: bool = False,
        **arguments: Any,
    ) -> Request:
        """A request for an entry point.

        Args:
            quiet: that it does not exist is no fault.
            unconfirmed: nor is anything else that keeps it from being read; it is remembered as missing.
            arguments: of the callback.
        """
        return Request(
            url,
            callback=callback,
            errback=self.failed,
            cb_kwargs=arguments,
            meta={
                "entry": url,
                "quiet": quiet,
                "unconfirmed": unconfirmed,
                "validators": self.spider.validators.held(url),
            },
            priority=priority,
            dont_filter=True,
        )

    # -- one callback for each kind ------------------------------------------------------------------------------------

    async def read_feed(self, response: Response) -> Requests:
        """Requests for the new articles of a feed."""
        links = await self._read(response, read_feed, response.body, response.url, _content_type(response))
        if links is not None:
            for request in await self._discover(response, links, "feed"):
                yield request
            if is_whole(response.body):
                self.spider.validators.keep(response)

    async def read_sitemap(self, response: Response, depth: int) -> Requests:
        """Requests for the new articles of a sitemap, and for the sitemaps of an index that the window may need."""
        sitemap = await self._read(response, read_sitemap, response.body, response.url)
        if sitemap is None:
            return
        for request in await self._discover(response, sitemap.articles, "sitemap", sitemap.truncated):
            yield request
        for request in self._children(sitemap, depth):
            yield request
        self._remember_sitemap(response)
        # An index may stay as it is while its sitemaps change.
        if depth == 0 and not sitemap.children and not sitemap.truncated:
            self.spider.validators.keep(response)

    async def read_archive(self, response: Response) -> Requests:
        """Requests for the new articles of one day, month or year of the past, be it a sitemap or a listing."""
        if looks_like_a_sitemap(response.body):
            async for output in self.read_sitemap(response, depth=1):
                yield output
        elif (links := await self._read_listing(response)) is not None:
            for request in await self._discover(response, links, "listing"):
                yield request

    async def read_listing(self, response: Response, template: str, page: int, before: list[str]) -> Requests:
        """Requests for the new articles of a page of links, and for the next page while there is more to find.

        Args:
            before: the canonical URLs that the page before it named; their articles have been fetched since.
        """
        links = await self._read_listing(response)
        if links is None:
            if page > 1 and answers.of_status(response.status) == answers.of_status(404):
                self.walk.end(template, BOTTOM)
            elif page > 1:
                self.spider.validators.forget(template.replace("{page}", "1"))
            return
        links = [link for link in links if is_article(link.url, self.source)]
        documents = await self.spider.enter(links, response.meta["entry"], "listing")
        self.spider.prove(response, documents)
        for document in documents:
            for request in self.spider.article_if_due(document):
                yield request
        self.spider.run.note_entry(response.url, response.status, len(links))
        if page == 1:
            self.spider.validators.keep(response)
        documents = self.walk.fresh(template, documents)
        if "{page}" in template and await self.walk.goes_on(template, page, documents, before):
            if page == 1:
                await self.walk.begin(template)
            priority = min((hours(document["rank"]) for document in documents), default=ENTRY_PRIORITY) - 1
            yield self._listing_page(template, page + 1, priority, [document["_id"] for document in documents])

    async def failed(self, failure: Failure) -> None:
        """Note an entry point that gave no answer."""
        if isinstance(failure.value, StorageLost):
            return  # the crawl is being closed, and has said why
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, detail = outcomes.of_failure(failure)
        self._note_failure(request, 0, detail, outcome)
        if template := request.cb_kwargs.get("template"):
            self.spider.validators.forget(template.replace("{page}", "1"))

    # -- what they share -----------------------------------------------------------------------------------------------

    def _listing_page(
        self, template: str, page: int, priority: int, before: list[str], *, unconfirmed: bool = False
    ) -> Request:
        return self._entry(
            template.replace("{page}", str(page)),
            self.read_listing,
            priority,
            quiet=page > 1,
            unconfirmed=unconfirmed and page == 1,
            template=template,
            page=page,
            before=before,
        )

    async def _read_listing(self, response: Response) -> list[Link] | None:
        encoding = _charset(response)
        return await self._read(
            response, read_listing, response.body, response.url, encoding=encoding, links=self.source.entry.links
        )

    async def _read(self, response: Response, read: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """What an entry point holds, read beside the event loop; None, and noted, where it cannot be read or is unchanged."""
        assert response.request is not None
        if response.status == 304 and conditional.is_conditional(response.request):
            self.spider.run.note_entry(response.meta["entry"], response.status, 0)
            return None
        failed = answers.of_status(response.status)
        if failed:
            if not (response.meta["quiet"] and failed[0] is Outcome.GONE):
                self._note_failure(response.request, response.status, failed[1], failed[0])
            return None
        if not in_domains(urlsplit(response.url).hostname or "", self.source.domains):
            self._note_failure(response.request, response.status, f"redirects to another outlet: {response.url}")
            return None
        try:
            return await asyncio.to_thread(read, *args, **kwargs)
        except EntryError as error:
            self._note_failure(response.request, response.status, str(error))
            return None

    def _note_failure(self, request: Request, status: int, detail: str, outcome: Outcome | None = None) -> None:
        run, url = self.spider.run, request.meta["entry"]
        logger.info("%s: entry point %s: %s", self.source.name, url, detail)
        if request.meta["unconfirmed"]:
            run.counters["entry_missing"] += 1
            if outcome is not Outcome.NETWORK_ERROR:
                self.spider.cursor[url] = {"missing": self.spider.started}
            return
        run.note_entry(url, status, 0, detail)
        run.counters["entry_failed"] += 1
        self.spider.validators.forget(url)
        if outcome is Outcome.NETWORK_ERROR:
            run.counters["entry_unreachable"] += 1

    async def _discover(self, response: Response, links: list[Link], where: str, error: str = "") -> list[Request]:
        """Enter the article links of an entry point into the ledger; requests for those that are due."""
        spider = self.spider
        reach = spider.window
        if where == "sitemap" and reach.since is None:
            reach = Window(spider.started - self._fresh(), reach.until)
        wanted = await asyncio.to_thread(self._wanted, links, reach)
        documents = await spider.enter(wanted, response.meta["entry"], where)
        spider.prove(response, documents)
        spider.run.note_entry(response.meta["entry"], response.status, len(wanted), error or None)
        return [request for document in documents for request in spider.article_if_due(document)]

    def _wanted(self, links: list[Link], reach: Window) -> list[Link]:
        """The links that may be articles of the window; tens of thousands of them, so beside the event loop."""
        inside = (link for link in links if reach.may_hold(instant(link.published), instant(link.modified)))
        return [link for link in inside if is_article(link.url, self.source)]

    def _children(self, sitemap: Sitemap, depth: int) -> Iterable[Request]:
        """The sitemaps of an index that may hold something new inside the window."""
        if depth >= _MAX_SITEMAP_DEPTH:
            return
        window = self.spider.window
        reach = window if window.since else Window(since=self.spider.started - self._fresh())
        for child in sitemap.children:
            if not in_domains(urlsplit(child.url).hostname or "", self.source.domains):
                continue
            modified = instant(child.modified)
            known = self.spider.cursor.get(child.url, {})
            # Remembered by crawls of what is fresh: a crawl of the past has to read it all the same.
            unchanged = window.since is None and child.modified and known.get("modified") == child.modified
            if unchanged or not reach.may_hold(None, modified) or not archives.may_cover(child.url, reach):
                continue
            request = self._entry(child.url, self.read_sitemap, depth=depth + 1, quiet=True)
            request.meta["modified"] = child.modified
            yield request.replace(priority=hours(modified) if modified else ENTRY_PRIORITY - 1)

    def _remember_sitemap(self, response: Response) -> None:
        """A sitemap of the past is read once and again only when its index says that it has changed."""
        modified = response.meta.get("modified")
        window = self.spider.window
        if modified and window.since is None and window.until is None:
            self.spider.cursor[response.meta["entry"]] = {"modified": modified}

    def _fresh(self) -> timedelta:
        return timedelta(days=self.spider.settings.getint("FRESH_DAYS"))


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def _charset(response: Response) -> str | None:
    """The charset of the Content-Type header, None where it declares none."""
    for part in _content_type(response).split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'") or None
    return None
