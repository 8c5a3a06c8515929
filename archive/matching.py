"""Which articles a question finds, and in which order: as marks, without fetching them (`archive.postings`).

The rarest word comes first. Where few articles are left, the other words and the marks of copies are looked up for these alone;
where many are, all marks of the question's span are read once, with the bits of the commonest words and what facets count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial, reduce
from itertools import pairwise
from math import log
from typing import Any, ParamSpec, TypeVar

import numpy as np
from bson import Binary
from pymongo.collection import Collection
from pymongo.database import Database

from archive import postings, shelf
from archive.postings import FEW, Rows
from language.question import Asked, Word
from language.tokens import ALTERNATIVE, COMMON, GAP, TITLE, UNSURE, stem_number, tokens

Document = dict[str, Any]
_P = ParamSpec("_P")
_T = TypeVar("_T")

_COUNTED = 5 * FEW
#: Facts of so many articles are looked up one by one; those of more cost less as a run through the index.
MANY = 10 * FEW
_DAY, _EPOCH = timedelta(days=1), date(1970, 1, 1)
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
        since, until: of publication, since inclusive, until exclusive: an aware instant, or a day, which is then the outlet's own
            (an article that tells no more than its day is of that day). None leaves the side open; where one is given, undated
            articles are left out.
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
    since: date | None = None
    until: date | None = None
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
        earlier: those of them that only an earlier state of the article speaks for.
    """

    def __init__(self, database: Database[Document], question: Question, countries: Mapping[str, str]) -> None:
        self._articles = database.articles
        self._question = question
        self._words = [word for part in question.parts if not part.excluded for word in part.words]
        present = _Shelves(database.articles, question)
        self._shelves = present
        rows = present.matching(countries)
        self.earlier = postings.none()
        if question.versions and question.parts:
            self.earlier = postings.without(present.once(database.versions, countries), rows)
            rows = postings.either([rows, self.earlier])
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
                scores += weight * postings.within(newest, titled)
        return newest[np.argsort(-scores, kind="stable")]


class _Shelves:
    """One collection within a question's span, read as little as the question allows."""

    def __init__(self, collection: Collection[Document], question: Question) -> None:
        self.collection = collection
        self.question = question
        self.bounds = _bounds(question)
        self._whole: list[Future[Rows]] = []
        self._table: Rows | None = None
        self._copies: Future[Rows] | None = None
        self._known: dict[Word, tuple[list[str], list[str]]] = {}

    def once(self, versions: Collection[Document], countries: Mapping[str, str]) -> Rows:
        """The present marks of the articles that were about it before they were changed; copies and vanished ones included."""
        # What is asked of instant, language and score, the article must meet as it is now.
        asked = replace(self.question, since=None, until=None, languages=(), relevance=None)
        earlier = postings.marks(_Shelves(versions, asked).matching(countries))
        present = [row for part in _parts(earlier) for row in _marks_of_articles(versions, self.collection, part)]
        rows = postings.ordered(np.frombuffer(b"".join(present), postings.ROW))
        low, high = self.bounds["$gte"][:4], self.bounds.get("$lt", b"\xff" * 4)[:4]
        rows = rows[(rows["at"] >= int.from_bytes(low, "big")) & (rows["at"] < int.from_bytes(high, "big"))]
        return _filtered(rows, self.question)

    def matching(self, countries: Mapping[str, str]) -> Rows:
        """The marks of what a question is about; copies and vanished articles included."""
        question = self.question
        wanted = [word for part in question.parts if not part.excluded for word in part.words]
        # A common word that this archive has seldom is looked up like any other; of one that is common, only the spellings
        # that are not.
        forms = [self._forms(word) for word in wanted]
        is_common = [
            bool(often) and self._count(_tokens(often)) >= _COUNTED > self._count(_tokens(seldom))
            for often, seldom in forms
        ]
        common = [both for both, much in zip(forms, is_common, strict=True) if much]
        groups = [_tokens(often + seldom) for (often, seldom), much in zip(forms, is_common, strict=True) if not much]
        outlets = _outlets(question, countries)
        if outlets is not None:
            groups.append([f"source:{name}" for name in outlets])
        groups += [[name] for name in (*question.entities, *(f"aspect:{aspect}" for aspect in question.aspects))]
        said = [part for part in question.parts if part.is_phrase and not part.excluded]
        groups += [group for part in said for group in self._pairs(part)]
        sizes = [self._count(group) for group in groups]
        if min(sizes, default=_COUNTED) >= _COUNTED:
            self._read_ahead()
        found: Rows | None = None
        for _, group in sorted(zip(sizes, groups, strict=True)):
            found = self.narrowed(found, group)
            if not len(found):
                return found
        if common or found is None:
            table = self.facts(found) if found is not None else self._all()
            for often, seldom in common:
                table = table[self._has(table, often, seldom)]
            found = np.ascontiguousarray(table["row"])
        found = _filtered(found, question)
        for part in question.parts:
            if part.excluded and len(found):
                found = postings.without(found, self._having(part, found))
        for part in said:
            found = self._saying(part, found)
        return found

    def facts(self, rows: Rows) -> Rows:
        """Some marks with their facts."""
        is_read = self._whole and all(part.done() for part in self._whole)
        if len(rows) <= FEW or (len(rows) <= MANY and not is_read):
            return self._each(partial(postings.table, self.collection, self.bounds), rows, postings.TABLE)
        table = self._all()
        return table[postings.within(table["row"], rows)]

    def standing(self, rows: Rows) -> Rows:
        """Without copies, and without what has vanished or what has not, where a question says so."""
        if not self.question.copies and len(rows):
            is_read = self._copies is not None and (self._copies.done() or len(rows) > MANY)
            copies = self._copies.result() if self._copies is not None and is_read else self._copies_of(rows)
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
            often, seldom = self._forms(word)
            if often:
                table = self.facts(found)
                found = np.ascontiguousarray(table["row"][self._has(table, often, seldom)])
            else:
                found = self.narrowed(found, _tokens(seldom))
        return self._saying(part, found) if part.is_phrase else found

    def _saying(self, part: Asked, found: Rows) -> Rows:
        """Those of some articles with all words of a phrase that have them side by side."""
        if len(part.words) > 2 or not all(self._forms(word)[0] for word in part.words):
            for group in self._pairs(part):
                found = self.narrowed(found, group)
            return _spoken(self.collection, part, found)
        # The pair of two common words says all; the articles are read for their seldom spellings alone.
        (often, seldom), (often_next, seldom_next) = (self._forms(word) for word in part.words)
        sure = self.narrowed(found, _neighbours(often, often_next))
        if not seldom and not seldom_next:
            return sure
        rest = postings.without(self.narrowed(found, _tokens(seldom + seldom_next)), sure)
        return postings.either([sure, _spoken(self.collection, part, rest)])

    def _pairs(self, part: Asked) -> list[list[str]]:
        """Of a phrase, the tokens of each two neighbours that stand as common words alone."""
        return [
            _neighbours(often, often_next)
            for (often, seldom), (often_next, seldom_next) in pairwise(self._forms(word) for word in part.words)
            if often and often_next and not seldom and not seldom_next
        ]

    def _forms(self, word: Word) -> tuple[list[str], list[str]]:
        """The stems under which a word of a question stands in this archive: the common ones, and the others."""
        if word not in self._known:
            stems = word.stems
            if word.doubtful and not self._count(stems, 1):
                stems += word.doubtful
            if len(stems) > 1:
                stems = tuple(stem for stem in stems if self._count(_tokens([stem]), 1)) or stems
            self._known[word] = [one for one in stems if one in _BITS], [one for one in stems if one not in _BITS]
        return self._known[word]

    def _has(self, table: Rows, often: Sequence[str], seldom: Sequence[str]) -> Any:
        """Which rows of a table have a word, by its common stems and its others."""
        having = _any_bit(table["words"], [_BITS[stem] for stem in often])
        if seldom:
            listed = self.narrowed(np.ascontiguousarray(table["row"]), _tokens(seldom))
            having |= postings.within(table["row"], listed)
        return having

    def _listed(self, token: str, among: Rows | None) -> Rows:
        return postings.rows(self.collection, "search.tokens", token, self.bounds, among)

    def _count(self, group: Sequence[str], most: int = _COUNTED) -> int:
        return sum(postings.count(self.collection, "search.tokens", token, most) for token in group)

    def _copies_of(self, rows: Rows | None) -> Rows:
        return self._among("copy_of", {"$gt": ""}, rows)

    def _among(self, name: str, value: Any, rows: Rows | None) -> Rows:
        read = partial(postings.rows, self.collection, name, value, self.bounds)
        return self._each(read, rows, postings.ROW) if rows is not None and len(rows) <= MANY else read()

    def _each(self, read: Callable[[Rows], Rows], rows: Rows, layout: Any) -> Rows:
        """Look up some marks, so many at a time, several times at once."""
        parts = [rows[start : start + FEW] for start in range(0, len(rows), FEW)]
        if len(parts) <= 1:
            return read(rows)
        return np.concatenate([found.result() for found in [aside(read, part) for part in parts]], dtype=layout)

    def _read_ahead(self) -> None:
        """Begin what a question with many answers needs, while its words are looked up."""
        parts = postings.halves(self.collection, self.bounds)
        self._whole = [aside(postings.table, self.collection, part) for part in parts]
        if not self.question.copies and self.collection.name == "articles":
            self._copies = aside(self._copies_of, None)

    def _all(self) -> Rows:
        if self._table is None:
            if not self._whole:
                self._read_ahead()
            self._table = np.concatenate([part.result() for part in self._whole], dtype=postings.TABLE)
        return self._table


def _bounds(question: Question) -> Document:
    """The range of marks that a question's window leaves; without one, every mark there is."""
    low = shelf.seconds(begin(question.since, -_DAY)) if question.since else 1 if question.until else 0
    bounds: Document = {"$gte": shelf.least(low)}
    if question.until:
        bounds["$lt"] = shelf.least(shelf.seconds(begin(question.until, _DAY)))
    return bounds


def begin(bound: date, off: timedelta = timedelta()) -> datetime:
    """The instant of one side of a window; of a day its first in UTC, by so much off, for no zone is further from it."""
    if isinstance(bound, datetime):
        return bound
    try:
        return datetime.combine(bound, time.min, UTC) + off
    except OverflowError:
        return datetime.combine(bound, time.min, UTC)


def aside(read: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Future[_T]:
    """Read in another thread, within the time that is left to this one (`pymongo.timeout`). What is read must not call this
    itself and wait: all threads could be waiting.
    """
    return _READERS.submit(partial(copy_context().run, read, *arguments, **named))


def _tokens(stems: Sequence[str]) -> list[str]:
    return [token for stem in stems for token in (stem, stem + UNSURE)]


def _neighbours(stems: Sequence[str], others: Sequence[str]) -> list[str]:
    """The tokens of two common words side by side."""
    return [f"{stem} {other}" for stem in stems for other in others]


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


def meets(parts: Sequence[Asked], *texts: str) -> bool:
    """Whether some texts together have what a question asks for, and nothing that it excludes."""
    spoken = [tokens(text) for text in texts]
    return all(any(any(part.runs(one)) for one in spoken) is not part.excluded for part in parts)


def _parts(marks: list[Binary]) -> list[list[Binary]]:
    return [marks[start : start + FEW] for start in range(0, len(marks), FEW)]


def _marks_of_articles(
    versions: Collection[Document], articles: Collection[Document], marks: list[Binary]
) -> list[bytes]:
    """The marks that the articles of some earlier states have now."""
    ids = versions.distinct("article", {"search.shelf": {"$in": marks}})
    return [bytes(one["search"]["shelf"]) for one in articles.find({"_id": {"$in": ids}}, {"search.shelf": 1})]


def _spoken(collection: Collection[Document], part: Asked, found: Rows) -> Rows:
    """Those of some articles in which the words of a phrase stand side by side."""
    kept = [aside(_having_phrase, collection, part, marks) for marks in _parts(postings.marks(found))]
    return postings.ordered(postings.joined([one.result() for one in kept])) if kept else found


def _having_phrase(collection: Collection[Document], part: Asked, marks: list[Binary]) -> Rows:
    """Those of some articles in which the words of a phrase stand side by side, by `search.sequence`."""
    query = {"search.shelf": {"$in": marks}}
    found = [one["search"] for one in collection.find(query, {"_id": 0, "search.shelf": 1, "search.sequence": 1})]
    # A gap before each: no phrase begins in one article and ends in the next.
    read = np.frombuffer(b"".join(GAP + one["sequence"] for one in found), "<u4")
    codes, places = read & (ALTERNATIVE - 1), np.cumsum(read < ALTERNATIVE)
    standing = [
        np.unique(places[np.isin(codes, [stem_number(stem) for stem in (*word.stems, *word.doubtful)])]) - offset
        for offset, word in enumerate(part.words)
    ]
    places_of_phrase = reduce(partial(np.intersect1d, assume_unique=True), standing)
    starts = np.cumsum([0] + [1 + len(one["sequence"]) // len(GAP) for one in found])[:-1]
    having: Rows = np.unique(np.searchsorted(places[starts], places_of_phrase, side="right") - 1)
    return np.frombuffer(b"".join(bytes(found[number]["shelf"]) for number in having), postings.ROW)


def _filtered(rows: Rows, question: Question) -> Rows:
    if question.languages:
        rows = rows[np.isin(rows["lang"], [code.encode() for code in question.languages])]
    if question.relevance is not None:
        rows = rows[rows["score"] >= int(question.relevance * 10_000)]
    for bound in (question.since, question.until):
        if bound is not None and not isinstance(bound, datetime):
            is_before = postings.days(rows) < (bound - _EPOCH).days
            rows = rows[~is_before if bound is question.since else is_before]
    return rows
