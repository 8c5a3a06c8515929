from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.window import Window, WindowError, read_window

CASABLANCA = "Africa/Casablanca"
PARIS = "Europe/Paris"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "zone", "instant"),
    [
        ("2023", PARIS, "2022-12-31T23:00"),
        ("2023-11", CASABLANCA, "2023-10-31T23:00"),
        ("2023-11-24", CASABLANCA, "2023-11-23T23:00"),
        ("2023-11-24", PARIS, "2023-11-23T23:00"),
        (" 2023-11-24 ", PARIS, "2023-11-23T23:00"),
        ("2023-11-24T18:00", CASABLANCA, "2023-11-24T17:00"),
        ("2023-11-24 18:00:30", CASABLANCA, "2023-11-24T17:00:30"),
        ("2023-11-24T18:00:00Z", CASABLANCA, "2023-11-24T18:00"),
        ("2023-11-24T18:00:00+03:00", CASABLANCA, "2023-11-24T15:00"),
        # Summer time in Paris; in Ramadan Morocco leaves UTC+1 for UTC+0, from 2026-09-20 for good.
        ("2024-07-01", PARIS, "2024-06-30T22:00"),
        ("2024-03-15", CASABLANCA, "2024-03-15T00:00"),
        ("2024-04-15", CASABLANCA, "2024-04-14T23:00"),
        ("2026-09-21", CASABLANCA, "2026-09-21T00:00"),
    ],
)
def test_since_is_read_in_the_outlets_zone(since: str, zone: str, instant: str) -> None:
    assert read_window(since, "", zone) == Window(utc(instant), None)


def test_since_is_inclusive_and_until_exclusive() -> None:
    window = read_window("2023-11-01", "2023-12-01", CASABLANCA)
    assert window.holds(utc("2023-10-31T23:00"))
    assert not window.holds(utc("2023-10-31T22:59:59"))
    assert window.holds(utc("2023-11-30T22:59:59"))
    assert not window.holds(utc("2023-11-30T23:00"))


@pytest.mark.parametrize(
    ("zone", "day", "after", "hours"),
    [
        (PARIS, "2024-03-31", "2024-04-01", 23),
        (PARIS, "2024-10-27", "2024-10-28", 25),
        (CASABLANCA, "2024-03-10", "2024-03-11", 25),
        (CASABLANCA, "2024-04-14", "2024-04-15", 23),
    ],
)
def test_a_day_on_which_the_clock_changes_is_whole(zone: str, day: str, after: str, hours: int) -> None:
    window = read_window(day, after, zone)
    assert window.since is not None
    assert window.until is not None
    assert (window.until - window.since).total_seconds() == hours * 3600


def test_an_open_window_holds_everything() -> None:
    window = read_window("", "", PARIS)
    assert window == Window(None, None)
    assert window.holds(utc("1950-01-01T00:00"))
    assert window.may_hold(None)


@pytest.mark.parametrize(
    "text",
    ["hier", "2023-13", "2023-02-30", "24/11/2023", "2023-1", "23", "0000", "0001-01-01", "9999-12-31", "2023-11-24T25:00",
     "2023-11-24T18:00+99:00", "٢٠٢٣", "-2023", "now()", "2023-11-24T18:00:00 CET"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["since", "until"])
def test_what_cannot_be_read_is_named_with_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(WindowError) as error:
        read_window(**{"since": "", "until": "", "timezone": PARIS, name: text})
    message = str(error.value)
    assert message.startswith(f"{name}={text}: write YYYY, YYYY-MM, YYYY-MM-DD or an ISO 8601 instant such as ")
    assert "\n" not in message


@pytest.mark.parametrize("until", ["2023-11-01", "2023-10-31T23:59"])
def test_a_window_that_holds_nothing_is_refused(until: str) -> None:
    with pytest.raises(WindowError, match=r"since=2023-11-01 is not before until="):
        read_window("2023-11-01", until, PARIS)


def test_discovery_is_believed_to_two_days() -> None:
    window = read_window("2023-11-10", "2023-11-20", PARIS)
    assert window.may_hold(utc("2023-11-08T12:00"))
    assert not window.may_hold(utc("2023-11-07T12:00"))
    assert window.may_hold(utc("2023-11-21T12:00"))
    assert not window.may_hold(utc("2023-11-22T12:00"))


def test_a_late_change_excludes_nothing_and_an_early_one_does() -> None:
    window = read_window("2023-11-10", "2023-11-20", PARIS)
    assert window.may_hold(None, utc("2024-06-01T00:00"))
    assert not window.may_hold(None, utc("2023-11-01T00:00"))
    assert window.may_hold(utc("2023-11-15T00:00"), utc("2001-01-01T00:00"))


@pytest.mark.parametrize("year", ["1800", "2999"])
def test_the_farthest_windows_still_work(year: str) -> None:
    assert isinstance(read_window(year, "", PARIS).may_hold(utc("2023-11-24T00:00")), bool)
    assert isinstance(read_window("", year, PARIS).may_hold(utc("2023-11-24T00:00")), bool)
