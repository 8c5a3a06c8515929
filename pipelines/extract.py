"""From the bytes of a page to its article: `extract` is the whole way, `pipelines.extraction` holds its parts.

decode (bytes → text) ▸ parse ▸ jsonld, metadata and bylines (what the page says of itself) ▸ content, with blocks and clean
(the text) ▸ gate (is it an article at all?).

White space: in titles, standfirsts and texts a run of any white space, no-break spaces included, is one plain space; "\n" parts
paragraphs. All else is kept as written.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from archive.records import Article, Outcome, Rejected
from language.detect import detect
from language.normalize import words
from pipelines.extraction import bylines, content, gate, jsonld, metadata, sections
from pipelines.extraction.decode import decode
from pipelines.extraction.markup import spaced_text
from pipelines.extraction.selectors import select
from sources.model import Selectors, Source

# lxml.html asks Python for the class of every element it hands out; one class for all saves a tenth of a page's time.
_ELEMENTS = etree.ElementDefaultClassLookup(element=HtmlElement)


# lxml gives these characters out and does not take them back.
_CONTROL_REFERENCES = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01]|6553[45])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[efEF]))(?![0-9a-fA-F]);?"
)
# Brackets, closing tags counted too: three times the longest live page seen; the worst of so many take two seconds.
_MAX_TAGS = 25_000
# trafilatura's time grows with the square of the links in one run of text.
_MAX_LINKS = 8_000


class Reading(NamedTuple):
    """A page, read.

    Attributes:
        result: the article, or why there is none.
        tree: the parsed page, unchanged, for who reads its dates; None where it was not parsed.
        statements: its JSON-LD statements.
    """

    result: Article | Rejected
    tree: HtmlElement | None
    statements: list[jsonld.Node]


def parse(text: str) -> HtmlElement | None:
    """The element tree of a page; None where nothing can be made of it or it has more than 25,000 tags or 8,000 links.

    libxml2 stops at 256 levels and at text nodes of 10 MB (`huge_tree` is off): what hostile markup could make of deeper
    trees is not worth the rest of such a page.
    """
    source = _CONTROL_REFERENCES.sub(b" ", text.encode("utf-8", "replace"))
    if source.count(b"<") > _MAX_TAGS or source.count(b"<a ") > _MAX_LINKS:
        return None
    # Minified pages have nothing but markup between two words; without this they would read as one.
    for mark in (b"</div>", b"</li>", b"</td>", b"</p>"):
        source = source.replace(mark, mark + b"\n")
    source = source.replace(b"<div", b"\n<div")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        tree = document_fromstring(source, parser=parser, ensure_head_body=False)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return tree if isinstance(tree, HtmlElement) and isinstance(tree.tag, str) else None


def _article(tree: HtmlElement, url: str, statements: list[jsonld.Node], source: Source | None) -> Article | Rejected:
    head = metadata.read_head(tree)
    node = jsonld.article(statements)
    if rejected := gate.before(tree, head, node, statements, url):
        return rejected
    selectors = source.selectors if source else Selectors()
    sites = metadata.site_names(tree, head, statements, url, source.title if source else "")
    title, heading, wordings = metadata.titles(tree, head, node, sites)
    if chosen := select(tree, selectors.title):
        title, heading = spaced_text(chosen[0]), chosen[0]
        wordings = [title, *wordings]
    authors, agency = bylines.authors(tree, head.metas, node, heading, sites)
    if chosen := select(tree, selectors.authors):
        authors, agency = bylines.gather((spaced_text(element) for element in chosen), sites)
    description = (jsonld.text(node.get("description")) if node else "") or head.first(
        "og:description", "description", "twitter:description"
    )
    found = content.find(
        tree,
        heading=heading,
        titles=wordings,
        names=[*authors, *([agency] if agency else []), *sites],
        description=description,
        body=jsonld.paragraphs(node.get("articleBody")) if node else "",
        selectors=selectors,
    )
    text = "\n".join(found.lines)
    if rejected := gate.after(tree, head, node, statements, url, title, found):
        return rejected
    if not authors:
        authors, found_agency = bylines.gather(filter(bylines.says_who, found.removed), sites)
        agency = agency or found_agency
    language = detect(text, head.lang)
    paywalled = metadata.paywalled(head, node)
    return Article(
        url=url,
        source=source.name if source else "",
        lang=language.code,
        dialect=language.dialect,
        title=title,
        standfirst=found.standfirst,
        text=text,
        authors=authors,
        section=sections.section(tree, head, statements, node, heading, [title, *sites]),
        tags=sections.tags(tree, head, node, heading, sites),
        agency=agency or bylines.agency_in_text(found.lines, found.removed),
        image=metadata.image(head, node, url),
        paywalled=True if found.paywalled else paywalled,
        quality=quality(title, text),
        canonical=metadata.canonical(head, url),
        twins=metadata.twins(head, url),
    )


def quality(title: str, text: str) -> float:
    """How much an extracted text looks like the article its title announces, 0..1, to be watched per outlet.

    Half of it is the share of the title's words (of four letters and more) that occur in the text, the rest is length (full
    at 150 words) and the share of lines that end like sentences.
    """
    tokens = words(text[:1800])
    if not tokens:
        return 0.0
    known = {token[:5] for token in tokens} | {token.removeprefix("ال")[:5] for token in tokens}
    telling = [token for token in words(title) if len(token) > 3]
    agreement = (
        sum(1 for token in telling if token[:5] in known or token.removeprefix("ال")[:5] in known) / len(telling)
        if telling
        else 0.5
    )
    lines = text.split("\n")
    ended = sum(len(line) for line in lines if line.rstrip("\"'»”’)] ")[-1:] in ".!?…؟:;،") / max(
        1, sum(len(line) for line in lines)
    )
    return round(0.5 * agreement + 0.3 * min(1.0, len(tokens) / 150) + 0.2 * ended, 3)


def read_page(body: bytes, url: str, *, content_type: str | None = None, source: Source | None = None) -> Reading:
    """Reads a page and hands the parsed tree on, so that who reads its dates need not parse again.

    Args and outcomes: see `extract`.
    """
    text = decode(body, content_type)
    if isinstance(text, Rejected):
        return Reading(text, None, [])
    if rejected := gate.not_html(text, content_type):
        return Reading(rejected, None, [])
    tree = parse(text)
    if tree is None:
        return Reading(
            Rejected(Outcome.UNREADABLE, "the parser makes nothing of it, or it has too many tags or links"), None, []
        )
    statements = jsonld.nodes(tree)
    try:
        return Reading(_article(tree, url, statements, source), tree, statements)
    except (RecursionError, ValueError, etree.LxmlError) as error:
        return Reading(Rejected(Outcome.UNREADABLE, f"{type(error).__name__}: {error}"), tree, statements)


def extract(
    body: bytes, url: str, *, content_type: str | None = None, source: Source | None = None
) -> Article | Rejected:
    """The article of a page.

    Args:
        body: the payload with its content-coding undone.
        url: its address.
        content_type: the HTTP header, where there was one.
        source: the outlet, whose selectors are asked first where it has any.
    Returns:
        The article without dates, topic and sketch, its text in paragraphs separated by "\\n"; or `Rejected` with EMPTY,
        NOT_ARTICLE, WALL, UNDECODABLE or UNREADABLE.
    """
    return read_page(body, url, content_type=content_type, source=source).result
