"""The outlets' files hold together: what they say of their articles is true, and no outlet claims another's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sources import checks, registry
from sources.model import Articles, Entry, Identity, Source, load
from sources.urls import canonicalize

ROOT = Path(__file__).resolve().parents[2]
NAMES = registry.names()
SOURCES = {name: registry.find(name) for name in NAMES}
EXAMPLES = [(name, url) for name in NAMES for url in SOURCES[name].articles.examples]
COUNTEREXAMPLES = [(name, url) for name in NAMES for url in SOURCES[name].articles.counterexamples]


def claimants(url: str) -> list[str]:
    return [name for name in NAMES if registry.is_article(url, SOURCES[name])]


def test_both_languages_and_both_shores_are_watched() -> None:
    enabled = [source for source in SOURCES.values() if source.enabled]
    assert len(enabled) >= 15
    assert sum("ar" in source.languages for source in enabled) >= 8
    assert {"MA", "FR"} <= {source.country for source in enabled}


@pytest.mark.parametrize("name", NAMES)
def test_outlet_shows_what_its_articles_look_like_and_what_not(name: str) -> None:
    articles = SOURCES[name].articles
    assert articles.examples
    assert articles.counterexamples


@pytest.mark.parametrize("name", NAMES)
def test_entry_points_are_no_articles(name: str) -> None:
    entry = SOURCES[name].entry
    pages = [url.replace("{page}", "2") for url in entry.listings]
    for url in [*entry.feeds, *entry.sitemaps, *pages]:
        assert claimants(url) == []


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


# -- what the check says of outlets that do not hold together ---------------------------------------------------------


def invented(name: str, articles: Articles, domain: str = "manara.example", identity: Identity | None = None) -> Source:
    return Source(
        name=name,
        title=name,
        languages=["fr"],
        timezone="Europe/Paris",
        country="FR",
        kind="portal",
        domains=[domain],
        entry=Entry(feeds=[f"https://{domain}/feed"]),
        articles=articles,
        identity=identity or Identity(),
    )


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
        match=["/"], examples=["https://manara.example/4821"], counterexamples=["https://manara.example/tag"]
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
