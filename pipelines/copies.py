"""Which article is a copy of which: derived after the write, so that any order of arrival gives the same answer.

For an article, `copy_of` is the earliest article, by (published.at, first_seen, _id), whose text it repeats, and `reuses`
are the earlier ones whose text stands inside its own. Both are functions of the set of articles alone: a new article
settles its own fields, and its place in those of the later articles that it precedes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from archive.records import Outcome
from pipelines.identity import Comparison
from pipelines.nominate import FIELDS, nominate, order

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Compare = Callable[[str, str], Awaitable[Comparison]]

_DERIVED = ("copy_of", "copy_kind", "reuses")
# How often another process may get in between.
_ATTEMPTS = 5


async def derive(
    database: Database, ids: Iterable[str], compare_texts: Compare, *, interrupted: bool = False
) -> set[str]:
    """Settle `copy_of`, `copy_kind` and `reuses` of articles just written and of those that repeat them.

    Args:
        database: with the articles written.
        ids: of the new or changed articles.
        compare_texts: `identity.compare`, awaited (it runs in a worker process).
        interrupted: whether a process died over them: what their articles say already, the ledger may not know.
    Returns:
        The `_id`s of all articles whose fields are other than before, themselves and others.
    """
    changed: set[str] = set()
    written = set(ids)
    missed = set(written) if interrupted else set()
    for _ in range(_ATTEMPTS):
        if not written:
            break
        derived, missed = await _derive(database, sorted(written), missed, compare_texts)
        changed |= derived
        written = missed
    return changed


async def _derive(
    database: Database, written: list[str], missed: set[str], compare_texts: Compare
) -> tuple[set[str], set[str]]:
    """One round: the articles that were set, and those that another process has changed meanwhile.

    Args:
        missed: of the round before; they are written whatever they say.
    """
    whole = await _by_id(database, {"_id": {"$in": written}})
    new = set(whole)
    # What was said of them before they changed may not hold any more.
    whole |= await _by_id(database, {"$or": [{"copy_of": {"$in": written}}, {"reuses": {"$in": written}}]})
    candidates = await nominate(database, whole.values())
    earlier = {name: [one for one in candidates[name] if order(one) < order(whole[name])] for name in whole}
    # Articles that come after a new one, and say nothing of it yet: it is all that can change for them.
    later: dict[str, Document] = {}
    for name in new:
        for other in candidates[name]:
            if other["_id"] not in whole and order(whole[name]) < order(other):
                later[other["_id"]] = other
                earlier.setdefault(other["_id"], []).append(whole[name])
    texts = await _texts(database, earlier)
    # One may have been withdrawn meanwhile.
    earlier = {name: [one for one in before if one["_id"] in texts] for name, before in earlier.items()}
    earlier = {name: before for name, before in earlier.items() if name in texts or not before}
    originals = await _by_id(database, {"_id": {"$in": [other["copy_of"] for other in later.values()]}})

    async def settled(name: str) -> tuple[Document, Document]:
        document = whole.get(name) or later[name]
        before = sorted(earlier[name], key=order)
        kinds = await asyncio.gather(*(compare_texts(texts[one["_id"]], texts[name]) for one in before))
        found = _found(before, kinds)
        if name in later:
            found = _joined(document, found, originals.get(document["copy_of"]), {one["_id"]: one for one in before})
        return document, found

    results = await asyncio.gather(*(settled(name) for name in sorted(earlier)))
    differing = {old["_id"] for old, found in results if any(old[field] != found[field] for field in _DERIVED)}
    done, lost = await _write(database, [(old, found) for old, found in results if old["_id"] in missed | differing])
    return done & differing, lost | await _overtaken(database, {name: earlier[name] for name in done})


async def _overtaken(database: Database, earlier: dict[str, list[Document]]) -> set[str]:
    """The articles of which something was said by others that have changed or gone since they were read.

    What changes later than this finds what was said, and derives it anew itself.
    """
    read = {one["_id"]: one for before in earlier.values() for one in before}
    now = await _by_id(database, {"_id": {"$in": list(read)}}) if read else {}
    stale = {name for name, one in read.items() if name not in now or _state(now[name]) != _state(one)}
    return {name for name, before in earlier.items() if not stale.isdisjoint(one["_id"] for one in before)}


def _state(article: Document) -> tuple[Any, ...]:
    return article["version"], article["text_hash"], order(article)


def _found(before: list[Document], comparisons: list[Comparison]) -> Document:
    """What derives from the comparisons of an article with earlier ones, given in the fixed order."""
    found: Document = {"copy_of": None, "copy_kind": None, "reuses": []}
    for one, comparison in zip(before, comparisons, strict=True):
        if comparison.is_copy and found["copy_of"] is None:
            found["copy_of"], found["copy_kind"] = one["_id"], comparison.kind
        elif comparison.kind == "reuses":
            found["reuses"].append(one["_id"])
    found["reuses"].sort()
    return found


def _joined(document: Document, found: Document, original: Document | None, new: dict[str, Document]) -> Document:
    """What an article says already, with what derives from some new ones that precede it."""
    copy = {name: document[name] for name in ("copy_of", "copy_kind")}
    if found["copy_of"] is not None and (original is None or order(new[found["copy_of"]]) < order(original)):
        copy = {name: found[name] for name in ("copy_of", "copy_kind")}
    return {**copy, "reuses": sorted({*document["reuses"], *found["reuses"]})}


async def _write(database: Database, changes: list[tuple[Document, Document]]) -> tuple[set[str], set[str]]:
    """Set what was derived, where nobody has set it meanwhile; what was set, and what was not."""
    if not changes:
        return set(), set()
    sets, standings = [], []
    for old, found in changes:
        seen = {name: old[name] for name in ("text_hash", *_DERIVED)}
        # Its story is to be derived anew: `pipelines.stories`.
        sets.append(UpdateOne({"_id": old["_id"], **seen}, {"$set": found | {"story": None}}))
        standing = Outcome.COPY if found["copy_of"] else Outcome.STORED
        query = {"article": old["_id"], "outcome": {"$in": [Outcome.COPY, Outcome.STORED]}}
        standings.append(UpdateMany(query, {"$set": {"outcome": standing}}))
    names = {old["_id"] for old, _ in changes}
    written = await database.articles.bulk_write(sets, ordered=False)
    if written.matched_count < len(sets):
        return names, names
    await database.urls.bulk_write(standings, ordered=False)
    return names, set()


async def _by_id(database: Database, query: Document) -> dict[str, Document]:
    return {document["_id"]: document async for document in database.articles.find(query, FIELDS)}


async def _texts(database: Database, earlier: dict[str, list[Document]]) -> dict[str, str]:
    """The texts that are to be compared."""
    wanted = {name for name, before in earlier.items() if before}
    wanted |= {one["_id"] for before in earlier.values() for one in before}
    if not wanted:
        return {}
    found = database.articles.find({"_id": {"$in": sorted(wanted)}}, {"text": 1})
    return {document["_id"]: document["text"] async for document in found}
