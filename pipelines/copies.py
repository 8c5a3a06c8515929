"""Which article is a copy of which: derived after the write, so that any order of arrival gives the same answer.

For an article, `copy_of` is the earliest article, by (published.at, first_seen, _id), whose text it repeats, and `reuses`
are the earlier ones whose text stands inside its own. Both are functions of the set of articles alone: a new article
settles its own fields and those of the later articles that it precedes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from archive.records import Outcome
from pipelines.identity import NOMINATED, Comparison, containment

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Compare = Callable[[str, str], Awaitable[Comparison]]

_FIELDS = {
    "text_hash": 1,
    "sketch": 1,
    "published.at": 1,
    "first_seen": 1,
    "copy_of": 1,
    "copy_kind": 1,
    "reuses": 1,
}
_MAX_CANDIDATES = 200


async def derive(database: Database, ids: Iterable[str], compare_texts: Compare) -> set[str]:
    """Settle `copy_of`, `copy_kind` and `reuses` of articles just written and of those that repeat them.

    Args:
        database: with the articles written.
        ids: of the new or changed articles.
        compare_texts: `identity.compare`, awaited (it runs in a worker process).
    Returns:
        The `_id`s of all articles whose fields were set, themselves and others.
    """
    written = sorted(set(ids))
    if not written:
        return set()
    articles = {
        document["_id"]: document async for document in database.articles.find({"_id": {"$in": written}}, _FIELDS)
    }
    candidates = await _candidates(database, articles)
    # Articles that were copies of what one of these said before it changed, and those that may be copies of it now.
    pointing = {"$or": [{"copy_of": {"$in": written}}, {"reuses": {"$in": written}}]}
    others = {document["_id"]: document async for document in database.articles.find(pointing, _FIELDS)}
    for nominated in candidates.values():
        others |= {document["_id"]: document for document in nominated}
    others = {name: document for name, document in others.items() if name not in articles}
    candidates |= await _candidates(database, others)
    related = articles | others
    earlier = {
        name: [candidate for candidate in candidates[name] if order(candidate) < order(document)]
        for name, document in related.items()
    }
    texts = await _texts(database, {name for name, before in earlier.items() if before}, earlier)
    changed: set[str] = set()
    changes: list[UpdateOne] = []
    standings: list[UpdateMany] = []
    for name, document in sorted(related.items()):
        derived = await _derived(name, earlier[name], texts, compare_texts)
        if any(document[field] != value for field, value in derived.items()):
            changed.add(name)
            changes.append(UpdateOne({"_id": name}, {"$set": derived}))
            standing = Outcome.COPY if derived["copy_of"] else Outcome.STORED
            query = {"article": name, "outcome": {"$in": [Outcome.COPY, Outcome.STORED]}}
            standings.append(UpdateMany(query, {"$set": {"outcome": standing}}))
    if changes:
        await database.articles.bulk_write(changes, ordered=False)
        await database.urls.bulk_write(standings, ordered=False)
    return changed


async def _candidates(database: Database, articles: dict[str, Document]) -> dict[str, list[Document]]:
    """For each article those whose text may be its own, nominated by hash and sketch: the likeliest, in the fixed order."""
    hashes = sorted({document["text_hash"] for document in articles.values()} - {""})
    sketches = sorted({value for document in articles.values() for value in document["sketch"]})
    found: dict[str, Document] = {}
    if hashes or sketches:
        query = {"$or": [{"text_hash": {"$in": hashes}}, {"sketch": {"$in": sketches}}]}
        found = {document["_id"]: document async for document in database.articles.find(query, _FIELDS)}
    return {name: _nominated(document, found.values()) for name, document in articles.items()}


def _nominated(article: Document, others: Iterable[Document]) -> list[Document]:
    likely = []
    own = set(article["sketch"])
    for other in others:
        if other["_id"] == article["_id"]:
            continue
        same = bool(article["text_hash"]) and other["text_hash"] == article["text_hash"]
        if not same and own.isdisjoint(other["sketch"]):
            continue
        likeness = containment(other["sketch"], article["sketch"])
        if same or likeness >= NOMINATED:
            likely.append((-likeness, order(other), other))
    return sorted((other for _, _, other in sorted(likely)[:_MAX_CANDIDATES]), key=order)


async def _texts(database: Database, later: set[str], earlier: dict[str, list[Document]]) -> dict[str, str]:
    """The texts that are to be compared."""
    wanted = sorted(later | {document["_id"] for name in later for document in earlier[name]})
    if not wanted:
        return {}
    found = database.articles.find({"_id": {"$in": wanted}}, {"text": 1})
    return {document["_id"]: document["text"] async for document in found}


async def _derived(name: str, earlier: list[Document], texts: dict[str, str], compare_texts: Compare) -> Document:
    """The derived fields of one article, given the earlier ones whose text may be its own."""
    copy_of, copy_kind, reuses = None, None, []
    for document in earlier:
        comparison = await compare_texts(texts[document["_id"]], texts[name])
        if comparison.is_copy and copy_of is None:
            copy_of, copy_kind = document["_id"], comparison.kind
        elif comparison.kind == "reuses":
            reuses.append(document["_id"])
    return {"copy_of": copy_of, "copy_kind": copy_kind, "reuses": sorted(reuses)}


def order(article: Document) -> tuple[datetime, datetime, str]:
    """The order by which one of two equal texts is the original: published.at, first_seen, _id.

    An article without a date takes its place by when it was first seen.
    """
    published = article.get("published")
    return (published["at"] if published else article["first_seen"], article["first_seen"], article["_id"])
