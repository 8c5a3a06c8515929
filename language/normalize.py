"""Comparing forms of Arabic and French text.

Text for reading is kept as it was written; everything that compares, searches or hashes goes through `fold`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TATWEEL = "\u0640"

# Letters that Arabic and Persian keyboards and hurried writers use for one another. NFKD has already taken the hamza
# off its seat (أ إ ؤ ئ) and the madda off آ.
_LETTERS = {
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ے": "ي",
    "ک": "ك",
    "ڪ": "ك",
    "ة": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ە": "ه",
    "ڭ": "ك",
    "ڬ": "ك",
    "گ": "ك",
    "ڤ": "ف",
    "ڥ": "ف",
    "ڢ": "ف",
    "ڨ": "ق",
    "ڧ": "ق",
    "پ": "ب",
    "چ": "ج",
    "ژ": "ز",
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "ł": "l",
    "ı": "i",
    "‘": "'",
    "’": "'",
    "‚": "'",
    "‛": "'",
    "ʼ": "'",
    "′": "'",
    "`": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "‟": '"',
    "«": '"',
    "»": '"',
    "‹": '"',
    "›": '"',
    "″": '"',
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
}


# It parts words without showing; other format characters stand within words.
_ZERO_WIDTH_SPACE = "\u200b"


def _fold_character(character: str) -> str:
    """The comparing form of one character, possibly empty."""
    # ´ (U+00B4) and its like decompose into a space and an accent: look them up first.
    if character in _LETTERS:
        return _LETTERS[character]
    # Some symbols (℡, ℂ) decompose into capitals.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character.lower()).lower())
    folded = "".join(_fold_part(part) for part in plain)
    kind = unicodedata.category(character)
    if kind == "Lo":
        # Arabic presentation forms: marks drawn alone decompose into a space and a mark, ﷺ into four words.
        folded = folded.strip()
        return f" {folded} " if " " in folded else folded
    # A number or a sign beside a word is no part of it: ½ ² ™ №.
    return f" {folded} " if kind in ("No", "So") and folded != character else folded


def _fold_part(part: str) -> str:
    kind = unicodedata.category(part)
    if part == _ZERO_WIDTH_SPACE or kind in ("Zs", "Zl", "Zp", "Cc"):
        return " "
    if kind == "Cf":
        # The end of a verse (۝) and the signs of years and pages are seen, and stand between words.
        return " " if unicodedata.bidirectional(part) == "AN" else ""
    if kind in ("Mn", "Me") or part == _TATWEEL:
        return ""
    return str(unicodedata.digit(part)) if kind == "Nd" else _LETTERS.get(part, part)


class _FoldTable(dict[int, str]):
    """A table for `str.translate` that learns each character at its first use."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


_TABLE = _FoldTable()
_SPACES = re.compile(r" {2,}")
_WORD = re.compile(r"[^\W_]+")
_LONGEST = 100


def fold(text: str) -> str:
    """The comparing form of a text.

    Lower case without accents; Arabic without harakat, tatweel, hamza seats and bidi marks, with ى→ي, ة→ه and Persian
    letters as Arabic ones; presentation forms and ligatures taken apart (NFKD); every digit ASCII; typographic quotes and
    dashes plain; runs of white space one space; no space at either end. Two words never become one.

    Args:
        text: any text.
    Returns:
        The folded text. `fold(fold(text)) == fold(text)`.
    """
    parts = text.split()
    # What hostile pages write without a space would fill the memory.
    if max(map(len, parts), default=0) > _LONGEST:
        return _fold_run(text)
    return " ".join(filter(None, map(_fold_word, parts)))


def _fold_run(text: str) -> str:
    return _SPACES.sub(" ", text.translate(_TABLE)).strip()


# Most words of a page have been met before: that is twice as fast as looking each letter up.
_fold_word = lru_cache(maxsize=1 << 16)(_fold_run)


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """`fold` without the joining of spaces, and for each folded character the index in `text` it came from.

    Returns:
        (folded, offsets) with `len(folded) == len(offsets)`; offsets ascend.
    """
    folded: list[str] = []
    offsets: list[int] = []
    table = _TABLE
    for index, character in enumerate(text):
        for part in table[ord(character)]:
            folded.append(part)
            offsets.append(index)
    return "".join(folded), offsets


def words(text: str) -> list[str]:
    """The folded words of a text, in order: runs of letters and digits."""
    return _WORD.findall(fold(text))
