"""`scrapy captures`: what was captured of an address, and the page itself."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT, Machine


@pytest.fixture(scope="module")
def visit(crawled: Machine) -> dict[str, Any]:
    """A stored article that was asked for under another form than its canonical one."""
    for found in crawled.database.visits.find({"outcome": "stored"}):
        if found["requested"] != found["url"]:
            return dict(found)
    pytest.fail("every article was asked for under its canonical address")


def raw(machine: Machine, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "scrapy", "captures", *arguments]
    return subprocess.run(
        command, env=machine.environment, cwd=ROOT, capture_output=True, timeout=60, check=True
    ).stdout


def test_every_form_of_an_address_finds_its_captures(crawled: Machine, visit: dict[str, Any]) -> None:
    for form in (visit["requested"], visit["url"]):
        done = crawled.scrapy("captures", form)
        assert done.returncode == 0, done.stderr
        assert f"{visit['capture']['file']}:{visit['capture']['offset']}" in done.stdout
        assert " 200 " in done.stdout


def test_the_page_comes_back_as_the_press_sent_it(crawled: Machine, visit: dict[str, Any]) -> None:
    article = crawled.database.articles.find_one({"capture.offset": visit["capture"]["offset"]})
    assert article is not None
    page = raw(crawled, visit["url"], "--raw", "--at", visit["at"].isoformat())
    assert page.lstrip().startswith(b"<")
    assert any(article["title"].split()[0].encode(charset, "ignore") in page for charset in ("utf-8", "cp1256"))
    assert raw(crawled, visit["url"], "--record").startswith(b"HTTP/1.1 200 OK\r\n")
    told = crawled.scrapy("captures", visit["url"], "--json", "--at", "2001-01-01")
    assert json.loads(told.stdout)["status"] in (200, 301, 302), "where all are later, the first"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "write one URL, or --cdxj"),
        (("https://nowhere.example/a",), 1, "https://nowhere.example/a: no capture of it; 'scrapy why"),
        (("https://nowhere.example/a", "--at", "noon"), 2, "--at noon: write an instant as YYYY-MM-DD"),
        (("https://nowhere.example/a", "--cdxj"), 2, "leave the URL out"),
    ],
)
def test_a_wrong_call_or_an_unknown_address_is_one_line(
    crawled: Machine, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = crawled.scrapy("captures", *arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_cdxj_index_lists_every_capture_under_its_surt_key(crawled: Machine) -> None:
    done = crawled.scrapy("captures", "--cdxj")
    assert done.returncode == 0, done.stderr
    (index,) = crawled.warc.glob("*.cdxj")
    lines = index.read_text().splitlines()
    assert lines == sorted(lines)
    assert all(line.startswith("example,") for line in lines)
    listed = {(entry["url"], int(entry["offset"])) for line in lines if (entry := json.loads(line.split(" ", 2)[2]))}
    assert listed == {(c["url"], c["offset"]) for c in crawled.database.captures.find()}
    assert crawled.scrapy("captures", "--cdxj").stdout == "", "what is there already is not made again"
    index.unlink()
