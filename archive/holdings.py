"""What the archive holds of each outlet, and how its last crawl went; blocking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

Document = dict[str, Any]

#: Runs that ask the outlet; the others read captured pages.
_CRAWLS = ["crawl", "recheck"]


@dataclass(frozen=True, slots=True)
class Holding:
    """What the archive holds of one outlet.

    Attributes:
        articles: number of them, copies included.
        first, last: aware instants of publication; None where no article is dated.
    """

    articles: int
    first: datetime | None
    last: datetime | None


def holdings(database: Database[Document]) -> dict[str, Holding]:
    """Outlet → what is held of it. Read from an index alone: the articles themselves stay on disk."""
    steps: list[Document] = [
        {"$match": {"source": {"$gt": ""}}},
        {"$project": {"_id": 0, "source": 1, "published.at": 1}},
        {
            "$group": {
                "_id": "$source",
                "articles": {"$sum": 1},
                "first": {"$min": "$published.at"},
                "last": {"$max": "$published.at"},
            }
        },
    ]
    found = database.articles.aggregate(steps, hint={"source": 1, "published.at": -1})
    return {row["_id"]: Holding(row["articles"], row["first"], row["last"]) for row in found}


def last_runs(database: Database[Document], names: Iterable[str]) -> dict[str, Document]:
    """Outlet → its last crawl, of those that were crawled."""
    return {name: run for name in names for run in runs_of(database, name, 1)}


def runs_of(database: Database[Document], source: str, limit: int = 20) -> list[Document]:
    """The last crawls of an outlet, the newest first."""
    return database.runs.find({"source": source, "kind": {"$in": _CRAWLS}}).sort("started", -1).limit(limit).to_list()
