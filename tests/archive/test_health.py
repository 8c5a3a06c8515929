"""Alarms: none where nothing is wrong, one for each thing that is, told once by each way out, closed when mended."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from archive import health
from archive.health import notify
from archive.health.history import chance, learn
from archive.runs import Run, Sample, state_of
from bench import months
from bench.health import checks, injected

Document = dict[str, Any]
BROKEN = months.START + timedelta(days=30)


def test_a_month_in_which_nothing_is_wrong_is_silent() -> None:
    # Not a seed on which thresholds were chosen.
    month = months.month(901, 30, 2)
    told = [finding for _, findings in checks(month, 36, months.START) for finding in findings]
    assert told == []


def test_a_habit_knows_nights_and_weekends() -> None:
    outlet = next(outlet for outlet in months.outlets(5, 1).values() if outlet.volume == 150)
    runs = months.month(5, 28, 1).runs[outlet.name]
    habit = learn([run for run in runs if run["ended"] and run["entries"][0]["error"] is None])
    assert habit is not None
    monday = months.START + timedelta(days=28)
    night = habit.expected(monday + timedelta(hours=1), monday + timedelta(hours=6))
    day = habit.expected(monday + timedelta(hours=11), monday + timedelta(hours=16))
    assert night < day * (outlet.night + 1) / 2
    saturday = monday + timedelta(days=5)
    assert habit.expected(saturday, saturday + timedelta(days=1)) < habit.expected(monday, monday + timedelta(days=1))
    assert habit.expected(monday, monday + timedelta(days=7)) == pytest.approx(sum(habit.hourly))


def test_chance_is_never_less_than_the_true_probability() -> None:
    # P(no hit of 10 at a share of one half) = 2 ** -10.
    assert chance(0, 10, 0.5) == pytest.approx(2**-10)
    assert chance(5, 10, 0.5) == 1.0


def test_a_sample_of_many_numbers_keeps_its_quantiles() -> None:
    sample = Sample()
    for number in range(100_000):
        sample.add(number % 1000)
    told = sample.quantiles()
    assert (told["count"], told["max"]) == (100_000, 999)
    assert told["p50"] == pytest.approx(500, abs=60)
    assert told["p90"] == pytest.approx(900, abs=40)


# -- alarms ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def outlet() -> months.Outlet:
    return next(outlet for outlet in months.outlets(3, 1).values() if outlet.volume == 30)


def walled(database: Database[Document], outlet: months.Outlet) -> datetime:
    """A good month and two days of walls; the moment after them."""
    troubles = {outlet.name: months.breakages(BROKEN)["wall"]}
    runs = months.month(3, 32, 1, troubles).runs[outlet.name]
    database.runs.insert_many(runs)
    return BROKEN + timedelta(days=2)


def test_an_alarm_is_opened_once_and_closed_when_mended(database: Database[Document], outlet: months.Outlet) -> None:
    now = walled(database, outlet)
    assert health.check(database, BROKEN - timedelta(minutes=1)) == []
    (alarm,) = health.check(database, now)
    assert (alarm.source, alarm.cause, alarm.new, alarm.state) == (outlet.name, "wall", True, "open")
    assert timedelta(0) <= alarm.since - BROKEN < timedelta(hours=12)
    assert outlet.name in alarm.next
    (again,) = health.check(database, now + timedelta(hours=1))
    assert (again.id, again.new) == (alarm.id, False)
    assert health.latest(database) == [again]
    good = months.month(3, 31, 1).runs[outlet.name]
    mended = [run | {"_id": f"{run['_id']}"[::-1]} for run in good if run["started"] >= BROKEN]
    for number, run in enumerate(mended):
        run["_id"] = months.ObjectId(f"{number:024x}")
        for name in ("started", "seen", "ended"):
            run[name] += timedelta(days=2)
    database.runs.insert_many(mended)
    after = now + timedelta(days=1)
    assert health.check(database, after) == []
    assert health.latest(database) == []
    stored = database.alarms.find_one({})
    assert stored is not None
    assert (stored["state"], stored["closed"]) == ("closed", after)


def test_what_a_person_accepts_is_not_told_again(database: Database[Document], outlet: months.Outlet) -> None:
    now = walled(database, outlet)
    (alarm,) = health.check(database, now)
    assert health.accept(database, alarm.id, now) is not None
    assert health.check(database, now + timedelta(days=1)) == []
    assert health.accept(database, alarm.id, now) is None


def test_signs_that_come_one_by_one_are_one_alarm(database: Database[Document], outlet: months.Outlet) -> None:
    runs = months.month(3, 33, 1, {outlet.name: months.breakages(BROKEN)["layout"]}).runs[outlet.name]
    database.runs.insert_many(runs)
    told = [health.check(database, BROKEN + timedelta(hours=hours)) for hours in range(4, 72, 4)]
    assert told[-1][0].cause == "layout"
    assert len({alarm.id for alarms in told for alarm in alarms}) == 1
    assert database.alarms.count_documents({}) == 1


def test_a_check_of_one_outlet_leaves_the_alarms_of_others(database: Database[Document], outlet: months.Outlet) -> None:
    now = walled(database, outlet)
    health.check(database, now)
    assert health.check(database, now, ["another"]) == []
    assert [alarm.source for alarm in health.latest(database)] == [outlet.name]


def test_a_run_without_an_end_is_running_until_it_is_silent() -> None:
    document = Run(months.ObjectId(), "x", months.START).document(None, None)
    assert state_of(document, document["seen"] + timedelta(minutes=1)) == "running"
    assert state_of(document, document["seen"] + timedelta(minutes=6)) == "killed"


# -- ways out ----------------------------------------------------------------------------------------------------------


class Receiver(BaseHTTPRequestHandler):
    """Takes apprise's JSON messages, as long as it is told to."""

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if server.status == 200:
            server.messages.append(json.loads(body))
        self.send_response(server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Receiver)
    server.messages, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_each_way_hears_of_an_alarm_once(
    database: Database[Document],
    outlet: months.Outlet,
    receiver: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = walled(database, outlet)
    health.check(database, now)
    file = tmp_path / "alarms" / "alarms.txt"
    address = f"json://marsad:s3cr3t@127.0.0.1:{receiver.server_port}/hook"
    ways = notify.ways(f"{address} nonsense://tok3n@x", str(file))
    receiver.status = 500
    faults = notify.tell(database, now, ways)
    assert len(faults) == 2
    assert "json" in faults[0]
    assert "it answers 500; the next check tries again" in faults[0]
    assert "entry 2 of MARSAD_ALARMS is no address that apprise understands" in faults[1]
    receiver.status = 200
    notify.tell(database, now, ways)
    notify.tell(database, now, ways)
    (message,) = receiver.messages
    assert message["title"] == "Marsad: 1 new alarm"
    for word in (outlet.name, "walls", "since:", "likely:", "next:"):
        assert word in message["message"]
    assert file.read_text().count("1 new alarm") == 1
    database.alarms.update_many({}, {"$set": {"state": "closed", "closed": now}})
    notify.tell(database, now, ways)
    notify.tell(database, now, ways)
    assert [message["title"] for message in receiver.messages][1:] == ["Marsad: 1 mended"]
    # Whoever was told that it is mended hears that it is not.
    health.check(database, now)
    notify.tell(database, now, ways)
    notify.tell(database, now, ways)
    assert [message["title"] for message in receiver.messages][2:] == ["Marsad: 1 new alarm"]
    stored = str(database.alarms.find_one({}))
    for secret in ("s3cr3t", "tok3n"):
        assert secret not in stored + caplog.text + " ".join(faults) + repr([way.name for way in ways])


def test_breakages_are_named_in_simulated_months() -> None:
    told = injected(902, 1, 12, ("frozen", "disk"), (30,))
    assert {name: outcomes[0][0] for (name, _), outcomes in told.items()} == {"frozen": "frozen", "disk": "disk"}
