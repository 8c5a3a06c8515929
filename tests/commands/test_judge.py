"""`scrapy judge`: what a person decides stands, whatever the lexicon says later."""

from __future__ import annotations

from archive.records import Outcome
from tests.commands.test_questions import truth_with
from tests.conftest import Machine

WINDOW = ("-a", "since=2023-01-01")


def test_an_off_topic_page_that_a_person_wants_is_stored_and_stays(machine: Machine) -> None:
    truth = truth_with(machine, Outcome.OFF_TOPIC, outlet="sadarabat")
    machine.scrapy("visit", truth.url)
    assert machine.database.articles.count_documents({}) == 0
    done = machine.scrapy("judge", truth.url, "yes", "--reason", "names the liaison officers", "--by", "an analyst")
    assert "It is in the archive. (stored)" in done.stdout, done.stdout + done.stderr
    article = machine.database.articles.find_one()
    assert article is not None
    assert article["title"] == truth.title
    verdict = machine.database.verdicts.find_one()
    assert verdict is not None
    assert (verdict["relevant"], verdict["by"], verdict["reason"]) == (True, "an analyst", "names the liaison officers")
    machine.scrapy("visit", truth.url)
    articles, verdicts = list(machine.database.articles.find()), list(machine.database.verdicts.find())
    assert len(articles) == 1
    machine.database.client.drop_database(machine.database.name)
    machine.database.verdicts.insert_many(verdicts)
    rebuilt = machine.scrapy("reprocess")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    (made,) = machine.database.articles.find()
    differing = {name for name in made if made[name] != articles[0][name]}
    assert differing <= {"first_seen", "version_at", "capture"}, "with its verdict it was an article at its first visit"


def test_an_article_that_a_person_refuses_leaves_and_stays_away(machine: Machine) -> None:
    truth = truth_with(machine, Outcome.STORED, outlet="carnetsdusud")
    machine.scrapy("visit", truth.url)
    assert machine.database.articles.count_documents({}) == 1
    done = machine.scrapy("judge", truth.url, "no", "--reason", "a passing mention")
    assert "(off_topic)" in done.stdout, done.stdout + done.stderr
    assert machine.database.articles.count_documents({}) == 0
    again = machine.scrapy("visit", truth.url)
    assert "judged it off topic: a passing mention" in again.stdout
    assert machine.database.articles.count_documents({}) == 0


def test_copies_of_a_refused_article_find_another_original(machine: Machine) -> None:
    machine.scrapy("crawl", "sadarabat", "majmaa", *WINDOW)
    copy = machine.database.articles.find_one({"copy_of": {"$ne": None}, "source": "majmaa"})
    assert copy is not None
    original = machine.database.articles.find_one({"_id": copy["copy_of"]})
    assert original is not None
    done = machine.scrapy("judge", original["url"].replace("//", "//www."), "no", "--reason", "test of a refusal")
    assert done.returncode == 0, done.stderr
    left = machine.database.articles.find_one({"_id": copy["_id"]})
    assert left is not None
    assert left["copy_of"] is None
    document = machine.database.urls.find_one({"article": copy["_id"], "outcome": {"$ne": "redirected"}})
    assert document is not None
    assert document["outcome"] == "stored"


def test_a_wrong_call_is_refused(machine: Machine) -> None:
    for arguments, message in (
        (["https://www.sadarabat.example/a-12345.html", "maybe", "--reason", "x"], "then yes or no"),
        (["https://www.sadarabat.example/a-12345.html", "yes"], "--reason: missing"),
        (["https://nowhere.example/a", "no", "--reason", "x"], "belongs to no known outlet"),
    ):
        done = machine.scrapy("judge", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
    assert machine.database.verdicts.count_documents({}) == 0
