"""Ways out for alarms: a file, and what apprise reaches (mail, Slack, Telegram …). Each hears of an alarm once, and once of its end.

A way that fails costs a line, and is tried again at the next check. What is configured holds passwords and tokens: only the kind
of a way is ever printed or stored.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from archive.health import Alarm, alarm_of
from language.printable import printable, without_credentials

Document = dict[str, Any]

#: Takes a title and a text; raises WayFailed.
Send = Callable[[str, str], None]
_STATUS = re.compile(r"(?<!\d)[45]\d\d(?!\d)")
_KIND = re.compile(r"([A-Za-z][A-Za-z0-9.+-]{0,20}):/")


class WayFailed(RuntimeError):
    """A way out took no message; the message says why, without any secret."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way out.

    Attributes:
        name: its kind and a mark that tells it from another of the kind: "slack-4f1a".
        send: sends a message by it.
    """

    name: str
    send: Send


def ways(addresses: str, file: str) -> list[Way]:
    """The ways that the environment configures.

    Args:
        addresses: MARSAD_ALARMS: apprise's URLs, separated by white space.
        file: MARSAD_ALARMS_FILE: a file that messages are appended to, "" for none.
    """
    found = [Way("file", partial(_append, Path(file)))] if file else []
    for number, address in enumerate(addresses.split(), 1):
        kind = _KIND.match(address)
        mark = hashlib.sha256(address.encode()).hexdigest()[:4]
        name = f"{kind[1].lower().replace('.', '-') if kind else 'unknown'}-{mark}"
        found.append(Way(name, partial(_notify, address, number)))
    return found


def tell(db: Database[Document], now: datetime, open_to: Iterable[Way]) -> list[str]:
    """Tell each way what it has not heard yet: alarms that were opened, and those it was told of that are mended.

    Args:
        now: aware instant.
        open_to: the ways.
    Returns:
        Why a way failed, a line each.
    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    faults = []
    for way in open_to:
        opened = _claim(db, now, {"state": "open"}, f"told.{way.name}")
        mended = {"state": "closed", "accepted": None, f"told.{way.name}": {"$exists": True}}
        closed = _claim(db, now, mended, f"told_closed.{way.name}")
        if not opened and not closed:
            continue
        try:
            way.send(title_of(opened, closed), text_of(opened, closed))
        except BaseException as error:
            _unclaim(db, opened, f"told.{way.name}")
            _unclaim(db, closed, f"told_closed.{way.name}")
            if not isinstance(error, WayFailed):
                raise
            faults.append(f"alarms could not be told by {way.name}: {error}; the next check tries again")
    return faults


def _claim(db: Database[Document], now: datetime, query: Document, mark: str) -> list[Alarm]:
    """Alarms that a way has not heard of, marked before they are told: two machines that check at once tell them once."""
    claimed = []
    for document in db.alarms.find({**query, mark: {"$exists": False}}).sort("opened", 1).to_list():
        done = db.alarms.update_one({"_id": document["_id"], mark: {"$exists": False}}, {"$set": {mark: now}})
        if done.modified_count:
            claimed.append(alarm_of(document))
    return claimed


def _unclaim(db: Database[Document], alarms: list[Alarm], mark: str) -> None:
    if alarms:
        db.alarms.update_many({"_id": {"$in": [ObjectId(alarm.id) for alarm in alarms]}}, {"$unset": {mark: ""}})


def title_of(opened: Sequence[Alarm], closed: Sequence[Alarm]) -> str:
    """A line over a message."""
    parts = [f"{len(opened)} new alarm{'s' if len(opened) > 1 else ''}"] if opened else []
    parts += [f"{len(closed)} mended"] if closed else []
    return f"Marsad: {', '.join(parts)}"


def text_of(opened: Iterable[Alarm], closed: Iterable[Alarm]) -> str:
    """A message for people: each alarm with what, since when, the likely cause and the next step."""
    parts = [
        "\n".join(
            [
                f"{name_of(alarm)}: {alarm.what}",
                *(f"  also: {sign}" for sign in alarm.signs[1:4]),
                f"  since: {alarm.since:%Y-%m-%d %H:%M} UTC",
                f"  likely: {alarm.why}",
                f"  next: {alarm.next}",
            ]
        )
        for alarm in opened
    ]
    parts += [f"{name_of(alarm)}: mended: {alarm.what}" for alarm in closed]
    return printable(without_credentials("\n\n".join(parts)), keep="\n")


def name_of(alarm: Alarm) -> str:
    """Whom an alarm concerns."""
    return alarm.source or "Marsad"


def _append(path: Path, title: str, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{title}\n\n{text}\n\n")
    except OSError as error:
        raise WayFailed(f"MARSAD_ALARMS_FILE {path}: {error.strerror}") from error


def _notify(address: str, number: int, title: str, text: str) -> None:
    # Slow to import, and wanted by few.
    import apprise

    outgoing = apprise.Apprise()
    # Its own log lines hold addresses with tokens.
    logging.getLogger("apprise").propagate = False
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
        if not outgoing.add(address):
            raise WayFailed(f"entry {number} of MARSAD_ALARMS is no address that apprise understands")
        try:
            sent = outgoing.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # whatever a plugin of apprise raises: an alarm must not end what it tells of
            raise WayFailed(type(error).__name__) from None
        status = _STATUS.search(said.getvalue())
    if not sent:
        raise WayFailed(f"it answers {status[0]}" if status else "it cannot be reached, or refuses")
