"""`scrapy coverage`: what was discovered, fetched and stored of each outlet and day, and what may be missing."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries
from archive.records import Outcome
from commands import console
from commands.console import UsageFault, guarded
from commands.crawl import gap_in_words
from crawler.window import Window, WindowError, read_window
from language.timezones import zone
from sources import registry
from sources.model import Source

_DAYS = 7
_COLUMNS = ("discovered", "waiting", "unfetched", "fetched", "stored", "copies", "off topic", "other")
_NOT_FETCHED = {Outcome.ROBOTS, Outcome.RESERVED, Outcome.REFUSED, Outcome.NETWORK_ERROR}

Tally = Counter[str]


class Command(ScrapyCommand):
    """Show how complete the archive is: a line for each outlet and day of publication."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--source NAME] [--since WHEN] [--until WHEN] [--total]"

    def short_desc(self) -> str:
        return "Show what was discovered, fetched and stored, by outlet and day"

    def long_desc(self) -> str:
        return (
            "A line for each outlet and day of publication, in the outlet's zone: what was discovered, what of it waits, was left "
            "unfetched by a filter, was fetched, stored, found to be a copy, off topic, or something else. Days without anything are "
            "shown too. Then the gaps of feeds, and what the filter loses. Exit code 1: something may be missing."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--source", default="", metavar="NAME", help="this outlet only")
        parser.add_argument("--since", default="", metavar="WHEN", help=f"from then on (default: {_DAYS} days ago)")
        parser.add_argument("--until", default="", metavar="WHEN", help="before then")
        parser.add_argument("--total", action="store_true", help="one line an outlet")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageFault(f"{args[0]}: write --source {args[0]}")
        folder = console.sources_folder(self.settings)
        sources = [registry.find(opts.source, folder)] if opts.source else registry.everything(folder)[0]
        database = console.open_archive(self.settings)
        now = datetime.now(UTC)
        grid = console.table("outlet", "day", *_COLUMNS, right=_COLUMNS)
        silent = []
        for source in sources:
            window = _window(opts, source, now)
            days = by_day(queries.progress(database, [source.name], window.since, window.until), source)
            if not days:
                silent.append(source)
                continue
            spans = list(every_day(days, _last_day(window, source, now)))
            if opts.total:
                whole: Tally = sum(days.values(), Counter())
                empty = sum((first - last).days + 1 for first, last, tally in spans if not tally)
                grid.add_row(
                    source.name, f"{len(days)}{f', {empty} without anything' if empty else ''}", *_cells(whole)
                )
                continue
            for first, last, tally in spans:
                label = f"{first}" if first == last else f"{last} … {first}"
                grid.add_row(source.name, label, *_cells(tally), style="" if tally else "yellow")
        if grid.row_count:
            console.out.print(grid)
        quiet = [source.name for source in silent if source.enabled]
        if quiet:
            console.out.print(f"Nothing discovered in that time: {', '.join(quiet)}.")
        self._tell_gaps(database, sources, opts, now)
        for source in sources:
            self._tell_filter(database, source)

    def _tell_gaps(
        self, database: Database[dict[str, Any]], sources: list[Source], opts: argparse.Namespace, now: datetime
    ) -> None:
        for source in sources:
            window = _window(opts, source, now)
            for gap in queries.gaps(database, [source.name], window.since, window.until):
                if gap["filled_by"]:
                    console.out.print(f"{source.name}: {gap_in_words(gap)}", markup=False)
                else:
                    console.complain(f"{source.name}: {gap_in_words(gap)}")
                    self.exitcode = console.ATTENTION

    def _tell_filter(self, database: Database[dict[str, Any]], source: Source) -> None:
        left, sample, relevant = queries.filter_loss(database, source.name)
        if left or sample:
            lost = f"{relevant} of {sample} like them that were fetched all the same were about the topic"
            guess = f", so about {round(left * relevant / sample)} may be lost" if relevant else ""
            console.out.print(f"{source.name}: the filter left {left} pages unfetched; {lost}{guess}.", markup=False)


def by_day(progress: Iterable[dict[str, Any]], source: Source) -> dict[date, Tally]:
    """The tallies of an outlet by day of its own zone.

    Args:
        progress: of `archive.queries.progress`.
    """
    local = zone(source.timezone)
    days: dict[date, Tally] = defaultdict(Counter)
    for found in progress:
        tally, outcome, count = days[found["hour"].astimezone(local).date()], found["outcome"], found["count"]
        tally["discovered"] += count
        if outcome is None:
            tally["waiting"] += count
        elif found["left"]:
            tally["unfetched"] += count
        else:
            tally["fetched"] += 0 if outcome in _NOT_FETCHED else count
            names = {Outcome.STORED: "stored", Outcome.COPY: "copies", Outcome.OFF_TOPIC: "off topic"}
            tally[names.get(outcome, "other")] += count
    return dict(days)


def every_day(days: dict[date, Tally], last: date) -> Iterable[tuple[date, date, Tally]]:
    """Every day down to the first, newest first, so that one without anything stands out; such days in a row make one span.

    Yields:
        (newest day, oldest day, tally); the two are one where there is a tally.
    """
    day = last
    for known in sorted(days, reverse=True):
        if day > known:
            yield day, known + timedelta(days=1), Counter()
        yield known, known, days[known]
        day = known - timedelta(days=1)


def _last_day(window: Window, source: Source, now: datetime) -> date:
    end = min(window.until or now, now) - timedelta(microseconds=1)
    return end.astimezone(zone(source.timezone)).date()


def _cells(tally: Tally) -> list[str]:
    return [str(tally[name] or "") for name in _COLUMNS]


def _window(opts: argparse.Namespace, source: Source, now: datetime) -> Window:
    try:
        window = read_window(opts.since, opts.until, source.timezone)
    except WindowError as error:
        raise UsageFault(f"--{error}") from error
    if window.since is None:
        return Window((window.until or now) - timedelta(days=_DAYS), window.until)
    return window
