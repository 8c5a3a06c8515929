"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from crawler.discovery.links import EntryError, Link, absolute, date_of, title_of
from crawler.discovery.markup import BLANKS, elements, has_tag, is_html, name_of, text_in
from language.charset import text_of

_MAX_ITEMS = 5000

_ROOTS = ("rss", "rdf", "feed", "channel")
_LINKS = ("link", "atom:link", "atom10:link", "a10:link")
# Atom 0.3 says "issued" and "modified"; RSS 1.0 has its dates from Dublin Core.
_PUBLISHED = ("pubdate", "published", "issued", "dc:date", "dcterms:issued", "dcterms:created", "created", "date")
_MODIFIED = ("updated", "modified", "dcterms:modified", "atom:updated", "a10:updated")

_ITEM = re.compile(r"<(?:[\w.-]{1,30}:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_WHOLE = re.compile(
    rb"</(?:[\w.-]{1,30}:)?(?:rss|feed|rdf|channel)\s*>(?:\s|<!--.{0,150}?-->)*$", re.IGNORECASE | re.DOTALL
)
_XML_BASE = re.compile(r"""xml:base\s*=\s*["']([^"'<>]*)""")
_CHANNEL_LINK = re.compile(r"<link>\s*(?:<!\[CDATA\[)?\s*([^<\s\]]+)")


def read_feed(body: bytes, url: str, content_type: str = "") -> list[Link]:
    """The items of a feed in its own order.

    Args:
        body: the feed as received, content-coding undone.
        url: its address, against which relative links are resolved.
        content_type: the Content-Type header; its charset helps where the XML declares none.
    Returns:
        One link for each item that names an address; of a feed that was cut, the items before the cut.
    Raises:
        EntryError: it is empty, HTML, or no feed that is known.
    """
    text = text_of(body, content_type).strip(BLANKS)
    if not text:
        raise EntryError("the feed is empty")
    if text.startswith(("{", "[")):
        return _without_frozen_dates(_read_json_feed(text, url))
    links = _without_frozen_dates(_read_xml_feed(text, url))
    if not links:
        if is_html(text):
            raise EntryError("the entry point is HTML, not a feed")
        if has_tag(text, "urlset", "sitemapindex"):
            raise EntryError("the entry point is a sitemap, not a feed")
        if not has_tag(text, *_ROOTS):
            raise EntryError("the entry point is no feed: neither RSS, Atom nor JSON Feed")
        if _ITEM.search(text):
            raise EntryError("the feed has items, but none is whole and names an address")
    return links


def is_whole(body: bytes) -> bool:
    """Whether a feed that could be read ends as a feed does; one that was cut hides items until it is served whole."""
    tail = body.rstrip()[-200:]
    return tail.endswith((b"}", b"]")) or _WHOLE.search(tail) is not None


def _without_frozen_dates(links: list[Link]) -> list[Link]:
    """The items without dates that are the feed's own: where three or more all carry one and the same, to the second, it is
    the moment at which the feed was made, and says nothing of any article."""
    if len(links) < 3:
        return links
    for name in ("published", "modified"):
        stated = {getattr(link, name) for link in links}
        if len(stated) == 1 and ":" in next(iter(stated)):
            links = [replace(link, **{name: ""}) for link in links]
    return links


def _read_xml_feed(text: str, url: str) -> list[Link]:
    first = _ITEM.search(text)
    head = text[: first.start()] if first else ""
    declared = _XML_BASE.search(head)
    base = absolute(url, html.unescape(declared[1])) if declared else ""
    home = _CHANNEL_LINK.search(head)
    site = _site(absolute(url, home[1])) if home else ""
    links = []
    for item in elements(text, "item", "entry"):
        link = _read_item(item, base or url, site)
        if link is not None:
            links.append(link)
        if len(links) >= _MAX_ITEMS:
            break
    return links


def _read_item(item: Any, base: str, site: str) -> Link | None:
    base = absolute(base, item.base or "") or base
    fields = _fields(item, item)
    address = _address(fields, base, site)
    if not address:
        # A tag that was not closed has swallowed what follows it.
        fields = _fields(item, item.iterdescendants())
        address = _address(fields, base, site)
    if not address:
        return None
    dates = {name: date_of(text_in(found[0])) for name, found in fields.items() if name in _PUBLISHED + _MODIFIED}
    published = next((dates[name] for name in _PUBLISHED if dates.get(name)), "")
    modified = next((dates[name] for name in _MODIFIED if dates.get(name)), "")
    title = title_of(text_in(fields["title"][0])) if "title" in fields else ""
    return Link(
        url=address,
        title=title,
        published=published,
        modified=modified if modified != published else "",
    )


def _fields(item: Any, children: Any) -> dict[str, list[Any]]:
    fields: dict[str, list[Any]] = {}
    for child in children:
        fields.setdefault(name_of(child, item), []).append(child)
    return fields


def _address(fields: dict[str, list[Any]], base: str, site: str) -> str:
    """The article's address: what a redirecting service says it was, the link, or the permanent identifier."""
    origins = fields.get("feedburner:origlink", [])
    found = [absolute(base, _escaped(text_in(origin))) for origin in origins]
    for link in (link for name in _LINKS for link in fields.get(name, [])):
        if (link.get("rel") or "alternate").lower() == "alternate":
            address = absolute(absolute(base, link.base or "") or base, _escaped(link.get("href") or link.text or ""))
            # One entry may have several forms; people read the HTML one.
            found.insert(0 if "html" in (link.get("type") or "") and not origins else len(found), address)
    identifiers = [_escaped(text_in(identifier)) for name in ("guid", "id") for identifier in fields.get(name, [])]
    opaque = any(guid.get("isPermaLink", "").lower() == "false" for guid in fields.get("guid", []))
    permalinks = [] if opaque else [absolute(base, i) for i in identifiers if i.startswith(("http://", "https://"))]
    address = next((address for address in found + permalinks if address), "")
    if site and address and _site(address) != site:
        # The link leads through another host, which counts clicks: the identifier may be on the outlet's own.
        return next((permalink for permalink in permalinks if _site(permalink) == site), address)
    return address


def _escaped(address: str) -> str:
    """An address that was escaped twice, or stands in CDATA as HTML would write it."""
    return address.strip().replace("&amp;", "&")


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _read_json_feed(text: str, url: str) -> list[Link]:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org)."""
    try:
        feed = json.loads(text)
        items = feed["items"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EntryError("the entry point is JSON, but no JSON feed") from error
    if not isinstance(items, list):
        raise EntryError("the JSON feed's items are no list")
    links = []
    for item in items[:_MAX_ITEMS]:
        if not isinstance(item, dict):
            continue
        identifier = _text(item.get("id"))
        address = absolute(url, _text(item.get("url")) or (identifier if identifier.startswith("http") else ""))
        if address:
            links.append(
                Link(
                    url=address,
                    title=title_of(_text(item.get("title"))),
                    published=date_of(_text(item.get("date_published"))),
                    modified=date_of(_text(item.get("date_modified"))),
                )
            )
    return links


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
