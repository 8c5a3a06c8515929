"""One text, many places: the sketch that finds near copies, and the alignment that decides what they are.

`sketch` and `containment` nominate: cheap, indexable, and too generous, because a follow-up that pastes old background
shares it too. `compare` decides, by aligning the two texts word by word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import xxhash

from language.boilerplate import own_words
from language.normalize import words

Kind = Literal["same", "shortened", "extended", "edited", "reuses"]

NOMINATED = 0.4
"""Containment from which on two texts are worth comparing; a word in five may have changed."""

_LIMIT = 2**64 // 16
_FLOOR = 24
_CEILING = 256
_SIGNED = 2**63

# Below this many words a text is a caption or a line, and below this many own words nothing but formulas; what it shares
# with another proves nothing.
_TOO_SHORT = 20
_TOO_COMMON = 10
# Characters; what a text has beyond them (some ten thousand words) is not compared.
_TOO_LONG = 60_000

_COPY = 0.8
# Own words at the top of a text: the news. A follow-up replaces them and keeps the background.
_LEAD = 60
_FIGURES = 3
_WHOLE = 0.95
_REUSED = 0.5

_SEED = 4
_POSITIONS = 8
_GAP = 40


def sketch(text: str) -> list[int]:
    """The sketch of a text's body: hashes of its 3-word shingles, as an index for near copies.

    64-bit xxHash (XXH3) of each folded shingle that has a word of the text's own; those below 2**64/16, at least the 24 and
    at most the 256 smallest. Shifted by -2**63 into the signed range of BSON, which keeps their order.

    Args:
        text: the body without headline.
    Returns:
        Ascending int64; empty for a text too short to prove anything (under 20 words, or 10 own ones).
    """
    text_words, own = own_words(text)
    if len(own) < _TOO_SHORT or sum(own) < _TOO_COMMON:
        return []
    digest = xxhash.xxh3_64_intdigest
    triples = zip(text_words, text_words[1:], text_words[2:], own, own[1:], own[2:], strict=False)
    # A shingle of an edge tells the neighbour of a stock phrase; one with no word of the text's own tells nothing.
    shingles = {(a, b, c) for a, b, c, *owned in triples if any(owned)}
    hashes = sorted({digest(" ".join(shingle).encode()) for shingle in shingles})
    count = min(max(bisect_right(hashes, _LIMIT - 1), _FLOOR), _CEILING)
    return [value - _SIGNED for value in hashes[:count]]


def containment(a: Sequence[int], b: Sequence[int]) -> float:
    """How much of the smaller of two texts stands in the other, estimated from their sketches.

    Compared where both sketches are complete: below the lower of the two bounds up to which each holds every shingle.

    Args:
        a, b: sketches, ascending as `sketch` makes them.

    Returns:
        0..1; 0 where one sketch is empty.
    """
    if not a or not b:
        return 0.0
    bound = min(_complete_below(a), _complete_below(b))
    smaller = min(bisect_right(a, bound), bisect_right(b, bound))
    common = sum(value <= bound for value in set(a).intersection(b))
    return common / smaller if smaller else 0.0


def _complete_below(hashes: Sequence[int]) -> int:
    """The highest value up to which a sketch holds every shingle of its text."""
    if len(hashes) < _FLOOR:
        return _SIGNED
    if len(hashes) >= _CEILING:
        return hashes[-1]
    return max(hashes[-1], _LIMIT - 1 - _SIGNED)


def text_hash(text: str, *, title: str = "") -> str:
    """The hash of a text's folded words: equal for texts that differ in case, marks, spacing or punctuation alone.

    Two captions may well share a hash: `compare` says whether two texts of one hash are copies.

    Args:
        text: the body.
        title: the headline, where it shall count (versions of one article); left out for copies.
    Returns:
        32 hexadecimal digits (XXH3, 128 bits); "" where there are no words.
    """
    body, head = words(text), words(title)
    if not body and not head:
        return ""
    return xxhash.xxh3_128_hexdigest("\n".join([" ".join(head), " ".join(body)]).encode())


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a later text stands to an earlier one.

    Attributes:
        kind: a copy that is the "same", "shortened", "extended" or "edited"; "reuses" where new reporting has a good part of
            the other inside; None where neither.
        of_later: 0..1, the share of the later text's own words that stand in the earlier one, in runs.
        of_earlier: 0..1, the share of the earlier text's own words found.
        shared: number of the later text's own words that align.
    """

    kind: Kind | None
    of_later: float
    of_earlier: float
    shared: int

    @property
    def is_copy(self) -> bool:
        """Whether the later text is a copy of the earlier."""
        return self.kind is not None and self.kind != "reuses"


UNRELATED = Comparison(None, 0.0, 0.0, 0)


def compare(earlier_text: str, later_text: str) -> Comparison:
    """Align two bodies and decide what the later is to the earlier.

    A copy is a later text of which at least 80 % aligns, and of its lead (60 words) as much: on real news, texts that share
    80 to 95 % under a new lead are follow-ups that paste old background. One with other figures is no copy either, but the
    next bulletin or communiqué of a series. Words of stock phrases count on neither side.
    """
    earlier, own_earlier = _bounded(earlier_text)
    later, own_later = _bounded(later_text)
    if min(len(earlier), len(later)) < _TOO_SHORT:
        return UNRELATED
    if earlier == later and any(own_later):
        return Comparison("same", 1.0, 1.0, sum(own_later))
    if min(sum(own_earlier), sum(own_later)) < _TOO_COMMON:
        return UNRELATED
    in_earlier, in_later = _align(earlier, later)
    found_earlier = [aligned for aligned, own in zip(in_earlier, own_earlier, strict=True) if own]
    found_later = [aligned for aligned, own in zip(in_later, own_later, strict=True) if own]
    of_earlier, of_later = _share(found_earlier), _share(found_later)
    is_copy = (
        of_later >= _COPY and _share(found_later[:_LEAD]) >= _COPY and not _other_figures(earlier, in_earlier, later)
    )
    return Comparison(_kind(is_copy, of_earlier, of_later), of_later, of_earlier, sum(found_later))


def _bounded(text: str) -> tuple[list[str], list[bool]]:
    text_words, own = own_words(text[:_TOO_LONG])
    return text_words, own


def _share(found: list[bool]) -> float:
    return sum(found) / len(found)


def _other_figures(earlier: list[str], in_earlier: list[bool], later: list[str]) -> bool:
    """Whether one text tells the other with other numbers: the next bulletin or communiqué of a series.

    Most numbers of the later text must be new and most of those of the earlier, between its first and last words found, gone.
    """
    start, end = in_earlier.index(True), len(in_earlier) - in_earlier[::-1].index(True)
    told = _figures(later)
    known = _figures(earlier[start:end])
    common = len(told & known)
    return min(len(told), len(known)) >= _FIGURES and common < len(told) / 2 and common < len(known) / 2


def _figures(text_words: list[str]) -> set[str]:
    return {word for word in text_words if word[0].isdecimal()}


def _kind(is_copy: bool, of_earlier: float, of_later: float) -> Kind | None:
    if not is_copy:
        return "reuses" if max(of_earlier, of_later) >= _REUSED else None
    if of_later >= _WHOLE:
        return "same" if of_earlier >= _WHOLE else "shortened"
    return "extended" if of_earlier >= _WHOLE else "edited"


@dataclass(slots=True)
class _Side:
    """One text while it is aligned: its words, which of them align, and where the last run ended."""

    words: list[str]
    aligned: list[bool]
    end: int = 0

    def mark(self, start: int, length: int) -> None:
        self.aligned[start : start + length] = [True] * length


def _align(earlier_words: list[str], later_words: list[str]) -> tuple[list[bool], list[bool]]:
    """Which words of each text stand in the other, in runs of at least four words and in the edited gaps between them.

    Runs may come in another order. Linear in the words, but for the gaps, which are short.
    """
    earlier = _Side(earlier_words, [False] * len(earlier_words))
    later = _Side(later_words, [False] * len(later_words))
    places: dict[tuple[str, ...], list[int]] = {}
    for index in range(len(earlier_words) - _SEED + 1):
        found = places.setdefault(tuple(earlier_words[index : index + _SEED]), [])
        # A run that recurs more often is a refrain; bounding its places keeps the alignment linear.
        if len(found) < _POSITIONS:
            found.append(index)
    index = 0
    while index <= len(later_words) - _SEED:
        starts = places.get(tuple(later_words[index : index + _SEED]))
        if starts is None:
            index += 1
            continue
        length, _, start = max(
            (_run(earlier_words, start, later_words, index), -abs(start - earlier.end), start) for start in starts
        )
        _fill(earlier, later, start, index)
        earlier.mark(start, length)
        later.mark(index, length)
        index += length
        earlier.end, later.end = start + length, index
    _fill(earlier, later, len(earlier_words), len(later_words))
    return earlier.aligned, later.aligned


def _run(earlier: list[str], start: int, later: list[str], index: int) -> int:
    """The number of equal words from two places on."""
    limit = min(len(earlier) - start, len(later) - index)
    length = 0
    while length < limit and earlier[start + length] == later[index + length]:
        length += 1
    return length


def _fill(earlier: _Side, later: _Side, start_earlier: int, start_later: int) -> None:
    """Align the words of an edited gap between two runs: where a third of its words are still there, in order."""
    gap_earlier = earlier.words[earlier.end : start_earlier]
    gap_later = later.words[later.end : start_later]
    if not 0 < len(gap_earlier) <= _GAP or not 0 < len(gap_later) <= _GAP:
        return
    blocks = SequenceMatcher(None, gap_earlier, gap_later, autojunk=False).get_matching_blocks()
    if 3 * sum(block.size for block in blocks) < max(len(gap_earlier), len(gap_later)):
        return
    for block in blocks:
        earlier.mark(earlier.end + block.a, block.size)
        later.mark(later.end + block.b, block.size)
