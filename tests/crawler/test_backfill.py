"""Crawls of the past: WordPress's API, searches, archives that are walked once, a filter before fetching, gaps of feeds."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from archive.records import Outcome
from crawler.sieve import judge
from sources import registry
from sources.urls import canonicalize
from tests.conftest import ROOT, Machine

OUTLETS = ROOT / "tests/samplepress/outlets"
SINCE = ("-a", "since=2023-01-01")
API = "https://www.sadarabat.example/wp-json/wp/v2/posts"


def outlet(folder: Path, *entry: str) -> tuple[str, ...]:
    """The arguments of a crawl of sadarabat with other entry points than its own."""
    text = (OUTLETS / "sadarabat.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^system = .*?$|^\[entry\].*?(?=^\[articles\])", "", text)
    head, _, tail = text.partition("[articles]")
    (folder / "sadarabat.toml").write_text(head + "\n".join(entry) + "\n\n[articles]" + tail, encoding="utf-8")
    return ("crawl", "sadarabat", "-s", f"SOURCES_DIR={folder}")


def ledger(machine: Machine) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document for document in machine.database.urls.find()}


def stored(machine: Machine) -> set[str]:
    return {document["url"] for document in machine.database.articles.find({}, {"url": 1})}


def asked(machine: Machine, part: str, start: int = 0) -> list[str]:
    return [entry.path for entry in machine.press.log[start:] if part in entry.path]


def relevant(machine: Machine) -> set[str]:
    source = registry.find("sadarabat", OUTLETS)
    wanted = (Outcome.STORED, Outcome.COPY)
    truths = [truth for truth in machine.press.press.truth() if truth.outlet == "sadarabat" and truth.outcome in wanted]
    return {canonicalize(truth.url, rules=source.identity) for truth in truths}


def cursor(machine: Machine) -> list[dict[str, Any]]:
    document = machine.database.sources.find_one({"_id": "sadarabat"})
    assert document is not None
    entries: list[dict[str, Any]] = document["cursor"]["entries"]
    return entries


def test_the_api_of_wordpress_reaches_everything_and_is_walked_once(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, f'entry.api = ["{API}"]')
    done = machine.scrapy(*crawl, "-a", "since=2024-03-01")
    assert done.returncode == 0, done.stderr
    part = len(asked(machine, "/wp-json/"))
    assert machine.scrapy(*crawl, *SINCE).returncode == 0
    assert stored(machine) == relevant(machine)
    whole = len(asked(machine, "/wp-json/"))
    assert whole > part > 1
    parts = [parse_qs(path)["before"][0] for path in asked(machine, "/wp-json/")]
    assert len(parts) == len(set(parts)), "what the first crawl has walked over is not asked again"


def test_a_search_finds_the_topic(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, 'entry.search = ["https://www.sadarabat.example/?s={query}&paged={page}"]')
    done = machine.scrapy(*crawl, *SINCE)
    assert done.returncode == 0, done.stderr
    found = stored(machine)
    assert found
    assert found <= relevant(machine)
    assert len(ledger(machine)) < len(machine.press.press.sites["www.sadarabat.example"].truths(1))


def test_a_killed_crawl_of_the_past_goes_on_where_it_stopped(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, 'entry.archives = ["https://www.sadarabat.example/{year}/{month}"]')
    machine.press.misbehave(r"/20\d\d/\d\d$", delay=0.2)
    command = [sys.executable, "-m", "scrapy", *crawl, *SINCE, "-s", "CONCURRENT_REQUESTS=1"]
    killed = subprocess.Popen(command, env=machine.environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(months(machine)) < 15:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    machine.press.behave()
    walked, start = months(machine), len(machine.press.log)
    assert machine.scrapy(*crawl, *SINCE).returncode == 0
    again = set(walked) & set(months(machine, start))
    # The days just past are always looked at again; what was on its way when it was killed too.
    assert len(again) <= 6
    assert min(months(machine, start)) == "/2023/01"
    assert stored(machine)


def months(machine: Machine, start: int = 0) -> list[str]:
    return [path for path in asked(machine, "/20", start) if re.fullmatch(r"/\d{4}/\d{2}", path)]


def test_the_filter_leaves_pages_unfetched_and_a_later_crawl_takes_them_up(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, f'entry.api = ["{API}"]')
    done = machine.scrapy(*crawl, *SINCE, "-a", "filter=yes")
    assert done.returncode == 0, done.stderr
    left = {url: document for url, document in ledger(machine).items() if document.get("filter") == "left"}
    assert left
    assert f"{len(left)} pages left unfetched by the filter" in done.stdout
    assert {document["outcome"] for document in left.values()} == {Outcome.OFF_TOPIC}
    assert not machine.database.visits.count_documents({"url": {"$in": list(left)}})
    lost = relevant(machine) - stored(machine)
    assert lost <= left.keys()
    assert len(lost) <= 0.1 * len(relevant(machine))
    why = machine.scrapy("why", "-s", f"SOURCES_DIR={tmp_path}", next(iter(left.values()))["aliases"][0])
    assert "filter=yes" in why.stdout
    assert machine.scrapy(*crawl, *SINCE).returncode == 0
    assert stored(machine) == relevant(machine)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("حموشي يستقبل مسؤولا أمنيا بالرباط", "fetch"),
        ("فرنسا تعلن تعليق الرحلات نحو الجزائر", "fetch"),
        ("800123 html", "fetch"),
        ("weather in the north of the country", "fetch"),
        ("مهرجان السينما يختتم دورته بتتويج فيلم قصير", "left"),
    ],
)
def test_the_filter_is_generous(text: str, verdict: str) -> None:
    source = registry.find("sadarabat", OUTLETS)
    assert judge("https://sadarabat.example/1.html", [text], source) == verdict


def test_one_page_in_a_hundred_is_fetched_all_the_same_and_always_the_same_ones() -> None:
    source = registry.find("sadarabat", OUTLETS)
    text = "مهرجان السينما يختتم دورته بتتويج فيلم قصير"
    verdicts = [judge(f"https://sadarabat.example/{number}.html", [text], source) for number in range(2000)]
    assert 8 <= verdicts.count("sample") <= 40
    assert verdicts == [judge(f"https://sadarabat.example/{number}.html", [text], source) for number in range(2000)]


# -- gaps --------------------------------------------------------------------------------------------------------------

FEED = 'entry.feeds = ["https://www.sadarabat.example/feed"]'
LISTING = 'entry.listings = ["https://www.sadarabat.example/page/{page}"]'


def visit_long_ago(machine: Machine, crawl: tuple[str, ...]) -> None:
    """A first crawl that meets the feed as it was in 2024, with the clock of its cursor put back to then."""
    old = machine.press.press.respond("https://www.sadarabat.example/feed?paged=3")
    assert old is not None
    machine.press.misbehave(r"/feed$", body=old.body)
    machine.press.misbehave(r"/page/|example/$", status=503)
    machine.scrapy(*crawl)
    machine.press.behave()
    newest = max(document["rank"] for document in machine.database.urls.find())
    machine.database.sources.update_one(
        {"_id": "sadarabat", "cursor.entries.key": "https://www.sadarabat.example/feed"},
        {"$set": {"cursor.entries.$.at": newest}},
    )
    machine.database.urls.update_many({}, {"$set": {"first_seen": newest}})


def test_a_gap_of_a_feed_is_filled_from_the_listings(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, FEED, LISTING)
    visit_long_ago(machine, crawl)
    before = ledger(machine)
    done = machine.scrapy(*crawl)
    assert done.returncode == 0, done.stderr
    assert "shares no item with its last visit" in done.stderr
    assert "filled from https://www.sadarabat.example/page/{page}" in done.stderr
    run = machine.database.runs.find_one({}, sort=[("started", -1)])
    assert run is not None
    (gap,) = run["gaps"]
    since = gap["since"].replace(tzinfo=UTC)
    stories = [story for story in machine.press.press.stories.values() if story.outlet == "sadarabat"]
    missed = [story for story in stories if story.published > since]
    assert len(missed) > 10, "more than the feed holds"
    assert len(ledger(machine).keys() - before.keys()) >= len(missed)
    again = machine.scrapy(*crawl)
    assert "shares no item" not in again.stderr


def test_a_gap_that_cannot_be_filled_is_told_and_tried_again(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, FEED, LISTING)
    visit_long_ago(machine, crawl)
    machine.press.misbehave(r"/page/|example/$", status=503)
    done = machine.scrapy(*crawl)
    assert done.returncode == 1
    assert "articles may be missing" in done.stderr
    assert any(isinstance(entry.get("gap"), datetime) for entry in cursor(machine))
    told = machine.scrapy("coverage", "-s", f"SOURCES_DIR={tmp_path}", "--since", "2024-01-01", "--total")
    assert "articles may be missing" in told.stdout + told.stderr
    machine.press.behave()
    assert "filled from" in machine.scrapy(*crawl).stderr
    assert not any("gap" in entry for entry in cursor(machine))


# -- entry points that nobody has seen answer --------------------------------------------------------------------------


def test_an_unconfirmed_entry_point_is_asked_for_the_past_only_and_not_missed(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, FEED, 'unconfirmed.listings = ["https://www.sadarabat.example/nowhere/{page}"]')
    assert machine.scrapy(*crawl).returncode == 0
    assert asked(machine, "/nowhere") == []
    done = machine.scrapy(*crawl, *SINCE)
    assert done.returncode == 0, done.stderr
    assert asked(machine, "/nowhere") == ["/nowhere/1"]
    assert machine.scrapy(*crawl, *SINCE).returncode == 0
    assert asked(machine, "/nowhere") == ["/nowhere/1"], "what is missing is left alone for a while"


def test_an_outlet_none_of_whose_unconfirmed_entry_points_answers_is_told(machine: Machine, tmp_path: Path) -> None:
    crawl = outlet(tmp_path, 'unconfirmed.feeds = ["https://www.sadarabat.example/nowhere"]')
    done = machine.scrapy(*crawl)
    assert done.returncode == 1
    assert "scrapy sources check --live sadarabat" in done.stderr
