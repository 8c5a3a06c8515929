"""`scrapy verify`: whether every record is whole and every pointer leads to one."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import verify
from archive.verify import FileReport
from archive.warc import reader
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from commands.progress import progress
from pipelines.workers import WorkerLost, Workers

# A file of 1 GB takes half a minute.
_FILE_SECONDS = 3600.0


class Command(ScrapyCommand):
    """Check WARC files and MongoDB against each other; exit code 1 where something is wrong."""

    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Check every WARC record and every pointer of the archive"

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageFault(f"scrapy verify {args[0]}: takes no argument")
        assert self.settings is not None
        database = console.open_archive(self.settings)
        folder = folder_of(self.settings)
        reports = asyncio.run(_check_files(self.settings, folder))
        problems = [problem for report in reports for problem in report.problems]
        problems += verify.check_database(database, reports)
        for problem in problems:
            console.complain(str(problem))
        records = sum(report.records for report in reports)
        counts = {
            name: database[name].estimated_document_count() for name in ("captures", "articles", "versions", "visits")
        }
        console.out.print(
            f"{records} records in {len(reports)} WARC files under {folder}; "
            + ", ".join(f"{count} {name}" for name, count in counts.items())
            + ".",
            markup=False,
        )
        if problems:
            console.out.print(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}, see above.")
            self.exitcode = console.ATTENTION
        else:
            console.out.print("All is well: every record is whole, and every pointer leads to one.")


async def _check_files(settings: BaseSettings, folder: Path) -> list[FileReport]:
    workers = Workers.open(settings.getint("READ_WORKERS"), settings.getfloat("READ_SECONDS"), warm=False)
    try:
        paths = reader.files(folder)
        tasks = [asyncio.create_task(workers.run(verify.check_file, path, seconds=_FILE_SECONDS)) for path in paths]
        reports = []
        with progress() as told:
            for path, task in zip(paths, tasks, strict=True):
                try:
                    reports.append(await task)
                except WorkerLost as error:
                    problem = verify.Problem(reader.file_name(path), str(error), "look at the disk")
                    reports.append(FileReport(reader.file_name(path), problems=[problem]))
                told("files", len(reports), len(paths))
        return reports
    finally:
        await workers.close()
