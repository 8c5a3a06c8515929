"""`scrapy schedule` as a service would run it: real crawls, its figures, a signal, and what is left for the next start."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from schedule import hands
from tests.conftest import ROOT, Machine

OUTLETS = ("carnetsdusud", "alofok")


def test_the_schedule_crawls_what_is_due_serves_its_figures_and_stops_in_order(machine: Machine) -> None:
    schedule = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "schedule", *OUTLETS, "-s", "SCHEDULE_PORT=0"],
        env=machine.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert schedule.stdout is not None
        first = schedule.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/metrics", first)
        assert address, first
        deadline = time.monotonic() + 90
        figures = ""
        while 'marsad_jobs_ended_total{code="0",end="exit",kind="crawl"} 2.0' not in figures:
            assert time.monotonic() < deadline, figures
            assert schedule.poll() is None, schedule.communicate()
            time.sleep(0.2)
            with urllib.request.urlopen(address[0]) as answer:
                figures = answer.read().decode()
        assert 'marsad_outlets{state="all"} 2.0' in figures
        while machine.database.sources.count_documents({"due_at": {"$ne": None}}) < len(OUTLETS):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        second = machine.scrapy("schedule")
        assert second.returncode == 2
        assert "a schedule runs there already" in second.stderr
        schedule.send_signal(signal.SIGTERM)
        output, errors = schedule.communicate(timeout=60)
    finally:
        schedule.kill()
        schedule.wait()
    assert (schedule.returncode, errors) == (0, "")
    for name in OUTLETS:
        assert re.search(rf"{name} \(crawl, .+\): \d+ new articles? in ", output), output
    assert output.endswith("Stopped.\n")
    for state in machine.database.sources.find():
        assert state["lease"]["holder"] is None
        assert state["due_at"] > state["habit"]["at"]
        assert "tries" not in state
    # Started again, by cron this time, it finds nothing due.
    again = machine.scrapy("schedule", "--once", *OUTLETS)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    shown = machine.scrapy("schedule", "--show", *OUTLETS)
    assert re.search(r"^carnetsdusud +20\d\d-\d\d-\d\d \d\d:\d\d UTC", shown.stdout, re.MULTILINE), shown.stdout
    assert machine.database.runs.count_documents({}) == len(OUTLETS)


def test_a_schedule_that_cannot_be_says_why(machine: Machine) -> None:
    done = machine.scrapy("schedule", "-s", "SCHEDULE_LONGEST=often")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "SCHEDULE_LONGEST: 'often' is no age" in done.stderr


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tcp://192.0.2.1:8786", "unencrypted, and whoever reaches it runs code"),
        ("tls://127.0.0.1:1", "tls_ca_file is not set"),
        ("somewhere", "write tls://HOST:PORT"),
        ("tls://[::1", "write tls://HOST:PORT"),
    ],
)
def test_a_cluster_that_may_not_be_used_is_refused(address: str, words: str) -> None:
    with pytest.raises(hands.ClusterFault, match=words):
        hands.connect(address)
