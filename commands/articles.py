"""`scrapy articles [WORDS]`: what the archive holds, newest first."""

from __future__ import annotations

import argparse
from typing import Any

from bson import json_util
from rich.markup import escape
from scrapy.commands import ScrapyCommand

from archive import queries
from commands import console
from commands.console import UsageFault, guarded
from crawler.window import Window, WindowError, read_window
from language.timezones import zone

#: Windows and instants on the terminal are in the zone of the archive's subject.
_ZONE = "Africa/Casablanca"


class Command(ScrapyCommand):
    """List the articles that hold some words, in Arabic or in French."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [WORDS]"

    def short_desc(self) -> str:
        return "List articles of the archive, newest first"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--since", default="", metavar="WHEN", help="published from then on: YYYY[-MM[-DD]]")
        parser.add_argument("--until", default="", metavar="WHEN", help="published before then")
        parser.add_argument("--source", default="", metavar="NAME", help="of this outlet only")
        parser.add_argument("--lang", default="", metavar="CODE", help="in this language only: ar, fr")
        parser.add_argument(
            "--entity", default="", metavar="ID", help="naming this person, service or place of the lexicon"
        )
        parser.add_argument("--no-copies", action="store_true", help="leave out what repeats an earlier text")
        parser.add_argument(
            "--limit", type=int, default=20, metavar="N", help="at most so many, 0 for all (default: 20)"
        )
        parser.add_argument("--json", action="store_true", help="whole documents, one JSON object a line")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        window = _window(opts)
        if opts.limit < 0:
            raise UsageFault(f"--limit {opts.limit}: write 0 for all, or a number of articles")
        database = console.open_archive(self.settings)
        found = queries.articles(
            database,
            text=" ".join(args),
            since=window.since,
            until=window.until,
            source=opts.source,
            lang=opts.lang,
            entity=opts.entity,
            copies=not opts.no_copies,
            limit=opts.limit,
        )
        if opts.json:
            for article in found:
                print(json_util.dumps(article, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False))
            return
        show(found)
        total = database.articles.estimated_document_count()
        console.out.print(f"{len(found)} of {total} articles." if found else f"No article of {total} fits.")


def show(articles: list[dict[str, Any]]) -> None:
    """A table of articles: instant (Moroccan time), outlet, language, title."""
    grid = console.table("published", "outlet", "lang", "title", wrap=("title",))
    local = zone(_ZONE)
    for article in articles:
        published = article["published"]
        if published is None:
            when = "undated"
        elif published["precision"] == "day":
            when = published["date"]
        else:
            when = f"{published['at'].astimezone(local):%Y-%m-%d %H:%M}"
        title = article["title"] + (f"  [copy: {article['copy_kind']}]" if article["copy_of"] else "")
        grid.add_row(when, article["source"], article["lang"], escape(title))
    if articles:
        console.out.print(grid)


def _window(opts: argparse.Namespace) -> Window:
    try:
        return read_window(opts.since, opts.until, _ZONE)
    except WindowError as error:
        raise UsageFault(f"--{error}") from error
