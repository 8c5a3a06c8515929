"""No page can steer the terminal of whoever reads it, and Arabic stands in order in a line of ours."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from archive import stories
from archive.export import COLUMNS
from archive.stories import Story
from commands import articles, bidi, console, diff, export, show, story, why
from language.changes import changes
from tests.conftest import Machine

ARABIC = "حموشي في باريس"
HOSTILE = f"{ARABIC} \u202e\x1b[2J\x9b31m"
WRITTEN_OUT = "\\u202e\\x1b[2J\\x9b31m"
ISOLATED = f"\u2068{ARABIC} {WRITTEN_OUT}\u2069"


class Terminal(io.StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal without colours that orders Arabic by itself."""
    made = Terminal()
    out = console.PlainConsole(file=made, force_terminal=True, color_system=None, highlight=False, width=10_000)
    monkeypatch.setattr(console, "out", out)
    monkeypatch.setenv("MARSAD_BIDI", "terminal")
    return made


@pytest.fixture
def hostile(crawled: Machine) -> Iterator[tuple[Database[dict[str, Any]], dict[str, Any]]]:
    """An archive of one article whose page has taken every place to attack, and that article."""
    model = crawled.database.articles.find_one(
        {"copy_of": None, "published": {"$ne": None}, "topic.evidence.0": {"$exists": True}}
    )
    assert model is not None
    said = dict.fromkeys(("title", "agency"), HOSTILE) | {
        "text": f"{HOSTILE}\n{HOSTILE}",
        "authors": [HOSTILE, HOSTILE],
    }
    evidence = [one | {"words": HOSTILE} for one in model["topic"]["evidence"]]
    made = {
        **model,
        **said,
        "published": model["published"] | {"raw": HOSTILE},
        "topic": model["topic"] | {"evidence": evidence},
    }
    database = crawled.database.client[f"{crawled.database.name}_hostile"]
    database.articles.insert_one(made)
    ledger = crawled.database.urls.find_one({"article": model["_id"]})
    assert ledger is not None
    database.urls.insert_one(ledger | {"detail": HOSTILE})
    visit = crawled.database.visits.find_one({"url": ledger["_id"]})
    assert visit is not None
    database.visits.insert_one(visit | {"detail": HOSTILE})
    yield database, made
    database.client.drop_database(database.name)


def is_safe(sent: str) -> bool:
    """Whether the only marks that a terminal obeys are isolates of ours, each closed within its line."""
    lines = sent.splitlines()
    balanced = all(line.count("\u2068") == line.count("\u2069") for line in lines)
    return balanced and not set(sent) & {"\u202e", "\x1b", "\x9b", "\r"}


def test_show_writes_out_what_a_page_says_in_every_place(
    terminal: Terminal, hostile: tuple[Database[dict[str, Any]], dict[str, Any]]
) -> None:
    database, article = hostile
    show._tell(database, article)
    sent = terminal.getvalue()
    assert is_safe(sent)
    assert f", by {ISOLATED}, {ISOLATED}, after {ISOLATED}" in sent
    assert f"“{ISOLATED}” (" in sent, "evidence"
    assert sent.count(ISOLATED) >= 7


def test_why_writes_out_what_a_page_says_in_every_place(
    terminal: Terminal, hostile: tuple[Database[dict[str, Any]], dict[str, Any]]
) -> None:
    database, article = hostile
    assert why.tell(database, article["url"], [])
    sent = terminal.getvalue()
    assert is_safe(sent)
    for place in (
        f"Because: {ISOLATED}",
        f"  “{ISOLATED}”\n",
        f": “{ISOLATED}”.",
        f"“{ISOLATED}” (",
        f"  {ISOLATED}\n",
    ):
        assert place in sent


def test_story_writes_out_titles_now_and_before(terminal: Terminal, crawled: Machine) -> None:
    found = crawled.database.articles.find_one({"title": {"$regex": "^Comment la DGST a mis la DGSI"}, "copy_of": None})
    assert found is not None
    told = stories.story_of(crawled.database, found["_id"])
    assert told is not None
    story.show(_hostile(told), "ar")
    sent = terminal.getvalue()
    assert is_safe(sent)
    assert f"the title was “{ISOLATED}”" in sent
    names = next(line for line in sent.splitlines() if line.startswith("Named in both languages"))
    assert "\u2069 (" in names, "each Arabic name for itself"


def _hostile(told: Story) -> Story:
    """The same story under hostile titles, each report edited once."""
    reports = []
    for report in told.reports:
        before = report.article | {"title": HOSTILE, "at": report.article["version_at"]}
        copies = [copy | {"title": HOSTILE} for copy in report.copies]
        reports.append(
            replace(report, article=report.article | {"title": f"2 {HOSTILE}"}, edits=[before], copies=copies)
        )
    return replace(told, reports=reports)


@pytest.mark.parametrize(("how", "kept"), [("terminal", ISOLATED), ("plain", f"{ARABIC} {WRITTEN_OUT}")])
def test_diff_writes_out_what_was_and_what_is(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, how: str, kept: str
) -> None:
    monkeypatch.setenv("MARSAD_BIDI", how)
    diff.show(changes(HOSTILE, HOSTILE), full=True)
    diff.show(changes(f"Un {HOSTILE}", f"Deux {HOSTILE}"))
    sent = terminal.getvalue()
    assert is_safe(sent)
    assert kept in sent
    assert sent.count(WRITTEN_OUT) == 2


def test_changes_have_marks_where_letters_had_to_be_moved(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARSAD_BIDI", "visual")
    diff.show(changes(f"{ARABIC} 2023", f"{ARABIC} 2024"))
    (line,) = terminal.getvalue().splitlines()
    assert line.index("2024") < line.index("2023") < line.index(bidi.shown("حموشي", "visual"))
    assert "[-" in line or "-]" in line


def test_a_table_is_safe_on_a_terminal_and_as_it_is_in_a_file(
    terminal: Terminal,
    hostile: tuple[Database[dict[str, Any]], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, article = hostile
    monkeypatch.setattr(sys, "stdout", terminal)
    articles._write_csv([article])
    assert is_safe(terminal.getvalue().replace("\r\n", "\n"))
    assert WRITTEN_OUT in terminal.getvalue()
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    articles._write_csv([article])
    assert HOSTILE in file.getvalue()
    assert file.getvalue().count("\r\n") == 2
    assert export._safe(f"{HOSTILE}\r\n".encode()).decode() == f"{ARABIC} {WRITTEN_OUT}\r\n"
    assert len(COLUMNS) == file.getvalue().splitlines()[0].count('","') + 1


def test_json_is_safe_and_says_the_same(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal)
    console.print_json({"title": HOSTILE})
    assert is_safe(terminal.getvalue())
    assert json.loads(terminal.getvalue()) == {"title": HOSTILE}
