"""Entry points of an outlet: feeds, sitemaps, archives, listings, APIs and searches, each asked, read and entered into the
ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote_plus, urlsplit

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
from crawler.discovery.sitemaps import Sitemap, read_sitemap
from crawler.errors import NotNow, RobotsUnreachable
from crawler.gaps import Gaps
from crawler.middlewares import conditional
from crawler.past import Past
from crawler.walk import BOTTOM, Walk
from crawler.window import Window, hours
from language.queries import queries
from sources.model import Point, in_domains, points
from sources.registry import is_article
from sources.urls import UrlError, canonicalize

if TYPE_CHECKING:
    from crawler.spider import SourceSpider

logger = logging.getLogger(__name__)

Requests = AsyncIterator[Request]
T = TypeVar("T")

#: Entry points come before any article; the priority of an article is its age in hours.
ENTRY_PRIORITY = 10_000_000
_MAX_SITEMAP_DEPTH = 3
#: How long an unconfirmed entry point that was missing is not asked for again, where there are confirmed ones or none.
_MISSING = timedelta(days=30)
_MISSING_ALONE = timedelta(hours=20)
#: Callbacks → kinds of entry points, as stored in `runs`.
_KINDS = {
    "read_feed": "feed",
    "read_sitemap": "sitemap",
    "read_listing": "listing",
    "read_archive": "archive",
    "read_posts": "api",
}


class EntryPoints:
    """The entry points of one crawl; its methods are the callbacks of their requests.

    Feeds come first: only when all have been read is it known whether something was missed since the last visit, and how far
    back the others must be walked.

    Attributes:
        spider: whose crawl it is.
        walk: how far the listings have been walked.
        gaps: what may have been missed.
        past: archives by date and APIs.
        sitemaps: those that have been asked for in this crawl.
    """

    def __init__(self, spider: SourceSpider) -> None:
        self.spider = spider
        self.source = spider.source
        self.gaps = Gaps(spider)
        self.walk = Walk(spider, self.gaps)
        self.past = Past(self)
        self.sure = any(point.confirmed for point in points(self.source, "feeds", "sitemaps", "listings"))
        self.feeds = 0
        self.sitemaps: set[str] = {point.url for point in points(self.source, "sitemaps")}

    def requests(self) -> Iterator[Request]:
        """The first requests: the feeds, or everything where there is none to wait for."""
        feeds = [request for point in points(self.source, "feeds") for request in self._ask(point)]
        self.feeds = len(feeds)
        yield from feeds or self._others()

    def _feed_settled(self) -> Iterator[Request]:
        self.feeds -= 1
        if self.feeds == 0:
            yield from self._others()

    def _others(self) -> Iterator[Request]:
        """Requests for all that is no feed."""
        for point in points(self.source):
            if point.field != "feeds":
                yield from self._ask(point)

    def since(self) -> datetime | None:
        """How far back archives and listings are walked: to the window's edge, or to the last visit of a feed with a gap."""
        return self.spider.window.since or self.gaps.since

    def _ask(self, point: Point) -> Iterator[Request]:
        """The first request, or requests, for an entry point.

        An unconfirmed one is asked only where the confirmed ones do not suffice, and then is missed by nobody.
        """
        spider, url = self.spider, point.url
        since = self.since()
        unconfirmed = "" if point.confirmed else url
        missing = spider.started - spider.cursor.get(url, {}).get("missing", BOTTOM)
        if unconfirmed and ((self.sure and since is None) or missing < (_MISSING if self.sure else _MISSING_ALONE)):
            return
        if point.field == "feeds":
            yield self.request(url, self.read_feed, unconfirmed=unconfirmed)
        elif point.field == "sitemaps":
            yield self.request(url, self.read_sitemap, unconfirmed=unconfirmed, depth=0)
        elif point.field == "listings":
            yield self._listing_page(url, 1, ENTRY_PRIORITY, [], unconfirmed=unconfirmed)
        elif since is None:
            return
        elif point.field == "archives":
            yield from self.past.archive(url, since)
        elif point.field == "api":
            yield from self.past.posts(url, spider.window.until or spider.started, since, unconfirmed=unconfirmed)
        elif point.field == "search" and spider.window.since:
            searches = [url.replace("{query}", quote_plus(query)) for query in queries(self.source.languages)]
            yield from self._search(searches, unconfirmed=unconfirmed)

    def _search(self, searches: list[str], *, unconfirmed: str = "") -> Iterator[Request]:
        """A request for the first of some searches; the others follow when it has answered."""
        if searches:
            request = self._listing_page(searches[0], 1, ENTRY_PRIORITY, [], unconfirmed=unconfirmed)
            request.cb_kwargs["then"] = searches[1:]
            yield request

    def request(
        self,
        url: str,
        callback: Callable[..., Requests],
        priority: int = ENTRY_PRIORITY,
        *,
        quiet: bool = False,
        unconfirmed: str = "",
        whole: str = "",
        **arguments: Any,
    ) -> Request:
        """A request for an entry point.

        Args:
            quiet: that it does not exist is no fault.
            unconfirmed: its address as configured, where nobody has seen it answer: nor is anything else a fault that keeps it from
                being read; it is remembered as missing.
            whole: the entry point that it is a part of.
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
                "whole": whole,
                # What fills a gap is read, whatever the server says.
                "validators": None if self.gaps.since else self.spider.validators.held(url),
            },
            priority=priority,
            dont_filter=True,
        )

    # -- one callback for each kind ------------------------------------------------------------------------------------

    async def read_feed(self, response: Response) -> Requests:
        """Requests for the new articles of a feed."""
        links = await self.read(response, read_feed, response.body, response.url, _content_type(response))
        if links is not None:
            entry = response.meta["entry"]
            for request in await self.discover(response, links, "feed"):
                yield request
            self.gaps.look(entry, self._keys(links))
            if is_whole(response.body):
                self.spider.validators.keep(response)
        for request in self._feed_settled():
            yield request

    async def read_sitemap(self, response: Response, depth: int) -> Requests:
        """Requests for the new articles of a sitemap, and for the sitemaps of an index that the window may need."""
        sitemap = await self.read(response, read_sitemap, response.body, response.url)
        if sitemap is None:
            return
        for request in await self.discover(response, sitemap.articles, "sitemap", sitemap.truncated):
            yield request
        for request in self._children(response, sitemap, depth):
            yield request
        self._remember_sitemap(response)
        self._covers(response, sitemap)
        # An index may stay as it is while its sitemaps change.
        if depth == 0 and not sitemap.children and not sitemap.truncated:
            self.spider.validators.keep(response)

    async def read_listing(
        self, response: Response, template: str, page: int, before: list[str], then: list[str] | None = None
    ) -> Requests:
        """Requests for the new articles of a page of links, and for the next page while there is more to find.

        Args:
            before: the canonical URLs that the page before it named; their articles have been fetched since.
            then: searches to be asked when this one has answered.
        """
        links = await self.read_links(response)
        if links is None:
            if page > 1 and answers.of_status(response.status) == answers.of_status(404):
                self.walk.end(template, BOTTOM)
            elif page > 1:
                self.spider.validators.forget(template.replace("{page}", "1"))
            return
        for request in self._search(then or []):
            yield request
        wanted = [link for link in links if is_article(link.url, self.source)]
        documents = await self.spider.enter(wanted, response.meta["entry"], "listing")
        self.spider.prove(response, documents)
        new = _new(documents)
        for document in documents:
            for request in self.spider.article_if_due(document):
                yield request
        self.spider.run.note_entry(
            response.url, response.status, len(wanted), kind="listing", links=len(links), new=new
        )
        if page == 1:
            self.spider.validators.keep(response)
        documents = self.walk.fresh(template, documents)
        if "{page}" in template and await self.walk.goes_on(template, page, documents, before):
            if page == 1:
                await self.walk.begin(template)
            priority = min((hours(document["rank"]) for document in documents), default=ENTRY_PRIORITY) - 1
            yield self._listing_page(template, page + 1, priority, [document["_id"] for document in documents])

    async def failed(self, failure: Failure) -> Requests:
        """Note an entry point that gave no answer; what waited for it goes on."""
        if isinstance(failure.value, StorageLost):
            return  # the crawl is being closed, and has said why
        if isinstance(failure.value, NotNow) and not isinstance(failure.value, RobotsUnreachable):
            return  # good manners end the crawl, and say why
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, detail = outcomes.of_failure(failure)
        self._note_failure(request, 0, detail, outcome)
        if template := request.cb_kwargs.get("template"):
            self.spider.validators.forget(template.replace("{page}", "1"))
        if request.callback == self.read_feed:
            for following in self._feed_settled():
                yield following

    # -- what they share -----------------------------------------------------------------------------------------------

    def _listing_page(
        self, template: str, page: int, priority: int, before: list[str], *, unconfirmed: str = ""
    ) -> Request:
        return self.request(
            template.replace("{page}", str(page)),
            self.read_listing,
            priority,
            quiet=page > 1,
            unconfirmed=unconfirmed if page == 1 else "",
            template=template,
            page=page,
            before=before,
        )

    async def read_links(self, response: Response) -> list[Link] | None:
        encoding = _charset(response)
        return await self.read(
            response, read_listing, response.body, response.url, encoding=encoding, links=self.source.entry.links
        )

    async def read(self, response: Response, read: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """What an entry point holds, read beside the event loop; None, and noted, where it cannot be read or is unchanged."""
        assert response.request is not None
        if response.status == 304 and conditional.is_conditional(response.request):
            kind = _kind(response.request)
            self.spider.run.note_entry(response.meta["entry"], response.status, 0, kind=kind)
            return None
        failed = answers.of_status(response.status)
        if failed:
            if not (response.meta["quiet"] and failed[0] is Outcome.GONE):
                self._note_failure(response.request, response.status, failed[1], failed[0])
            return None
        if not in_domains(urlsplit(response.url).hostname or "", self.source.domains):
            words = f"redirects to another outlet: {response.url}"
            self._note_failure(response.request, response.status, words, Outcome.REDIRECTED)
            return None
        try:
            return await asyncio.to_thread(read, *args, **kwargs)
        except EntryError as error:
            self._note_failure(response.request, response.status, str(error))
            return None

    def _note_failure(self, request: Request, status: int, detail: str, outcome: Outcome | None = None) -> None:
        run, url = self.spider.run, request.meta["entry"]
        logger.info("%s: entry point %s: %s", self.source.name, url, detail)
        if request.meta["unconfirmed"] and (self.sure or outcome is not Outcome.NETWORK_ERROR):
            run.counters["entry_missing"] += 1
            if outcome is not Outcome.NETWORK_ERROR:
                self.spider.cursor[request.meta["unconfirmed"]] = {"missing": self.spider.started}
            return
        run.note_entry(url, status, 0, detail, kind=_kind(request), outcome=outcome)
        run.counters["entry_failed"] += 1
        self.spider.validators.forget(url)
        if outcome is Outcome.NETWORK_ERROR:
            run.counters["entry_unreachable"] += 1

    async def discover(self, response: Response, links: list[Link], where: str, error: str = "") -> list[Request]:
        """Enter the article links of an entry point into the ledger; requests for those that are due."""
        spider = self.spider
        reach = spider.window
        if where != "feed" and reach.since is None:
            reach = Window(self._fresh(), reach.until)
        inside, wanted, dates = await asyncio.to_thread(self._wanted, links, reach)
        documents = await spider.enter(wanted, response.meta["entry"], where)
        spider.prove(response, documents)
        spider.run.note_dates(dates)
        spider.run.note_entry(
            response.meta["entry"],
            response.status,
            len(wanted),
            error or None,
            kind=where,
            links=inside,
            new=_new(documents),
            newest=max(dates, default=None),
        )
        return [request for document in documents for request in spider.article_if_due(document)]

    def _keys(self, links: list[Link]) -> list[str]:
        """The canonical URLs of the links that look like articles."""
        keys = []
        for link in links:
            with suppress(UrlError):
                if is_article(link.url, self.source):
                    keys.append(canonicalize(link.url, rules=self.source.identity))
        return keys

    def _wanted(self, links: list[Link], reach: Window) -> tuple[int, list[Link], list[datetime]]:
        """How many links lie in the window, those of them that may be articles, and the dates of these; tens of thousands of
        them, so beside the event loop."""
        inside = [link for link in links if reach.may_hold(instant(link.published), instant(link.modified))]
        wanted = [link for link in inside if is_article(link.url, self.source)]
        return len(inside), wanted, [date for link in wanted if (date := instant(link.published))]

    def _children(self, response: Response, sitemap: Sitemap, depth: int) -> Iterable[Request]:
        """The sitemaps of an index that may hold something new inside the window."""
        if depth >= _MAX_SITEMAP_DEPTH:
            return
        most = self.spider.settings.getint("SITEMAP_FILES")
        window = self.spider.window
        reach = window if window.since else Window(since=self._fresh())
        whole = response.meta["whole"] or response.meta["entry"]
        for child in sitemap.children:
            if not in_domains(urlsplit(child.url).hostname or "", self.source.domains):
                continue
            modified = instant(child.modified)
            known = self.spider.cursor.get(child.url, {})
            # Remembered by crawls of what is fresh: a crawl of the past has to read it all the same.
            unchanged = window.since is None and child.modified and known.get("modified") == child.modified
            if unchanged or not reach.may_hold(None, modified) or not archives.may_cover(child.url, reach):
                continue
            if child.url in self.sitemaps:
                continue
            if len(self.sitemaps) >= most:
                logger.info("%s: more than %d sitemaps; the others are left out", self.source.name, most)
                return
            self.sitemaps.add(child.url)
            self.gaps.begin(whole)
            request = self.request(child.url, self.read_sitemap, depth=depth + 1, quiet=True, whole=whole)
            request.meta["modified"] = child.modified
            yield request.replace(priority=hours(modified) if modified else ENTRY_PRIORITY - 1)

    def _covers(self, response: Response, sitemap: Sitemap) -> None:
        """What a sitemap says of gaps: a single one reaches to the oldest day it names, a part of another no further than that."""
        if sitemap.truncated:
            return
        if response.meta["whole"]:
            self.gaps.done(response.meta["whole"], self.since() or BOTTOM)
        elif sitemap.articles and not sitemap.children:
            dates = [instant(link.published) or instant(link.modified) for link in sitemap.articles]
            if oldest := min((date for date in dates if date), default=None):
                self.gaps.covered(response.meta["entry"], oldest)

    def _remember_sitemap(self, response: Response) -> None:
        """A sitemap of the past is read once and again only when its index says that it has changed."""
        modified = response.meta.get("modified")
        window = self.spider.window
        if modified and window.since is None and window.until is None:
            self.spider.cursor[response.meta["entry"]] = {"modified": modified}

    def _fresh(self) -> datetime:
        """How far back a crawl without `since` looks: some days, or to the beginning of a gap."""
        fresh = self.spider.started - timedelta(days=self.spider.settings.getint("FRESH_DAYS"))
        return min(fresh, self.gaps.since or fresh)


def _kind(request: Request) -> str:
    return _KINDS[request.callback.__name__]  # type: ignore[union-attr]


def _new(documents: list[dict[str, Any]]) -> int:
    """How many articles nobody had named before."""
    return sum(bool(document.get("new")) for document in documents)


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def _charset(response: Response) -> str | None:
    """The charset of the Content-Type header, None where it declares none."""
    for part in _content_type(response).split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip(" \"'") or None
    return None
