"""How many of what: the facets and the timeline of what was found, counted in marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from archive import postings, shelf
from archive.postings import Rows
from language.lexicon import load

ASPECTS = ("terrorism", "drugs", "migration", "intelligence", "judicial", "cyber", "events", "diplomacy")


def facets(table: Rows, names: Iterable[str], countries: Mapping[str, str]) -> dict[str, list[tuple[str, int]]]:
    """Outlets, languages, countries, aspects and entities with their numbers of articles, the most first.

    Args:
        table: marks with their facts (`postings.TABLE`).
        names: of the outlets.
        countries: outlet's name → its country.
    """
    codes = {shelf.code(name, 4): name for name in names}
    outlets = {codes[code]: n for code, n in _counted(table["row"]["source"]) if code in codes}
    by_country: dict[str, int] = {}
    for name, number in outlets.items():
        if name in countries:
            by_country[countries[name]] = by_country.get(countries[name], 0) + number
    named = _named(table["codes"])
    aspects = {name.removeprefix("aspect:"): n for name, n in named.items() if name.startswith("aspect:")}
    entities = {name: n for name, n in named.items() if not name.startswith("aspect:")}
    languages = {code.decode(): n for code, n in _counted(table["row"]["lang"])}
    found = {"outlet": outlets, "language": languages, "country": by_country, "aspect": aspects, "entity": entities}
    return {name: sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])) for name, counts in found.items()}


def _named(codes: npt.NDArray[np.uint8]) -> dict[str, int]:
    """How many articles have each aspect and entity."""
    if not len(codes):
        return {}
    names, numbers = _numbers()
    wide = codes.astype(np.uint32)
    flat = (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).ravel()
    counts = np.bincount(numbers[flat], minlength=len(names) + 1)[1:]
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}


@cache
def _numbers() -> tuple[list[str], npt.NDArray[np.uint16]]:
    """The names that have codes, and code → their place in that list plus one, 0 for none: found at once, for two million codes."""
    names = [f"aspect:{aspect}" for aspect in ASPECTS] + list(load().entries)
    numbers = np.zeros(1 << 24, np.uint16)
    for place, name in enumerate(names, 1):
        numbers[shelf.code(name)] = place
    numbers[0] = 0
    return names, numbers


def _counted(values: Any) -> list[tuple[Any, int]]:
    different, numbers = np.unique(values, return_counts=True)
    return list(zip(different.tolist(), numbers.tolist(), strict=True))


def timeline(rows: Rows) -> list[tuple[str, str, int]]:
    """(day, language, number) in order; undated articles are left out."""
    dated = rows[rows["at"] > 0]
    if not len(dated):
        return []
    days = postings.days(dated)
    languages, which = np.unique(dated["lang"], return_inverse=True)
    counted = _counted(days * len(languages) + which)
    start = datetime(1970, 1, 1, tzinfo=UTC).date()
    return [
        (
            (start + timedelta(days=both // len(languages))).isoformat(),
            languages[both % len(languages)].decode(),
            number,
        )
        for both, number in counted
    ]
