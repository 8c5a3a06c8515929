"""Every answer of a real crawl is in the WARC files, byte by byte, and the archive points to it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from warcio.checker import Checker

from archive import captures
from archive.warc import reader
from archive.warc.reader import Record
from tests.conftest import Machine

WINDOW = ("-a", "since=2023-01-01")


def records(machine: Machine) -> list[tuple[str, Record]]:
    """Every record of a finished crawl with its file."""
    assert not list(machine.warc.glob("*.open")), "a crawl that ends gives its files their names"
    return [(path.name, record) for path in sorted(machine.warc.iterdir()) for record in reader.records(path)]


def passes_warcio_check(folder: Path) -> bool:
    """Whether warcio's own `warcio check` finds nothing wrong in a folder."""

    class Arguments:
        inputs = [str(path) for path in sorted(folder.iterdir())]  # noqa: RUF012
        verbose = False

    checker = Checker(Arguments())
    checker.process_all()
    return not checker.exit_value


def test_every_request_that_reached_the_press_is_captured_once(crawled: Machine) -> None:
    asked = sorted(entry.url for entry in crawled.press.log)
    kept = [record for _, record in records(crawled) if record.type in ("response", "revisit")]
    assert sorted(record.url for record in kept) == asked
    statuses = {record.message.status for record in kept}
    assert {200, 301, 404} <= statuses
    assert any(record.url.endswith("/robots.txt") for record in kept)


def test_every_file_begins_with_who_wrote_it_and_how(crawled: Machine) -> None:
    first = records(crawled)[0][1]
    assert first.type == "warcinfo"
    said = dict(line.split(": ", 1) for line in first.block.decode().strip().splitlines())
    assert said["software"].startswith("Marsad/")
    assert said["conformsTo"].endswith("/warc-1.1/")
    assert json.loads(said["settings"])["ROBOTSTXT_OBEY"] is True
    assert "mongodb://" not in first.block.decode()


def test_warcio_finds_nothing_wrong(crawled: Machine) -> None:
    assert passes_warcio_check(crawled.warc)


def test_the_index_and_the_files_say_the_same(crawled: Machine) -> None:
    indexed = {document["_id"]: document for document in crawled.database.captures.find()}
    lying = [capture for name, record in records(crawled) if (capture := record.capture(name))]
    assert indexed == {capture["_id"]: capture for capture in lying}


def test_every_article_leads_to_the_page_it_was_read_from(crawled: Machine) -> None:
    for article in crawled.database.articles.find():
        capture = crawled.database.captures.find_one({f: article["capture"][f] for f in ("file", "offset", "length")})
        assert capture is not None, article["url"]
        assert capture["at"] == article["version_at"], "the instant of the capture is that of the version"
        answer = captures.payload(crawled.database, crawled.warc, capture)
        page = gzip.decompress(answer.payload) if answer.header("content-encoding") == "gzip" else answer.payload
        assert b"<" in page
        assert len(page) > len(article["title"])


def test_every_visit_that_was_answered_points_to_its_answer(crawled: Machine) -> None:
    for visit in crawled.database.visits.find():
        if not visit["status"]:
            continue
        assert visit["capture"] is not None, visit["url"]
        record = reader.read(crawled.warc, visit["capture"])
        assert record.message.status == visit["status"]
        assert record.at == visit["at"]


def test_what_discovery_said_of_each_page_lies_beside_its_answer(crawled: Machine) -> None:
    visits = {
        (visit["capture"]["file"], visit["capture"]["offset"]): visit
        for visit in crawled.database.visits.find({"capture": {"$ne": None}})
    }
    said = {}
    for name, record in records(crawled):
        discovery = record.discovery()
        if discovery is None:
            continue
        place = discovery["capture"]
        answer = reader.read(crawled.warc, place)
        assert record.concurrent_to == answer.id
        assert (record.url, record.at) == (f"urn:discovery:{answer.url}", answer.at)
        said[place["file"], place["offset"]] = discovery
        assert name == place["file"]
    assert said.keys() == visits.keys(), "one for each page, none for feeds, redirects or robots.txt"
    for place, discovery in said.items():
        ledger: Any = crawled.database.urls.find_one({"_id": discovery["key"]})
        assert visits[place]["url"] == discovery["key"]
        assert set(discovery["found_by"]) <= set(ledger["found_by"])
        assert discovery["requested"] in ledger["aliases"]
        assert set(discovery) >= {"source", "evidence", "title_hint", "aliases", "run"}


def test_an_unchanged_page_becomes_a_revisit_and_still_gives_its_bytes(machine: Machine) -> None:
    assert machine.scrapy("crawl", "sadarabat", *WINDOW).returncode == 0
    before = machine.database.captures.find_one({"url": {"$regex": "/feed"}, "status": 200})
    assert before is not None
    assert machine.scrapy("crawl", "sadarabat", *WINDOW).returncode == 0
    again = machine.database.captures.find_one({"url": before["url"], "revisit_of": {"$ne": None}})
    assert again is not None
    assert (again["revisit_of"], again["digest"]) == (before["_id"], before["digest"])
    record = reader.read(machine.warc, again)
    assert record.type == "revisit"
    assert record.headers["warc-profile"].endswith("/warc/1.1/revisit/identical-payload-digest")
    original = reader.read(machine.warc, before)
    assert record.headers["warc-refers-to-date"] == original.headers["warc-date"]
    assert record.headers["warc-refers-to-target-uri"] == before["url"]
    assert record.message.payload == b""
    assert captures.payload(machine.database, machine.warc, again).payload == original.message.payload != b""
    assert passes_warcio_check(machine.warc)


def test_a_file_that_is_large_enough_is_followed_by_another(machine: Machine) -> None:
    assert machine.scrapy("crawl", "sadarabat", *WINDOW, "-s", "WARC_BYTES=30000").returncode == 0
    sizes = [path.stat().st_size for path in sorted(machine.warc.iterdir())]
    assert len(sizes) > 1
    assert all(size >= 30000 for size in sizes[:-1])
    lying = [capture for name, record in records(machine) if (capture := record.capture(name))]
    assert {c["_id"] for c in machine.database.captures.find()} == {capture["_id"] for capture in lying}
    assert passes_warcio_check(machine.warc)


def test_a_page_that_was_cut_is_kept_as_far_as_it_came(machine: Machine) -> None:
    machine.press.misbehave(r"sadarabat\.example/.*\.html", truncate=200)
    machine.scrapy("crawl", "sadarabat", *WINDOW)
    visit = machine.database.visits.find_one({"outcome": "network_error"})
    assert visit is not None
    capture = machine.database.captures.find_one(
        {"file": visit["capture"]["file"], "offset": visit["capture"]["offset"]}
    )
    assert capture is not None
    assert capture["truncated"] == "disconnect"
    record = reader.read(machine.warc, capture)
    assert record.headers["warc-truncated"] == "disconnect"
    assert len(record.message.payload) == 200
