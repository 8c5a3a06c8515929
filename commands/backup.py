"""`scrapy backup [FOLDER]`: a copy of MongoDB and the WARC files."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import backup
from archive.backup import BackupFault, Summary
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from commands.progress import progress


class Command(ScrapyCommand):
    """Copy the whole archive into a folder, best on another disk; what it holds already is not copied again."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[FOLDER]"

    def short_desc(self) -> str:
        return "Copy MongoDB and the WARC files into a folder"

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        folder = backup_folder(self.settings, args)
        database = console.open_archive(self.settings)
        try:
            with progress() as told:
                made = backup.make(database, folder_of(self.settings), folder, datetime.now(UTC), told)
        except BackupFault as error:
            console.complain(str(error))
            self.exitcode = console.STORAGE
            return
        for note in made.notes:
            console.complain(note)
            self.exitcode = console.ATTENTION
        tell(made, "Backup")


def backup_folder(settings: BaseSettings | None, args: list[str]) -> Path:
    """The folder that a call names, or the data folder's own.

    Raises:
        UsageFault: it names several.
    """
    assert settings is not None
    if len(args) > 1:
        raise UsageFault("name one folder")
    return Path(args[0]) if args else Path(settings["DATA_DIR"]) / "backup"


def tell(made: Summary, what: str) -> None:
    """What a backup holds."""
    documents = ", ".join(f"{count} {name}" for name, count in made.documents.items() if count) or "no documents"
    console.out.print(
        f"{what} {made.folder}: {documents}; {made.files} WARC files, {made.bytes / 1e6:.1f} MB.", markup=False
    )
