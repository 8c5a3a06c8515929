"""Outlets: what is held of each, and how its crawls went."""

from __future__ import annotations

from starlette.responses import Response

from archive import health, holdings
from archive.health import Alarm
from web.marks import clip
from web.visit import Document, Problem, Visit, view


@view
def listed(visit: Visit) -> Response:
    """Every outlet of the registry or the archive."""
    held = holdings.holdings(visit.database)
    names = sorted({*visit.room.outlets, *held}, key=lambda name: (-held[name].articles if name in held else 0, name))
    runs = holdings.last_runs(visit.database, names)
    return visit.render("outlets.html", names=names, held=held, runs=runs, faults=faults, alarms=_alarms(visit))


@view
def outlet(visit: Visit) -> Response:
    """One outlet: its entry points as its last crawls met them."""
    name = visit.request.path_params["name"]
    held = holdings.holdings(visit.database).get(name)
    if held is None and name not in visit.room.outlets:
        raise Problem(404, "problem.outlet", name=clip(name, 60))
    runs = holdings.runs_of(visit.database, name)
    return visit.render(
        "outlet.html",
        name=name,
        source=visit.room.outlets.get(name),
        held=held,
        runs=runs,
        faults=faults,
        alarms=_alarms(visit).get(name, []),
    )


def _alarms(visit: Visit) -> dict[str, list[Alarm]]:
    """Outlet → its open alarms, the gravest first; those of the machine under ""."""
    found: dict[str, list[Alarm]] = {}
    for alarm in health.latest(visit.database):
        found.setdefault(alarm.source, []).append(alarm)
    return found


def faults(run: Document) -> int:
    """Entry points of a run that answered with an error."""
    return sum(entry["error"] is not None for entry in run["entries"])
