"""Patterns derived from addresses fit those of the same outlet, and not its sections. The outlets are invented."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from sources.derive import derive

SITES = {
    "number first": (["https://www.manara.example/48213-le-port-s-ouvre.html", "https://www.manara.example/48214-la-gare.html"],
                     ["https://www.manara.example/politique", "https://www.manara.example/page/2", "https://manara.example/feed"]),
    "number last": (["https://manara.example/%d8%a7%d9%84%d9%85%d9%8a%d9%86%d8%a7%d8%a1-48213.html", "https://manara.example/المحطة-الجديدة-48214.html"],
                    ["https://manara.example/category/أخبار"]),
    "number alone": (["https://manara.example/48213/", "https://manara.example/48214/"], ["https://manara.example/12/", "https://manara.example/tag/x"]),
    "dated": (["https://manara.example/2023/11/24/le-port/", "https://manara.example/2024/1/2/la-gare/"],
              ["https://manara.example/2023/11/24/", "https://manara.example/2023/11/"]),
    "slug in a section": (["https://manara.example/politique/le-port-s-ouvre-enfin/", "https://manara.example/societe/la-gare-de-la-ville"],
                          ["https://manara.example/politique/", "https://manara.example/politique/page/2", "https://manara.example/qui-sommes-nous"]),
    "arc": (["https://manara.example/eco/le-port_ABCDEFGHIJKLMNOPQRSTUVWX23/", "https://manara.example/pol/la-gare_BCDEFGHIJKLMNOPQRSTUVWX234/"],
            ["https://manara.example/eco/", "https://manara.example/auteur/x/"]),
    "id in the query": (["https://manara.example/article.php?id=48213&cat=4", "https://manara.example/article.php?cat=2&id=48214"],
                        ["https://manara.example/section.php?cat=4", "https://manara.example/article.php"]),
    "wmaker": (["https://manara.example/Le-port-s-ouvre_a48213.html", "https://manara.example/La-gare_a48214.html"],
               ["https://manara.example/Politique_r4.html"]),
    "fixed first segment": (["https://manara.example/fr/article/le-port-s-ouvre", "https://manara.example/fr/article/la-gare-de-la-ville"],
                            ["https://manara.example/ar/article/le-port-s-ouvre-2", "https://manara.example/fr/tag/le-port-s-ouvre"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SITES)
def test_articles_match_and_sections_do_not(name: str) -> None:
    articles, others = SITES[name]
    derived = derive(articles)

    def fits(url: str) -> bool:
        return any(re.search(pattern, unquote(url)) for pattern in derived.match)

    assert [url for url in articles if not fits(url)] == []
    assert [url for url in others if fits(url)] == []
    assert derived.examples
    assert derived.share >= 90


def test_the_query_key_that_names_the_article_is_told() -> None:
    assert derive(SITES["id in the query"][0]).keep_query == ["id"]
    assert derive(SITES["dated"][0]).keep_query == []


def test_a_few_strange_addresses_change_nothing() -> None:
    articles = [f"https://manara.example/politique/titre-de-l-article-{number}.html" for number in range(48200, 48240)]
    derived = derive([*articles, "https://manara.example/live", "https://manara.example/jeux/grille-du-jour-facile"])
    assert len(derived.match) == 1


def test_nothing_gives_nothing() -> None:
    assert derive([]).match == []
    assert derive(["https://manara.example/", "https://manara.example/politique"]).match == []
