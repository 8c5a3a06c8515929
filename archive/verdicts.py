"""What people decided of an address: recorded for good, and carried out in the archive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from archive import pointers
from archive.queries import find_url
from archive.records import Outcome

Document = dict[str, Any]


def record(
    database: Database[Document], url: str, address: str, *, relevant: bool, by: str, reason: str, at: datetime
) -> str:
    """Append a verdict of relevance.

    Args:
        url: canonical URL.
        address: the address as the person wrote it; the ledger may know it as an alias.
        relevant: whether it belongs to the archive.
        by, reason: who decided, and why.
        at: aware instant of the decision.
    Returns:
        The canonical URL under which the ledger knows the address, which is what the verdict names.
    """
    known = find_url(database, url, address)
    url = known["_id"] if known else url
    database.verdicts.insert_one({"url": url, "relevant": relevant, "by": by, "reason": reason, "at": at})
    return url


def has_article(database: Database[Document], url: str) -> bool:
    """Whether an address leads to an article of the archive."""
    return database.urls.find_one({"_id": url, "article": {"$ne": None}}, {"_id": 1}) is not None


def expel(database: Database[Document], url: str) -> list[str]:
    """Take the article of an address out of the archive, as off topic.

    Returns:
        Its `_id` and those of what hung on it, for `pipelines.derived.rederive`; nothing where the address led to no article.
    """
    document = database.urls.find_one({"_id": url})
    article = document["article"] if document else None
    if article is None:
        # A crawl that died has stored an article before its address says so.
        stored = database.articles.find_one({"url": url}, {"_id": 1})
        article = stored["_id"] if stored else None
    if article is None:
        return []
    hanging = pointers.let_go(database, article)
    database.articles.delete_one({"_id": article})
    database.versions.delete_many({"article": article})
    database.urls.update_many({"article": article}, {"$set": {"article": None, "outcome": Outcome.OFF_TOPIC}})
    return [article, *hanging]


def withdrawn_addresses(database: Database[Document]) -> set[str]:
    """Every address of what was withdrawn."""
    found = database.verdicts.find({"withdrawn": True})
    return {address for verdict in found for address in (verdict["url"], *verdict.get("addresses", []))}


def agreement(database: Database[Document]) -> list[tuple[Document, float]]:
    """Each verdict of relevance with the score that the judge last gave the address; without one it is left out."""
    pairs = []
    for verdict in database.verdicts.find({"relevant": {"$in": [True, False]}}).sort("at", 1):
        visit = database.visits.find_one({"url": verdict["url"], "topic": {"$ne": None}}, sort=[("at", -1)])
        if visit is not None:
            pairs.append((verdict, float(visit["topic"]["score"])))
    return pairs
