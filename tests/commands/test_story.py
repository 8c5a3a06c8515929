"""`scrapy story`: one event in both languages, as a reader wants it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from archive import stories, withdrawal
from tests.conftest import Machine


def article(machine: Machine, title: str) -> dict[str, Any]:
    found = machine.database.articles.find_one({"title": {"$regex": title}, "copy_of": None})
    assert found is not None, title
    return found


@pytest.fixture(scope="module")
def plot(crawled: Machine) -> dict[str, Any]:
    """A report in the middle of a story that has copies, reports in both languages and a sequel."""
    return article(crawled, "^Comment la DGST a mis la DGSI")


def test_a_story_is_found_from_any_of_its_articles(crawled: Machine, plot: dict[str, Any]) -> None:
    story = stories.story_of(crawled.database, plot["_id"])
    assert story is not None
    for document in [copy for report in story.reports for copy in [report.article, *report.copies]]:
        again = stories.story_of(crawled.database, document["_id"])
        assert again is not None
        assert again.id == story.id
    assert stories.story_of(crawled.database, "0" * 20) is None


def test_the_copy_of_a_copy_is_folded_under_the_first(crawled: Machine, plot: dict[str, Any]) -> None:
    database = crawled.database
    copies = (
        database.articles.find({"copy_of": plot["_id"]}).to_list()
        or database.articles.find({"story": plot["story"], "copy_of": {"$ne": None}}).to_list()
    )
    one = copies[0]
    other = {**one, "_id": "0" * 20, "url": "https://gazetteoriental.example/grown", "copy_of": one["_id"]}
    database.articles.insert_one(other)
    try:
        story = stories.story_of(database, other["_id"])
        assert story is not None
        (folded,) = [report for report in story.reports if other["_id"] in [copy["_id"] for copy in report.copies]]
        assert folded.article["_id"] == one["copy_of"]
        assert {copy["_id"] for copy in withdrawal._same_text(database, folded.article)} >= {one["_id"], other["_id"]}
    finally:
        database.articles.delete_one({"_id": other["_id"]})


def test_its_reports_stand_in_time_with_copies_folded_and_first_reports_named(
    crawled: Machine, plot: dict[str, Any]
) -> None:
    story = stories.story_of(crawled.database, plot["_id"])
    assert story is not None
    assert [report.at for report in story.reports] == sorted(report.at for report in story.reports)
    assert not any(report.article["copy_of"] for report in story.reports)
    assert {copy["source"] for report in story.reports for copy in report.copies} == {"gazetteoriental", "majmaa"}
    assert story.firsts["fr"].article["source"] == "seinematin"
    assert story.firsts["ar"].article["source"] == "sadarabat"
    assert story.outlets == {
        "fr": ["seinematin", "pharedetroit", "gazetteoriental"],
        "ar": ["sadarabat", "manbar24", "majmaa"],
    }


def test_what_one_press_names_and_the_other_does_not_is_told_apart(crawled: Machine, plot: dict[str, Any]) -> None:
    story = stories.story_of(crawled.database, plot["_id"])
    assert story is not None
    assert "place:villeurbanne" in dict(story.both)
    assert "person:retailleau" in dict(story.only["fr"])
    assert "person:retailleau" not in dict(story.only["ar"])
    assert stories.name_of("person:retailleau", "ar") == "برونو روتايو"
    assert stories.name_of("person:retailleau", "fr") == "Bruno Retailleau"


def test_what_came_after_is_linked_and_other_events_are_not(crawled: Machine, plot: dict[str, Any]) -> None:
    story = stories.story_of(crawled.database, plot["_id"])
    assert story is not None
    sequel = article(crawled, "^Suspect de Villeurbanne écroué")
    assert [other.first["_id"] for other in story.after] == [sequel["story"]]
    after = stories.story_of(crawled.database, sequel["_id"])
    assert after is not None
    assert [other.first["_id"] for other in after.before] == [story.id]


def test_the_command_shows_it_in_words(crawled: Machine, plot: dict[str, Any]) -> None:
    shown = crawled.scrapy("story", plot["url"])
    assert shown.returncode == 0, shown.stderr
    assert "6 articles by 6 outlets" in shown.stdout
    assert "معلومات «الديستي»" in shown.stdout
    assert "Villeurbanne" in shown.stdout
    assert "copied (same)" in shown.stdout
    assert "After, of the same affair" in shown.stdout
    arabic = crawled.scrapy("story", plot["_id"], "--lang", "ar").stdout
    assert "فيلوربان" in arabic
    whole = json.loads(crawled.scrapy("story", plot["_id"], "--json").stdout)
    assert len(whole["reports"]) == 4


def test_a_wrong_call_says_what_to_do(crawled: Machine) -> None:
    for arguments, code, message in (
        ([], 2, "scrapy story URL"),
        (["https://www.sadarabat.example/a-12345.html"], 1, "no article of the archive"),
        (["x", "--lang", "en"], 2, "write ar or fr"),
    ):
        done = crawled.scrapy("story", *arguments)
        assert done.returncode == code
        assert message in done.stderr


def test_a_list_of_stories_goes_on_where_it_ended(crawled: Machine) -> None:
    """One by one, past those that end at the same instant."""
    whole = [one.id for one in stories.latest(crawled.database, limit=1000)]
    met: list[str] = []
    before, below = None, ""
    while told := stories.latest(crawled.database, before=before, below=below, limit=1):
        met.append(told[0].id)
        before, below = told[0].end, told[0].id
    assert met == whole


@pytest.mark.parametrize("command", ["show", "why", "captures", "story"])
def test_what_is_no_address_is_refused_in_a_line(crawled: Machine, command: str) -> None:
    done = crawled.scrapy(command, "http://[")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
