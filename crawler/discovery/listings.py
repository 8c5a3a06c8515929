"""Listings: pages of links to articles, newest first."""

from __future__ import annotations

from cssselect import SelectorError
from lxml import html
from lxml.cssselect import CSSSelector
from lxml.etree import ParserError

from crawler.discovery.links import EntryError, Link, absolute, title_of
from language.charset import text_of

_MAX_LINKS = 5000


def read_listing(body: bytes, url: str, *, encoding: str | None = None, links: str = "") -> list[Link]:
    """The links of a page in document order, each once.

    Args:
        body: the page as received, content-coding undone.
        url: its address, against which relative links are resolved.
        encoding: declared charset, None where the page itself must tell.
        links: CSS selector of the article links; every link where it is "".
    Raises:
        EntryError: the page is empty or cannot be parsed, or the selector is none.
    """
    text = text_of(body, f"charset={encoding}" if encoding else "").strip()
    if not text:
        raise EntryError("the listing is empty")
    try:
        tree = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (ParserError, ValueError) as error:
        raise EntryError(f"the listing cannot be parsed: {error}") from error
    try:
        anchors = CSSSelector(links, translator="html")(tree) if links else tree.iter("a")
    except SelectorError as error:
        raise EntryError(f"entry.links is no CSS selector: {error}") from error
    base = absolute(url, tree.xpath("string(//base/@href)")) or url
    found: dict[str, Link] = {}
    for anchor in anchors:
        written = (anchor.get("href") or "").strip()
        if not written or written.startswith("#"):
            continue
        address = absolute(base, written)
        if not address or (address in found and found[address].title):
            continue
        found[address] = Link(url=address, title=title_of(anchor.text_content()))
        if len(found) >= _MAX_LINKS:
            break
    return list(found.values())
