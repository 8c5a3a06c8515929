"""`scrapy show URL`: an article with its versions, its copies and its captures."""

from __future__ import annotations

import argparse
from typing import Any

from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries
from commands import bidi, console
from commands.console import UsageFault, guarded, moment
from pipelines import topic
from sources import registry
from sources.urls import UrlError, canonicalize


class Command(ScrapyCommand):
    """Show an article of the archive, whatever form of its address is given."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL…"

    def short_desc(self) -> str:
        return "Show an article with its copies, versions, twins, capture and evidence"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--json", action="store_true", help="the whole document and what belongs to it, one line each"
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageFault("write at least one URL")
        database = console.open_archive(self.settings)
        for url in args:
            article = find_article(self, database, url)
            if article is not None and opts.json:
                states, others = queries.states_of(database, article), queries.texts_like(database, article)
                twins = queries.twins(database, [article])[article["_id"]]
                whole = {**article, "states": states, "same_text": others, "in_other_languages": twins}
                console.print_json(whole)
            elif article is not None:
                _tell(database, article)


def find_article(command: ScrapyCommand, database: Database[dict[str, Any]], url: str) -> dict[str, Any] | None:
    """The article of an address; without one a line says so and the exit code is 1.

    Raises:
        UsageFault: it is no http(s) URL.
    """
    sources, _ = registry.everything(console.sources_folder(command.settings))
    owner = registry.owner(url, sources)
    try:
        canonical = canonicalize(url, rules=owner.identity if owner else None)
    except UrlError as error:
        raise UsageFault(str(error)) from error
    article = queries.article_at(database, canonical, url)
    if article is None:
        console.complain(f"{url}: leads to no article of the archive ('scrapy why URL' tells why)")
        command.exitcode = console.ATTENTION
    return article


def _tell(database: Database[dict[str, Any]], article: dict[str, Any]) -> None:
    say = console.out.print
    how = bidi.mode(is_terminal=console.out.is_terminal)

    def say_text(text: str, style: str = "") -> None:
        for line in bidi.lines(text, [], console.out, console.out.width, how):
            say(line, style=style, soft_wrap=True)

    say_text(article["title"], "bold")
    say(f"  {article['url']}", markup=False)
    published = article["published"]
    when = (
        "undated"
        if published is None
        else published["date"]
        if published["precision"] == "day"
        else moment(published["at"])
    )
    people = [part for author in article["authors"] for part in (", ", author)][1:]
    by = [", by ", *people] if people else []
    agency = [", after ", article["agency"]] if article["agency"] else []
    say(bidi.sentence(how, f"  {article['source']} ({article['lang']}), {when}", *by, *agency))
    for state in queries.states_of(database, article):
        say(f"  Version {state['n']}, fetched {moment(state['at'])}{capture_of(state)}", markup=False)
    say(f"  Last checked {moment(article['last_checked'])}", markup=False)
    if article["gone_at"]:
        say(f"  It has vanished from the outlet; seen {moment(article['gone_at'])}", markup=False)
    for related in queries.texts_like(database, article):
        what = {"copy": f"Copied ({related['copy_kind']}) by", "original": f"Copy ({article['copy_kind']}) of"}
        say(f"  {what.get(related['is'], 'Reuses')} {related['url']} ({related['source']})", markup=False)
    for twin in queries.twins(database, [article])[article["_id"]]:
        why = "which it names as its translation" if twin["twin"] else "of the same story"
        say(f"  In {twin['lang']}: {twin['url']} ({twin['source']}), {why}", markup=False)
    for line in topic.explain(article["topic"]):
        say(bidi.quoting(how, f"  {line}"))
    say()
    for paragraph in article["text"].split("\n"):
        say_text(paragraph)
    say()


def capture_of(state: dict[str, Any]) -> str:
    """Where the page of a version is kept, in words; "" where it is not."""
    capture = state["capture"]
    return f", kept in {capture['file']} at {capture['offset']}" if capture else ""
