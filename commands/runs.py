"""`scrapy runs`: the last runs as a table, or one of them in full."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries
from archive.records import Outcome
from archive.runs import state_of
from commands import console
from commands.console import UsageFault, guarded
from commands.crawl import gap_in_words
from sources import registry

Document = dict[str, Any]

_COLUMNS = ("run", "outlet", "kind", "started", "took", "end", "requests", "new", "read", "stored", "copies", "failed")
_NUMBERS = ("took", "requests", "new", "read", "stored", "copies", "failed")
_KEPT = (Outcome.STORED, Outcome.COPY, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.OFF_TOPIC, Outcome.OUTSIDE_WINDOW)


class Command(ScrapyCommand):
    """Show the last runs, or everything about one."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[OUTLET… | RUN] [--last N] [--json]"

    def short_desc(self) -> str:
        return "Show the last runs, or one of them in full"

    def long_desc(self) -> str:
        return (
            "A line for each of the last runs, of all outlets or of those named: when, how long, how it ended, and what came of it. "
            "With the identifier of a run, everything that is known of it."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--last", type=int, default=20, metavar="N", help="so many (default: 20)")
        parser.add_argument("--json", action="store_true", help="the documents, one JSON object a line")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.last < 1:
            raise UsageFault(f"--last {opts.last}: write a number of runs, such as 20")
        database = console.open_archive(self.settings)
        if len(args) == 1 and ObjectId.is_valid(args[0]):
            found = database.runs.find_one({"_id": ObjectId(args[0])})
            if found is None:
                raise UsageFault(f"{args[0]}: no such run ('scrapy runs' shows the last ones)")
            self._print([found], database, opts, full=True)
            return
        folder = console.sources_folder(self.settings)
        for name in args:
            if database.runs.find_one({"source": name}, {"_id": 1}) is None:
                registry.find(name, folder)  # an outlet that was removed keeps its runs
        runs = queries.last_runs(database, args, opts.last)
        if not runs:
            console.out.print("No run yet; 'scrapy crawl NAME' makes one.")
            return
        self._print(runs, database, opts, full=False)

    def _print(
        self, runs: list[Document], database: Database[Document], opts: argparse.Namespace, *, full: bool
    ) -> None:
        now = datetime.now(UTC)
        if opts.json:
            for run in runs:
                document = run | {"state": state_of(run, now)}
                console.out.print(
                    json.dumps(document, default=_plain, ensure_ascii=False), markup=False, soft_wrap=True
                )
        elif full:
            explain(runs[0], now)
        else:
            grid = console.table(*_COLUMNS, right=_NUMBERS)
            for run in runs:
                grid.add_row(*_row(run, now), style=_style(run, now))
            console.out.print(grid)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _row(run: Document, now: datetime) -> list[str]:
    counters = run["counters"]
    stored = counters.get(Outcome.STORED, 0) + counters.get(Outcome.UPDATED, 0)
    numbers = [
        run["requests"]["sent"],
        counters.get("discovered", 0),
        run["articles"]["count"],
        stored,
        counters.get(Outcome.COPY, 0),
        failed(run),
    ]
    return [
        str(run["_id"]),
        run["source"],
        run["kind"],
        f"{run['started']:%Y-%m-%d %H:%M}",
        _took(run),
        state_of(run, now),
        *(str(number or "") for number in numbers),
    ]


def failed(run: Mapping[str, Any]) -> int:
    """Pages and entry points that brought nothing and should have."""
    outcomes = sum(run["counters"].get(outcome, 0) for outcome in Outcome if outcome not in _KEPT)
    return int(outcomes + run["counters"].get("entry_failed", 0) + run["counters"].get("storage_error", 0))


def _took(run: Document) -> str:
    seconds = ((run["ended"] or run["seen"]) - run["started"]).total_seconds()
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds:.1f} s"


def _style(run: Document, now: datetime) -> str:
    state = state_of(run, now)
    return "" if state in ("finished", "running", "quiet hours", "budget") else "red" if state == "killed" else "yellow"


def explain(run: Document, now: datetime) -> None:
    """Everything that is known of a run, for people."""
    say = console.out.print
    state = state_of(run, now)
    asked = ", ".join(f"{name}={value}" for name, value in run["asked"].items())
    say(f"{run['kind']} of {run['source']}{f' ({asked})' if asked else ''}: {state}", style="bold", markup=False)
    if run["detail"]:
        say(f"  {run['detail']}", markup=False)
    end = f"ended {console.moment(run['ended'])}" if run["ended"] else f"last seen {console.moment(run['seen'])}"
    say(f"  started {console.moment(run['started'])}, {end}, {_took(run)}", markup=False)
    machine, made_by = run["machine"], run["made_by"]
    say(
        f"  on {machine['host']}, process {machine['pid']}, by Marsad {made_by['code']}, lexicon {made_by['lexicon']}",
        markup=False,
    )
    _requests(run)
    _pages(run)
    _entries(run)
    for gap in run["gaps"]:
        say(f"  gap: {gap_in_words(gap)}", markup=False)


def _requests(run: Document) -> None:
    requests, seconds = run["requests"], run["seconds"]
    say = console.out.print
    if requests["sent"]:
        say(
            f"requests  {requests['sent']}, {requests['bytes'] / 1e6:.1f} MB; by status {_counts(requests['statuses'])}",
            markup=False,
        )
    for name, words in (("fetch", "an answer"), ("read", "reading a page"), ("store", "writing a batch")):
        told = seconds[name]
        if told["count"]:
            say(
                f"seconds   {words}: {told['p50']:.2f} in the middle, {told['p90']:.2f} at 90 %, {told['max']:.2f} at most; "
                f"{told['total']:.0f} in all",
                markup=False,
            )
    if run["clock"]["offset"] is not None:
        future = f"; {run['clock']['future']} dates lay in the future" if run["clock"]["future"] else ""
        say(f"clock     the server's is {run['clock']['offset']:+.0f} s from ours{future}", markup=False)
    for name, space in run["space"].items():
        if space:
            say(f"disk      {name}: {space['free'] / 2**30:.1f} of {space['total'] / 2**30:.0f} GB free", markup=False)


def _pages(run: Document) -> None:
    say = console.out.print
    if run["counters"]:
        say(f"counters  {_counts(run['counters'])}", markup=False)
    for detail in run["details"]:
        say(f"          {detail['count']} {detail['outcome']}: {detail['detail']}", markup=False)
    articles = run["articles"]
    count = articles["count"]
    if not count:
        return
    say(f"articles  {count} read; languages {_counts(articles['languages'])}", markup=False)
    say("fields    " + ", ".join(f"{name} {had / count:.0%}" for name, had in articles["fields"].items()), markup=False)
    say(f"dates     {_counts(articles['dates'])}", markup=False)
    lengths, quality = articles["lengths"], articles["quality"]
    say(
        f"texts     {lengths['p10']:.0f} … {lengths['p50']:.0f} … {lengths['p90']:.0f} characters, "
        f"quality {quality['p10']:.2f} … {quality['p50']:.2f} … {quality['p90']:.2f} (10 %, middle, 90 %)",
        markup=False,
    )


def _entries(run: Document) -> None:
    if not run["entries"]:
        return
    grid = console.table(
        "entry point", "kind", "status", "links", "articles", "new", "newest", "", right=("links", "articles", "new")
    )
    for entry in run["entries"]:
        newest = f"{entry['newest']:%Y-%m-%d %H:%M}" if entry["newest"] else ""
        numbers = (str(entry[name]) for name in ("links", "items", "new"))
        status = str(entry["status"] or "")
        grid.add_row(entry["url"], entry["kind"], status, *numbers, newest, entry["error"] or "")
    console.out.print(grid)


def _counts(counts: Mapping[str, Any]) -> str:
    ordered: Iterable[tuple[str, Any]] = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {count}" for name, count in ordered if count) or "none"
