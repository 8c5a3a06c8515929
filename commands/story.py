"""`scrapy story ID|URL`: one event, as the Arabic and the French press told it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries, stories
from archive.stories import Report, Story
from commands import bidi, console
from commands.console import UsageFault, guarded
from language.timezones import zone
from sources import registry
from sources.urls import UrlError, canonicalize

_ZONE = "Africa/Casablanca"
_LANGUAGE = {"ar": "Arabic", "fr": "French"}
_KEPT = 12


class Command(ScrapyCommand):
    """Show the story that an article belongs to: timeline, outlets, first reports, differences, what came before and after."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] ID|URL"

    def short_desc(self) -> str:
        return "Show the story of an article: who told it first, in both languages, and what came after"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--lang", default="fr", metavar="CODE", help="language of names: ar, fr (default: fr)")
        parser.add_argument("--json", action="store_true", help="the whole story as one JSON object")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageFault("write one URL, or the _id of an article or a story: scrapy story URL")
        if opts.lang not in stories.LANGUAGES:
            raise UsageFault(f"--lang {opts.lang}: write ar or fr")
        database = console.open_archive(self.settings)
        article = self._article(database, args[0])
        story = stories.story_of(database, article) if article else None
        if story is None:
            console.complain(
                f"{args[0]}: its story is not derived yet; the next crawl does it"
                if article
                else f"{args[0]}: no article of the archive; 'scrapy why URL' tells why"
            )
            self.exitcode = console.ATTENTION
        elif opts.json:
            console.print_json(asdict(story))
        else:
            show(story, opts.lang)

    def _article(self, database: Database[dict[str, Any]], named: str) -> str | None:
        """The `_id` of the article that an `_id` or an address names."""
        if "/" not in named:
            return named if database.articles.find_one({"_id": named}, {"_id": 1}) else None
        sources, _ = registry.everything(console.sources_folder(self.settings))
        owner = registry.owner(named, sources)
        try:
            canonical = canonicalize(named, rules=owner.identity if owner else None)
        except UrlError as error:
            raise UsageFault(str(error)) from error
        document = queries.find_url(database, canonical, named)
        return document["article"] if document else None


def show(story: Story, language: str = "fr") -> None:
    """Print a story.

    Args:
        language: of the names of persons, services, places and events.
    """
    say = console.out.print
    how = bidi.mode(is_terminal=console.out.is_terminal)
    outlets = {name for names in story.outlets.values() for name in names}
    say(f"Story {story.id}", markup=False, style="bold")
    say(
        f"  {_count(story.size, 'article')} by {_count(len(outlets), 'outlet')}, {_when(story.reports[0])}"
        + (f" to {_when(story.reports[-1])}" if len(story.reports) > 1 else "")
        + " (Moroccan time)",
        markup=False,
    )
    first = story.reports[0]
    for code, names in story.outlets.items():
        report = story.firsts.get(code)
        later = f", {_later(first, report)}" if report and report is not first else ""
        told = f"; first {report.article['source']}, {_when(report)}{later}" if report else "; copies only"
        say(f"  {_LANGUAGE.get(code, code)}: {', '.join(names)}{told}", markup=False)
    say("")
    by_id = {report.article["_id"]: report for report in story.reports}
    for report in story.reports:
        _tell(report, by_id, language, how)
    say("")
    for heading, named in (
        ("Named in both languages", story.both),
        *((f"Named in {_LANGUAGE.get(code, code)} only", named) for code, named in story.only.items()),
    ):
        if named and len(story.firsts) > 1:
            listed = [(stories.name_of(name, language), f" ({count}), ") for name, count in named[:_KEPT]]
            *parts, last = [part for pair in listed for part in pair]
            more = f" and {len(named) - _KEPT} more" if len(named) > _KEPT else ""
            say(bidi.sentence(how, f"{heading}: ", *parts, last.removesuffix(", ") + more), soft_wrap=True)
    for heading, linked in (("Before", story.before), ("After", story.after)):
        if linked:
            say(f"\n{heading}, of the same affair:", markup=False)
        for other in linked:
            shared = _listed(stories.name_of(term, language) for term in other.why)
            say(bidi.sentence(how, *_line(other.first)), soft_wrap=True)
            tied = "tied to it, but more than a week apart; " if other.follows else ""
            told = f"    story {other.first['_id']}, likeness {other.likeness:.2f}: {tied}"
            say(bidi.sentence(how, told, *shared), soft_wrap=True)


def _tell(report: Report, by_id: dict[str, Report], language: str, how: str) -> None:
    """One report: its line, then what repeats it, its edits, and what ties it to the story."""
    say = console.out.print
    article = report.article
    say(bidi.sentence(how, *_line(article)), soft_wrap=True, style="bold")
    for copy in report.copies:
        say(bidi.sentence(how, f"    copied ({copy['copy_kind']}): ", *_line(copy)), soft_wrap=True)
    states = [*report.edits, article]
    for before, after in pairwise(states):
        seen = after["at"] if "at" in after else after["version_at"]
        retitled = before["title"] != after["title"]
        change = ("the title was “", before["title"], "”") if retitled else ("the text changed",)
        say(bidi.sentence(how, f"    edited, seen {_local(seen)}: ", *change), soft_wrap=True)
    if article["gone_at"]:
        say(f"    vanished from the outlet; seen {_local(article['gone_at'])}", markup=False)
    other = by_id.get(article["follows"])
    if other is None:
        return
    if article["through"] in by_id:
        through = by_id[article["through"]]
        say(
            f"    with {_short(other)}: {_short(through)} tells the same event as both",
            markup=False,
            soft_wrap=True,
        )
        return
    tie = next((tie for tie in article["ties"] if tie["with"] == article["follows"]), None)
    if tie is not None:
        reasons = _listed(stories.grounds(article, article["follows"], language))
        others = len([tie for tie in article["ties"] if tie["with"] in by_id]) - 1
        more = f"; tied to {_count(others, 'other report')} too" if others > 0 else ""
        say(bidi.sentence(how, f"    with {_short(other)} ({tie['score']:.2f}): ", *reasons, more), soft_wrap=True)


def _listed(names: Iterable[str]) -> list[str]:
    """Names and the commas between them."""
    return [part for name in names for part in (", ", name)][1:]


def _line(article: dict[str, Any]) -> tuple[str, str, str]:
    """What stands before a title, the title, what stands behind it."""
    published = article["published"]
    when = (
        f"{published['date']}      "
        if published and published["precision"] == "day"
        else _local(stories.instant(article))
    )
    undated = "" if published else " (undated; when first seen)"
    return f"{when}  {article['source']}  {article['lang']}  ", article["title"], undated


def _short(report: Report) -> str:
    return f"{report.article['source']} {_when(report)}"


def _when(report: Report) -> str:
    published = report.article["published"]
    return str(published["date"]) if published and published["precision"] == "day" else _local(report.at)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(zone(_ZONE)):%Y-%m-%d %H:%M}"


def _later(first: Report, report: Report) -> str:
    """How long after the first report another came, as far as their pages tell."""
    dates = [one.article["published"] for one in (first, report)]
    if all(date and date["precision"] != "day" for date in dates):
        return f"{_apart(report.at - first.at)} later"
    days = (report.at.astimezone(zone(_ZONE)).date() - first.at.astimezone(zone(_ZONE)).date()).days
    return f"{_count(days, 'day')} later" if days else "the same day"


def _apart(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    if minutes < 120:
        return _count(minutes, "minute")
    return _count(minutes // 60, "hour") if minutes < 2880 else _count(minutes // 1440, "day")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
