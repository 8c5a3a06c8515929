"""`scrapy restore [FOLDER]`: the archive from a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

from scrapy.commands import ScrapyCommand

from archive import backup, mongo
from archive.backup import BackupFault
from archive.warc.plan import folder_of
from commands import console
from commands.backup import backup_folder, tell
from commands.console import guarded
from commands.progress import progress


class Command(ScrapyCommand):
    """Fill MongoDB and the WARC folder from the last backup of a folder, or from the one that is named."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[FOLDER] [--overwrite]"

    def short_desc(self) -> str:
        return "Restore the archive from a backup"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--overwrite", action="store_true", help="drop what the database holds, replace WARC files that differ"
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        folder = backup_folder(self.settings, args)
        try:
            chosen = backup.newest(folder)
            uri = mongo.locate(self.settings["MONGODB_URI"], Path(self.settings["DATA_DIR"]))
            database = mongo.connect(uri, self.settings["MONGODB_DATABASE"])
            with progress() as told:
                made = backup.restore(database, folder_of(self.settings), chosen, told, overwrite=opts.overwrite)
        except BackupFault as error:
            console.complain(str(error))
            self.exitcode = console.ATTENTION
            return
        tell(made, "Restored from")
        for note in made.notes:
            console.complain(note)
        console.out.print("'scrapy verify' checks it.")
