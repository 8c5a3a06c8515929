"""What was asked for, set off in an article's own words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from language.question import Asked
from language.tokens import tokens

Span = tuple[int, int]

_EXCERPT, _EXCERPTS = 240, 2


@dataclass(slots=True)
class Marked:
    """A piece of an article's own text, with what was asked for in it.

    Attributes:
        text: the piece, as written.
        spans: (start, end) of each word or phrase found, in `text`; in order, never overlapping.
        at: where the piece begins in the field that it is from.
    """

    text: str
    spans: list[Span]
    at: int = 0


def spans(text: str, parts: Sequence[Asked]) -> list[Span]:
    """Where the words of a question stand in a text, in order; those of a phrase as one, where they stand side by side."""
    if not parts:
        return []
    spoken = tokens(text)
    found = sorted({(run[0].start, run[-1].end) for part in parts for run in part.runs(spoken)})
    joined: list[Span] = []
    for start, end in found:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def marked(text: str, parts: Sequence[Asked]) -> Marked:
    """A whole text, marked."""
    return Marked(text, spans(text, parts))


def excerpts(text: str, parts: Sequence[Asked]) -> list[Marked]:
    """The pieces of a text that hold the most of what was asked for; its beginning where none does."""
    every = spans(text, parts)
    taken: list[tuple[int, int]] = []
    starts = [start for start, _ in every]
    dense = {start: bisect_left(starts, start + _EXCERPT * 2 // 3) - place for place, start in enumerate(starts)}
    # A phrase is what the reader looks for, however often a single word stands elsewhere.
    phrases = {start for start, end in every if " " in text[start:end]}
    for start in sorted(starts, key=lambda start: (start not in phrases, -dense[start], start)):
        low = max(0, start - _EXCERPT // 3)
        if all(low >= end or low + _EXCERPT <= begin for begin, end in taken):
            taken.append((low, low + _EXCERPT))
        if len(taken) == _EXCERPTS:
            break
    pieces = [_cut(text, low, high) for low, high in sorted(taken)] or [_cut(text, 0, _EXCERPT)]
    return [
        Marked(text[low:high], [(s - low, e - low) for s, e in every if s >= low and e <= high], low)
        for low, high in pieces
    ]


def _cut(text: str, low: int, high: int) -> Span:
    """A piece that breaks no word."""
    if low:
        blank = text.find(" ", low, low + 30)
        low = blank + 1 if blank >= 0 else low
    if high < len(text):
        blank = text.rfind(" ", max(low, high - 30), high)
        high = blank if blank > low else high
    return low, min(high, len(text))
