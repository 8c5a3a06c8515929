"""No string and no page raises; the long form is `python -m bench.dates 100000`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from bench.dates import LINES, hostile, mutated
from language.normalize import fold
from pipelines.dates import published, read_date

NOW = datetime(2026, 6, 15, 12, 34, tzinfo=UTC)
ZONE = "Africa/Casablanca"


def check(text: str) -> None:
    reading = read_date(text, language="ar", timezone=ZONE, now=NOW)
    if reading is not None:
        assert reading.instant.tzinfo is UTC
        assert reading.instant <= NOW + timedelta(hours=26)
        assert reading.precision in ("day", "minute", "second")
        assert fold(reading.raw) in fold(text)


def test_mutated_date_lines_never_raise() -> None:
    for text in islice(mutated(seed=11), 4000):
        check(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    check(text)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(LINES) | st.text(max_size=8) | st.integers(0, 99999).map(str), max_size=6).map(" ".join)
)
def test_any_mixture_of_lines_is_read_or_refused(text: str) -> None:
    check(text)


@pytest.mark.parametrize("name", [name for name, _ in hostile()])
def test_long_inputs_are_read_or_refused(name: str) -> None:
    check(dict(hostile())[name])


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=80))
def test_any_value_in_every_place_of_a_page(value: str) -> None:
    tree = html.fromstring(
        "<html><head><meta property='article:published_time'></head><body><h1>a b</h1><time></time><p class='date'></p></body></html>"
    )
    clean = "".join(
        character
        for character in value
        if character == "\n" or (ord(character) >= 32 and not 0xFFFE <= ord(character) <= 0xFFFF)
    )
    for element in tree.iter("meta", "time", "p"):
        element.set("content" if element.tag == "meta" else "datetime", clean)
        element.text = clean
    published(tree, [], timezone=ZONE, now=NOW, selector="p")
