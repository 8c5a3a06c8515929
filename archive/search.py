"""Search: a question of a person, and what the archive has for it: articles, how many of what, and when.

`archive.matching` finds marks, `archive.counting` counts them, `archive.marking` sets off what was asked for; only the articles of
one page are fetched. docs/search.md says how that was chosen. Takes a blocking database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database

from archive import counting, matching, postings, queries, shelf
from archive.marking import Marked, excerpts, marked
from archive.matching import Question
from archive.postings import Rows
from language.lexicon import load
from language.question import read_question

__all__ = ["SORTS", "Found", "Hit", "Marked", "Question", "every", "parse_question", "search"]

Document = dict[str, Any]

SORTS = ("relevance", "newest", "oldest")
LARGEST_PAGE, LAST_PAGE = 200, 10_000
_FIELDS = dict.fromkeys(("sketch", *shelf.UNREAD, "topic.evidence", "terms", "story_keys", "ties"), 0)


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
        timeline: ("YYYY-MM-DD", language, number of articles) in order. Undated ones are left out.
    """

    total: int
    hits: list[Hit]
    facets: dict[str, list[tuple[str, int]]]
    timeline: list[tuple[str, str, int]]


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
    if question.since and question.until and matching.begin(question.since) >= matching.begin(question.until):
        raise ValueError("since must be before until")
    for aspect in question.aspects:
        if aspect not in counting.ASPECTS:
            raise ValueError(f"aspect {aspect!r}: write one of {', '.join(counting.ASPECTS)}")
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
    found = matching.Matching(database, question, countries)
    page = found.ordered()[(question.page - 1) * question.size :][: question.size]
    hits = matching.aside(_hits, database, question, page, postings.both(page, found.earlier))
    facets = counting.facets(found.table(), database.articles.distinct("source"), countries)
    timeline = counting.timeline(found.rows)
    return Found(total=len(found.rows), hits=hits.result(), facets=facets, timeline=timeline)


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
    ordered = matching.Matching(database, question, countries or {}).ordered()
    fields = dict.fromkeys((*shelf.UNREAD, *without), 0)
    for start in range(0, len(ordered), LARGEST_PAGE):
        page = ordered[start : start + LARGEST_PAGE]
        yield from _articles(database, page, fields).values()


def _hits(database: Database[Document], question: Question, page: Rows, earlier: Rows) -> list[Hit]:
    wanted = [part for part in question.parts if not part.excluded]
    found = _articles(database, page, _FIELDS)
    articles = list(found.values())
    changed = set(_bytes(earlier))
    states = _states(database, question, [one["_id"] for mark, one in found.items() if mark in changed])
    twins = queries.twins(database, articles)
    hits = []
    for article in articles:
        state = states.get(article["_id"], article)
        found_in = marked(state["title"], wanted), excerpts(state["text"], wanted)
        hits.append(Hit(article, *found_in, twins.get(article["_id"], []), state.get("n")))
    return hits


def _bytes(page: Rows) -> list[bytes]:
    return [row.tobytes() for row in page]


def _articles(database: Database[Document], page: Rows, fields: Document) -> dict[bytes, Document]:
    """Mark → article, in the order of the page.

    Args:
        fields: to leave out; not `search.shelf`.
    """
    found = database.articles.find({"search.shelf": {"$in": postings.marks(page)}}, fields)
    by_mark = {bytes(article.pop("search")["shelf"]): article for article in found}
    return {mark: by_mark[mark] for mark in _bytes(page) if mark in by_mark}


def _states(database: Database[Document], question: Question, ids: list[str]) -> dict[str, Document]:
    """Article → the last of its earlier states that has what was asked for."""
    if not ids:
        return {}
    found: dict[str, Document] = {}
    for state in database.versions.find({"article": {"$in": ids}}, {"search": 0}).sort("n", 1):
        if state["article"] not in found or matching.meets(question.parts, state["title"], state["text"]):
            found[state["article"]] = state
    return found
