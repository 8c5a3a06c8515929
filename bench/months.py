"""Simulated months: the runs of invented outlets of four volumes, with nights, weekends, bursts, silences and small troubles.

What a run would have written is made directly, by `archive.runs.Run`, so that no document has another shape than a real one.
Everything is drawn from a seed.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bson import ObjectId

from archive.records import Outcome
from archive.runs import FIELDS, ON_PAGE, Run

Document = dict[str, Any]
Spell = tuple[datetime, datetime, float]

#: Articles a day → hours between two crawls.
CLASSES = {1: 8.0, 5: 4.0, 30: 2.0, 150: 1.0}
START = datetime(2026, 3, 2, tzinfo=UTC)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Outlet:
    """An invented outlet, as it usually is.

    Attributes:
        volume: articles of a day.
        night, weekend: by what it is multiplied then.
        bursts: spells with more, or (factor 0) silences.
        down: spells in which its server fails.
        entries: its entry points: address, kind, addresses and articles that each names; no number stands for what was published
            in the last two days. News are met at the first.
        fields: how often each field is there.
        languages: share of each.
        length, quality, seconds: of a middle article, and of an answer.
        failing: outcome → how often a page has it.
    """

    name: str
    volume: int
    night: float
    weekend: float
    bursts: tuple[Spell, ...]
    down: tuple[Spell, ...]
    entries: tuple[tuple[str, str, int | None, int | None], ...]
    fields: dict[str, float]
    languages: dict[str, float]
    length: float
    quality: float
    seconds: float
    offset: float
    failing: dict[Outcome, float]


@dataclass(slots=True)
class Trouble:
    """A breakage, as it changes what a run writes; see `BREAKAGES`.

    Attributes:
        cause: by which it should be named.
        since: when it begins.
        outlet: changes what the outlet's pages are.
        published: the share of its articles that are still to be found; 1 for all.
        entries: changes what its entry points give.
        ends: reason and words of the end of each run.
    """

    cause: str
    since: datetime
    outlet: Callable[[Outlet], Outlet] = lambda outlet: outlet
    published: float = 1.0
    entries: Callable[[Document], Document] = lambda entry: entry
    ends: tuple[str, str] | None = None
    offset: float = 0.0
    free: float | None = None


@dataclass(slots=True)
class Month:
    """Some outlets and what their runs wrote.

    Attributes:
        outlets: by name.
        runs: by name, oldest first.
    """

    outlets: dict[str, Outlet] = field(default_factory=dict)
    runs: dict[str, list[Document]] = field(default_factory=dict)

    def everything(self) -> list[Document]:
        """The runs of all outlets, oldest first."""
        return sorted((run for runs in self.runs.values() for run in runs), key=lambda run: run["started"])


def outlets(seed: int, each: int = 15, volumes: Iterable[int] = CLASSES) -> dict[str, Outlet]:
    """Invented outlets: so many of each volume."""
    made = [_outlet(seed, volume, number) for volume in volumes for number in range(each)]
    return {outlet.name: outlet for outlet in made}


def _outlet(seed: int, volume: int, number: int) -> Outlet:
    chance = Random(f"outlet {seed} {volume} {number}")  # noqa: S311 - reproducible, not secret
    days = 60
    bursts = [
        *_spells(chance, 3, days, lambda: (chance.uniform(6, 48), chance.uniform(1.5, 3.0))),
        *_spells(chance, 1.5, days, lambda: (chance.uniform(6, {1: 96, 5: 48, 30: 20, 150: 12}[volume]), 0.0)),
        # Days are not alike.
        *((START + day * _DAY, START + (day + 1) * _DAY, math.exp(chance.gauss(0, 0.25))) for day in range(days)),
    ]
    fields = {name: chance.choice([0.0, chance.uniform(0.3, 0.8), chance.uniform(0.9, 1.0)]) for name in FIELDS}
    fields["published"] = chance.uniform(0.95, 1.0)
    fields["on_page"] = chance.choice([0.0, fields["published"], fields["published"]])
    fields["timed"] = chance.choice([0.05, 0.95])
    arabic = chance.choice([0.0, 0.0, 1.0, 1.0, chance.uniform(0.2, 0.8)])
    return Outlet(
        f"outlet{volume}-{number}",
        volume,
        night=chance.uniform(0.05, 0.4),
        weekend=chance.uniform(0.3, 1.0),
        bursts=tuple(bursts),
        down=tuple(_spells(chance, 0.5, days, lambda: (chance.uniform(1, 5), 0.0))),
        entries=_entries(f"https://outlet{volume}-{number}.example", chance, volume),
        fields=fields,
        languages={"ar": arabic, "fr": 1 - arabic},
        length=chance.uniform(1200, 3500),
        quality=chance.uniform(0.65, 0.95),
        seconds=math.exp(chance.gauss(-0.7, 0.6)),
        offset=2400.0 if chance.random() < 0.05 else chance.gauss(0, 2),
        failing={
            Outcome.GONE: 0.01,
            Outcome.HTTP_ERROR: 0.005,
            Outcome.NETWORK_ERROR: 0.005,
            Outcome.NOT_ARTICLE: chance.uniform(0, 0.15),
            Outcome.EMPTY: chance.uniform(0, 0.03),
            Outcome.WALL: chance.choice([0.0, 0.0, 0.0, 0.2]),
        },
    )


def _entries(site: str, chance: Random, volume: int) -> tuple[tuple[str, str, int | None, int | None], ...]:
    items = chance.choice([10, 20, 30, 50]) * (1 + volume // 100)
    feed = (f"{site}/feed", "feed", round(items * chance.uniform(1, 1.2)), items)
    return (feed, (f"{site}/sitemap", "sitemap", None, None)) if chance.random() < 0.5 else (feed,)


def like(run: Document, volume: int) -> Outlet:
    """An outlet whose runs are like a real one that went well.

    Args:
        run: its document.
        volume: articles of a day.
    """
    articles = run["articles"]
    count, languages = articles["count"], articles["languages"]
    arabic = languages.get("ar", 0) / count
    return Outlet(
        run["source"],
        volume,
        night=0.2,
        weekend=0.6,
        bursts=(),
        down=(),
        entries=tuple((entry["url"], entry["kind"], entry["links"], entry["items"]) for entry in run["entries"]),
        fields={name: had / count for name, had in articles["fields"].items()},
        languages={"ar": arabic, "fr": 1 - arabic},
        length=articles["lengths"]["p50"],
        quality=articles["quality"]["p50"],
        seconds=run["seconds"]["fetch"]["p50"],
        offset=0.0,
        failing={outcome: run["counters"].get(outcome, 0) / (count + 1) for outcome in _FAILING},
    )


_FAILING = (Outcome.GONE, Outcome.HTTP_ERROR, Outcome.NOT_ARTICLE, Outcome.EMPTY, Outcome.WALL, Outcome.ROBOTS)


def before(outlet: Outlet, until: datetime, days: int, seed: int) -> list[Document]:
    """What the crawls of an outlet wrote in so many days before an instant."""
    return list(_runs(outlet, seed, days, [], None, until - timedelta(days=days)))


def _spells(
    chance: Random, a_month: float, days: int, draw: Callable[[], tuple[float, float]]
) -> Iterator[tuple[datetime, datetime, float]]:
    at = START
    while (at := at + timedelta(days=chance.expovariate(a_month / 30))) < START + days * _DAY:
        hours, factor = draw()
        yield at, at + timedelta(hours=hours), factor
        at += timedelta(hours=hours)


def published(outlet: Outlet, seed: int, days: float, start: datetime = START) -> list[datetime]:
    """When an outlet publishes: instants of a random process whose rate follows its day, its week and its spells."""
    chance = Random(f"published {seed} {outlet.name}")  # noqa: S311
    moments = []
    mean = (18 + 6 * outlet.night) / 24 * (5 + 2 * outlet.weekend) / 7
    steps = [start + hour * _HOUR for hour in range(int(days * 24))]
    for step in steps:
        rate = outlet.volume / 24 / mean
        rate *= outlet.night if step.hour < 6 else 1.0
        rate *= outlet.weekend if step.weekday() >= 5 else 1.0
        for since, until, factor in outlet.bursts:
            if since <= step < until:
                rate *= factor
        at = chance.expovariate(rate) if rate else 2.0
        while at < 1:
            moments.append(step + at * _HOUR)
            at += chance.expovariate(rate)
    return moments


def month(
    seed: int,
    days: float = 30.0,
    each: int = 15,
    troubles: dict[str, Trouble] | None = None,
    volumes: Iterable[int] = CLASSES,
) -> Month:
    """What the runs of some outlets write in so many days.

    Args:
        seed: everything is drawn from it; the same seed gives the same days before any trouble.
        each: outlets of each volume.
        troubles: outlet → its breakage.
    """
    made = Month(outlets(seed, each, volumes))
    chance = Random(f"machine {seed}")  # noqa: S311
    # The machine is off now and then.
    away = list(_spells(chance, 1.5, 60, lambda: (chance.uniform(4, 20), 0.0)))
    for name, outlet in made.outlets.items():
        trouble = (troubles or {}).get(name)
        made.runs[name] = list(_runs(outlet, seed, days, away, trouble))
    return made


def _runs(
    outlet: Outlet, seed: int, days: float, away: list[Spell], trouble: Trouble | None, start: datetime = START
) -> Iterator[Document]:
    chance = Random(f"runs {seed} {outlet.name}")  # noqa: S311
    moments = published(outlet, seed, days, start)
    at = before = start + timedelta(hours=chance.uniform(0, 8))
    pages = _Pages(outlet, chance, start)
    while (at := at + timedelta(hours=CLASSES[outlet.volume] * chance.uniform(0.8, 1.25))) < start + days * _DAY:
        if any(since <= at < until for since, until, _ in away):
            continue
        broken = trouble if trouble is not None and at >= trouble.since else None
        if broken and broken.ends and broken.ends[0] == "walls" and chance.random() < 0.6:
            yield _ended(pages.run(at), at, "pause", f"left alone: {broken.ends[1]}")
            continue
        low, high = bisect_right(moments, before), bisect_right(moments, at)
        news = high - low
        if broken and broken.published < 1:
            news = sum(chance.random() < broken.published for _ in range(news))
        document, seen = pages.crawl(at, news, moments[:high], broken)
        if seen:
            before = at
        yield document


class _Pages:
    """Makes the documents of one outlet."""

    def __init__(self, outlet: Outlet, chance: Random, start: datetime) -> None:
        self.outlet = outlet
        self.chance = chance
        self.start = start

    def run(self, at: datetime) -> Run:
        bits = self.chance.getrandbits(96)
        code = "0.1.0" if at < self.start + 17 * _DAY else "0.1.1"  # a new version that changes nothing
        made_by = {"code": code, "lexicon": "5b7a"}
        return Run(ObjectId(f"{bits:024x}"), self.outlet.name, at, made_by=made_by)

    def crawl(self, at: datetime, news: int, known: list[datetime], broken: Trouble | None) -> tuple[Document, bool]:
        """The document of a crawl, and whether it saw what the outlet names."""
        outlet, chance = self.outlet, self.chance
        if broken:
            outlet = broken.outlet(outlet)
        run = self.run(at)
        down = any(since <= at < until for since, until, _ in outlet.down) or chance.random() < 0.01
        if down:
            words = "the server does not answer in time"
            for url, kind, _, _ in outlet.entries:
                run.note_entry(url, 0, 0, words, kind=kind, outcome=Outcome.NETWORK_ERROR)
            run.note_answer(0, 0, 30.0, None)
            return _ended(run, at, "finished", ""), False
        if chance.random() < 0.002:
            run.note_answer(200, 0, 1.0, None)
            document = run.document(None, None)
            return document | {"seen": at + timedelta(seconds=40)}, False
        newest = known[-1] if known else None
        lately = len(known) - bisect_left(known, at - 2 * _DAY)
        met = 0
        for place, (url, kind, links, items) in enumerate(outlet.entries):
            named = lately if items is None else items
            new = news if place == 0 else 0
            entry = self._entry(run, url, kind, links or named, named, new, newest, broken, unchanged=not news)
            met = max(met, min(news, entry["new"] if broken and place == 0 else news) if entry["error"] is None else 0)
        seen = any(entry["error"] is None for entry in run.entries)
        news = met
        run.counters["discovered"] = run.counters["fresh"] = news
        slow = 5.0 if chance.random() < 0.05 else 1.0
        middle = outlet.seconds * math.exp(chance.gauss(0, 0.3)) * slow
        for _ in range(news + 1 + len(outlet.entries)):
            offset = outlet.offset + chance.gauss(0, 1) + (broken.offset if broken else 0.0)
            run.note_answer(200, 60_000, middle * math.exp(chance.gauss(0, 0.4)), offset)
        reason, detail = broken.ends if broken and broken.ends else ("finished", "")
        if reason == "walls" or chance.random() < 0.002:
            run.counters[Outcome.WALL] += 5
            return _ended(run, at, "walls", detail or "5 walls in a row: its server answers 403"), seen
        if reason != "storage":
            self._read(run, outlet, news)
        if chance.random() < 0.02:
            run.future += 1
        free = broken.free if broken and broken.free is not None else 400 - 1.5 * (at - self.start) / _DAY
        space = {"free": int(free * GIB), "total": 500 * GIB}
        run.space = {"warc": space, "mongodb": {"free": 90 * GIB, "total": 100 * GIB}}
        return _ended(run, at, reason, detail), seen

    def _entry(
        self,
        run: Run,
        url: str,
        kind: str,
        links: int,
        items: int,
        new: int,
        newest: datetime | None,
        broken: Trouble | None,
        *,
        unchanged: bool,
    ) -> Document:
        if unchanged and self.chance.random() < 0.5:
            run.note_entry(url, 304, 0, kind=kind)
        elif self.chance.random() < 0.01:
            run.note_entry(url, 503, 0, "the server answers 503", kind=kind, outcome=Outcome.HTTP_ERROR)
        else:
            run.note_entry(url, 200, items, kind=kind, links=links, new=new, newest=newest)
        if broken:
            run.entries[-1] = broken.entries(dict(run.entries[-1]))
        return run.entries[-1]

    def _read(self, run: Run, outlet: Outlet, news: int) -> None:
        chance = self.chance
        # The articles of one run are more alike than those of several: one section, one author, one day.
        shares = {name: _about(chance, share) for name, share in outlet.fields.items()}
        languages = list(outlet.languages)
        arabic = _about(chance, outlet.languages[languages[0]])
        failing = {outcome: _about(chance, share) for outcome, share in outlet.failing.items()}
        for _ in range(news):
            outcome = next((name for name, share in failing.items() if chance.random() < share), None)
            if outcome is not None:
                run.counters[outcome] += 1
                continue
            run.counters["fetched"] += 1
            run.counters[Outcome.STORED if chance.random() < 0.03 else Outcome.OFF_TOPIC] += 1
            run._articles["count"] += 1
            has = {name: chance.random() < share for name, share in shares.items()}
            has["on_page"] &= has["published"]
            has["timed"] &= has["published"]
            for name, there in has.items():
                run._articles[name] += there
            place = ON_PAGE[0] if has["on_page"] else "feed" if has["published"] else "none"
            run._dates[place] += 1
            run._languages[languages[0] if chance.random() < arabic else languages[1]] += 1
            run._lengths.add(round(outlet.length * math.exp(chance.gauss(0, 0.6))))
            run._quality.add(min(1.0, max(0.0, chance.gauss(outlet.quality, 0.1))))


def _about(chance: Random, share: float) -> float:
    """A share near another one."""
    if share in (0.0, 1.0):
        return share
    return chance.betavariate(15 * share, 15 * (1 - share))


def _ended(run: Run, at: datetime, reason: str, detail: str) -> Document:
    run.detail = detail
    document = run.document(at + timedelta(seconds=90), reason)
    return document | {"machine": {"host": "simulated", "pid": 1}}


# -- breakages ---------------------------------------------------------------------------------------------------------


def breakages(since: datetime) -> dict[str, Trouble]:
    """The injected breakages of one outlet, by name; those of the machine strike all of them."""
    host = "https://elsewhere.example/"
    frozen = {"newest": since - timedelta(hours=1), "new": 0, "status": 200, "error": None, "outcome": None}
    moved = {"status": 200, "items": 0, "links": 0, "new": 0, "newest": None, "outcome": "redirected"}
    moved["error"] = f"redirects to another outlet: {host}"

    def without(*names: str, **changes: Any) -> Callable[[Outlet], Outlet]:
        return lambda outlet: replace(outlet, fields=outlet.fields | dict.fromkeys(names, 0.0), **changes)

    def stopped(entry: Document) -> Document:
        return entry if entry["status"] == 304 else entry | frozen

    def half(entry: Document) -> Document:
        return entry | {"items": entry["items"] // 2, "links": entry["links"] // 2}

    def turned(outlet: Outlet) -> Outlet:
        return replace(outlet, languages={"en": 1.0, "fr": 0.0})

    def slowed(outlet: Outlet) -> Outlet:
        return replace(outlet, seconds=8 * max(outlet.seconds, 1.0))

    def stripped(outlet: Outlet) -> Outlet:
        return without("authors", "standfirst", "section")(
            replace(outlet, length=outlet.length / 5, quality=outlet.quality - 0.3)
        )

    full = ("storage", "WARC folder data/warc: the disk is full")
    return {
        "layout": Trouble("layout", since, stripped),
        "dates": Trouble("dates", since, without("published", "on_page", "timed", "modified")),
        "wall": Trouble("wall", since, ends=("walls", "5 walls in a row: its server answers 403")),
        "frozen": Trouble("frozen", since, published=0.0, entries=stopped),
        "half": Trouble("short", since, published=0.5, entries=half),
        "language": Trouble("language", since, turned),
        "moved": Trouble("moved", since, published=0.0, entries=lambda entry: entry | moved),
        "slow": Trouble("slow", since, slowed),
        "clock": Trouble("clock", since, offset=3600.0),
        "disk": Trouble("disk", since, ends=full, free=0.1),
    }
