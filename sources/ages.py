"""Spans of time as people write them: "10m", "2h", "3d", "1w"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

_AGE = re.compile(r"([1-9]\d{0,3})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_ages(written: Sequence[str]) -> tuple[timedelta, ...]:
    """Ages in ascending order.

    Args:
        written: a number and m, h, d or w (minutes, hours, days, weeks) each, ascending; empty for never.
    Raises:
        ValueError: one is written otherwise, or is not above the one before it; the message says what is allowed.
    """
    ages: list[timedelta] = []
    for words in written:
        match = _AGE.fullmatch(words)
        if match is None:
            raise ValueError(f"{words!r} is no age; write minutes, hours, days or weeks, such as 30m, 2h, 3d, 1w")
        age = int(match[1]) * _UNITS[match[2]]
        if ages and age <= ages[-1]:
            raise ValueError(f"{words!r} is not above the age before it; write them in ascending order")
        ages.append(age)
    return tuple(ages)
