"""Searching, showing and exporting in a terminal."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rich.console import Console

from archive import export
from commands import bidi
from commands.console import UsageFault
from tests.conftest import Machine

ATOM = "{http://www.w3.org/2005/Atom}"


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_a_search_is_a_table_with_twins_and_facets(crawled: Machine) -> None:
    done = crawled.scrapy("articles", "حموشي باريس", "--since", "2023-11", "--lang", "ar", "--facets", "--limit", "0")
    assert done.returncode == 0, done.stderr
    rows = [line for line in lines(done.stdout) if re.match(r"20\d\d-", line)]
    assert rows
    assert all(re.search(r"  (ar|fr)  ", row) for row in rows)
    assert [row for row in rows if re.search(r"  fr    ?= ", row)], "no French twin is shown"
    assert re.search(r"^\d+ of \d+ articles\.$", done.stdout, re.MULTILINE)
    assert "Languages: ar " in done.stdout
    assert "person:hammouchi" in done.stdout


def test_an_outlet_that_only_the_archive_knows_can_be_asked_for(crawled: Machine) -> None:
    """The demo's database, asked with the live outlets."""
    live = {"SCRAPY_PROJECT": "default"}
    done = crawled.scrapy("articles", "--source", "annahda", "--json", "--limit", "3", **live)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["source"] for line in lines(done.stdout)] == ["annahda"] * 3
    done = crawled.scrapy("articles", "--source", "annahda", "--source", "nobody", **live)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no outlet is called 'nobody'" in done.stderr


def test_csv_and_json_are_for_programs(crawled: Machine) -> None:
    table = crawled.scrapy("articles", "--csv", "--limit", "3", '"police nationale"').stdout
    header, *rows = csv.reader(io.StringIO(table))
    assert header == list(export.COLUMNS)
    assert len(rows) == 3
    assert all(len(row) == len(header) for row in rows)
    done = crawled.scrapy("export", "--format", "jsonl", "حموشي", "--limit", "5", "--text")
    found = [json.loads(line) for line in lines(done.stdout)]
    assert len(found) == 5
    for document in found:
        assert len(document["extract"]) <= export.EXTRACT
        assert (document["text"] is None) == bool(document["withheld"])
        assert not {"search", "capture", "sketch"} & set(document)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["articles", "--limit", "-1"], "--limit -1"),
        (["articles", "«»"], "holds no word"),
        (["articles", "--entity", "hammouchi"], "identifier of the lexicon"),
        (["articles", "--source", "nobody"], "no outlet is called"),
        (["articles", "--relevance", "9"], "from 0 to 1"),
        (["articles", "--json", "--csv"], "choose one"),
        (["export", "--saved", "mine"], "searches.toml"),
        (["export", "--format", "atom", "--text"], "extracts alone"),
        (["export", "--to", "/nowhere/feed.xml"], "No such file"),
    ],
)
def test_a_wrong_call_is_answered_in_words(crawled: Machine, arguments: list[str], message: str) -> None:
    done = crawled.scrapy(*arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr


def test_a_saved_search_becomes_a_feed(crawled: Machine, tmp_path: Path) -> None:
    saved = '[paris]\ntitle = "Hammouchi à Paris"\nwords = "حموشي"\nlang = ["ar"]\nsince = "2023"\n'
    (tmp_path / "searches.toml").write_text(saved, encoding="utf-8")
    to = tmp_path / "feed.xml"
    done = crawled.scrapy("export", "--saved", "paris", "--to", str(to), "-s", f"DATA_DIR={tmp_path}")
    assert done.returncode == 0, done.stderr
    feed = etree.parse(str(to)).getroot()
    assert feed.findtext(f"{ATOM}title") == "Hammouchi à Paris"
    entries = feed.findall(f"{ATOM}entry")
    assert f"{to}: {len(entries)} articles." in done.stdout
    assert entries
    for entry in entries:
        assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "ar"
        assert entry.find(f"{ATOM}link").get("href").startswith("https://")
        assert len(entry.findtext(f"{ATOM}summary")) <= export.EXTRACT
    wrong = tmp_path / "searches.toml"
    wrong.write_text("[paris]\ncolour = 1\n", encoding="utf-8")
    done = crawled.scrapy("export", "--saved", "paris", "-s", f"DATA_DIR={tmp_path}")
    assert (done.returncode, "[paris] colour: unknown" in done.stderr) == (2, True)


def test_show_tells_all_that_belongs_to_an_article(crawled: Machine) -> None:
    twin = crawled.database.articles.find_one({"copy_of": {"$ne": None}})
    assert twin is not None
    original = crawled.database.articles.find_one({"_id": twin["copy_of"]})
    assert original is not None
    shown = crawled.scrapy("show", original["url"]).stdout
    assert original["title"] in shown
    assert f"Copied ({twin['copy_kind']}) by {twin['url']}" in shown
    assert "Version 1, fetched 20" in shown
    assert "kept in marsad-" in shown
    assert re.search(r"^  In (ar|fr): https://", shown, re.MULTILINE)
    assert "Score" in shown or "score" in shown
    whole = json.loads(crawled.scrapy("show", original["url"], "--json").stdout)
    assert whole["states"][-1]["text"] == original["text"]
    assert any(other["url"] == twin["url"] for other in whole["same_text"])


# -- what leaves the archive -------------------------------------------------------------------------------------------


def stored(**more: Any) -> dict[str, Any]:
    article = dict.fromkeys(("section", "agency", "modified", "published", "copy_of", "story", "gone_at", "paywalled"))
    article |= {"_id": "0" * 20, "url": "https://outlet.example/1", "source": "outlet", "lang": "fr", "title": "Titre"}
    article |= {"authors": [], "tags": [], "version": 1, "text": "Le texte entier.", "restrictions": []}
    return article | {"topic": {"score": 1.0, "aspects": [], "entities": []}} | more


@pytest.mark.parametrize(
    "restricted", [{"restrictions": ["noarchive"]}, {"paywalled": True}, {"gone_at": export.datetime.now(export.UTC)}]
)
def test_the_text_of_a_restricted_article_does_not_leave(restricted: dict[str, Any]) -> None:
    now = export.datetime.now(export.UTC)
    article = stored(version_at=now, first_seen=now, **restricted)
    assert export.record(article, text=True)["text"] is None
    assert export.row(article, text=True)[-1] == ""
    free = stored(version_at=now, first_seen=now)
    assert export.record(free, text=True)["text"] == export.row(free, text=True)[-1] == free["text"]
    assert "text" not in export.record(free)


@pytest.mark.parametrize(
    "title", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1", " =1", "\u200f=1", "|x", "%x"]
)
def test_no_cell_is_a_formula(title: str) -> None:
    now = export.datetime.now(export.UTC)
    cells = export.row(stored(title=title, version_at=now, first_seen=now))
    assert cells[export.COLUMNS.index("title")] == f"'{title}"


def test_a_feed_is_well_formed_whatever_a_page_says() -> None:
    now = export.datetime.now(export.UTC)
    hostile = stored(
        title="a\x00b\x1b[31m\ufffe\ud800<script>&\u202eالف", text="]]>\x0b" * 200, version_at=now, first_seen=now
    )
    feed = etree.fromstring(export.atom([hostile], title="T\x01", identity="a b/ç", now=now))
    assert feed.findtext(f"{ATOM}entry/{ATOM}title") == "ab[31m<script>&الف"
    assert feed.findtext(f"{ATOM}id") == "urn:marsad:search:a%20b%2F%C3%A7"


# -- Arabic on a terminal ----------------------------------------------------------------------------------------------


def test_each_line_of_arabic_is_a_run_of_its_own() -> None:
    title = "حموشي في باريس مع وفد كبير"
    console = Console(width=80)
    found = bidi.lines(title, [(0, 5)], console, 12, "terminal")
    assert len(found) > 1
    assert all(line.plain[0] == "\u2068" and line.plain[-1] == "\u2069" and line.cell_len <= 12 for line in found)
    assert [found[0].plain[span.start : span.end] for span in found[0].spans] == ["حموشي"]
    assert [line.plain for line in bidi.lines(title, [], console, 10_000, "plain")] == [title]


def test_a_terminal_that_orders_nothing_gets_the_line_as_it_is_seen() -> None:
    (line,) = bidi.lines("الأمن (2024)", [], Console(), 80, "visual")
    assert line.plain.index("2024") < line.plain.index("\ufee6")  # the last letter of الأمن, in its final form
    assert line.plain[0] == "("
    (plain,) = bidi.lines("Sûreté", [], Console(), 80, "visual")
    assert plain.plain == "Sûreté"


def test_the_terminal_decides_unless_a_person_does() -> None:
    assert bidi.mode({"KITTY_WINDOW_ID": "1"}) == "visual"
    assert bidi.mode({"VTE_VERSION": "7200"}) == "terminal"
    assert bidi.mode({"MARSAD_BIDI": "visual"}, is_terminal=False) == "visual"
    assert bidi.mode({}, is_terminal=False) == "plain"
    with pytest.raises(UsageFault):
        bidi.mode({"MARSAD_BIDI": "sideways"})
