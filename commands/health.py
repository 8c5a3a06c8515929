"""`scrapy health`: what is wrong with outlets or the machine, found from the runs."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import json_util
from pymongo.database import Database
from scrapy.commands import ScrapyCommand

from archive import health, queries
from archive.health import Alarm, notify
from commands import console
from commands.console import UsageFault, guarded

_HISTORY = timedelta(days=30)


class Command(ScrapyCommand):
    """Look at the runs and show what is wrong."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[OUTLET…] [--new] [--closed] [--json] | --accept ID | --test"

    def short_desc(self) -> str:
        return "Show what is wrong with outlets, the machine or the schedule"

    def long_desc(self) -> str:
        return (
            "Look at the runs of the last weeks and show what is wrong: what, since when, the likely cause, and what to type next. "
            "Alarms that are new go to the file MARSAD_ALARMS_FILE and to apprise's URLs in MARSAD_ALARMS (mail, Slack, Telegram …), "
            "where they are set, once each. Exit codes: 0 all is well, 1 something needs you, 2 usage, 3 the archive cannot be used."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--new", action="store_true", help="print only what --new has not printed before; nothing when all is well"
        )
        parser.add_argument("--closed", action="store_true", help="also those that were mended in the last 30 days")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument(
            "--accept", default="", metavar="ID", help="it is to stay so: close the alarm, and learn the habit anew"
        )
        parser.add_argument("--test", action="store_true", help="send a test message by every way that is configured")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        ways = notify.ways(self.settings["ALARMS"], self.settings["ALARMS_FILE"])
        if opts.test:
            self._test(ways)
            return
        now = datetime.now(UTC)
        database = console.open_archive(self.settings)
        if opts.accept:
            alarm = health.accept(database, opts.accept, now)
            if alarm is None:
                raise UsageFault(
                    f"--accept {opts.accept}: no open alarm has this identifier ('scrapy health' shows them)"
                )
            console.out.print(f"{notify.name_of(alarm)}: closed: {alarm.what}", markup=False)
            return
        health.check(database, now)
        for fault in notify.tell(database, now, ways):
            console.complain(fault)
        if opts.new:
            self._tell_new(database, now)
            return
        # What is wrong with the machine concerns every outlet.
        alarms = [alarm for alarm in health.latest(database) if not args or alarm.source in ("", *args)]
        if opts.closed:
            alarms += _closed(database, now, args)
        self.exitcode = console.ATTENTION if any(alarm.state == "open" for alarm in alarms) else console.GOOD
        if opts.json:
            for alarm in alarms:
                console.out.print(_line(alarm), markup=False, soft_wrap=True)
            return
        for alarm in alarms:
            _show(alarm)
        if not alarms:
            _all_well(database, now, args)

    def _tell_new(self, database: Database[dict[str, Any]], now: datetime) -> None:
        """The terminal is a way out like the others."""
        told: list[str] = []
        notify.tell(database, now, [notify.Way("terminal", lambda _, text: told.append(text))])
        for text in told:
            console.out.print(text, markup=False)
            self.exitcode = console.ATTENTION

    def _test(self, ways: list[notify.Way]) -> None:
        if not ways:
            raise UsageFault("neither MARSAD_ALARMS nor MARSAD_ALARMS_FILE is set: there is no way to try")
        for way in ways:
            try:
                way.send("Marsad: a test", "Alarms come this way.")
                console.out.print(f"{way.name}: sent.", markup=False)
            except notify.WayFailed as error:
                console.complain(f"{way.name}: {error}")
                self.exitcode = console.ATTENTION


def _closed(database: Database[dict[str, Any]], now: datetime, names: list[str]) -> list[Alarm]:
    query: dict[str, Any] = {"state": "closed", "closed": {"$gte": now - _HISTORY}}
    if names:
        query["source"] = {"$in": names}
    return [health.alarm_of(document) for document in database.alarms.find(query).sort("closed", -1)]


def _show(alarm: Alarm) -> None:
    say = console.out.print
    say(notify.name_of(alarm), style="bold" if alarm.state == "open" else "dim", end=": ")
    say(f"{'' if alarm.state == 'open' else 'mended: '}{alarm.what}", markup=False)
    for sign in alarm.signs[1:]:
        say(f"  also    {sign}", markup=False)
    say(f"  since   {console.moment(alarm.since)}", markup=False)
    if alarm.closed is not None:
        say(f"  closed  {console.moment(alarm.closed)}", markup=False)
        return
    say(f"  likely  {alarm.why}", markup=False)
    say(f"  next    {alarm.next}", markup=False)
    say(f"  alarm   {alarm.id}", markup=False, style="dim")


def _all_well(database: Database[dict[str, Any]], now: datetime, names: list[str]) -> None:
    outlets, runs = queries.runs_since(database, now - timedelta(days=7), names)
    if runs:
        console.out.print(f"All is well, by {runs} runs of {outlets} outlets in the last week.")
    else:
        console.out.print(
            "Nothing was crawled in the last week, so nothing is known. 'make crawl' crawls every outlet."
        )


def _line(alarm: Alarm) -> str:
    names = ("id", "source", "cause", "state", "what", "why", "next", "signs", "since", "opened", "closed")
    return json.dumps({name: getattr(alarm, name) for name in names}, default=json_util.default, ensure_ascii=False)
