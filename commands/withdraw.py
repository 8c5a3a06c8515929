"""`scrapy withdraw URL --reason …`: remove an article for good: a court, a person's right, a takedown."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import queries, withdrawal
from archive.warc.erase import EraseError
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from commands.judge import derive
from sources import registry
from sources.urls import UrlError, canonicalize

_HOW = {"copy": "a copy of it", "original": "its original", "reusing": "reuses it"}


class Command(ScrapyCommand):
    """Remove what an article says from the archive and its WARC files; its address is never fetched again."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL --reason WHY [--by WHO] [--copies]"

    def short_desc(self) -> str:
        return "Remove an article for good: a court, a person's right, a takedown"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", default="", metavar="WHY", help="why, for those who come after (required)")
        parser.add_argument("--by", default="", metavar="WHO", help="who decides (default: the user's name)")
        parser.add_argument("--copies", action="store_true", help="the articles with the same text too")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageFault("write one URL: scrapy withdraw URL --reason WHY")
        reason, who = opts.reason.strip(), opts.by or getpass.getuser()
        if not reason:
            raise UsageFault("--reason: missing; say why in a few words")
        sources, _ = registry.everything(console.sources_folder(self.settings))
        owner = registry.owner(args[0], sources)
        try:
            url = canonicalize(args[0], rules=owner.identity if owner else None)
        except UrlError as error:
            raise UsageFault(str(error)) from error
        database = console.open_archive(self.settings)
        # An outlet's file may have gone; what the archive has of it can be withdrawn still.
        if owner is None and queries.find_url(database, url, args[0]) is None:
            raise UsageFault(f"{args[0]}: belongs to no known outlet ('scrapy sources' shows them)")
        copies = self._withdraw(database, url, args[0], who, reason)
        same = [copy for copy in copies if copy["is"] != "reusing"]
        if opts.copies:
            for copy in same:
                self._withdraw(database, copy["url"], copy["url"], who, reason)
        left = [copy for copy in copies if copy["is"] == "reusing" or not opts.copies]
        if left:
            console.out.print("These have its text and stay; withdraw them too, with --copies or by their addresses:")
            for copy in left:
                console.out.print(f"  {copy['url']} ({copy['source']}, {_HOW[copy['is']]})", markup=False)

    def _withdraw(
        self, database: Database[dict[str, Any]], url: str, address: str, who: str, reason: str
    ) -> list[dict[str, Any]]:
        assert self.settings is not None
        warc, now = folder_of(self.settings), datetime.now(UTC)
        say = console.out.print
        try:
            done = withdrawal.withdraw(database, warc, url, address, by=who, reason=reason, at=now)
        except EraseError as error:
            console.complain(f"{error}; the address is barred, the rest is not yet removed: mend it and call again")
            self.exitcode = console.STORAGE
            return []
        asyncio.run(derive(self.settings, done.orphans))
        what = "withdrawn" if done.was_article else "barred; no article of the archive was found under it"
        say(f"{done.url}: {what}.", markup=False)
        told = f"{done.versions} earlier versions, {done.records} WARC records, {done.entries} captures of feeds and listings"
        say(
            f"  Removed with it: {told}. Exports, backups and other copies of the files are yours to mend.",
            markup=False,
        )
        return done.copies
