"""What may not be kept: reservations against text and data mining, in headers, in pages and in tdmrep.json.

The rule (docs/manners.md): a page that is reserved against text and data mining, or that the server's headers keep out of
archives, is not kept. `noarchive` in a page's own markup speaks of search engines' copies: it is recorded, and the
page's copy is shown to nobody.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

#: Our name among robots, in lower case, as in robots.txt.
AGENT = "marsad"
_HEAD = 200_000
_MAX_RULES = 1000
_META = re.compile(rb"<meta\b[^<>]{1,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_MINING = ("noai", "notdm")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a tdmrep.json: the paths it is about, and whether they are reserved."""

    location: str
    reserved: bool


def reserved(headers: Mapping[str, str], body: bytes) -> str:
    """Why a page may not be kept, in words; "" where nothing says so.

    Args:
        headers: lower-case names; repeated headers joined with ", ".
        body: the page, content-coding undone.
    """
    if headers.get("tdm-reservation", "").strip() == "1":
        return "the header tdm-reservation reserves it against text and data mining"
    for directive in _directives(headers.get("x-robots-tag", "")):
        if directive in (*_MINING, "noarchive"):
            return f"the header X-Robots-Tag says {directive}"
    for name, content in _metas(body):
        if name == "tdm-reservation" and content.strip() == "1":
            return "its tdm-reservation reserves it against text and data mining"
        if name in ("robots", AGENT):
            for directive in content.lower().split(","):
                if directive.strip() in _MINING:
                    return f"its robots element says {directive.strip()}"
    return ""


def restrictions(body: bytes) -> list[str]:
    """What a page asks of those who keep it: "noarchive" where its copy is not to be shown."""
    said = (content.lower() for name, content in _metas(body) if name in ("robots", AGENT))
    return ["noarchive"] if any("noarchive" in map(str.strip, content.split(",")) for content in said) else []


def read_rules(text: str) -> list[Rule]:
    """The rules of a tdmrep.json (W3C TDM Reservation Protocol); none of what is no such file."""
    try:
        entries = json.loads(text) if text.lstrip()[:1] in ("[", "{") else []
    except (ValueError, RecursionError):
        return []
    rules = []
    for entry in (entries if isinstance(entries, list) else [entries])[:_MAX_RULES]:
        if isinstance(entry, dict) and isinstance(location := entry.get("location"), str):
            rules.append(Rule(location[:2000], entry.get("tdm-reservation") in (1, "1", True)))
    return rules


def reserves(rules: list[Rule], url: str) -> bool:
    """Whether a tdmrep.json reserves an address; of several locations that match, the longest counts, as in robots.txt."""
    parts = urlsplit(url)
    path = unquote(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    matching = [rule for rule in rules if _matches(rule.location, path)]
    return bool(matching) and max(matching, key=lambda rule: (len(rule.location), rule.reserved)).reserved


def _matches(location: str, path: str) -> bool:
    """RFC 9309, 2.2.3: "*" stands for anything, "$" for the end; found in one walk, whatever a file may contain."""
    location = unquote(location)
    ends = location.endswith("$")
    first, *rest = location.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for number, piece in enumerate(rest, 1):
        found = path.rfind(piece) if ends and number == len(rest) else path.find(piece, position)
        if found < position:
            return False
        position = found + len(piece)
    return not ends or position == len(path)


def _directives(value: str) -> list[str]:
    """The directives of X-Robots-Tag that hold for us: those before which no other robot's name stands."""
    found = []
    for part in value.lower().split(","):
        name, colon, rest = part.partition(":")
        if not colon:
            found.append(part.strip())
        elif name.strip() == AGENT:
            found.append(rest.strip())
    return found


def _metas(body: bytes) -> list[tuple[str, str]]:
    """Name and content of the `meta` elements in the beginning of a page that name robots or a reservation."""
    found = []
    for tag in _META.finditer(body[:_HEAD]):
        attributes = {
            name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(tag[0].decode("latin-1"))
        }
        name = attributes.get("name", "").strip().lower()
        if name in ("robots", AGENT, "tdm-reservation"):
            found.append((name, attributes.get("content", "")))
    return found
