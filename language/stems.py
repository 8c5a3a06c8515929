"""What the forms of a word have in common, for search: an Arabic word without clitics, article and endings, a French one
without its inflection.

French stems are Snowball's, of words without accents, since half of all questions are typed without them. For Arabic the
Snowball stemmer will not do: it takes a leading و or ف for a conjunction whatever the word, so وزير and الوزير part, and so do
هجرة and الهجرة.
"""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

_FRENCH = Stemmer.Stemmer("french", 0)
_ARABIC = re.compile("[\u0620-\u064a]")
_SHORT = 4
#: In these ال is part of the word: God, and now.
_WHOLE = frozenset(("الله", "الان"))
# What surely begins with an article, behind a conjunction: three letters are left. A word with a pronoun has no article: in
# والدته and وكالتها the ال is the word's own.
_ARTICLE = re.compile("لله$|[بك]?(?:الله|الان)$|(?:[بك]?ال|لل)(?!.?(?:ت?هما|ت?ها|ته)$).{3}")
# How many letters an ending must leave.
_ENDINGS = (
    ("هما", 3), ("تين", 3), ("تان", 3), ("تها", 3), ("تهم", 3), ("تنا", 3), ("تي", 3), ("يين", 3), ("يون", 3), ("ين", 4), ("ون", 4), ("ان", 4),
    ("ات", 3), ("ها", 3), ("هم", 3), ("نا", 3), ("وا", 3), ("ته", 3), ("يه", 3), ("ه", 3), ("ا", 3), ("ي", 3), ("ت", 4),
)  # fmt: skip


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """What a folded word, without clitics and article, has in common with its other forms."""
    if not word.isalpha():
        return word
    return _arabic(word) if _ARABIC.search(word) else _french(word)


def _arabic(word: str) -> str:
    while True:
        for ending, left in _ENDINGS:
            rest = word[: -len(ending)]
            # After an alif the ي is a letter of the word, or the seat of its hamza: حماية, قضائي.
            if word.endswith(ending) and len(rest) >= left and not (ending[0] == "ي" and rest[-1] == "ا"):
                word = rest
                break
        else:
            # لقاء, and لقائه, whose hamza had a seat.
            return f"{word[:-1]}ي" if word.endswith("اء") else word


def _french(word: str) -> str:
    singular = word[:-1] if word[-1] in "sx" else word
    if len(singular) <= _SHORT:
        # Snowball takes visa, vis and viser for one word.
        return singular if len(singular) > 2 else word
    found: str = _FRENCH.stemWord(word).rstrip("e")
    # Its rules for -ière and -ée want the accents.
    return found[:-2] if found.endswith("ier") else found or word


def bases(word: str, article: bool = True) -> tuple[str, ...]:
    """The words that a folded word may be, written out of what Arabic writes onto it: conjunction, preposition, article.

    Args:
        article: whether an ال may be the article; with a hamza on its alif it is none.
    Returns:
        The fullest first: وزير may be وزير, or زير with a conjunction. An article is no question, where it leaves a word:
        الوزير and والوزير are وزير alone, but والي may be والي.
    """
    if not _ARABIC.search(word):
        return (word,)
    if len(word) > 3 and word[0] in "وف":
        rest = word[1:]
        # No word of its own begins so: وإلى, وألعاب.
        hamza = not article and rest.startswith("ال")
        found = _bare(rest, article)
        return found if hamza or _ARTICLE.match(rest) else tuple(dict.fromkeys((word, *found)))
    return _bare(word, article)


def _bare(word: str, article: bool) -> tuple[str, ...]:
    """What a word without conjunction may be."""
    if word in _WHOLE:
        return (word,)
    if word == "لله":
        return ("الله",)
    if article and len(word) > 3 and word.startswith("ال"):
        return (word[2:],)
    if len(word) > 3 and word.startswith("لل"):
        # The article has lost its alif, and before a ل its ل too.
        return (word[1:], word[2:])
    if len(word) > 3 and word[0] in "بكل":
        rest = _bare(word[1:], article) if word[1:].startswith("ال") else (word[1:],)
        return rest if article and _ARTICLE.match(word[1:]) else (word, *rest)
    return (word,)
