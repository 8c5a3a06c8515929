"""`scrapy schedule`: crawl what is due, each outlet at its own pace, until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError
from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from archive import agenda, health
from archive.health import notify
from archive.patience import first_words
from commands import console, logs
from commands.console import UsageFault, guarded
from schedule import install, metrics
from schedule.hands import ClusterFault, open_hands
from schedule.job import Done
from schedule.loop import Limits, Schedule
from schedule.plan import Terms
from sources import registry
from sources.ages import read_ages
from sources.habit import Bounds
from sources.model import Source

_LOOK_SECONDS = 2.0
_MINUTE = timedelta(minutes=1)
_WATCHED = 10 * _MINUTE


class Command(ScrapyCommand):
    """Crawl the outlets when they are due."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[NAME…]"

    def short_desc(self) -> str:
        return "Crawl outlets when they are due, for ever"

    def long_desc(self) -> str:
        return (
            "Crawl every enabled outlet, or those named, when it is due: often when it publishes much, seldom when it sleeps, "
            "within a budget of requests. Idle hours go to stored articles that are due to be visited again, and, with "
            "MARSAD_SINCE, to the past. With DASK_SCHEDULER=tls://… the workers of a cluster crawl. SIGTERM or Ctrl-C ends "
            "it in order; killed, it goes on where it was. docs/operations.md and docs/scale.md tell more."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--once", action="store_true", help="run what is due now, then end (for cron)")
        parser.add_argument("--show", action="store_true", help="list when each outlet is due, and end")
        parser.add_argument(
            "--install",
            choices=("auto", *install.KINDS),
            help="start it with the machine: a systemd service of yours, or a line of your crontab",
        )
        parser.add_argument("--dry-run", action="store_true", help="with --install: say what would be done")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        settings = self.settings
        assert settings is not None
        if opts.install:
            self._install(opts.install, dry=opts.dry_run)
            return
        sources = self._chosen(args)
        database = console.open_archive(settings)
        if opts.show:
            _show(database, sources)
            return
        console.contact(settings)
        logging.getLogger().setLevel(settings["LOG_LEVEL"])
        logs.install()
        try:
            with _alone(Path(settings["DATA_DIR"])):
                self._work(database, sources, settings, once=opts.once)
        except ClusterFault as error:
            raise UsageFault(str(error)) from error

    def _install(self, kind: str, *, dry: bool) -> None:
        assert self.settings is not None
        console.contact(self.settings)
        try:
            for line in install.install(kind, Path(self.settings["DATA_DIR"]), dry=dry):
                console.out.print(line, markup=False)
        except install.InstallFault as error:
            raise UsageFault(str(error)) from error

    def _chosen(self, args: list[str]) -> list[Source]:
        folder = console.sources_folder(self.settings)
        if args:
            return [registry.find(name, folder) for name in dict.fromkeys(args)]
        sources, faults = registry.everything(folder)
        for fault in faults:
            console.complain(fault)
        return [source for source in sources if source.enabled and not source.unreviewed]

    def _metrics(self, settings: BaseSettings) -> tuple[Any, int]:
        try:
            return metrics.serve(settings.getint("SCHEDULE_PORT"))
        except OSError as error:
            raise UsageFault(
                f"SCHEDULE_PORT={settings['SCHEDULE_PORT']}: {error.strerror}: does another schedule run here?"
            ) from error

    def _work(
        self, database: Database[dict[str, Any]], sources: list[Source], settings: BaseSettings, *, once: bool
    ) -> None:
        hands = open_hands(settings.getint("SCHEDULE_SLOTS"))
        schedule = Schedule(database, sources, hands, terms_of(settings), _limits(settings), _tell)
        watch = _Watch(database, notify.ways(settings["ALARMS"], settings["ALARMS_FILE"]))
        server = None
        try:
            if not once:
                server, port = self._metrics(settings)
                console.out.print(
                    f"{len(sources)} outlets, {hands.slots} crawls at once; figures on http://127.0.0.1:{port}/metrics."
                )
            with _stopping() as stop:
                _go(schedule, watch, stop, once=once)
            if schedule.running:
                names = ", ".join(sorted(schedule.running))
                console.out.print(f"Stopping: {names} end what is under way (a second signal kills).", markup=False)
        finally:
            hands.close()
            watch.close()
            if server is not None:
                server.shutdown()
        if not once:
            console.out.print("Stopped.")


class _Watch:
    """What is wrong is looked for every few minutes, beside the schedule, and told by every way that is configured."""

    def __init__(self, database: Database[dict[str, Any]], ways: list[notify.Way]) -> None:
        self.database, self.ways = database, ways
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="health")
        self.looked_at: datetime | None = None
        self.running: Future[None] | None = None

    def look(self, now: datetime) -> None:
        """Begin a check where the last one is long ago."""
        if self.running is not None and not self.running.done():
            return
        if self.looked_at is None or now - self.looked_at >= _WATCHED:
            self.looked_at = now
            self.running = self.pool.submit(self._beside, now)

    def check(self, now: datetime) -> None:
        """Find what is wrong, and tell what has not been told.

        Raises:
            pymongo.errors.PyMongoError: MongoDB was lost.
        """
        for alarm in health.check(self.database, now):
            if alarm.new:
                console.complain(f"{alarm.source or 'all outlets'}: {alarm.what}: {alarm.why}; {alarm.next}")
        for fault in notify.tell(self.database, now, self.ways):
            console.complain(fault)

    def _beside(self, now: datetime) -> None:
        try:
            self.check(now)
        except Exception as error:
            # Whatever goes wrong here, the crawls go on.
            console.complain(f"health: {first_words(error)}; the next check is in {_WATCHED // _MINUTE} minutes")

    def close(self) -> None:
        """Let a check that is under way end."""
        self.pool.shutdown()


def _go(schedule: Schedule, watch: _Watch, stop: threading.Event, *, once: bool) -> None:
    """Look again and again; a MongoDB or a cluster that is away is waited for."""
    lost = ""
    while not stop.is_set():
        try:
            now = agenda.clock(schedule.database)
            schedule.look(now)
            if lost:
                console.complain(f"{lost} answers again.")
                lost = ""
            if not once:
                watch.look(now)
            elif not schedule.running:
                watch.check(now)
                return
        except (PyMongoError, OSError) as error:
            if once:
                raise
            if not lost:
                lost = "MongoDB" if isinstance(error, PyMongoError) else "the cluster"
                console.complain(f"{lost}: {first_words(error)}; the schedule waits for it.")
        stop.wait(_LOOK_SECONDS)


def terms_of(settings: BaseSettings) -> Terms:
    """How the settings want outlets visited.

    Raises:
        UsageFault: one cannot be read.
    """
    spans = {}
    for name in ("SCHEDULE_SHORTEST", "SCHEDULE_LONGEST"):
        try:
            (spans[name],) = read_ages([settings[name]])
        except (ValueError, TypeError) as error:
            raise UsageFault(f"{name}: {error}") from error
    if settings.getfloat("SCHEDULE_REQUESTS") <= 0:
        raise UsageFault(f"SCHEDULE_REQUESTS={settings['SCHEDULE_REQUESTS']}: write how many an hour, above 0")
    return Terms(settings.getfloat("SCHEDULE_REQUESTS"), Bounds(spans["SCHEDULE_SHORTEST"], spans["SCHEDULE_LONGEST"]))


def _limits(settings: BaseSettings) -> Limits:
    return Limits(
        settings.getfloat("SCHEDULE_SECONDS"),
        settings.getint("SCHEDULE_MEMORY") * 2**20,
        settings["SCHEDULE_SINCE"],
        tuple(f"{name}={settings[name]}" for name in _HANDED_ON if settings.getpriority(name) == _COMMAND_LINE),
    )


#: What `-s` may say to the schedule and its crawls alike.
_HANDED_ON = ("SOURCES_DIR", "DOWNLOAD_DELAY", "LEASE_SECONDS", "LOG_LEVEL")
_COMMAND_LINE = 40  # Scrapy's priority of `-s`


def _tell(done: Done) -> None:
    """A line for a crawl that has ended; more where something was wrong."""
    lines = [line for line in done.said.splitlines() if line.strip()]
    ended = {"time": "ended for its time", "memory": "killed for its memory", "stop": "asked to end"}.get(done.end, "")
    word = ended or (lines[-1] if lines else f"exit code {done.code}")
    console.out.print(
        f"{datetime.now():%H:%M:%S} {done.job.source} ({done.job.kind}, {done.host}): {word}",  # noqa: DTZ005 - for people
        markup=False,
    )
    if done.code not in (console.GOOD, console.INTERRUPTED) and done.end in ("exit", "memory"):
        for line in lines[-4:-1] or [f"exit code {done.code}"]:
            console.complain(f"  {line}")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; the second one does what it always does."""
    stop = threading.Event()
    before: dict[int, Any] = {}

    def asked(number: int, frame: Any) -> None:
        stop.set()
        for signum, handler in before.items():
            signal.signal(signum, handler)

    for wanted in (signal.SIGTERM, signal.SIGINT):
        before[wanted] = signal.signal(wanted, asked)
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One schedule for a data folder: two would only halve each other's work."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "schedule.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageFault(f"{data}: a schedule runs there already (systemctl --user status marsad)") from error
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _show(database: Database[dict[str, Any]], sources: list[Source]) -> None:
    """When each outlet is due, the next first."""
    states = agenda.states(database, [source.name for source in sources])
    habits = agenda.habits(database, states)
    now = agenda.clock(database)
    grid = console.table("outlet", "due", "articles a day", "last visit", "now", right=("articles a day",))
    for name, state in sorted(states.items(), key=lambda pair: (pair[1]["due_at"] or now, pair[0])):
        habit = habits.get(name)
        lease, pause = state["lease"] or {}, state.get("pause")
        doing = "is crawled" if lease.get("holder") and lease["until"] > now else ""
        if pause and pause["until"] > now:
            doing = f"left alone until {console.moment(pause['until'])}"
        due = state["due_at"]
        grid.add_row(
            name,
            console.moment(due) if due and due > now else "now",
            f"{habit.level:.1f}" if habit else "?",
            console.moment(habit.at) if habit else "never",
            doing,
        )
    console.out.print(grid)
