"""What an outlet's article addresses have in common, derived from some of them: a proposal for `articles.match`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

#: Shapes that fewer addresses in a hundred have are noise: an advertisement, a live page.
_LEAST_SHARE = 10
_MOST_SHAPES = 3

_YEAR = r"(?:19|20)\d\d"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BASE32 = re.compile(r"[A-Z2-7]{26}")
_EXTENSION = re.compile(r"\.(?:html?|php|aspx?)$")
_ID_LAST = re.compile(r"(.*[^\d])([-_,])(?:a)?(\d{4,})")
_ID_FIRST = re.compile(r"(\d{4,})([-_])(.+)")
_WORDS = re.compile(r"[^\W_]+(?:[-_][^\W_]+){2,}")


@dataclass(slots=True)
class Derived:
    """A proposal for the addresses of an outlet's articles.

    Attributes:
        match: regular expressions, the commonest first.
        examples: an address or two of each.
        keep_query: query keys that carry the identity.
        share: how many of a hundred addresses the expressions fit.
    """

    match: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    keep_query: list[str] = field(default_factory=list)
    share: int = 0


def derive(urls: Iterable[str]) -> Derived:
    """Derive patterns from addresses, nearly all of them of articles, as a feed names them.

    Each address becomes a shape: its fixed first segments, its dates, numbers and slugs. What names sections varies and stays
    open; what is the same everywhere is written out.
    """
    found = sorted(set(urls))
    shapes: dict[str, list[str]] = {}
    keys: Counter[str] = Counter()
    fixed = _fixed_segments(found)
    for url in found:
        shape = _shape(url, fixed)
        if shape:
            shapes.setdefault(shape, []).append(url)
            keys.update(_identifying(url))
    derived = Derived()
    for shape, members in sorted(shapes.items(), key=lambda item: -len(item[1]))[:_MOST_SHAPES]:
        if 100 * len(members) >= _LEAST_SHARE * len(found):
            derived.match.append(shape)
            derived.examples += members[: 2 if len(shapes) == 1 else 1]
            derived.share += 100 * len(members) // len(found)
    derived.keep_query = [key for key, number in keys.items() if number >= len(found) / 2]
    return derived


def _fixed_segments(urls: list[str]) -> dict[int, str]:
    """Segments of the path that are the same in every address, by their place; the last never is one."""
    paths = [_segments(url) for url in urls]
    shortest = min((len(path) for path in paths), default=0)
    return {
        place: paths[0][place]
        for place in range(shortest - 1)
        if len(paths) > 1 and len({path[place] for path in paths}) == 1
    }


def _segments(url: str) -> list[str]:
    return [segment for segment in unquote(urlsplit(url).path).split("/") if segment]


def _identifying(url: str) -> list[str]:
    """The query keys of an address whose values are numbers, where the path alone names nothing."""
    segments = _segments(url)
    if segments and _is_telling(segments[-1]):
        return []
    return [key for key, value in parse_qsl(urlsplit(url).query) if value.isdigit() and len(value) > 1]


def _is_telling(segment: str) -> bool:
    plain = _EXTENSION.sub("", segment)
    return bool(_WORDS.fullmatch(plain) or re.search(r"\d{4,}", plain) or _BASE32.search(plain) or _UUID.search(plain))


def _shape(url: str, fixed: dict[int, str]) -> str:
    """The regular expression of an address, "" where nothing in it tells an article."""
    host = _literal((urlsplit(url).hostname or "").removeprefix("www."))
    segments = _segments(url)
    if not segments:
        keys = _identifying(url)
        return rf"{host}/\?(?:[^#]*&)?{_literal(keys[0])}=\d+" if keys else ""
    written = [
        _literal(fixed[place]) if place in fixed and not segment.isdigit() else _inner(segment)
        for place, segment in enumerate(segments[:-1])
    ]
    last = segments[-1]
    if keys := _identifying(url):
        return rf"{host}/{'/'.join([*written, _literal(last)])}\?(?:[^#]*&)?{_literal(keys[0])}=\d+"
    final = _last(last, dated=any(part == _YEAR for part in written))
    return rf"{host}/{'/'.join([*written, final])}/?([?#]|$)" if final else ""


def _literal(text: str) -> str:
    """As a regular expression; a hyphen means itself."""
    return re.escape(text).replace(r"\-", "-")


def _inner(segment: str) -> str:
    if re.fullmatch(_YEAR, segment):
        return _YEAR
    if segment.isdigit():
        return r"\d{1,2}" if len(segment) < 3 else r"\d+"
    return r"[^/?#]+"


def _last(segment: str, *, dated: bool) -> str:
    found = _EXTENSION.search(segment)
    extension = _literal(found[0]) if found else ""
    plain = segment[: found.start()] if found else segment
    if plain.isdigit():
        return rf"\d{{{min(len(plain), 4)},}}{extension}" if len(plain) > 2 else ""
    if found_id := _BASE32.search(plain):
        before = plain[: found_id.start()]
        return (r"[^/?#]*" + _literal(before[-1]) if before else "") + r"[A-Z2-7]{26}" + extension
    if _UUID.search(plain):
        return r"[^/?#]*[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + extension
    if numbered := _ID_LAST.fullmatch(plain):
        letter = "a" if plain[numbered.end(2) :].startswith("a") else ""
        return rf"[^/?#]+{_literal(numbered[2])}{letter}\d{{4,}}{extension}"
    if numbered := _ID_FIRST.fullmatch(plain):
        return rf"\d{{4,}}{_literal(numbered[2])}[^/?#]+{extension}"
    if dated or extension:
        return rf"[^/?#]+{extension}"
    return r"[^/?#-]+(?:-[^/?#-]+){2,}" if _WORDS.fullmatch(plain) else ""
