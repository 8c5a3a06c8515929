"""What becomes of a page once it is read: plain functions, the same for a crawl and for pages from WARC files.

Each either settles the page's outcome, with the reason in words, or lets it pass.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

from archive import writer
from archive.records import Outcome, Page
from pipelines.reading import Reading
from pipelines.topic import THRESHOLD
from sources import registry
from sources.model import Source
from sources.urls import UrlError, canonicalize, same_outlet, settle

#: Verdicts of relevance: canonical URL → the last one.
Verdicts = dict[str, dict[str, Any]]


class Span(Protocol):
    """A span of publication instants, such as the window of a crawl."""

    def holds(self, moment: datetime) -> bool:
        """Whether an aware instant lies within."""


def take(page: Page, reading: Reading) -> None:
    """Hand a page what was read from it; its body is let go."""
    page.outcome, page.detail, page.article = reading.outcome, reading.detail, reading.article
    page.body = b""


def window(page: Page, span: Span) -> None:
    """What lies outside the window is not stored; what has no date is."""
    article = page.article
    if page.outcome is not None or article is None or article.published is None:
        return
    if not span.holds(article.published.at):
        page.outcome = Outcome.OUTSIDE_WINDOW
        page.detail = f"published {article.published.at:%Y-%m-%d %H:%M} UTC"


def topic(page: Page, source: Source, verdicts: Verdicts) -> None:
    """What is not about Franco-Moroccan security stays out, unless the outlet's TOML or a person says otherwise."""
    article = page.article
    if page.outcome is not None or article is None:
        return
    verdict = verdicts.get(page.key)
    if verdict is not None:
        relevant, detail = verdict["relevant"], f"{verdict['by']} judged it off topic: {verdict['reason']}"
    else:
        score = float(article.topic["score"])
        threshold = THRESHOLD if source.threshold is None else source.threshold
        relevant = score >= threshold or source.topic == "all"
        detail = f"topic score {score:.2f}, below {threshold:.2f}"
    if not relevant:
        page.outcome, page.detail = Outcome.OFF_TOPIC, detail


def identity(page: Page, source: Source) -> writer.Entry:
    """Which article the page is, under all its addresses."""
    article = page.article
    entry = writer.Entry(page, page.key)
    if article is None:
        return entry
    entry.url = settle(page.url, article.canonical, source.domains, rules=source.identity)
    # What the page declares must look like an article too: some themes declare a section.
    if entry.url != page.key and not registry.is_article(entry.url, source) and registry.is_article(page.key, source):
        entry.url = page.key
    if page.outcome not in (None, Outcome.OFF_TOPIC):
        return entry
    entry.addresses = [page.key, page.url, page.requested, *page.aliases]
    article.url = entry.url
    article.twins = _twins(article.twins, source)
    # A batch that is written again decides again: addresses come once.
    article.story_keys = list(dict.fromkeys([*article.story_keys, entry.url, *sorted(article.twins.values())]))
    return entry


def _twins(declared: dict[str, str], source: Source) -> dict[str, str]:
    """Addresses of translations as the archive knows them; what is no address is left out."""
    found = {}
    for language, url in declared.items():
        with suppress(UrlError):
            found[language] = canonicalize(url, rules=source.identity if same_outlet(url, source.domains) else None)
    return found
