"""Sitemaps, sitemap indexes and news sitemaps (sitemaps.org 0.9, Google News 0.9), as XML or lines of text, plain or
gzipped; a feed may serve as a sitemap."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from crawler.discovery.feeds import read_feed
from crawler.discovery.links import EntryError, Link, absolute, date_of, title_of
from crawler.discovery.markup import BLANKS, elements, has_tag, is_html, name_of, text_in
from language.charset import text_of

#: sitemaps.org allows 50 MB uncompressed and 50,000 addresses; some outlets put all they have into one file, oldest first.
MAX_BYTES = 50 * 2**20
MAX_LINKS = 100_000
_CHUNK = 2**20

_END = re.compile(r"</(?:[\w.-]{1,30}:)?(?:urlset|sitemapindex)\s*>", re.IGNORECASE)
_ADDRESS_LINE = re.compile(r"^[ \t]*(https?://\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class Sitemap:
    """A read sitemap.

    Attributes:
        articles: addresses of pages, with their dates.
        children: addresses of further sitemaps; `modified` is their lastmod.
        truncated: why it was not read to its end, "" where it was.
    """

    articles: list[Link] = field(default_factory=list)
    children: list[Link] = field(default_factory=list)
    truncated: str = ""


def looks_like_a_sitemap(body: bytes) -> bool:
    """Whether a body is a sitemap rather than a page of links; an XHTML page may begin as XML too."""
    return (
        body[:2] == b"\x1f\x8b" or re.search(rb"<(?:[\w.-]{1,30}:)?(?:urlset|sitemapindex)\b", body[:4096]) is not None
    )


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """The entries of a sitemap or of a sitemap index.

    What could be read before a fault is kept; the fault is named in `truncated`.

    Args:
        body: as received, content-coding undone; a sitemap.xml.gz still packed.
        url: its address, against which relative addresses are resolved.
    Raises:
        EntryError: it is empty, HTML, or no sitemap.
    """
    body, cut = _gunzip(body)
    text = text_of(body).strip(BLANKS)
    if not text:
        raise EntryError("the sitemap is empty")
    sitemap = Sitemap(truncated=cut)
    if text[:4].lower() == "http":
        for line in _ADDRESS_LINE.finditer(text):
            if not _add(sitemap.articles, Link(absolute(url, line[1])), sitemap):
                break
        return sitemap
    for element in elements(text, "url", "sitemap"):
        kind = sitemap.children if name_of(element).endswith("sitemap") else sitemap.articles
        if not _add(kind, _link(element, url), sitemap):
            break
    if sitemap.articles or sitemap.children or has_tag(text, "urlset", "sitemapindex"):
        if not sitemap.truncated and not _END.search(text, max(0, len(text) - 1000)):
            sitemap.truncated = "cut off before its end"
        return sitemap
    if is_html(text):
        raise EntryError("the entry point is HTML, not a sitemap")
    try:
        sitemap.articles = read_feed(body, url)
    except EntryError as error:
        raise EntryError("the entry point is no sitemap") from error
    return sitemap


def _link(element: Any, base: str) -> Link:
    """One entry. Images and videos have addresses and titles too, a level deeper than the page's own."""
    fields: dict[str, str] = {}
    for child in element:
        name = name_of(child, element).rpartition(":")[2]
        if name == "news":
            for grandchild in child:
                fields.setdefault(name_of(grandchild).rpartition(":")[2], text_in(grandchild))
        elif name in ("loc", "lastmod"):
            fields.setdefault(name, text_in(child))
    return Link(
        url=absolute(base, fields.get("loc", "").replace("&amp;", "&")),
        title=title_of(fields.get("title", "")),
        published=date_of(fields.get("publication_date", "")),
        modified=date_of(fields.get("lastmod", "")),
    )


def _add(links: list[Link], link: Link, sitemap: Sitemap) -> bool:
    """Whether there was room for a link; one without an address takes none."""
    if len(links) >= MAX_LINKS:
        sitemap.truncated = f"more than {MAX_LINKS} entries"
        return False
    if link.url:
        links.append(link)
    return True


def _gunzip(body: bytes) -> tuple[bytes, str]:
    """A sitemap.xml.gz undone, up to the size that the protocol allows, and why that is not all."""
    if not body.startswith(b"\x1f\x8b"):
        return body[:MAX_BYTES], f"more than {MAX_BYTES} bytes" if len(body) > MAX_BYTES else ""
    plain = bytearray()
    packed = gzip.GzipFile(fileobj=io.BytesIO(body))
    try:
        while len(plain) <= MAX_BYTES and (chunk := packed.read1(_CHUNK)):
            plain += chunk
    except EOFError as error:
        if not plain:
            raise EntryError("the sitemap is damaged gzip: nothing can be unpacked") from error
        return bytes(plain[:MAX_BYTES]), "cut gzip"
    except (gzip.BadGzipFile, zlib.error) as error:
        if not plain:
            raise EntryError(f"the sitemap is damaged gzip: {error}") from error
        return bytes(plain[:MAX_BYTES]), f"damaged gzip: {error}"
    return bytes(plain[:MAX_BYTES]), f"more than {MAX_BYTES} bytes when unpacked" if len(plain) > MAX_BYTES else ""
