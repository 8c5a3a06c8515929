"""The words of the interface: the same in three languages, in the forms that each wants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest

from archive.health.causes import CAUSES
from language import lexicon
from sources.model import Kind
from web import interface
from web.interface import LOCALES, Interface, blanks, choose, load

WEB = Path(interface.__file__).parent
SOURCES = [*(WEB / "templates").glob("*.html"), *WEB.rglob("*.py")]


@pytest.fixture(params=LOCALES)
def reader(request: pytest.FixtureRequest) -> Interface:
    return load(request.param)


def forms(text: object) -> dict[str, str]:
    return text if isinstance(text, dict) else {"": str(text)}


def test_every_language_says_everything_with_the_same_blanks(reader: Interface) -> None:
    model = load("en")
    assert reader.texts.keys() == model.texts.keys()
    for key, text in reader.texts.items():
        wanted = set().union(*map(blanks, forms(model.texts[key]).values()))
        assert set().union(*map(blanks, forms(text).values())) == wanted, key
        assert all(form.strip() or key in ("colon", "comma") for form in forms(text).values()), key


def test_what_is_counted_has_each_plural_form_of_its_language_and_no_other(reader: Interface) -> None:
    wanted = {*reader.locale.plural_form.rules, "other"}
    for key, text in reader.texts.items():
        if isinstance(text, dict):
            assert set(text) == wanted, key


def test_no_page_asks_for_a_text_that_is_missing_and_none_is_unused() -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    quoted = set(re.findall(r'"([a-z]+(?:\.[a-zA-Z-]+)?)"', written))
    families = set(re.findall(r'"([a-z]+)\." ?~', written)) | set(re.findall(r'f"([a-z]+)\.\{', written))
    texts = load("en").texts
    asked = set(re.findall(r'\b(?:t|n|text|count)\("([a-z.]+[a-z])"', written))
    assert asked <= texts.keys()
    assert [key for key in texts if key not in quoted and key.partition(".")[0] not in families] == []


def test_every_value_of_the_archive_that_pages_name_has_its_word() -> None:
    texts = load("en").texts
    aspects, kinds = get_args(lexicon.Aspect), get_args(lexicon.Kind)
    assert {f"cause.{name}" for name in CAUSES} <= texts.keys()
    assert {f"aspect.{name}" for name in aspects} | {f"kind.{name}" for name in kinds} <= texts.keys()
    assert {f"side.{name}" for name in get_args(lexicon.Side)} <= texts.keys()
    assert {f"press.{name.replace(' ', '-')}" for name in get_args(Kind)} <= texts.keys()


def test_arabic_counts_in_six_forms_and_names_months_as_morocco_does() -> None:
    arabic = load("ar")
    said = [str(arabic.count("count.articles", number)) for number in (0, 1, 2, 3, 11, 100)]
    assert said == ["لا مقالات", "مقال واحد", "مقالان", "3 مقالات", "11 مقالًا", "100 مقال"]
    assert arabic.day(date(2025, 8, 1)) == "1 غشت 2025"


def test_instants_are_shown_in_moroccan_time_before_and_after_its_zone_changes() -> None:
    assert load("fr").moment(datetime(2025, 11, 24, 23, 30, tzinfo=UTC)) == "25 novembre 2025, 00:30"
    assert load("en").moment(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)) == "24 November 2026, 23:30"


def test_what_fills_a_blank_is_no_markup() -> None:
    assert str(load("en").text("problem.outlet", name="<b>")) == "The archive knows no outlet “&lt;b&gt;”."


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "fr"),
        ("de,en;q=0.8,ar;q=0.5", "en"),
        ("ar-MA,ar;q=0.9,fr;q=0.8", "ar"),
        ("en;q=0,fr;q=0.1", "fr"),
        ("en;q=x,;;,ar;q=nan", "fr"),
    ],
)
def test_the_browser_chooses_the_first_language(accepted: str, language: str) -> None:
    assert choose(accepted) == language
