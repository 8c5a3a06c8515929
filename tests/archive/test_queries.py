"""Every example of the cookbook runs as it stands and finds something; the queries by name tell what the press is known to hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import json_util
from pymongo.database import Database

from archive import backup, mongo, queries, stories, views
from tests.conftest import ROOT, Machine

COOKBOOK = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"On `(\w+)`:\n\n```json\n(.*?)```", COOKBOOK, re.DOTALL)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def lived(crawled: Machine) -> Iterator[Database[dict[str, Any]]]:
    """The crawled press, a while later: one article was edited, another has vanished."""
    name = f"{crawled.database.name}_lived"
    for collection in ("articles", "urls"):
        crawled.database[collection].aggregate([{"$out": {"db": name, "coll": collection}}])
    made = crawled.database.client[name]
    mongo.prepare(made)
    edited, gone = made.articles.find({"copy_of": None}).sort("_id", 1).limit(2)
    state = {key: edited[key] for key in ("title", "text", "capture", "search")} | {
        "title": "Avant",
        "at": edited["version_at"],
    }
    made.versions.insert_one({"article": edited["_id"], "n": 1, **state})
    made.articles.update_one({"_id": edited["_id"]}, {"$set": {"version": 2, "version_at": NOW}})
    made.articles.update_one({"_id": gone["_id"]}, {"$set": {"gone_at": NOW}})
    yield made
    made.client.drop_database(name)


def test_every_block_of_the_cookbook_is_an_example() -> None:
    assert len(EXAMPLES) == COOKBOOK.count("```json") >= 12


@pytest.mark.parametrize("text", [text for _, text in EXAMPLES])
def test_pymongo_reads_of_an_example_all_that_stands_in_it(text: str) -> None:
    assert _lost(json.loads(text), json_util.loads(text)) == []


@pytest.mark.parametrize(("collection", "text"), EXAMPLES)
def test_the_examples_of_the_cookbook_find_something(
    lived: Database[dict[str, Any]], collection: str, text: str
) -> None:
    found = list(lived[collection].aggregate(json_util.loads(text)))
    assert found
    assert all(len(document) > 1 for document in found)


def test_who_is_named_with_a_person_leaves_out_that_person(lived: Database[dict[str, Any]]) -> None:
    ((collection, text),) = (example for example in EXAMPLES if "^person:" in example[1])
    found = [named["_id"] for named in lived[collection].aggregate(json_util.loads(text))]
    assert found
    assert "person:hammouchi" not in found


def test_a_story_was_broken_by_its_first_report(lived: Database[dict[str, Any]]) -> None:
    told = next(story for story in queries.scoops(lived) if len(story["langs"]) > 1)
    one = queries.who_broke(lived, told["_id"])
    reports = list(lived.articles.find({"story": told["_id"]}))
    assert one is not None
    assert one["first"]["at"] == min(stories.instant(report) for report in reports)
    assert set(one["outlets"]) == {report["source"] for report in reports}
    assert queries.who_broke(lived, "nothing") is None


def test_the_spread_of_a_text_names_every_copy(lived: Database[dict[str, Any]]) -> None:
    copy = lived.articles.find_one({"copy_of": {"$ne": None}})
    assert copy is not None
    spread = queries.spread(lived, copy["_id"])
    assert spread is not None
    assert spread["_id"] == copy["copy_of"]
    urls = [other["url"] for other in lived.articles.find({"copy_of": copy["copy_of"]})]
    assert sorted(one["url"] for one in spread["copies"]) == sorted(urls)
    assert all(one["hours"] >= 0 for one in spread["copies"])


def test_weeks_add_up_to_the_articles_of_a_span(lived: Database[dict[str, Any]]) -> None:
    since, until = datetime(2023, 11, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
    weeks = queries.coverage_by_week(lived, since, until)
    span = {"published.at": {"$gte": since, "$lt": until}}
    assert sum(week["articles"] for week in weeks) == lived.articles.count_documents(span) > 0
    assert all(datetime.fromisoformat(week["week"]).weekday() == 0 for week in weeks)
    named = queries.coverage_by_week(lived, entities=["person:hammouchi"], sources=["sadarabat"])
    query = {"topic.entities": "person:hammouchi", "source": "sadarabat", "published": {"$ne": None}}
    assert sum(week["articles"] for week in named) == lived.articles.count_documents(query) > 0


def test_a_day_of_a_paris_outlet_is_in_the_week_that_its_page_says(lived: Database[dict[str, Any]]) -> None:
    """Midnight of a Monday in Paris is still Sunday in Casablanca."""
    article = lived.articles.find_one({"published": {"$ne": None}})
    assert article is not None
    day = {"at": datetime(2019, 6, 30, 22, tzinfo=UTC), "date": "2019-07-01", "precision": "day"}
    paris = {
        "_id": "paris",
        "url": "https://paris.example/1",
        "source": "paris",
        "lang": "fr",
        "published": article["published"] | day,
    }
    lived.articles.insert_one(
        {**article, **paris, "topic": article["topic"] | {"entities": ["person:paris"]}, "copy_of": None}
    )
    text = next(text for _, text in EXAMPLES if "%G-W%V" in text).replace("person:hammouchi", "person:paris")
    try:
        assert [week["week"] for week in queries.coverage_by_week(lived, sources=["paris"])] == ["2019-07-01"]
        assert [week["_id"] for week in lived.articles.aggregate(json_util.loads(text))] == ["2019-W27"]
    finally:
        lived.articles.delete_one({"_id": "paris"})


def test_entities_are_counted_by_month_and_language(lived: Database[dict[str, Any]]) -> None:
    found = queries.entities_over_time(lived, ["person:hammouchi"])
    query = {"topic.entities": "person:hammouchi", "copy_of": None, "published": {"$ne": None}}
    assert sum(month["articles"] for month in found) == lived.articles.count_documents(query)
    assert {month["lang"] for month in found} == {"ar", "fr"}


def test_edits_and_take_downs_are_told(lived: Database[dict[str, Any]]) -> None:
    (edit,) = queries.edits(lived, NOW - timedelta(days=1))
    assert (edit["before"], edit["retitled"]) == ("Avant", True)
    assert queries.edits(lived, until=NOW) == []
    (gone,) = queries.vanished(lived)
    assert gone["gone_at"] == NOW
    assert gone["days"] > 0
    assert queries.vanished(lived, until=NOW) == []


def test_states_of_an_article_come_without_what_they_are_searched_by(lived: Database[dict[str, Any]]) -> None:
    article = lived.articles.find_one({"version": 2})
    assert article is not None
    assert lived.versions.find_one({"article": article["_id"], "search": {"$exists": True}})
    states = queries.states_of(lived, article)
    assert [state["title"] for state in states] == ["Avant", article["title"]]
    assert not any("search" in state for state in states)


def test_a_headline_changed_and_changed_back_is_two_edits(lived: Database[dict[str, Any]]) -> None:
    article = lived.articles.find_one({"version": 1, "published": {"$ne": None}})
    assert article is not None
    one, two, three = (NOW + timedelta(hours=hours) for hours in (-3, -2, -1))
    kept = {"article": article["_id"], **{key: article[key] for key in ("text", "capture", "search")}}
    lived.versions.insert_many(
        [
            {**kept, "n": 1, "title": article["title"], "at": one},
            {**kept, "n": 2, "title": "Entre-temps", "at": two},
        ]
    )
    lived.articles.update_one({"_id": article["_id"]}, {"$set": {"version": 3, "version_at": three}})
    try:
        back, away = queries.edits(lived, until=NOW)
    finally:
        lived.versions.delete_many({"article": article["_id"]})
    told = [(edit["n"], edit["before"], edit["after"], edit["retitled"], edit["changed"]) for edit in (away, back)]
    assert told == [
        (1, article["title"], "Entre-temps", True, two),
        (2, "Entre-temps", article["title"], True, three),
    ]
    assert away["hours"] < back["hours"]


def test_views_are_mended_and_left_out_of_backups(lived: Database[dict[str, Any]]) -> None:
    lived.drop_collection("weeks")
    lived.command("create", "weeks", viewOn="urls", pipeline=[])
    views.prepare(lived)
    assert lived.weeks.find_one({"week": {"$regex": "^20"}})
    assert not {view.name for view in views.VIEWS} & set(backup._collections(lived))


def _lost(plain: Any, read: Any) -> list[str]:
    """The keys of JSON that Extended JSON has dropped: it makes a value of some keys ($regex) and forgets those beside them."""
    if isinstance(plain, list):
        return [key for one, other in zip(plain, read, strict=True) for key in _lost(one, other)]
    if not isinstance(plain, dict):
        return []
    if not isinstance(read, dict):
        return list(plain.keys() - {"$options"})[1:]
    return [key for key in plain if key not in read or _lost(plain[key], read[key])]
