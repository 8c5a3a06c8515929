"""The article's own text: trafilatura finds it, what surrounds this module's call restores and removes.

Before the call the copy of the page that trafilatura gets is rid of blocks that lead elsewhere and of words' gluing; after it
the paragraphs are rid of titles, bylines and notices, and the standfirst is put back where it was lost.
"""

from __future__ import annotations

import logging
import re
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement
from trafilatura.core import bare_extraction
from trafilatura.settings import Document, Extractor

from language.normalize import fold, words
from pipelines.extraction import bylines, clean
from pipelines.extraction.blocks import (
    GLUED,
    Line,
    densest,
    ends_like_a_sentence,
    give_paragraphs,
    is_glued,
    lacks_paragraphs,
    lines_of,
    prose,
    within,
)
from pipelines.extraction.markup import following, lines_after, link_share, raw_text, spaced_text, text_length
from pipelines.extraction.selectors import select
from sources.model import Selectors

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# `fast` leaves the external comparison out: on news it brought cookie walls back as articles, and costs as much again.
_OPTIONS = Extractor(
    output_format="xml", fast=True, comments=False, formatting=False, links=False, images=False, tables=True
)
# Neither of its three: it would measure the whole page to see whether a second try is worth it; `densest` knows that already.
_OPTIONS.focus = "block"

_STRIPPED = (
    "script",
    "style",
    "svg",
    "template",
    "noscript",
    "iframe",
    "object",
    "canvas",
    "audio",
    "video",
    "select",
    "button",
    "dialog",
)
_WORD_START = r"(?:^|[\s_-])"
_WORD_END = r"(?:$|[\s_-])"
# Matched against the lower-case class or id. Every branch begins with a letter, which lets the engine skip fast.
_NOISE_CLASS = re.compile(
    r"relat(?:ed|ion)[-_]*(?:post|article|content|news|stor|link|item)|(?:posts?|articles?|news|contents?)[-_]+related|jp-relatedposts|yarpp|crp_related|rp4wp|read[-_]?(?:also|more|next)"
    r"|lire[-_]?(?:aussi|plus)|a-lire\b|alire\b|see[-_]?also|also[-_]?read|more[-_]?(?:stories|news|articles|from)|you[-_]?may|recirc|outbrain|taboola|dable|mgid"
    r"|newsletter|subscri(?:be|ption)[-_]?(?:box|form|banner|block)|paywall[-_]?(?:message|banner|box|block|offer|cta)"
    r"|reading[-_]?time|temps[-_]?(?:de[-_]?)?lecture|read[-_]?time|time[-_]?to[-_]?read"
    r"|(?:share|social|sharing)[-_]?(?:bar|buttons?|links?|tools?|icons?|block|list)|addtoany|sharedaddy|addthis|a2a_kit"
    r"|comments?[-_]?(?:form|respond|list|section|area|policy|wrapper)|disqus"
    r"|author[-_]?(?:box|bio|card|info|block)|about[-_]?(?:the[-_]?)?author|wp-caption-text|caption[-_]?text|(?:image|img|photo|picture|media|figure)[-_]?(?:caption|credit|legend|copyright|description)"
    r"|\b(?:legende?|caption|credits?|copyright)\b(?!-)"
    r"|twitter-tweet|instagram-media|tiktok-embed|fb-post|bluesky-embed|telegram-post|reddit-embed|text-post-media"
    r"|cookie[-_]?(?:banner|notice|consent|bar|law)|gdpr|didomi|onetrust|qc-cmp|breadcrumb|fil[-_]?ariane|skip[-_]?link|screen-reader-text|sr-only|visually[-_]?hidden"
    r"|tags?[-_]?(?:list|links|cloud|box)|post[-_]?tags|article[-_]?tags|ticker|breaking[-_]?news"
)
_STANDFIRST_CLASS = re.compile(
    _WORD_START
    + r"(?:chap[oô]|chapeau|standfirst|stand-first|dek|lede?|lead|intro(?:duction)?|sub-?title|sub-?head(?:line|ing)?|sous-?titre|surtitre-bas|"
    r"desc(?:ription)?|summary|resume|excerpt|abstract|accroche|hat|post-?excerpt|teaser|heading-?text|entry-?summary|mol?akhas)(?:s|text|_text|-text)?"
    + _WORD_END,
    re.IGNORECASE,
)
_LEAD_TAGS = frozenset(("p", "h2", "h3", "span", "strong", "div", "b", "em"))
_LONGEST_LEAD = 900
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=8192)
def _is_noise(marks: str) -> bool:
    return _NOISE_CLASS.search(marks.lower()) is not None


@lru_cache(maxsize=8192)
def _is_standfirst(marks: str) -> bool:
    return _STANDFIRST_CLASS.search(_CAMEL.sub("-", marks)) is not None


@dataclass(slots=True)
class Content:
    """What was found in a page's body.

    Attributes:
        lines: paragraphs, headings and list items of the article in order.
        standfirst: the paragraph between title and body, "" where there is none.
        paywalled: a line said that the rest is for subscribers.
        removed: lines that were taken out; bylines and credits are among them.
        linked: how many of these were nothing but a link to another page.
        leads_on: what follows the title is a list of links.
    """

    lines: list[str]
    standfirst: str
    paywalled: bool
    removed: list[str]
    linked: int
    leads_on: bool


def _drop(element: HtmlElement) -> None:
    """Removes an element and keeps the text after it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and element.tail.strip():
        previous = element.getprevious()
        if previous is not None:
            previous.tail = f"{previous.tail or ''} {element.tail}"
        else:
            parent.text = f"{parent.text or ''} {element.tail}"
    parent.remove(element)


def _link_texts(tree: HtmlElement) -> set[str]:
    """The texts of the links that lead to another page."""
    found: set[str] = set()
    for link in tree.iter("a"):
        href = link.get("href")
        if href and href[0] != "#" and not href.startswith(("mailto:", "tel:", "javascript:")):
            text = raw_text(link)
            if 20 <= len(text) <= 400:
                found.add(" ".join(text.split()))
    return found


def prepare(tree: HtmlElement, drop: list[str]) -> HtmlElement:
    """A copy of a page for trafilatura, without the blocks that lead elsewhere and what the outlet's selectors drop."""
    work = copy(tree)
    for css in drop:
        for element in select(work, css):
            _drop(element)
    etree.strip_elements(work, *_STRIPPED, with_tail=False)
    noise = []
    for element in work.iter():
        kind, name = element.get("class"), element.get("id")
        if ((kind and _is_noise(kind[:300])) or (name and _is_noise(name[:300]))) and element.tag not in (
            "body",
            "main",
            "article",
            "h1",
        ):
            noise.append(element)
    limit = 0.3 * text_length(work) if noise else 0
    for element in noise:
        if text_length(element) <= limit and next(element.iter("h1"), None) is None:
            _drop(element)
    return work


_LINE_TAGS = frozenset(("p", "head", "item", "quote", "row", "list", "table", "lb", "code"))


def _render(body: etree._Element) -> list[Line]:
    """The lines of trafilatura's body with the tag each stands in."""
    lines: list[Line] = []
    run: list[str] = []

    def end(tag: str) -> None:
        line = " ".join("".join(run).split())
        run.clear()
        if line:
            lines.append((tag, line))

    def walk(element: etree._Element, inside: str, depth: int) -> None:
        tag = str(element.tag)
        here = tag if tag in _LINE_TAGS and tag != "lb" else inside
        if tag in _LINE_TAGS:
            end(inside)
        elif tag == "cell":
            run.append(" ")
        if element.text:
            run.append(element.text)
        if depth < 200:
            for child in element:
                walk(child, here, depth + 1)
        if tag in _LINE_TAGS:
            end(here)
        elif tag == "cell":
            run.append(" ")
        if element.tail:
            run.append(element.tail)

    for element in body:
        walk(element, "p", 0)
        end("p")
    return lines


def _is_body_paragraph(element: HtmlElement) -> bool:
    """Whether an element is the first of several paragraphs of one kind."""
    alike = 0
    for sibling in islice(element.itersiblings(), 8):
        alike += sibling.tag == element.tag and text_length(sibling) >= 60
    return alike > 1


def _bold_opening(tree: HtmlElement, lines: list[str]) -> str:
    """The first paragraph where it is set in bold from beginning to end and the second is not."""
    if len(lines) < 3 or not 40 <= len(lines[0]) <= _LONGEST_LEAD:
        return ""
    openings = [line[:20] for line in lines[:2]]
    bold = set()
    for element in tree.iter("b", "strong"):
        text = element.text
        if text and len(text) > 20 and " ".join(text[:60].split())[:20] in openings:
            bold.add(spaced_text(element))
    return lines[0] if lines[0] in bold and lines[1] not in bold else ""


def standfirst(
    tree: HtmlElement, heading: HtmlElement | None, description: str, titles: list[str], lines: list[str]
) -> str:
    """The paragraph between title and body, where the page marks one: by its class, as a heading or outside the body with the
    wording of the page's description, or in bold. A body's first paragraph, though the description repeats it, is none.

    Args:
        tree: the page.
        heading: the title's element.
        description: what `<meta name=description>` or JSON-LD say.
        titles: folded wordings of the title.
        lines: the article's text as found, which no standfirst includes.
    Returns:
        The text as written; "" where none stands on the page.
    """
    wanted = fold(description).rstrip(". …")
    opening = "".join(description.split())[:12]
    # A block that goes on into the body is not the standfirst, though its class says so.
    beginning = [line for line in lines[1:4] if len(line) > 30]
    named, told = "", ""
    for element in following(heading, limit=120) if heading is not None else ():
        kind = element.get("class") or element.get("itemprop")
        by_class = not named and kind is not None and _is_standfirst(kind[:300])
        leaf = wanted and not told and element.tag in _LEAD_TAGS
        if not by_class and not leaf:
            continue
        raw = raw_text(element)
        if not 40 <= len(raw) <= 2500 or not (by_class or "".join(raw[:80].split()).startswith(opening)):
            continue
        if (
            next(islice(element.iter("p"), 3, None), None) is not None
            or next(element.iter("figcaption", "img"), None) is not None
        ):
            continue
        text = spaced_text(element)
        if (
            not 40 <= len(text) <= _LONGEST_LEAD
            or link_share(element) > 0.5
            or any(line in text and line != text for line in beginning)
        ):
            continue
        folded = fold(text)
        if folded in titles or clean.is_boilerplate(text, folded) or len(folded.split()) < 6:
            continue
        if by_class:
            named = text
        if (
            len(wanted) > 40
            and (folded.startswith(wanted[:80]) or wanted.startswith(folded))
            and (not told or len(text) < len(told))
            and (element.tag in ("h2", "h3") or not (text in lines[:1] and _is_body_paragraph(element)))
        ):
            told = text
        if named and told:
            break
    return told or named or _bold_opening(tree, lines)


# A block of paragraphs with so many characters is an article; comments and notices seldom reach it.
_ENOUGH = 1500
_MOST_COMPARED = 20_000_000
# trafilatura's min_extracted_size, below which it falls back on the whole page.
_SHORT = 250


def _same(a: str, titles: list[str]) -> bool:
    return any(
        a == title or (len(title) > 20 and (a.startswith(title) and len(a) - len(title) < 25)) for title in titles
    )


def _is_byline(line: str, names: list[str]) -> bool:
    """Whether a short line only says who wrote: an author's name, initials, an agency."""
    if len(line) > 90:
        return False
    tokens = words(line)
    known = {token for name in names for token in words(name)}
    known |= {
        "par",
        "avec",
        "et",
        "by",
        "and",
        "afp",
        "reuters",
        "map",
        "efe",
        "ap",
        "بقلم",
        "كتب",
        "من",
        "وكالات",
        "agence",
        "la",
        "redaction",
    }
    return bool(tokens) and all(token in known or len(token) == 1 for token in tokens)


def _rendered(work: HtmlElement) -> list[Line]:
    """The lines of a prepared page by trafilatura, or of its densest block where that tells more or tells it better."""
    block = densest(work)
    mended = prose(block) < _ENOUGH and lacks_paragraphs(work)
    if mended:
        give_paragraphs(work)
        block = densest(work)
    document = bare_extraction(work, url=None, options=_OPTIONS)
    rendered = _render(document.body) if isinstance(document, Document) and document.body is not None else []
    length = sum(len(line) for _, line in rendered)
    if length < _SHORT and (frame := next(work.iter("article", "main"), None)) is not None:
        # So short a text trafilatura takes for a failure and gives the whole frame, title and all, in one line.
        lines = lines_of([frame], bare=False)
        if sum(len(line) for _, line in lines) > 0.3 * length:
            return lines
    told, best = prose(rendered), prose(block)
    if not best:
        return rendered
    # Little, or much that is no prose: trafilatura stopped at the first of several blocks, or fell back on the whole page.
    if (length < 1200 or told < 0.5 * length) and (best > 1.6 * told or (told < 0.5 * length and best > 0.7 * told)):
        return block
    # Where it found no body at all, it gives the paragraphs of the whole page, or all its text in one line.
    if (mended and best > 0.5 * told) or is_glued(rendered, block):
        return block
    return within(rendered, block)


def find(
    tree: HtmlElement,
    *,
    heading: HtmlElement | None,
    titles: list[str],
    names: list[str],
    description: str,
    body: str,
    selectors: Selectors,
) -> Content:
    """The article's text in a page.

    Args:
        tree: the page; it is not changed.
        heading: the element of its title.
        titles: all wordings of its title.
        names: authors and agencies, whose lines are taken out at both ends.
        description: what the page says its article is about.
        body: JSON-LD articleBody in paragraphs, "" where there is none.
        selectors: the outlet's, empty ones where the general way does.
    Returns:
        The content; without lines where there is none.
    """
    work = prepare(tree, selectors.drop)
    chosen = select(work, selectors.text)
    rendered = lines_of(chosen) if chosen else _rendered(work)
    known = [fold(title) for title in titles if title]
    links = _link_texts(work)
    kept: list[Line] = []
    removed: list[str] = []
    paywalled, linked, looked = False, 0, 0
    for tag, line in rendered:
        if line in links:
            removed.append(line)
            linked += 1
            continue
        if (len(line) > 2 * GLUED or (len(line) > GLUED and not ends_like_a_sentence(line))) and looked < 5:
            looked += 1
            inside = [text for text in links if text in line] if len(links) * len(line) < _MOST_COMPARED else []
            if 2 * sum(map(len, inside)) > len(line):
                removed.append(line)
                linked += len(inside)
                continue
        short = len(line) <= clean.SHORT or (len(line) <= 500 and clean.SUBSCRIBERS.search(line) is not None)
        folded = fold(line) if short else ""
        if short and (
            clean.is_boilerplate(line, folded)
            or (len(kept) < 4 and (_same(folded, known) or bylines.says_who(line) or bylines.is_dateline(line)))
        ):
            paywalled = paywalled or clean.says_paywalled(folded)
            removed.append(line)
            continue
        kept.append((tag, line))
    while kept and (
        kept[-1][0] == "head"
        or _is_byline(kept[-1][1], names)
        or bylines.says_who(kept[-1][1])
        or clean.is_policy(kept[-1][1])
    ):
        removed.append(kept.pop()[1])
    while kept and (_is_byline(kept[0][1], names) or bylines.says_who(kept[0][1])):
        removed.append(kept.pop(0)[1])
    lines = [line for _, line in kept]
    lead = standfirst(tree, heading, description, known, lines)
    if lead and not _contains("\n".join(lines[:6]), lead):
        lines.insert(0, lead)
    if body:
        lines = _with_body(lines, body, lead)
    leads_on = heading is not None and sum(map(len, lines)) < _ENOUGH and _leads_on(heading, links)
    return Content(lines, lead, paywalled, removed, linked, leads_on)


def _leads_on(heading: HtmlElement, links: set[str]) -> bool:
    """Whether of the ten long lines after a heading eight are links."""
    after = [line for line in lines_after(heading, limit=150) if len(line) >= 20][:10]
    return sum(any(text in line for text in links) for line in after) >= 8


def _contains(text: str, lead: str) -> bool:
    """Whether the beginning of a text has a standfirst already, whole or in lines."""
    if lead in text:
        return True
    have = " ".join(words(text))
    want = words(lead)
    return " ".join(want) in have or (" ".join(want[:8]) in have and " ".join(want[-6:]) in have)


def _with_body(lines: list[str], body: str, lead: str) -> list[str]:
    """The lines, or JSON-LD's articleBody where that is clearly longer and holds what was found."""
    if len(body) < 1.2 * sum(map(len, lines)):
        return lines
    found, stated = words(" ".join(lines)), words(body)
    if len(stated) < 1.4 * len(found) or len(stated) < 60:
        return lines
    own = set(stated)
    if found and sum(word in own for word in found) < 0.8 * len(found):
        return lines
    paragraphs = [line for line in body.split("\n") if not clean.is_boilerplate(line, fold(line[:500]))]
    if lead and not _contains("\n".join(paragraphs[:4]), lead):
        paragraphs.insert(0, lead)
    return paragraphs
