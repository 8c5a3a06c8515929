"""An article, its states and what changed between them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from archive import queries
from archive.stories import instant
from language.changes import Paragraph, changes
from web.marks import Span
from web.visit import Document, Problem, Visit, view

NAMED = ("person", "service", "place", "event")
#: Characters of both states above which they are not compared: time grows with the square of their length at worst, to
#: some seconds.
MAX_COMPARED = 200_000
_SHOWN = 6


@view
def article(visit: Visit) -> Response:
    """An article as it is today, or in an earlier state: `version`; `marks=no` leaves the marks out."""
    document = visit.article()
    states = queries.states_of(visit.database, document)
    state = states[visit.number("version", len(states), len(states)) - 1]
    present = state["n"] == document["version"]
    wanted = present and visit.request.query_params.get("marks") != "no"
    evidence = document["topic"]["evidence"] if wanted else []
    return visit.render(
        "article.html",
        article=document,
        state=state,
        states=states,
        present=present,
        marked=wanted,
        title_spans=list(_spans(evidence, "title")),
        text_spans=list(_spans(evidence, "text")),
        evidence=document["topic"]["evidence"],
        named=_named(document),
        related=queries.texts_like(visit.database, document),
        twins=_others(visit, document),
    )


@view
def differences(visit: Visit) -> Response:
    """What changed between two states: `from` and `to`, by default the last change."""
    document = visit.article()
    states = queries.states_of(visit.database, document)
    most = len(states)
    if most == 1:
        return visit.render(
            "changes.html", article=document, states=states, old=None, new=None, title=[], text=[], moves=[]
        )
    new = visit.number("to", most, most)
    old = visit.number("from", new - 1 or 1, most)
    if old >= new:
        raise Problem(400, "problem.order", old=visit.interface.number(old), new=visit.interface.number(new))
    before, after = states[old - 1], states[new - 1]
    if len(before["text"]) + len(after["text"]) + len(before["title"]) + len(after["title"]) > MAX_COMPARED:
        raise Problem(400, "problem.compared", url=shlex.quote(document["url"]))
    return visit.render(
        "changes.html",
        article=document,
        states=states,
        old=before,
        new=after,
        title=changes(before["title"], after["title"]),
        text=list(_folded(changes(before["text"], after["text"]))),
        moves=[(a["n"], b["n"]) for a, b in pairwise(states)],
    )


def _folded(text: list[Paragraph]) -> Iterator[tuple[int, Paragraph]]:
    """Paragraphs that changed, each with the number of unchanged ones before it; the last may be empty."""
    same = 0
    for paragraph in text:
        if all(piece.kind == "kept" for piece in paragraph):
            same += 1
        else:
            yield same, paragraph
            same = 0
    if same:
        yield same, []


def _spans(evidence: list[Document], field: str) -> Iterator[Span]:
    return (Span(one["start"], one["end"], one) for one in evidence if one["field"] == field)


def _named(document: Document) -> list[tuple[str, list[str]]]:
    """Kind → who and what the article names, as the judge ordered them."""
    entities = document["topic"]["entities"]
    found = [(kind, [one for one in entities if one.startswith(f"{kind}:")]) for kind in NAMED]
    return [(kind, names) for kind, names in found if names]


def _others(visit: Visit, document: Document) -> list[Document]:
    """Reports of the same story in the other language, the earliest first."""
    if document["story"] is None:
        return []
    fields: dict[str, Any] = dict.fromkeys(("title", "lang", "source", "published", "first_seen", "url"), 1)
    query = {"story": document["story"], "lang": {"$ne": document["lang"]}, "copy_of": None}
    return sorted(visit.database.articles.find(query, fields).limit(50), key=instant)[:_SHOWN]
