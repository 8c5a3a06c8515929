"""Writing what the pipelines decided: one batch of pages into articles, versions, urls and visits.

The order makes every interruption harmless: an article is written before its address is settled, so an address
whose article did not arrive still waits, and one whose article did is found unchanged when it is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from archive import ledger, pointers, validators
from archive.ledger import Database, new_url, recheck_at, retry_at
from archive.records import Article, Outcome, Page
from archive.shelf import search_field
from language.normalize import words
from language.substance import substance

Document = dict[str, Any]

#: Outcomes under which an address leads to an article.
STANDING = (Outcome.STORED, Outcome.COPY)
# Outcomes that take an address's article from readers.
_LEAVING = (Outcome.GONE, Outcome.WITHDRAWN)
# `asdict` of a whole article copies its sketch and its evidence word by word, at 2 ms an article.
_STORED = tuple(field.name for field in fields(Article) if field.name != "canonical")
# All that a page which says the same changes of its article.
_CHECKED = ("last_checked", "gone_at")
_DUPLICATE_KEY = 11000


@dataclass(slots=True)
class Entry:
    """A page on its way into the archive.

    Attributes:
        page: with its outcome where it is settled, else with its article.
        url: canonical URL of the article, or of the page where there is none.
        addresses: every address under which the article may be known.
        article_id: `_id` of the article, "" where there is none.
        visit_id: `_id` of the attempt, made before the first try so that a repeated write is the same one.
        error: why the archive refused it, "" where it did not.
        derive: whether copies are to be derived for its article.
        run: the run of the attempt where it is not the present one: a page from a WARC file.
    """

    page: Page
    url: str
    addresses: list[str] = field(default_factory=list)
    article_id: str = ""
    visit_id: ObjectId = field(default_factory=ObjectId)
    error: str = ""
    derive: bool = False
    run: ObjectId | None = None

    @property
    def is_article(self) -> bool:
        """Whether there is an article to write: settled outcomes of an earlier attempt at this batch count."""
        return self.page.article is not None and (self.page.outcome is None or bool(self.article_id))

    @property
    def is_off_topic(self) -> bool:
        """Whether its article has been judged off topic."""
        return self.page.article is not None and self.page.outcome is Outcome.OFF_TOPIC


async def identify(database: Database, entries: list[Entry]) -> None:
    """Find which article each page of a batch is: the one stored under any of its addresses, or a new one.

    A page that is off topic is nothing new; where its article is stored already, an edit has made it so, and the archive
    keeps the edit as a version.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    refused = await _bar(database, entries)
    wanted = [entry for entry in entries if entry.is_article or entry.is_off_topic]
    if not wanted:
        return
    urls = sorted({entry.url for entry in wanted})
    by_address: dict[str, str] = {}
    addresses = sorted({address for entry in wanted for address in entry.addresses})
    known = {"article": {"$ne": None}, "$or": [{"_id": {"$in": addresses}}, {"aliases": {"$in": addresses}}]}
    async for document in database.urls.find(known, {"aliases": 1, "article": 1}):
        by_address |= dict.fromkeys([document["_id"], *document["aliases"]], document["article"])
    by_url = {doc["url"]: doc["_id"] async for doc in database.articles.find({"url": {"$in": urls}}, {"url": 1})}
    by_address |= by_url
    for entry in wanted:
        found = (by_address[address] for address in [entry.url, *entry.addresses] if address in by_address)
        present = next(found, None)
        if present is not None and entry.is_off_topic and entry.url not in refused:
            entry.page.outcome, entry.page.detail = None, ""
        if entry.is_article:
            entry.article_id = present or article_id(entry.url)
    await _expel(database, {by_url[url] for url in refused & by_url.keys()})


async def bar(database: Database, entries: list[Entry]) -> None:
    """Take out again what was withdrawn or judged off topic while it was being stored: no person could see it in the ledger.

    Whoever decides so looks for an article after the verdict is written, and this looks for a verdict after the article is: one
    of the two sees the other.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    stored = {id(entry): entry.article_id for entry in entries if entry.article_id}
    await _bar(database, entries)
    barred = (Outcome.WITHDRAWN, Outcome.OFF_TOPIC)
    await _expel(database, {stored[id(one)] for one in entries if id(one) in stored and one.page.outcome in barred})


async def _expel(database: Database, articles: set[str]) -> None:
    """Remove articles; what points to them is derived anew by the next crawl."""
    if not articles:
        return
    ids = {"$in": sorted(articles)}
    await database.articles.update_many(pointers.pointing(articles), {"$set": {"story": None}})
    await database.versions.delete_many({"article": ids})
    await database.articles.delete_many({"_id": ids})
    await database.urls.update_many({"article": ids}, {"$set": {"article": None}})


async def _bar(database: Database, entries: list[Entry]) -> set[str]:
    """Let pages go that people do not want here, by the verdicts of this moment; the canonical URLs that were judged off topic.

    A page that turns out to be a withdrawn article, under whatever address, loses all it says; the address is barred too.
    """
    named = {id(entry): [entry.url, *_addresses(entry.page)] for entry in entries}
    addresses = sorted({address for several in named.values() for address in several})
    barred, judged = await ledger.withdrawn(database, addresses), await ledger.judged(database, addresses)
    refused = set()
    for entry in entries if barred or judged else []:
        page, own = entry.page, named[id(entry)]
        if verdict := next((barred[address] for address in own if address in barred), None):
            page.outcome, page.detail = Outcome.WITHDRAWN, f"withdrawn by {verdict['by']}: {verdict['reason']}"
            page.article, page.title_hint, page.evidence = None, "", []
            entry.url, entry.article_id = page.key, ""
            met = {"$addToSet": {"addresses": {"$each": own}}}
            await database.verdicts.update_one({"_id": verdict["_id"]}, met)
        elif page.article is not None and (known := [judged[url] for url in (entry.url, page.key) if url in judged]):
            verdict = max(known, key=lambda one: one["at"])
            if not verdict["relevant"]:
                page.outcome = Outcome.OFF_TOPIC
                page.detail = f"{verdict['by']} judged it off topic: {verdict['reason']}"
                entry.article_id = ""
                refused.add(entry.url)
    return refused


def _addresses(page: Page) -> list[str]:
    return [page.key, page.requested, page.url, *page.aliases]


def article_id(url: str) -> str:
    """The `_id` of an article: 20 hexadecimal digits of the SHA-256 of its first canonical URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:20]


class Overtaken(RuntimeError):
    """What was read of the archive has been written by another process since."""


async def write_articles(database: Database, entries: list[Entry], made_by: dict[str, str]) -> None:
    """Insert or update the articles of a batch, and settle each page's outcome: stored, updated or unchanged.

    An entry that the server refuses gets its `error`; the others are written.

    Raises:
        Overtaken: another process wrote one of them meanwhile; the batch may be written again by whoever still may.
        pymongo.errors.PyMongoError: the server was lost; the batch may be written again.
    """
    wanted = [entry for entry in entries if entry.article_id and entry.is_article]
    if not wanted:
        return
    ids = sorted({entry.article_id for entry in wanted})
    present: dict[str, Document] = {doc["_id"]: doc async for doc in database.articles.find({"_id": {"$in": ids}})}
    standing = {"article": {"$in": list(present)}, "outcome": {"$in": list(STANDING)}}
    settled = set(await database.urls.distinct("article", standing))
    read = {name: (document["version"], document["last_checked"]) for name, document in present.items()}
    written: dict[str, Document] = {}
    versions = []
    for entry in wanted:
        assert entry.page.article is not None
        old = present.get(entry.article_id)
        new = _document(entry, entry.page.article, old, made_by)
        unchanged = old is not None and _same(old, new)
        if unchanged:
            # What an interrupted attempt at this batch has written is still this visit's news.
            entry.page.outcome = entry.page.outcome or Outcome.UNCHANGED
        else:
            entry.page.outcome = Outcome.UPDATED if old else Outcome.STORED
        entry.derive = entry.page.outcome is not Outcome.UNCHANGED or entry.article_id not in settled
        if old is not None and unchanged:
            new = {**old, **{name: new[name] for name in _CHECKED}}
        elif old is not None:
            versions.append(_version(old))
        present[entry.article_id] = written[entry.article_id] = new
    if versions:
        await database.versions.bulk_write(versions, ordered=False)
    refused = await _replace(database, list(written.values()), read)
    for entry in wanted:
        if entry.article_id in refused:
            entry.error, entry.page.outcome = refused[entry.article_id], None


async def _replace(
    database: Database, documents: list[Document], read: dict[str, tuple[int, datetime]]
) -> dict[str, str]:
    """Write whole articles, those that are still as they were read; the `_id`s that the server refuses, with its words.

    Args:
        read: version and `last_checked` of those that were there.
    Raises:
        Overtaken: one is not as it was read.
    """
    writes: list[InsertOne[Document] | ReplaceOne[Document] | UpdateOne] = []
    for document in documents:
        version, checked = read.get(document["_id"], (0, None))
        as_read = {"_id": document["_id"], "version": version, "last_checked": checked}
        if version == document["version"]:
            # What has been derived of it since it was read stays.
            writes.append(UpdateOne(as_read, {"$set": {name: document[name] for name in _CHECKED}}))
        elif version:
            writes.append(ReplaceOne(as_read, document))
        else:
            writes.append(InsertOne(document))
    faults: list[Document] = []
    try:
        done = await database.articles.bulk_write(writes, ordered=False)
        number = done.matched_count + done.inserted_count
    except BulkWriteError as error:
        faults = error.details["writeErrors"]
        number = error.details["nMatched"] + error.details["nInserted"]
    if number + len(faults) < len(documents) or any(fault.get("keyPattern") == {"_id": 1} for fault in faults):
        raise Overtaken("another process has written an article of this batch")
    return {documents[fault["index"]]["_id"]: str(fault["errmsg"])[:300] for fault in faults}


def _version(old: Document) -> UpdateOne:
    """Keeps the state of an article that is about to be replaced."""
    kept = {name: old[name] for name in ("title", "text", "capture", "made_by", "search")} | {"at": old["version_at"]}
    return UpdateOne({"article": old["_id"], "n": old["version"]}, {"$setOnInsert": kept}, upsert=True)


def _same(old: Document, new: Document) -> bool:
    """Whether an article says what is stored: the words of title and text are equal, those of no account left out."""
    if words(old["title"]) != words(new["title"]):
        return False
    return old["text_hash"] == new["text_hash"] or substance(old["text"]) == substance(new["text"])


def _document(entry: Entry, article: Article, old: Document | None, made_by: dict[str, str]) -> Document:
    """The `articles` document of a page, with what an earlier version hands down."""
    now = entry.page.fetched_at
    stored = {name: getattr(article, name) for name in _STORED}
    for name in ("published", "modified"):
        stored[name] = asdict(stored[name]) if stored[name] is not None else None
    stored["_id"] = entry.article_id
    url = old["url"] if old else entry.url
    # It is found under the address that it keeps as well.
    stored["story_keys"] = list(dict.fromkeys([*stored["story_keys"], url]))
    stored["search"] = search_field(stored, article.search)
    return {
        **stored,
        "url": url,
        "copy_of": old["copy_of"] if old else None,
        "copy_kind": old["copy_kind"] if old else None,
        "reuses": old["reuses"] if old else [],
        "ties": old["ties"] if old else [],
        # Null until stories are derived: what is interrupted before is found by it.
        "story": None,
        "follows": old["follows"] if old else None,
        "through": old["through"] if old else None,
        "version": old["version"] + 1 if old else 1,
        "version_at": now,
        "first_seen": old["first_seen"] if old else now,
        "last_checked": now,
        "gone_at": None,
        "capture": entry.page.capture,
        "made_by": made_by,
    }


async def write_ledger(database: Database, entries: list[Entry], run: ObjectId, ages: Sequence[timedelta] = ()) -> None:
    """Settle the addresses of a batch and append its attempts; both may be repeated.

    Args:
        ages: since its publication, at which an article is visited again.
    Raises:
        pymongo.errors.PyMongoError: the server was lost, or refuses a document of the ledger.
    """
    entries = [entry for entry in entries if not entry.error]
    keys = {key for entry in entries for key in (entry.page.key, entry.url)}
    known: dict[str, Document] = {doc["_id"]: doc async for doc in database.urls.find({"_id": {"$in": sorted(keys)}})}
    for entry in entries:
        if entry.page.outcome is Outcome.UNCHANGED and not entry.article_id:
            # The server says so itself, without sending the page (304).
            entry.article_id = known.get(entry.page.key, {}).get("article") or ""
    ids = [entry.article_id for entry in entries if entry.article_id]
    found = database.articles.find({"_id": {"$in": ids}}, {"copy_of": 1, "published.at": 1, "first_seen": 1})
    articles: dict[str, Document] = {document["_id"]: document async for document in found}
    updates: list[UpdateOne] = []
    visits = []
    seen = []
    for entry in entries:
        page = entry.page
        assert page.outcome is not None
        article = articles.get(entry.article_id)
        if page.outcome is Outcome.STORED and article and article["copy_of"]:
            page.outcome = Outcome.COPY
        updates += _ledger_updates(entry, known, article, ages)
        visits.append(InsertOne(_visit(entry, run)))
        seen += _seen(entry, known)
    if seen:
        await database.articles.bulk_write(seen, ordered=False)
    if updates:
        await database.urls.bulk_write(updates)
        try:
            await database.visits.bulk_write(visits, ordered=False)
        except BulkWriteError as error:
            # The same attempt, already written before the connection broke.
            if any(fault["code"] != _DUPLICATE_KEY for fault in error.details["writeErrors"]):
                raise


def _ledger_updates(
    entry: Entry, known: dict[str, Document], article: Document | None, ages: Sequence[timedelta]
) -> list[UpdateOne]:
    """The updates of `urls` for one attempt: the address it turned out to be, and the one that was asked for as a form of it."""
    page = entry.page
    outcome = page.outcome
    now = page.fetched_at
    assert outcome is not None
    if article is not None and outcome in (*STANDING, Outcome.UPDATED, Outcome.UNCHANGED):
        standing = Outcome.COPY if article["copy_of"] else Outcome.STORED
        # The projection leaves `published` out where it is null.
        published = article["published"]["at"] if article.get("published") else article["first_seen"]
        state: Document = {
            "outcome": standing,
            "article": entry.article_id,
            "detail": "",
            "attempts": 0,
            "next_at": recheck_at(published, now, ages),
        }
    else:
        before = known.get(page.key, {})
        attempts = int(before.get("attempts", 0)) + 1
        stored = bool(before.get("article"))
        state = {"detail": page.detail, "attempts": attempts}
        state["next_at"] = retry_at(outcome, attempts, now, stored=stored)
        # An article that was stored stays so while its server fails, and so does another form of its address.
        leaves = outcome in _LEAVING and before.get("outcome") != Outcome.REDIRECTED
        if leaves or not (stored or outcome is Outcome.UNCHANGED):
            state["outcome"] = outcome
    if page.article is not None and page.article.published is not None:
        state["rank"] = page.article.published.at
    state |= _validators(page)
    if entry.url == page.key:
        return [_settle(page.key, entry, known, state, _forms(page))]
    if moved := _left(entry, known):
        # The article that stood here has not become the one to which its address leads now.
        attempts = known[page.key]["attempts"] + 1
        next_at = retry_at(Outcome.GONE, attempts, now, stored=True)
        form = {"outcome": Outcome.GONE, "article": moved, "attempts": attempts, "next_at": next_at}
        form["detail"] = f"leads to {entry.url}"
        return [_settle(entry.url, entry, known, state, [page.url]), _settle(page.key, entry, known, form, [])]
    form = {"outcome": Outcome.REDIRECTED, "article": state.get("article"), "attempts": 0, "next_at": None}
    form["detail"] = f"another form of {entry.url}"
    return [
        _settle(entry.url, entry, known, state, _forms(page)),
        _settle(page.key, entry, known, form, []),
    ]


def _left(entry: Entry, known: dict[str, Document]) -> str | None:
    """The article that stood at the address of a page, where the page is another article by now."""
    before = known.get(entry.page.key)
    if before is None or entry.url == entry.page.key or before["outcome"] not in ledger.REVISITED:
        return None
    article: str | None = before["article"]
    return article if article != entry.article_id and entry.article_id else None


def _forms(page: Page) -> list[str]:
    """The addresses under which a page is known; a redirect that leads to no article leads elsewhere."""
    return [page.requested, page.url, *page.aliases] if page.article is not None else [page.requested]


def _validators(page: Page) -> Document:
    """What an attempt says of an address's validators: those of its article, and none where something else stands there."""
    told = validators.read(page.headers)
    if page.outcome is Outcome.UNCHANGED and page.article is None:
        return {name: value for name, value in told.items() if value}
    if page.article is not None:
        return told | {"answered": page.url}
    if page.outcome is Outcome.GONE or 200 <= page.status < 300:
        return dict.fromkeys(told)
    return {}


def _settle(key: str, entry: Entry, known: dict[str, Document], state: Document, addresses: list[str]) -> UpdateOne:
    page = entry.page
    insert = new_url(key, page.source, page.fetched_at, page.fetched_at) | {
        "evidence": [asdict(evidence) for evidence in page.evidence],
        "title_hint": page.title_hint,
        "found_by": page.found_by,
    }
    settles = known.get(key, {}).get("outcome") is None or state.get("outcome")
    # Two forms of one address may be read in another order than they were fetched in.
    last = {"outcome_at": page.fetched_at} if settles else {}
    insert = {name: value for name, value in insert.items() if name not in state and name not in last}
    return UpdateOne(
        {"_id": key},
        {
            "$set": state,
            "$max": last,
            "$setOnInsert": insert,
            "$addToSet": {"aliases": {"$each": sorted(set(addresses))}},
        },
        upsert=True,
    )


def _visit(entry: Entry, run: ObjectId) -> Document:
    page = entry.page
    return {
        "_id": entry.visit_id,
        "url": page.key,
        "requested": page.requested,
        "run": entry.run or run,
        "at": page.fetched_at,
        "status": page.status,
        "outcome": page.outcome,
        "detail": page.detail,
        "topic": page.article.topic or None if page.article is not None else None,
        "capture": page.capture,
    }


def _seen(entry: Entry, known: dict[str, Document]) -> list[UpdateOne]:
    """What an attempt tells of an article that stood at an address and of which it brought no page: it stands as it was, or has
    vanished, be it that its address leads to another one.
    """
    page, document = entry.page, known.get(entry.page.key)
    if moved := _left(entry, known):
        return [UpdateOne({"_id": moved, "gone_at": None}, {"$set": {"gone_at": page.fetched_at}})]
    if page.outcome is Outcome.UNCHANGED and page.article is None and entry.article_id:
        return [UpdateOne({"_id": entry.article_id}, {"$set": {"last_checked": page.fetched_at, "gone_at": None}})]
    if page.outcome is Outcome.GONE and document and document["article"] and document["outcome"] in ledger.REVISITED:
        return [UpdateOne({"_id": document["article"], "gone_at": None}, {"$set": {"gone_at": page.fetched_at}})]
    return []
