"""The records of the sample press: what a story is, what a page answers, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlencode

from archive.records import Outcome


@dataclass(frozen=True, slots=True)
class Version:
    """What an article says in one edition of the press.

    Attributes:
        title, paragraphs: as printed.
        modified: aware instant of the change, None in the first version.
    """

    title: str
    paragraphs: tuple[str, ...]
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article of one outlet, copies included.

    Attributes:
        id: unique, ASCII.
        outlet: key of the outlet.
        published: aware, in the outlet's zone, with seconds.
        lang: "ar" or "fr".
        versions: the first as published, then the edits in order; edition n of the press shows the n-th or the last.
        family: "on_topic", or the neighbouring subject that makes it off topic.
        event: key shared by all articles on one event, "" for one-offs.
        copy_of: id of the earliest article with this text, "" for an original.
        copied_from: outlet of that article, "" for an original.
        copy_kind: "whole", "cut" (a shorter tail) or "extended" (a paragraph more); "" for an original.
        paywalled: only the first two paragraphs are printed.
        undated: the page prints no date.
        vanished: the editions in which the page is gone, and how: "404", "410", or "home", a redirect to the home page.
    """

    id: str
    outlet: str
    published: datetime
    lang: str
    versions: tuple[Version, ...]
    standfirst: str = ""
    authors: tuple[str, ...] = ()
    section: str = ""
    tags: tuple[str, ...] = ()
    agency: str = ""
    family: str = "on_topic"
    event: str = ""
    copy_of: str = ""
    copied_from: str = ""
    copy_kind: str = ""
    paywalled: bool = False
    undated: bool = False
    vanished: tuple[tuple[int, str], ...] = ()

    def at(self, edition: int) -> Version:
        """The version that an edition (1, 2 …) of the press shows."""
        return self.versions[min(edition, len(self.versions)) - 1]


@dataclass(slots=True, kw_only=True)
class Truth:
    """What a careful person says of one article-looking URL.

    Attributes:
        url: the address as the outlet itself writes it: its permalink, or the special page's address.
        outlet: key of the outlet.
        outcome: what becomes of the URL in a first crawl of everything that ends with all articles known.
        title, standfirst, paragraphs: as printed; empty where the page is no article.
        published_at: aware UTC instant; for precision "day" local midnight; None where the page shows no date.
        precision: "day", "minute" or "second"; None with `published_at`.
        modified_at: aware UTC instant of the change that the page states; None where it states none, or the publication.
        lang: "ar", "fr", or "" where there is no text.
        authors: persons only: a desk is none.
        section, tags, agency: None where the page does not say.
        paywalled: True or False where the page says so, else None.
        copy_of: URL of the earliest article with this text, None for an original.
        copy_kind: "whole", "cut", "extended"; None for an original.
        aliases: further addresses of the same article that feeds, listings or redirects show.
        target: where a redirect ends.
        event: key shared by all articles on one event, "" for one-offs.
        edited: the text differs from the one in the first edition.
        note: what is special, for people.
    """

    url: str
    outlet: str
    outcome: Outcome
    title: str = ""
    standfirst: str = ""
    paragraphs: list[str] = field(default_factory=list)
    published_at: datetime | None = None
    precision: str | None = None
    modified_at: datetime | None = None
    lang: str = ""
    authors: list[str] = field(default_factory=list)
    section: str | None = None
    tags: list[str] | None = None
    agency: str | None = None
    paywalled: bool | None = None
    copy_of: str | None = None
    copy_kind: str | None = None
    aliases: list[str] = field(default_factory=list)
    target: str | None = None
    event: str = ""
    edited: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What the press answers to one request.

    Attributes:
        status: HTTP status.
        headers: names as sent on the wire.
        body: payload before any content-coding.
    """

    status: int
    headers: dict[str, str]
    body: bytes


Route = Callable[[int], Response]
"""Makes the response for an edition of the press."""

SIGNIFICANT = ("page", "paged", "p", "outputType", "id", "s", "after", "before")
"""The query names that tell one resource of the press from another; servers ignore the others."""


def resource_key(target: str) -> str:
    """The key under which a site keeps a resource: path percent-decoded, no slash at its end, significant query sorted.

    Args:
        target: path and query as requested.
    """
    path, _, query = target.partition("?")
    path = unquote(path).rstrip("/") or "/"
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name in SIGNIFICANT]
    return path + ("?" + urlencode(sorted(pairs)) if pairs else "")


@dataclass(slots=True)
class Site:
    """One outlet of the press, ready to answer.

    Attributes:
        outlet: key of the outlet.
        host: its canonical host name.
        hosts: every host name it answers to.
        routes: resource key → route, for the canonical host.
        truths: for an edition, the truth of each article-looking URL.
        host_routes: the same for further hosts (mobile); a host that is missing here redirects to the canonical one.
        schemes: "https" (http redirects to it), "http" (no TLS at all) or "both".
        fallback: answers a resource key that has no route, in an edition.
    """

    outlet: str
    host: str
    hosts: tuple[str, ...]
    routes: dict[str, Route]
    truths: Callable[[int], list[Truth]]
    fallback: Callable[[str, int], Response]
    host_routes: dict[str, dict[str, Route]] = field(default_factory=dict)
    schemes: str = "https"
