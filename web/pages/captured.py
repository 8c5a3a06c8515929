"""The archived page of an article: as its outlet sent it at an instant, without anything that acts or asks for more."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from archive import captures, payload
from archive.warc.reader import WarcError, is_imported
from language.charset import text_of
from web.inert import inert
from web.visit import Document, Problem, Visit, view

#: Bytes of a page above which its source alone is shown.
MAX_PAGE = 3 * 2**20
_STAMP = re.compile(r"[0-9]{14}")
#: Nothing runs, nothing is asked for, nothing can be sent, even where something active should have been overlooked.
POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


@view
def archived(visit: Visit) -> Response:
    """The page in its frame: `at` chooses a capture (YYYYMMDDHHMMSS, UTC), by default that of the present state."""
    document = visit.article()
    kept = _kept(visit, document)
    at = visit.request.query_params.get("at", "")
    moment = _moment(at) if at else document["version_at"]
    return visit.render("archived.html", article=document, kept=kept, capture=captures.nearest(kept, moment))


@view
def page(visit: Visit) -> Response:
    """The captured page alone, for the frame."""
    capture, body, kind = _read(visit)
    if "html" not in kind and not body.lstrip()[:1] == b"<":
        raise Problem(404, "problem.kind", kind=kind or "?")
    if len(body) > MAX_PAGE:
        raise Problem(404, "problem.large")
    title = visit.interface.text("archived.frame", url=capture["url"])
    return HTMLResponse(inert(text_of(body, kind), str(title)), headers={"Content-Security-Policy": POLICY})


@view
def source(visit: Visit) -> Response:
    """The captured page's own text, as plain text."""
    _, body, kind = _read(visit)
    return PlainTextResponse(text_of(body, kind), headers={"Content-Security-Policy": POLICY})


def _moment(given: str) -> datetime:
    """The end of the second that a stamp names."""
    try:
        if not _STAMP.fullmatch(given):
            raise ValueError(given)
        return datetime.strptime(given, "%Y%m%d%H%M%S").replace(microsecond=999_999, tzinfo=UTC)
    except ValueError as error:
        raise Problem(400, "problem.stamp") from error


def _kept(visit: Visit, document: Document) -> list[Document]:
    """The captures of an article that hold a page, the oldest first.

    Raises:
        Problem: the page asks that its copy be shown to nobody.
    """
    if "noarchive" in document.get("restrictions", []):
        raise Problem(403, "problem.noarchive")
    known = visit.database.urls.find_one({"article": document["_id"]}, {"aliases": 1})
    forms = [document["url"], *(known["aliases"] if known else [])]
    ledger = visit.database.urls.distinct("_id", {"article": document["_id"]})
    found = captures.of(visit.database, sorted({*forms, *ledger}))
    return [capture for capture in found if capture["status"] in (200, 304) and capture["truncated"] is None]


def _read(visit: Visit) -> tuple[Document, bytes, str]:
    """A capture, its body and its media type.

    Raises:
        Problem: there is no such capture, or it cannot be read.
    """
    document = visit.article()
    kept = _kept(visit, document)
    capture = captures.nearest(kept, _moment(visit.request.path_params["at"]))
    if capture is None:
        raise Problem(404, "problem.capture")
    try:
        message = captures.payload(visit.database, visit.room.warc, capture)
        strict = not is_imported(capture["file"])
        return capture, payload.body(message, strict=strict), payload.headers(message).get("content-type", "")
    except (WarcError, OSError, EOFError, ValueError) as error:
        raise Problem(404, "problem.unreadable") from error
