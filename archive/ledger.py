"""The ledger of outcomes: what is known of every address, what waits, and what each run did.

The functions take an asynchronous database; every write is idempotent, so that a batch can be sent again after a
lost connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from archive.records import Evidence, Outcome

if TYPE_CHECKING:
    from archive.lease import Lease

Database = AsyncDatabase[dict[str, Any]]

#: Failed attempts after which an address is left alone.
MAX_ATTEMPTS = 6


@dataclass(slots=True)
class Find:
    """An article address that a feed, a sitemap or a listing named.

    Attributes:
        url: canonical URL.
        address: the address as found, fetchable.
        found_by: who named it.
        evidence: what it said of the dates.
        title_hint: the title it gave, or "".
        rank: aware UTC instant by which the newest is fetched first.
        published: aware UTC instant of publication where discovery states one.
    """

    url: str
    address: str
    found_by: str
    rank: datetime
    evidence: list[Evidence] = field(default_factory=list)
    title_hint: str = ""
    published: datetime | None = None


def new_url(url: str, source: str, now: datetime, rank: datetime) -> dict[str, Any]:
    """A waiting `urls` document without its `_id` and its arrays, for `$setOnInsert`."""
    return {
        "source": source,
        "title_hint": "",
        "rank": rank,
        "first_seen": now,
        "outcome": None,
        "outcome_at": None,
        "next_at": None,
        "attempts": 0,
        "answered": None,
        "etag": None,
        "last_modified": None,
        "article": None,
        "detail": "",
    }


async def discover(db: Database, source: str, finds: Iterable[Find], now: datetime) -> list[dict[str, Any]]:
    """Enter finds into the ledger and return their `urls` documents as they stood before.

    A find whose canonical URL or address is known, under whatever alias, is the known document. A new one is
    returned as the waiting document it has become, with `"new": True`. What was withdrawn is not entered.
    """
    finds = list(finds)
    barred = await withdrawn(db, [name for find in finds for name in (find.url, find.address)])
    finds = [find for find in finds if find.url not in barred and find.address not in barred]
    if not finds:
        return []
    urls = [find.url for find in finds]
    addresses = [find.address for find in finds]
    known: dict[str, dict[str, Any]] = {}
    async for document in db.urls.find({"$or": [{"_id": {"$in": urls}}, {"aliases": {"$in": addresses}}]}):
        for name in (document["_id"], *document["aliases"]):
            known.setdefault(name, document)
    updates = []
    documents = []
    for find in finds:
        found = known.get(find.url) or known.get(find.address)
        document = found or _waiting(find, source, now)
        if found is None:
            known[find.url] = known[find.address] = document
            insert = {k: v for k, v in document.items() if k not in ("_id", "aliases", "found_by", "new")}
            update: dict[str, Any] = {
                "$setOnInsert": insert,
                "$addToSet": {"aliases": find.address, "found_by": find.found_by},
            }
            updates.append(UpdateOne({"_id": find.url}, update, upsert=True))
        elif added := _news(find, document):
            for name, values in added.items():
                document[name] = [*document[name], *values]
            update = {"$addToSet": {name: {"$each": values} for name, values in added.items()}}
            updates.append(UpdateOne({"_id": document["_id"]}, update))
        if document not in documents:
            documents.append(document)
    if updates:
        await db.urls.bulk_write(updates)
    return documents


def _news(find: Find, document: dict[str, Any]) -> dict[str, list[Any]]:
    """What a find adds to a known address. What is said of its dates counts until the page is read, and no longer."""
    evidence = [asdict(item) for item in find.evidence] if document["outcome"] is None else []
    said: dict[str, list[Any]] = {"aliases": [find.address], "found_by": [find.found_by], "evidence": evidence}
    fresh = {name: [value for value in values if value not in document[name]] for name, values in said.items()}
    return {name: values for name, values in fresh.items() if values}


def _waiting(find: Find, source: str, now: datetime) -> dict[str, Any]:
    return {
        "_id": find.url,
        **new_url(find.url, source, now, find.rank),
        "aliases": [find.address],
        "found_by": [find.found_by],
        "evidence": [asdict(evidence) for evidence in find.evidence],
        "title_hint": find.title_hint[:500],
        "new": True,
    }


def is_due(document: dict[str, Any], now: datetime) -> bool:
    """Whether an address waits for its first visit, or for another because it has led to no article yet."""
    if document["outcome"] is None and document["next_at"] is None:
        return True
    return document["article"] is None and document["next_at"] is not None and document["next_at"] <= now


async def leave(db: Database, left: list[str], sample: list[str], now: datetime) -> None:
    """Settle addresses that a filtered crawl does not fetch, and mark the sample that it fetches all the same."""
    state = {"outcome": Outcome.OFF_TOPIC, "outcome_at": now, "filter": "left"}
    detail = "not fetched: neither its address nor its title names anything of the topic (filter=yes)"
    if left:
        await db.urls.update_many({"_id": {"$in": left}, "outcome": None}, {"$set": {**state, "detail": detail}})
    if sample:
        await db.urls.update_many({"_id": {"$in": sample}}, {"$set": {"filter": "sample"}})


def was_left(document: dict[str, Any]) -> bool:
    """Whether an address has only been judged by a filtered crawl and never been fetched."""
    return document.get("filter") == "left" and document["attempts"] == 0 and document["article"] is None


async def frontier(
    db: Database,
    source: str,
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    left: bool = False,
) -> list[dict[str, Any]]:
    """The addresses of an outlet that are due, newest first. Those with an article are left to `stored_frontier`.

    What an earlier crawl left out because it lay outside that crawl's window is due too where this one's holds it; so is,
    with `left`, what a filtered crawl left unfetched, where a window is given.
    """
    due: list[dict[str, Any]] = [{"outcome": None, "next_at": None}, {"article": None, "next_at": {"$lte": now}}]
    span = {"$gte": since or _EVER, "$lt": until or _NEVER}
    due.append({"outcome": Outcome.OUTSIDE_WINDOW, "rank": span})
    if left and since:
        due.append({"filter": "left", "attempts": 0, "article": None, "rank": span})
    return await db.urls.find({"source": source, "$or": due}).sort("rank", -1).to_list()


async def stored_frontier(
    db: Database,
    source: str,
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    everything: bool = False,
) -> list[dict[str, Any]]:
    """The addresses of an outlet's articles, vanished ones included, that are due to be visited again, newest first.

    Args:
        since, until: bounds of the publication.
        everything: whether they are due or not.
    """
    query: dict[str, Any] = {"source": source, "outcome": {"$in": REVISITED}, "article": {"$ne": None}}
    query["rank"] = {"$gte": since or _EVER, "$lt": until or _NEVER}
    if not everything:
        query["next_at"] = {"$lte": now}
    return await db.urls.find(query).sort("rank", -1).to_list()


#: Outcomes under which an address with an article is visited again; other forms of its address are not.
REVISITED = [Outcome.STORED, Outcome.COPY, Outcome.GONE]

_EVER = datetime(1, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def retry_at(outcome: Outcome, attempts: int, now: datetime, *, stored: bool = False) -> datetime | None:
    """When an address is tried again after an outcome; None for never.

    Args:
        attempts: attempts that have failed, this one included.
        stored: whether it has led to an article before; whatever stands there now, the article may return.
    """
    first = _RETRY_AFTER.get(outcome, timedelta(days=1) if stored else None)
    if first is None or attempts >= MAX_ATTEMPTS:
        return None
    return now + first * int(2 ** (attempts - 1))


def recheck_at(published: datetime, now: datetime, ages: Sequence[timedelta]) -> datetime | None:
    """When an article is visited again: the next of the ages since its publication; None after the last.

    An age that comes due within a quarter of itself is passed over: the visit just made serves for it too.
    """
    return next((published + age for age in ages if published + age - now >= age / 4), None)


_RETRY_AFTER = {
    Outcome.NETWORK_ERROR: timedelta(minutes=30),
    Outcome.HTTP_ERROR: timedelta(hours=1),
    # Servers answer 200 with nothing when they are overloaded or take the visitor for a robot.
    Outcome.EMPTY: timedelta(days=1),
    Outcome.WALL: timedelta(days=1),
    Outcome.ROBOTS: timedelta(days=7),
}


async def relevance_verdicts(db: Database) -> dict[str, dict[str, Any]]:
    """What people decided of the relevance of addresses: canonical URL → the last verdict."""
    found = db.verdicts.find({"relevant": {"$in": [True, False]}}).sort("at", 1)
    return {document["url"]: document async for document in found}


async def judged(db: Database, urls: list[str]) -> dict[str, dict[str, Any]]:
    """`relevance_verdicts` of some addresses."""
    found = db.verdicts.find({"url": {"$in": urls}, "relevant": {"$in": [True, False]}}).sort("at", 1)
    return {document["url"]: document async for document in found}


async def withdrawn(db: Database, addresses: list[str]) -> dict[str, dict[str, Any]]:
    """Which of some addresses lead to what was withdrawn: address → verdict."""
    if not addresses:
        return {}
    asked = set(addresses)
    found: dict[str, dict[str, Any]] = {}
    async for verdict in db.verdicts.find({"withdrawn": True, "addresses": {"$in": sorted(asked)}}):
        found |= dict.fromkeys(asked.intersection(verdict["addresses"]), verdict)
    return found


async def read_cursor(db: Database, source: str) -> dict[str, Any]:
    """How far each listing and sitemap of an outlet has been walked: entry point → state."""
    document = await db.sources.find_one({"_id": source}, {"cursor": 1})
    return {entry["key"]: entry for entry in (document or {}).get("cursor", {}).get("entries", [])}


async def write_cursor(db: Database, lease: Lease, cursor: dict[str, Any]) -> None:
    """Keep the state of some entry points; those that `cursor` does not name stay, a state of None is forgotten.

    Args:
        lease: on the source, which only its holder may write.
    Raises:
        archive.lease.LeaseLost: another crawl has it.
    """
    kept = {**await read_cursor(db, lease.source), **cursor}
    entries = [{**state, "key": key} for key, state in sorted(kept.items()) if state is not None]
    done = await db.sources.update_one(lease.own, {"$set": {"cursor": {"entries": entries}}})
    lease.demand(done.matched_count)
