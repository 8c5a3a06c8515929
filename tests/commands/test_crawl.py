"""`scrapy crawl`: again, interrupted, killed, without a network, without a database."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.soak import Stage
from tests.conftest import ROOT, Machine

WINDOW = ("-a", "since=2023-01-01")
CLOCKS = {"first_seen", "last_checked", "version_at"}


def articles(machine: Machine) -> dict[str, dict[str, Any]]:
    return {
        document["_id"]: {name: value for name, value in document.items() if name not in CLOCKS}
        for document in machine.database.articles.find()
    }


def outcomes(machine: Machine) -> dict[str, str]:
    return {document["_id"]: document["outcome"] for document in machine.database.urls.find({}, {"outcome": 1})}


def start(machine: Machine, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments],
        env=machine.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_articles(machine: Machine, count: int) -> None:
    deadline = time.monotonic() + 60
    while machine.database.articles.count_documents({}) < count:
        assert time.monotonic() < deadline, "the crawl stores nothing"
        time.sleep(0.02)


def test_a_second_crawl_stores_nothing_new_and_says_so(machine: Machine) -> None:
    first = machine.scrapy("crawl", "carnetsdusud", "sadarabat", *WINDOW)
    before, ledger = articles(machine), outcomes(machine)
    asked = len(machine.press.log)
    second = machine.scrapy("crawl", "carnetsdusud", "sadarabat", *WINDOW)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert re.search(r"^\d+ new articles in", first.stdout, re.MULTILINE)
    assert "Nothing new in" in second.stdout
    assert articles(machine) == before
    assert outcomes(machine) == ledger
    again = [entry.path for entry in machine.press.log[asked:]]
    assert not [path for path in again if path.endswith(".html")], "known articles are not fetched again"


def test_a_window_keeps_to_its_edges(machine: Machine) -> None:
    done = machine.scrapy("crawl", "carnetsdusud", "sadarabat", "-a", "since=2024-03", "-a", "until=2024-08")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\d+ pages outside the window", done.stdout, re.MULTILINE)
    days = [document["published"]["date"] for document in machine.database.articles.find()]
    assert days
    assert all("2024-03-01" <= day < "2024-08-01" for day in days)
    # A wider window takes up what the narrow one left out.
    machine.scrapy("crawl", "carnetsdusud", "sadarabat", *WINDOW)
    assert machine.database.articles.count_documents({}) > len(days)
    assert "outside_window" not in outcomes(machine).values()


@pytest.mark.parametrize("first", [(), ("-a", "since=2025-10")])
def test_a_crawl_of_the_past_reaches_what_a_crawl_of_the_present_passed_by(
    machine: Machine, tmp_path: Path, first: tuple[str, ...]
) -> None:
    # A listing alone, of which the first crawl looks at the newest pages: that these are known must not end the next walk.
    outlet = (ROOT / "tests/samplepress/outlets/sadarabat.toml").read_text(encoding="utf-8")
    (tmp_path / "sadarabat.toml").write_text(re.sub("(?m)^(system|feeds|archives) = .*", "", outlet), encoding="utf-8")
    crawl = ("crawl", "sadarabat", "-s", f"SOURCES_DIR={tmp_path}", "-s", "CONCURRENT_REQUESTS=1")
    # As in life, what a page names has been read by the time the next page is.
    machine.press.misbehave(r"\.html", delay=0.6)
    assert machine.scrapy(*crawl, *first).returncode == 0
    machine.press.behave()
    seen = machine.database.urls.count_documents({})
    assert machine.scrapy(*crawl, *WINDOW).returncode == 0
    reached = machine.database.urls.count_documents({})
    machine.database.client.drop_database(machine.database.name)
    assert machine.scrapy(*crawl, *WINDOW).returncode == 0
    assert machine.database.urls.count_documents({}) == reached > seen
    asked = len(machine.press.log)
    assert machine.scrapy(*crawl, *WINDOW).returncode == 0
    again = [entry.path for entry in machine.press.log[asked:] if "/page/" in entry.path]
    assert again == ["/page/1"], "a listing that was walked to its end is left at the first page without news"


def test_ctrl_c_ends_within_seconds_and_the_next_crawl_goes_on(machine: Machine) -> None:
    machine.press.misbehave(r"\.html", delay=0.3)
    crawl = start(machine, "crawl", "sadarabat", *WINDOW)
    wait_for_articles(machine, 2)
    asked = time.monotonic()
    crawl.send_signal(signal.SIGINT)
    output, errors = crawl.communicate(timeout=30)
    assert crawl.returncode == 130, output + errors
    assert time.monotonic() - asked < 15
    assert "Traceback" not in errors
    kept = articles(machine)
    run = machine.database.runs.find_one({}, sort=[("started", -1)])
    assert run is not None
    assert run["reason"] == "shutdown"
    machine.press.behave()
    assert machine.scrapy("crawl", "sadarabat", *WINDOW).returncode == 0
    assert kept.keys() <= articles(machine).keys()
    assert None not in outcomes(machine).values()


def test_a_second_ctrl_c_ends_at_once_and_leaves_no_process(machine: Machine) -> None:
    machine.press.misbehave(r"\.html", delay=20)
    crawl = start(machine, "crawl", "sadarabat", *WINDOW)
    deadline = time.monotonic() + 60
    while not any(entry.path.endswith(".html") for entry in machine.press.log):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    workers = Path(f"/proc/{crawl.pid}/task/{crawl.pid}/children").read_text().split()
    crawl.send_signal(signal.SIGINT)
    time.sleep(1)
    crawl.send_signal(signal.SIGINT)
    _, errors = crawl.communicate(timeout=15)
    assert crawl.returncode == 130
    assert "Stopped at once." in errors
    assert "Traceback" not in errors
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker is left"
        time.sleep(0.1)


def test_a_crawl_killed_five_times_ends_like_an_undisturbed_one(machine: Machine) -> None:
    # The short form of `make soak`.
    stage = Stage(machine.database, machine.warc, machine.environment, machine.press, ("sadarabat",))
    stage.undisturbed()
    stage.clear()
    machine.press.misbehave(r"\.html", delay=0.1)
    kept: dict[str, Any] = {}
    for count in (1, 2, 4, 6, 8):
        crawl = start(machine, "crawl", "sadarabat", *WINDOW)
        wait_for_articles(machine, count)
        crawl.kill()
        crawl.communicate(timeout=30)
        assert kept.keys() <= stage.acknowledged().keys()
        kept = stage.acknowledged()
    machine.press.behave()
    stage.check(kept)


def test_an_unreachable_press_gives_a_line_for_each_outlet_and_exit_code_4(machine: Machine) -> None:
    dead = "http://127.0.0.1:9"
    started = time.monotonic()
    done = machine.scrapy("crawl", "--all", http_proxy=dead, https_proxy=dead)
    assert done.returncode == 4, done.stdout + done.stderr
    assert time.monotonic() - started < 60
    *lines, last = done.stderr.strip().splitlines()
    assert len(lines) == 9, done.stderr
    assert all("no entry point answers" in line for line in lines)
    assert last.startswith("None of 9 outlets could be reached")


def test_one_broken_entry_point_costs_only_itself(machine: Machine) -> None:
    machine.press.misbehave(r"sadarabat\.example/feed", body=b"<!doctype html><html><body>Maintenance</body></html>")
    done = machine.scrapy("crawl", "sadarabat", *WINDOW)
    assert done.returncode == 1
    assert "entry point https://www.sadarabat.example/feed: the entry point is HTML, not a feed" in done.stderr
    assert machine.database.articles.count_documents({}) > 5


def test_a_host_whose_robots_txt_fails_is_left_alone(machine: Machine) -> None:
    machine.press.misbehave(r"sadarabat\.example/robots\.txt", status=503)
    done = machine.scrapy("crawl", "sadarabat", *WINDOW)
    assert done.returncode == 1
    assert "robots.txt answers 503" in done.stderr
    assert {entry.path for entry in machine.press.log if "sadarabat" in entry.host} == {"/robots.txt"}


def test_what_robots_txt_forbids_is_never_asked_for(crawled: Machine) -> None:
    forbidden = [document["_id"] for document in crawled.database.urls.find({"outcome": "robots"})]
    assert forbidden
    asked = {entry.url.replace("://www.", "://") for entry in crawled.press.log}
    assert not asked & set(forbidden)


def test_a_server_that_fails_is_asked_again_later(machine: Machine) -> None:
    machine.press.misbehave(r"sadarabat\.example/.*\.html", status=500)
    machine.scrapy("crawl", "sadarabat", *WINDOW)
    document = machine.database.urls.find_one({"outcome": "http_error"})
    assert document is not None
    assert document["next_at"] > document["outcome_at"]
    assert document["detail"] == "the server answers 500"
    machine.press.behave()
    machine.database.urls.update_many({}, {"$set": {"next_at": document["outcome_at"]}})
    machine.scrapy("crawl", "sadarabat", *WINDOW)
    assert machine.database.urls.count_documents({"outcome": "http_error"}) <= 1
    assert machine.database.articles.count_documents({}) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hespres"], "no outlet is called 'hespres'; try"),
        (["sadarabat", "-a", "since=yesterday"], "since=yesterday: write YYYY, YYYY-MM, YYYY-MM-DD"),
        (["sadarabat", "-a", "since=2024", "-a", "until=2023"], "since=2024 is not before until=2023"),
        (
            ["sadarabat", "-a", "colour=red"],
            "-a colour=…: no such argument; since, until, filter and recheck are allowed",
        ),
        ([], "name the outlets to crawl, or --all"),
        (["--all", "sadarabat"], "name the outlets to crawl, or --all"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(machine: Machine, arguments: list[str], message: str) -> None:
    done = machine.scrapy("crawl", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unreachable_database_is_one_line_and_exit_code_3(machine: Machine) -> None:
    done = machine.scrapy("crawl", "sadarabat", MONGODB_URI="mongodb://reader:secret@127.0.0.1:9/")
    assert done.returncode == 3
    assert done.stderr.startswith("MONGODB_URI mongodb://127.0.0.1:9/: no answer within 5 s")
    assert len(done.stderr.strip().splitlines()) == 1
    assert not machine.press.log, "nothing is fetched that could not be stored"


def test_a_broken_outlet_file_costs_only_itself(machine: Machine, tmp_path: Any) -> None:
    folder = tmp_path / "outlets"
    folder.mkdir()
    for name in ("sadarabat", "carnetsdusud"):
        text = (ROOT / f"tests/samplepress/outlets/{name}.toml").read_text(encoding="utf-8")
        (folder / f"{name}.toml").write_text(
            text if name == "sadarabat" else re.sub("timezone = .*", "", text), encoding="utf-8"
        )
    done = machine.scrapy("crawl", "--all", *WINDOW, "-s", f"SOURCES_DIR={folder}")
    assert done.returncode == 1
    assert f"{folder / 'carnetsdusud.toml'}: timezone: missing; write the IANA zone" in done.stderr
    assert machine.database.articles.count_documents({"source": "sadarabat"}) > 5


def test_a_mongod_that_goes_away_stops_the_crawl_with_exit_code_3(machine: Machine, tmp_path: Any) -> None:
    own = {"MONGODB_URI": "", "MARSAD_DATA": str(tmp_path)}
    machine.environment |= own
    machine.press.misbehave(r"\.html", delay=0.3)
    crawl = start(machine, "crawl", "sadarabat", *WINDOW, "-s", "STORAGE_SECONDS=2")
    deadline = time.monotonic() + 60
    while not any(entry.path.endswith(".html") and entry.ended for entry in machine.press.log):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stopped = subprocess.run(
        [sys.executable, "-m", "archive.server", "stop"],
        cwd=ROOT,
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=True,
    )
    assert stopped.stdout == "MongoDB stopped.\n"
    output, errors = crawl.communicate(timeout=60)
    assert crawl.returncode == 3, output + errors
    assert "the crawl stops, nothing acknowledged is lost" in errors
    # The embedded server is started again by the next command, which finishes the work.
    machine.press.behave()
    done = machine.scrapy("crawl", "sadarabat", *WINDOW)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run(
        [sys.executable, "-m", "archive.server", "stop"],
        cwd=ROOT,
        env=os.environ | own,
        check=True,
        capture_output=True,
    )
