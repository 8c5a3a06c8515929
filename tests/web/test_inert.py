"""A captured page made inert."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.inert import inert

PAGE = """<?xml version="1.0" encoding="windows-1256"?><!DOCTYPE html><html lang="ar" dir="rtl"><head><title>x</title>
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<link rel="preconnect" href="https://evil.example"><link rel=stylesheet href="//evil.example/a.css">
<style>@import "https://evil.example/b.css"; p { color: red }</style><script>alert(1)</script></head>
<body onload="alert(2)" background="https://evil.example/c.png"><p style="color:blue" onclick="x()">نص المقال</p>
<a href="https://evil.example/d" ping="https://evil.example/e">رابط</a><img src="https://evil.example/f.png" srcset="g.png 2x" alt="صورة">
<img src="data:image/png;base64,AAAA" alt="نقطة"><iframe src="https://evil.example/h"></iframe><object data="i"></object>
<form action="https://evil.example/j"><input name=k><button formaction="l">أرسل</button></form><video poster="m" src="n"></video>
<svg><use href="https://evil.example/o.svg#x"/><image xlink:href="p.png"/><script>alert(3)</script></svg>
<math><mtext></form><form><mglyph><style></math><img src onerror=alert(4)></body></html>"""


def test_nothing_that_acts_asks_or_leads_away_is_left() -> None:
    made = inert(PAGE, "<t>")
    assert "نص المقال" in made
    assert "رابط" in made
    assert "evil.example" not in made
    assert "alert" not in made
    assert "data:image/png;base64,AAAA" in made
    assert "&lt;t&gt;" in made
    tree = lxml.html.document_fromstring(made)
    assert tree.get("dir") == "rtl"
    names = {name for element in tree.iter() if isinstance(element.tag, str) for name in element.attrib}
    assert not {name for name in names if name.startswith("on")} | names & {
        "href",
        "action",
        "srcset",
        "poster",
        "ping",
    }
    tags = {element.tag for element in tree.iter()}
    assert not tags & {"script", "link", "base", "iframe", "object", "form", "video", "input"}


@pytest.mark.parametrize(
    "page", ["", " ", "\x00", "<!-- only a comment -->", "<" * 5000, "<div>" * 5000, "<frameset><frame src=x>"]
)
def test_what_is_hardly_a_page_is_a_page_all_the_same(page: str) -> None:
    assert inert(page, "t").startswith("<!DOCTYPE html>")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["<script>", "</script>", "<svg>", "<style>", "</style>", "<!--", "-->", "<a href=javascript:x>", "<img src=x onerror=y ", ">", "<noscript>", "<title>", "</title>", "<math>", "x", "<![CDATA[", "]]>", '"', "<template>", "<plaintext>", "\u202e", "<form>", "<p/onclick=z>"]), max_size=25))  # fmt: skip
def test_no_mixture_of_markup_leaves_a_script_or_an_address(parts: list[str]) -> None:
    tree = lxml.html.document_fromstring(inert("".join(parts), "t"))
    for element in tree.iter():
        assert element.tag != "script"
        assert not {name for name in element.attrib if name in ("href", "src") or name.startswith("on")}
