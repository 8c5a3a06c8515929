"""Where an outlet files an article: its section and its tags, as stated by the page's data or else as shown to readers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree
from lxml.html import HtmlElement

from language.normalize import fold, words
from pipelines.extraction import jsonld
from pipelines.extraction.jsonld import Node
from pipelines.extraction.markup import spaced_text
from pipelines.extraction.metadata import HOME_WORDS, Head

_NO_SECTION = HOME_WORDS | {"uncategorized", "non-classe", "non classe", "featured", "غير مصنف"}
_COMMAS = re.compile(r"[,،;؛]")
_ADDRESS = re.compile(r"^(?:https?:/)?/|_")
_MAX_TAGS = 30
_MAX_STEPS = 8
_MAX_STEP = 60

# By class, identifier, label or microdata, as WordPress, Drupal, SPIP and the news systems mark it. From the attributes up:
# conditions on every element cost ten times as much.
_TRAILS = etree.XPath(
    "//@class[contains(., 'readcrumb') or contains(., 'ariane')]/.. | //@id[contains(., 'readcrumb') or contains(., 'ariane')]/.."
    " | //@aria-label[contains(., 'readcrumb') or contains(., 'ariane')]/.. | //@itemtype[contains(., 'BreadcrumbList')]/.."
)
_FILED = etree.XPath(".//a/@rel[contains(concat(' ', ., ' '), ' tag ')]/..")


def section(
    tree: HtmlElement,
    head: Head,
    statements: list[Node],
    node: Node | None,
    heading: HtmlElement | None,
    sites: list[str],
) -> str | None:
    """The section an article stands in; None where the page names none.

    What the page states comes first (JSON-LD articleSection, article:section), then the breadcrumb, as JSON-LD or as shown,
    then the category that a theme links beside the title (`rel="category tag"`).

    Args:
        heading: the element of the title, None where it is not shown.
        sites: the title and the outlet's names, which are no section.
    """
    stated = [jsonld.text(node.get("articleSection"))] if node else []
    stated += [head.first("article:section", "og:article:section", "cxenseparse:section", "section")]
    for name in (part.strip() for wording in stated for part in _COMMAS.split(wording)):
        if _is_section(name, sites):
            return name
    trails = [_stated_steps(statement) for statement in statements if "BreadcrumbList" in jsonld.types(statement)]
    for steps in [*trails, *_shown_steps(tree)]:
        if found := [step for step in steps if _is_section(step, sites)]:
            return found[-1]
    categories = (spaced_text(link) for link in _filed(tree, heading) if "category" in link.get("rel", "").split())
    return next((name for name in categories if _is_section(name, sites)), None)


def _is_section(name: str, sites: list[str]) -> bool:
    """Whether a wording may name a section: not the way home, the outlet, the article itself, or an address."""
    if not 1 < len(name) <= _MAX_STEP or _ADDRESS.search(name) or fold(name) in _NO_SECTION:
        return False
    title, *names = sites
    step, whole = words(name), words(title)
    # The last step of a breadcrumb is often the title, cut.
    is_title = len(step) > 2 and whole[: len(step) - 1] == step[:-1]
    return (
        any(word.isalpha() for word in step)
        and not is_title
        and not any("".join(step) == "".join(words(site)) for site in names)
    )


def _stated_steps(statement: Node) -> list[str]:
    items = statement.get("itemListElement")
    steps = [step for step in items if isinstance(step, dict)] if isinstance(items, list) else []
    return [jsonld.text(step.get("name")) or jsonld.text(step.get("item")) for step in steps]


def _shown_steps(tree: HtmlElement) -> Iterable[list[str]]:
    """The links of each breadcrumb; a menu that is called one has too many."""
    for trail in _TRAILS(tree)[:4]:
        links = list(trail.iter("a"))
        if 0 < len(links) <= _MAX_STEPS:
            yield [spaced_text(link).strip(" ,>»›/[]") for link in links]


def _filed(tree: HtmlElement, heading: HtmlElement | None) -> list[HtmlElement]:
    """The links to tags and categories that belong to the article: in its own element, where it has one."""
    own = tree
    if heading is not None:
        own = next(heading.iterancestors("article"), tree)
    links: list[HtmlElement] = _FILED(own)
    return links


def tags(tree: HtmlElement, head: Head, node: Node | None, heading: HtmlElement | None, sites: list[str]) -> list[str]:
    """Keywords an outlet gives its article, without repetitions, at most 30.

    JSON-LD keywords and article:tag; else news_keywords; else the links shown as tags (`rel="tag"`, a microformat); else the
    page's keywords, unless they name the outlet, as those do that are the same on every page.

    Args:
        sites: the title and the outlet's names.
    """
    stated = node.get("keywords") if node else None
    found = _split([jsonld.text(item) for item in (stated if isinstance(stated, list) else [stated])])
    found += _split(head.metas.get("article:tag", []))
    found = found or _split(head.metas.get("news_keywords", [])) or _shown_tags(tree, heading)
    if not found:
        found = _split(head.metas.get("keywords", []))
        found = [] if any(fold(name) in sites for name in found) else found
    unique: dict[str, str] = {}
    for name in found:
        # Some systems put typed labels ("type:video", "id:12") among the keywords.
        if 1 < len(name) <= 80 and not re.match(r"[\w ]{1,20}:\S", name):
            unique.setdefault(fold(name), name)
    return list(unique.values())[:_MAX_TAGS]


def _split(wordings: list[str]) -> list[str]:
    """Keywords one by one: a lone wording may be a list, among others a comma belongs to the name."""
    parts = _COMMAS.split(wordings[0]) if len(wordings) == 1 else wordings
    return [name for part in parts if (name := part.strip(" #\"'"))]


def _shown_tags(tree: HtmlElement, heading: HtmlElement | None) -> list[str]:
    """The first group of tag links; further ones belong to cards of other articles."""
    links = [link for link in _filed(tree, heading) if "category" not in link.get("rel", "").split()]
    group = links[0].getparent() if links else None
    if group is not None and group.tag == "li":
        group = group.getparent()
    return [spaced_text(link).strip(" #") for link in links if group in link.iterancestors()]
