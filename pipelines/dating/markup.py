"""The dates that a page states for machines: JSON-LD, `meta`, `time` and its like, and the element an outlet's selector names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from lxml.etree import XPath
from lxml.html import HtmlElement

from pipelines.dating.boxes import CLOSE, aside, shares_box, teaser, text_of, title_words, upwards
from pipelines.dating.evidence import LONGEST_VALUE, MODIFIED, PUBLISHED, Setting, Statement, read_value
from pipelines.dating.lines import label_of, read_lines
from pipelines.extraction import jsonld

_ARTICLES = frozenset(
    (
        "article", "newsarticle", "reportagenewsarticle", "analysisnewsarticle", "backgroundnewsarticle", "opinionnewsarticle", "reviewnewsarticle",
        "blogposting", "liveblogposting", "socialmediaposting", "report", "advertisercontentarticle", "satiricalarticle", "scholarlyarticle",
        "techarticle",
    )
)  # fmt: skip
_PAGES = frozenset(
    ["webpage", "itempage", "medicalwebpage", "videoobject", "audioobject", "podcastepisode", "newsvideo", "event"]
)


_DATES_IN_RUINS = re.compile(r'"(datePublished|dateModified)"\s*:\s*"([^"]{6,60})"')
_SAME_TITLE = 0.6


def from_jsonld(tree: HtmlElement, setting: Setting, titles: list[set[str]], address: str) -> Iterator[Statement]:
    """The dates of the statement about this page's article; statements about other articles do not count.

    A script that cannot be parsed is searched for the two date keys, and believed if it has each of them once.
    """
    scripts = [script.text or "" for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()]
    if not scripts:
        return
    best: tuple[float, jsonld.Node] | None = None
    for node in jsonld.nodes(tree):
        kinds = {kind.lower() for kind in jsonld.types(node)}
        if not (kinds & _ARTICLES or kinds & _PAGES) or not _dated(node):
            continue
        weight = 6.0 if kinds & _ARTICLES else 4.0 if kinds & {"webpage", "itempage"} else 1.0
        same = _is_this_page(node, titles, address)
        weight = min(weight, 1.2) if same is False else weight + 0.1 if same else weight
        if best is None or weight > best[0]:
            best = weight, node
    if best is not None:
        weight, node = best
        for key, says, factor in (("datePublished", PUBLISHED, 1.0), ("dateModified", MODIFIED, 1.0)):
            reading = read_value(node.get(key), setting)
            if reading:
                yield Statement(reading, "jsonld", says, weight * factor)
        if not read_value(node.get("datePublished"), setting):
            reading = read_value(node.get("uploadDate") or node.get("dateCreated"), setting)
            if reading:
                yield Statement(reading, "jsonld", PUBLISHED, min(weight, 1.5))
    else:
        ruins = [script for script in scripts if "datePublished" in script and jsonld.parse(script) is None]
        for key, says in (("datePublished", PUBLISHED), ("dateModified", MODIFIED)):
            found = {
                value for script in ruins for name, value in _DATES_IN_RUINS.findall(script[:200_000]) if name == key
            }
            reading = read_value(found.pop(), setting) if len(found) == 1 else None
            if reading:
                yield Statement(reading, "jsonld", says, 3.0)


def _dated(node: jsonld.Node) -> bool:
    return any(node.get(key) for key in ("datePublished", "dateModified", "dateCreated", "uploadDate"))


def _is_this_page(node: jsonld.Node, titles: list[set[str]], address: str) -> bool | None:
    """Whether a statement is about this page, by its headline or address; None where it gives neither."""
    headline = title_words(jsonld.text(node.get("headline")) or jsonld.text(node.get("name")))
    if headline and any(len(headline & title) >= _SAME_TITLE * min(len(headline), len(title)) for title in titles):
        return True
    main = node.get("mainEntityOfPage")
    claimed = [node.get("url"), node.get("@id"), main.get("@id") if isinstance(main, dict) else main]
    paths = {_path(value) for value in claimed if isinstance(value, str) and len(value) < 2000} - {""}
    if paths and address:
        if _path(address) in paths:
            return True
        return False if headline and titles else None
    return False if headline and titles else None


def _path(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    return unquote(parts.path).rstrip("/").lower() + (
        "?" + parts.query if re.search(r"(?:^|&)(?:p|id)=", parts.query) else ""
    )


_META = XPath("//meta[@content or @value]")
_META_PUBLISHED = frozenset(
    (
        "articlepublishedtime", "ogarticlepublishedtime", "articlepublished", "ogpublishedtime", "publishedtime", "datepublished", "datepublication",
        "publishdate", "pubdate", "publicationdate", "publisheddate", "publishedat", "publishtime", "publishedon", "articlepublisheddate",
        "articlepublicationdate", "articlepubdate", "datepublishedtime", "datepublishtime", "ogpubdate", "ogpublishdate", "dcdateissued",
        "dctermsissued", "dcissued", "citationpublicationdate", "citationonlinedate", "originalpublicationdate", "parselypubdate", "sailthrudate",
        "cxenseparserecspublishtime", "cxenseparsepublishtime", "recspublishtime", "rnewsdatepublished", "btpubdate", "vrpublishedtime",
        "iso8601publishdate", "articledateoriginal", "shareaholicarticlepublishedtime", "lppublicationdate", "datedepublication", "dateparution",
    )
)  # fmt: skip
_META_WEAK = frozenset(
    (
        "date", "dcdate", "dctermsdate", "dctermscreated", "dcdatecreated", "datecreated", "createdat", "articlecreated", "articledate", "dcdatex",
        "newsdate",
    )
)  # fmt: skip
_META_MODIFIED = frozenset(
    (
        "articlemodifiedtime", "ogarticlemodifiedtime", "ogupdatedtime", "articlemodified", "articleupdatedtime", "articleupdated", "datemodified",
        "modifieddate", "dcdatemodified", "dctermsmodified", "dcmodified", "lastmodified", "lastmod", "dateupdated", "updatedat", "updatetime",
        "modifiedat", "modifiedtime", "articlelastmodified", "revised",
    )
)  # fmt: skip
_NOT_LETTERS = re.compile(r"[^a-z0-9]")


def from_meta(tree: HtmlElement, setting: Setting) -> Iterator[Statement]:
    """The dates of `meta` elements, under every name that is in use for them."""
    for meta in _META(tree):
        for attribute in ("property", "itemprop", "name"):
            key = _NOT_LETTERS.sub("", (meta.get(attribute) or "").lower())
            if key in _META_PUBLISHED:
                says, weight = PUBLISHED, 5.0
            elif key in _META_WEAK:
                says, weight = PUBLISHED, 1.5
            elif key in _META_MODIFIED:
                says, weight = MODIFIED, 5.0
            else:
                continue
            if attribute == "itemprop" and aside(meta):
                continue
            reading = read_value(meta.get("content") or meta.get("value"), setting)
            if reading:
                yield Statement(reading, "meta", says, weight)
            break


_TIME_PATHS = (
    "//time | //*[@itemprop='datePublished' or @itemprop='dateModified' or @itemprop='dateCreated'][not(self::meta)]"
    " | //*[@pubdate] | //abbr[contains(@class, 'published') or contains(@class, 'updated')] | //@class[contains(., 'dt-published')]/.."
)
_TIMES = XPath(f"//h1 | {_TIME_PATHS}")
_TIMES_AND_TITLES = XPath(f"//h2 | //h3 | //@class[contains(., 'title') or contains(., 'titre')]/.. | {_TIME_PATHS}")
_MOST_TIMES, _A_LIST = 80, 3
_UPDATED_CLASS = re.compile(r"updat|modif|maj\b|revis", re.IGNORECASE)
_PUBLISHED_CLASS = re.compile(r"publi|pubdate|entry-date|post-date|posted|created|article-date", re.IGNORECASE)


def from_times(tree: HtmlElement, setting: Setting, heading: HtmlElement | None) -> Iterator[Statement]:
    """The `time` elements of the article, and their like: those that say what they are, else the first below the title."""
    keep = frozenset(upwards(heading))
    box = frozenset(list(upwards(heading))[:CLOSE])
    places = (_TIMES if heading is None or heading.tag == "h1" else _TIMES_AND_TITLES)(tree)
    times = [place for place in places if place is heading or not _is_heading(place)][:_MOST_TIMES]
    alike = Counter(_signature(element) for element in times)
    below = heading is None
    said: set[str] = set()
    for element in times:
        if element is heading:
            below = True
            continue
        boxed = shares_box(element, box)
        in_list = heading is not None and not boxed and alike[_signature(element)] >= _A_LIST
        if in_list or aside(element, keep) or (heading is not None and teaser(element, keep)):
            continue
        reading = next(
            (found for name in ("datetime", "content", "title") if (found := read_value(element.get(name), setting))),
            None,
        )
        reading = reading or read_value(text_of(element)[:LONGEST_VALUE], setting)
        if reading is None:
            continue
        name = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        # WordPress writes "entry-date published updated" where both are one: published goes before updated.
        named = _PUBLISHED_CLASS.search(name) or element.get("pubdate") is not None
        says = PUBLISHED if named else MODIFIED if _UPDATED_CLASS.search(name) else ""
        says = says or reading.says or label_of(_before(element)) or label_of(text_of(element)[:60])
        kind = says or "unnamed"
        if kind in said:
            continue
        said.add(kind)
        if says:
            yield Statement(reading, "time", says, 4.0 if below or boxed else 2.0)
        elif below or boxed:
            yield Statement(reading, "time", PUBLISHED, 3.0)


def _is_heading(element: HtmlElement) -> bool:
    return element.tag in ("h1", "h2", "h3") or not (
        element.tag in ("time", "abbr") or element.get("itemprop") or element.get("pubdate") is not None
    )


def _signature(element: HtmlElement) -> tuple[str | None, ...]:
    """The classes of an element and its next ancestors: those of a list of teasers have one signature."""
    return tuple(ancestor.get("class") for ancestor, _ in zip(upwards(element), range(3), strict=False))


def _before(element: HtmlElement) -> str:
    """The words that stand directly before an element, in the same parent."""
    previous = element.getprevious()
    if previous is not None:
        return f"{text_of(previous)[-40:]} {previous.tail or ''}"[-60:]
    parent = element.getparent()
    return (parent.text or "")[-60:] if parent is not None else ""


def from_selector(tree: HtmlElement, setting: Setting, selector: str) -> Iterator[Statement]:
    """The dates of the elements that the outlet's selector names; of one kind the first that can be read.

    Raises:
        ValueError: the selector is no CSS.
    """
    try:
        chosen = CSSSelector(selector, translator="html")(tree)
    except SelectorError as error:
        raise ValueError(f"not a CSS selector: {selector!r}: {error}") from error
    said: set[str] = set()
    for element in chosen[:20]:
        values = [element.get(name) for name in ("datetime", "content", "data-date", "data-timestamp", "title")]
        readings = [reading for value in values if value and (reading := read_value(value, setting))][:1]
        readings = readings or read_lines(
            text_of(element)[:500], language=setting.language, local=setting.local, now=setting.now
        )
        for reading in readings:
            says = reading.says or PUBLISHED
            if says not in said:
                said.add(says)
                yield Statement(reading, "selector", says, 10.0)
