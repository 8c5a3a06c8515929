"""Articles for other people: JSON Lines, CSV and Atom.

The rule (docs/manners.md): what leaves the archive is what a catalogue would say of an article (address, outlet, title, instants,
subjects) and an extract of at most 240 characters. Whole texts are given only where they are asked for, and never of an
article that is restricted (`noarchive`), paywalled or withdrawn from its outlet. Neither evidence nor pointers to captures leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bson import json_util
from lxml import etree

from language.printable import printable_json

Document = dict[str, Any]

EXTRACT = 240
"""Characters of a text that are shown to anyone: a very short extract (Directive (EU) 2019/790, art. 15.1)."""
_FIELDS = (
    "_id", "url", "source", "lang", "title", "authors", "section", "tags", "agency", "published", "modified", "copy_of", "story",
    "version", "version_at", "first_seen", "gone_at",
)  # fmt: skip
COLUMNS = (
    "published", "precision", "outlet", "language", "title", "url", "authors", "agency", "aspects", "entities", "score", "copy_of",
    "story", "version", "vanished", "withheld", "extract", "text",
)  # fmt: skip

# What a spreadsheet takes for a formula or a command, also in the full-width forms that it reads alike (OWASP, CSV injection).
_FORMULA = re.compile("^[\\s\u200b-\u200f\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20\u2212|%]|^[\t\r\n]")
# What XML 1.0 (2.2) has no place for, and the marks that turn the order of what follows.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
_ATOM = "http://www.w3.org/2005/Atom"


def why_withheld(article: Document) -> str:
    """Why an article's text is not given to others; "" where it may be."""
    if article.get("restrictions"):
        return ", ".join(article["restrictions"])
    if article["paywalled"]:
        return "paywalled"
    return "vanished" if article["gone_at"] else ""


def extract(article: Document) -> str:
    """The beginning of an article's text, cut between words."""
    flat = " ".join(article["text"].split())
    if len(flat) <= EXTRACT:
        return flat
    cut = flat[: EXTRACT - 1].rsplit(" ", 1)[0]
    return f"{cut}…"


def record(article: Document, *, text: bool = False) -> Document:
    """What is said of an article, as one document.

    Args:
        article: whole.
        text: whether its text is wanted where it may be given.
    """
    said: Document = {name: article[name] for name in _FIELDS}
    said["topic"] = {name: article["topic"][name] for name in ("score", "aspects", "entities")}
    said["withheld"] = why_withheld(article)
    said["extract"] = extract(article)
    if text:
        said["text"] = None if why_withheld(article) else article["text"]
    return said


def json_lines(articles: Iterable[Document], *, text: bool = False) -> Iterator[str]:
    """One JSON object a line (relaxed Extended JSON, as `mongoimport` takes it)."""
    for article in articles:
        said = record(article, text=text)
        yield printable_json(json_util.dumps(said, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False))


def row(article: Document, *, text: bool = False) -> list[str]:
    """The cells of `COLUMNS`, none of which a spreadsheet takes for a formula."""
    published = article["published"]
    topic = article["topic"]
    cells = (
        _instant(published["at"]) if published else "",
        published["precision"] if published else "",
        article["source"],
        article["lang"],
        article["title"],
        article["url"],
        "; ".join(article["authors"]),
        article["agency"] or "",
        " ".join(topic["aspects"]),
        " ".join(topic["entities"]),
        f"{topic['score']:.2f}",
        article["copy_of"] or "",
        article["story"] or "",
        str(article["version"]),
        _instant(article["gone_at"]) if article["gone_at"] else "",
        why_withheld(article),
        extract(article),
        article["text"] if text and not why_withheld(article) else "",
    )
    return [cell(value) for value in cells]


def cell(value: str) -> str:
    """A value as a cell: what would begin a formula gets an apostrophe before it."""
    return f"'{value}" if _FORMULA.match(value) else value


def atom(articles: Iterable[Document], *, title: str, identity: str, now: datetime) -> bytes:
    """A feed (RFC 4287) of some articles, in their order: titles, addresses and extracts, never whole texts.

    Args:
        title: of the feed.
        identity: what the feed is, the same each time it is written: the saved search's name or its words.
        now: aware instant, for a feed without entries.
    """
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})
    _add(feed, "id", f"urn:marsad:search:{quote(identity, safe='')}")
    _add(feed, "title", title)
    updated = _add(feed, "updated", "")
    _add(feed, "generator", "Marsad")
    author = etree.SubElement(feed, f"{{{_ATOM}}}author")
    _add(author, "name", "Marsad")
    latest: datetime | None = None
    for article in articles:
        changed = article["version_at"]
        latest = changed if latest is None else max(latest, changed)
        feed.append(_entry(article, changed))
    updated.text = _instant(latest or now)
    return bytes(etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _entry(article: Document, changed: datetime) -> Any:
    entry = etree.Element(f"{{{_ATOM}}}entry")
    entry.set("{http://www.w3.org/XML/1998/namespace}lang", clean(article["lang"]))
    _add(entry, "id", f"urn:marsad:article:{article['_id']}")
    _add(entry, "title", article["title"])
    _add(entry, "updated", _instant(changed))
    if article["published"]:
        _add(entry, "published", _instant(article["published"]["at"]))
    etree.SubElement(entry, f"{{{_ATOM}}}link", rel="alternate", href=clean(article["url"]))
    for name in article["authors"]:
        _add(etree.SubElement(entry, f"{{{_ATOM}}}author"), "name", name)
    source = etree.SubElement(entry, f"{{{_ATOM}}}source")
    _add(source, "id", f"urn:marsad:outlet:{article['source']}")
    _add(source, "title", article["source"])
    for term in (*article["topic"]["aspects"], *article["topic"]["entities"]):
        etree.SubElement(entry, f"{{{_ATOM}}}category", term=clean(term))
    _add(entry, "summary", extract(article))
    return entry


def _add(parent: Any, name: str, text: str) -> Any:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = clean(text)
    return element


def clean(text: str) -> str:
    """A text without what XML has no place for."""
    return _NO_XML.sub("", text)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
