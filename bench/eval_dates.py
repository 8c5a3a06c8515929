"""How right the date reader is: `make eval` prints these tables.

    python -m bench.eval_dates [--all]

Lines are `facts/dates.jsonl`, pages `corpus/` under MARSAD_SHARED (default: ../shared beside the repository). *Wrong* is an answer
that is not the expected one; *none* is silence where an answer was expected. `--all` prints families without a fault too.
Exits 1 where lines are wrong or fewer than 99.5 % are right.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from html import unescape as html_entities
from pathlib import Path
from typing import Any

from lxml import etree, html

from archive.records import DateField, Evidence
from language.months import GREGORIAN
from language.normalize import fold
from language.timezones import zone
from pipelines.dates import DateReading, published, read_date
from sources.model import Source
from sources.registry import everything

_TARGET = 0.995
_PARIS = "Europe/Paris"
_ZONES = {".ca": "America/Toronto", ".tn": "Africa/Tunis", ".ae": "Asia/Dubai", ".ma": "Africa/Casablanca"}


def shared() -> Path:
    """The folder with the facts and the corpus."""
    return Path(os.environ.get("MARSAD_SHARED") or Path(__file__).resolve().parents[2] / "shared")


def corpus() -> Iterator[dict[str, Any]]:
    """The entries of the corpus' index; none where it is absent."""
    index = shared() / "corpus" / "index.jsonl"
    if index.exists():
        with index.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def verdict(entry: dict[str, Any], reading: DateReading | None) -> str:
    """ "right", "none" or "wrong" for one line."""
    expected = [moment(value) for value in (entry["expected"], *entry.get("alt", ())) if value]
    if reading is None:
        return "none" if expected else "right"
    unit = {"day": 86_400, "minute": 60, "second": 1}[entry["precision"]]
    within = any(
        abs((reading.instant - instant).total_seconds()) < (unit if unit < 86_400 else 1) for instant in expected
    )
    return "right" if within and reading.precision == entry["precision"] else "wrong"


def lines(everything: bool) -> bool:
    """Prints accuracy by family; whether it is good enough."""
    path = shared() / "facts" / "dates.jsonl"
    if not path.exists():
        print(f"no {path}: lines are not evaluated (MARSAD_SHARED names the folder)")
        return True
    families: dict[str, Counter[str]] = {}
    faults: list[str] = []
    with path.open(encoding="utf-8") as source:
        for entry in map(json.loads, source):
            reading = read_date(
                entry["text"], language=entry["lang"], timezone=entry["timezone"], now=moment(entry["now"])
            )
            result = verdict(entry, reading)
            families.setdefault(entry["family"], Counter())[result] += 1
            if result != "right":
                got = f"{reading.instant.isoformat()} {reading.precision}" if reading else "None"
                faults.append(f"  {result:<6}{entry['id']}: expected {entry['expected']}, got {got}")
    print(f"{'date lines by family':<32}{'lines':>7}{'right':>7}{'none':>7}{'wrong':>7}{'%':>9}")
    total: Counter[str] = Counter()
    for family, counts in sorted(families.items()):
        total += counts
        if everything or counts["right"] < counts.total():
            row(family, counts)
    row("all", total)
    print("\n".join(faults))
    return not total["wrong"] and total["right"] >= _TARGET * total.total()


def row(name: str, counts: Counter[str]) -> None:
    number = counts.total()
    print(
        f"{name:<32}{number:>7}{counts['right']:>7}{counts['none']:>7}{counts['wrong']:>7}{100 * counts['right'] / number:>9.2f}"
    )


@cache
def _outlets() -> list[Source]:
    return everything()[0]


def zone_of(publisher: str) -> str:
    """The zone of a publisher: of the outlet that has its host, else of its country's domain, else Paris."""
    for source in _outlets():
        if any(publisher == domain or publisher.endswith("." + domain) for domain in source.domains):
            return source.timezone
    return next((name for suffix, name in _ZONES.items() if publisher.endswith(suffix)), _PARIS)


def names_day(markup: str, day: date) -> bool:
    """Whether a page's source names a day at all, in any common way of writing."""
    months = [name for name, number in GREGORIAN.items() if number == day.month]
    text = fold(html_entities(markup))
    forms = [f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}"]
    forms += [
        f"{day:%d}{sep}{day:%m}{sep}{year}" for sep in ("/", "-", ".", " . ") for year in (f"{day:%Y}", f"{day:%y}")
    ]
    forms += [
        f"{number} {month} {day.year}" for month in months for number in (f"{day.day}", f"{day:%d}", f"{day.day}er")
    ]
    return any(form in text for form in forms)


def pages() -> None:
    """Prints same-day and same-minute accuracy on the corpus, by the place that was believed."""
    places: dict[str, Counter[str]] = {}
    faults: list[str] = []
    folder = shared() / "corpus"
    for entry in corpus():
        stated = (entry.get("truth") or {}).get("date")
        if not stated:
            continue
        name, local = entry["page"].removeprefix("pages/").removesuffix(".html.gz"), zone(zone_of(entry["publisher"]))
        body = gzip.decompress((folder / entry["page"]).read_bytes())
        try:
            tree = html.fromstring(body)
        except etree.ParserError:
            faults.append(f"  unreadable {name}")
            continue
        evidence = [Evidence(entry["url"], "url")] if entry["url"] else []
        now = datetime.now(tz=local)
        found, _ = published(tree, evidence, timezone=local.key, now=now, language=entry["lang"])
        truth = moment(stated)
        instant = truth if truth.tzinfo else truth.replace(tzinfo=local)
        # Some truths are the date part of a UTC instant: either calendar is accepted.
        days = {stated[:10], instant.astimezone(local).date().isoformat()}
        counts = places.setdefault(found.where if found else "none", Counter())
        counts[page_verdict(found, days)] += 1
        if found and len(stated) > 10 and found.date in days:
            same = (
                abs(
                    (
                        found.at.replace(second=0, microsecond=0) - instant.replace(second=0, microsecond=0)
                    ).total_seconds()
                )
                < 60
            )
            counts["minute right" if same else "minute wrong"] += 1
            if not same:
                faults.append(f"  minute {name}: truth {stated}, page says {found.raw!r} ({found.where})")
        if not found or found.date not in days:
            there = (
                ""
                if names_day(body.decode("utf-8", "replace"), instant.date())
                else "; the page's source does not name that day"
            )
            said = f"{found.raw!r} ({found.where}, {found.method})" if found else "nothing"
            faults.append(f"  {page_verdict(found, days):<7}{name}: truth {stated}, page says {said}{there}")
    if not places:
        print(f"no corpus in {folder}: pages are not evaluated")
        return
    total: Counter[str] = sum(places.values(), Counter())
    print(f"\n{'corpus pages by place':<32}{'pages':>7}{'right':>7}{'none':>7}{'wrong':>7}{'%':>9}{'minutes':>12}")
    for place, counts in [*sorted(places.items()), ("all", total)]:
        number = counts["right"] + counts["none"] + counts["wrong"]
        minutes = f"{counts['minute right']}/{counts['minute right'] + counts['minute wrong']}"
        print(
            f"{place:<32}{number:>7}{counts['right']:>7}{counts['none']:>7}{counts['wrong']:>7}{100 * counts['right'] / number:>9.2f}{minutes:>12}"
        )
    print("\n".join(faults))


def page_verdict(found: DateField | None, days: set[str]) -> str:
    return "none" if found is None else "right" if found.date in days else "wrong"


def main() -> int:
    good = lines("--all" in sys.argv[1:])
    pages()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
