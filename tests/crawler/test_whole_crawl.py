"""The main job, end to end: every address of the sample press has its outcome, every article each of its fields."""

from __future__ import annotations

from typing import Any

import pytest

from archive import queries
from archive.records import Outcome
from sources import registry
from sources.model import Source
from sources.urls import canonicalize
from tests.conftest import ROOT, Machine
from tests.samplepress.press import OUTLETS, Truth

SOURCES = {source.name: source for source in registry.everything(ROOT / "tests/samplepress/outlets")[0]}
KINDS = {"whole": "same", "cut": "shortened", "extended": "extended"}


def truths(machine: Machine, outlet: str = "") -> list[Truth]:
    return [truth for truth in machine.press.press.truth() if outlet in ("", truth.outlet)]


def ledger_of(machine: Machine, truth: Truth) -> dict[str, Any] | None:
    return queries.find_url(machine.database, key_of(truth.url, SOURCES[truth.outlet]), truth.url)


def key_of(url: str, source: Source) -> str:
    return canonicalize(url, rules=source.identity)


def text_of(truth: Truth) -> str:
    """The text as stored: the standfirst is its first paragraph."""
    return "\n".join(map(plain, [truth.standfirst, *truth.paragraphs] if truth.standfirst else truth.paragraphs))


def plain(line: str) -> str:
    """A line with its white space as it is stored: no-break spaces and runs are one space."""
    return " ".join(line.split())


def article_of(machine: Machine, truth: Truth) -> dict[str, Any] | None:
    document = ledger_of(machine, truth)
    return (
        machine.database.articles.find_one({"_id": document["article"]}) if document and document["article"] else None
    )


@pytest.mark.parametrize("outlet", OUTLETS)
def test_every_address_has_its_outcome(crawled: Machine, outlet: str) -> None:
    wrong = []
    for truth in truths(crawled, outlet):
        document = ledger_of(crawled, truth)
        outcome = document["outcome"] if document else "unknown"
        if outcome != truth.outcome:
            wrong.append((truth.url, truth.title, f"is {outcome}, should be {truth.outcome}"))
    assert wrong == []


@pytest.mark.parametrize("outlet", OUTLETS)
def test_nothing_is_in_the_ledger_that_the_press_does_not_know(crawled: Machine, outlet: str) -> None:
    known = set()
    for truth in truths(crawled, outlet):
        for url in (truth.url, *truth.aliases, *([truth.target] if truth.target else [])):
            known.add(key_of(url, SOURCES[outlet]))
    found = {document["_id"] for document in crawled.database.urls.find({"source": outlet}, {"_id": 1})}
    assert found <= known


@pytest.mark.parametrize("outlet", OUTLETS)
@pytest.mark.parametrize(
    "field", ["title", "standfirst", "text", "lang", "authors", "published", "precision", "agency", "paywalled"]
)
def test_every_article_has_its_fields(crawled: Machine, outlet: str, field: str) -> None:
    wrong = []
    for truth in truths(crawled, outlet):
        article = article_of(crawled, truth)
        if article is None or truth.outcome not in (Outcome.STORED, Outcome.COPY):
            continue
        published = article["published"] or {"at": None, "precision": None}
        stored = {**article, "published": published["at"], "precision": published["precision"]}[field]
        true = {
            "title": plain(truth.title),
            "standfirst": plain(truth.standfirst),
            "text": text_of(truth),
            "published": truth.published_at,
        }.get(field, getattr(truth, field, None))
        if stored != true:
            wrong.append((truth.url, stored, true))
    assert wrong == []


def test_every_copy_points_to_the_earliest_text(crawled: Machine) -> None:
    by_url = {truth.url: truth for truth in truths(crawled)}
    wrong = []
    for truth in by_url.values():
        article = article_of(crawled, truth)
        if article is None or truth.outcome not in (Outcome.STORED, Outcome.COPY):
            continue
        original = article_of(crawled, by_url[truth.copy_of]) if truth.copy_of else None
        if article["copy_of"] != (original["_id"] if original else None):
            wrong.append((truth.url, article["copy_of"], truth.copy_of))
        elif truth.copy_of and truth.copy_kind:
            kind = KINDS[truth.copy_kind]
            if by_url[truth.copy_of].standfirst and not truth.standfirst:
                # The standfirst is part of the text, and the copy leaves it out.
                kind = {"same": "shortened", "extended": "edited"}.get(kind, kind)
            if article["copy_kind"] != kind:
                wrong.append((truth.url, article["copy_kind"], kind))
    assert wrong == []


def test_every_alias_finds_the_article(crawled: Machine) -> None:
    aliased = [truth for truth in truths(crawled) if truth.aliases and truth.outcome is Outcome.STORED]
    assert aliased
    for truth in aliased:
        article = article_of(crawled, truth)
        assert article is not None, truth.url
        for alias in truth.aliases:
            document = queries.find_url(crawled.database, key_of(alias, SOURCES[truth.outlet]), alias)
            assert document is not None, alias
            assert document["article"] == article["_id"], alias


def test_counters_visits_and_ledger_agree(crawled: Machine) -> None:
    for run in crawled.database.runs.find({"kind": "crawl"}):
        assert run["reason"] == "finished"
        visits = crawled.database.visits.count_documents({"run": run["_id"]})
        settled = sum(count for name, count in run["counters"].items() if name in set(Outcome))
        assert visits == settled, run["source"]
        waiting = crawled.database.urls.count_documents({"source": run["source"], "outcome": None})
        assert waiting == 0, run["source"]
