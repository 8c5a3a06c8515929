"""`scrapy import FILE…`: WARC and WACZ files from elsewhere, through everything."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import imports, verdicts
from archive.imports import ImportFault, Taken
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from commands.progress import progress
from commands.reprocess import remake
from pipelines.workers import WorkerLost, Workers
from sources import registry
from sources.model import Source

# A file of 1 GB takes a minute.
_FILE_SECONDS = 3600.0
_MANY_HOSTS = 20


class Command(ScrapyCommand):
    """Take the articles of known outlets out of WARC and WACZ files."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE…"

    def short_desc(self) -> str:
        return "Import articles from WARC and WACZ files (Common Crawl, browsertrix, wget)"

    def long_desc(self) -> str:
        return (
            "Take the pages of known outlets out of .warc, .warc.gz and .wacz files into the WARC folder, unchanged, and run "
            "them through everything: text, dates, topic, identity. The moment of capture counts as now. A file may be "
            "imported again: nothing comes in twice."
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        # Scrapy imports every command to run one; only those that read pages wait for what that takes.
        from pipelines.survey import Choice

        if not args:
            raise UsageFault("name the WARC or WACZ files to import")
        paths = [Path(name) for name in dict.fromkeys(args)]
        try:
            for path in paths:
                imports.check(path)
        except ImportFault as error:
            raise UsageFault(str(error)) from error
        assert self.settings is not None
        sources, faults = registry.everything(console.sources_folder(self.settings))
        for fault in faults:
            console.complain(fault)
        database = console.open_archive(self.settings)
        barred = frozenset(verdicts.withdrawn_addresses(database))
        taken, lost = asyncio.run(_take(self.settings, paths, sources, barred))
        for fault in lost:
            console.complain(fault)
        _tell(taken)
        if taken.files:
            self.exitcode = remake(self.settings, Choice(files=frozenset(taken.files)), "import")
        if lost or taken.damage:
            self.exitcode = max(self.exitcode, console.ATTENTION)


async def _take(
    settings: BaseSettings, paths: list[Path], sources: list[Source], barred: frozenset[str]
) -> tuple[Taken, list[str]]:
    """What was taken from all files, and why some could not be read; several at a time."""
    folder = folder_of(settings)
    workers = Workers.open(settings.getint("READ_WORKERS"), settings.getfloat("READ_SECONDS"), warm=False)
    taken, lost = Taken(), []

    async def one(path: Path) -> Taken | str:
        try:
            return await workers.run(imports.try_take, path, folder, sources, barred, seconds=_FILE_SECONDS)
        except WorkerLost as error:
            return f"{path}: {error}"

    try:
        with progress() as told:
            tasks = [asyncio.create_task(one(path)) for path in paths]
            for number, task in enumerate(tasks, 1):
                part = await task
                if isinstance(part, str):
                    lost.append(part)
                else:
                    taken.add(part)
                told("import", number, len(paths))
    finally:
        await workers.close()
    return taken, lost


def _tell(taken: Taken) -> None:
    for damage in taken.damage:
        console.complain(str(damage))
    console.out.print(
        f"{taken.pages} pages of known outlets taken in, {taken.known} were there already; "
        f"{taken.others} pages of theirs are no articles."
    )
    if taken.unknown:
        hosts = ", ".join(f"{host} {count}" for host, count in taken.unknown.most_common(_MANY_HOSTS))
        more = f" and {len(taken.unknown) - _MANY_HOSTS} more" if len(taken.unknown) > _MANY_HOSTS else ""
        console.out.print(f"{taken.unknown.total()} pages belong to no known outlet: {hosts}{more}.")
    if not taken.files:
        console.out.print("Nothing to import.")
