"""Where an element stands on a page: by the article's title, or in a part that speaks of other things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml.etree import XPath
from lxml.html import HtmlElement

from language.normalize import words

CLOSE = 4
"""Steps up that still lead into one box."""

_HEADINGS = XPath("//h1")
_LESSER_HEADINGS = XPath(
    # From the attribute up: a condition on every element costs ten times as much.
    "//h2 | //h3 | //@class[contains(., 'title') or contains(., 'titre')]/parent::*[not(self::body or self::html)]"
)
_TITLES = XPath(
    "//meta[@property='og:title' or @name='og:title' or @name='twitter:title' or @name='title']/@content | //head//title/text()"
)
_ADDRESSES = XPath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
_LONGEST_TITLE = 400
_MOST_PLAIN = 1000


def page_titles(tree: HtmlElement) -> list[set[str]]:
    """The words of what the page calls its title, in its head and its first headings."""
    found = [str(value) for value in _TITLES(tree)[:4]]
    found += [text_of(heading) for heading in _HEADINGS(tree)[:3]]
    return [title for title in map(title_words, found) if title]


def title_words(text: str) -> set[str]:
    """The words of a title that tell it from another: those of more than two letters."""
    return {word for word in words(text[:_LONGEST_TITLE]) if len(word) > 2}


def page_address(tree: HtmlElement) -> str:
    """The canonical address that the page gives itself, "" where none."""
    found = _ADDRESSES(tree)
    return str(found[0]) if found else ""


def article_heading(tree: HtmlElement, titles: list[set[str]]) -> HtmlElement | None:
    """The element that shows the article's title: the `h1` most like the page's title, or a lesser one that is it."""
    named = titles[:1]
    headings = [heading for heading in _HEADINGS(tree)[:10] if text_of(heading)]
    best = max(headings, key=lambda heading: _likeness(text_of(heading), named), default=None)
    if best is not None and (not named or _likeness(text_of(best), named) > 0.3):
        return best
    for element in _LESSER_HEADINGS(tree)[:60]:
        text = text_of(element)
        if 10 < len(text) < _LONGEST_TITLE and _likeness(text, named) > 0.6:
            return element
    return best if best is not None else _lone_heading(tree, titles[0] if titles else set())


def _lone_heading(tree: HtmlElement, title: set[str]) -> HtmlElement | None:
    """On a page without headings (old ones set `font` and `b`), the first element whose own words are the page's title, the
    outlet's name apart."""
    for element in islice(tree.iter("b", "strong", "font", "big", "td", "th", "p", "span", "div"), _MOST_PLAIN):
        own = title_words(element.text or "")
        if len(own) > 2 and own <= title and len(own) >= 0.6 * len(title):
            return element
    return None


def _likeness(text: str, titles: list[set[str]]) -> float:
    own = title_words(text)
    return max((len(own & title) / len(own | title) for title in titles if own), default=0.0)


def text_of(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


_OUT_TAGS = frozenset(
    (
        "nav", "footer", "aside", "script", "style", "noscript", "form", "select", "button", "figure", "figcaption", "template", "svg", "iframe",
        "textarea", "option",
    )
)  # fmt: skip
_OUT_NAMES = re.compile(
    r"(?:^|[\s_-])(?:comment\w*|respond|related|similar|recommend\w*|sidebar|side-bar|widget\w*|footer|popular|most-?read|trending|ticker|breaking|newsletter"
    r"|cookies?|consent|menu|nav|navbar|navigation|calendar|weather|meteo|prayer|plus-lus|read-?more|lire-?aussi|a-lire|copyright|pagination|popup|modal)(?=$|[\s_-])",
    re.IGNORECASE,
)
# These are also names of boxes in which an article's date stands.
_MOSTLY_OUT_NAMES = re.compile(
    r"(?:^|[\s_-])(?:topbar|top-bar|also|dernieres|latest|more-news|carousel|slider|share|sharing|breadcrumbs?|archives?|teaser\w*|cards?|promo\w*)(?=$|[\s_-])",
    re.IGNORECASE,
)
_DATE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:date|publi\w*|byline|infos?|meta|time|posted|article|entry|story)(?=$|[\s_-])", re.IGNORECASE
)
_MOST_ANCESTORS, _LONGEST_NAMES = 25, 300


def aside(element: HtmlElement, keep: frozenset[HtmlElement] = frozenset()) -> bool:
    """Whether an element stands in a part of the page that speaks of other things: navigation, comments, other articles.

    Args:
        keep: the ancestors of the title; they are the article, whatever their class says.
    """
    for depth, ancestor in enumerate(upwards(element)):
        if depth > _MOST_ANCESTORS or ancestor in keep or ancestor.tag == "body":
            return False
        if is_out(ancestor):
            return True
    return False


def is_out(element: HtmlElement) -> bool:
    if element.tag in _OUT_TAGS:
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if not 1 < len(names) < _LONGEST_NAMES:
        return False
    return bool(_OUT_NAMES.search(names) or (_MOSTLY_OUT_NAMES.search(names) and not _DATE_NAMES.search(names)))


_SIDE = re.compile(r"(?:^|[\s_-])(?:sidebar|side-bar)(?=$|[\s_-])", re.IGNORECASE)


def is_own_side(element: HtmlElement) -> bool:
    """Whether an element is the side box of an article and not of the whole page."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if element.tag != "aside" and not (element.tag == "div" and _SIDE.search(names)):
        return False
    return any(ancestor.tag == "article" for ancestor in upwards(element))


def upwards(element: HtmlElement | None) -> Iterator[HtmlElement]:
    while element is not None:
        yield element
        element = element.getparent()


_CARD_TEXT, _TEASER_LINK, _TEASER_WORDS = 500, 40, 5


def teaser(element: HtmlElement, keep: frozenset[HtmlElement]) -> bool:
    """Whether an element belongs to the teaser of another article: a small box with a heading or a long link of its own."""
    for depth, ancestor in enumerate(upwards(element.getparent())):
        if ancestor in keep or depth > 6:
            return False
        if _longer(ancestor, _CARD_TEXT):
            return False
        if ancestor.tag == "a" and _longer(ancestor, _TEASER_LINK):
            return True
        if any(True for _ in ancestor.iter("h2", "h3", "h4")) or any(_is_teaser(link) for link in ancestor.iter("a")):
            return True
    return False


def _is_teaser(link: HtmlElement) -> bool:
    """Whether the text of a link is a headline: several words, not an author's name or an address."""
    return not _longer(link, _CARD_TEXT) and len(text_of(link).split()) >= _TEASER_WORDS


def _longer(element: HtmlElement, limit: int) -> bool:
    """Whether the text of an element, without white space around its pieces, is longer than a limit."""
    length = 0
    for piece in element.itertext():
        length += len(piece.strip())
        if length > limit:
            return True
    return False


def shares_box(element: HtmlElement, box: frozenset[HtmlElement]) -> bool:
    """Whether the next steps up from an element lead into the title's nearest boxes."""
    for depth, ancestor in enumerate(upwards(element)):
        if depth >= CLOSE or ancestor.tag in ("body", "html", "main", "form"):
            return False
        if ancestor in box:
            return True
    return False
