"""Walking a listing, page by page, no further than it may hold something new."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.records import Outcome

if TYPE_CHECKING:
    from crawler.gaps import Gaps
    from crawler.spider import SourceSpider

Document = dict[str, Any]

#: How far back a listing was walked that was walked to its last page.
BOTTOM = datetime(1, 1, 1, tzinfo=UTC)
#: How many pages of a listing a crawl without `since` looks at on its first visit.
_FRESH_PAGES = 3
#: Outcomes of pages that were read as articles: a dead link says nothing of its day.
_READ = [Outcome.STORED, Outcome.COPY, Outcome.OFF_TOPIC, Outcome.OUTSIDE_WINDOW]


class Walk:
    """How far the listings of an outlet have been walked, before this crawl and in it.

    Attributes:
        listed: what the pages of each listing have named in this crawl.
    """

    def __init__(self, spider: SourceSpider, gaps: Gaps) -> None:
        self.spider = spider
        self.gaps = gaps
        self.before = dict(spider.cursor)
        self.listed: dict[str, set[str]] = {}

    def fresh(self, template: str, documents: list[Document]) -> list[Document]:
        """What no earlier page of the listing named: what stood there too is a box beside the list, the latest, the most read."""
        listed = self.listed.setdefault(template, set())
        documents = [document for document in documents if document["_id"] not in listed]
        listed.update(document["_id"] for document in documents)
        return documents

    async def goes_on(self, template: str, page: int, documents: list[Document], before: list[str]) -> bool:
        """Whether the next page of a listing may hold something that is not known and inside the window.

        Where every article of a page is known, so is what lies behind it, as far back as an earlier walk went to its end.

        Args:
            page: the number of the page that was read.
            documents: what it named.
            before: canonical URLs that the page before it named.
        """
        if not documents:
            self.end(template, BOTTOM)
            return False
        if page >= self.spider.settings.getint("LISTING_PAGES"):
            return False
        since = self.spider.window.since or self.gaps.since
        # What a feed named a moment ago says nothing of what lies behind it.
        known = all(document["first_seen"] < self.spider.started for document in documents)
        earlier = self.before.get(template, {})
        walked_to = None if earlier.get("open") else earlier.get("reached")
        if known and walked_to is not None and (since is None or walked_to <= since):
            self.end(template, walked_to)
            return False
        if since is None:
            return walked_to is not None or page < _FRESH_PAGES
        if await self._all_older(before, since):
            self.end(template, since)
            return False
        return True

    async def begin(self, template: str) -> None:
        """Remember that a listing is being walked: what a killed walk has seen must not pass for its end."""
        spider = self.spider
        spider.cursor[template] = spider.cursor.get(template, {}) | {"open": True}
        await spider.storage(lambda: ledger.write_cursor(spider.database, spider.lease, spider.cursor))

    def end(self, template: str, reached: datetime) -> None:
        """Remember how far back a listing has been walked without a gap; kept with the end of the run."""
        before = self.spider.cursor.get(template, {}).get("reached", reached)
        self.spider.cursor[template] = {"open": False, "reached": min(before, reached)}
        self.gaps.covered(template, reached)

    async def _all_older(self, urls: list[str], since: datetime) -> bool:
        """Whether every article of a listing page that has been read lies before the window; the undated never end a walk."""
        query = {"_id": {"$in": urls}, "outcome": {"$in": _READ}}
        settled = await self.spider.storage(lambda: self.spider.database.urls.find(query, {"rank": 1}).to_list())
        return bool(settled) and all(document["rank"] < since for document in settled)
