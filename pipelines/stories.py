"""Which articles tell one event: derived after the write, so that any order of arrival gives the same stories.

`ties` of an article are the earlier ones that tell the same event (`ties.compare`), `story` is the first report of its story and
`follows` what led it there (`settling`). All three are functions of the set of articles alone. Candidates are found by index:
those that share one of an article's telling terms within some days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.write_concern import WriteConcern

from language.rarity import rarity
from pipelines import ties
from pipelines.nominate import order
from pipelines.settling import Place, settle
from pipelines.ties import NOMINATED, TIED, WINDOW, Told, compare

Document = dict[str, Any]
Database = AsyncDatabase[Document]

_TOLD = dict.fromkeys(
    ("lang", "url", "twins", "terms", "published.at", "first_seen", "copy_of", "reuses", "story_keys"), 1
)
_PLACE = dict.fromkeys(
    ("published.at", "first_seen", "copy_of", "story", "follows", "through", "ties.with", "ties.score"), 1
)

_AT_ONCE = 200
"""Articles left without a story by an earlier process that are taken along, at most."""


async def derive(database: Database, ids: Iterable[str]) -> set[str]:
    """Settle `ties`, `story` and `follows` of articles just written, changed or removed, and of those that hang on them.

    To be called after `copies.derive`, with the articles that it changed among the `ids`, by one crawl at a time
    (`derived.rederive`). What an earlier process has written and not derived is found by its `story`, which is null.

    Returns:
        The `_id`s of all articles whose ties or story were set, themselves and others.
    """
    named = set(ids)
    # Derived again where it is lost, so that nobody need wait for the disk; in order, the stories of what has none yet last.
    database = database.with_options(write_concern=WriteConcern(w=1))
    waiting = database.articles.find({"story": None, "story_keys.0": {"$exists": True}}, _TOLD | {"ties": 1})
    written = database.articles.find({"_id": {"$in": sorted(named)}}, _TOLD | {"ties": 1})
    found = await asyncio.gather(waiting.limit(_AT_ONCE).to_list(), written.to_list())
    articles = {document["_id"]: document for documents in found for document in documents}
    changed = named | articles.keys()
    if not changed:
        return set()
    shelf = _Shelf(database)
    tied = await _tie(database, articles, sorted(changed), shelf)
    settled = await settle(shelf, tied | changed)
    updates = [
        UpdateOne(
            {"_id": place.id}, {"$set": {"story": place.story, "follows": place.follows, "through": place.through}}
        )
        for place in sorted(settled, key=lambda place: place.id in changed)
    ]
    if updates:
        await database.articles.bulk_write(updates)
    return tied | {place.id for place in settled}


async def _tie(database: Database, articles: dict[str, Document], changed: list[str], shelf: _Shelf) -> set[str]:
    """Set the ties of the changed articles, with earlier and with later ones; the `_id`s of those whose ties are new.

    Articles that it has read, and whose ties stay, are put on the shelf.
    """
    known = {name: _told(document) for name, document in articles.items()}
    # What each article's ties are to be, and by later article those that are new with one of the changed.
    own: dict[str, list[Document]] = {name: [] for name in articles}
    later: dict[str, dict[str, Document]] = {}
    near: dict[str, Document] = {}
    pointing = database.articles.find({"ties.with": {"$in": changed}, "_id": {"$nin": changed}}, {"ties": 1})
    nominated, pointed = await asyncio.gather(_nominated(database, articles), pointing.to_list())
    for name, document in articles.items():
        for candidate in nominated[name]:
            other = known.get(candidate["_id"]) or _told(candidate)
            tie = compare(known[name], other)
            if tie.score < TIED:
                continue
            near[other.id] = candidate
            if order(candidate) < order(document):
                own[name].append(_stored(other.id, tie))
            elif other.id not in articles:
                later.setdefault(other.id, {})[name] = _stored(name, tie)
    before = {document["_id"]: document["ties"] for document in pointed}
    updates = []
    touched = set()
    for name, entries in own.items():
        entries.sort(key=lambda entry: str(entry["with"]))
        if entries != articles[name]["ties"]:
            touched.add(name)
            updates.append(UpdateOne({"_id": name}, {"$set": {"ties": entries}}))
    gone = set(changed)
    for name in sorted(before.keys() | later.keys()):
        entries = sorted(later.get(name, {}).values(), key=lambda entry: str(entry["with"]))
        if entries == [entry for entry in before.get(name, []) if entry["with"] in gone]:
            continue
        touched.add(name)
        # Two steps on these ties alone: another process may set others of the same article.
        updates.append(UpdateOne({"_id": name}, {"$pull": {"ties": {"with": {"$in": changed}}}}))
        if entries:
            updates.append(UpdateOne({"_id": name}, {"$push": {"ties": {"$each": entries, "$sort": {"with": 1}}}}))
    if updates:
        await database.articles.bulk_write(updates)
    for name, document in near.items():
        if name not in touched and name not in articles:
            shelf.put(document)
    return touched


async def _nominated(database: Database, articles: dict[str, Document]) -> dict[str, list[Document]]:
    """The candidates of each of some articles."""
    return {name: await _candidates(database, document) for name, document in articles.items()}


async def _candidates(database: Database, article: Document) -> list[Document]:
    """The articles that may tell the same event: within the window, sharing a telling term; of texts told again, the first."""
    if article["copy_of"] is not None:
        return []
    at = order(article)[0]
    within = {"$gte": at - WINDOW, "$lte": at + WINDOW}
    keys = article["story_keys"]
    # Three shared keys, or one that is an address: an article's own, or that of its translation.
    addresses = [article["url"], *article["twins"].values()]
    words = sorted(set(keys) - set(addresses), key=lambda key: (rarity(key), key))
    # Whoever shares so many has one of these as well; the commonest keys would bring most of the window's articles.
    asked = words[NOMINATED - 1 :] + addresses
    some = {"story_keys": {"$in": asked}, "copy_of": None, "_id": {"$ne": article["_id"]}}
    shared = {"$size": {"$setIntersection": ["$story_keys", keys]}}
    enough = {"$or": [{"$expr": {"$gte": [shared, NOMINATED]}}, {"story_keys": {"$in": addresses}}]}
    dated = some | {"published.at": within} | enough
    undated = some | {"published.at": None, "first_seen": within} | enough
    return await database.articles.find({"$or": [dated, undated]}, _TOLD | _PLACE).to_list()


def _told(document: Document) -> Told:
    return Told(
        id=document["_id"],
        lang=document["lang"],
        at=order(document)[0],
        terms=document["terms"],
        url=document["url"],
        twins=frozenset(document["twins"].values()),
        copy_of=document["copy_of"],
        reuses=frozenset(document["reuses"]),
    )


def _stored(other: str, tie: ties.Tie) -> Document:
    return {"with": other, "score": tie.score, "why": [{"what": what, "part": part} for what, part in tie.why]}


class _Shelf:
    """The articles of the archive as places, each read once."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.places: dict[str, Place] = {}
        self.hung: dict[str, list[Place]] = {}

    async def get(self, ids: Collection[str]) -> dict[str, Place]:
        missing = [name for name in ids if name not in self.places]
        if missing:
            await self._find({"_id": {"$in": missing}})
        return {name: self.places[name] for name in ids if name in self.places}

    async def hanging(self, ids: Collection[str]) -> list[Place]:
        missing = sorted(name for name in ids if name not in self.hung)
        if missing:
            self.hung |= {name: [] for name in missing}
            fields = ("ties.with", "copy_of", "story", "follows", "through")
            for place in await self._find({"$or": [{field: {"$in": missing}} for field in fields]}):
                on = {*place.ties, place.copy_of, place.story, place.follows, place.through}
                for name in on.intersection(missing):
                    self.hung[str(name)].append(place)
        return [place for name in ids for place in self.hung[name]]

    async def _find(self, query: Document) -> list[Place]:
        found = []
        async for document in self.database.articles.find(query, _PLACE):
            found.append(self.put(document))
        return found

    def put(self, document: Document) -> Place:
        place = Place(
            order(document),
            document["copy_of"],
            {entry["with"]: entry["score"] for entry in document["ties"]},
            document["story"],
            document["follows"],
            document["through"],
        )
        return self.places.setdefault(place.id, place)
