"""Coverage over time: periods, heights and places of the bars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from web.charts import HEIGHT, MAX_BARS, chart

COUNTS = [(date(2024, 1, 1), "fr", 3), (date(2024, 1, 3), "ar", 1), (date(2024, 1, 3), "fr", 2)]


def test_days_without_articles_have_their_place_and_languages_stand_on_each_other() -> None:
    made = chart(COUNTS)
    assert made is not None
    assert [bar.start for bar in made.bars] == [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 3)]
    assert [bar.total for bar in made.bars] == [3, 0, 3]
    (fr, fr_top, fr_height), (ar, ar_top, ar_height) = made.bars[2].parts
    assert (fr, ar) == ("fr", "ar")
    assert fr_top + fr_height == HEIGHT
    assert ar_top + ar_height == fr_top
    assert fr_height == 2 * ar_height


def test_time_runs_from_right_to_left_where_the_reader_does() -> None:
    there, back = chart(COUNTS), chart(COUNTS, mirrored=True)
    assert there is not None
    assert back is not None
    assert [bar.x for bar in there.bars] == sorted(bar.x for bar in there.bars)
    assert [bar.x for bar in back.bars] == sorted((bar.x for bar in back.bars), reverse=True)


@pytest.mark.parametrize(("years", "unit"), [(1, "week"), (5, "month"), (20, "quarter"), (60, "year"), (300, "year")])
def test_a_long_time_is_drawn_in_wider_periods_and_counts_are_kept(years: int, unit: str) -> None:
    counts = [(date(1700, 1, 1) + timedelta(days=30 * month), "fr", 1) for month in range(years * 12)]
    made = chart(counts)
    assert made is not None
    assert made.unit == unit
    assert unit == "year" or len(made.bars) <= MAX_BARS
    assert sum(bar.total for bar in made.bars) == len(counts)
    assert all(bar.start < bar.until for bar in made.bars)
    assert len(made.ticks) <= 7


def test_the_days_of_a_week_in_two_months_are_counted_in_their_own() -> None:
    made = chart([(date(2021, 1, 4), "fr", 1), (date(2023, 10, 31), "fr", 2), (date(2023, 11, 1), "fr", 4)])
    assert made is not None
    assert [(bar.start, bar.total) for bar in made.bars[-2:]] == [(date(2023, 10, 1), 2), (date(2023, 11, 1), 4)]


def test_impossible_years_are_drawn_too() -> None:
    made = chart([(date(1, 1, 1), "fr", 1), (date(9999, 12, 31), "ar", 1)])
    assert made is not None
    assert sum(bar.total for bar in made.bars) == 2


def test_nothing_makes_no_chart() -> None:
    assert chart([]) is None
