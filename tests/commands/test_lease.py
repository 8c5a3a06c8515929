"""Two crawls of one outlet, as a person or cron would start them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

from archive.lease import this_process
from archive.manners import NEW_STATE
from tests.conftest import ROOT, Machine

WINDOW = ("-a", "since=2023-01-01", "-s", "READ_WORKERS=1")


def test_an_outlet_that_is_crawled_is_skipped_in_one_line_and_the_others_are_not(machine: Machine) -> None:
    now = datetime.now(UTC)
    lease = this_process() | {"fence": 1, "holder": "another", "since": now, "until": now + timedelta(minutes=5)}
    machine.database.sources.insert_one({"_id": "sadarabat", **NEW_STATE, "lease": lease})
    done = machine.scrapy("crawl", "sadarabat", "carnetsdusud", *WINDOW)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"sadarabat: skipped, as it is crawled by process {lease['pid']} on {lease['host']} since ")
    assert "6 new articles" in done.stdout, "of the other outlet"
    assert machine.database.runs.distinct("source") == ["carnetsdusud"], "what was skipped is no run"
    visit = machine.scrapy("visit", "https://www.sadarabat.example/1-700404.html")
    assert visit.returncode == 1, "the page was not asked for"
    assert "skipped, as it is crawled by process" in visit.stderr
    leases = {state["_id"]: state["lease"] for state in machine.database.sources.find()}
    assert leases["sadarabat"]["holder"] == "another"
    assert leases["carnetsdusud"]["holder"] is None


def test_a_crawl_that_was_away_finds_its_outlet_taken_and_stops(machine: Machine) -> None:
    """A laptop that was shut, a machine that swapped: it wakes up and must not crawl beside its successor."""
    machine.press.misbehave(r"carnetsdusud.*\d", delay=0.3)
    crawl = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", "carnetsdusud", *WINDOW, "-s", "LEASE_SECONDS=1"],
        env=machine.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while machine.database.visits.count_documents({}) < 1:
            assert time.monotonic() < deadline
            assert crawl.poll() is None
            time.sleep(0.02)
        crawl.send_signal(signal.SIGSTOP)
        machine.press.behave()
        time.sleep(1.2)
        successor = machine.scrapy("crawl", "carnetsdusud", *WINDOW)
        assert successor.returncode == 0, successor.stdout + successor.stderr
        state = machine.database.sources.find_one({"_id": "carnetsdusud"})
        asked = len(machine.press.log)
        crawl.send_signal(signal.SIGCONT)
        output, errors = crawl.communicate(timeout=60)
    finally:
        crawl.kill()
        crawl.wait()
    assert crawl.returncode == 1, output + errors
    assert "another crawl has taken the outlet over; this crawl stops" in errors
    assert "Traceback" not in errors
    assert len(machine.press.log) - asked <= 4, "what was on its way, and nothing more"
    assert machine.database.sources.find_one({"_id": "carnetsdusud"}) == state
    assert sorted(machine.database.runs.distinct("reason")) == ["finished", "lease lost"]
