"""One request to the reading room: what it may use, and how a page is made for it."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jinja2
import pymongo
from pymongo.database import Database
from pymongo.errors import PyMongoError, ServerSelectionTimeoutError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from archive import stories
from sources.model import Source
from web import interface
from web.interface import Interface
from web.marks import cleaned, clip, paragraphs, pieces

Document = dict[str, Any]

#: Seconds that the questions of one page may take together.
PATIENCE = 8.0
STATIC = Path(__file__).with_name("static")

_ID = re.compile(r"[0-9a-f]{20}")
_log = logging.getLogger(__name__)


class Problem(Exception):
    """What a reader asked cannot be shown.

    Attributes:
        status: of HTTP.
        key: of the text that says why, without its ".title" and ".text" where it has both.
        values: for the text's blanks.
    """

    def __init__(self, status: int, key: str, **values: Any) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values


@dataclass(frozen=True, slots=True)
class Room:
    """What the pages are made from.

    Attributes:
        database: the archive.
        outlets: name → outlet.
        warc: folder of the WARC files.
    """

    database: Database[Document]
    outlets: Mapping[str, Source]
    warc: Path


@dataclass(frozen=True, slots=True)
class Visit:
    """One request in one language of the interface."""

    request: Request
    interface: Interface

    @property
    def room(self) -> Room:
        """What the pages are made from."""
        room: Room = self.request.app.state.room
        return room

    @property
    def database(self) -> Database[Document]:
        """The archive."""
        return self.room.database

    def article(self) -> Document:
        """The article that the address names.

        Raises:
            Problem: there is none.
        """
        name = identifier(self.request.path_params["id"])
        found = self.database.articles.find_one({"_id": name}, {"sketch": 0, "search": 0, "terms": 0})
        if found is None:
            raise Problem(404, "problem.article", id=name)
        return found

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number of the query, 1 and up.

        Raises:
            Problem: it is none, or more than `most`.
        """
        given = self.request.query_params.get(name, "")
        if not given:
            return default
        if not re.fullmatch("[0-9]{1,9}", given) or not 1 <= int(given) <= most:
            raise Problem(400, "problem.number", name=name, given=clip(given, 40), most=self.interface.number(most))
        return int(given)

    def name_of(self, term: str) -> str:
        """What an entry of the lexicon is called, see `name_of`."""
        return name_of(term, self.interface.language)

    def render(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page."""
        return page_of(self.request, self.interface, template, status, **context)


def identifier(given: str) -> str:
    """An article's or story's `_id`.

    Raises:
        Problem: it has not the form of one.
    """
    if not _ID.fullmatch(given):
        raise Problem(404, "problem.id", id=clip(given, 60))
    return given


def view(make: Callable[[Visit], Response]) -> Callable[[Request], Response]:
    """A page's function as an endpoint, which Starlette runs in a thread: what it asks of MongoDB blocks and has a limit of time."""

    @functools.wraps(make)
    def endpoint(request: Request) -> Response:
        visit = Visit(request, interface.load(request.path_params["language"]))
        try:
            with pymongo.timeout(PATIENCE):
                return make(visit)
        except Problem as problem:
            return refusal(request, problem.status, problem.key, **problem.values)
        except PyMongoError as error:
            _log.warning("%r: %s", request.scope["path"], type(error).__name__)
            slow = error.timeout and not isinstance(error, ServerSelectionTimeoutError)
            return refusal(request, 503, "problem.slow" if slow else "problem.archive")

    return endpoint


def refusal(request: Request, status: int, key: str, **values: Any) -> Response:
    """The page that says why there is no other, in the language of the address or of the browser."""
    reader = interface.load(language_of(request))
    return page_of(request, reader, "problem.html", status, said=reader.text(key, **values), status=status)


def language_of(request: Request) -> str:
    """The language of an address, else the one that the browser prefers."""
    first = request.scope["path"][1:].partition("/")[0]
    return first if first in interface.LOCALES else interface.choose(request.headers.get("accept-language", ""))


def page_of(request: Request, reader: Interface, template: str, http: int, **context: Any) -> Response:
    """A page from a template; what it has to show cannot be markup, whatever it holds."""
    room: Room = request.app.state.room
    ready = {"t": reader.text, "n": reader.count, "ui": reader, "room": room, "style": stylesheet()[0]}
    ready |= {"link": functools.partial(link, reader.language), "tongues": _tongues(request)}
    ready |= {"name_of": functools.partial(name_of, language=reader.language)}
    return HTMLResponse(_templates().get_template(template).render(ready | context), http)


def link(language: str, *path: str, **query: Any) -> str:
    """An address of the reading room.

    Args:
        language: of its interface.
        path: parts of the path.
        query: what stands after the question mark; empty values are left out, lists are repeated.
    """
    asked = [
        (name, one) for name, value in query.items() for one in (value if isinstance(value, list | tuple) else [value])
    ]
    filled = [(name, value) for name, value in asked if value not in ("", None)]
    address = "/" + "/".join([language, *path])
    return f"{address}?{urlencode(filled)}" if filled else (address if path else address + "/")


def stamp(at: datetime) -> str:
    """An instant as it stands in an address: YYYYMMDDHHMMSS, UTC."""
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}"


def name_of(term: str, language: str) -> str:
    """What an entry of the lexicon is called; its French name in English, which the lexicon does not hold."""
    return stories.name_of(term, "ar" if language == "ar" else "fr")


@functools.cache
def stylesheet() -> tuple[str, bytes]:
    """The address of the stylesheet, which changes with it, and the stylesheet."""
    content = (STATIC / "style.css").read_bytes()
    return f"/static/{sha256(content).hexdigest()[:12]}/style.css", content


def _tongues(request: Request) -> list[tuple[str, str]]:
    """Each language of the interface with this page's address in it."""
    # Of the scope: `request.url` is made with the Host header, which may be anything.
    path, query = quote(request.scope["path"]), request.scope["query_string"].decode("latin-1")
    first, _, rest = path[1:].partition("/")
    same = f"/{rest}" if first in interface.LOCALES else "/"
    return [(code, f"/{code}{same}" + (f"?{query}" if query else "")) for code in interface.LOCALES]


def _outward(url: Any) -> str:
    """An address outside that a reader may follow; "" for whatever is no web address."""
    try:
        return str(url) if urlsplit(str(url)).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _finished(value: Any) -> Any:
    # Markup stays markup: it loses characters only.
    return type(value)(cleaned(value)) if isinstance(value, str) else value


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finished,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clip": clip, "pieces": pieces, "paragraphs": paragraphs, "outward": _outward}
    environment.globals |= {"direction": interface.direction, "stamp": stamp, "iso_day": date.fromisoformat}
    return environment
