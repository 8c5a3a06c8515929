"""What outlets of one publishing system have in common, as data; see systems.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

SYSTEMS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("systems.toml").read_text(encoding="utf-8"))
"""systems.toml: a system's name → its title for people, and fields of `sources.model.Source`."""


class UnknownSystem(ValueError):
    """The outlet names a system that is not known; the message lists those that are."""


def complete(written: dict[str, Any]) -> dict[str, Any]:
    """An outlet's fields as written, with those of its system where it says nothing itself.

    Raises:
        UnknownSystem: systems.toml has no such table.
    """
    name = written.get("system", "")
    if not name or not isinstance(name, str):
        return written
    if name not in SYSTEMS:
        raise UnknownSystem(f"system: {name!r} is not known; allowed are {', '.join(SYSTEMS)}, or leave it out")
    whole = dict(written)
    home = _home(written)
    for field, given in SYSTEMS[name].items():
        if field == "title":
            continue
        own = written.get(field, {})
        if not isinstance(own, dict):
            continue
        stated = set(own)
        if field == "unconfirmed" and isinstance(written.get("entry"), dict):
            stated |= set(written["entry"])
        whole[field] = own | {key: _at_home(value, home) for key, value in given.items() if key not in stated}
    return whole


def _home(written: dict[str, Any]) -> str:
    """The origin of an outlet's first own entry point, or of its first domain."""
    for table in (written.get("entry"), written.get("unconfirmed")):
        for urls in table.values() if isinstance(table, dict) else ():
            for url in urls if isinstance(urls, list) else ():
                if isinstance(url, str) and (origin := re.match(r"https?://[^/?#\s{]+", url)):
                    return origin[0]
    domains = written.get("domains")
    return f"https://{domains[0]}" if isinstance(domains, list) and domains else "https://"


def _at_home(value: Any, home: str) -> Any:
    return [item.replace("{home}", home) for item in value] if isinstance(value, list) else value


def title(name: str) -> str:
    """A system's name for people, "" for an outlet's own."""
    return str(SYSTEMS[name]["title"]) if name else ""
