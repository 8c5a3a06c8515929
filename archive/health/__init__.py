"""Is all well? What is wrong with an outlet or with the machine is found from the runs alone, and kept once in `alarms`.

`find` is pure; `check` reads the runs and keeps what it finds; `latest` reads what was found. docs/health.md tells what is seen
and by which rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from archive.health import machine, signs
from archive.health.causes import CAUSES, Finding, diagnose
from archive.health.history import MEMORY, Span

Document = dict[str, Any]

#: What comes again so soon after it was found mended is the same trouble, and is not told again.
_SAME = timedelta(days=2)
#: How long a person's word holds that a thing is to be left as it is.
ACCEPTED = timedelta(days=30)
#: What was broken for so long is the habit now.
_LONGEST = timedelta(days=180)
#: How far back the machine is looked at.
_MACHINE = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong, or was.

    Attributes:
        id: hexadecimal identifier.
        source: name of the outlet; "" for what concerns all of them.
        cause: the likely cause, of `archive.health.causes.CAUSES`.
        state: "open" or "closed".
        what: what is seen.
        why: the likely cause in words.
        next: what to do: a command to type.
        signs: every sign of it.
        since: the run in which it began.
        opened, closed: when it was found, and when it was found mended.
        new: opened by this very check.
    """

    id: str
    source: str
    cause: str
    state: str
    what: str
    why: str
    next: str
    signs: tuple[str, ...]
    since: datetime
    opened: datetime
    closed: datetime | None = None
    new: bool = False


def find(
    outlets: Mapping[str, Sequence[Document]],
    everything: Sequence[Document],
    now: datetime,
    past: Mapping[str, Sequence[Span]] | None = None,
) -> list[Finding]:
    """What is wrong, by the runs alone.

    Args:
        outlets: name → the runs of the outlet, oldest first, of the last weeks.
        everything: the runs of all outlets, oldest first, of the last days.
        now: aware instant.
        past: name → spans of the outlet's alarms, open ones with an end of None: they teach no habit.
    """
    past = past or {}
    whole = diagnose("", machine.signs(everything, now))
    found = []
    for source, runs in outlets.items():
        for finding in diagnose(source, signs.signs(runs, now, past.get(source, ()))):
            if not any(_explains(general, finding) for general in whole):
                found.append(finding)
    return sorted([*whole, *found], key=lambda finding: list(CAUSES).index(finding.cause))


#: What is no outlet's fault while something is wrong with the machine.
_GENERAL = {
    "network": ("down", "moved", "slow", "entry", "silence", "frozen", "volume"),
    "clock": ("future",),
    "schedule": ("idle",),
    "disk": ("silence", "frozen", "volume", "idle"),
    "storage": ("silence", "frozen", "volume", "idle"),
}


def _explains(general: Finding, finding: Finding) -> bool:
    return finding.cause in _GENERAL.get(general.cause, ()) and finding.since >= general.since - timedelta(days=1)


def check(db: Database[Document], now: datetime, sources: Collection[str] | None = None) -> list[Alarm]:
    """Look at the runs, open an alarm for each thing that is wrong and not known yet, and close those that are mended.

    Args:
        db: the archive.
        now: aware instant.
        sources: outlets to look at, such as the one that was just crawled; None for all. The machine is always looked at.
    Returns:
        The open alarms of what was looked at, those that this check opened with `new`.
    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    chosen = {} if sources is None else {"source": {"$in": ["", *sources]}}
    known = db.alarms.find({**chosen, "$or": [{"state": "open"}, {"closed": {"$gte": now - MEMORY}}]}).to_list()
    past: dict[str, list[Span]] = defaultdict(list)
    for alarm in known:
        past[alarm["source"]].append((alarm["since"], alarm["closed"]))
        if alarm["accepted"]:
            # What was before it is another outlet, so to speak.
            past[alarm["source"]][-1] = (datetime.min.replace(tzinfo=now.tzinfo), alarm["since"])
    began = min([now, *(alarm["since"] for alarm in known if alarm["state"] == "open")])
    begin = max(began - MEMORY, now - _LONGEST)
    outlets = _runs(db, {"kind": "crawl", "started": {"$gte": begin, "$lte": now}, **chosen}, _OUTLET)
    by_source: dict[str, list[Document]] = defaultdict(list)
    for run in outlets:
        by_source[run["source"]].append(run)
    everything = _runs(db, {"seen": {"$exists": True}, "started": {"$gte": now - _MACHINE, "$lte": now}}, _SHORT)
    accepted = {(alarm["source"], alarm["cause"]) for alarm in known if alarm["accepted"] and _holds(alarm, now)}
    found = [
        finding for finding in find(by_source, everything, now, past) if (finding.source, finding.cause) not in accepted
    ]
    named: dict[str, set[str]] = defaultdict(set)
    for finding in found:
        named[finding.source].add(finding.cause)
    alarms = [_keep(db, finding, now, named[finding.source] - {finding.cause}) for finding in found]
    ids = [ObjectId(alarm.id) for alarm in alarms]
    # What the machine's trouble explains is not mended by it.
    hidden = sorted({cause for finding in found if not finding.source for cause in _GENERAL.get(finding.cause, ())})
    db.alarms.update_many(
        {
            **chosen,
            "state": "open",
            "_id": {"$nin": ids},
            "checked": {"$lte": now},
            "$or": [{"source": ""}, {"cause": {"$nin": hidden}}],
        },
        {"$set": {"state": "closed", "closed": now}},
    )
    return alarms


#: What no outlet is known by; there may be tens of thousands of runs.
_OUTLET = dict.fromkeys(("requests", "made_by", "machine", "space", "asked", "seconds.read", "seconds.store"), 0)
#: What the machine is known by.
_SHORT = dict.fromkeys(
    (
        *("source", "kind", "started", "seen", "ended", "reason", "detail"),
        *("clock", "space", "machine", "entries.error", "entries.outcome"),
    ),
    1,
)


def _runs(db: Database[Document], query: Document, fields: Document | None = None) -> list[Document]:
    # Runs of archives older than this contract have no kind, and tell too little.
    return db.runs.find(query, fields).sort("started", 1).to_list()


def _holds(alarm: Document, now: datetime) -> bool:
    return bool(now - alarm["accepted"] < ACCEPTED)


def _keep(db: Database[Document], finding: Finding, now: datetime, others: Collection[str]) -> Alarm:
    """The alarm of a finding: the one that is open, the one that was closed just before, or a new one.

    Args:
        others: causes of the same outlet's other findings, which have alarms of their own.
    """
    told: Document = {"what": finding.what, "why": finding.why, "next": finding.next, "signs": list(finding.signs)}
    told |= {"cause": finding.cause}
    kept: Document = {"state": "open", "checked": now, "closed": None}
    query = {"source": finding.source, "accepted": None}
    for _ in range(2):
        standing = [alarm for alarm in db.alarms.find(query | {"state": "open"}) if alarm["cause"] not in others]
        lately = db.alarms.find_one(
            query | {"cause": finding.cause, "closed": {"$gt": now - _SAME}}, sort=[("closed", -1)]
        )
        # Signs come one by one: what looked like a lost field may prove to be a new layout, and is the same alarm.
        known = _of_cause(standing, (finding.cause,)) or lately or _of_cause(standing, CAUSES[finding.cause].explains)
        stronger = _of_cause(standing, [name for name, cause in CAUSES.items() if finding.cause in cause.explains])
        try:
            if known is not None or stronger is not None:
                change: Document = {"$set": kept | told if known is not None else kept}
                alarm = known or stronger or {}
                if alarm["told_closed"]:
                    # Whoever has heard that it was mended must hear that it is not.
                    heard = {f"told.{way}": "" for way in alarm["told_closed"]}
                    change |= {"$set": change["$set"] | {"told_closed": {}}, "$unset": heard}
                document = db.alarms.find_one_and_update(
                    {"_id": alarm["_id"]}, change, return_document=ReturnDocument.AFTER
                )
                assert document is not None
                return alarm_of(document)
            new: Document = {"opened": now, "since": finding.since, "accepted": None, "told": {}, "told_closed": {}}
            made = {"_id": ObjectId(), "source": finding.source, **told, **kept, **new}
            db.alarms.insert_one(made)
        except DuplicateKeyError:
            continue  # another process has just found it
        return alarm_of(made, new=True)
    raise RuntimeError(f"an alarm can be neither found nor made: {finding.source} {finding.cause}")


def _of_cause(alarms: Sequence[Document], causes: Collection[str]) -> Document | None:
    return next((alarm for alarm in alarms if alarm["cause"] in causes), None)


def alarm_of(document: Document, *, new: bool = False) -> Alarm:
    """An alarm as stored, as a record."""
    names = ("source", "cause", "state", "what", "why", "next", "since", "opened", "closed")
    of = {name: document[name] for name in names}
    return Alarm(id=str(document["_id"]), signs=tuple(document["signs"]), new=new, **of)


def latest(db: Database[Document]) -> list[Alarm]:
    """The open alarms, the gravest first: what concerns all outlets, then by cause and outlet."""
    found = [alarm_of(document) for document in db.alarms.find({"state": "open"})]
    return sorted(found, key=lambda alarm: (list(CAUSES).index(alarm.cause), alarm.source))


def accept(db: Database[Document], identifier: str, now: datetime) -> Alarm | None:
    """Close an alarm because a person says that things are to stay so: it is not told again for a month, and the outlet's habit
    is learnt anew from where it began. None where no open alarm has this identifier."""
    if not ObjectId.is_valid(identifier):
        return None
    document = db.alarms.find_one_and_update(
        {"_id": ObjectId(identifier), "state": "open"},
        {"$set": {"state": "closed", "closed": now, "accepted": now}},
        return_document=ReturnDocument.AFTER,
    )
    return alarm_of(document) if document else None
