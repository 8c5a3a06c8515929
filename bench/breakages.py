"""Outlets of the sample press, broken in ten ways after a month of good runs and crawled for real: is the cause named from what
these crawls wrote?

    python -m bench.breakages
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from archive import health, server
from archive.health import Alarm
from archive.runs import host
from bench import months
from tests.conftest import ROOT, Machine, new_machine
from tests.samplepress.server import SamplePress

Document = dict[str, Any]

#: Outlet → what happens to it, as the cause is called, and how many articles a day it has.
BROKEN = {
    "carnetsdusud": ("layout", 5),
    "pharedetroit": ("dates", 5),
    "sadarabat": ("wall", 5),
    "alofok": ("frozen", 30),
    "manbar24": ("short", 5),
    "seinematin": ("language", 5),
    "annahda": ("moved", 5),
    "majmaa": ("slow", 5),
}
#: Those that name nothing new while they are broken; the articles of the others come anew with each crawl.
STANDING = {"alofok", "majmaa"}
NOW = datetime.now(UTC).replace(microsecond=0)


def bare(body: bytes) -> bytes:
    """A page of carnetsdusud in another layout: no standfirst, no author, the text in pieces without paragraphs."""
    body = re.sub(rb'<p class="accroche">.*?</p>|<p class="infos">.*?</p>', b"", body, flags=re.DOTALL)
    return re.sub(
        rb'<div class="article">.*?</p>(.*?)</div>', rb'<div class="x"><p>...</p></div>', body, flags=re.DOTALL
    )


def undated(body: bytes) -> bytes:
    return re.sub(rb'"date(?:Published|Modified)": "[^"]*",|<span class="article-date">[^<]*</span>', b"", body)


def halved(body: bytes) -> bytes:
    pieces = re.split(rb"(<entry>.*?</entry>)", body, flags=re.DOTALL)
    return b"".join(piece for place, piece in enumerate(pieces) if place % 4 != 1)


def injure(press: SamplePress) -> None:
    """The broken days."""
    arabic = next(truth.url for truth in press.press.truth() if truth.outlet == "alofok" and truth.paragraphs)
    page = press.press.respond(arabic, 1)
    assert page is not None
    press.misbehave(r"carnetsdusud\.example/[a-z]+/[a-z0-9-]+-\d{5}", rewrite=bare)
    press.misbehave(r"pharedetroit\.example/[a-z]+/.*_[A-Z2-7]{26}", rewrite=undated)
    press.misbehave(r"sadarabat\.example/.*\.html", status=403)
    press.misbehave(r"manbar24\.example/atom\.xml", rewrite=halved)
    press.misbehave(r"seinematin\.example/.*_\d+\.html", rewrite=lambda body: page.body)
    press.misbehave(r"annahda\.example/", status=301, headers={"Location": "https://www.sadarabat.example/"})
    press.misbehave(r"majmaa\.example/latest", delay=2.2)


@dataclass(slots=True)
class Months:
    """What was found before the broken days, in them, and of the machine's own troubles: done → causes named."""

    before: list[Alarm]
    broken: list[Alarm]
    general: dict[str, list[str]]


def play(
    machine: Machine, outlets: Sequence[str], good: dict[str, Document], hours: Sequence[int] = (25, 13, 1)
) -> Months:
    """Crawl outlets that are broken after a month in which they were well; then set the clock of the machine wrong.

    What is crawled now is moved to where it would have been in time.

    Args:
        outlets: of BROKEN.
        good: outlet → the document of a crawl that went well; those of the month before are like it.
        hours: before now, at which the broken outlets are crawled.
    """
    runs = machine.database.runs
    for outlet in outlets:
        month = months.before(months.like(good[outlet], BROKEN[outlet][1]), NOW - timedelta(hours=36), 30, seed=7)
        runs.insert_many([run | {"machine": {"host": host(), "pid": 1}} for run in month])
    before = health.check(machine.database, NOW - timedelta(hours=36))
    injure(machine.press)
    for ago in hours:
        forget(machine, set(outlets) - STANDING)
        crawl(machine, *outlets)
        moved_to(machine, NOW - timedelta(hours=ago))
    broken = health.check(machine.database, NOW)
    machine.press.behave()
    return Months(before, broken, {"clock": clock(machine, outlets[:5])})


def clock(machine: Machine, outlets: Sequence[str]) -> list[str]:
    """Crawl where all servers say that it is an hour later; the causes named, of the machine."""
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    machine.press.misbehave(r"", headers={"Date": ahead})
    forget(machine, outlets, "sources")
    crawl(machine, *outlets)
    moved_to(machine, NOW - timedelta(minutes=30))
    machine.press.behave()
    return [alarm.cause for alarm in health.check(machine.database, NOW) if not alarm.source]


def disk(machine: Machine, outlets: Sequence[str]) -> list[str]:
    """Crawl on a disk that is full: the kernel refuses what goes beyond a limit as it does there; the causes first named then."""
    forget(machine, outlets)
    limit = f"ulimit -f 40; exec {sys.executable} -m scrapy crawl {' '.join(outlets)}"
    options: dict[str, Any] = {"env": machine.environment, "cwd": ROOT, "capture_output": True, "text": True}
    full = subprocess.run(["bash", "-c", limit], **options, timeout=180, check=False)
    assert full.returncode == 3, full.stdout + full.stderr
    moved_to(machine, NOW - timedelta(minutes=20))
    return [alarm.cause for alarm in health.check(machine.database, NOW) if not alarm.source and alarm.new]


def crawl(machine: Machine, *outlets: str) -> None:
    done = machine.scrapy("crawl", *outlets)
    assert done.returncode in (0, 1), done.stdout + done.stderr


def forget(machine: Machine, outlets: Iterable[str], *collections: str) -> None:
    """As if all that these outlets name had just been published, and the pause after a wall were over."""
    for name in collections or ("urls", "articles", "sources"):
        key = "_id" if name == "sources" else "source"
        machine.database[name].delete_many({key: {"$in": list(outlets)}})


def moved_to(machine: Machine, when: datetime) -> None:
    """Move the crawls that have just ended to another instant."""
    for run in machine.database.runs.find({"started": {"$gte": NOW}}).to_list():
        by = when - run["started"]
        changes = {name: run[name] + by for name in ("started", "seen", "ended")}
        machine.database.runs.update_one({"_id": run["_id"]}, {"$set": changes})


def main() -> int:
    """Print what was done and what was named; exit code 1 where a cause is missed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        uri = server.ensure(data / "mongodb")
        try:
            with new_machine(uri, data, Path(folder)) as machine:
                crawl(machine, *BROKEN)
                good = {run["source"]: run for run in machine.database.runs.find()}
                machine.database.runs.delete_many({})
                told = play(machine, tuple(BROKEN), good)
                told.general["disk"] = disk(machine, ("sadarabat", "carnetsdusud"))
        finally:
            server.stop(data / "mongodb")
    print(f"Alarms in the month before: {len(told.before)}")
    right = 0
    for outlet, (cause, _) in BROKEN.items():
        found = [alarm for alarm in told.broken if alarm.source == outlet]
        right += [alarm.cause for alarm in found] == [cause]
        print(
            f"{cause:10} {outlet:15} "
            + ("; ".join(f"{alarm.cause}: {alarm.what}" for alarm in found) or "nothing found")
        )
    for cause, causes in told.general.items():
        right += causes == [cause]
        print(f"{cause:10} {'the machine':15} {', '.join(causes) or 'nothing found'}")
    print(f"{right} of {len(BROKEN) + len(told.general)} rightly named, each once")
    return 0 if right == len(BROKEN) + len(told.general) else 1


if __name__ == "__main__":
    sys.exit(main())
