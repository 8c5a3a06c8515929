"""`scrapy sources`: the outlets, and whether their files hold together."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.markup import escape
from scrapy.commands import ScrapyCommand

from commands import console
from commands.console import UsageFault, guarded
from sources import checks, registry, systems, table


class Command(ScrapyCommand):
    """Show the outlets, or check their TOMLs."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[check [NAME…]]"

    def short_desc(self) -> str:
        return "Show the outlets; 'check' validates their files"

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        folder = console.sources_folder(self.settings)
        if not args:
            self._show(folder)
        elif args[0] == "check":
            self._check(folder, args[1:])
        else:
            raise UsageFault(f"scrapy sources {args[0]}: unknown; 'check' is allowed, or nothing for the table")

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
