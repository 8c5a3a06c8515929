"""`scrapy judge URL yes|no --reason …`: a person overrules the topic decision, for good."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from scrapy.commands import BaseRunSpiderCommand
from scrapy.settings import BaseSettings

from archive import mongo, verdicts
from commands import console
from commands.console import UsageFault, guarded
from commands.crawl import crawl
from commands.why import tell
from pipelines.derived import rederive
from pipelines.identity import Comparison, compare
from sources import registry
from sources.urls import UrlError, canonicalize

_ANSWERS = {"yes": True, "no": False}


class Command(BaseRunSpiderCommand):
    """Record whether an address belongs to the archive; the archive follows at once, and every later crawl."""

    requires_project = True

    def syntax(self) -> str:
        return "URL yes|no --reason WHY"

    def short_desc(self) -> str:
        return "Overrule the topic decision on an address, for good"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", default="", metavar="WHY", help="why, for those who come after (required)")
        parser.add_argument("--by", default="", metavar="WHO", help="who decides (default: the user's name)")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 2 or args[1] not in _ANSWERS:
            raise UsageFault("write the URL, then yes or no: scrapy judge URL yes --reason WHY")
        if not opts.reason.strip():
            raise UsageFault("--reason: missing; say why in a few words")
        sources, _ = registry.everything(console.sources_folder(self.settings))
        owner = registry.owner(args[0], sources)
        if owner is None:
            raise UsageFault(f"{args[0]}: belongs to no known outlet ('scrapy sources' shows them)")
        try:
            url = canonicalize(args[0], rules=owner.identity)
        except UrlError as error:
            raise UsageFault(str(error)) from error
        database = console.open_archive(self.settings)
        relevant = _ANSWERS[args[1]]
        who = opts.by or getpass.getuser()
        url = verdicts.record(
            database, url, args[0], relevant=relevant, by=who, reason=opts.reason.strip(), at=datetime.now(UTC)
        )
        if relevant and not verdicts.has_article(database, url):
            crawl(self, [(owner, {"urls": args[0]})])
        elif not relevant:
            orphans = verdicts.expel(database, url)
            asyncio.run(derive(self.settings, orphans))
        tell(database, args[0], sources)


async def derive(settings: BaseSettings | None, ids: list[str]) -> None:
    """Find a new original for the copies of articles that have left, and their stories another first report."""
    assert settings is not None
    uri = mongo.locate(settings["MONGODB_URI"], Path(settings["DATA_DIR"]))
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))
    try:
        await rederive(client[settings["MONGODB_DATABASE"]], ids, _compare)
    finally:
        await client.close()


async def _compare(earlier: str, later: str) -> Comparison:
    return compare(earlier, later)
