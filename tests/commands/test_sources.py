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
    start = len(asked)
    assert live(machine, folder)[0] == 0
    assert len(machine.press.log) - start == 4, "unless it is named: robots.txt, tdmrep.json, the feed, an article"


def test_what_is_broken_is_told_with_its_reason(machine: Machine, tmp_path: Path) -> None:
    for path in OUTLETS.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.stem == "carnetsdusud":
            text = re.sub(
                r"(?m)^match = .*",
                r"match = ['/article/\\d+']",
                re.sub(r"(?m)^examples = .*", "unconfirmed = true", text),
            )
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    broken = machine.press.misbehave
    broken(r"sadarabat\.example/feed$", status=404)
    broken(r"alofok\.example/rss$", body=b"<!doctype html><html><body>Accueil</body></html>")
    broken(r"manbar24\.example/atom\.xml$", status=301, headers={"Location": "https://www.alofok.example/rss"})
    broken(r"seinematin\.example/robots.txt$", status=503)
    broken(r"annahda\.example/robots.txt$", status=200, body=b"User-agent: *\nDisallow: /rss.xml\n")
    broken(r"pharedetroit\.example/.*_[A-Z2-7]{26}", body=b"<!doctype html><html lang=fr><body></body></html>")
    broken(r"gazetteoriental\.example/(?!rss|sitemap|robots)", status=403)
    code, told = live(machine, tmp_path)
    assert code == 1
    for name, words in (
        ("sadarabat", "entry.feeds: https://www.sadarabat.example/feed: the server answers 404"),
        ("alofok", "entry.feeds: https://www.alofok.example/rss: the entry point is HTML, not a feed"),
        ("manbar24", "leads to another host, alofok.example: has the outlet moved?"),
        ("seinematin", "robots.txt is not to be had"),
        ("annahda", "robots.txt disallows it"),
        ("pharedetroit", "is frozen: its newest article is"),
        ("pharedetroit", "article https://www.pharedetroit.example/"),
        ("gazetteoriental", "the server answers 403"),
        ("carnetsdusud", "articles.match fits none of its"),
    ):
        assert any(line.startswith(f"{name}: ") and words in line for line in told.splitlines()), (name, words, told)
    assert not any(line.startswith("majmaa: ") for line in told.splitlines())
    assert "9 outlets asked, 8 of them broken." in told


# -- add ---------------------------------------------------------------------------------------------------------------

HOMES = {
    "sadarabat": "https://www.sadarabat.example/",
    "alofok": "https://alofok.example",
    "manbar24": "http://www.manbar24.example/",
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
