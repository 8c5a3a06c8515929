"""Spans of an archive that have been walked: they merge, and tell where to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.spans import Spans


def day(number: int) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)


def test_spans_that_touch_become_one() -> None:
    spans = Spans([(day(1), day(3)), (day(5), day(9)), (day(3), day(5))])
    assert spans.stored() == [[day(1), day(9)]]


def test_a_walk_goes_on_below_what_is_walked() -> None:
    spans = Spans([(day(10), day(20)), (day(2), day(5))])
    assert spans.below(day(30)) == day(30)
    assert spans.below(day(15)) == day(10)
    assert spans.below(day(20)) == day(10)
    assert spans.below(day(10)) == day(10)


def test_an_empty_or_turned_span_is_none() -> None:
    assert Spans([(day(3), day(3)), (day(5), day(4))]).stored() == []


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_spans_hold_exactly_the_days_that_were_added(pairs: list[tuple[int, int]]) -> None:
    spans = Spans((day(low), day(high)) for low, high in pairs)
    added = {number for low, high in pairs for number in range(low, high)}
    assert {number for number in range(41) if spans.holds(day(number), day(number + 1))} == added
    assert Spans(spans.stored()).stored() == spans.stored()
