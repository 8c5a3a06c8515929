"""One event, told twice: a symmetric test on two articles, in one language or in two, that says on what grounds.

An article is the weighted terms it speaks in: identifiers of the lexicon, aspects and numbers, which are the same in Arabic
and in French, and the stems of its own words. What two articles have in common, by weight, ties them; what is rare weighs
most (language/rarity.py), and days between them take from it. Pure and deterministic.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log, sqrt
from typing import Any

from language.lexicon import load
from language.normalize import fold, words
from language.rarity import KEY_RARITY, is_shared, rarity, stem

TIED = 0.5
"""Score from which two articles tell one event."""

WINDOW = timedelta(days=4)
"""Articles that lie further apart are not compared: what follows then is another event."""

NOMINATED = 3
"""Keys that two articles must share to be compared: all pairs of the sample press that `compare` ties do, and one in twenty of
those that have nothing to do with each other."""

# What the likeness of two articles must be for a tie, in one language and in two; fitted on the sample press.
_BAR_SAME, _BAR_OTHER = 0.20, 0.32
# What is left of a likeness after the whole window.
_FADED = 0.6

_SHARED_KEPT, _WORDS_KEPT = 40, 60
_SHARED_WEIGHT = 1.5
# Code points at the top of a text, and words at the top of an article: the news.
_LEAD, _LEAD_WORDS = 350, 40
_NUMBER = re.compile(r"\d{1,3}(?:[ .,٫٬]\d{3})+(?!\d)|\d+(?:[.,٫٬]\d+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")

_KEYS = 12
_WHY_KEPT = 8

Terms = Mapping[str, float]


def terms(title: str, text: str, topic: Mapping[str, Any]) -> dict[str, float]:
    """What an article speaks of, each term with its weight: how often and how far up it stands, times how rare it is.

    Args:
        title, text: as stored.
        topic: the stored topic decision, for what the lexicon found.
    Returns:
        At most 40 terms that both languages have and 60 stems, the heaviest first.
    """
    entries = load().entries
    counted: Counter[str] = Counter()
    for mention in topic["evidence"]:
        if mention["kind"] == "neighbour":
            continue
        times = 2.0 if mention["field"] == "title" else 1.5 if mention["start"] < _LEAD else 1.0
        entry = entries.get(mention["id"])
        for identifier in (mention["id"], *(entry.stands_for if entry else ())):
            counted[identifier] += times  # type: ignore[assignment]
    counted.update({f"aspect:{aspect}": 1 for aspect in topic["aspects"]})
    whole = fold(f"{title}\n{text}")
    # 10.340, 10 340 and 10340 are one number, whatever a newspaper puts between its digits.
    for number in {re.sub(r"\D", "", number) for number in _NUMBER.findall(whole)}:
        if len(number) > 1 and not _YEAR.fullmatch(number):
            counted[number] = 1
    shared = {
        term: _SHARED_WEIGHT * _weight(times, term)
        for term, times in counted.items()
        if not term.startswith("demonym:")
    }
    text_words = words(whole)
    stems = Counter(stem(word) for word in text_words if len(word) > 1 and not word[0].isdecimal())
    lead = {stem(word) for word in text_words[:_LEAD_WORDS]}
    own = {term: _weight(times, term) * (1.5 if term in lead else 1.0) for term, times in stems.items()}
    return _heaviest(shared, _SHARED_KEPT) | _heaviest(own, _WORDS_KEPT)


def _weight(times: float, term: str) -> float:
    return (1.0 + log(times)) * rarity(term)


def _heaviest(weights: Terms, count: int) -> dict[str, float]:
    ranked = sorted(((-round(weight, 3), term) for term, weight in weights.items() if weight >= 0.001))
    return {term: -weight for weight, term in ranked[:count]}


def keys(weights: Terms) -> list[str]:
    """The terms by which articles on the same event are found: of each sort the heaviest that are not in too many articles."""
    telling = [term for term in sorted(weights, key=lambda term: (-weights[term], term)) if rarity(term) >= KEY_RARITY]
    shared = [term for term in telling if is_shared(term)]
    own = [term for term in telling if not is_shared(term)]
    return [*shared[:_KEYS], *own[:_KEYS]]


@dataclass(frozen=True, slots=True)
class Told:
    """One article as far as its ties go.

    Attributes:
        id: its `_id`.
        lang: BCP 47 code.
        at: aware instant by which it is ordered: of publication, else of when it was first seen.
        terms: `terms`.
        url, twins: its address and those of its translations (hreflang).
        copy_of, reuses: `_id`s of earlier articles.
    """

    id: str
    lang: str
    at: datetime
    terms: Terms
    url: str = ""
    twins: frozenset[str] = frozenset()
    copy_of: str | None = None
    reuses: frozenset[str] = frozenset()
    _lengths: dict[bool, float] = field(default_factory=dict, repr=False, compare=False)

    def length(self, shared: bool) -> float:
        """The Euclidean length of its terms, or of those that both languages have."""
        if shared not in self._lengths:
            self._lengths[shared] = sqrt(
                sum([w * w for term, w in self.terms.items() if not shared or is_shared(term)])
            )
        return self._lengths[shared]


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties two articles.

    Attributes:
        score: 0..1. score / (1 - score) is how many times as much they have in common, by weight (the cosine of their terms, less
            for the days between), as a tie takes: from `TIED` on they tell one event. An Arabic and a French article are
            measured by what both languages can have; for them a tie takes more.
        why: (term, part) of what they have in common, the weightiest first; at most eight. The parts add up to the score, but for
            what is not kept. "twin", "copy" and "reuse" are ties by themselves.
    """

    score: float
    why: tuple[tuple[str, float], ...]


def compare(a: Told, b: Told) -> Tie:
    """How surely two articles tell one event. `compare(a, b) == compare(b, a)`."""
    if a.id in (b.copy_of, *b.reuses) or b.id in (a.copy_of, *a.reuses):
        is_copy = a.copy_of == b.id or b.copy_of == a.id
        # New reporting over an old text is hardly the same news a week later.
        score = 1.0 if is_copy else 0.8 * _left(abs(a.at - b.at))
        return Tie(round(score, 3), (("copy" if is_copy else "reuse", round(score, 3)),))
    left = _left(abs(a.at - b.at))
    if not left:
        return Tie(0.0, ())
    if (a.url and a.url in b.twins) or (b.url and b.url in a.twins):
        return Tie(1.0, (("twin", 1.0),))
    same = _language(a.lang) == _language(b.lang)
    bar = _BAR_SAME if same else _BAR_OTHER
    lighter, heavier = sorted((a.terms, b.terms), key=len)
    common = {term: weight * heavier[term] for term, weight in lighter.items() if term in heavier}
    if not same:
        common = {term: product for term, product in common.items() if is_shared(term)}
    if not common:
        return Tie(0.0, ())
    parts = sorted(((-product, term) for term, product in common.items()))
    total = -sum(part for part, _ in parts)
    likeness = left * total / (a.length(not same) * b.length(not same))
    score = likeness / (likeness + bar)
    return Tie(round(score, 3), tuple((term, round(-part * score / total, 3)) for part, term in parts[:_WHY_KEPT]))


def _language(code: str) -> str:
    return {"ary": "ar"}.get(code, code).partition("-")[0]


def _left(apart: timedelta) -> float:
    """What is left of a likeness over some days; nothing beyond the window."""
    return 0.0 if apart > WINDOW else 1.0 - (1.0 - _FADED) * (apart / WINDOW)
