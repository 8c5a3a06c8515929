"""The schedule's part of the outlets' state: when each is due, who is on it, what has been done in idle hours.

The functions take a blocking database. Everything that the schedule knows is here, so that it may be killed and started again,
and several may run side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from archive import ledger, manners
from sources.habit import Habit

Document = dict[str, Any]

# Of the habit, which is long, only when it was learnt.
_SHOWN = {"due_at": 1, "lease": 1, "habit.at": 1, "pause": 1, "tries": 1, "idle_at": 1, "filled": 1}


def clock(db: Database[Document]) -> datetime:
    """MongoDB's clock, by which leases run: aware UTC instant."""
    moment: datetime = db.command("hello", codec_options=db.codec_options)["localTime"]
    return moment


def states(db: Database[Document], sources: Iterable[str]) -> dict[str, Document]:
    """The state of some outlets by name, made where it is new."""
    wanted = list(sources)
    found = {state["_id"]: state for state in db.sources.find({"_id": {"$in": wanted}}, _SHOWN)}
    new = [name for name in wanted if name not in found]
    if new:
        db.sources.bulk_write(
            [UpdateOne({"_id": name}, {"$setOnInsert": manners.NEW_STATE}, upsert=True) for name in new]
        )
        found |= {state["_id"]: state for state in db.sources.find({"_id": {"$in": new}}, _SHOWN)}
    return found


def habits(db: Database[Document], sources: Iterable[str]) -> dict[str, Habit]:
    """What is known of how often some outlets publish, by name; those that were never visited are left out."""
    query = {"_id": {"$in": list(sources)}, "habit": {"$ne": None}}
    found = db.sources.find(query, {"habit": 1})
    return {state["_id"]: habit for state in found if (habit := Habit.from_document(state["habit"]))}


def reckon(db: Database[Document], due: dict[str, datetime]) -> None:
    """Keep when outlets are due that were visited since; what another schedule has reckoned stands."""
    if due:
        db.sources.bulk_write(
            [UpdateOne({"_id": name, "due_at": None}, {"$set": {"due_at": at}}) for name, at in due.items()]
        )


def claim(db: Database[Document], state: Document, again: datetime) -> bool:
    """Take on an outlet that is due; false where another schedule has.

    Args:
        state: the outlet's, as it was read.
        again: when it is due again should nothing come of it: a crawl that succeeds puts its own instant in its place.
    """
    done = db.sources.update_one(
        {"_id": state["_id"], "due_at": state["due_at"]}, {"$set": {"due_at": again}, "$inc": {"tries": 1}}
    )
    return bool(done.matched_count)


def idle(db: Database[Document], state: Document, now: datetime) -> bool:
    """Take on work of lower rank for an outlet; false where another schedule has."""
    before = {"_id": state["_id"], "idle_at": state.get("idle_at")}
    return bool(db.sources.update_one(before, {"$set": {"idle_at": now}}).matched_count)


def has_rechecks(db: Database[Document], source: str, now: datetime) -> bool:
    """Whether a stored article of an outlet is due to be visited again."""
    query = {"source": source, "outcome": {"$in": ledger.REVISITED}, "article": {"$ne": None}, "next_at": {"$lte": now}}
    return db.urls.find_one(query, {"_id": 1}) is not None


def has_finished(db: Database[Document], source: str, since: datetime) -> bool:
    """Whether the last crawl of an outlet that began after an instant came to its end by itself."""
    run = db.runs.find_one({"source": source, "started": {"$gte": since}}, {"reason": 1}, sort=[("started", -1)])
    return run is not None and run["reason"] == "finished"


def filled(db: Database[Document], source: str, since: str) -> None:
    """Remember how far back the past of an outlet has been walked for the schedule."""
    db.sources.update_one({"_id": source}, {"$set": {"filled": since}})
