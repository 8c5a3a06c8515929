"""Whether what an outlet's TOML says is still true: its entry points and one article are fetched, and nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import answers
from archive.records import Page
from crawler import outcomes
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import EntryError, Link, instant
from crawler.discovery.listings import read_listing
from crawler.discovery.sitemaps import read_sitemap
from crawler.discovery.wordpress import posts_url, read_posts
from crawler.loader import manners_of
from sources.model import Point, Source, in_domains, points
from sources.registry import is_article
from sources.urls import canonicalize

#: A feed whose newest item is older than that is frozen; ministries speak seldom.
_FROZEN = timedelta(days=21)
_FROZEN_OFFICIAL = timedelta(days=120)
#: So many entry points are tried until one answers.
_MOST = 3
_CHECKED = ("feeds", "sitemaps", "listings", "api")

Requests = AsyncIterator[Request]


@dataclass(slots=True)
class Report:
    """What a check found of one outlet.

    Attributes:
        faults: what is broken, for people.
        notes: what is worth a look.
        answered: entry points that gave links.
        page: the article that was fetched, None where there was none.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answered: int = 0
    page: Page | None = None


class CheckSpider(Spider):
    """Fetches entry points and one article of an outlet, with the same manners as a crawl.

    Attributes:
        every: all entry points, the unconfirmed ones too, or only as many as it takes to find one that answers.
        report: what it found.
    """

    source: Source

    def __init__(self, name: str | None = None, *, every: bool = False, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.every = every
        self.report = Report()
        self.now = datetime.now(UTC)
        self.chosen = False

    async def start(self) -> Requests:
        """The first entry point, or all."""
        self.left = list(points(self.source, *_CHECKED))
        if not self.every:
            self.left = ([point for point in self.left if point.confirmed] or self.left)[:_MOST]
        async for request in self._next():
            yield request

    async def _next(self) -> Requests:
        """A request for the next entry point, or for an example where none has named an article."""
        if self.left and (self.every or not self.report.answered):
            point = self.left.pop(0)
            url = point.url.replace("{page}", "1")
            if point.field == "api":
                url = posts_url(url, self.now - _FROZEN_OFFICIAL, self.now + timedelta(days=1))
            yield self._request(url, self.read_entry, point=point)
        elif not self.chosen and self.source.articles.examples:
            self.chosen = True
            yield self._request(self.source.articles.examples[0], self.read_article)

    def _request(self, url: str, callback: Any, **arguments: Any) -> Request:
        return Request(url, callback=callback, errback=self.failed, cb_kwargs=arguments, dont_filter=True)

    async def read_entry(self, response: Response, point: Point, *, part: bool = False) -> Requests:
        """Judge an entry point; then an article that it names, or the next one.

        Args:
            part: the response is a sitemap that an index names.
        """
        links, child = await self._links(response, point)
        if child and not part:
            yield self._request(child, self.read_entry, point=point, part=True)
            return
        articles = [link for link in links if is_article(link.url, self.source)]
        if links:
            self._judge(point, links, articles)
        if articles:
            self.report.answered += 1
            if not self.chosen:
                self.chosen = True
                newest = max(articles, key=lambda link: instant(link.published) or instant(link.modified) or _NEVER)
                yield self._request(newest.url, self.read_article)
        async for request in self._next():
            yield request

    async def _links(self, response: Response, point: Point) -> tuple[list[Link], str]:
        """What an entry point names, or the newest sitemap of an index."""
        host, asked = _host(response.url), _host(response.meta.get("redirect_urls", [response.url])[0])
        if not in_domains(host, self.source.domains):
            self._tell(point, f"leads to another host, {host}: has the outlet moved?")
            return [], ""
        if host != asked:
            self.report.notes.append(f"{_field(point)}: {point.url}: answers from {host} now")
        if failed := answers.of_status(response.status):
            self._tell(point, failed[1])
            return [], ""
        try:
            if point.field == "feeds":
                content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
                links = await asyncio.to_thread(read_feed, response.body, response.url, content_type)
            elif point.field == "api":
                links = (await asyncio.to_thread(read_posts, response.body, response.url)).links
            elif point.field == "sitemaps":
                sitemap = await asyncio.to_thread(read_sitemap, response.body, response.url)
                if not sitemap.articles and sitemap.children:
                    newest = max(sitemap.children, key=lambda child: instant(child.modified) or _NEVER)
                    return [], newest.url
                links = sitemap.articles
            else:
                links = await asyncio.to_thread(
                    read_listing, response.body, response.url, links=self.source.entry.links
                )
        except EntryError as error:
            self._tell(point, str(error))
            return [], ""
        if not links:
            self._tell(point, "answers, but names nothing")
        return links, ""

    def _judge(self, point: Point, links: list[Link], articles: list[Link]) -> None:
        if not articles:
            # What has a headline looks like an article to people.
            shown = ", ".join(link.url for link in sorted(links, key=lambda link: -len(link.title))[:3])
            self._tell(point, f"articles.match fits none of its {len(links)} links, such as {shown}")
            return
        if point.field != "listings" and len(articles) < len(links) / 2:
            other = next(link.url for link in links if link not in articles)
            self.report.notes.append(
                f"{_field(point)}: {point.url}: articles.match fits {len(articles)} of {len(links)} links, not {other}"
            )
        dates = [moment for link in articles if (moment := instant(link.published) or instant(link.modified))]
        newest = max(dates, default=None)
        age = self.now - newest if newest else timedelta(0)
        if age > (_FROZEN_OFFICIAL if self.source.kind == "official" else _FROZEN):
            self._tell(point, f"is frozen: its newest article is {age.days} days old")
        elif not point.confirmed:
            self.report.notes.append(f"{_field(point)}: {point.url}: answers; move it to entry.{point.field}")
        if self.source.articles.unconfirmed:
            self.report.notes.append(
                f"articles.unconfirmed: the pattern fits, such as {articles[0].url}: take it as an example"
            )

    async def read_article(self, response: Response) -> Requests:
        """Keep the article for whoever reads it."""
        page = _page(response, self.source, self.now)
        if failed := answers.settled(page, self.source):
            self.report.faults.append(f"article {page.requested}: {failed[1]}")
        else:
            self.report.page = page
        async for request in self._next():
            yield request

    async def failed(self, failure: Failure) -> Requests:
        """Tell why there was no answer, and go on."""
        request: Request = failure.request  # type: ignore[attr-defined]
        _, detail = outcomes.of_failure(failure)
        point = request.cb_kwargs.get("point")
        if point is None:
            self.report.faults.append(f"article {request.url}: {detail}")
        else:
            self._tell(point, detail)
        async for following in self._next():
            yield following

    def _tell(self, point: Point, words: str) -> None:
        """A fault of a confirmed entry point, a note of another."""
        place = self.report.faults if point.confirmed else self.report.notes
        place.append(f"{_field(point)}: {point.url}: {words}")


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def check_spider_of(source: Source) -> type[CheckSpider]:
    """The spider that checks an outlet; no pipeline runs, nothing is stored."""
    settings = {**manners_of(source), "ITEM_PIPELINES": {}}
    members = {"name": source.name, "source": source, "custom_settings": settings}
    return type(f"Check{source.name.title().replace('-', '')}Spider", (CheckSpider,), members)


def _page(response: Response, source: Source, now: datetime) -> Page:
    asked = response.meta.get("redirect_urls", [])
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    requested = asked[0] if asked else response.url
    return Page(
        key=canonicalize(requested, rules=source.identity),
        url=response.url,
        requested=requested,
        source=source.name,
        fetched_at=now,
        status=response.status,
        headers=headers,
        body=response.body,
        aliases=list(asked),
    )


def _field(point: Point) -> str:
    return f"{'entry' if point.confirmed else 'unconfirmed'}.{point.field}"


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
