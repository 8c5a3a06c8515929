"""Search: a question of a person, and what the archive has for it: articles, how many of what, and when.

Words, identifiers and marks are looked up in indexes that end with the shelf mark (`archive.postings`); what they have in
common is found here, and only the articles of one page are fetched, and those in which a phrase must be read. docs/search.md
says how that was chosen. Takes a blocking database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

import numpy as np
from bson import Binary
from pymongo.collection import Collection
from pymongo.database import Database

from archive import postings, shelf
from archive.postings import FEW, Rows
from language.lexicon import load
from language.question import Asked, Word, read_question
from language.tokens import TITLE, UNSURE, tokens

Document = dict[str, Any]

SORTS = ("relevance", "newest", "oldest")
LARGEST_PAGE, LAST_PAGE = 200, 10_000
# A timeline of more days than this goes by weeks.
_DAYS = 120
_COUNTED = 5 * FEW
_ASPECTS = ("terrorism", "drugs", "migration", "intelligence", "judicial", "cyber", "events", "diplomacy")
_FIELDS = dict.fromkeys(
    ("sketch", "search.tokens", "search.named", "search.rules", "topic.evidence", "terms", "story_keys", "ties"), 0
)
_TWIN = dict.fromkeys(("url", "source", "lang", "title", "published", "first_seen", "story"), 1)
_EXCERPT, _EXCERPTS, _TWINS = 240, 2, 4

Span = tuple[int, int]


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


@dataclass(slots=True)
class Marked:
    """A piece of an article's own text, with what was asked for in it.

    Attributes:
        text: the piece, as written.
        spans: (start, end) of each word found, in `text`; in order, never overlapping.
        at: where the piece begins in the field that it is from.
    """

    text: str
    spans: list[Span]
    at: int = 0


@dataclass(slots=True)
class Hit:
    """An article that was found.

    Attributes:
        article: its document, without search tokens, sketch, terms, ties and evidence.
        title: the headline, marked.
        excerpts: pieces of the text, marked; its beginning where nothing in it was asked for.
        twins: what tells the same in another language: url, source, lang, title, published, and `twin`: whether a page itself
            names the other as its translation; else they are of one story.
        version: number of the earlier state in which it was found; None for the present one.
    """

    article: Document
    title: Marked
    excerpts: list[Marked]
    twins: list[Document] = field(default_factory=list)
    version: int | None = None


@dataclass(slots=True)
class Found:
    """The answer to a question.

    Attributes:
        total: number of articles.
        hits: those of the page.
        facets: "outlet", "language", "country", "aspect", "entity" → (value, number of articles), the most first.
        timeline: (day, language, number of articles) in order; "YYYY-MM-DD", of a week its Monday. Undated ones are left out.
        step: "day" or "week".
    """

    total: int
    hits: list[Hit]
    facets: dict[str, list[tuple[str, int]]]
    timeline: list[tuple[str, str, int]]
    step: str = "day"


def parse_question(text: str, **filters: Any) -> Question:
    """A question, checked.

    Args:
        text: words, "phrases", -exclusions.
        filters: fields of `Question`.
    Raises:
        ValueError: with a sentence for the person who asked.
    """
    question = Question(text, tuple(read_question(text)), **filters)
    if question.sort not in SORTS:
        raise ValueError(f"sort {question.sort!r}: write {', '.join(SORTS)}")
    if not 1 <= question.page <= LAST_PAGE:
        raise ValueError(f"page {question.page}: write a number from 1 to {LAST_PAGE}")
    if not 1 <= question.size <= LARGEST_PAGE:
        raise ValueError(f"size {question.size}: write a number from 1 to {LARGEST_PAGE}")
    if question.relevance is not None and not 0 <= question.relevance <= 1:
        raise ValueError(f"relevance {question.relevance}: write a number from 0 to 1")
    if question.since and question.until and question.since >= question.until:
        raise ValueError("since must be before until")
    for aspect in question.aspects:
        if aspect not in _ASPECTS:
            raise ValueError(f"aspect {aspect!r}: write one of {', '.join(_ASPECTS)}")
    for entity in question.entities:
        if entity not in load().entries:
            raise ValueError(
                f"{entity!r} is no identifier of the lexicon; they look like person:hammouchi, place:paris"
            )
    return question


def search(database: Database[Document], question: Question, *, countries: Mapping[str, str] | None = None) -> Found:
    """What the archive has for a question.

    Args:
        countries: outlet's name → its country, for the filter and the facet of that name.
    """
    countries = countries or {}
    rows = _rows(database, question, countries)
    page = _order(database.articles, question, rows)[(question.page - 1) * question.size :][: question.size]
    timeline, step = _timeline(rows)
    return Found(
        total=len(rows),
        hits=_hits(database, question, page),
        facets=_facets(database.articles, rows, _names(database), countries),
        timeline=timeline,
        step=step,
    )


def every(
    database: Database[Document],
    question: Question,
    *,
    countries: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
) -> Iterator[Document]:
    """Every article that a question finds, whatever its page and size, whole and in its order.

    Args:
        countries: as in `search`.
        without: fields to leave out.
    """
    ordered = _order(database.articles, question, _rows(database, question, countries or {}))
    fields = dict.fromkeys(("search.tokens", "search.named", "search.rules", *without), 0)
    for start in range(0, len(ordered), LARGEST_PAGE):
        page = ordered[start : start + LARGEST_PAGE]
        found = _present(database, page, fields)
        states = _earlier(database, [mark for mark in _bytes(page) if mark not in found]) if question.versions else {}
        yield from (one[0] for mark in _bytes(page) if (one := found.get(mark) or states.get(mark)))


def _rows(database: Database[Document], question: Question, countries: Mapping[str, str]) -> Rows:
    """The marks of all that a question finds, in the order of their instants."""
    rows = _matching(database.articles, question, countries)
    if question.versions and question.parts:
        earlier = _matching(database.versions, question, countries)
        _, first = np.unique(earlier["id"], return_index=True)
        rows = postings.either([rows, earlier[first][~np.isin(earlier["id"][first], rows["id"])]])
    return _standing(database.articles, question, rows)


# -- which articles ----------------------------------------------------------------------------------------------------


def _matching(collection: Collection[Document], question: Question, countries: Mapping[str, str]) -> Rows:
    """The marks of the articles, or of the earlier states, that a question is about; copies and vanished ones included."""
    bounds = _bounds(question)
    groups = [_standing_for(collection, word) for part in question.parts if not part.excluded for word in part.words]
    outlets = _outlets(question, countries)
    if outlets is not None:
        groups.append([f"source:{name}" for name in outlets])
    groups += [[name] for name in (*question.entities, *(f"aspect:{aspect}" for aspect in question.aspects))]
    sizes = [sum(postings.count(collection, "search.tokens", token, _COUNTED) for token in group) for group in groups]
    found: Rows | None = None
    for _, group in sorted(zip(sizes, groups, strict=True)):
        found = _narrowed(collection, found, group, bounds)
        if not len(found):
            return found
    if found is None:
        found = postings.rows(collection, "", None, bounds)
    found = _filtered(found, question)
    for part in question.parts:
        if part.excluded and len(found):
            found = postings.without(found, _having(collection, part, found, bounds))
    for part in question.parts:
        if part.is_phrase and not part.excluded:
            found = _spoken(collection, part, found)
    return found


def _bounds(question: Question) -> Document:
    """The range of marks that a question's window leaves; without one, every mark there is."""
    low = shelf.seconds(question.since) if question.since else 1 if question.until else 0
    bounds: Document = {"$gte": shelf.least(low)}
    if question.until:
        bounds["$lt"] = shelf.least(shelf.seconds(question.until))
    return bounds


def _standing_for(collection: Collection[Document], word: Word) -> list[str]:
    """The tokens under which a word of a question stands in this archive."""
    stems = word.stems
    if word.doubtful:
        attested = collection.find_one({"search.tokens": {"$in": list(stems)}}, {"_id": 1})
        if attested is None:
            stems += word.doubtful
    return [token for stem in stems for token in (stem, stem + UNSURE)]


def _outlets(question: Question, countries: Mapping[str, str]) -> list[str] | None:
    """The outlets that a question is about; None for all."""
    if not question.countries:
        return list(question.outlets) or None
    there = [name for name, country in countries.items() if country in question.countries]
    return [name for name in there if not question.outlets or name in question.outlets]


def _narrowed(collection: Collection[Document], found: Rows | None, group: list[str], bounds: Document) -> Rows:
    """Those of the articles found so far that have any of some tokens."""
    among = found if found is not None and len(found) <= FEW else None
    having = postings.either([postings.rows(collection, "search.tokens", token, bounds, among) for token in group])
    return having if found is None or among is not None else postings.both(found, having)


def _having(collection: Collection[Document], part: Asked, found: Rows, bounds: Document) -> Rows:
    """Those of some articles that have a word or a phrase."""
    having = found
    for word in part.words:
        having = _narrowed(collection, having, _standing_for(collection, word), bounds)
    return _spoken(collection, part, having) if part.is_phrase else having


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


def _standing(articles: Collection[Document], question: Question, rows: Rows) -> Rows:
    """Without copies, and without what has vanished or what has not, where a question says so."""
    if not question.copies:
        rows = postings.without(rows, _among(articles, "copy_of", {"$gt": ""}, rows))
    if question.gone is not None:
        vanished = _among(articles, "gone_at", {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}, rows)
        rows = postings.both(rows, vanished) if question.gone else postings.without(rows, vanished)
    return rows


def _among(articles: Collection[Document], name: str, value: Any, rows: Rows) -> Rows:
    if not len(rows):
        return rows
    return postings.rows(articles, name, value, {"$gte": shelf.least(0)}, rows if len(rows) <= FEW else None)


# -- in which order ----------------------------------------------------------------------------------------------------


def _order(articles: Collection[Document], question: Question, rows: Rows) -> Rows:
    """The marks in the order of the hits. Undated articles come last."""
    dated, undated = rows[rows["at"] > 0], rows[rows["at"] == 0]
    if question.sort == "oldest":
        return postings.joined([dated, undated])
    newest = postings.joined([dated[::-1], undated])
    words = [word for part in question.parts if not part.excluded for word in part.words]
    if question.sort == "newest" or not words or not len(rows):
        return newest
    scores = np.zeros(len(newest))
    total = articles.estimated_document_count()
    for word in words:
        among = newest if len(newest) <= FEW else None
        stems = (*word.stems, *word.doubtful)
        titled = postings.either(
            [postings.rows(articles, "search.tokens", TITLE + stem, {"$gte": shelf.least(0)}, among) for stem in stems]
        )
        weight = log(1 + total / (1 + len(titled)))
        scores += weight * np.isin(postings.keys(newest), postings.keys(titled))
    return newest[np.argsort(-scores, kind="stable")]


# -- how many of what --------------------------------------------------------------------------------------------------


def _names(database: Database[Document]) -> dict[int, str]:
    """Code → outlet's name."""
    return {shelf.code(name, 4): name for name in database.articles.distinct("source")}


def _facets(
    articles: Collection[Document], rows: Rows, names: Mapping[int, str], countries: Mapping[str, str]
) -> dict[str, list[tuple[str, int]]]:
    outlets = {names[code]: n for code, n in _counted(rows["source"]) if code in names}
    by_country: dict[str, int] = {}
    for name, number in outlets.items():
        if name in countries:
            by_country[countries[name]] = by_country.get(countries[name], 0) + number
    codes = postings.named(articles, rows) if len(rows) else np.empty((0, 3), np.uint8)
    flat = codes.reshape(-1, 3).astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    known = {shelf.code(f"aspect:{aspect}"): f"aspect:{aspect}" for aspect in _ASPECTS}
    known |= {shelf.code(identifier): identifier for identifier in load().entries}
    named = {known[code]: n for code, n in _counted(flat) if code in known}
    aspects = {name.removeprefix("aspect:"): n for name, n in named.items() if name.startswith("aspect:")}
    entities = {name: n for name, n in named.items() if not name.startswith("aspect:")}
    languages = {code.decode(): n for code, n in _counted(rows["lang"])}
    facets = {"outlet": outlets, "language": languages, "country": by_country, "aspect": aspects, "entity": entities}
    return {name: sorted(found.items(), key=lambda pair: (-pair[1], pair[0])) for name, found in facets.items()}


def _counted(values: Any) -> list[tuple[Any, int]]:
    different, numbers = np.unique(values, return_counts=True)
    return list(zip(different.tolist(), numbers.tolist(), strict=True))


def _timeline(rows: Rows) -> tuple[list[tuple[str, str, int]], str]:
    dated = rows[rows["at"] > 0]
    if not len(dated):
        return [], "day"
    days = dated["at"].astype(np.int64) // 86400 + dated["shift"].astype(np.int64) - 1
    step = "day" if days.max() - days.min() <= _DAYS else "week"
    if step == "week":
        days -= (days + 3) % 7  # the first of January 1970 was a Thursday
    languages, which = np.unique(dated["lang"], return_inverse=True)
    counted = _counted(days * len(languages) + which)
    start = datetime(1970, 1, 1, tzinfo=UTC).date()
    return [
        (
            (start + timedelta(days=both // len(languages))).isoformat(),
            languages[both % len(languages)].decode(),
            number,
        )
        for both, number in counted
    ], step


# -- the hits ----------------------------------------------------------------------------------------------------------


def _hits(database: Database[Document], question: Question, page: Rows) -> list[Hit]:
    words = [word for part in question.parts if not part.excluded for word in part.words]
    found = _present(database, page)
    states = _earlier(database, [mark for mark in _bytes(page) if mark not in found]) if question.versions else {}
    ordered = [one for mark in _bytes(page) if (one := found.get(mark) or states.get(mark))]
    twins = _twins(database, [article for article, _ in ordered])
    return [
        Hit(
            article,
            _marked(state["title"], words),
            _excerpts(state["text"], words),
            twins.get(article["_id"], []),
            state.get("n"),
        )
        for article, state in ordered
    ]


def _bytes(page: Rows) -> list[bytes]:
    return [row.tobytes() for row in page]


def _present(
    database: Database[Document], page: Rows, fields: Document = _FIELDS
) -> dict[bytes, tuple[Document, Document]]:
    """Mark → article, and the state that was found: the same."""
    found = database.articles.find({"search.shelf": {"$in": postings.marks(page)}}, fields)
    return {bytes(article.pop("search")["shelf"]): (article, article) for article in found}


def _earlier(database: Database[Document], marks: list[bytes]) -> dict[bytes, tuple[Document, Document]]:
    """Mark → article, and the earlier state that was found."""
    states = list(database.versions.find({"search.shelf": {"$in": [Binary(mark) for mark in marks]}}).sort("n", 1))
    ids = [state["article"] for state in states]
    articles = {one["_id"]: one for one in database.articles.find({"_id": {"$in": ids}}, _FIELDS)}
    return {
        bytes(state["search"]["shelf"]): (articles[state["article"]], state)
        for state in states
        if state["article"] in articles
    }


def spans(text: str, words: Sequence[Word]) -> list[Span]:
    """Where any of some words stand in a text, in order."""
    if not words:
        return []
    found = [(token.start, token.end) for token in tokens(text) if any(word.meets(token) for word in words)]
    return list(dict.fromkeys(found))


def _marked(text: str, words: Sequence[Word]) -> Marked:
    return Marked(text, spans(text, words))


def _excerpts(text: str, words: Sequence[Word]) -> list[Marked]:
    """The pieces of a text that hold the most of what was asked for; its beginning where none does."""
    every = spans(text, words)
    taken: list[tuple[int, int]] = []
    for start, _ in sorted(every, key=lambda span: (-_density(every, span[0]), span[0])):
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


def _density(every: list[Span], start: int) -> int:
    return sum(1 for other, _ in every if start <= other < start + _EXCERPT * 2 // 3)


def _cut(text: str, low: int, high: int) -> Span:
    """A piece that breaks no word."""
    if low:
        blank = text.find(" ", low, low + 30)
        low = blank + 1 if blank >= 0 else low
    if high < len(text):
        blank = text.rfind(" ", max(low, high - 30), high)
        high = blank if blank > low else high
    return low, min(high, len(text))


def _twins(database: Database[Document], articles: list[Document]) -> dict[str, list[Document]]:
    """What tells the same as each article in another language: those that its page names, then those of its story."""
    stories = sorted({article["story"] for article in articles if article["story"]})
    addresses = sorted({url for article in articles for url in article["twins"].values()})
    query = {"$or": [{"story": {"$in": stories}, "copy_of": None}, {"url": {"$in": addresses}}]}
    others = list(database.articles.find(query, _TWIN))
    found: dict[str, list[Document]] = {}
    for article in articles:
        own = [
            {**other, "twin": other["url"] in article["twins"].values()}
            for other in others
            if other["lang"] != article["lang"]
            and (other["url"] in article["twins"].values() or (other["story"] and other["story"] == article["story"]))
        ]
        own.sort(key=lambda other: (not other["twin"], _instant(other), other["_id"]))
        found[article["_id"]] = own[:_TWINS]
    return found


def _instant(article: Document) -> datetime:
    at: datetime = article["published"]["at"] if article["published"] else article["first_seen"]
    return at
