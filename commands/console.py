"""What the commands share: exit codes, the archive, outlets, tables."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from bson import json_util
from pymongo.database import Database
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import mongo
from archive.patience import first_words
from language.printable import printable, printable_json, without_credentials
from sources.model import SourceError
from sources.registry import UnknownSource

GOOD, ATTENTION, USAGE, STORAGE, NO_NETWORK, INTERRUPTED = 0, 1, 2, 3, 4, 130


class PlainConsole(Console):
    """A console that page text cannot steer: escape sequences in it are written out."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text, keep="\n"), **options)


# Lines for other programs are never broken: the width of a terminal counts only where there is one.
out = PlainConsole(highlight=False, width=None if sys.stdout.isatty() else 10_000)
err = PlainConsole(stderr=True, highlight=False, soft_wrap=True)

C = TypeVar("C", bound=ScrapyCommand)


# What may stand in a header: no blank, no line end, nothing but ASCII.
_CONTACT = re.compile(
    r"(?:mailto:[^\s@;()]{1,64}@[\w.-]{3,100}|https?://[!-~]{4,200}|[^\s@;():]{1,64}@[\w.-]{3,100})", re.ASCII
)


class UsageFault(ValueError):
    """The command was called wrongly; the message says what is allowed."""


def guarded(
    run: Callable[[C, list[str], argparse.Namespace], None],
) -> Callable[[C, list[str], argparse.Namespace], None]:
    """A command's `run` whose expected errors become one line and an exit code."""

    @wraps(run)
    def guard(command: C, args: list[str], opts: argparse.Namespace) -> None:
        try:
            run(command, args, opts)
        except (UsageFault, UnknownSource, SourceError) as error:
            complain(str(error))
            command.exitcode = USAGE
        except mongo.ArchiveError as error:
            complain(str(error))
            command.exitcode = STORAGE
        except PyMongoError as error:
            complain(f"MongoDB: {first_words(error)}")
            command.exitcode = STORAGE
        except BrokenPipeError:
            sys.stderr.close()
        except KeyboardInterrupt:
            command.exitcode = INTERRUPTED

    return guard


def complain(message: str) -> None:
    """One line, or several, on standard error."""
    err.print(without_credentials(message), markup=False, style="red" if err.is_terminal else "")


def contact(settings: BaseSettings | None) -> None:
    """Make sure that webmasters can see who crawls their site.

    Raises:
        UsageFault: MARSAD_CONTACT is missing or no address, and the outlets are live ones.
    """
    assert settings is not None
    given = settings["MARSAD_CONTACT"]
    if given and not _CONTACT.fullmatch(given):
        raise UsageFault(
            f"MARSAD_CONTACT={given!r}: write an address such as mailto:you@example.org or https://example.org/crawl"
        )
    if settings.getbool("CONTACT_REQUIRED") and not given:
        raise UsageFault(
            "MARSAD_CONTACT is not set. Webmasters must be able to see who crawls their site, and to write to them: "
            'export MARSAD_CONTACT="mailto:you@example.org" (it goes into the user agent)'
        )


def sources_folder(settings: BaseSettings | None) -> Path:
    """The outlets' folder."""
    assert settings is not None
    return Path(settings["SOURCES_DIR"])


def open_archive(settings: BaseSettings | None) -> Database[dict[str, Any]]:
    """The archive's database, its collections made.

    Raises:
        archive.mongo.ArchiveError: it cannot be used.
    """
    assert settings is not None
    name = settings["MONGODB_DATABASE"]
    uri = mongo.ready(settings["MONGODB_URI"], name, Path(settings["DATA_DIR"]))
    return mongo.connect(uri, name)


def table(*columns: str, right: tuple[str, ...] = (), wrap: tuple[str, ...] = ()) -> Table:
    """An empty table; the columns in `right` hold numbers, those in `wrap` give way on a narrow terminal."""
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", no_wrap=column not in wrap)
    return grid


def print_json(document: Any) -> None:
    """One JSON object on a line (relaxed Extended JSON), in which no page can steer a terminal."""
    line = json_util.dumps(document, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False)
    print(printable_json(line))


def moment(instant: datetime) -> str:
    """An instant for people."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"
