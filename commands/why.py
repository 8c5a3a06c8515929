"""`scrapy why URL`: why an address is, or is not, in the archive."""

from __future__ import annotations

import argparse
from typing import Any

from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries
from archive.records import Outcome
from commands import bidi, console
from commands.console import UsageFault, guarded, moment
from pipelines import topic
from sources import registry
from sources.model import Source
from sources.urls import UrlError, canonicalize

_MEANING = {
    Outcome.STORED: "It is in the archive.",
    Outcome.COPY: "It is in the archive, as a copy of an earlier text.",
    Outcome.OFF_TOPIC: "It was read, and is not about Franco-Moroccan security.",
    Outcome.NOT_ARTICLE: "The page is not an article.",
    Outcome.EMPTY: "The page came without a text.",
    Outcome.OUTSIDE_WINDOW: "It was published outside the window of the crawl.",
    Outcome.ROBOTS: "robots.txt does not allow the page.",
    Outcome.RESERVED: "The outlet reserves it against text mining.",
    Outcome.WALL: "A wall stands before the page.",
    Outcome.GONE: "The page has vanished.",
    Outcome.HTTP_ERROR: "The server failed.",
    Outcome.NETWORK_ERROR: "The server could not be reached.",
    Outcome.REDIRECTED: "The address leads elsewhere.",
    Outcome.REFUSED: "The address is refused.",
    Outcome.TOO_LARGE: "The page is too large.",
    Outcome.UNDECODABLE: "The page is no text.",
    Outcome.UNREADABLE: "The page could not be read.",
    Outcome.WITHDRAWN: "It was withdrawn.",
}


_PLACES = {
    "selector": "the outlet's date element",
    "jsonld": "its JSON-LD",
    "meta": "its meta elements",
    "time": "its time element",
    "visible": "the line that a reader sees",
    "url": "its address",
    "feed": "the feed",
    "sitemap": "the sitemap",
    "listing": "the listing",
}


class Command(ScrapyCommand):
    """Tell the story of an address: who named it, what became of it, and why."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL…"

    def short_desc(self) -> str:
        return "Tell why an address is, or is not, in the archive"

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageFault("write at least one URL")
        sources, _ = registry.everything(console.sources_folder(self.settings))
        database = console.open_archive(self.settings)
        for url in args:
            if not tell(database, url, sources):
                self.exitcode = console.ATTENTION


def tell(database: Database[dict[str, Any]], url: str, sources: list[Source]) -> bool:
    """Print the story of an address; False where it is not known.

    Raises:
        UsageFault: it is no http(s) URL.
    """
    owner = registry.owner(url, sources)
    try:
        canonical = canonicalize(url, rules=owner.identity if owner else None)
    except UrlError as error:
        raise UsageFault(str(error)) from error
    say = console.out.print
    how = bidi.mode(is_terminal=console.out.is_terminal)
    say(canonical, markup=False, style="bold")
    document = queries.find_url(database, canonical, url)
    if document is None:
        say(_unknown(canonical, owner), markup=False)
        return False
    outcome = document["outcome"]
    say(
        f"  {_MEANING[Outcome(outcome)] if outcome else 'It waits to be fetched.'} ({outcome or 'waiting'})",
        markup=False,
    )
    if document["detail"]:
        say(bidi.sentence(how, "  Because: ", document["detail"]))
    say(
        f"  Named by {', '.join(document['found_by']) or 'nobody'}; first seen {moment(document['first_seen'])}.",
        markup=False,
    )
    others = [alias for alias in document["aliases"] if alias not in (url, canonical)]
    if others:
        say(f"  Also met as {', '.join(others)}", markup=False)
    if document["next_at"]:
        say(
            f"  Tried {document['attempts']} times without success; due again {moment(document['next_at'])}.",
            markup=False,
        )
    visits = queries.visits_of(database, document["_id"])
    if document["article"]:
        _tell_article(database, document["article"])
    elif judged := [visit["topic"] for visit in visits if visit["topic"]]:
        _tell_topic(judged[-1])
    for visit in visits:
        line = f"  {moment(visit['at'])}  {visit['status'] or 'no answer':>9}  {visit['outcome']}"
        say(bidi.sentence(how, line, *(("  ", visit["detail"]) if visit["detail"] else ())))
    return True


def _unknown(canonical: str, owner: Source | None) -> str:
    if owner is None:
        return "  No outlet of ours has this host; 'scrapy sources' lists them."
    if not registry.is_article(canonical, owner):
        return f"  It belongs to {owner.name}, but matches none of its article patterns (sources/outlets/{owner.name}.toml)."
    return f"  It belongs to {owner.name}, but no feed, sitemap or listing has named it yet; 'scrapy visit URL' fetches it."


def _tell_article(database: Database[dict[str, Any]], article_id: str) -> None:
    article = database.articles.find_one({"_id": article_id})
    if article is None:
        return
    say = console.out.print
    how = bidi.mode(is_terminal=console.out.is_terminal)
    say(bidi.sentence(how, "  “", article["title"], "”"))
    published = article["published"]
    if published:
        when = published["date"] if published["precision"] == "day" else moment(published["at"])
        known = f"  Published {when}, known to the {published['precision']} from {_PLACES[published['where']]}: “"
        say(bidi.sentence(how, known, published["raw"], "”."))
    else:
        say("  Published: the page does not say.")
    if article["copy_of"]:
        original = database.articles.find_one({"_id": article["copy_of"]}, {"url": 1, "source": 1})
        if original:
            say(f"  Copy ({article['copy_kind']}) of {original['url']} ({original['source']}).", markup=False)
    if article["version"] > 1:
        say(f"  Version {article['version']}, since {moment(article['version_at'])}.", markup=False)
    if article["gone_at"]:
        say(f"  It has vanished from the outlet; seen {moment(article['gone_at'])}.", markup=False)
    _tell_topic(article["topic"])


def _tell_topic(decision: dict[str, Any]) -> None:
    how = bidi.mode(is_terminal=console.out.is_terminal)
    for line in topic.explain(decision):
        console.out.print(bidi.quoting(how, f"  {line}"))
