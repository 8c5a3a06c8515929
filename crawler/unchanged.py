"""Which entry points may be asked whether they have changed at all, with the validators of their last answer.

"Unchanged" must mean that there is nothing to learn. So validators are kept of an answer that was read whole, all of whose
articles are in the ledger, by a crawl that came to its end; and they are used by a crawl that would read it in the same way.
"""

from __future__ import annotations

from typing import Any

import xxhash
from scrapy.http import Response

from crawler.middlewares import conditional
from sources.model import Source

_PREFIX = "validators "


class EntryValidators:
    """The validators of an outlet's entry points, in its cursor under `validators ADDRESS`.

    Attributes:
        cursor: as read at the start of the crawl.
        whole: whether the crawl takes every article that an entry point names. A window leaves some out, which a 304 would
            hide from a later crawl.
    """

    def __init__(self, source: Source, cursor: dict[str, Any], *, whole: bool) -> None:
        self.cursor = cursor
        self.whole = whole
        # Under other patterns the same feed names other articles.
        said = repr((source.articles, source.identity, source.entry.links))
        self.patterns = xxhash.xxh3_64_hexdigest(said.encode())
        self.told: dict[str, dict[str, Any] | None] = {}

    def held(self, entry: str) -> dict[str, Any] | None:
        """What an entry point may be asked with, for a request's meta; None where it is to be read in any case."""
        held: dict[str, Any] | None = self.cursor.get(_PREFIX + entry)
        return held if held is not None and self.whole and held["patterns"] == self.patterns else None

    def keep(self, response: Response) -> None:
        """Remember what an entry point came with that was read whole."""
        if not self.whole:
            return
        held = conditional.held_after(response)
        # A part of it that failed before it was its own end stays failed.
        self.told.setdefault(response.meta["entry"], held | {"patterns": self.patterns} if held else None)

    def forget(self, entry: str) -> None:
        """An entry point could not be read whole: the next crawl reads it, whatever the server says."""
        self.told[entry] = None

    def state(self, *, finished: bool) -> dict[str, dict[str, Any] | None]:
        """The entries of the cursor that change with this crawl; None for those to be forgotten."""
        return {_PREFIX + entry: state for entry, state in self.told.items() if state is None or finished}
