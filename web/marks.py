"""Text of pages as pieces, some of them marked; and what may not reach a browser taken out of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

# C0 and C1 controls, and the marks that turn the order of what follows, with which a text can look like another
# (CVE-2021-42574). The plain direction marks of Arabic text stay.
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Piece(NamedTuple):
    """A run of text, and what marks it; None where nothing does."""

    text: str
    mark: Any


class Span(NamedTuple):
    """A marked part of a text: offsets in code points, end exclusive."""

    start: int
    end: int
    mark: Any = True


def cleaned(text: str) -> str:
    """A text without control characters and marks that override its direction."""
    return _HIDDEN.sub("", text)


def clip(text: str, length: int) -> str:
    """A text of at most so many characters, with an ellipsis where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def pieces(text: str, spans: Iterable[tuple[Any, ...]], length: int = 0) -> list[Piece]:
    """A text cut at its marked parts.

    Args:
        spans: as of `Span`, in any order; one that overlaps an earlier one or leaves the text is left out.
        length: the text is clipped after so many characters; 0 for the whole.
    """
    found: list[Piece] = []
    shown = clip(text, length) if length else text
    at = 0
    for start, end, mark in sorted((Span(*span) for span in spans), key=lambda span: (span.start, -span.end)):
        if at <= start < end <= len(shown):
            found += [Piece(shown[at:start], None)] if start > at else []
            found.append(Piece(shown[start:end], mark))
            at = end
    return [*found, Piece(shown[at:], None)] if at < len(shown) else found


def paragraphs(text: str, spans: Iterable[tuple[Any, ...]] = ()) -> Iterator[list[Piece]]:
    """The paragraphs of a text, each cut at its marked parts; spans as in `pieces`, within one paragraph each."""
    known = [Span(*span) for span in spans]
    start = 0
    for paragraph in text.split("\n"):
        end = start + len(paragraph)
        inside = [Span(s - start, e - start, mark) for s, e, mark in known if start <= s < end]
        if paragraph.strip():
            yield pieces(paragraph, inside)
        start = end + 1
