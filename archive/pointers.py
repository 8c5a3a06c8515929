"""What an article says of other articles, and what is to be done about it when one of them leaves. All of it is derived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo.database import Database

Document = dict[str, Any]

_ONE, _MANY = ("copy_of", "story", "follows", "through"), ("reuses",)
#: As a projection.
FIELDS = dict.fromkeys((*_ONE, *_MANY, "ties.with"), 1)


def pointed(article: Document) -> dict[str, list[str]]:
    """The articles that an article points to, and by which of its fields; it has at least `FIELDS`."""
    found: dict[str, list[str]] = {}
    for field in _ONE:
        if article[field] is not None:
            found.setdefault(article[field], []).append(field)
    for field in _MANY:
        for name in article[field]:
            found.setdefault(name, []).append(field)
    for tie in article["ties"]:
        found.setdefault(tie["with"], []).append("ties")
    return found


def pointing(ids: Iterable[str]) -> Document:
    """The query of the articles that point to some."""
    wanted = {"$in": sorted(ids)}
    return {"$or": [{field: wanted} for field in FIELDS]}


def let_go(database: Database[Document], article: str) -> list[str]:
    """Say of what points to an article, which is about to leave, that it is to be derived anew; its `_id`s.

    Where this process dies before it has derived it, the next crawl does (`pipelines.derived.finish`).
    """
    hanging = database.articles.distinct("_id", pointing([article]) | {"_id": {"$ne": article}})
    database.articles.update_many({"_id": {"$in": hanging}}, {"$set": {"story": None}})
    return hanging
