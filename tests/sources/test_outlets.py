"""The outlets' files hold together: what they say of their articles is true, and no outlet claims another's."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from sources import checks, registry, table
from sources.model import Articles, Entry, Identity, Source, load, points
from sources.urls import canonicalize
from tests.conftest import SHARED

ROOT = Path(__file__).resolve().parents[2]
NAMES = registry.names()
SOURCES = {name: registry.find(name) for name in NAMES}
EXAMPLES = [(name, url) for name in NAMES for url in SOURCES[name].articles.examples]
COUNTEREXAMPLES = [(name, url) for name in NAMES for url in SOURCES[name].articles.counterexamples]


def claimants(url: str) -> list[str]:
    return [name for name in NAMES if registry.is_article(url, SOURCES[name])]


def test_both_languages_and_both_shores_are_watched() -> None:
    enabled = [source for source in SOURCES.values() if source.enabled]
    assert len(enabled) >= 50
    assert sum("ar" in source.languages for source in enabled) >= 25
    assert sum("fr" in source.languages for source in enabled) >= 25
    assert {"MA", "FR"} <= {source.country for source in enabled}


def test_most_files_are_short() -> None:
    lines = [len((registry.OUTLETS / f"{name}.toml").read_text(encoding="utf-8").splitlines()) for name in NAMES]
    assert median(lines) <= 15


def test_table_in_the_docs_is_fresh() -> None:
    page = (ROOT / "docs" / "outlets.md").read_text(encoding="utf-8")
    assert page == table.markdown(list(SOURCES.values())), "run: python -m sources.table > docs/outlets.md"


@pytest.mark.parametrize("name", NAMES)
def test_entry_points_are_no_articles(name: str) -> None:
    for point in points(SOURCES[name]):
        assert claimants(point.url.replace("{page}", "2")) == []


@pytest.mark.parametrize(("name", "url"), EXAMPLES)
def test_example_belongs_to_one_outlet_in_every_form(name: str, url: str) -> None:
    canonical = canonicalize(url, rules=SOURCES[name].identity)
    tracked = f"{url}{'&' if '?' in url else '?'}utm_source=rss&fbclid=x#comments"
    for form in (url, canonical, url.replace("https://", "http://"), tracked):
        assert claimants(form) == [name]
        assert canonicalize(form, rules=SOURCES[name].identity) == canonical
        owner = registry.owner(form, list(SOURCES.values()))
        assert owner is not None
        assert owner.name == name


@pytest.mark.parametrize(("name", "url"), COUNTEREXAMPLES)
def test_counterexample_is_no_article_of_the_outlet(name: str, url: str) -> None:
    assert not registry.is_article(url, SOURCES[name])
    assert not registry.is_article(canonicalize(url, rules=SOURCES[name].identity), SOURCES[name])


def test_outlets_pass_the_check() -> None:
    assert checks.faults(list(SOURCES.values())) == []


def test_example_in_the_docs_is_a_good_outlet(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "adding-an-outlet.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "lumiere-du-rif.toml"
    path.write_text(example, encoding="utf-8")
    source = load(path)
    assert checks.faults([source, *SOURCES.values()]) == []
    shown, changed = source.articles.examples[0], "https://lumiere.example/48213-un-autre-titre.html"
    assert canonicalize(shown, rules=source.identity) == canonicalize(changed, rules=source.identity)


# -- what is known of the press, where it lies beside this checkout ----------------------------------------------------

FACTS = SHARED / "facts" / "sources.json"
KNOWN = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.is_file() else []
OF_ANOTHER = {"www.pressreader.com"}
"""Hosts of examples that show copies of an outlet and are not its own."""


@pytest.mark.skipif(not KNOWN, reason=f"{FACTS} is not here")
def test_every_known_outlet_is_described() -> None:
    missing = [fact["name"] for fact in KNOWN if not any(_owner(f"https://{host}/") for host in fact["domains"])]
    assert missing == []


@pytest.mark.parametrize("fact", KNOWN, ids=lambda fact: fact["name"])
def test_known_articles_are_recognised_by_one_outlet_and_known_listings_by_none(fact: dict[str, Any]) -> None:
    for url in fact["article_examples"]:
        owner = _owner(url)
        if urlsplit(url).hostname in OF_ANOTHER or owner is None or not owner.enabled:
            continue
        assert claimants(url) == [owner.name], url
        assert claimants(canonicalize(url, rules=owner.identity)) == [owner.name], url
    for listing in fact["listing_patterns"]:
        for url in _addresses(listing["pattern"]):
            assert claimants(url) == [], url
    for kind in ("feeds", "sitemaps"):
        assert [entry["url"] for entry in fact[kind] if claimants(entry["url"])] == []


def _owner(url: str) -> Source | None:
    return registry.owner(url, list(SOURCES.values()))


def _addresses(pattern: str) -> list[str]:
    """The addresses that a pattern of the facts stands for: every alternative in braces, 2 for a number, a word for a query."""
    found = []
    for written in re.findall(r"https?://[^ ;()]+", pattern):
        parts = re.split(r"\{([^}]*)(?:\}|$)", written)
        choices = [_choices(part) if place % 2 else [part] for place, part in enumerate(parts)]
        found += ["".join(chosen) for chosen in product(*choices)]
    return [url.replace("…", "") for url in found]


def _choices(braced: str) -> list[str]:
    return braced.split(",") if "," in braced else ["dgsn" if braced in ("q", "query", "section") else "2"]


# -- what the check says of outlets that do not hold together ---------------------------------------------------------


def invented(name: str, articles: Articles, domain: str = "manara.example", **fields: Any) -> Source:
    if not articles.counterexamples:
        articles = structs.replace(articles, counterexamples=[f"https://{domain}/rubrique"])
    return Source(
        **{
            "name": name,
            "articles": articles,
            **_DEFAULTS,
            "domains": [domain],
            "entry": Entry(feeds=[f"https://{domain}/feed"]),
            **fields,
        }
    )


_DEFAULTS: dict[str, Any] = {
    "title": "المنارة",
    "languages": ["fr"],
    "timezone": "Europe/Paris",
    "country": "FR",
    "kind": "portal",
}
GOOD = Articles(match=[r"/\d{4}"], examples=["https://manara.example/4821"])


def test_check_tells_an_example_that_does_not_match() -> None:
    source = invented("manara", Articles(match=[r"/\d{4}$"], examples=["https://manara.example/politique"]))
    (fault,) = checks.faults([source])
    assert fault.startswith("manara: articles.examples: https://manara.example/politique: ")
    assert "articles.match" in fault


def test_check_tells_a_pattern_that_fails_on_the_canonical_form() -> None:
    source = invented("manara", Articles(match=["//www\\."], examples=["https://www.manara.example/4821"]))
    (fault,) = checks.faults([source])
    assert "canonical form https://manara.example/4821" in fault


def test_check_tells_who_else_claims_an_example() -> None:
    edition = invented(
        "edition", Articles(match=[r"/\d+"], examples=["https://fr.manara.example/4821"]), "fr.manara.example"
    )
    whole = invented("whole", Articles(match=[r"/\d+"], examples=["https://manara.example/4822"]))
    (fault,) = checks.faults([edition, whole])
    assert fault == "edition: articles.examples: https://fr.manara.example/4821: whole claims it too"


def test_check_tells_a_counterexample_that_matches() -> None:
    articles = Articles(
        match=[r"/(\d{4}|tag)$"],
        examples=["https://manara.example/4821"],
        counterexamples=["https://manara.example/tag"],
    )
    (fault,) = checks.faults([invented("manara", articles)])
    assert fault.startswith("manara: articles.counterexamples: https://manara.example/tag")


def test_check_tells_an_outlet_without_examples() -> None:
    (fault,) = checks.faults([invented("manara", Articles(match=[r"/\d+"]))])
    assert fault.startswith("manara: articles.examples: empty")


def test_check_of_some_outlets_leaves_the_others_alone() -> None:
    broken = invented("broken", Articles(match=[r"/\d+"]), "broken.example")
    good = invented("manara", Articles(match=[r"/\d+"], examples=["https://manara.example/4821"]))
    assert checks.faults([broken, good], {"manara"}) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"unreviewed": True}, "unreviewed: a machine proposed this file"),
        ({"unconfirmed": Entry(feeds=["https://manara.example/feed"])}, "stands under entry.feeds too"),
        (
            {"entry": Entry(listings=["https://manara.example/2024?page={page}"])},
            "entry.listings: https://manara.example/2024",
        ),
        ({"identity": Identity(rewrite=[("^/mag/", "/")])}, "identity.rewrite: '^/mag/' changes none"),
        ({"identity": Identity(keep_query=["id"])}, "identity.keep_query: 'id' stands in none"),
        ({"identity": Identity(hosts={"m.autre.example": "manara.example"})}, "identity.hosts: 'm.autre.example'"),
        (
            {"articles": structs.replace(GOOD, ignore=["/video/"], counterexamples=["https://manara.example/a"])},
            "articles.ignore: '/video/'",
        ),
        (
            {"articles": structs.replace(GOOD, unconfirmed=True, counterexamples=["https://manara.example/a"])},
            "articles.unconfirmed: there are",
        ),
        ({"articles": structs.replace(GOOD, counterexamples=[])}, "articles.counterexamples: empty"),
    ],
)
def test_check_tells_what_is_unfinished_or_changes_nothing(fields: dict[str, Any], told: str) -> None:
    (fault,) = checks.faults([structs.replace(invented("manara", GOOD), **fields)])
    assert fault.startswith("manara: ")
    assert told in fault


def test_check_tells_two_files_for_one_host() -> None:
    other = invented("zahra", Articles(match=["/z/"], unconfirmed=True))
    (fault,) = checks.faults([invented("manara", GOOD), other])
    assert fault == "zahra: domains: manara.example belongs to manara too"
