"""`scrapy reprocess`: captured pages through everything again, without a network, by the code of today."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient
from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import ledger, mongo
from archive.records import Outcome
from archive.warc import reader
from archive.warc.erase import EraseError
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from commands.progress import progress
from crawler.window import WindowError, read_window
from pipelines.edition import made_by
from pipelines.workers import Workers
from sources import registry
from sources.ages import read_ages

if TYPE_CHECKING:
    # Scrapy imports every command to run one; only those that read pages wait for what that takes.
    from pipelines import rebuild
    from pipelines.survey import Choice, Survey

_MANY_FAULTS = 10


class Command(ScrapyCommand):
    """Make the archive anew from its captured pages and carry over what comes out otherwise."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Run captured pages through today's code, without a network"

    def long_desc(self) -> str:
        return (
            "Run captured pages through everything again and carry over what comes out otherwise: all of them, or those that "
            "the options choose, always with every capture of the same article. Can be stopped at any moment; the next call "
            "goes on. An empty MongoDB is filled from the WARC folder."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--source", action="append", default=[], metavar="NAME", help="pages of this outlet (repeatable)"
        )
        parser.add_argument(
            "--since", default="", metavar="WHEN", help="captured at or after: YYYY[-MM[-DD]], or an instant (UTC)"
        )
        parser.add_argument("--until", default="", metavar="WHEN", help="captured before")
        parser.add_argument(
            "--outcome", default="", metavar="OUTCOME", help="pages with this outcome, such as off_topic"
        )
        parser.add_argument(
            "--made-by",
            default="",
            metavar="VERSION",
            help="articles that this version made: 0.1.0, one with its hash, or a lexicon's",
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from pipelines.survey import Choice

        if args:
            raise UsageFault(f"scrapy reprocess {args[0]}: takes options only ('scrapy reprocess -h' shows them)")
        if opts.outcome and opts.outcome not in set(Outcome):
            raise UsageFault(f"--outcome {opts.outcome}: no such outcome; allowed are {', '.join(Outcome)}")
        for name in opts.source:
            registry.find(name, console.sources_folder(self.settings))
        try:
            window = read_window(opts.since, opts.until, "UTC")
        except WindowError as error:
            raise UsageFault(f"--{error}") from error
        choice = Choice(frozenset(opts.source), window.since, window.until, opts.outcome, opts.made_by)
        self.exitcode = remake(self.settings, choice)


def remake(settings: BaseSettings | None, choice: Choice, kind: str = "reprocess") -> int:
    """Make the chosen pages anew, show the progress and what came of it; the exit code.

    Args:
        kind: of the runs that it leaves: reprocess or import.
    Raises:
        archive.mongo.ArchiveError: the archive cannot be used.
        pymongo.errors.PyMongoError: it was lost; the next call goes on.
        UsageFault: there is no WARC file, another process does this already, or what was withdrawn cannot be erased.
    """
    assert settings is not None
    folder = folder_of(settings)
    if not reader.files(folder):
        raise UsageFault(
            f"{folder}: no WARC file; 'scrapy crawl' captures pages, 'scrapy import' takes files from elsewhere"
        )
    logging.getLogger().setLevel(settings["LOG_LEVEL"])
    console.open_archive(settings).client.close()
    with _alone(folder):
        started = time.monotonic()
        try:
            surveyed, chosen, outcome = asyncio.run(_remake(settings, folder, choice, kind))
        except EraseError as error:
            raise UsageFault(f"{error}; call it again when that is mended: it goes on") from error
    _tell(surveyed, chosen, outcome, time.monotonic() - started)
    return console.ATTENTION if surveyed.faults or outcome.faults else console.GOOD


async def _remake(
    settings: BaseSettings, folder: Path, choice: Choice, kind: str
) -> tuple[Survey, int, rebuild.Remade]:
    from pipelines import rebuild
    from pipelines.survey import choose, survey

    sources, faults = registry.everything(console.sources_folder(settings))
    for fault in faults:
        console.complain(fault)
    by_name = {source.name: source for source in sources}
    name = settings["MONGODB_DATABASE"]
    uri = mongo.locate(settings["MONGODB_URI"], Path(settings["DATA_DIR"]))
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))
    workers = Workers.open(settings.getint("READ_WORKERS"), settings.getfloat("READ_SECONDS"))
    ages = read_ages(settings.getlist("RECHECK_AGES"))
    try:
        with progress() as told:
            verdicts = await ledger.relevance_verdicts(client[name])
            surveyed = await survey(workers, folder, client[name], by_name, told)
            captures = await choose(client[name], surveyed.captures, choice)
            if choice.made_by and not captures:
                versions = [await client[name].articles.distinct(f"made_by.{what}") for what in ("code", "lexicon")]
                known = ", ".join(version for several in versions for version in several)
                raise UsageFault(
                    f"--made-by {choice.made_by}: made none of the chosen articles; there are {known or 'none'}"
                )
            setting = rebuild.Setting(
                client, name, folder, by_name, verdicts, made_by(settings["MARSAD_VERSION"]), ages, workers, kind
            )
            outcome = await rebuild.rebuild(setting, captures, told)
        return surveyed, len(captures), outcome
    finally:
        await workers.close()
        await client.close()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time: two would carry over each other's half."""
    with (folder / "rebuild.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageFault(f"{folder}: another process reprocesses or imports; wait for its end") from error
        yield


def _tell(surveyed: Survey, chosen: int, outcome: rebuild.Remade, seconds: float) -> None:
    say = console.out.print
    if surveyed.indexed:
        say(f"{surveyed.indexed} captures entered into the index.")
    for name, count in surveyed.unknown.most_common():
        console.complain(f"{name}: no such outlet any more; {count} of its pages are left as they are")
    faults = [*surveyed.faults, *outcome.faults]
    for fault in faults[:_MANY_FAULTS]:
        console.complain(fault)
    if len(faults) > _MANY_FAULTS:
        console.complain(f"… and {len(faults) - _MANY_FAULTS} more; 'scrapy verify' lists them all")
    changes = outcome.changes
    pages = f"{chosen} captured page{'s' if chosen != 1 else ''}"
    if changes.nothing:
        say(f"Nothing to change: {pages} give the archive as it stands ({seconds:.1f} s).")
        return
    left = f" ({_counts(changes.left)})" if changes.left else ""
    say(
        f"{pages} in {seconds:.1f} s. Articles: {changes.came} came in, {changes.left.total()} left{left}, "
        f"{changes.remade} remade, {changes.same} as they were."
    )
    if changes.fields:
        say(f"Fields of the remade: {_counts(changes.fields)}.")
    if changes.kept:
        say(
            f"{changes.kept} articles are left as they are: a crawl visited them meanwhile, or not every capture of theirs could be read."
        )
    say(
        f"Earlier versions {changes.versions}, addresses {changes.urls}, attempts {changes.visits} written; "
        f"copies of {outcome.derived} articles derived anew."
    )


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())
