"""`scrapy visit URL…`: run given addresses through everything, now."""

from __future__ import annotations

import argparse
from collections import defaultdict

from scrapy.commands import BaseRunSpiderCommand

from commands import console
from commands.console import UsageFault, guarded
from commands.crawl import crawl
from commands.why import tell
from sources import registry
from sources.model import Source
from sources.urls import UrlError, canonicalize


class Command(BaseRunSpiderCommand):
    """Fetch addresses of known outlets, whether or not they are due, and tell what became of each."""

    requires_project = True

    def syntax(self) -> str:
        return "URL…"

    def short_desc(self) -> str:
        return "Fetch given addresses and run them through everything"

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageFault("write at least one URL")
        sources, _ = registry.everything(console.sources_folder(self.settings))
        by_source: dict[str, list[str]] = defaultdict(list)
        owners: dict[str, Source] = {}
        for url in args:
            try:
                canonicalize(url)
            except UrlError as error:
                raise UsageFault(str(error)) from error
            owner = registry.owner(url, sources)
            if owner is None:
                raise UsageFault(f"{url}: belongs to no known outlet ('scrapy sources' shows them)")
            owners[owner.name] = owner
            by_source[owner.name].append(url)
        crawl(self, [(owners[name], {"urls": " ".join(urls)}) for name, urls in by_source.items()])
        database = console.open_archive(self.settings)
        for url in args:
            tell(database, url, sources)
