"""Withdrawing an article: what a court, a person's right or a takedown wants gone is removed from MongoDB and the WARC files.

What stays is a tombstone: the address in the ledger with the outcome `withdrawn`, and a verdict that says who, when and why.
Without the address it would be fetched again; in the WARC files even the address goes. The verdict is written first, and
every step may be repeated: a withdrawal that was interrupted is finished by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from archive import pointers, queries
from archive.records import Outcome
from archive.warc import erase

Document = dict[str, Any]

# A paragraph of a text as a feed or a listing may quote it; shorter ones are anybody's.
_QUOTED = 60


@dataclass(slots=True)
class Withdrawal:
    """What was withdrawn.

    Attributes:
        url: canonical URL under which the ledger knows it.
        was_article: whether there was an article.
        versions, records, entries: how many earlier states, WARC records of its pages, and captures of feeds and listings
            that quoted it have been removed.
        copies: articles with its text, at whatever outlet, that stay: `queries.texts_like` documents.
        orphans: `_id`s for which copies and stories are to be derived anew: the article's, and of those that point to it.
    """

    url: str
    was_article: bool = False
    versions: int = 0
    records: int = 0
    entries: int = 0
    copies: list[Document] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def withdraw(
    database: Database[Document], warc: Path, url: str, address: str, *, by: str, reason: str, at: datetime
) -> Withdrawal:
    """Remove an article for good.

    Args:
        warc: folder of the WARC files.
        url: canonical URL.
        address: the address as the person wrote it; the ledger may know it as an alias.
        by, reason: who decided, and why.
        at: aware instant of the decision.
    Raises:
        archive.warc.erase.EraseError: a WARC file cannot be changed; what is in MongoDB is still there.
    """
    known = queries.find_url(database, url, address)
    url = known["_id"] if known else url
    name = known["article"] if known else None
    forms = database.urls.find({"article": name}).to_list() if name else [known] if known else []
    addresses = sorted({url, address, *(form for document in forms for form in _forms(document))})
    before = database.verdicts.find_one({"url": url, "withdrawn": True})
    if before is not None:
        addresses = sorted({*addresses, *before["addresses"]})
    verdict = {"url": url, "withdrawn": True, "addresses": addresses, "by": by, "reason": reason, "at": at}
    database.verdicts.replace_one({"url": url, "withdrawn": True}, verdict, upsert=True)
    # Only now: a crawl that is storing it looks for the verdict when it has. One that died may have stored it before its address
    # says so.
    article = database.articles.find_one({"_id": name} if name else {"url": {"$in": addresses}})
    name = article["_id"] if article else name
    done = Withdrawal(url, article is not None)
    if article is not None:
        done.copies = _same_text(database, article)
        done.orphans = [article["_id"], *pointers.let_go(database, article["_id"])]
    done.records = _erase_pages(database, warc, addresses)
    done.entries = _erase_quotations(database, warc, forms, article)
    done.versions = _forget(database, url, name, addresses, f"withdrawn by {by}: {reason}")
    return done


def _forms(document: Document) -> list[str]:
    answered = document.get("answered")
    return [document["_id"], *document["aliases"], *([answered] if answered else [])]


def _same_text(database: Database[Document], article: Document) -> list[Document]:
    """The other articles with a text: its original, the original's original, the copies of all these, and their copies."""
    found = {article["_id"]: article}
    seeking = [article]
    while seeking:
        ids = [one["_id"] for one in seeking]
        originals = [one["copy_of"] for one in seeking if one["copy_of"]]
        near = database.articles.find({"$or": [{"_id": {"$in": originals}}, {"copy_of": {"$in": ids}}]})
        seeking = [one for one in near if one["_id"] not in found]
        found |= {one["_id"]: one for one in seeking}
    del found[article["_id"]]
    reusing = database.articles.find({"reuses": article["_id"], "_id": {"$nin": list(found)}})
    same = [one | {"is": "copy" if one["copy_of"] else "original"} for one in found.values()]
    return same + [other | {"is": "reusing"} for other in reusing]


def _erase_pages(database: Database[Document], warc: Path, addresses: list[str]) -> int:
    """Erase every record of the article's pages, and of the same page kept under another address."""
    pages = database.captures.find({"url": {"$in": addresses}}).to_list()
    whole = [capture["digest"] for capture in pages if 200 <= capture["status"] < 300 and capture["digest"]]
    same = {capture["_id"]: capture for capture in [*pages, *database.captures.find({"digest": {"$in": whole}})]}
    return _erase(database, warc, list(same.values()), addresses)


def _erase_quotations(database: Database[Document], warc: Path, forms: list[Document], article: Document | None) -> int:
    """Erase the captures of the feeds and listings that named the article, where they quote its title or its text."""
    if article is None:
        return 0
    entries = sorted({entry for document in forms for entry in document["found_by"]})
    words = [article["title"], *(part[:_QUOTED] for part in article["text"].split("\n") if len(part) >= _QUOTED)]
    captures = database.captures.find({"url": {"$in": entries}}).to_list()
    quoting = erase.quoting(warc, captures, [form for form in words if form])
    # A revisit says no more than what it refers to; without that it says nothing.
    names = [capture["_id"] for capture in quoting]
    quoting += database.captures.find({"revisit_of": {"$in": names}, "_id": {"$nin": names}}).to_list()
    _erase(database, warc, quoting, [])
    return len(quoting)


def _erase(database: Database[Document], warc: Path, captures: list[Document], addresses: list[str]) -> int:
    count = erase.erase(warc, captures, addresses)
    database.captures.delete_many({"_id": {"$in": [capture["_id"] for capture in captures]}})
    return count


def _forget(database: Database[Document], url: str, article: str | None, addresses: list[str], why: str) -> int:
    """Remove from MongoDB what an article says; the number of its earlier versions."""
    versions = 0
    if article is not None:
        versions = database.versions.delete_many({"article": article}).deleted_count
        database.articles.delete_one({"_id": article})
        # What has come to point to it since it was let go: erasing may have taken minutes.
        pointers.let_go(database, article)
    bare: Document = {"title_hint": "", "evidence": [], "article": None, "next_at": None, "detail": why}
    bare |= {"answered": None, "etag": None, "last_modified": None, "outcome": str(Outcome.WITHDRAWN)}
    either = [{"_id": {"$in": addresses}}, {"aliases": {"$in": addresses}}]
    keys = database.urls.distinct("_id", {"$or": either})
    database.urls.update_many({"_id": {"$in": keys}}, {"$set": bare})
    database.visits.update_many(
        {"url": {"$in": [url, *keys]}}, {"$set": {"detail": "", "topic": None, "capture": None}}
    )
    return versions
