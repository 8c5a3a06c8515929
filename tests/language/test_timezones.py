"""Zones follow the rules of the tzdata wheel, whatever the system ships."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest

from language.normalize import fold
from language.timezones import ZONE, named_zone, to_utc, zone


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-02-14T12:00", "2026-02-14T11:00"),  # the day before Ramadan's clock
        ("2026-02-16T12:00", "2026-02-16T12:00"),  # in Ramadan
        ("2026-03-23T12:00", "2026-03-23T11:00"),  # after it
        ("2026-09-19T12:00", "2026-09-19T11:00"),
        ("2026-09-21T12:00", "2026-09-21T12:00"),  # UTC for good since 2026-09-20
        ("2030-07-01T12:00", "2030-07-01T12:00"),
    ],
)
def test_casablanca_has_its_ramadans_and_its_change_of_2026(local: str, expected: str) -> None:
    assert to_utc(datetime.fromisoformat(local), zone("Africa/Casablanca")) == datetime.fromisoformat(expected).replace(
        tzinfo=UTC
    )


def test_rules_come_from_the_wheel() -> None:
    assert zoneinfo.TZPATH == ()


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2024-03-30T12:00", "2024-03-30T11:00"),
        ("2024-03-31T12:00", "2024-03-31T10:00"),
        ("2024-10-26T12:00", "2024-10-26T10:00"),
        ("2024-10-27T12:00", "2024-10-27T11:00"),
        ("2024-03-31T02:30", "2024-03-31T01:30"),  # skipped: read with the offset before the change
        ("2024-10-27T02:30", "2024-10-27T00:30"),  # shown twice: the first
    ],
)
def test_paris_on_both_sides_of_its_changes(local: str, expected: str) -> None:
    assert to_utc(datetime.fromisoformat(local), zone("Europe/Paris")) == datetime.fromisoformat(expected).replace(
        tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("GMT", 0), ("UTC+1", 1), ("GMT-5", -5), ("+0530", 5.5), ("بتوقيت غرينتش", 0), ("CEST", 2), ("heure d’été d’Europe centrale", 2),
        ("توقيت وسط أوروبا الرسمي", 1), ("heure de Paris", 2), ("بتوقيت مكة المكرمة", 3), ("بالتوقيت المحلي", 1),
    ],
)  # fmt: skip
def test_zones_that_a_line_names(text: str, hours: float) -> None:
    match = re.fullmatch(ZONE, fold(text))
    assert match is not None
    named = named_zone(match, zone("Africa/Casablanca"))
    assert named is not None
    assert datetime(2024, 7, 1, 12, tzinfo=named).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["IST", "+1900", "heure de Tombouctou"])
def test_a_zone_that_is_not_known_is_none(text: str) -> None:
    match = re.fullmatch(ZONE, fold(text))
    assert match is not None
    assert named_zone(match, zone("Africa/Casablanca")) is None
