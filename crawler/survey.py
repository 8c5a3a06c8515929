"""A first visit to an outlet that is not known yet: its home page, robots.txt, feeds and sitemaps, for a proposal."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import html
from lxml.etree import ParserError
from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from archive import answers
from crawler import outcomes
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import EntryError, Link, absolute, instant, title_of
from crawler.discovery.listings import read_listing
from crawler.discovery.sitemaps import Sitemap, read_sitemap
from language.charset import text_of
from sources.systems import SYSTEMS

_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_MOST = 4
_USUAL_FEEDS = ("/feed", "/rss", "/rss.xml")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
#: What a page's source shows of its publishing system.
_SIGNS = {
    "wordpress": r'wp-content/|wp-json|name="generator" content="WordPress',
    "arc-xp": r"/arc/outboundfeeds/|/pf/dist/|fusion\.globalContent",
    "drupal": r'drupal-settings-json|name="generator" content="Drupal|/sites/default/files/',
    "spip": r'name="generator" content="SPIP|spip\.php|/IMG/arton',
    "wmaker": r"wmaker\.(?:net|tv)|/xml/syndication\.rss",
    "opennemas": r"opennemas",
}

Requests = AsyncIterator[Request]


@dataclass(slots=True)
class Survey:
    """What was seen of an outlet.

    Attributes:
        home: address of its home page, after redirects.
        title: its name, from the page.
        language: declared by the page, "" where it declares none.
        editions: addresses of the same page in other languages, by language.
        system: name of its publishing system in systems.toml, "" where none is recognised.
        delay: Crawl-delay of robots.txt in seconds, 0 where it asks for none.
        feeds, sitemaps: those that could be read, with what they name.
        links: what the home page names.
        troubles: what did not answer, for people.
    """

    home: str = ""
    title: str = ""
    language: str = ""
    editions: dict[str, str] = field(default_factory=dict)
    system: str = ""
    delay: float = 0.0
    feeds: dict[str, list[Link]] = field(default_factory=dict)
    sitemaps: dict[str, list[Link]] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class SurveySpider(Spider):
    """Visits a home page and what it leads to; nothing is stored."""

    name = "survey"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012 - Scrapy reads it from the class

    def __init__(self, home: str, **kwargs: Any) -> None:
        super().__init__(self.name, **kwargs)
        self.home = home
        self.survey = Survey(home)
        self.feeds: list[str] = []

    async def start(self) -> Requests:
        """The home page; robots.txt has been fetched for it then, and is asked for its sitemaps."""
        yield Request(self.home, callback=self.read_home, errback=self.failed, dont_filter=True)

    async def read_home(self, response: Response) -> Requests:
        """Take from the home page what it says of itself, then ask robots.txt, feeds and sitemaps."""
        if failed := answers.of_status(response.status):
            self.survey.troubles.append(f"{response.url}: {failed[1]}")
            return
        survey = self.survey
        survey.home = response.url
        try:
            survey.links = await asyncio.to_thread(read_listing, response.body, response.url)
        except EntryError as error:
            survey.troubles.append(f"{response.url}: {error}")
            return
        self.feeds = self._read_head(response)
        robots = absolute(response.url, "/robots.txt")
        # robots.txt speaks of everything but itself (RFC 9309, 2.2.2).
        meta = {"is_robots": True}
        yield Request(robots, callback=self.read_robots, errback=self.no_robots, meta=meta, dont_filter=True)

    def _read_head(self, response: Response) -> list[str]:
        """The feeds that the page declares; title, language, editions and system are noted."""
        survey = self.survey
        text = text_of(response.body, (response.headers.get("Content-Type") or b"").decode("latin-1"))
        survey.system = _system(text)
        try:
            tree = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
        except (ParserError, ValueError):
            return []
        name = tree.xpath("string(//meta[@property='og:site_name']/@content)") or tree.xpath("string(//title)")
        survey.title = re.split(r"\s+[|–—:-]\s+", title_of(name))[0]
        survey.language = tree.xpath("string(/html/@lang)").partition("-")[0].lower()
        feeds = []
        for link in tree.xpath("//link[contains(concat(' ', @rel, ' '), ' alternate ')]"):
            address = absolute(response.url, link.get("href") or "")
            if not address:
                continue
            if (link.get("type") or "").lower() in _FEED_TYPES and "comments" not in address:
                feeds.append(address)
            elif language := (link.get("hreflang") or "").partition("-")[0].lower():
                survey.editions.setdefault(language, address)
        return list(dict.fromkeys(feeds))

    async def read_robots(self, response: Response) -> Requests:
        """Note the Crawl-delay; ask feeds, and the sitemaps that robots.txt names."""
        text = "" if answers.of_status(response.status) else response.body.decode("utf-8", errors="replace")
        if delay := re.search(r"(?im)^\s*crawl-delay\s*:\s*([\d.]+)", text):
            self.survey.delay = float(delay[1])
        self.survey.system = self.survey.system or _system(text)
        named = [absolute(response.url, found) for found in re.findall(r"(?im)^\s*sitemap\s*:\s*(\S+)", text)]
        for request in self._ask([url for url in named if url]):
            yield request

    async def no_robots(self, failure: Failure) -> Requests:
        """Go on without a robots.txt, as far as the crawler's own reading of it allows."""
        for request in self._ask([]):
            yield request

    def _ask(self, sitemaps: list[str]) -> Iterator[Request]:
        """Requests for feeds and sitemaps: those that were named, else those of the system, else the usual ones."""
        home, system = self.survey.home, self.survey.system
        usual = [absolute(home, path) for path in _USUAL_FEEDS]
        for url in (self.feeds or _of_system(system, "feeds", home) or usual)[:_MOST]:
            yield Request(url, callback=self.read_feed, errback=self.failed, dont_filter=True)
        sitemaps = sitemaps or _of_system(system, "sitemaps", home) or [absolute(home, "/sitemap.xml")]
        for url in list(dict.fromkeys(sitemaps))[:_MOST]:
            arguments = {"index": url}
            yield Request(url, callback=self.read_sitemap, errback=self.failed, cb_kwargs=arguments, dont_filter=True)

    async def read_feed(self, response: Response) -> None:
        """Keep a feed that can be read."""
        content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
        await self._keep(self.survey.feeds, response, read_feed, response.body, response.url, content_type)

    async def read_sitemap(self, response: Response, index: str) -> Requests:
        """Keep a sitemap that can be read; of an index, what its newest sitemap names.

        Args:
            index: the sitemap that was named; the response may be one that it names itself.
        """
        sitemap: list[Sitemap] = []

        def read() -> list[Link]:
            sitemap.append(read_sitemap(response.body, response.url))
            return sitemap[0].articles or sitemap[0].children

        await self._keep(self.survey.sitemaps, response, read, name=index)
        if sitemap and not sitemap[0].articles and sitemap[0].children and response.url == index:
            newest = max(sitemap[0].children, key=lambda child: (instant(child.modified) or _NEVER, child.url))
            self.survey.sitemaps[index] = []
            arguments = {"index": index}
            yield Request(
                newest.url, callback=self.read_sitemap, errback=self.failed, cb_kwargs=arguments, dont_filter=True
            )

    async def _keep(
        self, place: dict[str, list[Link]], response: Response, read: Any, *args: Any, name: str = ""
    ) -> None:
        asked = name or response.meta.get("redirect_urls", [response.url])[0]
        if failed := answers.of_status(response.status):
            self.survey.troubles.append(f"{asked}: {failed[1]}")
            return
        try:
            links = await asyncio.to_thread(read, *args)
        except EntryError as error:
            self.survey.troubles.append(f"{asked}: {error}")
            return
        if links:
            place[asked] = links
        else:
            self.survey.troubles.append(f"{asked}: names nothing")

    async def failed(self, failure: Failure) -> None:
        """Note what gave no answer."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self.survey.troubles.append(f"{request.url}: {outcomes.of_failure(failure)[1]}")


def _system(text: str) -> str:
    """The publishing system whose signs a page or a robots.txt shows, "" where none is known."""
    return next((name for name, sign in _SIGNS.items() if re.search(sign, text)), "")


def _of_system(system: str, field: str, url: str) -> list[str]:
    """What a system's outlets have as feeds or sitemaps, at an outlet's origin."""
    parts = urlsplit(url)
    home = f"{parts.scheme}://{parts.netloc}"
    given: list[str] = SYSTEMS.get(system, {}).get("unconfirmed", {}).get(field, [])
    return [template.replace("{home}", home) for template in given]
