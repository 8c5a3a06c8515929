"""Pages of links as outlets serve them. The outlets and stories are invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.links import EntryError, Link
from crawler.discovery.listings import read_listing

HERE = "https://www.manara.example/politique/page/2"


def urls(page: str | bytes, *, encoding: str | None = None, links: str = "") -> list[str]:
    body = page.encode() if isinstance(page, str) else page
    return [link.url for link in read_listing(body, HERE, encoding=encoding, links=links)]


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/politique/port-12.html", "https://www.manara.example/politique/port-12.html"),
        ("port-12.html", "https://www.manara.example/politique/page/port-12.html"),
        ("../port-12.html", "https://www.manara.example/politique/port-12.html"),
        ("?p=12", "https://www.manara.example/politique/page/2?p=12"),
        ("//autre.example/12", "https://autre.example/12"),
        ("https://www.manara.example/12#respond", "https://www.manara.example/12"),
        ("  https://www.manara.example/12\n", "https://www.manara.example/12"),
        ("https://www.manara.example/\n12", "https://www.manara.example/12"),
        ("/?a=1&amp;p=12", "https://www.manara.example/?a=1&p=12"),
        ("/?a=1&p=12", "https://www.manara.example/?a=1&p=12"),
        ("/سياسة/12", "https://www.manara.example/سياسة/12"),
    ],
)
def test_links_become_absolute(href: str, url: str) -> None:
    assert urls(f'<a href="{href}">Le port</a>') == [url]


@pytest.mark.parametrize(
    "href",
    ["", "#top", " #top", "javascript:void(0)", "JavaScript:void(0)", " java\nscript:void(0)", "mailto:a@manara.example", "tel:+212",
     "data:text/html,x", "whatsapp://send?text=x", "http://[", "http://[::1", "http://", "https://", "\x01", "/" + "x" * 5000],
)  # fmt: skip
def test_what_leads_to_no_page_is_left_out(href: str) -> None:
    page = f'<a href="{href}">rien</a><a>rien</a><a href="/12">Le port</a>'
    assert [url for url in urls(page) if url != "https://www.manara.example/%01"][-1:] == [
        "https://www.manara.example/12"
    ]
    assert all(url.startswith("https://www.manara.example/") for url in urls(page))


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://autre.example/x/", "https://autre.example/x/12"),
        ("/fr/", "https://www.manara.example/fr/12"),
        ("http://[", "https://www.manara.example/politique/page/12"),
        ("javascript:", "https://www.manara.example/politique/page/12"),
        ("", "https://www.manara.example/politique/page/12"),
    ],
)
def test_the_base_of_the_page_counts(base: str, url: str) -> None:
    assert urls(f'<head><base href="{base}"></head><a href="12">Le port</a>') == [url]


def test_each_link_is_given_once_in_the_order_of_the_page_with_its_first_title() -> None:
    page = """<a href="/2"><img src="p.jpg"></a><a href="/1">Un</a><h2><a href="/2#more"> Deux
    <b>mots</b></a></h2><a href="/2">Lire la suite</a>"""
    assert read_listing(page.encode(), HERE) == [
        Link("https://www.manara.example/2", "Deux mots"),
        Link("https://www.manara.example/1", "Un"),
    ]


def test_a_selector_chooses_the_links() -> None:
    page = '<nav><a href="/politique">Politique</a></nav><div class="liste"><h2><a href="/12">Le port</a></h2></div>'
    assert urls(page, links=".liste h2 > a") == ["https://www.manara.example/12"]
    assert urls(page, links=".absent a") == []
    with pytest.raises(EntryError, match="selector"):
        urls(page, links="a[[")


PAGE = '<meta http-equiv="Content-Type" content="text/html; charset={}"><a href="/خبر-12">ميناء المدينة يفتح أبوابه في المساء</a>'


@pytest.mark.parametrize(
    ("declared", "header"),
    [
        ("windows-1256", None),
        ("", "windows-1256"),
        ("", None),
        ("utf-8", None),
        ("iso-8859-1", "utf-8"),
        ("x", "no-such"),
    ],
)
@pytest.mark.parametrize("charset", ["cp1256", "utf-8"])
def test_arabic_is_read_whatever_is_declared(charset: str, declared: str, header: str | None) -> None:
    body = PAGE.format(declared).encode(charset)
    assert read_listing(body, HERE, encoding=header) == [
        Link("https://www.manara.example/خبر-12", "ميناء المدينة يفتح أبوابه في المساء")
    ]


def test_a_page_that_declares_an_xml_encoding_is_read() -> None:
    page = (
        '<?xml version="1.0" encoding="windows-1256"?><!DOCTYPE html><html><body><a href="/12">ميناء</a></body></html>'
    )
    assert urls(page.encode("cp1256")) == ["https://www.manara.example/12"]


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf", b"\x00\x00"])
def test_an_empty_page_is_a_fault(body: bytes) -> None:
    with pytest.raises(EntryError, match="empty"):
        read_listing(body, HERE)


def test_a_page_without_end_is_bounded() -> None:
    assert len(urls("".join(f'<p><a href="/{number}">x</a></p>' for number in range(20_000)))) == 5000


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"<a href=", b'"', b"'", b"http://[", b">", b"<base href=", b"</a>", b"\x00", b"\xff", b"<!--", b"<svg>"])).map(b"".join))  # fmt: skip
def test_no_input_breaks_the_reader(body: bytes) -> None:
    try:
        found = read_listing(body, HERE)
    except EntryError:
        return
    assert all(link.url.startswith(("http://", "https://")) for link in found)
