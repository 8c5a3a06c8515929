"""Which stored articles may have the text of another: found by hash and sketch, at a cost that stays flat as the archive grows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bson import Int64
from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from pipelines.identity import NOMINATED, containment

Document = dict[str, Any]
Database = AsyncDatabase[Document]

FIELDS = {
    "version": 1,
    "text_hash": 1,
    "sketch": 1,
    "published.at": 1,
    "first_seen": 1,
    "copy_of": 1,
    "copy_kind": 1,
    "reuses": 1,
}
"""What is read of an article to nominate it and to set what derives from it."""

_COMPARED = {"text_hash": 1, "sketch": 1}
_MAX_CANDIDATES = 200
#: A shingle of more articles than this is a phrase of the trade, and nominates none (in 5,800 real Arabic articles the
#: commonest stands in 147, and 91 % of a sketch in fewer than five).
COMMON = 40
#: How many articles are looked at: a full answer is a sign of such a shingle, and is asked for wider only where there is none.
_LOOKS = (100, 400, 2000)
_SIDE_BY_SIDE = 8


async def nominate(database: Database, articles: Iterable[Document]) -> dict[str, list[Document]]:
    """For each article those whose text may be its own: the likeliest, in the fixed order.

    Hashes that are known to be over-common are not asked for, as long as half of a text's sketch is left.

    Args:
        articles: documents with `FIELDS`.
    Returns:
        `_id` → documents with `FIELDS`, at most 200.
    """
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(article: Document) -> tuple[str, list[Document]]:
        async with gate:
            likely = _likely(article, await _sharing(database, article))
            # Most of those that share a hash share nothing else, and are not read any further.
            query = {"_id": {"$in": list(likely)}}
            found = await database.articles.find(query, FIELDS).to_list() if likely else []
            found.sort(key=lambda other: (-likely[other["_id"]], order(other)))
            return article["_id"], sorted(found[:_MAX_CANDIDATES], key=order)

    return dict(await asyncio.gather(*(one(article) for article in articles)))


async def _sharing(database: Database, article: Document) -> list[Document]:
    """The articles that share an article's text or one of its rarer hashes; of more than 2,000 any 2,000."""
    either: list[Document] = [{"text_hash": article["text_hash"]}] if article["text_hash"] else []
    known = await known_commons(database)
    looks = iter(_LOOKS)
    look = next(looks)
    while True:
        asked = _rarer(article["sketch"], known)
        if not either and not asked:
            return []
        query = {"$or": [*either, {"sketch": {"$in": asked}}]}
        found = await database.articles.find(query, _COMPARED).limit(look).to_list()
        if len(found) < look:
            return found
        counted = Counter(value for document in found for value in set(document["sketch"]).intersection(asked))
        common = {value for value, count in counted.items() if count > COMMON} - known
        if common:
            known |= common
            writes: list[ReplaceOne[Document]] = [
                ReplaceOne({"_id": Int64(value)}, {}, upsert=True) for value in sorted(common)
            ]
            await database.commons.bulk_write(writes, ordered=False)
        else:
            look = next(looks, 0)
        if not look:
            return found


def _rarer(sketch: list[int], common: set[int]) -> list[int]:
    rare = [value for value in sketch if value not in common]
    # A text of nothing but common phrases must still be found.
    missing = len(sketch) // 2 - len(rare)
    return rare + [value for value in sketch if value in common][: max(0, missing)]


def _likely(article: Document, others: Iterable[Document]) -> dict[str, float]:
    """The `_id`s of those worth comparing, with their likeness."""
    likely = {}
    own = set(article["sketch"])
    for other in others:
        same = bool(article["text_hash"]) and other["text_hash"] == article["text_hash"]
        if other["_id"] == article["_id"] or not (same or own.intersection(other["sketch"])):
            continue
        likeness = containment(other["sketch"], article["sketch"])
        if same or likeness >= NOMINATED:
            likely[other["_id"]] = likeness
    return likely


def order(article: Document) -> tuple[datetime, datetime, str]:
    """The order by which one of two equal texts is the original: published.at, first_seen, _id.

    An article without a date takes its place by when it was first seen.
    """
    published = article.get("published")
    return (published["at"] if published else article["first_seen"], article["first_seen"], article["_id"])


_COMMONS: dict[tuple[int, str], set[int]] = {}


async def known_commons(database: Database) -> set[int]:
    """The over-common hashes that any process has met in a database; once common, always common."""
    key = (hash(database.client), database.name)
    if key not in _COMMONS:
        found = {document["_id"] async for document in database.commons.find()}
        _COMMONS.setdefault(key, found)
    return _COMMONS[key]
