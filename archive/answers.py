"""What an answer says before its body is read: the same for a page from the network and for one from a WARC file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from archive.records import Outcome, Page
from sources.model import Source, in_domains

_WALLS = {401: "asks for a login", 402: "asks for money", 403: "is forbidden", 451: "is withheld for legal reasons"}

# Where outlets lead the readers of a page that is no more.
_HOME = re.compile(r"/?(?:(?:ar|fr|en)(?:/|$))?(?:index\.(?:php|html?)|home|accueil)?/?")
_MISSING = re.compile(r"(?:/[^/]+)?/(?:error[-_/]?)?404(?:\.\w{1,5})?/?")

Settled = tuple[Outcome, str]


def settled(page: Page, source: Source) -> Settled | None:
    """The outcome that status and address of an answer decide, with the reason; None where the body is to be read."""
    return of_status(page.status) or led_away(page, source)


def of_status(status: int) -> Settled | None:
    """The outcome of an HTTP status, None where the body is to be read."""
    if 200 <= status < 300:
        return None
    if status in (404, 410):
        return Outcome.GONE, f"the server answers {status}"
    if status in _WALLS:
        return Outcome.WALL, f"the server answers {status}: the page {_WALLS[status]}"
    if status == 304:
        return Outcome.UNCHANGED, ""
    if 300 <= status < 400:
        return Outcome.REDIRECTED, f"the server answers {status} and leads nowhere"
    return Outcome.HTTP_ERROR, f"the server answers {status}"


def led_away(page: Page, source: Source) -> Settled | None:
    """Whether redirects have left the article: for another outlet, or for the home page or an error page, which means that
    it is gone."""
    if not page.aliases:
        return None
    parts = urlsplit(page.url)
    if not in_domains(parts.hostname or "", source.domains):
        return Outcome.REDIRECTED, f"redirects to another outlet: {page.url}"
    if _HOME.fullmatch(parts.path) and not parts.query and not _HOME.fullmatch(urlsplit(page.requested).path):
        return Outcome.GONE, "redirects to the home page"
    if _MISSING.fullmatch(parts.path):
        return Outcome.GONE, f"redirects to an error page: {page.url}"
    return None
