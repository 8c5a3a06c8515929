"""What a page says about its article beside the text: title, image, canonical address, twins, paywall."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from language.normalize import fold, words
from pipelines.extraction import jsonld
from pipelines.extraction.jsonld import Node
from pipelines.extraction.markup import spaced_text

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_SEPARATOR = re.compile(r"\s+[|–—\-·•»:]{1,2}\s+|\s*[|]\s*")
_MAX_META = 5000
_TOP_TITLE_WORDS = 60


@dataclass(slots=True)
class Head:
    """What stands in a page's `<meta>`, `<link>`, `<title>` and `<html>`.

    Attributes:
        metas: lower-case property, name or itemprop → contents in the order of the page.
        links: lower-case rel → elements.
        title: the text of `<title>`.
        lang: the language the page declares.
    """

    metas: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[HtmlElement]] = field(default_factory=dict)
    title: str = ""
    lang: str = ""

    def first(self, *names: str) -> str:
        """The first content of the first of these names that has one; "" where none has."""
        for name in names:
            for content in self.metas.get(name, ()):
                if content:
                    return content
        return ""


def read_head(tree: HtmlElement) -> Head:
    """Collects the head of a page in one walk; `<meta itemprop>` in the body counts as well."""
    head = Head()
    for element in tree.iter("meta", "link", "title"):
        if element.tag == "meta":
            name = (
                element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
            )
            content = element.get("content")
            if name and content:
                head.metas.setdefault(name.strip().lower(), []).append(" ".join(content[:_MAX_META].split()))
        elif element.tag == "link":
            for relation in (element.get("rel") or "").lower().split():
                head.links.setdefault(relation, []).append(element)
        elif not head.title and not any(ancestor.tag == "svg" for ancestor in element.iterancestors()):
            head.title = " ".join(element.text_content()[:_MAX_META].split())
    head.lang = (
        tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or head.first("content-language", "og:locale", "inlanguage")
    )
    return head


#: Folded names of links that lead home.
HOME_WORDS = frozenset(("accueil", "home", "الرييسيه", "الصفحه الرييسيه", "a la une", "retour", "logo"))


def _home_labels(tree: HtmlElement, url: str) -> list[str]:
    """What the links to the home page are called: in most headers the outlet's name, in text or as its logo's."""
    parts = urlsplit(url)
    root = f"//{parts.netloc}"
    homes = {"/", root, f"{root}/", *(f"{scheme}:{root}{end}" for scheme in ("http", "https") for end in ("", "/"))}
    found: list[str] = []
    # The first links are the header's.
    for link in islice(tree.iter("a"), 60):
        if link.get("href") in homes:
            label = spaced_text(link) or next((image.get("alt") or "" for image in link.iter("img")), "")
            if 2 < len(label) <= 40 and fold(label) not in HOME_WORDS:
                found.append(label)
                if len(found) == 3:
                    break
    return found


def site_names(tree: HtmlElement, head: Head, statements: list[Node], url: str, title: str = "") -> list[str]:
    """Folded names the outlet goes by: what the page calls it, its host's labels, and its title in the registry."""
    found = [
        title,
        head.first("og:site_name", "application-name", "twitter:site", "al:ios:app_name", "apple-mobile-web-app-title"),
        *_home_labels(tree, url),
    ]
    for node in statements:
        found.extend(jsonld.names(node.get("publisher")))
        if jsonld.types(node) & {"WebSite", "Organization", "NewsMediaOrganization"}:
            found.append(jsonld.text(node.get("name")))
    labels = (urlsplit(url).hostname or "").removeprefix("www.").split(".")
    found.extend([".".join(labels), " ".join(labels[:-1])])
    return [folded for folded in (fold(name).strip("@ ") for name in found) if len(folded) > 1]


def _names_site(segment: str, sites: list[str]) -> bool:
    """Whether a wording is one of the outlet's (folded) names, or nearly."""
    compact = "".join(words(segment))
    for site in sites:
        known = "".join(words(site))
        if (
            compact
            and known
            and (compact == known or (len(known) > 3 and known in compact) or (len(compact) > 3 and compact in known))
        ):
            return True
    return False


def strip_site(title: str, sites: list[str], *, guess: bool = False) -> str:
    """A title without the outlet's name at its end or beginning.

    Args:
        title: as written in `<title>` or og:title.
        sites: folded names of the outlet.
        guess: also take a last segment of up to four words for the outlet's name where four words remain.
    """
    while True:
        separators = list(_SEPARATOR.finditer(title))
        if not separators:
            return title
        first, last = separators[0], separators[-1]
        before, after = title[: last.start()], title[last.end() :]
        if _names_site(after, sites) and len(before) > 3:
            title = before
        elif _names_site(title[: first.start()], sites) and len(title) - first.end() > 3 and first.start() < 40:
            title = title[first.end() :]
        elif guess and ("|" in last[0] or len(after.split()) <= 4) and len(before.split()) >= 4:
            title, guess = before, False
        else:
            return title


def _overlap(a: list[str], b: list[str]) -> float:
    """The share of the words of the two that both have (Jaccard)."""
    left, right = set(a), set(b)
    return len(left & right) / len(left | right) if left and right else 0.0


_TITLE_TAGS = ("h2", "h3", "h4", "b", "strong", "font", "span", "td", "div", "p", "center")


def _shown(tree: HtmlElement, wordings: list[str]) -> HtmlElement | None:
    """The first element whose text is one of these wordings: a title on a page that has no heading."""
    wanted = {"".join(words(wording)) for wording in wordings if len(wording) >= 15}
    beginnings = {wording.split()[0] for wording in wordings if len(wording) >= 15}
    for element in tree.iter(*_TITLE_TAGS):
        begins = (element.text or "").split(None, 1)
        if begins and begins[0] in beginnings and "".join(words(spaced_text(element)[:400])) in wanted:
            return element
    return None


def titles(
    tree: HtmlElement, head: Head, node: Node | None, sites: list[str]
) -> tuple[str, HtmlElement | None, list[str]]:
    """The article's title as the reader sees it.

    The heading that agrees with what the page calls itself elsewhere (JSON-LD, og:title, `<title>`) wins; where none agrees,
    what it calls itself, without the outlet's name, and the place where that is shown.

    Args:
        tree: the page.
        head: its head.
        node: JSON-LD's statement of the article.
        sites: folded names of the outlet.
    Returns:
        (title, its heading or None, all wordings found): the last so that the text can be cleared of them.
    """
    headline = jsonld.text(node.get("headline") or node.get("name")) if node else ""
    stated = [
        headline,
        *head.metas.get("og:title", [])[:2],
        *head.metas.get("twitter:title", [])[:1],
        *head.metas.get("title", [])[:1],
    ]
    stated = [strip_site(name, sites) for name in stated if name]
    if head.title:
        stated.append(strip_site(head.title, sites, guess=True))
    references = [words(name) for name in stated]
    best: tuple[float, HtmlElement | None, str] = (0.0, None, "")
    headings = list(tree.iter("h1"))[:20]
    headings += [
        h for h in tree.iter("h2", "h3") if h.get("itemprop") == "headline" or "title" in (h.get("class") or "").lower()
    ][:10]
    for heading in headings:
        wording = spaced_text(heading)
        tokens = words(wording)
        if not tokens or len(tokens) > _TOP_TITLE_WORDS or _names_site(wording, sites):
            continue
        agreement = max((_overlap(tokens, reference) for reference in references), default=0.0)
        # A heading that is the beginning of what `<title>` says agrees, whatever follows there.
        if any(len(tokens) >= 3 and reference[: len(tokens)] == tokens for reference in references):
            agreement = max(agreement, 0.9)
        if heading.tag == "h1":
            agreement += 0.05
        if agreement > best[0] + 1e-9:
            best = (agreement, heading, wording)
    agreement, element, wording = best
    if element is not None and agreement >= 0.5:
        return _without_label(wording, stated), element, [wording, *stated]
    lone = [(heading, spaced_text(heading)) for heading in headings if heading.tag == "h1"]
    lone = [(heading, name) for heading, name in lone if len(words(name)) >= 4 and not _names_site(name, sites)]
    if len(lone) == 1 and (agreement >= 0.15 or not references):
        return lone[0][1], lone[0][0], [lone[0][1], *stated]
    title = next((name for name in stated if name), "")
    return title, _shown(tree, stated), stated


def _without_label(wording: str, stated: list[str]) -> str:
    """A heading without the label or overline ("VIDEO", "مباشر") glued before what the page calls itself elsewhere."""
    for name in stated:
        if len(name.split()) >= 4 and wording.endswith(name) and len(wording) - len(name) < 60:
            return name
    return wording


_LOGO = re.compile(
    r"logo|favicon|placeholder|default[_-]?(?:image|share|og)|blank\.|pixel|sprite|avatar|gravatar", re.IGNORECASE
)


def image(head: Head, node: Node | None, url: str) -> str | None:
    """The absolute address of the lead image; logos and placeholders do not count."""
    candidates = [
        *head.metas.get("og:image", []),
        *head.metas.get("og:image:url", []),
        *head.metas.get("twitter:image", []),
    ]
    if node:
        candidates[1:1] = jsonld.urls(node.get("image"))
        candidates.extend(jsonld.urls(node.get("thumbnailUrl")))
    for address in candidates:
        absolute = _absolute(url, address)
        if absolute and not _LOGO.search(unquote(urlsplit(absolute).path)):
            return absolute
    return None


def _absolute(url: str, address: str) -> str | None:
    try:
        absolute = urljoin(url, address.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and parts.hostname else None


def canonical(head: Head, url: str) -> str | None:
    """The address the page calls its own (`rel=canonical`, else og:url), absolute; None where it names a home page.

    Some systems give every page the home page's address: that is not believed of a page with a path.
    """
    candidates = [element.get("href") or "" for element in head.links.get("canonical", [])] + head.metas.get(
        "og:url", []
    )
    for candidate in candidates:
        absolute = _absolute(url, candidate) if candidate else None
        if not absolute:
            continue
        parts, own = urlsplit(absolute), urlsplit(url)
        if parts.path in ("", "/") and not parts.query and (own.path not in ("", "/") or own.query):
            continue
        return absolute
    return None


def twins(head: Head, url: str) -> dict[str, str]:
    """The same article in other languages: `hreflang` → absolute address, "x-default" and the page itself left out."""
    found: dict[str, str] = {}
    for element in head.links.get("alternate", []):
        code, target = (element.get("hreflang") or "").strip(), element.get("href") or ""
        # The code becomes a key in MongoDB: what is no language tag (RFC 5646) is none of ours.
        absolute = _absolute(url, target) if _LANGUAGE_TAG.fullmatch(code) and target else None
        if (
            absolute
            and code.lower() != "x-default"
            and absolute.rstrip("/") != url.rstrip("/")
            and urlsplit(absolute).path.strip("/")
        ):
            found.setdefault(code, absolute)
    return found


def paywalled(head: Head, node: Node | None) -> bool | None:
    """What the page says of being free: JSON-LD isAccessibleForFree, article:content_tier; None where it says nothing."""
    if node:
        free = jsonld.boolean(node.get("isAccessibleForFree"))
        parts = node.get("hasPart")
        if free is None:
            for part in parts if isinstance(parts, list) else [parts]:
                if isinstance(part, dict) and jsonld.boolean(part.get("isAccessibleForFree")) is False:
                    free = False
        if free is not None:
            return not free
    tier = head.first("article:content_tier", "og:content_tier").lower()
    if tier in ("locked", "metered", "premium", "paid"):
        return True
    return False if tier == "free" else None
