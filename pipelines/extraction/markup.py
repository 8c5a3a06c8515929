"""Texts of elements, and the lines that follow one, as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "nobr",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
"""Tags that part no words: what stands before and after them may be one word."""
_UNREAD = frozenset(
    [
        "script",
        "style",
        "noscript",
        "svg",
        "button",
        "select",
        "option",
        "textarea",
        "input",
        "template",
        "head",
        "title",
        "iframe",
    ]
)
_ASIDE = _UNREAD | {"figure", "figcaption", "aside", "nav"}
_MAX_DEPTH = 200
_LEVELS = 8


def spaced_text(element: HtmlElement) -> str:
    """The text of an element; a space where markup parts words, none is invented inside a word.

    White space of every kind, no-break spaces included, becomes one plain space.
    """
    return " ".join(" ".join(_pieces(element)).split()) if len(element) else " ".join((element.text or "").split())


def _pieces(element: HtmlElement) -> Iterator[str]:
    run: list[str] = []
    for text, breaks in _runs(element):
        if breaks and run:
            yield "".join(run)
            run = []
        run.append(text)
    yield "".join(run)


def _runs(element: HtmlElement, depth: int = 0) -> Iterator[tuple[str, bool]]:
    if element.text:
        yield element.text, False
    for child in element:
        if not isinstance(child.tag, str):
            breaks = False
        else:
            breaks = child.tag not in INLINE
            if child.tag not in _UNREAD:
                if breaks:
                    yield "", True
                if depth < _MAX_DEPTH:
                    yield from _runs(child, depth + 1)
        if breaks:
            yield "", True
        if child.tail:
            yield child.tail, False


def raw_text(element: HtmlElement) -> str:
    """The text of an element as it stands in the markup; quicker than lxml's for an element without children."""
    if not len(element):
        return element.text or ""
    return str(etree.tostring(element, method="text", encoding="unicode", with_tail=False))


def text_length(element: HtmlElement) -> int:
    """Characters of an element's text, white space included."""
    return len(raw_text(element))


def link_share(element: HtmlElement) -> float:
    """Which part of an element's characters is links, 0..1."""
    if not len(element) and element.tag != "a":
        return 0.0
    total = len("".join(raw_text(element).split()))
    linked = sum(len("".join(raw_text(link).split())) for link in element.iter("a"))
    return linked / total if total else 0.0


def _texts(element: HtmlElement, depth: int = 0) -> Iterator[tuple[str, bool]]:
    """(text, whether a line ends before it), one for each element and each text after one."""
    if not isinstance(element.tag, str) or element.tag in _ASIDE or depth > _MAX_DEPTH:
        yield "", False
        return
    breaks = element.tag not in INLINE
    # Marked pieces of a line ("Par <b class=name>…</b><span class=date>Le …") are set apart by style, not by spaces.
    yield (f" {element.text or ''}" if element.get("class") else element.text or ""), breaks
    for child in element:
        yield from _texts(child, depth + 1)
        if child.tail:
            yield child.tail, False
    if breaks:
        yield "", True


def _after(element: HtmlElement) -> Iterator[tuple[str, bool]]:
    node: HtmlElement | None = element
    for _ in range(_LEVELS):
        if node is None:
            return
        yield node.tail or "", False
        for sibling in node.itersiblings():
            yield from _texts(sibling)
            yield sibling.tail or "", False
        yield "", True
        node = node.getparent()


def lines_after(element: HtmlElement, *, limit: int) -> list[str]:
    """The lines that follow an element in the order of the page, white space joined.

    Args:
        element: a heading, say.
        limit: how many elements and texts are looked at.
    """
    lines: list[str] = []
    run: list[str] = []
    for text, breaks in islice(_after(element), limit):
        if breaks:
            lines.append(" ".join("".join(run).split()))
            run.clear()
        run.append(text)
    lines.append(" ".join("".join(run).split()))
    return [line for line in lines if line]


def following(element: HtmlElement, *, limit: int) -> Iterator[HtmlElement]:
    """The elements that begin after an element ends, in the order of the page; at most `limit`."""

    def everything() -> Iterator[HtmlElement]:
        node: HtmlElement | None = element
        for _ in range(_LEVELS):
            if node is None:
                return
            for sibling in node.itersiblings():
                yield from sibling.iter()
            node = node.getparent()

    return islice((found for found in everything() if isinstance(found.tag, str)), limit)
