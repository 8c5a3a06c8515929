"""Sitemaps as outlets serve them, whole, cut and hostile. The outlets and stories are invented."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.links import EntryError, Link
from crawler.discovery.sitemaps import MAX_BYTES, MAX_LINKS, read_sitemap

ROOT = Path(__file__).resolve().parents[2]
HERE = "https://www.manara.example/sitemap.xml"
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def urlset(*entries: str, namespaces: str = NAMESPACES) -> bytes:
    inner = "".join(f"<url>{entry}</url>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {namespaces}>{inner}</urlset>'.encode()


def entry(number: int) -> str:
    return f"<loc>https://www.manara.example/article-{number}</loc><lastmod>2023-11-24</lastmod>"


def link(number: int) -> Link:
    return Link(f"https://www.manara.example/article-{number}", modified="2023-11-24")


def test_a_sitemap_names_pages_and_their_last_change() -> None:
    sitemap = read_sitemap(urlset(entry(1), entry(2)), HERE)
    assert (sitemap.articles, sitemap.children, sitemap.truncated) == ([link(1), link(2)], [], "")


def test_an_index_names_sitemaps() -> None:
    body = (
        b"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>/post-sitemap2.xml</loc>"
        b"<lastmod>2023-11-24T18:00:00+01:00</lastmod></sitemap><sitemap><loc>https://www.manara.example/b.xml</loc></sitemap>"
        b"</sitemapindex>"
    )
    assert read_sitemap(body, HERE).children == [
        Link("https://www.manara.example/post-sitemap2.xml", modified="2023-11-24T18:00:00+01:00"),
        Link("https://www.manara.example/b.xml"),
    ]


NEWS = (
    "<loc>https://www.manara.example/12</loc><image:image><image:loc>https://www.manara.example/12.jpg</image:loc>"
    "<image:title>Une grue au port</image:title></image:image><news:news><news:publication><news:name>Manara</news:name>"
    "<news:language>fr</news:language></news:publication><news:publication_date>2023-11-24T18:00:00+01:00"
    "</news:publication_date><news:title><![CDATA[Le port &amp; la ville]]></news:title></news:news><lastmod>2023-11-25</lastmod>"
)
READ = Link("https://www.manara.example/12", "Le port & la ville", "2023-11-24T18:00:00+01:00", "2023-11-25")


@pytest.mark.parametrize("namespaces", [NAMESPACES, ""])
def test_a_news_sitemap_tells_title_and_date_and_pictures_do_not_interfere(namespaces: str) -> None:
    assert read_sitemap(urlset(NEWS, namespaces=namespaces), HERE).articles == [READ]


def test_a_page_with_pictures_only_has_no_title() -> None:
    pictures = "<image:image><image:loc>/a.jpg</image:loc><image:title>Une grue</image:title></image:image>"
    assert read_sitemap(urlset(pictures + entry(1), pictures), HERE).articles == [link(1)]


def test_prefixes_of_the_sitemap_itself_do_not_matter() -> None:
    body = b"<s:urlset xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'><s:url><s:loc>/article-1</s:loc></s:url></s:urlset>"
    sitemap = read_sitemap(body, HERE)
    assert (sitemap.articles, sitemap.truncated) == ([Link("https://www.manara.example/article-1")], "")


def test_bare_ampersands_and_undeclared_entities_cost_nothing() -> None:
    body = urlset("<loc>https://www.manara.example/?p=12&lang=fr</loc>", "<loc>/caf&eacute;</loc>", entry(3))
    urls = [one.url for one in read_sitemap(body, HERE).articles]
    assert urls == ["https://www.manara.example/?p=12&lang=fr", "https://www.manara.example/café", link(3).url]


@pytest.mark.parametrize("loc", ["http://[", "javascript:alert(1)", "", "ftp://a.example/", "\x01"])
def test_a_hostile_address_costs_only_itself(loc: str) -> None:
    assert read_sitemap(urlset(f"<loc>{loc}</loc>", entry(1)), HERE).articles == [link(1)]


def test_a_gzipped_sitemap_is_unpacked_whatever_its_type_and_name() -> None:
    assert read_sitemap(gzip.compress(urlset(entry(1))), HERE).articles == [link(1)]
    halves = urlset(entry(1), entry(2))
    assert read_sitemap(gzip.compress(halves[:150]) + gzip.compress(halves[150:]), HERE).articles == [link(1), link(2)]


def test_of_a_sitemap_that_was_cut_the_entries_before_the_cut_are_kept() -> None:
    whole = urlset(*(entry(number) for number in range(30)))
    for end in range(len(whole) // 2, len(whole), 7):
        sitemap = read_sitemap(whole[:end], HERE)
        assert sitemap.articles == [link(number) for number in range(whole[:end].count(b"</url>"))]
        assert sitemap.truncated


def test_of_a_cut_gzip_what_came_is_kept() -> None:
    packed = gzip.compress(urlset(*(entry(number) for number in range(3000))))
    sitemap = read_sitemap(packed[: len(packed) // 2], HERE)
    assert 500 < len(sitemap.articles) < 3000
    assert sitemap.articles[:2] == [link(0), link(1)]
    assert sitemap.truncated == "cut gzip"


def test_sixty_thousand_addresses_are_all_read() -> None:
    sitemap = read_sitemap(urlset(*(entry(number) for number in range(60_000))), HERE)
    assert len(sitemap.articles) == 60_000
    assert (sitemap.articles[-1], sitemap.truncated) == (link(59_999), "")


def test_a_sitemap_without_end_is_bounded_and_says_so() -> None:
    sitemap = read_sitemap(urlset(*["<loc>/1</loc>"] * (MAX_LINKS + 5)), HERE)
    assert len(sitemap.articles) == MAX_LINKS
    assert str(MAX_LINKS) in sitemap.truncated


BOMB = """
import resource, sys
from crawler.discovery.sitemaps import read_sitemap
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sitemap = read_sitemap(open(sys.argv[1], "rb").read(), "https://www.manara.example/sitemap.xml")
print(len(sitemap.articles), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, sitemap.truncated)
"""


@pytest.mark.parametrize("filler", ["<!-- -->" * 1000, "é" * 4000, "<url><loc>/1</loc></url>" * 300])
def test_a_gzip_bomb_takes_bounded_memory(tmp_path: Path, filler: str) -> None:
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(urlset(entry(1)).removesuffix(b"</urlset>"))
    packed += b"".join(packer.compress(filler.encode()) for _ in range(2**27 // len(filler.encode()))) + packer.flush()
    (tmp_path / "bomb").write_bytes(packed)
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(tmp_path / "bomb")], capture_output=True, text=True, check=True, cwd=ROOT
    )
    count, kilobytes, why = done.stdout.split(" ", 2)
    assert int(count) >= 1
    assert int(kilobytes) < 8 * MAX_BYTES // 1024
    assert "more than" in why


def test_entities_are_never_expanded() -> None:
    body = (
        b'<!DOCTYPE urlset [<!ENTITY a "https://www.manara.example/"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<urlset><url><loc>https://www.manara.example/&x;&a;</loc></url></urlset>"
    )
    assert [one.url for one in read_sitemap(body, HERE).articles] == ["https://www.manara.example/&x;&a;"]


def test_a_sitemap_of_lines_is_read() -> None:
    lines = "\ufeffhttps://www.manara.example/1\r\n\r\n  https://www.manara.example/%D8%A8/2  \n# rien\nhttp://[\n"
    urls = [one.url for one in read_sitemap(lines.encode(), HERE).articles]
    assert urls == ["https://www.manara.example/1", "https://www.manara.example/%D8%A8/2"]


def test_a_feed_may_serve_as_sitemap() -> None:
    feed = b"<rss version='2.0'><channel><item><title>Le port</title><link>/12</link></item></channel></rss>"
    assert read_sitemap(feed, HERE).articles == [Link("https://www.manara.example/12", "Le port")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (gzip.compress(b" ", mtime=0), "empty"),
        (b"<!doctype html><html><body>Page introuvable</body></html>", "HTML"),
        (b"User-agent: *", "no sitemap"),
        (b'{"a": 1}', "no sitemap"),
        (b"\x1f\x8b\x08garbage", "damaged gzip"),
    ],
)
def test_what_is_no_sitemap_is_called_by_its_name(body: bytes, says: str) -> None:
    with pytest.raises(EntryError, match=says):
        read_sitemap(body, HERE)


def test_an_empty_sitemap_is_no_fault() -> None:
    assert read_sitemap(urlset(), HERE).articles == []
    assert read_sitemap(b"<urlset/>", HERE).articles == []


@given(st.binary(max_size=200) | st.lists(st.sampled_from([b"<url>", b"</url>", b"<loc>", b"http://[", b"<sitemap>", b"</sitemap>", b"\x1f\x8b", b"&", b"<urlset>", b"\xff"])).map(b"".join))  # fmt: skip
def test_no_input_breaks_the_reader(body: bytes) -> None:
    try:
        sitemap = read_sitemap(body, HERE)
    except EntryError:
        return
    assert all(one.url.startswith(("http://", "https://")) for one in sitemap.articles + sitemap.children)
