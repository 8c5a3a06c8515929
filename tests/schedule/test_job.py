"""A job is a crawl in a process of its own: bounded, and gone with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from schedule import job
from schedule.job import Job
from tests.conftest import ROOT, Machine


@pytest.fixture
def slow(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A press whose pages take their time, met by jobs of this process."""
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    machine.press.misbehave(r"\.html", delay=0.5)
    return machine


def test_a_job_that_grows_too_large_is_killed_and_says_so(slow: Machine) -> None:
    done = job.run(Job("sadarabat", memory=30 * 2**20))
    assert (done.end, done.code) == ("memory", -signal.SIGKILL)
    assert done.memory > 30 * 2**20


def test_a_job_ends_in_time_and_the_next_goes_on(slow: Machine) -> None:
    done = job.run(Job("sadarabat", job.BACKFILL, "2023-01-01", seconds=1))
    assert (done.end, done.code) == ("exit", 0), done.said
    reasons = slow.database.runs.distinct("reason")
    assert reasons == ["closespider_timeout"]
    waiting = slow.database.urls.count_documents({"outcome": None})
    slow.press.behave()
    done = job.run(Job("sadarabat", job.BACKFILL, "2023-01-01"))
    assert (done.end, done.code) == ("exit", 0), done.said
    assert slow.database.urls.count_documents({"outcome": None}) == 0 < waiting
    assert "new article" in done.said


def test_a_job_whose_parent_is_killed_is_no_orphan(slow: Machine, tmp_path: Path) -> None:
    code = "from schedule.job import *; run(Job('sadarabat'))"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while not slow.database.visits.count_documents({}):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 2, "the crawl and its reading process"
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
