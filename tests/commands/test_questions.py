"""What people ask of the archive in a terminal: why, visit, articles, sources."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from archive.records import Outcome
from tests.conftest import ROOT, Machine
from tests.crawler.test_whole_crawl import text_of
from tests.samplepress.press import Truth


def truth_with(machine: Machine, outcome: Outcome, **wanted: Any) -> Truth:
    for truth in machine.press.press.truth():
        if truth.outcome is outcome and all(getattr(truth, name) == value for name, value in wanted.items()):
            return truth
    raise AssertionError(f"the press has no {outcome} with {wanted}")


def test_why_tells_the_story_of_a_stored_article(crawled: Machine) -> None:
    truth = truth_with(crawled, Outcome.STORED, outlet="sadarabat")
    done = crawled.scrapy("why", truth.url)
    assert done.returncode == 0, done.stderr
    assert "It is in the archive. (stored)" in done.stdout
    assert truth.title in done.stdout
    assert "Published 20" in done.stdout
    assert "https://www.sadarabat.example/feed" in done.stdout or "/page/" in done.stdout
    assert "terrorism" in done.stdout or "aspects" in done.stdout


def test_why_names_the_original_of_a_copy(crawled: Machine) -> None:
    truth = truth_with(crawled, Outcome.COPY, outlet="majmaa")
    original = next(other for other in crawled.press.press.truth() if other.url == truth.copy_of)
    done = crawled.scrapy("why", truth.url)
    assert "(copy)" in done.stdout
    assert f"({original.outlet})" in done.stdout


def test_why_gives_the_evidence_against_an_off_topic_page(crawled: Machine) -> None:
    truth = truth_with(crawled, Outcome.OFF_TOPIC, outlet="pharedetroit")
    done = crawled.scrapy("why", truth.url)
    assert "not about Franco-Moroccan security. (off_topic)" in done.stdout
    assert "score" in done.stdout


def test_why_says_what_to_do_about_an_unknown_address(crawled: Machine) -> None:
    done = crawled.scrapy(
        "why",
        "https://nowhere.example/a",
        "https://www.sadarabat.example/about",
        "https://www.sadarabat.example/x-99999.html",
    )
    assert done.returncode == 1
    assert "No outlet of ours has this host" in done.stdout
    assert "matches none of its article patterns" in done.stdout
    assert "'scrapy visit URL' fetches it" in done.stdout


def test_a_visited_article_that_changed_gets_a_new_version(machine: Machine) -> None:
    edited = next(truth for truth in machine.press.press.truth(2) if truth.edited and truth.outcome is Outcome.STORED)
    first = next(truth for truth in machine.press.press.truth() if truth.url == edited.url)
    assert machine.scrapy("visit", edited.url).returncode == 0
    assert machine.scrapy("visit", edited.url).returncode == 0
    assert [visit["outcome"] for visit in machine.database.visits.find().sort("at")] == ["stored", "unchanged"]
    machine.press.edition = 2
    done = machine.scrapy("visit", edited.url)
    assert "updated" in done.stdout, done.stdout + done.stderr
    article = machine.database.articles.find_one()
    version = machine.database.versions.find_one()
    assert article is not None
    assert version is not None
    assert (article["version"], article["title"], article["text"]) == (2, edited.title, text_of(edited))
    assert (version["n"], version["title"], version["text"]) == (1, first.title, text_of(first))
    assert version["article"] == article["_id"]
    assert article["first_seen"] < article["version_at"]
    told = machine.scrapy("diff", edited.url)
    assert told.returncode == 0, told.stderr
    whole = machine.scrapy("diff", edited.url, "--full").stdout
    for state, mark in ((first, r"\{\+\u2068.*?\u2069\+\}"), (edited, r"\[-\u2068.*?\u2069-\]")):
        kept = re.sub(mark, "", whole).translate(dict.fromkeys(map(ord, "[]{}+-\u2068\u2069")))
        plain = f"{state.title} {text_of(state)}".translate(dict.fromkeys(map(ord, "[]{}+-")))
        assert plain.split() == kept.split()[-len(plain.split()) :], "each version is told whole"
    assert "unchanged …" in told.stdout
    assert len(told.stdout) < len(whole)
    assert "the versions 1 to 2" in machine.scrapy("diff", edited.url, "--from", "2", "--to", "1").stderr


def test_an_article_that_vanishes_is_marked_and_kept(machine: Machine) -> None:
    truth = truth_with(machine, Outcome.STORED, outlet="sadarabat")
    machine.scrapy("visit", truth.url)
    machine.press.misbehave(r"\.html", status=410)
    done = machine.scrapy("visit", truth.url)
    assert "The page has vanished. (gone)" in done.stdout, done.stdout
    article = machine.database.articles.find_one()
    assert article is not None
    assert article["gone_at"] is not None
    assert article["text"]


def test_a_server_that_fails_takes_no_article_away(machine: Machine) -> None:
    truth = truth_with(machine, Outcome.STORED, outlet="sadarabat")
    machine.scrapy("visit", truth.url)
    machine.press.misbehave(r"\.html", status=500)
    machine.scrapy("visit", truth.url)
    document = machine.database.urls.find_one()
    assert document is not None
    assert document["outcome"] == "stored"
    assert machine.database.visits.count_documents({"outcome": "http_error"}) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://nowhere.example/a", "belongs to no known outlet"),
        ("file:///etc/passwd", "not an absolute http(s) URL"),
        ("sadarabat.example", "not an absolute http(s) URL"),
    ],
)
def test_visit_refuses_what_it_cannot_fetch(machine: Machine, url: str, message: str) -> None:
    done = machine.scrapy("visit", url)
    assert done.returncode == 2
    assert message in done.stderr
    assert not machine.press.log


def test_articles_are_found_in_any_spelling(crawled: Machine) -> None:
    plain = crawled.scrapy("articles", "حموشي", "--limit", "0")
    vowelled = crawled.scrapy("articles", "حَمّــوشي", "--limit", "0")
    assert plain.stdout == vowelled.stdout
    assert "حموشي" in plain.stdout
    accented, bare = (crawled.scrapy("articles", word, "--limit", "0").stdout for word in ("SÉCURITÉ", "securite"))
    assert accented == bare
    assert "articles." in bare


def test_articles_as_json_are_whole_documents(crawled: Machine) -> None:
    done = crawled.scrapy(
        "articles", "--lang", "fr", "--since", "2024", "--until", "2025", "--no-copies", "--json", "--limit", "0"
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found
    assert {article["lang"] for article in found} == {"fr"}
    assert all(article["published"]["date"].startswith("2024-") for article in found)
    assert all(article["copy_of"] is None and article["text"] for article in found)
    days = [article["published"]["at"]["$date"] for article in found]
    assert days == sorted(days, reverse=True)


def test_a_question_without_an_answer_is_answered(crawled: Machine) -> None:
    done = crawled.scrapy("articles", "xylophone")
    assert (done.returncode, done.stdout[:10]) == (0, "No article")
    assert crawled.scrapy("articles", "--since", "soon").returncode == 2
    assert crawled.scrapy("articles", "--limit", "-1").returncode == 2


def test_sources_are_shown_and_checked(crawled: Machine) -> None:
    shown = crawled.scrapy("sources")
    assert "جريدة النهضة" in shown.stdout
    assert "9 outlets, 9 enabled." in shown.stdout
    checked = crawled.scrapy("sources", "check")
    assert (checked.returncode, checked.stdout) == (0, "9 outlets checked, no faults.\n")
    assert crawled.scrapy("sources", "chekc").returncode == 2


def test_a_broken_outlet_fails_the_check_with_file_and_field(crawled: Machine, tmp_path: Any) -> None:
    (tmp_path / "broken.toml").write_text('title = "Broken"\n[entry]\nfedes = []\n', encoding="utf-8")
    done = crawled.scrapy("sources", "check", "-s", f"SOURCES_DIR={tmp_path}")
    assert done.returncode == 2
    assert (
        f"{tmp_path / 'broken.toml'}: entry: Object contains unknown field `fedes`; allowed are feeds, sitemaps"
        in done.stderr
    )


def test_list_prints_the_outlets(crawled: Machine) -> None:
    assert crawled.scrapy("list").stdout.split() == sorted(
        [
            "alofok",
            "annahda",
            "carnetsdusud",
            "gazetteoriental",
            "majmaa",
            "manbar24",
            "pharedetroit",
            "sadarabat",
            "seinematin",
        ]
    )


@pytest.mark.parametrize(
    ("line", "outcome", "kept"), [("threshold = 1.0", Outcome.STORED, 0), ('topic = "all"', Outcome.OFF_TOPIC, 1)]
)
def test_an_outlet_may_narrow_or_widen_the_topic(
    machine: Machine, tmp_path: Any, line: str, outcome: Outcome, kept: int
) -> None:
    text = (ROOT / "tests/samplepress/outlets/carnetsdusud.toml").read_text(encoding="utf-8")
    (tmp_path / "carnetsdusud.toml").write_text(f"{line}\n{text}", encoding="utf-8")
    truth = truth_with(machine, outcome, outlet="carnetsdusud")
    machine.scrapy("visit", truth.url, "-s", f"SOURCES_DIR={tmp_path}")
    assert machine.database.visits.count_documents({}) == 1
    assert machine.database.articles.count_documents({}) == kept
