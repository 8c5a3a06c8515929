"""The pace of one host, the two forms of Retry-After, quiet hours: plain arithmetic, without a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pace import Bounds, Pace, pause, quiet_until, retry_after

BOUNDS = Bounds(load=0.5, crawl_delay=120, penalty=5, longest=300)
NOW = datetime(2025, 11, 24, 18, 0, 0, tzinfo=UTC)


def test_the_delay_counts_from_the_end_of_an_answer_and_one_request_is_under_way() -> None:
    pace = Pace()
    assert pace.may_start(100, 1)
    pace.start(100, 2.0)
    assert not pace.may_start(110, 1), "the answer has not come yet"
    pace.end(110, 2.0, 1)
    assert not pace.may_start(111.9, 1)
    assert pace.may_start(112, 1)


def test_two_at_a_time_start_a_delay_apart() -> None:
    pace = Pace()
    pace.start(0, 2.0)
    assert not pace.may_start(1.9, 2)
    assert pace.may_start(2, 2)
    pace.start(2, 2.0)
    assert not pace.may_start(60, 2), "two are under way"


def test_a_crawl_delay_leaves_one_at_a_time_whatever_the_outlet_file_says() -> None:
    pace = Pace(crawl_delay=10)
    pace.start(0, 0.0)
    assert not pace.may_start(100, 4)
    pace.end(100, 0.0, 4)
    assert not pace.may_start(109, 4)
    assert pace.may_start(110, 4)


def test_trouble_doubles_the_penalty_and_good_answers_take_it_back() -> None:
    pace, seen = Pace(), []
    for _ in range(8):
        pace.answered(503, 0.1, 1, BOUNDS)
        seen.append(pace.penalty)
    assert seen == [5, 10, 20, 40, 80, 160, 300, 300]
    assert pace.troubles == 8
    pace.answered(404, 0.1, 1, BOUNDS)
    assert (pace.troubles, pace.penalty) == (0, 150)
    for _ in range(10):
        pace.answered(200, 0.1, 1, BOUNDS)
    assert pace.penalty == 0
    assert pace.delay(2.0) == 2.0, "a host that has recovered is asked as before"


def test_slow_answers_lengthen_the_delay_and_quick_error_pages_do_not_shorten_it() -> None:
    pace = Pace()
    pace.answered(200, 4.0, 1, BOUNDS)
    assert pace.delay(2.0) == 8.0, "half of the host's time at most"
    pace.answered(404, 0.01, 1, BOUNDS)
    assert pace.delay(2.0) == 8.0
    pace.answered(200, 1.0, 1, BOUNDS)
    assert pace.delay(2.0) == 5.0
    for _ in range(20):
        pace.answered(200, 0.1, 1, BOUNDS)
    assert pace.delay(2.0) == 2.0


@given(st.lists(st.tuples(st.sampled_from([200, 404, 429, 500, 503, 0]), st.floats(0, 1000)), max_size=60))
def test_no_history_makes_a_delay_shorter_than_the_outlet_asks_or_longer_than_the_bounds(
    history: list[tuple[int, float]],
) -> None:
    pace = Pace(crawl_delay=3)
    for status, seconds in history:
        pace.answered(status, seconds, 1, BOUNDS)
        assert 3 <= pace.delay(2.0) <= 600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 24 Nov 2025 18:02:00 GMT", 120),
        ("Monday, 24-Nov-25 18:02:00 GMT", 120),
        ("Mon, 24 Nov 2025 17:00:00 GMT", 0),
        ("99999999999999999999", 10**9),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٥", None),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("clock", "spans", "until"),
    [
        ("09:00", ["08:00-10:30"], "10:30"),
        ("10:30", ["08:00-10:30"], None),
        ("07:59", ["08:00-10:30"], None),
        ("23:30", ["23:00-06:00"], "06:00"),
        ("05:59", ["23:00-06:00"], "06:00"),
        ("06:00", ["23:00-06:00"], None),
        ("09:00", ["08:00-09:30", "08:30-11:00"], "11:00"),
        ("09:00", [], None),
    ],
)
def test_quiet_hours(clock: str, spans: list[str], until: str | None) -> None:
    hour, minute = map(int, clock.split(":"))
    now = datetime(2025, 11, 24, hour, minute, 30, tzinfo=ZoneInfo("Africa/Casablanca"))
    found = quiet_until(now, spans)
    assert (f"{found:%H:%M}" if found else None) == until
    assert found is None or now < found <= now + timedelta(days=1)


def test_pauses_grow_up_to_a_bound() -> None:
    first, longest = timedelta(hours=6), timedelta(days=7)
    pauses = [pause(times, first, longest) for times in (1, 2, 3, 6, 1000)]
    assert pauses == [first, 2 * first, 4 * first, longest, longest]
