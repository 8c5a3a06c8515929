"""Which article is a copy of which: derived after the write, so that any order of arrival gives the same answer.

For an article, `copy_of` is the earliest article, by (published.at, first_seen, _id), whose text it repeats, and `reuses`
are the earlier ones whose text stands inside its own. Both are functions of the set of articles alone: each new article
settles its own fields and those of the later articles that it precedes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from archive.records import Outcome
from pipelines.identity import NOMINATED, Comparison, containment

Document = dict[str, Any]
Compare = Callable[[str, str], Awaitable[Comparison]]

_FIELDS = {"text_hash": 1, "sketch": 1, "published.at": 1, "first_seen": 1, "copy_of": 1, "copy_kind": 1, "reuses": 1}
_MAX_CANDIDATES = 200


async def derive(database: AsyncDatabase[Document], ids: Iterable[str], compare_texts: Compare) -> set[str]:
    """Settle `copy_of`, `copy_kind` and `reuses` of articles just written and of those that repeat them.

    Args:
        database: with the articles written.
        ids: of the new or changed articles.
        compare_texts: `identity.compare`, awaited (it runs in a worker process).
    Returns:
        The `_id`s of all articles whose fields it has set, themselves and others.
    """
    touched: set[str] = set()
    for article_id in sorted(set(ids)):
        article = await database.articles.find_one({"_id": article_id}, _FIELDS)
        if article is None:
            continue
        related = {article_id} | await _pointing_at(database, article_id)
        related |= {candidate["_id"] for candidate in await _candidates(database, article)}
        for one in sorted(related):
            if await _settle(database, one, compare_texts):
                touched.add(one)
    return touched


async def _pointing_at(database: AsyncDatabase[Document], article_id: str) -> set[str]:
    """Articles that were copies of this one's text, as it was before a change."""
    pointing = database.articles.find({"$or": [{"copy_of": article_id}, {"reuses": article_id}]}, {"_id": 1})
    return {document["_id"] async for document in pointing}


async def _candidates(database: AsyncDatabase[Document], article: Document) -> list[Document]:
    """The articles whose text may be this one's, nominated by hash and sketch: the likeliest, in the fixed order."""
    same: list[Document] = [{"text_hash": article["text_hash"]}] if article["text_hash"] else []
    shared: list[Document] = [{"sketch": {"$in": article["sketch"]}}] if article["sketch"] else []
    if not same and not shared:
        return []
    found = database.articles.find({"_id": {"$ne": article["_id"]}, "$or": same + shared}, _FIELDS)
    nominated = []
    async for document in found:
        likeness = containment(document["sketch"], article["sketch"])
        if likeness >= NOMINATED or document["text_hash"] == article["text_hash"]:
            nominated.append((-likeness, order(document), document))
    return sorted((document for _, _, document in sorted(nominated)[:_MAX_CANDIDATES]), key=order)


async def _settle(database: AsyncDatabase[Document], article_id: str, compare_texts: Compare) -> bool:
    """Recompute the derived fields of one article; whether they have changed."""
    article = await database.articles.find_one({"_id": article_id}, _FIELDS)
    if article is None:
        return False
    copy_of, copy_kind, reuses = None, None, []
    earlier_ones = [
        candidate for candidate in await _candidates(database, article) if order(candidate) < order(article)
    ]
    own_text = await _text(database, article) if earlier_ones else ""
    for earlier in earlier_ones:
        comparison = await compare_texts(await _text(database, earlier), own_text)
        if comparison.is_copy and copy_of is None:
            copy_of, copy_kind = earlier["_id"], comparison.kind
        elif comparison.kind == "reuses":
            reuses.append(earlier["_id"])
    derived = {"copy_of": copy_of, "copy_kind": copy_kind, "reuses": sorted(reuses)}
    if all(article[name] == value for name, value in derived.items()):
        return False
    outcome = Outcome.COPY if copy_of else Outcome.STORED
    await database.articles.update_one({"_id": article_id}, {"$set": derived})
    await database.urls.bulk_write(
        [
            UpdateOne({"article": article_id, "outcome": other}, {"$set": {"outcome": outcome}})
            for other in (Outcome.COPY, Outcome.STORED)
            if other is not outcome
        ]
    )
    return True


async def _text(database: AsyncDatabase[Document], article: Document) -> str:
    document = await database.articles.find_one({"_id": article["_id"]}, {"text": 1})
    return str(document["text"]) if document else ""


def order(article: Document) -> tuple[datetime, datetime, str]:
    """The order by which one of two equal texts is the original: published.at, first_seen, _id.

    An article without a date takes its place by when it was first seen.
    """
    published = article.get("published")
    return (published["at"] if published else article["first_seen"], article["first_seen"], article["_id"])
