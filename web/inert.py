"""A captured page made inert: what acts, asks for more or leads away is taken out. Pure."""

from __future__ import annotations

import re

import lxml.html
from lxml import etree
from lxml_html_clean import Cleaner

# A page without its outlet's stylesheets is still to be read, on a phone too; whatever the page itself says goes before it.
_STYLE = (
    "html{background:#fff;color:#111;color-scheme:light}body{max-width:46rem;margin:1rem auto;padding:0 1rem;"
    "font:1rem/1.6 Charter,Georgia,'Noto Naskh Arabic',serif;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto}svg{max-width:100%;max-height:3rem}"
)
# An address is among none of these, so nothing leads away or is asked for (DNS prefetch of links included, which no policy stops).
_ATTRIBUTES = frozenset(
    {
        "abbr", "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "cols", "colspan", "d",
        "datetime", "dir", "face", "fill", "headers", "height", "hidden", "id", "lang", "open", "reversed", "role", "rowspan",
        "rows", "scope", "size", "src", "start", "stroke", "style", "summary", "title", "valign", "value", "viewbox", "width",
    }
)  # fmt: skip
_CLEANER = Cleaner(
    comments=True,
    style=False,
    meta=True,
    links=True,
    page_structure=False,
    annoying_tags=True,
    remove_unknown_tags=False,
    safe_attrs=_ATTRIBUTES,
    add_nofollow=False,
    kill_tags=("audio", "base", "dialog", "fencedframe", "math", "portal", "template", "video"),
)
# What a style asks for: the policy under which the page is shown stops it too, however it is written.
_ASKING = re.compile(r"@import[^;}]*;?|url\(\s*(?![\"']?data:)[^)]*\)", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"\s*data:image/(?:png|jpeg|gif|webp|avif);", re.IGNORECASE)


def inert(text: str, title: str) -> str:
    """A whole document that shows a page's text, its own styles and the images that stand in it, and nothing else.

    Args:
        text: the page, decoded.
        title: of the document.
    """
    try:
        parser = lxml.html.HTMLParser(encoding="utf-8")
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
        for element in tree.iter("style"):
            element.text = _ASKING.sub("", element.text or "")
        _CLEANER(tree)
    except (etree.LxmlError, ValueError, AssertionError):
        tree = lxml.html.document_fromstring("<html><body></body></html>")
    for element in tree.iter("title"):
        element.drop_tree()
    for element in tree.iter(etree.Element):
        if "src" in element.attrib and not (element.tag == "img" and _DATA_IMAGE.match(element.attrib["src"])):
            del element.attrib["src"]
        if "style" in element.attrib:
            element.attrib["style"] = _ASKING.sub("", element.attrib["style"])
    head = tree.find("head")
    if head is None:
        head = etree.Element("head")
        tree.insert(0, head)
    named, style = etree.Element("title"), etree.Element("style")
    named.text, style.text = title, _STYLE
    head[:0] = [etree.Element("meta", charset="utf-8"), named, style]
    return str(lxml.html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>"))
