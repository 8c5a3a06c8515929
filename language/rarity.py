"""How much a word or a name of the lexicon tells: rare ones much, those that stand in every article of the subject nothing.

The shares are data (rarity.tsv), counted once over the project's own labelled articles by `python -m bench.rarity`, and never
over the archive: so the weight of a word does not depend on what has been crawled, or in which order.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import log
from pathlib import Path

from language.normalize import fold

TABLE = Path(__file__).with_name("rarity.tsv")

KEY_RARITY = 0.35
"""Below this a term is in too many articles to find one by."""

_ARABIC = re.compile("[\u0620-\u064a]")
_ARABIC_ENDINGS = ("هما", "تين", "تان", "ين", "ون", "ات", "ان", "ها", "هم", "نا", "يه", "ه", "ا", "ي")
_FRENCH_ENDINGS = ("ements", "ement", "ations", "ation", "ees", "ee", "es", "s", "e", "x")
_FRENCH_STEM = 7
# A share below one in so many is not to be told from none in sets of some hundred articles.
_SEEN_ONCE = 1 / 400
_SHARED_SEEN_ONCE = 1 / 200


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """What a folded word has in common with its other forms: an Arabic one without clitics, article and ending, a French one
    without its ending and cut to seven letters. Two words of one stem need not be related; rare stems rarely are not.

    Snowball's stemmers (snowballstemmer, PyStemmer) gave the same figures in bench/eval_stories.py, and know no folded Arabic.
    """
    if word[0].isdecimal():
        return word
    if not _ARABIC.search(word):
        for ending in _FRENCH_ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 4:
                word = word[: -len(ending)]
                break
        return word[:_FRENCH_STEM]
    if len(word) > 4 and word[0] in "وف":
        word = word[1:]
    if len(word) > 4 and word.startswith("لل"):
        word = word[2:]
    elif len(word) > 5 and word[0] in "بكل" and word[1:3] == "ال":
        word = word[3:]
    elif len(word) > 4 and word.startswith("ال"):
        word = word[2:]
    for ending in _ARABIC_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def is_shared(term: str) -> bool:
    """Whether a term is the same in both languages: an identifier of the lexicon, an aspect, a number."""
    return ":" in term or term[0].isdecimal()


@cache
def _shares() -> dict[str, float]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {fold(term) if ":" not in term else term: int(per_mille) / 1000 for term, per_mille in rows}


@lru_cache(maxsize=1 << 16)
def rarity(term: str) -> float:
    """How much it tells that an article has this term.

    Args:
        term: a stem, or a term that is the same in both languages (`is_shared`).
    Returns:
        0..1: the logarithm of the share of articles that have it, 1 for what hardly any has.
    """
    least = _SHARED_SEEN_ONCE if is_shared(term) else _SEEN_ONCE
    return max(0.0, log(_shares().get(term, 0.0) + least) / log(least))
