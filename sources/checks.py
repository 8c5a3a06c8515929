"""What must hold between the outlets: their examples match, no other outlet claims them, and nothing stands there for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

from sources.model import FIELDS, Identity, Source, in_domains, points
from sources.registry import is_article
from sources.systems import SYSTEMS
from sources.urls import UrlError, canonicalize


def faults(sources: list[Source], names: set[str] | None = None) -> list[str]:
    """What is wrong with outlets that load, one line each, naming the outlet and the field.

    Args:
        sources: all outlets.
        names: those to check; None for all.
    """
    found = []
    for source in sources:
        if names is None or source.name in names:
            checks = (_review, _examples, _counterexamples, _entry_points, _dead_options)
            found += [f"{source.name}: {fault}" for check in checks for fault in check(source, sources)]
    return found


def _review(source: Source, sources: list[Source]) -> Iterator[str]:
    if source.unreviewed:
        yield "unreviewed: a machine proposed this file; look at each line, try 'scrapy sources check --live', then remove it"
    for other in sources:
        if other.name < source.name and (shared := set(source.domains) & set(other.domains)):
            yield f"domains: {', '.join(sorted(shared))} belongs to {other.name} too"


def _examples(source: Source, sources: list[Source]) -> Iterator[str]:
    articles = source.articles
    if source.enabled and not articles.examples and not articles.unconfirmed:
        yield "articles.examples: empty; write an address or two that the patterns must match"
    if articles.examples and articles.unconfirmed:
        yield "articles.unconfirmed: there are examples now; remove it"
    for url in articles.examples:
        where = f"articles.examples: {url}"
        try:
            canonical = canonicalize(url, rules=source.identity)
        except UrlError as error:
            yield f"{where}: {error}"
            continue
        if not is_article(url, source):
            yield f"{where}: matches none of articles.match, or one of articles.ignore"
        elif not is_article(canonical, source):
            yield f"{where}: its canonical form {canonical} matches none of articles.match"
        claimed = [other.name for other in sources if other.name != source.name and is_article(url, other)]
        if claimed:
            yield f"{where}: {', '.join(claimed)} claims it too"


def _counterexamples(source: Source, sources: list[Source]) -> Iterator[str]:
    if source.enabled and not source.articles.counterexamples:
        yield "articles.counterexamples: empty; write a section or a tag that the patterns must not match"
    for url in source.articles.counterexamples:
        if is_article(url, source):
            yield f"articles.counterexamples: {url}: matches articles.match"


def _entry_points(source: Source, sources: list[Source]) -> Iterator[str]:
    seen: set[str] = set()
    for field, url, confirmed in points(source):
        where = f"{'entry' if confirmed else 'unconfirmed'}.{field}: {url}"
        if url in seen:
            yield f"{where}: named twice"
        seen.add(url)
        if field in ("feeds", "sitemaps", "listings") and is_article(url.replace("{page}", "2"), source):
            yield f"{where}: matches articles.match, as if it were an article"
    for field in FIELDS:
        for url in set(getattr(source.entry, field)) & set(getattr(source.unconfirmed, field)):
            yield f"unconfirmed.{field}: {url}: stands under entry.{field} too"


def _dead_options(source: Source, sources: list[Source]) -> Iterator[str]:
    """What changes nothing: it misleads whoever reads the file."""
    articles, identity = source.articles, source.identity
    plain = Identity(hosts=identity.hosts, keep_query=identity.keep_query)
    for pattern, _ in identity.rewrite:
        paths = [unquote(urlsplit(canonicalize(url, rules=plain)).path) for url in articles.examples if _is_url(url)]
        if paths and not any(re.search(pattern, path) for path in paths):
            yield f"identity.rewrite: {pattern!r} changes none of articles.examples; add one that it does, or remove it"
    for host, target in identity.hosts.items():
        for name in (host, target):
            if not in_domains(name, source.domains):
                yield f"identity.hosts: {name!r} is on none of the outlet's domains"
    for key in identity.keep_query:
        if articles.examples and not any(key in dict(parse_qsl(urlsplit(url).query)) for url in articles.examples):
            yield f"identity.keep_query: {key!r} stands in none of articles.examples"
    general = SYSTEMS.get(source.system, {}).get("articles", {}).get("ignore", [])
    for pattern in articles.ignore:
        foreign = [url for other in sources if other is not source for url in other.articles.examples]
        tried = [*articles.counterexamples, *foreign]
        if pattern not in general and not any(re.search(pattern, unquote(url)) for url in tried):
            yield f"articles.ignore: {pattern!r} excludes none of articles.counterexamples; add one, or remove it"


def _is_url(url: str) -> bool:
    try:
        canonicalize(url)
    except UrlError:
        return False
    return True
