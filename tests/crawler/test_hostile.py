"""The hostile quarter, crawled by the real crawler beside outlets that mean no harm."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from archive import queries
from archive.records import Outcome
from sources import registry
from sources.urls import canonicalize
from tests.conftest import ROOT, Machine, new_machine
from tests.samplepress.demo import SINCE
from tests.samplepress.hostile import addresses, entries, quarter
from tests.samplepress.hostile.model import Case

HEALTHY = ("carnetsdusud", "sadarabat")
MEGABYTES = 700
BOUNDS = {
    "DOWNLOAD_TIMEOUT": 10,
    "DOWNLOAD_MAXSIZE": 8 * 2**20,
    "RETRY_TIMES": 0,
    "READ_SECONDS": 8,
    "READ_WORKERS": 2,
    "CRAWL_DELAY_MAX": 0.1,
    "SITEMAP_FILES": entries.SITEMAP_FILES,
    "LISTING_PAGES": entries.LISTING_PAGES,
    "ADDRESSES": 150,
    "LOG_LEVEL": "INFO",
}


@dataclass
class Crawl:
    """A crawl that has ended."""

    machine: Machine
    code: int
    output: str
    megabytes: float = 0.0
    connects: list[tuple[str, int]] = field(default_factory=list)
    ledger: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def became(self, case: Case, url: str) -> tuple[str, str]:
        """Outcome and detail of a case's address."""
        document = queries.find_url(self.machine.database, canonicalize(url), url)
        if document is None:
            return "unknown", ""
        return str(document["outcome"] or "waiting"), str(document["detail"])


def run(machine: Machine, folder: Path, *names: str, **environment: str) -> Crawl:
    """Crawl some outlets of a folder to the end; the memory is that of the largest of its processes."""
    settings = [part for name, value in BOUNDS.items() for part in ("-s", f"{name}={value}")]
    command = [
        sys.executable,
        "-m",
        "scrapy",
        "crawl",
        *names,
        "-a",
        f"since={SINCE}",
        "-s",
        f"SOURCES_DIR={folder}",
        *settings,
    ]
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=machine.environment | environment, cwd=ROOT, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        output = log.read()
    return Crawl(machine, process.returncode, output, usage.ru_maxrss / 1024)


@pytest.fixture(scope="module")
def crawl(mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawl]:
    """The quarter and two healthy outlets, through the proxy."""
    folder = tmp_path_factory.mktemp("outlets")
    outlets = quarter.outlets()
    for name, text in outlets.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    for name in HEALTHY:
        (folder / f"{name}.toml").write_bytes((ROOT / f"tests/samplepress/outlets/{name}.toml").read_bytes())
    with new_machine(mongodb_uri, data_folder, folder) as machine:
        quarter.move_in(machine.press)
        yield run(machine, folder, *outlets, *HEALTHY)


@pytest.fixture(scope="module")
def direct(mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Crawl]:
    """The cases on addresses, without a proxy: once as they should be, and once with the guard's check switched off."""
    folder = tmp_path_factory.mktemp("outlets")
    crawls = {}
    for kind, more in {"guarded": {}, "unguarded": {"HOSTILE_NO_GUARD": "1"}}.items():
        with new_machine(mongodb_uri, data_folder, folder) as machine, socket.create_server(("127.0.0.1", 0)) as victim:
            victim.setblocking(False)
            toml = quarter.move_in_without_proxy(machine.press, victim.getsockname()[1])
            (folder / "adresses.toml").write_text(toml, encoding="utf-8")
            machine.environment = {
                name: value for name, value in machine.environment.items() if not name.lower().endswith("_proxy")
            } | {
                "SCRAPY_SETTINGS_MODULE": "tests.samplepress.hostile.direct",
                "HOSTILE_CONNECTS": str(folder / kind),
                "MARSAD_GUARD_ALLOW": f"127.0.0.1:{machine.press.port}",
            }
            done = run(machine, folder, "adresses", **more)
            lines = (folder / kind).read_text(encoding="utf-8").split("\n")[:-1]
            done.connects = [(line.split()[0], int(line.split()[1])) for line in lines]
            done.output += "" if silent(victim) else "\nthe victim was asked"
            done.ledger = {document["_id"]: document for document in machine.database.urls.find()}
            done.entries = [entry for ended in machine.database.runs.find() for entry in ended["entries"]]
            crawls[kind] = done
    return crawls


def silent(listener: socket.socket) -> bool:
    """Whether nobody has connected."""
    try:
        listener.accept()
    except BlockingIOError:
        return True
    return False


PROXIED = [case for case in quarter.CASES if case.group in quarter.PROXIED]
DIRECT = [case for case in quarter.CASES if "ddresses" in case.group and case.outcome != "entry"]


def test_there_are_enough_cases_and_the_page_in_docs_is_fresh() -> None:
    assert len({case.name for case in quarter.CASES}) == len(quarter.CASES) >= 60
    assert (ROOT / "docs/hostile-web.md").read_text(encoding="utf-8") == quarter.markdown()


@pytest.mark.parametrize("case", PROXIED, ids=lambda case: case.name)
def test_a_case_has_its_outcome(crawl: Crawl, case: Case) -> None:
    outcome, detail = crawl.became(case, quarter.address(case))
    assert outcome == case.outcome, (detail, crawl.output[-3000:])
    assert case.says in detail


@pytest.mark.parametrize("case", DIRECT, ids=lambda case: case.name)
def test_an_address_that_is_not_public_is_refused(direct: dict[str, Crawl], case: Case) -> None:
    guarded = direct["guarded"]
    url = canonicalize(case.url.replace("PORT", str(guarded.machine.press.port)))
    document = guarded.ledger.get(url)
    assert document is not None, guarded.output[-3000:]
    assert document["outcome"] == case.outcome, document["detail"]
    assert case.says in document["detail"]


def test_a_feed_on_a_private_address_is_not_read(direct: dict[str, Crawl]) -> None:
    (case,) = (case for case in addresses.OTHERS if case.outcome == "entry")
    (found,) = (read for read in direct["guarded"].entries if read["url"] == case.url)
    assert case.says in found["error"]


def test_no_connection_is_made_to_an_address_that_is_not_allowed(direct: dict[str, Crawl], mongodb_uri: str) -> None:
    guarded, port = direct["guarded"], direct["guarded"].machine.press.port
    database = int(mongodb_uri.partition("127.0.0.1:")[2].partition("/")[0])
    assert ("127.0.0.1", port) in guarded.connects
    assert set(guarded.connects) <= {("127.0.0.1", port), ("127.0.0.1", database)}
    assert "the victim was asked" not in guarded.output


def test_the_record_would_show_what_the_guard_lets_through(direct: dict[str, Crawl]) -> None:
    reached = {address for address, _ in direct["unguarded"].connects}
    assert len([address for address in reached if not ip_address(address).is_loopback]) >= 15
    assert "the victim was asked" in direct["unguarded"].output


def test_the_healthy_outlets_finish_with_every_article(crawl: Crawl) -> None:
    sources = {source.name: source for source in registry.everything(ROOT / "tests/samplepress/outlets")[0]}
    missing = []
    for truth in crawl.machine.press.press.truth():
        if truth.outlet in HEALTHY and truth.outcome in (Outcome.STORED, Outcome.COPY):
            key = canonicalize(truth.url, rules=sources[truth.outlet].identity)
            document = queries.find_url(crawl.machine.database, key, truth.url)
            if document is None or not document["article"]:
                missing.append(truth.url)
    assert missing == [], crawl.output[-3000:]
    for name in HEALTHY:
        run = crawl.machine.database.runs.find_one({"source": name})
        assert run is not None
        assert run["reason"] == "finished"


def test_memory_stays_within_bounds(crawl: Crawl) -> None:
    assert crawl.megabytes < MEGABYTES


def entry(crawl: Crawl, name: str) -> list[dict[str, Any]]:
    run = crawl.machine.database.runs.find_one({"source": "dedale"})
    assert run is not None
    return [entry for entry in run["entries"] if f"/{name}" in entry["url"]]


@pytest.mark.parametrize("case", entries.ENTRIES, ids=lambda case: case.name)
def test_an_entry_point_is_read_as_far_as_it_can_be(crawl: Crawl, case: Case) -> None:
    read = entry(crawl, case.name)
    assert read, crawl.output[-3000:]
    assert case.says in str(read[0]["error"])


def test_entry_points_without_end_are_left(crawl: Crawl) -> None:
    asked = [logged.path for logged in crawl.machine.press.log if logged.host == "dedale.example"]
    plans = [path for path in asked if path.startswith("/plan")]
    assert len(plans) <= entries.SITEMAP_FILES + 6
    assert len(plans) == len(set(plans)), "no sitemap is read twice"
    assert len([path for path in asked if path.startswith("/liste-sans-fin")]) <= entries.LISTING_PAGES
    assert len([path for path in asked if path.startswith("/liste-meme")]) <= 2
    run = crawl.machine.database.runs.find_one({"source": "dedale"})
    assert run is not None
    # Entry points that are read at the same time do not wait for each other's count.
    assert run["counters"]["discovered"] <= BOUNDS["ADDRESSES"] + 20


def test_nothing_that_strangers_name_enters_the_ledger(crawl: Crawl) -> None:
    hosts = {
        document["_id"].split("/")[2] for document in crawl.machine.database.urls.find({"source": "dedale"}, {"_id": 1})
    }
    assert hosts == {"dedale.example"}


def test_walls_and_busy_servers_end_the_crawl_of_their_outlet_only(crawl: Crawl) -> None:
    database = crawl.machine.database
    runs = {run["source"]: run for run in database.runs.find()}
    assert runs["mur"]["reason"] == "walls"
    assert runs["occupe"]["reason"] == "asked to wait"
    walled = [
        logged for logged in crawl.machine.press.log if logged.host == "mur.example" and logged.path.startswith("/c/")
    ]
    assert 5 <= len(walled) <= 8
    busy = [
        logged
        for logged in crawl.machine.press.log
        if logged.host == "occupe.example" and logged.path.startswith("/c/")
    ]
    assert len(busy) == 1


def test_page_text_forges_nothing(crawl: Crawl) -> None:
    lines = crawl.output.split("\n")
    assert "\x1b" not in crawl.output
    assert "\u202e" not in crawl.output
    assert not [line for line in lines if "forged" in line and not line.startswith("20")]
    assert "Traceback" not in crawl.output
    shown = crawl.machine.scrapy("articles", "--limit", "50").stdout
    assert "Extradition" in shown
    assert "\x1b" not in shown
    articles = list(crawl.machine.database.articles.find({"source": "nuit"}))
    assert articles
    for article in articles:
        assert isinstance(article["title"], str)
        assert all(isinstance(author, str) for author in article["authors"])
        assert not [key for key in article["twins"] if key.startswith("$") or "." in key]


def test_secrets_are_not_told(crawl: Crawl) -> None:
    assert "motdepasse" not in crawl.output
    assert not list(crawl.machine.database.visits.find({"detail": {"$regex": "motdepasse"}}))
