"""`scrapy sources`: the outlets, whether their files hold together and are still true, and a proposal for a new one."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from rich.markup import escape
from scrapy import signals
from scrapy.commands import ScrapyCommand
from scrapy.crawler import AsyncCrawlerProcess

from commands import console, proposal
from commands.console import UsageFault, guarded
from crawler.livecheck import Report, check_spider_of
from pipelines.reading import read
from sources import checks, registry, systems, table
from sources.model import Source

#: Fewer characters are no article: the shortest despatch seen has 250.
_LEAST_TEXT = 200


class Command(ScrapyCommand):
    """Show the outlets, or check their TOMLs."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[check [--live] [NAME…] | add URL]"

    def short_desc(self) -> str:
        return "Show the outlets; 'check' validates their files, 'add' proposes a new one"

    def long_desc(self) -> str:
        return (
            "Without arguments: the table of outlets. 'check' validates the files, offline; with --live it also asks each outlet "
            "for robots.txt, an entry point and an article (of the outlets named: every entry point), and says what is broken "
            "and why. 'add URL' visits a home page and writes a proposal for its outlet. "
            "Exit codes: 0 good, 1 something needs you, 2 usage or configuration."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--live", action="store_true", help="with 'check': ask the outlets themselves, politely")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        folder = console.sources_folder(self.settings)
        if not args:
            self._show(folder)
        elif args[0] == "check":
            self._check(folder, args[1:])
            if opts.live and self.exitcode != console.USAGE:
                self._check_live(folder, args[1:])
        elif args[0] == "add":
            if len(args) != 2:
                raise UsageFault("scrapy sources add URL: write the address of one home page")
            self.exitcode = proposal.add(args[1], folder, self.settings)
        else:
            raise UsageFault(
                f"scrapy sources {args[0]}: unknown; 'check' or 'add' is allowed, or nothing for the table"
            )

    def _show(self, folder: Path) -> None:
        sources, faults = registry.everything(folder)
        grid = console.table(
            "name",
            "outlet",
            "lang",
            "country",
            "zone",
            "kind",
            "system",
            "entry points",
            "enabled",
            wrap=("outlet", "system", "entry points", "enabled"),
        )
        for source in sources:
            enabled = "yes" if source.enabled else f"no: {source.reason}"
            row = (
                source.title,
                " ".join(source.languages),
                source.country,
                source.timezone,
                source.kind,
                systems.title(source.system),
            )
            grid.add_row(source.name, *map(escape, row), escape(table.entry_points(source)), escape(enabled))
        console.out.print(grid)
        for source in sources:
            for exception in source.manners.exceptions():
                console.out.print(f"{source.name}: {exception}", markup=False)
        for fault in faults:
            console.complain(fault)
            self.exitcode = console.USAGE
        console.out.print(f"{len(sources)} outlets, {sum(source.enabled for source in sources)} enabled.")

    def _check(self, folder: Path, names: list[str]) -> None:
        for name in names:
            registry.find(name, folder)
        sources, faults = registry.everything(folder)
        faults += checks.faults(sources, set(names) or None)
        for fault in faults:
            console.complain(fault)
        if faults:
            self.exitcode = console.USAGE
        count = len(names) or len(sources)
        console.out.print(f"{count} outlets checked, {len(faults) or 'no'} fault{'s' if len(faults) != 1 else ''}.")

    def _check_live(self, folder: Path, names: list[str]) -> None:
        chosen = [registry.find(name, folder) for name in names]
        chosen = chosen or [source for source in registry.everything(folder)[0] if source.enabled]
        settings = self.settings
        assert settings is not None
        logging.getLogger().setLevel(settings["LOG_LEVEL"])
        process = AsyncCrawlerProcess(settings)
        console.contact(self.settings)
        crawlers = [process.create_crawler(check_spider_of(source)) for source in chosen]
        for crawler in crawlers:
            process.crawl(crawler, every=bool(names))
            crawler.signals.connect(_told, signal=signals.spider_closed)
        process.start()
        broken = 0
        for source, crawler in zip(chosen, crawlers, strict=True):
            spider: Any = crawler.spider
            report: Report = spider.report if spider is not None else Report(["the check did not start"])
            faults = [*report.faults, *_article_faults(report, source)]
            broken += bool(faults)
            for fault in faults:
                console.complain(f"{source.name}: {fault}")
            for note in report.notes if names or faults else []:
                console.out.print(f"{source.name}: {note}", markup=False)
            if names and not faults:
                console.out.print(
                    f"{source.name}: {report.answered} entry points answer, and the article is read.", markup=False
                )
        console.out.print(f"{len(chosen)} outlets asked, {broken or 'none'} of them broken.")
        self.exitcode = console.ATTENTION if broken else console.GOOD


def _told(spider: Any) -> None:
    """On a terminal, say which outlet has answered: a check of all of them takes minutes."""
    if console.out.is_terminal:
        console.out.print(f"{spider.name}: asked", style="dim")


def _article_faults(report: Report, source: Source) -> list[str]:
    """What is wrong with the article that was fetched."""
    page = report.page
    if page is None:
        return [] if report.faults else ["no article was reached: neither an entry point nor an example leads to one"]
    reading = read(page, source, page.fetched_at)
    where = f"article {page.requested}"
    if reading.article is None:
        return [f"{where}: {reading.outcome}: {reading.detail}"]
    faults = []
    if reading.article.published is None:
        faults.append(f"{where}: no date can be read; selectors.date may help")
    if len(reading.article.text) < _LEAST_TEXT:
        faults.append(f"{where}: only {len(reading.article.text)} characters of text; selectors.text may help")
    if reading.article.lang not in source.languages:
        faults.append(f"{where}: is in {reading.article.lang!r}, which languages does not name")
    return faults
