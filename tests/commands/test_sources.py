"""`scrapy sources check --live` and `scrapy sources add`, as a maintainer meets them."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sources.model import load
from sources.registry import is_article
from tests.conftest import ROOT, Machine

OUTLETS = ROOT / "tests/samplepress/outlets"
FEED = "https://www.sadarabat.example/feed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one outlet, sadarabat."""
    made = tmp_path / "outlets"
    made.mkdir()
    shutil.copy(OUTLETS / "sadarabat.toml", made)
    return made


def live(machine: Machine, folder: Path, *names: str) -> tuple[int, str]:
    done = machine.scrapy("sources", "check", "--live", *names, "-s", f"SOURCES_DIR={folder}")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def fresh(machine: Machine) -> None:
    """The feed as if it had been made today: the stories of the press are years old."""
    answer = machine.press.press.respond(FEED)
    assert answer is not None
    now = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S +0000}"
    body = re.sub(r"<pubDate>[^<]*</pubDate>", f"<pubDate>{now}</pubDate>", answer.body.decode(), count=1)
    machine.press.misbehave(r"/feed$", body=body.encode())


def test_an_outlet_whose_file_is_true_passes_and_nothing_is_stored(machine: Machine, folder: Path) -> None:
    fresh(machine)
    code, told = live(machine, folder, "sadarabat")
    assert code == 0, told
    assert "sadarabat: " in told
    assert "the article is read" in told
    assert "wp-sitemap.xml: the server answers 404" in told
    assert machine.database.list_collection_names() == []
    asked = [entry.path for entry in machine.press.log]
    assert asked[0] == "/robots.txt"
    assert sum(path.endswith(".html") for path in asked) == 1


def test_every_outlet_is_asked_for_little(machine: Machine, folder: Path) -> None:
    fresh(machine)
    code, told = live(machine, folder)
    assert code == 0, told
    assert "1 outlets asked, none of them broken." in told
    assert len(machine.press.log) == 3, "robots.txt, the feed, an article"


@pytest.mark.parametrize(
    ("pattern", "fault", "told"),
    [
        (r"/feed$", {"status": 404}, f"entry.feeds: {FEED}: the server answers 404"),
        (r"/feed$", {"body": b"<!doctype html><html><body>Accueil</body></html>"}, "is HTML, not a feed"),
        (r"/feed$", {"status": 301, "headers": {"Location": "https://www.alofok.example/rss"}}, "another host, alofok.example: has the outlet moved?"),
        (r"/robots.txt$", {"status": 503}, "robots.txt is not to be had"),
        (r"/robots.txt$", {"body": b"User-agent: *\nDisallow: /feed\n"}, "robots.txt disallows it"),
        (r"\.html", {"body": b"<!doctype html><html lang=ar><body></body></html>"}, "article https://www.sadarabat.example/"),
        (r"\.html", {"status": 403}, "the server answers 403"),
        (r"nothing", {}, "is frozen: its newest article is"),
    ],
)  # fmt: skip
def test_what_is_broken_is_told_with_its_reason(
    machine: Machine, folder: Path, pattern: str, fault: dict[str, object], told: str
) -> None:
    if pattern != "nothing":
        fresh(machine)
    machine.press.misbehave(pattern, **fault)  # type: ignore[arg-type]
    code, said = live(machine, folder)
    assert code == 1
    assert told in said
    assert "1 of them broken" in said


def test_patterns_that_fit_nothing_are_told_with_what_is_there(machine: Machine, folder: Path) -> None:
    fresh(machine)
    path = folder / "sadarabat.toml"
    text = re.sub(r"(?m)^match = .*", r"match = ['/article/\\d+']", path.read_text(encoding="utf-8"))
    path.write_text(re.sub(r"(?m)^examples = .*", "unconfirmed = true", text), encoding="utf-8")
    code, told = live(machine, folder)
    assert code == 1
    assert "articles.match fits none of its 10 links, such as https://www.sadarabat.example/" in told


# -- add ---------------------------------------------------------------------------------------------------------------

HOMES = {
    "sadarabat": "https://www.sadarabat.example/",
    "alofok": "https://alofok.example",
    "manbar24": "http://www.manbar24.example/",
    "pharedetroit": "https://www.pharedetroit.example/",
    "carnetsdusud": "https://www.carnetsdusud.example/",
}


def test_a_proposal_knows_the_articles_and_is_refused_until_somebody_has_looked(
    machine: Machine, tmp_path: Path
) -> None:
    for name, home in HOMES.items():
        done = machine.scrapy("sources", "add", home, "-s", f"SOURCES_DIR={tmp_path}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Written to" in done.stdout
        path = tmp_path / f"{name}.toml"
        source = load(path)
        truths = [truth.url for truth in machine.press.press.truth() if truth.outlet == name and truth.title]
        known = [url for url in truths if is_article(url, source)]
        assert len(known) >= 0.95 * len(truths), (name, set(truths) - set(known))
        assert source.languages == load(OUTLETS / f"{name}.toml").languages
    check = machine.scrapy("sources", "check", "-s", f"SOURCES_DIR={tmp_path}")
    assert check.returncode == 2
    told = [line for line in check.stderr.splitlines() if ": " in line]
    assert {line.partition(":")[0] for line in told} == set(HOMES)
    assert all("unreviewed" in line for line in told)
    assert machine.scrapy("crawl", "--all", "-s", f"SOURCES_DIR={tmp_path}").stdout.count("discovered") <= 1
    for path in tmp_path.glob("*.toml"):
        path.write_text(path.read_text(encoding="utf-8").replace("unreviewed = true\n", ""), encoding="utf-8")
    check = machine.scrapy("sources", "check", "-s", f"SOURCES_DIR={tmp_path}")
    assert check.returncode == 0, check.stderr
    done = machine.scrapy(
        "crawl", "manbar24", "-a", "since=2023", "-s", f"SOURCES_DIR={tmp_path}", "-s", "DOWNLOAD_DELAY=0"
    )
    assert machine.database.articles.count_documents({"source": "manbar24"}) > 0, done.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sadarabat.example", "not an absolute http(s) URL"),
        ("https://www.sadarabat.example/", "belongs to the outlet sadarabat"),
    ],
)
def test_add_refuses_what_is_no_address_or_is_known(machine: Machine, folder: Path, url: str, told: str) -> None:
    done = machine.scrapy("sources", "add", url, "-s", f"SOURCES_DIR={folder}")
    assert done.returncode == 2
    assert told in done.stderr


def test_add_writes_nothing_where_the_home_page_does_not_answer(machine: Machine, tmp_path: Path) -> None:
    machine.press.misbehave(r"alofok\.example/$", status=403)
    done = machine.scrapy("sources", "add", "https://www.alofok.example/", "-s", f"SOURCES_DIR={tmp_path}")
    assert done.returncode == 1
    assert "the server answers 403" in done.stderr
    assert list(tmp_path.glob("*.toml")) == []
