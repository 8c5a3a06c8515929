"""`scrapy captures URL`: every capture of an address, and the page itself as it came."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import json_util
from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import captures, payload, queries
from archive.warc import cdxj, reader
from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from sources import registry
from sources.urls import UrlError, canonicalize


class Command(ScrapyCommand):
    """List the captures of an address under all its forms, or write one of them to standard output."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] URL | --cdxj"

    def short_desc(self) -> str:
        return "List an address's captures in the WARC files, or write out one of them"

    def long_desc(self) -> str:
        return (
            "List the captures of an address, under every form in which it was met. With --raw or --record, write the one that "
            "was current --at an instant (default: the last). --cdxj writes a CDXJ index beside each WARC file, as pywb and "
            "other replay tools want it."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--at", default="", metavar="INSTANT", help="the last capture up to then (ISO, UTC if no zone)"
        )
        parser.add_argument("--raw", action="store_true", help="write the page's bytes, content-coding undone")
        parser.add_argument(
            "--record", action="store_true", help="write the HTTP response as it lies in the WARC record"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--cdxj", action="store_true", help="write a CDXJ index beside each finished WARC file")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        folder = folder_of(self.settings)
        if opts.cdxj:
            if args:
                raise UsageFault("--cdxj indexes every WARC file; leave the URL out")
            for path in cdxj.write_all(folder):
                console.out.print(path, markup=False)
            return
        if len(args) != 1:
            raise UsageFault("write one URL, or --cdxj")
        at = _instant(opts.at)
        database = console.open_archive(self.settings)
        found = captures.of(database, self._forms(database, args[0]))
        if at and (chosen := captures.nearest(found, at)):
            found = [chosen]
        if not found:
            console.complain(f"{args[0]}: no capture of it; 'scrapy why {args[0]}' tells why")
            self.exitcode = console.ATTENTION
        elif opts.raw or opts.record:
            self._write_out(database, folder, found[-1], raw=opts.raw)
        elif opts.json:
            for capture in found:
                print(json_util.dumps(capture, json_options=json_util.RELAXED_JSON_OPTIONS))
        else:
            _show(found)

    def _forms(self, database: Database[dict[str, Any]], url: str) -> list[str]:
        """Every form of an address that the ledger knows, and the address itself."""
        sources, _ = registry.everything(console.sources_folder(self.settings))
        owner = registry.owner(url, sources)
        try:
            canonical = canonicalize(url, rules=owner.identity if owner else None)
        except UrlError as error:
            raise UsageFault(str(error)) from error
        document = queries.find_url(database, canonical, url)
        return sorted({url, canonical, *(document["aliases"] if document else [])})

    def _write_out(
        self, database: Database[dict[str, Any]], folder: Path, capture: dict[str, Any], *, raw: bool
    ) -> None:
        try:
            answer = captures.payload(database, folder, capture)
            strict = not reader.is_imported(capture["file"])
            data = payload.body(answer, strict=strict) if raw else answer.head + answer.payload
        except (reader.WarcError, OSError, EOFError, ValueError) as error:
            console.complain(f"{capture['url']}: {error}")
            self.exitcode = console.ATTENTION
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _show(found: list[dict[str, Any]]) -> None:
    grid = console.table("captured", "status", "type", "bytes", "where", "address", right=("bytes",), wrap=("address",))
    for capture in found:
        where = f"{capture['file']}:{capture['offset']}"
        kind = capture["type"] + (" (unchanged)" if capture["revisit_of"] else "")
        status = str(capture["status"]) + (f" cut: {capture['truncated']}" if capture["truncated"] else "")
        grid.add_row(
            f"{capture['at']:%Y-%m-%d %H:%M:%S} UTC", status, kind, str(capture["length"]), where, capture["url"]
        )
    console.out.print(grid)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageFault(f"--at {text}: write an instant as YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC)
