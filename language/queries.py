"""The names that outlets' search pages are asked for; the list is language/queries.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def queries(languages: Iterable[str]) -> list[str]:
    """The queries for an outlet that publishes in some languages ("ar", "fr"), most telling first."""
    return [query for language in languages for query in _load().get(language, [])]


@cache
def _load() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("queries.toml").read_text(encoding="utf-8"))
    return loaded
