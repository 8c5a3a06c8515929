"""MongoDB views: what analysts ask for most, ready to be queried by name in mongosh and Compass, and the steps behind them.

A view is a stored pipeline and holds nothing of its own: it is always true, and what is withdrawn is gone from it at once.
`archive.queries` runs the same steps with a filter before them, which a view cannot have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

Pipeline = list[dict[str, Any]]

_INSTANT = {"$ifNull": ["$published.at", "$first_seen"]}
# Of the outlet's own day, as on the timeline: midnight in Paris is the day before in Casablanca.
_WEEK: dict[str, Any] = {
    "$dateTrunc": {
        "date": {"$dateFromString": {"dateString": "$published.date"}},
        "unit": "week",
        "startOfWeek": "monday",
    }
}
_MONTH = {"$substrBytes": ["$published.date", 0, 7]}
_HOURS = 3_600_000
_EXISTS = 48


@dataclass(frozen=True, slots=True)
class View:
    """A view.

    Attributes:
        name: in MongoDB.
        on: the collection that it looks at.
        meaning: what one of its documents is.
        steps: its pipeline.
    """

    name: str
    on: str
    meaning: str
    steps: Pipeline


def _since(later: str, earlier: str) -> dict[str, Any]:
    """Hours between two instants, to a tenth."""
    return {"$round": [{"$divide": [{"$subtract": [later, earlier]}, _HOURS]}, 1]}


SCOOPS = View(
    "scoops",
    "articles",
    "A story: who broke it, when, and how far it went. Fields: first{at, source, lang, title, url}, last, hours, articles, copies, "
    "outlets, langs.",
    [
        {"$match": {"story": {"$ne": None}}},
        {"$set": {"at": _INSTANT}},
        {"$sort": {"at": 1, "first_seen": 1, "_id": 1}},
        {
            "$group": {
                "_id": "$story",
                "first": {
                    "$first": {"at": "$at", "source": "$source", "lang": "$lang", "title": "$title", "url": "$url"}
                },
                "last": {"$last": "$at"},
                "articles": {"$sum": 1},
                "copies": {"$sum": {"$cond": [{"$eq": ["$copy_of", None]}, 0, 1]}},
                "outlets": {"$addToSet": "$source"},
                "langs": {"$addToSet": "$lang"},
            }
        },
        {"$set": {"hours": _since("$last", "$first.at")}},
        {"$sort": {"first.at": -1, "_id": 1}},
    ],
)
WIRES = View(
    "wires",
    "articles",
    "A text that others ran: its first report and every copy. Fields: title, source, lang, agency, url, at, "
    "copies[]{source, kind, at, hours, url}, outlets.",
    [
        {"$match": {"copy_of": {"$ne": None}}},
        {"$set": {"at": _INSTANT}},
        {"$sort": {"at": 1, "_id": 1}},
        {
            "$group": {
                "_id": "$copy_of",
                "copies": {"$push": {"source": "$source", "kind": "$copy_kind", "at": "$at", "url": "$url"}},
            }
        },
        {"$lookup": {"from": "articles", "localField": "_id", "foreignField": "_id", "as": "original"}},
        {"$unwind": "$original"},
        {
            "$project": {
                "title": "$original.title",
                "source": "$original.source",
                "lang": "$original.lang",
                "agency": "$original.agency",
                "url": "$original.url",
                "at": {"$ifNull": ["$original.published.at", "$original.first_seen"]},
                "copies": 1,
                "outlets": {"$size": {"$setUnion": [["$original.source"], "$copies.source"]}},
            }
        },
        {
            "$set": {
                "copies": {
                    "$map": {
                        "input": "$copies",
                        "as": "copy",
                        "in": {"$mergeObjects": ["$$copy", {"hours": _since("$$copy.at", "$at")}]},
                    }
                }
            }
        },
        {"$sort": {"outlets": -1, "at": 1, "_id": 1}},
    ],
)
WEEKS = View(
    "weeks",
    "articles",
    "What an outlet published in a week and a language. Fields: week (its Monday; of days as the outlet "
    "counts them), source, lang, articles, copies, originals.",
    [
        {"$match": {"published": {"$ne": None}}},
        {
            "$group": {
                "_id": {"week": _WEEK, "source": "$source", "lang": "$lang"},
                "articles": {"$sum": 1},
                "copies": {"$sum": {"$cond": [{"$eq": ["$copy_of", None]}, 0, 1]}},
            }
        },
        {
            "$project": {
                "_id": 0,
                "week": {"$dateToString": {"date": "$_id.week", "format": "%Y-%m-%d"}},
                "source": "$_id.source",
                "lang": "$_id.lang",
                "articles": 1,
                "copies": 1,
                "originals": {"$subtract": ["$articles", "$copies"]},
            }
        },
        {"$sort": {"week": 1, "source": 1, "lang": 1}},
    ],
)
NAMES = View(
    "names",
    "articles",
    "How often someone or something is named in a month and a language, copies left out. Fields: entity, month, lang, articles, "
    "outlets.",
    [
        {"$match": {"published": {"$ne": None}, "copy_of": None}},
        {"$unwind": "$topic.entities"},
        {
            "$group": {
                "_id": {"entity": "$topic.entities", "month": _MONTH, "lang": "$lang"},
                "articles": {"$sum": 1},
                "outlets": {"$addToSet": "$source"},
            }
        },
        {
            "$project": {
                "_id": 0,
                "entity": "$_id.entity",
                "month": "$_id.month",
                "lang": "$_id.lang",
                "articles": 1,
                "outlets": {"$size": "$outlets"},
            }
        },
        {"$sort": {"entity": 1, "month": 1, "lang": 1}},
    ],
)
EDITS = View(
    "edits",
    "versions",
    "A change of an article: what it said, and what it said next. Fields: article, url, source, lang, n (of the state before), "
    "before, after (headlines), retitled, published, seen (when the state before was fetched), changed (when the one after it was), "
    "hours (after publication).",
    [
        {"$project": {"_id": 0, "article": 1, "n": 1, "title": 1, "at": 1}},
        {
            "$setWindowFields": {
                "partitionBy": "$article",
                "sortBy": {"n": 1},
                "output": {"next": {"$shift": {"output": {"title": "$title", "at": "$at"}, "by": 1}}},
            }
        },
        {
            "$lookup": {
                "from": "articles",
                "localField": "article",
                "foreignField": "_id",
                "pipeline": [
                    {"$project": dict.fromkeys(("url", "source", "lang", "title", "version_at", "published.at"), 1)}
                ],
                "as": "now",
            }
        },
        {"$unwind": "$now"},
        # The last of the states kept was followed by the present one.
        {"$set": {"next": {"$ifNull": ["$next", {"title": "$now.title", "at": "$now.version_at"}]}}},
        {
            "$project": {
                "article": 1,
                "n": 1,
                "url": "$now.url",
                "source": "$now.source",
                "lang": "$now.lang",
                "before": "$title",
                "after": "$next.title",
                "retitled": {"$ne": ["$title", "$next.title"]},
                "published": "$now.published.at",
                "seen": "$at",
                "changed": "$next.at",
                "hours": _since("$next.at", "$now.published.at"),
            }
        },
        {"$sort": {"changed": -1, "article": 1, "n": 1}},
    ],
)
VANISHED = View(
    "vanished",
    "articles",
    "An article that its outlet has taken down. Fields: url, source, lang, title, published, gone_at (when that was seen), days "
    "(since publication), story, copies (that stand elsewhere).",
    [
        {"$match": {"gone_at": {"$ne": None}}},
        {
            "$lookup": {
                "from": "articles",
                "localField": "_id",
                "foreignField": "copy_of",
                "pipeline": [{"$match": {"gone_at": None}}, {"$project": {"_id": 0, "source": 1, "url": 1}}],
                "as": "copies",
            }
        },
        {
            "$project": {
                "url": 1,
                "source": 1,
                "lang": 1,
                "title": 1,
                "published": "$published.at",
                "gone_at": 1,
                "days": {"$round": [{"$divide": [{"$subtract": ["$gone_at", _INSTANT]}, 24 * _HOURS]}, 1]},
                "story": 1,
                "copies": 1,
            }
        },
        {"$sort": {"gone_at": -1, "_id": 1}},
    ],
)
ORIGINALS = View(
    "originals",
    "articles",
    "An article that repeats no earlier one, without what only machines read.",
    [
        {"$match": {"copy_of": None}},
        {
            "$project": dict.fromkeys(
                ("sketch", "search", "terms", "story_keys", "text_hash", "topic.evidence", "topic.parts"), 0
            )
        },
    ],
)

VIEWS = (ORIGINALS, SCOOPS, WIRES, WEEKS, NAMES, EDITS, VANISHED)


def prepare(database: Database[dict[str, Any]]) -> None:
    """Make or mend the views. Doing it again changes nothing.

    Raises:
        pymongo.errors.PyMongoError: the server refuses.
    """
    present = {info["name"]: info for info in database.list_collections(filter={"type": "view"})}
    for view in VIEWS:
        standing = present.get(view.name)
        if standing is None:
            try:
                database.command("create", view.name, viewOn=view.on, pipeline=view.steps)
            except OperationFailure as error:
                if error.code != _EXISTS:  # another process has made it meanwhile
                    raise
        elif (standing["options"]["viewOn"], standing["options"]["pipeline"]) != (view.on, view.steps):
            database.command("collMod", view.name, viewOn=view.on, pipeline=view.steps)
