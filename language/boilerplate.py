"""Words that unrelated articles share: formulas of communiqués, agency phrases, outlets' service lines (boilerplate.toml)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from language.normalize import fold, words

Triple = tuple[str, str, str]

_DATA: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("boilerplate.toml").read_text(encoding="utf-8")
)


def _triples(text_words: list[str]) -> list[Triple]:
    return list(zip(text_words, text_words[1:], text_words[2:], strict=False))


STOCK = frozenset(
    triple for phrases in _DATA["phrases"].values() for phrase in phrases for triple in _triples(words(phrase))
)
"""Every run of three folded words inside a stock phrase."""

_SERVICE = re.compile(
    "|".join(rf"\b{' '.join(words(phrase))}\b" for phrases in _DATA["service"].values() for phrase in phrases)
)
_SERVICE_LENGTH = 25
_SENTENCE_END = re.compile(r"[.!?؟…]+(?=\s|$)|\n")
# A number is one word whatever separates its digits: 10.340,25 or 3,65 in an Arabic or a French text.
_WORD = re.compile(r"\d+(?:[.,٫٬]\d+)+|[^\W_]+")


def is_service(sentence: list[str]) -> bool:
    """Whether the folded words of a sentence or line are a service sentence: at most 25, one of the marks among them."""
    return len(sentence) <= _SERVICE_LENGTH and _SERVICE.search(" ".join(sentence)) is not None


def own_words(text: str) -> tuple[list[str], list[bool]]:
    """The folded words of a text, and for each whether it is the text's own.

    Not its own are the words inside a stock phrase and those of a service sentence: one of at most 25 words that sends the
    reader elsewhere, asks for a subscription, or reserves rights.

    Returns:
        (words, own), of equal length; a number with separators is one word.
    """
    text_words: list[str] = []
    own: list[bool] = []
    for sentence in _SENTENCE_END.split(text):
        found = _WORD.findall(fold(sentence))
        text_words += found
        own += [not is_service(found)] * len(found)
    for index, triple in enumerate(_triples(text_words)):
        if triple in STOCK:
            own[index : index + 3] = (False, False, False)
    return text_words, own
