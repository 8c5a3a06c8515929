"""Hostile entry points: feeds, sitemaps and listings that would be read for ever, or read something else."""

from __future__ import annotations

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.samplepress.hostile.model import Case, Play, answer, page

ROOT = "http://dedale.example"
XML = "application/xml"
#: Bounds that the test sets lower than life's, so that a second is enough to reach them.
SITEMAP_FILES, LISTING_PAGES = 15, 6


def feed(items: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


def item(link: str, title: str = "t", place: int = 0) -> str:
    """An item of a feed; the first place is the newest."""
    moment = datetime(2025, 11, 20, 23, tzinfo=UTC) - timedelta(hours=place)
    date = f"<pubDate>{format_datetime(moment)}</pubDate>"
    return f"<item><title>{title}</title><link>{link}</link>{date}</item>"


def index(urls: list[str]) -> bytes:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'.encode()


_LAUGHS = (
    "<!DOCTYPE rss [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)
_XXE = '<!DOCTYPE rss [<!ENTITY secret SYSTEM "file:///etc/passwd"><!ENTITY % far SYSTEM "http://10.0.0.1/dtd"> %far;]>'
_STRANGERS = ["javascript:alert(1)", "file:///etc/passwd", "http://10.0.0.1/c/a", "http://[::1", "https://autre.example/c/a", "//user:pw@dedale.example:99999/c/a", "http://dedale.example/c/" + "a" * 10_000]  # fmt: skip

ENTRIES = [
    Case(name="feed-rires", tries="a feed with entities that grow a billionfold", outcome="entry", play=answer(lambda: feed(item(f"{ROOT}/c/rires", "&a11;"), _LAUGHS), kind=XML)),
    Case(name="feed-externe", tries="a feed with external entities (XXE)", outcome="entry", play=answer(feed(item(f"{ROOT}/c/externe", "&secret;"), _XXE), kind=XML)),
    Case(name="feed-profond", tries="a feed nested 100,000 deep", outcome="entry", play=answer(lambda: feed("<item>" + "<a>" * 100_000 + "</item>"), kind=XML)),
    Case(name="feed-json-profond", tries="a JSON feed nested 100,000 deep", outcome="entry", says="no JSON feed", play=answer(b'{"items":' + b"[" * 100_000)),
    Case(name="feed-immense", tries="a feed of 20,000 articles", outcome="entry", play=answer(lambda: feed("".join(item(f"{ROOT}/c/immense-{n}") for n in range(20_000))), kind=XML)),
    Case(name="feed-etrangers", tries="a feed that names files, scripts, private addresses and other outlets", outcome="entry", play=answer(feed("".join(map(item, _STRANGERS))), kind=XML)),
    Case(name="feed-bombe", tries="a feed that is a bomb", outcome="entry", says="unpack to more", play=answer(lambda: gzip.compress(bytes(64 * 2**20)), "Content-Encoding: gzip", kind=XML)),
    Case(name="plan-en-abyme", tries="a sitemap index that names ever new indexes", outcome="entry"),
    Case(name="plan-large", tries="a sitemap index that names 20,000 sitemaps", outcome="entry", play=answer(lambda: index([f"{ROOT}/plan-large-{n}" for n in range(20_000)]), kind=XML)),
    Case(name="plan-cercle", tries="two sitemap indexes that name each other", outcome="entry", play=answer(index([f"{ROOT}/plan-cercle", f"{ROOT}/plan-cercle-2"]), kind=XML)),
    Case(name="plan-bombe", tries="a sitemap.xml.gz that unpacks to 60 MB", outcome="entry", says="unpacked", play=answer(lambda: gzip.compress(b"<urlset>" + b" " * 60_000_000), kind="application/gzip")),
    Case(name="plan-ligne", tries="a sitemap that is one line of six megabytes", outcome="entry", play=answer(lambda: b"<urlset><url><loc>" + b"http://dedale.example/c/" * 250_000, kind=XML)),
    Case(name="liste-sans-fin", tries="a listing that has a next page, and new articles, for ever", outcome="entry"),
    Case(name="liste-meme", tries="a listing whose every page is the same", outcome="entry", play=answer(page("Liste", extra=f'<a href="{ROOT}/c/meme">x</a>'))),
]  # fmt: skip


async def endless_index(writer: asyncio.StreamWriter, path: str) -> None:
    """An index that names three others which nobody has seen."""
    await answer(index([f"{ROOT}{path}-{n}" for n in range(3)]), kind=XML)(writer)


async def endless_listing(writer: asyncio.StreamWriter, number: int) -> None:
    """A page of two articles which nobody has seen."""
    links = "".join(f'<a href="{ROOT}/c/sans-fin-{number}-{n}">x</a>' for n in range(2))
    await answer(page("Liste", extra=links))(writer)


WALLS = [
    Case(name="mur", tries="answers 403 to everything: the crawl of the outlet ends after five", outcome="wall", says="403", play=answer(b"", status=403)),
]  # fmt: skip

BUSY: Play = answer(b"", "Retry-After: " + str(10**9), status=503)
"""Asks to come back in thirty years."""
BUSY_CASES = [
    Case(name="occupe", tries="asks to come back in thirty years: it is left alone, for a week at most", outcome="waiting", play=BUSY),
]  # fmt: skip


def outlet(
    name: str,
    *,
    feeds: list[str] | None = None,
    sitemaps: list[str] | None = None,
    listings: list[str] | None = None,
    manners: str = "",
) -> str:
    """The TOML of a hostile outlet."""
    entry = {"feeds": feeds or [], "sitemaps": sitemaps or [], "listings": listings or []}
    lines = "\n".join(f"entry.{key} = {value!r}" for key, value in entry.items() if value)
    return (
        f'title = "{name}"\nlanguages = ["fr"]\ntimezone = "Europe/Paris"\ncountry = "FR"\nkind = "portal"\n'
        f'domains = ["{name}.example"]\n{lines}\narticles.match = ["/c/"]\n[manners]\ndelay = 0.0\nconcurrency = 4\n{manners}\n'
    )
