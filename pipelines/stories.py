"""Which articles tell one event: derived after the write, so that any order of arrival gives the same stories.

`ties` of an article are the earlier ones that tell the same event (`ties.compare`), `story` is the first report of its story and
`follows` what led it there (`settling`). All three are functions of the set of articles alone. Candidates are found by index:
those that share some of an article's telling terms within some days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.write_concern import WriteConcern

from archive import postings
from archive.shelf import between, keys_mark, least, seconds
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

_WITH_TIES = {name: 1 for name in _PLACE if not name.startswith("ties.")} | {"ties": 1}
_READ = _TOLD | _WITH_TIES
_UNDATED = {"$gte": least(0), "$lt": least(1)}


async def derive(database: Database, ids: Iterable[str]) -> set[str]:
    """Settle `ties`, `story` and `follows` of articles just written, changed or removed, and of those that hang on them.

    To be called after `copies.derive`, with the articles that it changed among the `ids`, by one crawl at a time
    (`derived.rederive`).

    Returns:
        The `_id`s of all articles whose ties or story were set, themselves and others.
    """
    changed = set(ids)
    # Derived again where it is lost, so that nobody need wait for the disk; in order, the stories of what has none yet last.
    database = database.with_options(write_concern=WriteConcern(w=1))
    written = await database.articles.find({"_id": {"$in": sorted(changed)}}, _READ).to_list()
    articles = {document["_id"]: document for document in written}
    shelf = _Shelf(database)
    for document in articles.values():
        shelf.put(document)
    nominated, hanging = await asyncio.gather(
        _nominated(database, articles), shelf.read_hanging(sorted(changed), _WITH_TIES)
    )
    pointed = [
        document
        for document in hanging
        if document["_id"] not in changed and any(entry["with"] in changed for entry in document["ties"])
    ]
    own, later = _ties(articles, nominated, shelf)
    tied, updates = _retied(articles, pointed, own, later, shelf, changed)
    settled = await settle(shelf, tied | changed)
    fields: dict[str, Document] = {name: {"ties": entries} for name, entries in own.items() if name in tied}
    upstream = []
    for place in settled:
        standing = {"story": place.story, "follows": place.follows, "through": place.through}
        if place.id in changed:
            fields[place.id] = fields.get(place.id, {}) | standing
        elif place.id not in shelf.pending:
            upstream.append(UpdateOne(shelf.read[place.id], {"$set": standing}))
    # Whatever is cut off is settled again, as long as what it hangs on differs still: the last of a cascade is written first,
    # what is pending last. What has been marked as pending since it was read stays so: whoever marked it may have died.
    updates = [*upstream[::-1], *updates, *(UpdateOne(shelf.read[name], {"$set": it}) for name, it in fields.items())]
    if updates:
        await database.articles.bulk_write(updates)
    return tied | {place.id for place in settled}


def _ties(
    articles: dict[str, Document], nominated: dict[str, list[Document]], shelf: _Shelf
) -> tuple[dict[str, list[Document]], dict[str, dict[str, Document]]]:
    """What each article's ties are to be, and by later article those that are new with one of these. All go on the shelf."""
    known = {name: as_told(document) for name, document in articles.items()}
    own: dict[str, list[Document]] = {name: [] for name in articles}
    later: dict[str, dict[str, Document]] = {}
    for name, document in articles.items():
        for candidate in nominated[name]:
            # It may be asked for as another's tie or as the first of a story.
            shelf.put(candidate)
            other = known[candidate["_id"]] if candidate["_id"] in known else as_told(candidate)
            known[other.id] = other
            tie = compare(known[name], other)
            if tie.score < TIED:
                continue
            if order(candidate) < order(document):
                own[name].append(_stored(other.id, tie))
            elif other.id not in articles:
                later.setdefault(other.id, {})[name] = _stored(name, tie)
    return own, later


def _retied(
    articles: dict[str, Document],
    pointed: list[Document],
    own: dict[str, list[Document]],
    later: dict[str, dict[str, Document]],
    shelf: _Shelf,
    changed: set[str],
) -> tuple[set[str], list[UpdateOne]]:
    """The `_id`s of those whose ties are other than before, and the updates of the `later` ones; the shelf is told.

    Args:
        pointed: other articles that were tied to one of the changed.
        own, later: as `_ties` gives them.
        changed: `_id`s of the articles, and of those that have gone.
    """
    updates = []
    retied = set()
    for name, entries in own.items():
        entries.sort(key=lambda entry: str(entry["with"]))
        if entries != articles[name]["ties"]:
            retied.add(name)
            shelf.tie(name, {entry["with"]: entry["score"] for entry in entries})
    before = {document["_id"]: document["ties"] for document in pointed}
    for name in sorted(before.keys() | later.keys()):
        entries = sorted(later.get(name, {}).values(), key=lambda entry: str(entry["with"]))
        outdated = [entry for entry in before.get(name, []) if entry["with"] in changed]
        if entries == outdated:
            continue
        retied.add(name)
        kept = {other: score for other, score in shelf.places[name].ties.items() if other not in changed}
        shelf.tie(name, kept | {entry["with"]: entry["score"] for entry in entries})
        # Two steps on these ties alone: another process may set others of the same article.
        if outdated:
            updates.append(UpdateOne({"_id": name}, {"$pull": {"ties": {"with": {"$in": sorted(changed)}}}}))
        if entries:
            updates.append(UpdateOne({"_id": name}, {"$push": {"ties": {"$each": entries, "$sort": {"with": 1}}}}))
    return retied, updates


async def _nominated(database: Database, articles: dict[str, Document]) -> dict[str, list[Document]]:
    """The candidates of each of some articles: what may tell the same event; of texts told again, the first.

    They lie within the window, and share three telling terms or an address: an article's own, or that of its translation.
    """
    asking = sorted((one for one in articles.values() if one["copy_of"] is None), key=order)
    if not asking:
        return {name: [] for name in articles}
    addresses = {one["_id"]: {one["url"], *one["twins"].values()} for one in asking}
    runs = list(_runs(asking))
    spans = [(order(run[0])[0] - WINDOW, order(run[-1])[0] + WINDOW) for run in runs]
    printed = await postings.keyed(database.articles, [_UNDATED, *(between(*span) for span in spans)])
    undated = printed[: printed["row"]["at"].searchsorted(1)]
    sharing: dict[str, set[bytes]] = {}
    wanted: list[Document] = []
    for run, (since, until) in zip(runs, spans, strict=True):
        for article in run:
            own = keys_mark(article["story_keys"])
            sharing[article["_id"]] = _sharing(own, _about(printed, order(article)[0])) | _sharing(own, undated)
        within = {"$gte": since, "$lte": until}
        named = {"$in": sorted(set().union(*(addresses[article["_id"]] for article in run)))}
        wanted += [
            {"search.shelf": {"$in": sorted(set().union(*(sharing[article["_id"]] for article in run)))}},
            {"story_keys": named, "published.at": within},
            {"story_keys": named, "published.at": None, "first_seen": within},
        ]
    found = await database.articles.find({"$or": wanted}, _TOLD | _PLACE | {"search.shelf": 1}).to_list()
    by: dict[bytes | str, dict[str, Document]] = {}
    for other in found:
        for key in (other["search"]["shelf"], *other["story_keys"]):
            by.setdefault(key, {})[other["_id"]] = other

    def candidates(article: Document) -> Iterator[Document]:
        at, keys, own = order(article)[0], set(article["story_keys"]), addresses[article["_id"]]
        near: dict[str, Document] = {}
        for key in sharing[article["_id"]] | own:
            near |= by.get(key, {})
        for other in near.values():
            shared = keys.intersection(other["story_keys"])
            is_near = abs(order(other)[0] - at) <= WINDOW and other["copy_of"] is None
            if is_near and (len(shared) >= NOMINATED or not own.isdisjoint(other["story_keys"])):
                yield other

    nominated = {
        article["_id"]: [other for other in candidates(article) if other["_id"] != article["_id"]] for article in asking
    }
    return {name: nominated.get(name, []) for name in articles}


def _about(printed: postings.Rows, at: datetime) -> postings.Rows:
    """What was printed within the window around an instant, of marks in their order."""
    seconds_of = printed["row"]["at"]
    low, high = seconds(at - WINDOW), seconds(at + WINDOW)
    return printed[seconds_of.searchsorted(low) : seconds_of.searchsorted(high, "right")]


def _sharing(own: bytes, others: postings.Rows) -> set[bytes]:
    """The shelf marks of those that share enough telling terms with an article, whose own `keys_mark` gives."""
    terms = np.frombuffer(own, "<u4")
    shared = np.isin(others["keys"], terms[terms > 0]).sum(axis=1)
    return {others["row"][place].tobytes() for place in np.flatnonzero(shared >= NOMINATED)}


def _runs(articles: Iterable[Document]) -> Iterator[list[Document]]:
    """Articles in order, in runs whose windows touch."""
    run: list[Document] = []
    for article in articles:
        if run and order(article)[0] - order(run[-1])[0] > 2 * WINDOW:
            yield run
            run = []
        run.append(article)
    if run:
        yield run


def as_told(document: Document) -> Told:
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
    """The articles of the archive as places, each read once; their ties as they are to be."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.places: dict[str, Place] = {}
        #: The queries that find them as long as nobody has said that they are copies, or are to be derived anew.
        self.read: dict[str, Document] = {}
        #: Those that are not derived yet, by this process or by another: theirs is to say what story they are of.
        self.pending: set[str] = set()
        self._asked: set[str] = set()
        self._hung: dict[str, dict[str, Place]] = {}

    async def get(self, ids: Collection[str]) -> dict[str, Place]:
        missing = [name for name in ids if name not in self.places]
        if missing:
            await self._find({"_id": {"$in": missing}}, _PLACE)
        return {name: self.places[name] for name in ids if name in self.places}

    async def hanging(self, ids: Collection[str]) -> list[Place]:
        missing = sorted(set(ids) - self._asked)
        if missing:
            await self.read_hanging(missing, _PLACE)
        return [place for name in ids for place in self._hung.get(name, {}).values()]

    async def read_hanging(self, ids: list[str], fields: Document) -> list[Document]:
        """What is `hanging`, as documents."""
        self._asked.update(ids)
        on = ("ties.with", "copy_of", "story", "follows", "through")
        return await self._find({"$or": [{field: {"$in": ids}} for field in on]}, fields)

    async def _find(self, query: Document, fields: Document) -> list[Document]:
        found = await self.database.articles.find(query, fields).to_list()
        for document in found:
            self.put(document)
        return found

    def put(self, document: Document) -> None:
        """Enter an article that was read, unless it is there."""
        if document["_id"] not in self.places:
            ties = {entry["with"]: entry["score"] for entry in document["ties"]}
            standing = document["story"], document["follows"], document["through"]
            place = Place(order(document), document["copy_of"], ties, *standing)
            self.places[place.id] = place
            self.read[place.id] = {name: document[name] for name in ("_id", "copy_of", "story")}
            if place.story is None:
                self.pending.add(place.id)
            self._hang(place, *ties, place.copy_of, *standing)

    def tie(self, name: str, scores: dict[str, float]) -> None:
        """Set the ties of an article that is there."""
        place = self.places[name]
        place.ties = scores
        self._hang(place, *scores)

    def _hang(self, place: Place, *others: str | None) -> None:
        for other in others:
            if other is not None:
                self._hung.setdefault(other, {})[place.id] = place
