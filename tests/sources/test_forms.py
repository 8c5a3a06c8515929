"""Every outlet in its own form: its feeds, sitemaps and listings give its articles and nothing else, and a page is read right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.records import Page
from crawler.discovery.feeds import read_feed
from crawler.discovery.links import Link
from crawler.discovery.listings import read_listing
from crawler.discovery.sitemaps import read_sitemap
from crawler.discovery.wordpress import read_posts
from pipelines.read import read
from sources import registry
from sources.model import Source, points
from sources.registry import is_article
from sources.urls import canonicalize
from tests.sources import forms

SOURCES = {source.name: source for source in registry.everything()[0] if source.enabled}
KINDS = [(name, kind) for name, source in SOURCES.items() for kind in dict.fromkeys(p.field for p in points(source))]
PAGES = [
    (name, url, language)
    for name, source in SOURCES.items()
    for url in source.articles.examples or [f"https://{source.domains[0]}/un-article-de-plus"]
    for language in source.languages
    if language in forms.WORDS
]
FEED_FORMS = {
    "wordpress": "rss",
    "arc-xp": "rss",
    "drupal": "dublin",
    "spip": "dublin",
    "wmaker": "rss",
    "dw-arabic": "rdf",
}


def found(source: Source, kind: str) -> list[Link]:
    """What an entry point of a kind gives in the outlet's form."""
    articles, others = source.articles.examples, source.articles.counterexamples
    if kind == "feeds":
        form = FEED_FORMS.get(source.name) or FEED_FORMS.get(source.system, "atom")
        return read_feed(forms.feed(source, articles, others, form=form), f"https://{source.domains[0]}/feed")
    url = f"https://{source.domains[0]}/"
    if kind == "sitemaps":
        news = any("news" in point.url for point in points(source, "sitemaps"))
        return read_sitemap(forms.sitemap(articles, others, news=news), url).articles
    if kind == "api":
        return read_posts(forms.posts(articles, others), url).links
    return read_listing(forms.listing(articles, others), url, links=source.entry.links)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_an_entry_point_in_its_form_gives_the_articles_and_nothing_else(name: str, kind: str) -> None:
    source = SOURCES[name]
    keys = {
        canonicalize(link.url, rules=source.identity) for link in found(source, kind) if is_article(link.url, source)
    }
    assert keys == {canonicalize(url, rules=source.identity) for url in source.articles.examples}


@pytest.mark.parametrize(("name", "url", "language"), PAGES)
def test_an_article_in_its_form_is_read_right(name: str, url: str, language: str) -> None:
    source = SOURCES[name]
    body, at = forms.article(source, url, language)
    now = datetime(2026, 9, 25, 12, tzinfo=UTC)
    key = canonicalize(url, rules=source.identity)
    page = Page(key, url, url, name, now, 200, {"content-type": "text/html; charset=utf-8"}, body)
    reading = read(page, source, now)
    article = reading.article
    assert article is not None, reading.detail
    words = forms.WORDS[language]
    assert article.title == " ".join(words.title.split())
    assert article.lang == language
    for paragraph in words.paragraphs:
        assert " ".join(paragraph.split()) in article.text
    assert "اقرأ أيضا" not in article.text
    assert "Lire aussi" not in article.text
    assert article.published is not None
    local = forms.day_in(url)
    assert article.published.date == f"{local:%Y-%m-%d}"
    if forms.date_form(source) not in forms.DAYS_ONLY:
        assert article.published.at == at
