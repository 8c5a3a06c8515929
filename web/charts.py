"""Coverage over time as a chart: bars of articles by language, drawn by the server. Pure.

Horizontal places are percentages and vertical ones pixels, so a chart fits any width without its words being stretched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

HEIGHT = 180
#: Bars at most; a longer time gets wider periods.
MAX_BARS = 110
_UNITS = ("day", "week", "month", "quarter", "year")
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """The articles of one period.

    Attributes:
        start, until: its first day, and the first day after it.
        counts: language → articles.
        x, width: where the bar stands, in percent of the width.
        parts: (language, top, height) in pixels, from the base up.
    """

    start: date
    until: date
    counts: dict[str, int]
    x: float
    width: float
    parts: list[tuple[str, float, float]]

    @property
    def total(self) -> int:
        """Articles in all languages."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in time, with what stands beside them.

    Attributes:
        unit: "day", "week", "month", "quarter" or "year".
        languages: those that occur, the most frequent first.
        bars: one for each period, empty ones too.
        ticks: (x in percent, first day) along the base.
        levels: (y in pixels, articles) along the side.
    """

    unit: str
    languages: list[str]
    bars: list[Bar]
    ticks: list[tuple[float, date]]
    levels: list[tuple[float, int]]


def chart(counts: Iterable[tuple[date, str, int]], *, mirrored: bool = False) -> Chart | None:
    """The chart of some counts.

    Args:
        counts: (day, language, articles), in any order.
        mirrored: time runs from right to left, as Arabic is read.
    Returns:
        None where nothing is counted.
    """
    known = [(day, language, number) for day, language, number in counts if number]
    if not known:
        return None
    first, last = min(day for day, _, _ in known), max(day for day, _, _ in known)
    unit = next((unit for unit in _UNITS if len(list(_periods(first, last, unit))) <= MAX_BARS), _UNITS[-1])
    filled: dict[date, Counter[str]] = {start: Counter() for start in _periods(first, last, unit)}
    for day, language, number in known:
        filled[_start(day, unit)][language] += number
    total = sum(filled.values(), Counter[str]())
    languages = sorted(total, key=lambda language: (-total[language], language))
    top = _round_up(max(sum(counter.values()) for counter in filled.values()))
    step = 100 / len(filled)
    bars = []
    for place, (start, counter) in enumerate(filled.items()):
        parts, y = [], float(HEIGHT)
        for language in languages:
            height = HEIGHT * counter[language] / top
            if height:
                y -= height
                parts.append((language, round(y, 2), round(height, 2)))
        left = (len(filled) - 1 - place if mirrored else place) * step
        bars.append(Bar(start, _after(start, unit), dict(counter), round(left, 3), round(step * 0.82, 3), parts))
    every = max(1, -(-len(bars) // _TICKS))
    ticks = [(round(bar.x + bar.width / 2, 3), bar.start) for bar in bars[every // 2 :: every]]
    levels = [(round(HEIGHT - HEIGHT * value / top, 2), value) for value in sorted({0, top // 2, top}) if value or top]
    return Chart(unit, languages, bars, ticks, levels)


def _start(day: date, unit: str) -> date:
    """The first day of the period in which a day lies."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _after(start: date, unit: str) -> date:
    """The first day of the next period."""
    try:
        if unit in ("day", "week"):
            return start + timedelta(days=1 if unit == "day" else 7)
        month = start.month - 1 + {"month": 1, "quarter": 3, "year": 12}[unit]
        return date(start.year + month // 12, month % 12 + 1, 1)
    except (OverflowError, ValueError):
        return date.max


def _periods(first: date, last: date, unit: str) -> Iterator[date]:
    """The first days of the periods from one day to another, one more than can be shown at most."""
    start, number = _start(first, unit), 0
    while start <= last and (number <= MAX_BARS or unit == "year"):
        yield start
        if start == last:
            return
        start, number = _after(start, unit), number + 1


def _round_up(value: int) -> int:
    """The next number that can be halved and is easily read."""
    size = 1
    while True:
        for step in (2, 4, 6, 8, 10, 12, 16):
            if step * size >= value:
                return step * size
        size *= 10
