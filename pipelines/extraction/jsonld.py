"""Reading schema.org statements (JSON-LD) from a page, broken ones repaired where that is safe."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

from lxml.html import HtmlElement

Node = dict[str, object]

_ARTICLE_TYPES = frozenset(
    (
        "NewsArticle",
        "Article",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "BackgroundNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "AskPublicNewsArticle",
        "BlogPosting",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "Report",
        "AdvertiserContentArticle",
        "SatiricalArticle",
        "ScholarlyArticle",
        "TechArticle",
    )
)
_LESSER_TYPES = frozenset(
    ("VideoObject", "AudioObject", "NewsVideo", "PodcastEpisode", "Review", "ClaimReview", "Interview")
)
_LISTING_TYPES = frozenset(("CollectionPage", "SearchResultsPage", "ItemList"))

_GALLERY_TYPES = frozenset(("ImageGallery", "MediaGallery", "VideoGallery"))

_MAX_SCRIPT = 1_000_000
_MAX_REPAIR = 100_000
_MAX_DEPTH = 12

_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*;?\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
# A value runs to the quote that the next key, a brace or a bracket follows; that part is looked at, not taken.
_QUOTED_VALUE = re.compile(r'("[\w@:]{1,40}"\s*:\s*")(.{0,3000}?)(?="\s*(?:,\s*"[\w@:]{1,40}"\s*:|[}\]]))', re.DOTALL)
_OPEN_QUOTE = re.compile(r'(?<!\\)"')


def _tidy(source: str) -> str:
    """Without wrappings, trailing commas and escapes that JSON does not know."""
    bare = _WRAPPING.sub("", _WRAPPING.sub("", source))
    bare = bare.replace("\\'", "'")
    return _TRAILING_COMMA.sub(r"\1", _BAD_ESCAPE.sub(r"\\\\", bare)).strip().rstrip(";")


def _escape_quotes(source: str) -> str:
    """With the quotes inside values escaped."""
    if len(source) > _MAX_REPAIR:
        return source
    return _QUOTED_VALUE.sub(lambda match: match[1] + _OPEN_QUOTE.sub(r'\\"', match[2]), source)


def parse(text: str) -> object:
    """The value of a JSON-LD script, repaired where the repair cannot change what it says.

    Repaired are: comment and CDATA wrappings, raw line breaks in strings, trailing commas, wrong escapes, unescaped quotes
    inside a value; of several values one after the other the first is read.

    Returns:
        The value; None where it cannot be read.
    """
    if not text or len(text) > _MAX_SCRIPT:
        return None
    decoder = json.JSONDecoder(strict=False)
    for repair in (str.lstrip, _tidy, _escape_quotes):
        text = repair(text)
        try:
            return decoder.raw_decode(text)[0]
        except RecursionError:
            return None
        except ValueError:
            continue
    return None


def _flatten(value: object, depth: int = 0) -> Iterator[Node]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed"):
            if isinstance(value.get(key), (list, dict)):
                yield from _flatten(value[key], depth + 1)


def nodes(tree: HtmlElement) -> list[Node]:
    """All statements of a page's JSON-LD scripts, `@graph` and `mainEntity` opened, in the order of the page."""
    found: list[Node] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower():
            found.extend(_flatten(parse(script.text or "")))
    return found


def types(node: Node) -> set[str]:
    """The schema.org types of a statement, without namespace."""
    value = node.get("@type")
    names = value if isinstance(value, list) else [value]
    return {name.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for name in names if isinstance(name, str)}


def article(statements: list[Node]) -> Node | None:
    """The statement about the page's article: the first of an article's type, else of a video's and its kin."""
    for kinds in (_ARTICLE_TYPES, _LESSER_TYPES):
        candidates = [
            node
            for node in statements
            if types(node) & kinds and (text(node.get("headline")) or text(node.get("name")))
        ]
        if candidates:
            return candidates[0]
    return None


def is_listing(statements: list[Node]) -> bool:
    """Whether the page calls itself a collection and names no article."""
    return any(types(node) & _LISTING_TYPES for node in statements)


def is_gallery(statements: list[Node]) -> bool:
    """Whether the page calls itself a gallery of pictures or videos."""
    return any(types(node) & _GALLERY_TYPES for node in statements)


def text(value: object) -> str:
    """A text value, its character references and markup undone, white space joined; "" where there is none."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name") or ""
    if not isinstance(value, str):
        return ""
    return " ".join(re.sub(r"<[^<>]{0,300}>", " ", html.unescape(html.unescape(value))).split())


def paragraphs(value: object) -> str:
    """A long text value (`articleBody`) in paragraphs separated by "\\n"."""
    if isinstance(value, list):
        value = "\n".join(item for item in value if isinstance(item, str))
    if not isinstance(value, str):
        return ""
    raw = re.sub(r"<(?:br|/p|/h\d|/li|/div)\b[^<>]{0,100}>", "\n", html.unescape(value), flags=re.IGNORECASE)
    raw = html.unescape(re.sub(r"<[^<>]{0,300}>", " ", raw))
    return "\n".join(line for line in (" ".join(line.split()) for line in raw.splitlines()) if line)


def names(value: object) -> list[str]:
    """The names of persons or organisations: strings, or statements with a name, or lists of these."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(item.get("name"), list):
            found.extend(names(item["name"]))
        elif name := text(item):
            found.append(name)
    return found


def urls(value: object) -> list[str]:
    """The addresses of images or pages: strings, or statements with `url`, `contentUrl` or `@id`, or lists of these."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = next(
                (item[key] for key in ("url", "contentUrl", "@id") if isinstance(item.get(key), (str, list))), ""
            )
            item = item[0] if isinstance(item, list) and item else item
        if isinstance(item, str) and item.strip():
            found.append(item.strip())
    return found


def boolean(value: object) -> bool | None:
    """A truth value, which publishers also write as "True", "false", "http://schema.org/False"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.rsplit("/", 1)[-1].strip().lower()
        return {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}.get(word)
    return None
