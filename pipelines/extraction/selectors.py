"""CSS selectors of an outlet's TOML, for the pages the general way fails on."""

from __future__ import annotations

from functools import lru_cache

from cssselect import HTMLTranslator
from lxml import etree
from lxml.html import HtmlElement


@lru_cache(maxsize=512)
def _compiled(css: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(css))


def select(tree: HtmlElement, css: str) -> list[HtmlElement]:
    """The elements a selector matches, in the order of the page; [] for an empty selector.

    Raises:
        cssselect.SelectorError: the selector is not CSS; `scrapy sources check` finds such before a crawl does.
    """
    return [element for element in _compiled(css)(tree) if isinstance(element, HtmlElement)] if css else []
