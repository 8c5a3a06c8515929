"""Stories: the list of them, and one as both presses told it."""

from __future__ import annotations

import functools
from datetime import UTC, datetime

from starlette.responses import Response

from archive import stories
from archive.stories import Report
from web.marks import clip
from web.visit import Problem, Visit, identifier, view

_SHOWN = 20


@view
def listed(visit: Visit) -> Response:
    """Stories, the newest first: `both=yes` those told in both languages, `before` an instant, `below` the last story shown."""
    query = visit.request.query_params
    both = query.get("both") == "yes"
    before = _instant(query.get("before", ""))
    below = identifier(query["below"]) if query.get("below") else ""
    told = stories.latest(visit.database, before=before, below=below, languages=2 if both else 1, limit=_SHOWN)
    return visit.render("stories.html", told=told, both=both, before=before)


@view
def story(visit: Visit) -> Response:
    """One story, found by the identifier of any of its articles."""
    name = identifier(visit.request.path_params["id"])
    found = stories.story_of(visit.database, name)
    if found is None:
        known = visit.database.articles.count_documents({"_id": name}, limit=1)
        raise Problem(404, "problem.underived" if known else "problem.article", id=name)
    return visit.render(
        "story.html",
        story=found,
        outlets={outlet for names in found.outlets.values() for outlet in names},
        later=functools.partial(_later, visit, found.reports[0]),
        tied=functools.partial(_tied, visit, {report.article["_id"]: report for report in found.reports}),
        term_name=visit.name_of,
    )


def _later(visit: Visit, first: Report, report: Report) -> str:
    """How long after the first report another came, in words, as far as their pages tell; "" for the first itself."""
    if report is first:
        return ""
    exact = all(one.article["published"] and one.article["published"]["precision"] != "day" for one in (first, report))
    same = visit.interface.day(first.at) == visit.interface.day(report.at)
    if not exact and same:
        return str(visit.interface.text("story.sameday"))
    return str(visit.interface.text("story.later", span=visit.interface.lasted(report.at - first.at)))


def _tied(visit: Visit, reports: dict[str, Report], report: Report) -> tuple[str, list[str]] | None:
    """The outlet of the report through which another came to the story, and on what grounds; None for a first report."""
    other = reports.get(report.article["follows"])
    if other and (bridge := reports.get(report.article["through"])):
        source = bridge.article["source"]
        outlet = visit.room.outlets[source].title if source in visit.room.outlets else source
        return other.article["source"], [str(visit.interface.text("story.through", outlet=outlet))]
    reader = "ar" if visit.interface.language == "ar" else "fr"
    said = {name: str(visit.interface.text(f"story.{name}")) for name in ("twin", "reuse")}
    grounds = stories.grounds(report.article, report.article["follows"], reader, said) if other else []
    return (other.article["source"], grounds) if other and grounds else None


def _instant(given: str) -> datetime | None:
    if not given:
        return None
    try:
        at = datetime.fromisoformat(given)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(400, "problem.instant", given=clip(given, 40)) from error
