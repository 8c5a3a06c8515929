"""Ages at which an article is visited again: "2h", "3d", "1w"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

_AGE = re.compile(r"([1-9]\d{0,3})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def read_ages(written: Sequence[str]) -> tuple[timedelta, ...]:
    """Ages in ascending order.

    Args:
        written: a number and h, d or w (hours, days, weeks) each, ascending; empty for never.
    Raises:
        ValueError: one is written otherwise, or is not above the one before it; the message says what is allowed.
    """
    ages: list[timedelta] = []
    for words in written:
        match = _AGE.fullmatch(words)
        if match is None:
            raise ValueError(f"{words!r} is no age; write hours, days or weeks, such as 2h, 3d, 1w")
        age = int(match[1]) * _UNITS[match[2]]
        if ages and age <= ages[-1]:
            raise ValueError(f"{words!r} is not above the age before it; write them in ascending order")
        ages.append(age)
    return tuple(ages)
