"""Reading the XML that outlets serve as feeds and sitemaps, well-formed or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.entities import html5
from typing import Any

from lxml import etree

_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)(?:#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));|([A-Za-z][A-Za-z0-9]{1,31};)|)"
)
_BARE = re.compile(r"<(?![A-Za-z_/!?])")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_BEGINNING = 4096
#: What may stand before and after a document; a byte order mark may follow white space.
BLANKS = " \t\r\n\ufeff"


def elements(text: str, *names: str) -> Iterator[Any]:
    """The elements of some names in document order, each parsed by itself.

    A fault in one costs that one only; one without its end tag is left out, since a cut may have gone through its
    address. The document's own entities are never seen, so there is none to expand.

    Args:
        text: the document.
        names: local names in lower case; the elements do not nest in one another.
    Yields:
        lxml elements; their prefixes are as written, see `name_of`.
    """
    tag = re.compile(rf"<!\[CDATA\[|<!--|<(/?)((?:[\w.-]{{1,30}}:)?(?:{'|'.join(names)}))(?=[\s/>])", re.IGNORECASE)
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    start, opened, position = -1, "", 0
    while found := tag.search(text, position):
        position = found.end()
        if found[0].startswith("<!"):
            end = text.find("]]>" if found[0] == "<![CDATA[" else "-->", position)
            if end < 0:
                return
            position = end + 3
        elif not found[1]:
            # A second start before the end: the first element was never closed.
            if start < 0 or found[2] == opened:
                start, opened = found.start(), found[2]
        elif start >= 0 and found[2] == opened:
            try:
                element = etree.fromstring((_mend(text[start:position]) + ">").encode(), parser=parser)
            except etree.XMLSyntaxError:
                element = None
            if element is not None:
                yield element
            start = -1


def name_of(element: Any, parent: Any = None) -> str:
    """The lower-case name of an element: "dc:date" with the customary prefix, "title" where it shares its parent's."""
    prefix, name = _parts(element)
    return name if not prefix or (parent is not None and prefix == _parts(parent)[0]) else f"{prefix}:{name}"


def text_in(element: Any) -> str:
    """All the text within an element."""
    return "".join(element.itertext())


def has_tag(text: str, *names: str) -> bool:
    """Whether a start tag of one of the names occurs, with any prefix."""
    return re.search(rf"<(?:[\w.-]{{1,30}}:)?(?:{'|'.join(names)})(?=[\s/>])", text, re.IGNORECASE) is not None


def is_html(text: str) -> bool:
    """Whether a document begins as an HTML page does."""
    return _HTML.search(text[:_BEGINNING]) is not None


def _parts(element: Any) -> tuple[str, str]:
    """Prefix and local name. A prefix declared outside the element is still part of its tag."""
    if not isinstance(element.tag, str):
        return "", ""
    prefix, _, name = element.tag.rpartition("}")[2].rpartition(":")
    return (prefix or element.prefix or "").lower(), name.lower()


def _mend(markup: str) -> str:
    """XML without references that it does not define, HTML's undone, and with bare signs escaped."""
    return _BARE.sub("&lt;", _REFERENCE.sub(_reference, markup))


def _reference(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return escape(html5[name]) if name in html5 else f"&amp;{name}"
    if not hexadecimal and not decimal:
        return "&amp;"
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    lawful = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return f"&#{code};" if lawful else ""
