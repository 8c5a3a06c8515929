"""What a killed crawl has captured is finished from its WARC file: trimmed, indexed, read, and not fetched again."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo.database import Database

from archive import health, recovery
from archive.runs import SILENT, state_of
from archive.warc import reader
from tests.conftest import ROOT, Machine
from tests.crawler.test_capture import passes_warcio_check

WINDOW = ("-a", "since=2023-01-01")
READ = ["stored", "copy", "off_topic"]


def half_crawled(machine: Machine) -> list[str]:
    """Kill a crawl and take from MongoDB what it would not have if it had been killed earlier; the addresses concerned."""
    machine.press.misbehave(r"\.html", delay=0.02)
    crawl = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "sadarabat", *WINDOW],
        env=machine.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while machine.database.visits.count_documents({"outcome": {"$in": READ}}) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    crawl.send_signal(signal.SIGKILL)
    crawl.wait(timeout=30)
    machine.press.behave()
    captured = []
    for visit in machine.database.visits.find({"outcome": {"$in": READ}}).limit(4).to_list():
        captured.append(visit["requested"])
        waiting = {"outcome": None, "outcome_at": None, "article": None, "aliases": [visit["requested"]]}
        document = machine.database.urls.find_one_and_update({"_id": visit["url"]}, {"$set": waiting})
        assert document is not None
        machine.database.articles.delete_one({"_id": document["article"]})
        machine.database.visits.delete_one({"_id": visit["_id"]})
    machine.database.captures.delete_many({})
    return captured


def test_pages_that_were_captured_and_not_stored_are_read_and_not_fetched_again(machine: Machine) -> None:
    captured = half_crawled(machine)
    (run,) = machine.database.runs.find()
    assert (run["ended"], run["reason"]) == (None, None)
    assert state_of(run, run["seen"] + 2 * SILENT) == "killed"
    (left,) = machine.warc.glob("*.open")
    with left.open("ab") as stream:
        stream.write(b"\x1f\x8b\x08\x00torn")
    asked = len(machine.press.log)
    done = machine.scrapy("crawl", "sadarabat", *WINDOW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "an earlier crawl was killed: 1 WARC files finished" in done.stderr
    again = {entry.url for entry in machine.press.log[asked:]}
    assert len(captured) == 4
    assert not again & set(captured)
    for url in captured:
        visit = machine.database.visits.find_one({"requested": url}, sort=[("_id", -1)])
        assert visit is not None
        assert visit["outcome"] in READ
        assert visit["capture"]["file"] == left.with_suffix("").name
        assert visit["at"] == reader.read(machine.warc, visit["capture"]).at, (
            "the instant of the capture is that of the page"
        )
    assert not list(machine.warc.glob("*.open"))
    assert passes_warcio_check(machine.warc)
    files = [path.name for path in machine.warc.iterdir()]
    lying = {capture["_id"] for f in files for r in reader.records(machine.warc / f) if (capture := r.capture(f))}
    assert {document["_id"] for document in machine.database.captures.find({}, {"_id": 1})} == lying
    said = [d["capture"] for f in files for r in reader.records(machine.warc / f) if (d := r.discovery())]
    assert len({(place["file"], place["offset"]) for place in said}) == len(said), "one for each page"
    assert machine.database.urls.count_documents({"outcome": None}) == 0


def test_a_running_crawls_file_is_left_alone(machine: Machine) -> None:
    machine.press.misbehave(r"\.html", delay=1)
    crawl = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "sadarabat", *WINDOW],
        env=machine.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(machine.warc.glob("*.open")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    done = recovery.recover(machine.environment["MONGODB_URI"], machine.database.name, machine.warc)
    assert (done.files, done.torn) == (0, 0)
    machine.press.behave()
    output, errors = crawl.communicate(timeout=120)
    assert crawl.returncode == 0, output + errors


def test_a_full_disk_stops_the_crawl_in_one_line_and_loses_nothing(machine: Machine) -> None:
    # The kernel refuses what goes beyond the limit, as it does on a full disk.
    limit = f"ulimit -f 40; exec {sys.executable} -m scrapy crawl sadarabat carnetsdusud {' '.join(WINDOW)}"
    full = subprocess.run(
        ["bash", "-c", limit],
        env=machine.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert full.returncode == 3, full.stdout + full.stderr
    lines = [line for line in full.stderr.splitlines() if "WARC folder" in line]
    assert len(lines) == 1
    (alarm,) = health.check(machine.database, datetime.now(UTC))
    assert (alarm.source, alarm.cause) == ("", "disk")
    assert "2 runs ended by storage" in alarm.what
    assert "the crawl stops, nothing acknowledged is lost" in lines[0]
    assert "Traceback" not in full.stderr
    for visit in machine.database.visits.find({"status": {"$ne": 0}}):
        assert reader.read(machine.warc, visit["capture"]).at == visit["at"], "what was acknowledged is on disk"
    done = machine.scrapy("crawl", "sadarabat", "carnetsdusud", *WINDOW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.database.urls.count_documents({"outcome": None}) == 0
    assert machine.database.urls.count_documents({"outcome": {"$in": ["http_error", "network_error"]}}) <= 1
    assert passes_warcio_check(machine.warc)


def test_a_file_without_a_whole_record_is_removed(
    mongodb_uri: str, database: Database[dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / "a.warc.gz.open").write_bytes(b"\x1f\x8b\x08 nothing whole")
    assert recovery.recover(mongodb_uri, database.name, tmp_path).files == 1
    assert list(tmp_path.iterdir()) == []


def test_a_gap_in_the_index_is_filled_wherever_it_is(
    crawled: Machine, database: Database[dict[str, object]], mongodb_uri: str, tmp_path: Path
) -> None:
    # Two outlets of one process share a file: one's captures may be indexed to the end, the other's not from the beginning.
    whole = max(crawled.warc.iterdir(), key=lambda file: file.stat().st_size)
    lying = [capture for record in reader.records(whole) if (capture := record.capture(whole.name))]
    shutil.copy(whole, tmp_path / f"{whole.name}.open")
    database.captures.insert_many([dict(capture) for capture in lying[1::2]])
    done = recovery.recover(mongodb_uri, database.name, tmp_path)
    assert (done.files, done.captures, done.torn) == (1, len(lying[::2]), 0)
    assert {one["_id"] for one in database.captures.find({}, {"_id": 1})} == {capture["_id"] for capture in lying}


def test_damage_in_the_middle_costs_the_damaged_record_only(crawled: Machine, tmp_path: Path) -> None:
    # Other tests may have crawled the same archive again.
    whole = max(crawled.warc.iterdir(), key=lambda file: file.stat().st_size)
    records = list(reader.records(whole))
    victim = records[len(records) // 2]
    data = bytearray(whole.read_bytes())
    data[victim.offset + 40 : victim.offset + 60] = bytes(20)
    damaged = tmp_path / "damaged.warc.gz"
    damaged.write_bytes(data)
    assert [r.id for r in reader.records(damaged)] == [r.id for r in records if r is not victim]
    with pytest.raises(reader.WarcError, match=rf"damaged\.warc\.gz: no whole record at {victim.offset}"):
        reader.read(tmp_path, {"file": damaged.name, "offset": victim.offset, "length": victim.length})
