"""What a crawl tells of its outlet's habit: when what is new was published, and how much its feed holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crawler.discovery.links import Link, instant
from sources.habit import Visit

if TYPE_CHECKING:
    from crawler.spider import SourceSpider

# Where news shows first; sitemaps and archives bring the past as well.
_NEWEST = ("feed", "listing")


class News:
    """The news of one crawl."""

    def __init__(self, spider: SourceSpider) -> None:
        self.spider = spider
        self.zone = ZoneInfo(spider.source.timezone)
        self.published: list[datetime] = []
        self.undated = 0
        self.windows: list[int] = []
        self.oldest: list[datetime] = []

    def add(self, links: Iterable[Link], documents: Iterable[dict[str, Any]], where: str) -> None:
        """Take in what an entry point named.

        Args:
            documents: the ledger's, those of the new ones marked.
            where: what sort of entry point it is.
        """
        if where == "feed":
            dated = [published for link in links if (published := self._instant(link.published))]
            self.oldest += [min(dated)] if dated else []
            self.windows.append(len(list(links)))
        for document in documents:
            if not document.get("new"):
                continue
            said = next((entry["text"] for entry in document["evidence"] if entry["says"] == "published"), "")
            published = self._instant(said)
            if published is not None:
                self.published.append(published)
            elif where in _NEWEST and self.spider.window.since is None:
                self.undated += 1

    def visit(self) -> Visit | None:
        """What the crawl tells; None where no entry point answered: a failure is no silence."""
        entries = self.spider.run.entries
        if not any(entry["error"] is None for entry in entries):
            return None
        return Visit(
            self.spider.started,
            self.published,
            self.undated,
            min(self.windows, default=0),
            max(self.oldest, default=None),
            # The entry points of the past are asked once.
            float(len(entries)) if self.spider.window.since is None else 1.0,
        )

    def _instant(self, text: str) -> datetime | None:
        """The instant that an entry point states; a day alone is none."""
        found = instant(text)
        if found is None or time() in (found.time(), found.astimezone(self.zone).time()):
            return None
        return found
