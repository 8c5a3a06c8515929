"""What must hold between the outlets: their examples match, and no other outlet claims them."""

from __future__ import annotations

from sources.model import Source
from sources.registry import is_article
from sources.urls import UrlError, canonicalize


def faults(sources: list[Source], names: set[str] | None = None) -> list[str]:
    """What is wrong with the examples of outlets that load, one line each, naming the outlet and the field.

    Args:
        sources: all outlets.
        names: those to check; None for all.
    """
    found = []
    for source in sources:
        if names is None or source.name in names:
            found += _example_faults(source, sources)
    return found


def _example_faults(source: Source, sources: list[Source]) -> list[str]:
    found = []
    articles = source.articles
    if source.enabled and not articles.examples:
        found.append(f"{source.name}: articles.examples: empty; write an address or two that the patterns must match")
    for url in articles.examples:
        where = f"{source.name}: articles.examples: {url}"
        try:
            canonical = canonicalize(url, rules=source.identity)
        except UrlError as error:
            found.append(f"{where}: {error}")
            continue
        if not is_article(url, source):
            found.append(f"{where}: matches none of articles.match, or one of articles.ignore")
        elif not is_article(canonical, source):
            found.append(f"{where}: its canonical form {canonical} matches none of articles.match")
        claimed = [other.name for other in sources if other.name != source.name and is_article(url, other)]
        if claimed:
            found.append(f"{where}: {', '.join(claimed)} claims it too")
    for url in articles.counterexamples:
        if is_article(url, source):
            found.append(f"{source.name}: articles.counterexamples: {url}: matches articles.match")
    return found
