"""The tokens of a text: what an article is found by, and what a question asks for. Both sides go through `tokens`."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import xxhash

from language.normalize import words
from language.stems import bases, stem

#: Raised when a text no longer gives the same tokens: articles that were indexed before are then indexed anew.
RULES = 5

#: Before the stem of a word of the title.
TITLE = "^"

#: Behind a stem that a word may have, and may not: زير in وزير.
UNSURE = "?"

#: In a sequence, between two texts; no word has it.
GAP = bytes(4)

#: Of a sequence: a document of MongoDB has room for 16 MB, and no article has so many words.
MOST_WORDS = 200_000

#: In a sequence, the bit of a stem that is of the same word as the one before.
ALTERNATIVE = 1 << 31

# An acronym with its full stops (D.G.S.N.), or a word with whatever stands inside it that is no letter: harakat and
# tatweel, combining accents, joiners and direction marks.
_WORD = (
    "(?:[A-Za-z]\\.){2,}[A-Za-z]?|"
    "[^\\W_](?:[^\\W_]|[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufeff])*"
)
_APOSTROPHES = "'’ʼ′‘`´"
# A word, and the apostrophe that joins it to something.
_SPOKEN = re.compile(f"({_WORD})(?=([{_APOSTROPHES}](?=.))?)", re.DOTALL)
_ELIDED = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu", "lorsqu", "puisqu", "quoiqu", "jusqu", "presqu"))
# With a hamza on or under it, a leading alif is a letter of the word and not of the article.
_HAMZA = re.compile("[وفبكل]{0,2}[\u0610-\u061a\u0640\u064b-\u065f]*[أإآ]")


#: The commonest stems, in the order of their bits in `articles.search.facts`: looking one up in an index would list half of it.
COMMON = tuple(Path(__file__).with_name("common.txt").read_text(encoding="utf-8").splitlines()[1:])


_COMMON = frozenset(COMMON)


class Token(NamedTuple):
    """A word of a text.

    Attributes:
        start, end: offsets in the text as given, end exclusive.
        stems: of the words that it may be, the fullest first.
    """

    start: int
    end: int
    stems: tuple[str, ...]


def tokens(text: str) -> list[Token]:
    """The tokens of a text, in order; elided articles and pronouns (l', qu') are none.

    Args:
        text: as written.
    """
    found = []
    for match in _SPOKEN.finditer(text):
        start, end = match.span(1)
        found += [Token(start, end, stems) for stems in _said(*match.groups(""))]
    return found


def spoken(text: str) -> list[tuple[str, ...]]:
    """The stems of the `tokens` of a text, in order."""
    return [stems for word, apostrophe in _SPOKEN.findall(text) for stems in _said(word, apostrophe)]


def _said(word: str, apostrophe: str) -> tuple[tuple[str, ...], ...]:
    """The stems of a word and what stands behind it; none where it is elided."""
    return () if apostrophe and word.lower() in _ELIDED else _stems(word)


class Indexed(NamedTuple):
    """What an article is found by.

    Attributes:
        tokens: the stems of its words, sorted, each once. Those of the title come a second time, with a `^` before them. A stem
            that stands only in words that may be others has a `?` behind it. Two common stems side by side are a token too (`pairs`).
        sequence: its words one after another, those of the title, a gap, those of the text (`sequence`).
    """

    tokens: list[str]
    sequence: bytes


def indexed(title: str, text: str) -> Indexed:
    """What an article is found by."""
    in_title, in_text = spoken(title), spoken(text)
    words = {*in_title, *in_text}
    sure = {stem for stems in words if len(stems) == 1 for stem in stems}
    unsure = {stem for stems in words if len(stems) > 1 for stem in stems}
    titles = {TITLE + stem for stems in in_title for stem in stems}
    found = sure | titles | {stem + UNSURE for stem in unsure - sure} | pairs(in_title) | pairs(in_text)
    return Indexed(sorted(found), sequence(in_title) + GAP + sequence(in_text))


def sequence(words: Sequence[tuple[str, ...]]) -> bytes:
    """Words one after another, to look for phrases: `stem_number` of each stem, little-endian; bit 31 says that it is of the same word as
    the one before. Of a text with more than `MOST_WORDS` words, the first.

    Args:
        words: as `spoken` gives them.
    """
    return b"".join(map(_codes, words[:MOST_WORDS]))


def stem_number(stem: str) -> int:
    """The number of a stem, 31 bits, never 0."""
    return xxhash.xxh32_intdigest(stem.encode()) & 0x7FFFFFFF or 1


@lru_cache(maxsize=1 << 17)
def _codes(stems: tuple[str, ...]) -> bytes:
    first, *others = map(stem_number, stems)
    return struct.pack(f"<{len(stems)}I", first, *(ALTERNATIVE | other for other in others))


def pairs(words: Sequence[tuple[str, ...]]) -> set[str]:
    """The common stems that stand side by side, as tokens: a phrase of such words would else be looked for in half of all texts.

    Args:
        words: as `spoken` gives them.
    """
    return {
        f"{stem} {other}"
        for one, two in pairwise(words)
        for stem in one
        if stem in _COMMON
        for other in two
        if other in _COMMON
    }


@lru_cache(maxsize=1 << 17)
def _stems(word: str) -> tuple[tuple[str, ...], ...]:
    """The stems of a word as written; a ligature such as ﷺ is several words."""
    plain = word.replace(".", "")
    article = not _HAMZA.match(plain)
    return tuple(tuple(dict.fromkeys(stem(base) for base in bases(part, article))) for part in words(plain))
