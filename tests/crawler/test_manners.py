"""Manners as the server's own log shows them: real crawls of the sample press, with delays that count."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Machine, new_machine
from tests.samplepress.server import Logged

DELAY = 0.2
RECENT = ("-a", "since=2025-06")


@dataclass
class Visit:
    """A crawl of the sample press with other manners than its own files have."""

    machine: Machine
    folder: Path

    def outlet(self, name: str, **manners: Any) -> None:
        """Write an outlet's file anew with these manners."""
        text = (ROOT / f"tests/samplepress/outlets/{name}.toml").read_text(encoding="utf-8")
        kept = re.sub(r"\[manners\]\n(?:\w+ = .*\n)*", "", text)
        lines = "".join(f"{key} = {toml(value)}\n" for key, value in manners.items())
        (self.folder / f"{name}.toml").write_text(f"{kept}\n[manners]\n{lines}", encoding="utf-8")

    def crawl(self, name: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return self.machine.scrapy("crawl", name, *self.arguments(*arguments), **changes)

    def arguments(self, *more: str) -> list[str]:
        return [*(more or RECENT), "-s", f"SOURCES_DIR={self.folder}"]

    def asked(self, since: int = 0) -> list[Logged]:
        return self.machine.press.log[since:]

    def state(self, name: str) -> dict[str, Any]:
        found = self.machine.database.sources.find_one({"_id": name})
        assert found is not None
        return found

    def reason(self) -> str:
        run = self.machine.database.runs.find_one({}, sort=[("started", -1)])
        assert run is not None
        return str(run["reason"])


def toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


@pytest.fixture
def visit(machine: Machine, tmp_path: Path) -> Visit:
    folder = tmp_path / "outlets"
    folder.mkdir()
    return Visit(machine, folder)


@pytest.fixture(scope="module")
def polite(mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Two outlets, crawled at a pace of their own while one server stumbles."""
    folder = tmp_path_factory.mktemp("outlets")
    with new_machine(mongodb_uri, data_folder, folder) as machine:
        visit = Visit(machine, folder)
        visit.outlet("sadarabat", delay=DELAY)
        visit.outlet("majmaa", delay=0.0, concurrency=4)  # its robots.txt asks for a Crawl-delay of 0.2 s
        machine.press.misbehave(r"sadarabat\.example/feed", status=503, headers={"Retry-After": "1"}, times=1)
        machine.press.misbehave(r"sadarabat\.example/.*\.html", status=500, times=1)
        bounds = ("-s", "CRAWL_DELAY_MAX=60", "-s", "SLOWDOWN_SECONDS=0.4")
        done = machine.scrapy("crawl", "--all", *visit.arguments(), *bounds)
        assert done.returncode == 0, done.stderr
        yield visit


def test_no_host_sees_two_requests_at_once_or_sooner_than_its_delay(polite: Visit) -> None:
    by_host: dict[str, list[Logged]] = {}
    for entry in polite.asked():
        by_host.setdefault(entry.host.removeprefix("www."), []).append(entry)
    assert set(by_host) >= {"sadarabat.example", "majmaa.example"}
    kinds = {entry.status for entry in by_host["sadarabat.example"]}
    assert {200, 301, 500, 503} <= kinds, "redirects and retries are among them"
    for host, log in by_host.items():
        assert len(log) > 5, host
        assert any(entry.path == "/robots.txt" for entry in log)
        for before, after in pairwise(sorted(log, key=lambda entry: entry.started)):
            pause = after.started - before.ended
            # Nobody's delay is known before its robots.txt is read.
            least = 0.0 if before.path == "/robots.txt" and host == "majmaa.example" else DELAY
            if before.status == 503:
                least = 1.0
            assert pause >= least, (host, before.path, after.path)


def test_robots_txt_is_asked_once_a_day_by_however_many_crawls(polite: Visit) -> None:
    before = len(polite.asked())
    assert polite.crawl("sadarabat").returncode == 0
    again = [entry.path for entry in polite.asked(before)]
    assert again
    assert not {"/robots.txt", "/.well-known/tdmrep.json"} & set(again)
    polite.machine.database.rules.update_many({}, {"$set": {"at": datetime.now(UTC) - timedelta(hours=25)}})
    before = len(polite.asked())
    assert polite.crawl("sadarabat").returncode == 0
    assert polite.asked(before)[0].path == "/robots.txt"


def test_a_budget_is_shared_by_crawls_and_what_is_left_waits(visit: Visit) -> None:
    visit.outlet("sadarabat", delay=0.0, budget=12)
    crawl = [sys.executable, "-m", "scrapy", "crawl", "sadarabat", *visit.arguments()]
    both = [
        subprocess.Popen(crawl, env=visit.machine.environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=90)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(visit.asked()) == 12
    assert any(
        re.search(r"sadarabat: its budget of 12 requests a day is spent; \d+ addresses wait\.", words) for words in said
    )
    assert visit.reason() == "budget"
    assert visit.machine.database.urls.count_documents({"outcome": None, "next_at": None}) > 0
    visit.machine.database.sources.update_one({"_id": "sadarabat"}, {"$set": {"spent.day": "2025-01-01"}})
    visit.outlet("sadarabat", delay=0.0, budget=1000)
    assert visit.crawl("sadarabat").returncode == 0
    assert visit.machine.database.urls.count_documents({"outcome": None}) == 0


def test_nothing_is_asked_in_quiet_hours(visit: Visit) -> None:
    visit.outlet("sadarabat", quiet=["00:00-12:00", "12:00-00:00"])
    done = visit.crawl("sadarabat")
    assert done.returncode == 0
    assert "sadarabat: these are its quiet hours, until" in done.stderr
    assert visit.asked() == []
    assert visit.reason() == "quiet hours"


def test_walls_end_the_crawl_and_are_waited_out_with_growing_pauses(visit: Visit) -> None:
    visit.outlet("sadarabat", delay=0.0)
    visit.machine.press.misbehave(r"\.html", status=403)
    done = visit.crawl("sadarabat", "-a", "since=2023")
    assert done.returncode == 1
    assert "5 walls in a row: its server answers 403; left alone until" in done.stderr
    assert visit.reason() == "walls"
    walled = [entry for entry in visit.asked() if entry.status == 403]
    assert 5 <= len(walled) <= 8, "what was under way when the fifth came"
    first = visit.state("sadarabat")["pause"]
    assert timedelta(hours=5) < first["until"] - datetime.now(UTC) <= timedelta(hours=6)

    before = len(visit.asked())
    done = visit.crawl("sadarabat", "-a", "since=2023")
    assert "sadarabat: left alone until" in done.stderr
    assert len(visit.asked()) == before

    visit.machine.database.sources.update_one({}, {"$set": {"pause.until": datetime.now(UTC)}})
    visit.crawl("sadarabat", "-a", "since=2023")
    second = visit.state("sadarabat")["pause"]
    assert second["times"] == 2
    assert second["until"] - datetime.now(UTC) > timedelta(hours=11)

    visit.machine.press.behave()
    visit.machine.database.sources.update_one({}, {"$set": {"pause.until": datetime.now(UTC)}})
    assert visit.crawl("sadarabat", "-a", "since=2023").returncode == 0
    assert "pause" not in visit.state("sadarabat"), "a page that can be read ends it"


def test_a_long_retry_after_is_kept_across_crawls(visit: Visit) -> None:
    visit.outlet("sadarabat", delay=0.0)
    later = (datetime.now(UTC) + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    visit.machine.press.misbehave(r"\.html", status=429, headers={"Retry-After": later})
    done = visit.crawl("sadarabat")
    assert done.returncode == 1
    assert "its server answers 429 and asks to wait; left alone until" in done.stderr
    assert len([entry for entry in visit.asked() if entry.status == 429]) <= 4
    until = visit.state("sadarabat")["pause"]["until"]
    assert timedelta(minutes=115) < until - datetime.now(UTC) <= timedelta(hours=2)
    assert visit.machine.database.urls.count_documents({"outcome": {"$ne": None}}) <= 4, "the others wait"


def test_reserved_pages_are_not_kept_unless_the_outlet_permits(visit: Visit) -> None:
    visit.outlet("sadarabat", delay=0.0)
    press = visit.machine.press
    press.misbehave(r"\.html", headers={"X-Robots-Tag": "noarchive"})
    press.misbehave(r"5\.html", headers={"TDM-Reservation": "1"})
    rules = b'[{"location": "/*3.html$", "tdm-reservation": 1}]'
    press.misbehave(r"tdmrep\.json", status=200, body=rules, headers={"Content-Type": "application/json"})
    assert visit.crawl("sadarabat").returncode == 0
    database = visit.machine.database
    outcomes = {document["_id"]: document["detail"] for document in database.urls.find({"outcome": "reserved"})}
    assert len(outcomes) > 3
    assert database.articles.count_documents({}) == 0
    asked = {entry.path for entry in visit.asked()}
    assert any("tdmrep.json reserves it" in detail for detail in outcomes.values())
    assert not [path for path in asked if path.endswith("3.html")], "what is known to be reserved is not even fetched"

    database.client.drop_database(database.name)
    visit.outlet("sadarabat", delay=0.0, permission="the editor, by letter of 2025-03-01")
    assert visit.crawl("sadarabat").returncode == 0
    assert database.articles.count_documents({}) == 3
    assert (
        "sadarabat: reserved pages kept: the editor"
        in visit.machine.scrapy("sources", "-s", f"SOURCES_DIR={visit.folder}").stdout
    )


@pytest.mark.parametrize(
    ("contact", "says"),
    [
        ("", "MARSAD_CONTACT is not set"),
        ("me", "MARSAD_CONTACT='me': write an address such as mailto:you@example.org"),
        ("mailto:a@b.example\r\nX-Forged: 1", "MARSAD_CONTACT='mailto:a@b.example"),
    ],
)
def test_live_outlets_are_not_crawled_without_a_contact(machine: Machine, contact: str, says: str) -> None:
    done = machine.scrapy("crawl", "sadarabat", "-s", "CONTACT_REQUIRED=True", MARSAD_CONTACT=contact)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert machine.press.log == []


def test_the_user_agent_names_project_version_and_contact(machine: Machine) -> None:
    done = machine.scrapy(
        "crawl", "sadarabat", *RECENT, "-s", "CONTACT_REQUIRED=True", MARSAD_CONTACT="mailto:a@b.example"
    )
    assert done.returncode == 0, done.stderr
    agents = {entry.headers.get("user-agent", "") for entry in machine.press.log}
    assert len(agents) == 1
    assert re.fullmatch(r"Marsad/[\d.]+ \(press archive for research; mailto:a@b\.example\)", agents.pop())
