"""Which articles a question finds, and in which order: as marks, without fetching them (`archive.postings`).

The rarest word comes first. Where few articles are left, the other words and the marks of copies are looked up for these alone;
where many are, all marks of the question's span are read once, with the bits of the commonest words and what facets count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import log
from typing import Any

import numpy as np
from pymongo.collection import Collection
from pymongo.database import Database

from archive import postings, shelf
from archive.postings import FEW, Rows
from language.question import Asked, Word
from language.tokens import COMMON, TITLE, UNSURE, tokens

Document = dict[str, Any]

_COUNTED = 5 * FEW
_BITS = {stem: number for number, stem in enumerate(COMMON)}
# MongoDB reads one index in one thread: two readings at once take the time of the longer.
_READERS = ThreadPoolExecutor(4, thread_name_prefix="search")


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks of the archive; `parse_question` makes one.

    Attributes:
        text: as it was written.
        parts: words and phrases that must or must not occur.
        outlets, languages, countries: names, codes (ar, fr), ISO 3166 codes of the outlets' countries; any of each, all where empty.
        since, until: aware instants of publication, since inclusive, until exclusive; None leaves the side open. Where one is
            given, undated articles are left out.
        entities, aspects: identifiers of the lexicon and names of aspects, all of which an article must have.
        relevance: the least topic score, 0..1; None for any.
        copies: whether to count articles that repeat an earlier text.
        versions: whether to look in what articles said before they were changed as well.
        gone: True for what has vanished from its outlet alone, False for what stands; None for both.
        sort: "relevance" (words in the title first, then the newest), "newest" or "oldest".
        page: from 1.
        size: hits of a page, 1..200.
    """

    text: str = ""
    parts: tuple[Asked, ...] = ()
    outlets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    entities: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    relevance: float | None = None
    copies: bool = False
    versions: bool = False
    gone: bool | None = None
    sort: str = "relevance"
    page: int = 1
    size: int = 20


class Matching:
    """What a question finds in one archive.

    Attributes:
        rows: the marks, in the order of their instants.
    """

    def __init__(self, database: Database[Document], question: Question, countries: Mapping[str, str]) -> None:
        self._articles = database.articles
        self._question = question
        self._words = [word for part in question.parts if not part.excluded for word in part.words]
        present = _Shelves(database.articles, question)
        self._shelves = present
        rows = present.matching(countries)
        if question.versions and question.parts:
            earlier = _Shelves(database.versions, question).matching(countries)
            _, first = np.unique(earlier["id"], return_index=True)
            rows = postings.either([rows, earlier[first][~np.isin(earlier["id"][first], rows["id"])]])
        self.rows = present.standing(rows)

    def table(self) -> Rows:
        """The marks with their facts (`postings.TABLE`), for counting."""
        return self._shelves.facts(self.rows)

    def ordered(self) -> Rows:
        """The marks in the order of the hits; undated articles come last."""
        rows = self.rows
        dated, undated = rows[rows["at"] > 0], rows[rows["at"] == 0]
        if self._question.sort == "oldest":
            return postings.joined([dated, undated])
        newest = postings.joined([dated[::-1], undated])
        if self._question.sort == "newest" or not len(newest):
            return newest
        scores = np.zeros(len(newest))
        total = self._articles.estimated_document_count()
        for word in self._words:
            titled = self._shelves.titled(word, newest)
            if titled is not None:
                weight = log(1 + total / (1 + len(titled)))
                scores += weight * np.isin(postings.keys(newest), postings.keys(titled))
        return newest[np.argsort(-scores, kind="stable")]


class _Shelves:
    """One collection within a question's span, read as little as the question allows."""

    def __init__(self, collection: Collection[Document], question: Question) -> None:
        self.collection = collection
        self.question = question
        self.bounds = _bounds(question)
        self._whole: Future[Rows] | None = None
        self._copies: Future[Rows] | None = None

    def matching(self, countries: Mapping[str, str]) -> Rows:
        """The marks of what a question is about; copies and vanished articles included."""
        question = self.question
        wanted = [word for part in question.parts if not part.excluded for word in part.words]
        stems = [_stems(self.collection, word) for word in wanted]
        # A common word that this archive has seldom is looked up like any other.
        common = [all(stem in _BITS for stem in group) and self._count(_tokens(group)) >= _COUNTED for group in stems]
        bits = [[_BITS[stem] for stem in group] for group, is_common in zip(stems, common, strict=True) if is_common]
        groups = [_tokens(group) for group, is_common in zip(stems, common, strict=True) if not is_common]
        outlets = _outlets(question, countries)
        if outlets is not None:
            groups.append([f"source:{name}" for name in outlets])
        groups += [[name] for name in (*question.entities, *(f"aspect:{aspect}" for aspect in question.aspects))]
        said = [part for part in question.parts if part.is_phrase and not part.excluded]
        groups += [group for part in said for group in _pairs(part)]
        sizes = [self._count(group) for group in groups]
        if min(sizes, default=_COUNTED) >= _COUNTED:
            self._read_ahead()
        found: Rows | None = None
        for _, group in sorted(zip(sizes, groups, strict=True)):
            found = self.narrowed(found, group)
            if not len(found):
                return found
        if bits or found is None:
            table = self.facts(found) if found is not None else self._all()
            for numbers in bits:
                table = table[_any_bit(table["words"], numbers)]
            found = np.ascontiguousarray(table["row"])
        found = _filtered(found, question)
        for part in question.parts:
            if part.excluded and len(found):
                found = postings.without(found, self._having(part, found))
        for part in said:
            # The pair of a phrase of two common words says all.
            if not (len(part.words) == 2 and _pairs(part)):
                found = _spoken(self.collection, part, found)
        return found

    def facts(self, rows: Rows) -> Rows:
        """Some marks with their facts."""
        if len(rows) <= FEW:
            return postings.table(self.collection, self.bounds, rows)
        table = self._all()
        return table[np.isin(postings.keys(table["row"]), postings.keys(rows), assume_unique=True)]

    def standing(self, rows: Rows) -> Rows:
        """Without copies, and without what has vanished or what has not, where a question says so."""
        if not self.question.copies and len(rows):
            few = len(rows) <= FEW
            copies = self._copies_of(rows) if few or self._copies is None else self._copies.result()
            rows = postings.without(rows, copies)
        if self.question.gone is not None and len(rows):
            vanished = self._among("gone_at", {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}, rows)
            rows = postings.both(rows, vanished) if self.question.gone else postings.without(rows, vanished)
        return rows

    def titled(self, word: Word, rows: Rows) -> Rows | None:
        """Those of some marks whose title may have a word; None where so many have it that it tells nothing."""
        titles = [TITLE + stem for stem in (*word.stems, *word.doubtful)]
        if len(rows) > FEW and self._count(titles) >= _COUNTED:
            return None
        among = rows if len(rows) <= FEW else None
        return postings.either([self._listed(title, among) for title in titles])

    def narrowed(self, found: Rows | None, group: list[str]) -> Rows:
        """Those of the articles found so far that have any of some tokens."""
        among = found if found is not None and len(found) <= FEW else None
        having = postings.either([self._listed(token, among) for token in group])
        return having if found is None or among is not None else postings.both(found, having)

    def _having(self, part: Asked, found: Rows) -> Rows:
        """Those of some articles that have a word or a phrase."""
        for word in part.words:
            stems = _stems(self.collection, word)
            if all(stem in _BITS for stem in stems):
                table = self.facts(found)
                found = np.ascontiguousarray(table["row"][_any_bit(table["words"], [_BITS[stem] for stem in stems])])
            else:
                found = self.narrowed(found, _tokens(stems))
        for group in _pairs(part):
            found = self.narrowed(found, group)
        return _spoken(self.collection, part, found) if part.is_phrase else found

    def _listed(self, token: str, among: Rows | None) -> Rows:
        return postings.rows(self.collection, "search.tokens", token, self.bounds, among)

    def _count(self, group: Sequence[str]) -> int:
        return sum(postings.count(self.collection, "search.tokens", token, _COUNTED) for token in group)

    def _copies_of(self, rows: Rows | None) -> Rows:
        return self._among("copy_of", {"$gt": ""}, rows)

    def _among(self, name: str, value: Any, rows: Rows | None) -> Rows:
        few = rows is not None and len(rows) <= FEW
        return postings.rows(self.collection, name, value, self.bounds, rows if few else None)

    def _read_ahead(self) -> None:
        """Begin what a question with many answers needs, while its words are looked up."""
        self._whole = _READERS.submit(postings.table, self.collection, self.bounds)
        if not self.question.copies and self.collection.name == "articles":
            self._copies = _READERS.submit(self._copies_of, None)

    def _all(self) -> Rows:
        if self._whole is None:
            self._read_ahead()
        assert self._whole is not None
        return self._whole.result()


def _bounds(question: Question) -> Document:
    """The range of marks that a question's window leaves; without one, every mark there is."""
    low = shelf.seconds(question.since) if question.since else 1 if question.until else 0
    bounds: Document = {"$gte": shelf.least(low)}
    if question.until:
        bounds["$lt"] = shelf.least(shelf.seconds(question.until))
    return bounds


def _stems(collection: Collection[Document], word: Word) -> tuple[str, ...]:
    """The stems under which a word of a question stands in this archive."""
    if word.doubtful and collection.find_one({"search.tokens": {"$in": list(word.stems)}}, {"_id": 1}) is None:
        return word.stems + word.doubtful
    return word.stems


def _tokens(stems: Sequence[str]) -> list[str]:
    return [token for stem in stems for token in (stem, stem + UNSURE)]


def _pairs(part: Asked) -> list[list[str]]:
    """Of a phrase, the tokens of each two neighbours that are common words."""
    groups = []
    for one, two in pairwise(part.words):
        stems, others = one.stems + one.doubtful, two.stems + two.doubtful
        if all(stem in _BITS for stem in stems + others):
            groups.append([f"{stem} {other}" for stem in stems for other in others])
    return groups


def _any_bit(words: Any, numbers: Sequence[int]) -> Any:
    """Which rows have any of some of the commonest words."""
    found = np.zeros(len(words), bool)
    for number in numbers:
        found |= (words[:, number // 8] >> (number % 8)) & 1 > 0
    return found


def _outlets(question: Question, countries: Mapping[str, str]) -> list[str] | None:
    """The outlets that a question is about; None for all."""
    if not question.countries:
        return list(question.outlets) or None
    there = [name for name, country in countries.items() if country in question.countries]
    return [name for name in there if not question.outlets or name in question.outlets]


def _spoken(collection: Collection[Document], part: Asked, found: Rows) -> Rows:
    """Those of some articles in which the words of a phrase stand side by side."""
    kept = [
        shelf_mark
        for start in range(0, len(found), FEW)
        for shelf_mark, texts in _texts(collection, found[start : start + FEW])
        if any(_has_phrase(text, part.words) for text in texts)
    ]
    return np.sort(np.frombuffer(b"".join(kept), postings.ROW), order=("at", "id"))


def _texts(collection: Collection[Document], of: Rows) -> list[tuple[bytes, list[str]]]:
    query = {"search.shelf": {"$in": postings.marks(of)}}
    found = collection.find(query, {"title": 1, "text": 1, "search.shelf": 1})
    return [(bytes(one["search"]["shelf"]), [one["title"], one["text"]]) for one in found]


def _has_phrase(text: str, words: Sequence[Word]) -> bool:
    spoken = tokens(text)
    last = len(spoken) - len(words)
    return any(all(word.meets(spoken[at + offset]) for offset, word in enumerate(words)) for at in range(last + 1))


def _filtered(rows: Rows, question: Question) -> Rows:
    if question.languages:
        rows = rows[np.isin(rows["lang"], [code.encode() for code in question.languages])]
    if question.relevance is not None:
        rows = rows[rows["score"] >= int(question.relevance * 10_000)]
    return rows
