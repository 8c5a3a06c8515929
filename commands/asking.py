"""The options by which commands ask the archive, and what people write in them, as a question."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from scrapy.settings import BaseSettings

from archive.search import SORTS, Question, parse_question
from commands import console
from commands.console import UsageFault
from crawler.window import WindowError, read_window
from language.timezones import zone
from sources import registry

#: Windows and instants on the terminal are in the zone of the archive's subject.
ZONE = "Africa/Casablanca"
_DAY = re.compile(r"\d{4}(-\d{2}){0,2}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The filters of a question."""
    parser.add_argument("--since", default="", metavar="WHEN", help="published from then on: YYYY[-MM[-DD]]")
    parser.add_argument("--until", default="", metavar="WHEN", help="published before then")
    for option, value, what in (
        ("--source", "NAME", "of this outlet only"),
        ("--lang", "CODE", "in this language only: ar, fr"),
        ("--country", "CODE", "of outlets of this country only: MA, FR"),
        ("--entity", "ID", "naming this person, service or place of the lexicon"),
        ("--aspect", "NAME", "about this: terrorism, drugs, migration …"),
    ):
        parser.add_argument(option, action="append", default=[], metavar=value, help=f"{what}; may be repeated")
    parser.add_argument("--relevance", type=float, metavar="SCORE", help="topic score from this on, 0 to 1")
    parser.add_argument("--no-copies", action="store_true", help="leave out what repeats an earlier text")
    parser.add_argument(
        "--versions", action="store_true", help="look in what articles said before they were changed, too"
    )
    gone = parser.add_mutually_exclusive_group()
    gone.add_argument(
        "--gone", dest="gone", action="store_const", const=True, help="only what its outlet has taken down"
    )
    gone.add_argument("--standing", dest="gone", action="store_const", const=False, help="only what stands")
    parser.add_argument("--sort", choices=SORTS, help="default: newest")


def question(words: Sequence[str], opts: argparse.Namespace, settings: BaseSettings | None, **more: Any) -> Question:
    """What was asked.

    Args:
        words: as the shell gave them; a quoted one that begins with a quotation mark is a phrase all the same.
    Raises:
        UsageFault: an option or the question itself is wrong; the message says what to write.
        sources.registry.UnknownSource: no outlet has that name, and the archive has no article of it.
    """
    _check_outlets(opts.source, settings)
    try:
        window = read_window(opts.since, opts.until, ZONE)
    except WindowError as error:
        raise UsageFault(f"--{error}") from error
    try:
        return parse_question(
            " ".join(words),
            outlets=tuple(opts.source),
            languages=tuple(opts.lang),
            countries=tuple(code.upper() for code in opts.country),
            since=_bound(opts.since, window.since),
            until=_bound(opts.until, window.until),
            entities=tuple(opts.entity),
            aspects=tuple(opts.aspect),
            relevance=opts.relevance,
            copies=not opts.no_copies,
            versions=opts.versions,
            gone=opts.gone,
            sort=opts.sort or "newest",
            **more,
        )
    except ValueError as error:
        raise UsageFault(str(error)) from error


def _check_outlets(named: Sequence[str], settings: BaseSettings | None) -> None:
    """Make sure that the registry or the archive knows some outlets: articles stay when an outlet's file goes, and the demo's
    database has outlets of its own.

    Raises:
        sources.registry.UnknownSource: neither knows one of them.
    """
    folder = console.sources_folder(settings)
    others = set(named) - set(registry.names(folder))
    if not others:
        return
    held = console.open_archive(settings).articles.distinct("source", {"source": {"$in": sorted(others)}})
    for name in sorted(others.difference(held)):
        registry.find(name, folder)


def _bound(given: str, instant: datetime | None) -> date | None:
    """A side of the window: a day where no hour was written, which is then each outlet's own."""
    return instant.astimezone(zone(ZONE)).date() if instant and _DAY.fullmatch(given.strip()) else instant


def countries(settings: BaseSettings | None) -> dict[str, str]:
    """Outlet's name → its country."""
    sources, _ = registry.everything(console.sources_folder(settings))
    return {source.name: source.country for source in sources}
