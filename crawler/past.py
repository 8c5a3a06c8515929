"""The past of an outlet: archives by date and WordPress's API, walked from the newest to the oldest, each span once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response

from archive import answers, ledger
from crawler import archives
from crawler.discovery.links import instant
from crawler.discovery.sitemaps import looks_like_a_sitemap
from crawler.discovery.wordpress import posts_url, read_posts
from crawler.spans import Spans
from crawler.walk import BOTTOM
from crawler.window import SLACK, Window, hours

if TYPE_CHECKING:
    from crawler.entries import EntryPoints

Requests = AsyncIterator[Request]


class Past:
    """Requests for what lies behind feeds and sitemaps, and the callbacks of these requests.

    What has been walked over is kept in the outlet's cursor as it is done, so that the next crawl goes on from there.
    """

    def __init__(self, entries: EntryPoints) -> None:
        self.entries = entries
        self.spider = entries.spider

    def archive(self, template: str, since: datetime) -> Iterator[Request]:
        """Requests for the days, months or years of an archive that no earlier crawl has walked over."""
        spider = self.spider
        walked = self._spans(template)
        window = Window(since, spider.window.until)
        asked = [
            self.entries.request(address, self.read_archive, hours(end), quiet=True, whole=template, span=(start, end))
            for address, start, end in archives.expand([template], window, spider.started, self.spider.source.timezone)
            if not walked.holds(start, end)
        ]
        self.entries.gaps.begin(template, len(asked))
        yield from asked

    def posts(
        self,
        endpoint: str,
        before: datetime,
        since: datetime,
        *,
        bound: datetime | None = None,
        unconfirmed: str = "",
    ) -> Iterator[Request]:
        """A request for the newest posts before an instant that no earlier crawl has listed, unless the window ends there.

        Args:
            before: what lies after it is known.
            since: how far back the posts are wanted.
            bound: the same in the site's own zone, as its API told it; None where it has not been asked yet.
        """
        walked = self._spans(endpoint).below(before)
        if walked <= since:
            self.entries.gaps.covered(endpoint, since)
            return
        if bound is None or walked < before:
            bound = walked + timedelta(days=1)
        url = posts_url(endpoint, since - timedelta(days=1), bound)
        request = self.entries.request(
            url,
            self.read_posts,
            hours(walked) + 1,
            unconfirmed=unconfirmed,
            endpoint=endpoint,
            before=walked,
            bound=bound,
        )
        request.meta["entry"] = endpoint
        yield request

    def _spans(self, template: str) -> Spans:
        return Spans(self.spider.cursor.get(template, {}).get("spans", []))

    async def _keep_span(self, template: str, start: datetime, end: datetime) -> None:
        """Remember that an archive has been walked over a span, at once: the next crawl goes on from there.

        Of the last days, more may come.
        """
        spider = self.spider
        spans = self._spans(template)
        spans.add(start, min(end, spider.started - SLACK))
        spider.cursor[template] = state = {"spans": spans.stored()}
        await spider.storage(lambda: ledger.write_cursor(spider.database, spider.lease, {template: state}))

    async def read_archive(self, response: Response, span: tuple[datetime, datetime]) -> Requests:
        """Requests for the new articles of one day, month or year of the past, be it a sitemap or a listing."""
        template = response.meta["whole"]
        if answers.of_status(response.status) is None and looks_like_a_sitemap(response.body):
            async for output in self.entries.read_sitemap(response, depth=1):
                yield output
        elif (links := await self.entries.read_links(response)) is not None:
            for request in await self.entries.discover(response, links, "listing"):
                yield request
            self.entries.gaps.done(template, self.entries.since() or BOTTOM)
        elif answers.of_status(response.status) == answers.of_status(404):
            self.entries.gaps.done(template, self.entries.since() or BOTTOM)  # a day without articles
        else:
            return
        await self._keep_span(template, *span)

    async def read_posts(self, response: Response, endpoint: str, before: datetime, bound: datetime) -> Requests:
        """Requests for the posts that WordPress's JSON API names, and for those before them."""
        posts = await self.entries.read(response, read_posts, response.body, response.url)
        since = self.entries.since()
        if posts is None or since is None:
            return
        for request in await self.entries.discover(response, posts.links, "api"):
            yield request
        dates = [moment for link in posts.links if (moment := instant(link.published))]
        reached = min([*dates, before]) if posts.links else since
        await self._keep_span(endpoint, max(reached, since), before)
        if reached <= since or posts.oldest is None:
            self.entries.gaps.covered(endpoint, max(reached, since))
            return
        # A second more than the oldest, for those of the same second; less where that has brought nothing new.
        following = posts.oldest + timedelta(seconds=1)
        bound = bound.replace(tzinfo=None)
        if following >= bound:
            following = posts.oldest
        if following >= bound:
            return  # the API gives the same posts whatever it is asked for
        for request in self.posts(endpoint, reached, since, bound=following):
            yield request
