"""`scrapy articles [WORDS]`: what the archive has for a question, in either language."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from rich.text import Text
from scrapy.commands import ScrapyCommand

from archive import export, search
from archive.search import LARGEST_PAGE, Found, Hit
from commands import asking, bidi, console
from commands.asking import ZONE
from commands.console import UsageFault, guarded
from language.printable import printable
from language.timezones import zone

_FACETS = {"outlet": "Outlets", "language": "Languages", "country": "Countries", "aspect": "Aspects", "entity": "Named"}
_KEPT = 8


class Command(ScrapyCommand):
    """Search the archive: words that must all occur, in Arabic or in French, "phrases", -exclusions."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [WORDS]"

    def short_desc(self) -> str:
        return "Search the archive: words, “phrases”, -exclusions, in any spelling"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        asking.add_options(parser)
        parser.add_argument(
            "--limit", type=int, default=20, metavar="N", help="at most so many, 0 for all (default: 20)"
        )
        parser.add_argument("--facets", action="store_true", help="count outlets, languages, aspects and names as well")
        parser.add_argument("--json", action="store_true", help="whole documents, one JSON object a line")
        parser.add_argument("--csv", action="store_true", help="a table for spreadsheets")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.limit < 0:
            raise UsageFault(f"--limit {opts.limit}: write 0 for all, or a number of articles")
        if opts.json and opts.csv:
            raise UsageFault("--json and --csv: choose one")
        asked = asking.question(args, opts, self.settings, size=min(opts.limit or LARGEST_PAGE, LARGEST_PAGE))
        countries = asking.countries(self.settings)
        database = console.open_archive(self.settings)
        if opts.json or opts.csv:
            found = search.every(database, asked, countries=countries, without=("sketch",))
            articles = islice(found, opts.limit or None)
            _write_json(articles) if opts.json else _write_csv(articles)
            return
        found_page = search.search(database, asked, countries=countries)
        hits = list(found_page.hits)
        wanted = opts.limit or found_page.total
        while len(hits) < min(wanted, found_page.total) and found_page.hits:
            asked = replace(asked, page=asked.page + 1)
            found_page = search.search(database, asked, countries=countries)
            hits += found_page.hits
        show(hits[:wanted])
        total = database.articles.estimated_document_count()
        if not hits:
            console.out.print(f"No article of {total} fits.")
            return
        more = f"; {found_page.total} fit" if found_page.total > len(hits[:wanted]) else ""
        console.out.print(f"{min(len(hits), wanted)} of {total} articles{more}.")
        if opts.facets:
            _show_facets(found_page)


def show(hits: list[Hit]) -> None:
    """A table of hits: instant (Moroccan time), outlet, language, title; below each what tells the same in another language."""
    if not hits:
        return
    how = bidi.mode(is_terminal=console.out.is_terminal)
    grid = console.table("published", "outlet", "lang", "title")
    heads = [(when(hit.article), hit.article["source"], hit.article["lang"]) for hit in hits]
    twins = [twin for hit in hits for twin in hit.twins]
    heads += [(when(twin), twin["source"], twin["lang"]) for twin in twins]
    left = sum(max(map(len, column)) + 2 for column in zip(*heads, ("published", "outlet", "lang"), strict=True))
    width = max(console.out.width - left, 30)
    for hit in hits:
        article = hit.article
        notes = [f"copy: {article['copy_kind']}"] if article["copy_of"] else []
        notes += [f"version {hit.version}"] if hit.version else []
        notes += ["vanished"] if article["gone_at"] else []
        lines = bidi.lines(hit.title.text, hit.title.spans, console.out, width, how)
        if notes:
            lines[-1].append(f"  [{', '.join(notes)}]", "dim")
        grid.add_row(when(article), article["source"], article["lang"], Text("\n").join(lines))
        for twin in hit.twins:
            lines = bidi.lines(twin["title"], [], console.out, width - 2, how)
            title = Text("\n").join(
                [Text("= " if number == 0 else "  ").append(line) for number, line in enumerate(lines)]
            )
            grid.add_row(when(twin), twin["source"], twin["lang"], title, style="dim")
    console.out.print(grid)


def when(article: dict[str, Any]) -> str:
    """The instant of publication as its page tells it, in Moroccan time."""
    published = article["published"]
    if published is None:
        return "undated"
    if published["precision"] == "day":
        return str(published["date"])
    return f"{published['at'].astimezone(zone(ZONE)):%Y-%m-%d %H:%M}"


def _show_facets(found: Found) -> None:
    for name, heading in _FACETS.items():
        if values := found.facets[name]:
            listed = ", ".join(f"{value} {number}" for value, number in values[:_KEPT])
            more = f" and {len(values) - _KEPT} more" if len(values) > _KEPT else ""
            console.out.print(f"{heading}: {listed}{more}", markup=False, soft_wrap=True)


def _write_json(articles: Iterable[dict[str, Any]]) -> None:
    for article in articles:
        console.print_json(article)


def _write_csv(articles: Iterable[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    writer.writerow(export.COLUMNS)
    for article in articles:
        row = export.row(article)
        # A file takes what the page said as it stands; a terminal would obey it.
        writer.writerow([printable(cell, keep="\n") for cell in row] if sys.stdout.isatty() else row)
