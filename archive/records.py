"""The two records that travel through the house: `Page`, as a server sent it, and `Article`, as the pipelines read it.

Both are plain dataclasses without Scrapy or MongoDB objects: a WARC file can make a `Page`, a shell can read one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What became of a URL: exactly one for each URL in `urls`, one for each attempt in `visits`."""

    STORED = "stored"
    COPY = "copy"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OFF_TOPIC = "off_topic"
    NOT_ARTICLE = "not_article"
    EMPTY = "empty"
    OUTSIDE_WINDOW = "outside_window"
    ROBOTS = "robots"
    RESERVED = "reserved"
    WALL = "wall"
    GONE = "gone"
    HTTP_ERROR = "http_error"
    NETWORK_ERROR = "network_error"
    REDIRECTED = "redirected"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    UNREADABLE = "unreadable"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement about a date, made outside the page: by a feed, a sitemap, a listing or the URL.

    Attributes:
        text: the words as found.
        where: "feed", "api", "sitemap", "listing" or "url".
        says: "published" or "modified".
    """

    text: str
    where: str
    says: str = "published"


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its response as they went over the wire.

    Attributes:
        at: aware UTC instant at which the request was sent, to the millisecond.
        url: address as requested, without a fragment.
        sent: the request's bytes, in pieces.
        received: the response's bytes, in pieces: interim responses (1xx), transfer-coding and content-coding included.
        ip: address of the server, None behind a proxy.
        truncated: why the response is cut, by WARC 1.1 (5.13): "length", "time" or "disconnect"; None when whole.
    """

    at: datetime
    url: str = ""
    sent: list[bytes] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    ip: str | None = None
    truncated: str | None = None


@dataclass(slots=True)
class Page:
    """One attempt at one URL: what a server answered, or why it did not.

    Attributes:
        key: canonical URL under which the ledger knows the request.
        url: the address that answered, after redirects.
        requested: the address that was asked for first.
        source: name of the outlet.
        fetched_at: aware UTC instant of the answer; the `now` of everything that reads the page.
        status: HTTP status, 0 where there was no answer.
        headers: lower-case names; repeated headers joined with ", ".
        body: the payload with its content-coding undone.
        found_by: addresses of the feeds, sitemaps and listings that named the page.
        evidence: what these said of its dates.
        title_hint: the title they gave it, "" where none.
        aliases: further addresses met on the way (redirects).
        capture: pointer to the WARC record, where one was written.
        outcome: what became of the page, as soon as it is settled: by the crawler where there is nothing to read
            (robots, http_error, network_error …), else by the pipelines.
        detail: the reason in words, for people.
        article: what the pipelines read from it.
    """

    key: str
    url: str
    requested: str
    source: str
    fetched_at: datetime
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    found_by: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    title_hint: str = ""
    aliases: list[str] = field(default_factory=list)
    capture: dict[str, object] | None = None
    outcome: Outcome | None = None
    detail: str = ""
    article: Article | None = None

    def discovery(self) -> dict[str, Any]:
        """What is known of the page besides the server's answer, fit for JSON: the WARC files keep it beside the answer."""
        said = {
            name: getattr(self, name) for name in ("source", "key", "requested", "found_by", "title_hint", "aliases")
        }
        return said | {"evidence": [asdict(evidence) for evidence in self.evidence]}


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a page is not an article.

    Attributes:
        outcome: one of the closed list.
        reason: in words, for people.
    """

    outcome: Outcome
    reason: str


@dataclass(slots=True)
class DateField:
    """A publication or modification date as stored in `published` and `modified`.

    Attributes:
        at: aware UTC instant; for precision "day" local midnight of the outlet.
        date: local calendar day of the outlet, "YYYY-MM-DD".
        precision: "day", "minute" or "second".
        approximate: true for a Hijri date alone, whose Gregorian day may be off by one.
        raw: the words read.
        where: where the words stood: "jsonld", "meta", "time", "selector", "visible", "url", "feed", "api", "sitemap", "listing".
        method: how they were read.
        trust: 0..1; lowered where other evidence disagrees by more than a day.
    """

    at: datetime
    date: str
    precision: str
    approximate: bool
    raw: str
    where: str
    method: str
    trust: float


@dataclass(slots=True)
class Article:
    """An article as the pipelines made it; docs/fields.md says for every stored field what it means.

    `extract` fills what the page says, `read` adds dates, topic and sketch, the Scrapy pipelines the rest.

    `canonical`, the address that the page declares for itself, is not stored.
    """

    url: str
    source: str = ""
    lang: str = ""
    dialect: str | None = None
    title: str = ""
    standfirst: str = ""
    text: str = ""
    authors: list[str] = field(default_factory=list)
    section: str | None = None
    tags: list[str] = field(default_factory=list)
    agency: str | None = None
    image: str | None = None
    paywalled: bool | None = None
    restrictions: list[str] = field(default_factory=list)
    quality: float = 0.0
    canonical: str | None = None
    twins: dict[str, str] = field(default_factory=dict)
    published: DateField | None = None
    modified: DateField | None = None
    topic: dict[str, Any] = field(default_factory=dict)
    text_hash: str = ""
    sketch: list[int] = field(default_factory=list)
    terms: dict[str, float] = field(default_factory=dict)
    story_keys: list[str] = field(default_factory=list)
    search: dict[str, Any] = field(default_factory=dict)
