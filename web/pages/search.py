"""Search, the timeline of coverage, and the front page, which asks for everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, get_args

from starlette.responses import Response

from archive import search as engine
from archive import stories
from archive.search import Question
from language.lexicon import Aspect
from language.lexicon import load as lexicon
from language.question import QuestionError
from web.charts import Bar, Chart, chart
from web.marks import clip
from web.visit import Problem, Visit, link, view

#: Parameter of the address → field of a question that takes several values. In this order the facets stand.
FILTERS = {
    "lang": "languages",
    "outlet": "outlets",
    "aspect": "aspects",
    "entity": "entities",
    "country": "countries",
}
#: The same → facet of an answer.
FACETS = {"lang": "language"}
SORTS = ("relevance", "newest", "oldest")
SWITCHES = ("copies", "versions")
#: Pages of results that can be reached; who wants more narrows the question.
MAX_PAGE = 500
_VALUES = 20
_SPAN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its address says it.

    Attributes:
        question: for the archive.
        state: the parameters of the address that say it, without the page.
    """

    question: Question
    state: dict[str, Any]

    @property
    def refined(self) -> bool:
        """Whether more was said than words and the values of facets."""
        return any(name not in ("q", *FILTERS) for name in self.state)

    def but(self, **changes: Any) -> dict[str, Any]:
        """The parameters with some changed; "" and empty lists go."""
        return {name: value for name, value in (self.state | changes).items() if value not in ("", [], ())}

    def toggled(self, name: str, value: str) -> dict[str, Any]:
        """The parameters with one value of a filter added, or taken away where it is there."""
        present = self.state.get(name, [])
        return self.but(**{name: [one for one in present if one != value] if value in present else [*present, value]})


@view
def home(visit: Visit) -> Response:
    """The front page: coverage, what was told in both languages lately, the newest articles."""
    found = _found(visit, Question(sort="newest", size=8))
    return visit.render(
        "home.html",
        found=found,
        told=stories.latest(visit.database, languages=2, limit=6),
        chart=_chart(visit, found),
        address=_addresses(visit, Asked(Question(), {})),
    )


@view
def results(visit: Visit) -> Response:
    """The articles that answer a question, with facets."""
    asked = _asked(visit)
    found = _found(visit, asked.question)
    pages = min(MAX_PAGE, max(1, -(-found.total // asked.question.size)))
    visit.number("page", 1, pages)
    return visit.render(
        "search.html",
        asked=asked,
        found=found,
        pages=pages,
        facets=_facets(visit, asked, found),
        chosen=_chosen(visit, asked),
    )


@view
def timeline(visit: Visit) -> Response:
    """The same articles over time."""
    asked = _asked(visit)
    found = _found(visit, replace(asked.question, page=1, size=1))
    return visit.render(
        "timeline.html",
        asked=asked,
        found=found,
        chart=_chart(visit, found),
        address=_addresses(visit, asked),
        facets=_facets(visit, asked, found),
        chosen=_chosen(visit, asked),
    )


def _found(visit: Visit, question: Question) -> engine.Found:
    countries = {name: source.country for name, source in visit.room.outlets.items()}
    return engine.search(visit.database, question, countries=countries)


def _asked(visit: Visit) -> Asked:
    """The question of an address.

    Raises:
        Problem: a value is none of those allowed.
    """
    query = visit.request.query_params
    state: dict[str, Any] = {}
    filters: dict[str, Any] = {}
    if text := query.get("q", "").strip():
        state["q"] = text
    for name, field in FILTERS.items():
        if values := list(dict.fromkeys(value for value in query.getlist(name) if value))[:_VALUES]:
            state[name], filters[field] = values, tuple(values)
    _among("aspect", state, get_args(Aspect))
    for entity in state.get("entity", []):
        if entity not in lexicon().entries:
            raise Problem(400, "problem.entity", given=clip(entity, 60))
    for name in ("since", "until"):
        if given := query.get(name, "").strip():
            state[name], filters[name] = given, _day(given)
    if "since" in filters and "until" in filters and filters["until"] <= filters["since"]:
        raise Problem(400, "problem.window", since=state["since"], until=state["until"])
    for name in SWITCHES:
        if given := query.get(name, ""):
            _among(name, {name: [given]}, ("yes",))
            state[name] = given
            filters[name] = True
    if given := query.get("gone", ""):
        _among("gone", {"gone": [given]}, ("yes", "no"))
        state["gone"], filters["gone"] = given, given == "yes"
    if given := query.get("relevance", "").strip():
        state["relevance"], filters["relevance"] = given, _share(given)
    sort = query.get("sort", "")
    if sort:
        _among("sort", {"sort": [sort]}, SORTS)
        state["sort"] = sort
    filters["sort"] = sort or ("relevance" if text else "newest")
    try:
        question = engine.parse_question(text, page=visit.number("page", 1, MAX_PAGE), **filters)
    except QuestionError as error:
        raise Problem(400, f"problem.{error.code}", **error.values) from error
    except ValueError as error:
        raise Problem(400, "problem.unclear", reason=clip(str(error), 300)) from error
    return Asked(question, state)


def _among(name: str, state: dict[str, Any], allowed: tuple[str, ...]) -> None:
    for value in state.get(name, []):
        if value not in allowed:
            raise Problem(400, "problem.choice", name=name, given=clip(value, 40), allowed=", ".join(allowed))


def _day(given: str) -> date:
    """The first day of a year or month, or a day."""
    match = _SPAN.fullmatch(given)
    try:
        year, month, day = (int(part or 1) for part in match.groups()) if match else (0, 0, 0)
        return date(year, month, day)
    except ValueError as error:
        raise Problem(400, "problem.instant", given=clip(given, 40)) from error


def _share(given: str) -> float:
    """A number from 0 to 1, with a point or a comma."""
    if not re.fullmatch(r"[01](?:[.,][0-9]{1,4})?", given) or float(given.replace(",", ".")) > 1:
        raise Problem(400, "problem.share", given=clip(given, 40))
    return float(given.replace(",", "."))


def _label(visit: Visit, name: str, value: str) -> str:
    """What a value of a filter is called."""
    if name == "lang":
        return visit.interface.tongue(value)
    if name == "country":
        return visit.interface.territory(value)
    if name == "aspect":
        return visit.interface.named(f"aspect.{value}", value)
    if name == "entity":
        return visit.name_of(value)
    source = visit.room.outlets.get(value)
    return source.title if source else value


def _facets(visit: Visit, asked: Asked, found: engine.Found) -> list[dict[str, Any]]:
    """Each facet with its values: what it is called, how many articles, whether it is chosen, and the parameters that toggle it."""
    shown = []
    for name, field in FILTERS.items():
        values = [
            {
                "label": _label(visit, name, str(value)),
                "count": count,
                "chosen": value in asked.state.get(name, []),
                "query": asked.toggled(name, str(value)),
            }
            for value, count in found.facets.get(FACETS.get(name, name), [])[:_VALUES]
        ]
        if values:
            shown.append({"name": field, "values": values})
    return shown


def _chosen(visit: Visit, asked: Asked) -> list[tuple[str, dict[str, Any]]]:
    """The filters in force, each with the parameters that take it away."""
    text = visit.interface.text
    found = []
    for name, value in asked.state.items():
        if name in FILTERS:
            found += [(_label(visit, name, one), asked.toggled(name, one)) for one in value]
        elif name in ("since", "until"):
            found.append((f"{text(f'facet.{name}')} {value}", asked.but(**{name: ""})))
        elif name == "relevance":
            found.append((f"{text('facet.relevance')} {value}", asked.but(relevance="")))
        elif name == "gone":
            found.append((str(text("facet.gone" if value == "yes" else "facet.standing")), asked.but(gone="")))
        elif name in SWITCHES:
            found.append((str(text(f"facet.{name}")), asked.but(**{name: ""})))
    return found


def _chart(visit: Visit, found: engine.Found) -> Chart | None:
    counts = [(date.fromisoformat(day), language, number) for day, language, number in found.timeline]
    return chart(counts, mirrored=visit.interface.direction == "rtl")


def _addresses(visit: Visit, asked: Asked) -> Callable[[Bar], str]:
    """The address of the articles of a bar."""

    def address(bar: Bar) -> str:
        since, until = _within(asked, bar)
        return link(visit.interface.language, "search", **asked.but(since=since, until=until, sort="oldest"))

    return address


def _within(asked: Asked, bar: Bar) -> tuple[str, str]:
    """First day of a bar and the day after its last, within the days that were asked for."""
    start = max(bar.start, asked.question.since or bar.start)
    until = min(bar.until, asked.question.until or bar.until)
    return start.isoformat(), max(start + timedelta(days=1), until).isoformat()
