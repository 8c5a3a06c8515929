"""`scrapy runs` and `scrapy health`: every run can be explained from its document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

from archive import mongo
from archive.records import Outcome
from archive.runs import Run
from tests.conftest import Machine

READ = (Outcome.STORED, Outcome.COPY, Outcome.OFF_TOPIC, Outcome.OUTSIDE_WINDOW, Outcome.UPDATED, Outcome.UNCHANGED)


def run_of(machine: Machine, outlet: str) -> dict[str, Any]:
    run = machine.database.runs.find_one({"source": outlet, "kind": "crawl"})
    assert run is not None
    return run


def test_a_run_counts_what_was_sent_and_what_was_read(crawled: Machine) -> None:
    for outlet in ("sadarabat", "pharedetroit", "manbar24"):
        run = run_of(crawled, outlet)
        log = [entry for entry in crawled.press.log if entry.host.endswith(f"{outlet}.example")]
        assert run["requests"]["sent"] == len(log), outlet
        assert run["requests"]["statuses"]["200"] == sum(entry.status == 200 for entry in log)
        assert run["requests"]["bytes"] > 1000 * len(log) / 2
        assert run["seconds"]["fetch"]["count"] == len(log)
        articles = run["articles"]
        assert articles["count"] == sum(run["counters"].get(outcome, 0) for outcome in READ)
        assert sum(articles["dates"].values()) == sum(articles["languages"].values()) == articles["count"]
        assert articles["count"] <= run["seconds"]["read"]["count"]
        assert 200 < articles["lengths"]["p10"] <= articles["lengths"]["p50"] <= articles["lengths"]["max"]
        assert abs(run["clock"]["offset"]) < 5
        assert run["space"]["warc"]["free"] > 0
        assert run["space"]["mongodb"]["total"] > 0
        assert sum(entry["new"] for entry in run["entries"]) >= run["counters"]["discovered"]


def test_fields_and_dates_are_counted_where_they_stand(crawled: Machine) -> None:
    arc, visible = run_of(crawled, "pharedetroit")["articles"], run_of(crawled, "carnetsdusud")["articles"]
    assert arc["dates"]["jsonld"] == arc["count"] == arc["fields"]["on_page"] == arc["fields"]["published"]
    assert visible["dates"]["visible"] > 0.8 * visible["count"]
    assert visible["fields"]["authors"] > 0.5 * visible["count"]
    assert visible["languages"] == {"fr": visible["count"]}


def test_the_last_runs_are_a_table_and_one_is_explained(crawled: Machine) -> None:
    shown = crawled.scrapy("runs", "sadarabat", "--last", "20")
    assert shown.returncode == 0, shown.stderr
    header, *_, line = shown.stdout.strip().splitlines()
    assert header.split()[:4] == ["run", "outlet", "kind", "started"]
    run = run_of(crawled, "sadarabat")
    assert line.split()[:3] == [str(run["_id"]), "sadarabat", "crawl"]
    told = crawled.scrapy("runs", str(run["_id"])).stdout
    for words in (
        "crawl of sadarabat (since=2023-01-01): finished",
        "requests",
        "fields",
        "dates",
        "https://www.sadarabat.example/feed",
    ):
        assert words in told


def test_health_is_silent_when_all_is_well_and_ends_with_1_when_it_is_not(machine: Machine) -> None:
    mongo.prepare(machine.database)
    now = datetime.now(UTC)
    for number, hours in enumerate((30, 14, 2)):
        run = Run(ObjectId(), "mur", now - timedelta(hours=hours), detail="5 walls in a row: its server answers 403")
        run.note_entry("https://mur.example/feed", 200, 5, kind="feed", links=5)
        reason = "walls" if number else "finished"
        machine.database.runs.insert_one(run.document(run.started + timedelta(minutes=1), reason))
    quiet = machine.scrapy("health", "--new")
    assert quiet.returncode == 1, quiet.stderr
    assert "mur: 2 crawls in a row were turned away: 5 walls in a row" in quiet.stdout
    assert "next: scrapy sources check --live mur" in quiet.stdout
    silent = machine.scrapy("health", "--new")
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    alarm = machine.database.alarms.find_one({"source": "mur", "cause": "wall", "state": "open"})
    assert alarm is not None
    accepted = machine.scrapy("health", "--accept", str(alarm["_id"]))
    assert accepted.returncode == 0, accepted.stderr
    again = machine.scrapy("health", "--accept", str(alarm["_id"]))
    assert again.returncode == 2
    assert "no open alarm has this identifier" in again.stderr
