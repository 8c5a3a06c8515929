"""What may have been missed: a feed that shares no item with its last visit, and what fills the gap.

A feed holds its newest items only. Where none of those of the last visit is left, some may have come and gone in between.
The gap is kept with the feed until sitemaps, archives or listings have been walked back to the last visit.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import xxhash

if TYPE_CHECKING:
    from crawler.spider import SourceSpider

#: Items of a feed that are remembered; a feed has 10 to 300.
_REMEMBERED = 300


class Gaps:
    """The gaps of one crawl; they stand in its run, and those that stay open in the outlet's cursor."""

    def __init__(self, spider: SourceSpider) -> None:
        self.spider = spider
        self.parts: Counter[str] = Counter()

    @property
    def since(self) -> datetime | None:
        """How far back the open gaps reach; None where there is none."""
        return min((gap["since"] for gap in self._open()), default=None)

    def look(self, feed: str, items: list[str]) -> None:
        """Compare a feed with its last visit, and remember it for the next one.

        Args:
            feed: its address.
            items: canonical URLs of its articles.
        """
        if not items:
            return
        items = [xxhash.xxh3_64_hexdigest(item.encode()) for item in items[:_REMEMBERED]]
        spider = self.spider
        known = spider.cursor.get(feed, {})
        since: datetime | None = known.get("gap")
        if since is None and known.get("items") and not set(known["items"]) & set(items):
            since = known["at"]
        state: dict[str, Any] = {"items": items, "at": spider.started}
        if since is not None:
            state["gap"] = since
            spider.run.gaps.append({"feed": feed, "since": since, "until": spider.started, "filled_by": []})
            spider.run.counters["gaps"] += 1
        spider.cursor[feed] = state

    def covered(self, by: str, since: datetime) -> None:
        """An entry point has been walked back to an instant: what it lists fills the gaps that reach no further."""
        for gap in self.spider.run.gaps:
            if since <= gap["since"]:
                gap["filled_by"].append(by)
                self.spider.cursor[gap["feed"]].pop("gap", None)

    # An index of sitemaps, or an archive by days, covers a span only when each of its parts has answered.

    def begin(self, whole: str, parts: int = 1) -> None:
        """Some more parts of an entry point are asked for."""
        self.parts[whole] += parts

    def done(self, whole: str, since: datetime) -> None:
        """A part has answered. One that fails never does, and leaves the gap open."""
        self.parts[whole] -= 1
        if self.parts[whole] == 0:
            self.covered(whole, since)

    def _open(self) -> list[dict[str, Any]]:
        return [gap for gap in self.spider.run.gaps if not gap["filled_by"]]
