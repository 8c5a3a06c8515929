"""What an archive made anew has otherwise than the archive as it stands, carried over: articles and versions, then the
ledger. Writes nothing where nothing differs.

What captures cannot know is kept: when an address was found and by whom, attempts without an answer, the `_id` of an
article, and what is derived from the whole archive. An article with a state whose capture was not read back is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from archive import ledger, pointers
from archive.ledger import Database
from archive.records import Outcome
from archive.shelf import search_field
from archive.writer import STANDING

Document = dict[str, Any]
Pointer = tuple[str, int]

_BATCH = 200
_DERIVED = ("copy_of", "copy_kind", "reuses", "ties", "story", "follows", "through")
_KEPT = ("_id", "url", *_DERIVED)
_AS_READ = ("_id", "version", "last_checked", "gone_at")
# Where one of these differs, copies and stories are derived anew, should this work never go on.
_TOLD = frozenset(("text_hash", "sketch", "terms", "story_keys", "published", "first_seen", "lang", "twins"))


@dataclass(slots=True)
class Changes:
    """What was carried over.

    Attributes:
        came, left: new articles; articles that are none of the archive's any more, by outcome.
        remade: articles with other content than before, and how many of them differ in which field.
        same: articles that came out as they stand.
        kept: articles left as they stand, because a capture of theirs was not read back, or a crawl visited them meanwhile.
        versions, urls, visits: documents written or removed.
    """

    came: int = 0
    left: Counter[str] = field(default_factory=Counter)
    remade: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    same: int = 0
    kept: int = 0
    versions: int = 0
    urls: int = 0
    visits: int = 0

    @property
    def nothing(self) -> bool:
        """Whether the archive stands as it did."""
        return not (self.came or self.left or self.remade or self.versions or self.urls or self.visits)


async def merge(made: Database, archive: Database, progress: Callable[[str, int, int], None]) -> Changes:
    """Carry what differs from the archive made anew into the archive; `made.touched` gets the `_id`s to derive copies for.

    Raises:
        pymongo.errors.PyMongoError: the server was lost; it may be called again.
    """
    changes = Changes()
    names: dict[str, str] = {}
    total = await made.articles.estimated_document_count() + await made.urls.estimated_document_count()
    done = 0
    async for articles in _batches(made, "articles"):
        await _merge_articles(made, archive, articles, names, changes)
        done += len(articles)
        progress("compare", done, total)
    async for urls in _batches(made, "urls"):
        await _merge_ledger(made, archive, urls, names, changes)
        done += len(urls)
        progress("compare", done, total)
    return changes


async def _batches(database: Database, collection: str) -> Any:
    batch: list[Document] = []
    async for document in database[collection].find().sort("_id", 1):
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


# -- articles ----------------------------------------------------------------------------------------------------------


async def _merge_articles(
    made: Database, archive: Database, articles: list[Document], names: dict[str, str], changes: Changes
) -> None:
    """Compare some articles; `names` learns under which `_id` the archive has those that it knows otherwise."""
    ids = [article["_id"] for article in articles]
    keys: dict[str, list[str]] = {name: [] for name in ids}
    async for url in made.urls.find({"article": {"$in": ids}}, {"article": 1}):
        keys[url["article"]].append(url["_id"])
    unwanted = await _unwanted(archive, keys)
    articles = [article for article in articles if article["_id"] not in unwanted]
    present = await _present(archive, articles, keys)
    versions = await _by(made, "versions", "article", ids)
    standing = await _by(archive, "versions", "article", [old["_id"] for old in present.values()])
    read_back = await _read_back(made, [key for own in keys.values() for key in own])
    writes: list[Any] = []
    version_writes: list[Any] = []
    touched: list[str] = []
    for article in articles:
        old = present.get(article["_id"])
        own = versions.get(article["_id"], [])
        if old is None:
            changes.came += 1
            changes.versions += len(own)
            writes.append(UpdateOne({"_id": article["_id"]}, {"$setOnInsert": article}, upsert=True))
            version_writes += [_put_version(version, article["_id"]) for version in own]
            touched.append(article["_id"])
            continue
        names[article["_id"]] = old["_id"]
        states = [old, *standing.get(old["_id"], [])]
        if not all(_pointer(state) in read_back for state in states):
            changes.kept += 1
            continue
        new = _handed_down(old, article)
        differing = [name for name in new if new[name] != old.get(name)]
        changed = _changed_versions(standing.get(old["_id"], []), own, old["_id"])
        if differing:
            changes.remade += 1
            changes.fields.update(differing)
            change = {name: new[name] for name in differing} | ({} if _TOLD.isdisjoint(differing) else {"story": None})
            writes.append(UpdateOne({name: old[name] for name in _AS_READ}, {"$set": change}))
            touched.append(old["_id"])
        elif not changed:
            changes.same += 1
        changes.versions += len(changed)
        version_writes += changed
    await touch(made, touched)
    if version_writes:
        await archive.versions.bulk_write(version_writes)
    if writes:
        done = await archive.articles.bulk_write(writes, ordered=False)
        # A crawl has visited them meanwhile: what it wrote is newer.
        overtaken = len(writes) - done.matched_count - done.upserted_count
        changes.remade -= overtaken
        changes.kept += overtaken


async def _unwanted(archive: Database, keys: dict[str, list[str]]) -> set[str]:
    """The articles that people have withdrawn or judged off topic since this work began."""
    addresses = [key for own in keys.values() for key in own]
    barred, judged = await ledger.withdrawn(archive, addresses), await ledger.judged(archive, addresses)
    refused = barred.keys() | {url for url, verdict in judged.items() if not verdict["relevant"]}
    return {name for name, own in keys.items() if not refused.isdisjoint(own)}


async def _present(archive: Database, articles: list[Document], keys: dict[str, list[str]]) -> dict[str, Document]:
    """The archive's own document of each article: by `_id`, else by an address that leads to it."""
    ids = list(keys)
    found = {document["_id"]: document async for document in archive.articles.find({"_id": {"$in": ids}})}
    missing = [article for article in articles if article["_id"] not in found]
    if not missing:
        return found
    addresses = [key for article in missing for key in keys[article["_id"]]]
    led = {
        url["_id"]: url["article"]
        async for url in archive.urls.find({"_id": {"$in": addresses}, "article": {"$ne": None}}, {"article": 1})
    }
    wanted = sorted(set(led.values()) - set(ids))
    others = {document["_id"]: document async for document in archive.articles.find({"_id": {"$in": wanted}})}
    urls = [article["url"] for article in missing]
    by_url = {document["url"]: document async for document in archive.articles.find({"url": {"$in": urls}})}
    for article in missing:
        old = by_url.get(article["url"])
        for key in keys[article["_id"]]:
            old = old or others.get(led.get(key, ""))
        if old is not None:
            found[article["_id"]] = old
    return found


async def _by(database: Database, collection: str, name: str, values: list[str]) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    async for document in database[collection].find({name: {"$in": values}}).sort("n", 1):
        found.setdefault(document[name], []).append(document)
    return found


async def _read_back(made: Database, keys: list[str]) -> set[Pointer]:
    """The captures that were read back of some addresses, and of those that turned out to be forms of them."""
    forms = [url["_id"] async for url in made.urls.find({"_id": {"$in": keys}}, {"_id": 1})]
    found = made.visits.find({"url": {"$in": forms}}, {"capture": 1})
    return {pointer async for visit in found if (pointer := _pointer(visit))}


def _pointer(state: Document) -> Pointer | None:
    capture = state.get("capture")
    return (capture["file"], capture["offset"]) if capture else None


def _handed_down(old: Document, made: Document) -> Document:
    """The article made anew with what the archive knows beyond its captures."""
    new = {**made, **{name: old[name] for name in _KEPT}}
    new["first_seen"] = min(old["first_seen"], made["first_seen"])
    new["last_checked"] = max(old["last_checked"], made["last_checked"])
    gone = old["gone_at"]
    if gone is not None and made["gone_at"] is None and gone > made["last_checked"]:
        new["gone_at"] = gone
    new["story_keys"] = list(dict.fromkeys([*new["story_keys"], new["url"]]))
    new["search"] = search_field(new, made["search"])
    return {**{name: value for name, value in old.items() if name not in new}, **new}


def _put_version(version: Document, article: str) -> UpdateOne:
    content = {name: value for name, value in version.items() if name not in ("_id", "article", "n")}
    return UpdateOne({"article": article, "n": version["n"]}, {"$set": content}, upsert=True)


def _changed_versions(standing: list[Document], made: list[Document], article: str) -> list[Any]:
    """The writes that make an article's earlier states those made anew."""
    before = {version["n"]: version for version in standing}
    writes: list[Any] = []
    for version in made:
        old = before.pop(version["n"], {})
        if any(old.get(name) != value for name, value in version.items() if name not in ("_id", "article")):
            writes.append(_put_version(version, article))
    writes += [DeleteOne({"article": article, "n": n}) for n in before]
    return writes


async def touch(made: Database, ids: Iterable[str]) -> None:
    """Remember articles whose copies and stories are to be derived, before they change: a kill in between must not forget them."""
    updates = [UpdateOne({"_id": name}, {"$set": {"_id": name}}, upsert=True) for name in ids]
    if updates:
        await made.touched.bulk_write(updates, ordered=False)


# -- the ledger --------------------------------------------------------------------------------------------------------


async def _merge_ledger(
    made: Database, archive: Database, urls: list[Document], names: dict[str, str], changes: Changes
) -> None:
    keys = [url["_id"] for url in urls]
    present = {document["_id"]: document async for document in archive.urls.find({"_id": {"$in": keys}})}
    unwanted = await _unwanted(archive, {key: [key] for key in keys})
    urls = [url for url in urls if url["_id"] not in unwanted]
    await _merge_visits(made, archive, [url["_id"] for url in urls], changes)
    updates: list[Any] = []
    lost: dict[str, str] = {}
    ids = [names.get(url["article"], url["article"]) for url in urls if url["article"]]
    copies = await archive.articles.distinct("_id", {"_id": {"$in": ids}, "copy_of": {"$ne": None}})
    for url in urls:
        if url["article"] is not None:
            url["article"] = names.get(url["article"], url["article"])
            if url["outcome"] in STANDING:
                url["outcome"] = Outcome.COPY if url["article"] in copies else Outcome.STORED
        old = present.get(url["_id"])
        if old is None:
            updates.append(InsertOne(url))
            continue
        change, aliases = _url_change(old, url)
        if old["article"] is not None and url["article"] is None:
            lost[old["article"]] = str(url["outcome"])
        if change or aliases:
            update: Document = {"$set": change} if change else {}
            if aliases:
                update["$addToSet"] = {"aliases": {"$each": aliases}}
            updates.append(UpdateOne({"_id": url["_id"]}, update))
    await _expel(made, archive, lost, changes)
    if updates:
        changes.urls += len(updates)
        await archive.urls.bulk_write(updates, ordered=False)


def _url_change(old: Document, made: Document) -> tuple[Document, list[str]]:
    """What differs in the ledger's document of an address, and the aliases that it lacks."""
    aliases = [alias for alias in made["aliases"] if alias not in old["aliases"]]
    wanted = {"article": made["article"]}
    settled = old["outcome_at"]
    if settled is None or settled <= made["outcome_at"]:
        wanted |= {name: made[name] for name in ("outcome", "outcome_at", "detail")}
        if old["outcome"] != made["outcome"]:
            wanted |= {name: made[name] for name in ("attempts", "next_at", "etag", "last_modified")}
    if made["rank"] != made["first_seen"]:
        wanted["rank"] = made["rank"]
    if old["outcome"] in STANDING and made["outcome"] in STANDING:
        wanted.pop("outcome", None)  # which of the two is derived from all articles
        wanted.pop("outcome_at", None)
    return {name: value for name, value in wanted.items() if old.get(name) != value}, aliases


async def _expel(made: Database, archive: Database, lost: dict[str, str], changes: Changes) -> None:
    """Take articles out to which no address leads any more; what pointed to them is derived anew."""
    if not lost:
        return
    ids = sorted(lost)
    led = {url["_id"]: url async for url in archive.urls.find({"article": {"$in": ids}}, {"article": 1})}
    still = {
        led[url["_id"]]["article"]
        async for url in made.urls.find({"_id": {"$in": sorted(led)}, "article": {"$ne": None}}, {"_id": 1})
    }
    read_back = await _read_back(made, sorted(led))
    states = await _by(archive, "versions", "article", ids)
    async for article in archive.articles.find({"_id": {"$in": ids}}, {"capture": 1}):
        if not all(_pointer(state) in read_back for state in [article, *states.get(article["_id"], [])]):
            still.add(article["_id"])
            changes.kept += 1
    gone = [name for name in ids if name not in still]
    changes.left.update(lost[name] for name in gone)
    await touch(made, [*gone, *await archive.articles.distinct("_id", pointers.pointing(gone))])
    if gone:
        await archive.articles.update_many(pointers.pointing(gone), {"$set": {"story": None}})
        await archive.versions.delete_many({"article": {"$in": gone}})
        await archive.articles.delete_many({"_id": {"$in": gone}})


async def _merge_visits(made: Database, archive: Database, keys: list[str], changes: Changes) -> None:
    """What is decided of each attempt today; an attempt that the archive does not know is entered."""
    present: dict[tuple[str, Any], Document] = {}
    async for visit in archive.visits.find({"url": {"$in": keys}}):
        present[visit["url"], visit["at"]] = visit
    writes: list[Any] = []
    async for visit in made.visits.find({"url": {"$in": keys}}):
        old = present.get((visit["url"], visit["at"]))
        if old is None:
            writes.append(ReplaceOne({"_id": visit["_id"]}, visit, upsert=True))
            continue
        wanted = {name: visit[name] for name in ("outcome", "detail", "topic", "capture")}
        if old["outcome"] in STANDING and visit["outcome"] in STANDING:
            wanted.pop("outcome")
        change = {name: value for name, value in wanted.items() if old[name] != value}
        if change:
            writes.append(UpdateOne({"_id": old["_id"]}, {"$set": change}))
    if writes:
        changes.visits += len(writes)
        await archive.visits.bulk_write(writes, ordered=False)
