"""`scrapy export [WORDS]`: what a question finds, for others: JSON Lines, CSV, or an Atom feed of a saved search."""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from scrapy.commands import ScrapyCommand

from archive import export, search
from archive.search import Question
from commands import asking, console
from commands.console import UsageFault, guarded
from language.printable import printable

_FORMATS = ("jsonl", "csv", "atom")
_ENTRIES = 100
_EVERYTHING = Question(copies=True)
_NO_FILTERS = ("text", "parts", "sort", "page", "size")
# What a saved search may say: the options of the same name.
_SAVED: dict[str, type] = {
    "words": str, "since": str, "until": str, "source": list, "lang": list, "country": list, "entity": list, "aspect": list,
    "relevance": float, "no_copies": bool, "versions": bool, "gone": bool, "sort": str, "title": str,
}  # fmt: skip


class Command(ScrapyCommand):
    """Give away what a question finds: what a catalogue would say of each article, and an extract."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [WORDS]"

    def short_desc(self) -> str:
        return "Write what a question finds as JSON Lines, CSV or an Atom feed"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        asking.add_options(parser)
        parser.add_argument("--format", choices=_FORMATS, help="default: by the file's name, else jsonl")
        parser.add_argument("--to", default="", metavar="FILE", help="write there; default: standard output")
        parser.add_argument(
            "--saved", default="", metavar="NAME", help="a question of searches.toml in the data folder"
        )
        parser.add_argument("--limit", type=int, metavar="N", help=f"at most so many, 0 for all (atom: {_ENTRIES})")
        parser.add_argument("--text", action="store_true", help="whole texts too, of articles that are not restricted")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        kind = opts.format or {".csv": "csv", ".xml": "atom", ".atom": "atom"}.get(Path(opts.to).suffix, "jsonl")
        if opts.limit is not None and opts.limit < 0:
            raise UsageFault(f"--limit {opts.limit}: write 0 for all, or a number of articles")
        if kind == "atom" and opts.text:
            raise UsageFault("--text: a feed gives extracts alone; choose --format jsonl or csv")
        title = ""
        if opts.saved:
            args, title = self._saved(args, opts)
        asked = asking.question(args, opts, self.settings)
        countries = asking.countries(self.settings)
        database = console.open_archive(self.settings)
        limit = opts.limit if opts.limit is not None else (_ENTRIES if kind == "atom" else 0)
        articles = islice(search.every(database, asked, countries=countries, without=("sketch",)), limit or None)
        counted = _Counted(articles)
        title = title or f"Marsad: {asked.text or 'every article'}"
        self._write(_pieces(counted, kind, opts, title, opts.saved or _identity(asked)), opts.to)
        if opts.to:
            withheld = f"; the text of {counted.withheld} is withheld" if opts.text and counted.withheld else ""
            console.out.print(f"{opts.to}: {counted.number} articles{withheld}.", markup=False)

    def _saved(self, args: list[str], opts: argparse.Namespace) -> tuple[list[str], str]:
        """Take the words and options of a saved search; what the command line says counts more."""
        assert self.settings is not None
        path = Path(self.settings["DATA_DIR"]) / "searches.toml"
        try:
            saved = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UsageFault(f"{path}: no such file; docs/search.md shows what it may hold") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageFault(f"{path}: {error}") from error
        search_of = saved.get(opts.saved)
        if not isinstance(search_of, dict):
            raise UsageFault(f"{path}: holds no [{opts.saved}]; it has {', '.join(sorted(saved)) or 'nothing'}")
        for name, value in search_of.items():
            wanted = _SAVED.get(name)
            if wanted is None:
                raise UsageFault(f"{path}: [{opts.saved}] {name}: unknown; allowed are {', '.join(_SAVED)}")
            if not isinstance(value, int | float if wanted is float else wanted) or (wanted is float and value is True):
                raise UsageFault(f"{path}: [{opts.saved}] {name}: write a {wanted.__name__}")
            given = getattr(opts, name, None)
            # --standing is a False that was given, unlike that of a flag.
            is_open = given in (None, "", []) or (given is False and name != "gone")
            if name not in ("words", "title") and is_open:
                setattr(opts, name, [str(one) for one in value] if isinstance(value, list) else value)
        return args or [search_of.get("words", "")], search_of.get("title", "")

    def _write(self, pieces: Iterable[bytes], to: str) -> None:
        if not to:
            is_terminal = sys.stdout.isatty()
            for piece in pieces:
                # A file takes what the page said as it stands; a terminal would obey it.
                sys.stdout.buffer.write(_safe(piece) if is_terminal else piece)
            sys.stdout.buffer.flush()
            return
        unfinished = Path(f"{to}.part")
        try:
            with unfinished.open("wb") as file:
                file.writelines(pieces)
            os.replace(unfinished, to)
        except OSError as error:
            raise UsageFault(f"--to {to}: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)


def _safe(piece: bytes) -> bytes:
    return printable(piece.decode(), keep="\r\n").encode()


def _identity(asked: Question) -> str:
    """What tells the feed of one question from that of another: its words and its filters."""
    filters = {one.name: getattr(asked, one.name) for one in fields(asked) if one.name not in _NO_FILTERS}
    said = [f"{name}={value}" for name, value in filters.items() if value != getattr(_EVERYTHING, name)]
    return " ".join([asked.text, *said]).strip()


class _Counted:
    """Articles on their way into a file: how many there were, and of how many the text is withheld."""

    def __init__(self, articles: Iterable[dict[str, Any]]) -> None:
        self.articles = articles
        self.number = self.withheld = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for article in self.articles:
            self.number += 1
            self.withheld += bool(export.why_withheld(article))
            yield article


def _pieces(
    articles: Iterable[dict[str, Any]], kind: str, opts: argparse.Namespace, title: str, name: str
) -> Iterator[bytes]:
    if kind == "atom":
        yield export.atom(articles, title=title, identity=name, now=datetime.now(UTC))
    elif kind == "jsonl":
        for line in export.json_lines(articles, text=opts.text):
            yield f"{line}\n".encode()
    else:
        # Excel reads UTF-8 as such where a byte order mark says so.
        yield b"\xef\xbb\xbf" if opts.to else b""
        yield _csv_line(export.COLUMNS)
        for article in articles:
            yield _csv_line(export.row(article, text=opts.text))


def _csv_line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue().encode()
