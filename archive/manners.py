"""What good manners must remember from one crawl to the next: robots.txt for a day, a day's budget, a pause.

The functions take an asynchronous database; each write is idempotent but `spend`, which counts once too often at worst.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from archive.ledger import Database

#: RFC 9309, 2.4: a crawler should not use a cached robots.txt for more than 24 hours.
RULES_LAST = timedelta(hours=24)

#: The state of an outlet that was never crawled.
NEW_STATE: dict[str, Any] = {"due_at": None, "lease": None, "cursor": {"entries": []}, "habit": None}


async def read_rules(db: Database, url: str, now: datetime) -> dict[str, Any] | None:
    """A robots.txt or tdmrep.json as it was fetched less than a day ago, by whichever crawl."""
    return await db.rules.find_one({"_id": url, "at": {"$gt": now - RULES_LAST}})


async def keep_rules(db: Database, url: str, status: int, text: str, now: datetime) -> None:
    """Keep what a host answered for the crawls of the next day."""
    document = {"_id": url, "at": now, "status": status, "text": text}
    await db.rules.replace_one({"_id": url}, document, upsert=True)


async def spend(db: Database, source: str, day: str, budget: int) -> bool:
    """Count one request against an outlet's budget of a day; false where nothing is left of it.

    Crawls that run at the same time share the budget, and a crawl that is started again goes on where it was.

    Args:
        day: "YYYY-MM-DD" in the outlet's zone.
        budget: requests of a day.
    """
    fresh = {"$ne": ["$spent.day", day]}
    counted = {"$cond": [fresh, 1, {"$add": ["$spent.requests", 1]}]}
    document = await db.sources.find_one_and_update(
        {"_id": source, "$expr": {"$or": [fresh, {"$lt": ["$spent.requests", budget]}]}},
        [{"$set": {"spent": {"day": day, "requests": counted}}}],
        return_document=ReturnDocument.AFTER,
    )
    return document is not None


async def open_state(db: Database, source: str) -> dict[str, Any]:
    """The state of an outlet, made where it is new."""
    document = await db.sources.find_one_and_update(
        {"_id": source}, {"$setOnInsert": NEW_STATE}, upsert=True, return_document=ReturnDocument.AFTER
    )
    assert document is not None
    return document


async def keep_pause(db: Database, source: str, until: datetime, times: int, reason: str) -> None:
    """Leave an outlet alone until an instant.

    Args:
        times: how many crawls in a row have been turned away, this one included.
        reason: in words, for people.
    """
    pause = {"until": until, "times": times, "reason": reason}
    await db.sources.update_one({"_id": source}, {"$set": {"pause": pause}})


async def end_pause(db: Database, source: str) -> None:
    """The outlet lets the crawl in again."""
    await db.sources.update_one({"_id": source}, {"$unset": {"pause": ""}})
