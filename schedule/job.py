"""One crawl as the schedule runs it: in a process of its own, with bounds of time and memory, ended with its parent.

The same function runs on this machine and on another one's worker.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from schedule import metrics

ROOT = Path(__file__).resolve().parent.parent
#: What jobs are for, the most urgent first: what is fresh, stored articles again, the past.
KINDS = CRAWL, RECHECK, BACKFILL = ("crawl", "recheck", "backfill")

_LOOK_SECONDS = 0.5
#: How long a crawl that is asked to end may take over it: what is under way is stored.
GRACE_SECONDS = 60.0
_LAST_WORDS = 4000
_STOPPING = threading.Event()


@dataclass(frozen=True, slots=True)
class Job:
    """A crawl to run.

    Attributes:
        source: name of the outlet.
        kind: one of KINDS.
        since: how far back a backfill reaches.
        seconds: after which the crawl ends by itself; the next one goes on.
        memory: bytes that it and its reading processes may hold in RAM.
        settings: Scrapy's settings that differ, as `-s` takes them.
    """

    source: str
    kind: str = CRAWL
    since: str = ""
    seconds: float = 3600.0
    memory: int = 2 * 2**30
    settings: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Of `scrapy`."""
        chosen = {CRAWL: [], RECHECK: ["-a", "recheck=yes"], BACKFILL: ["-a", f"since={self.since}"]}[self.kind]
        limits = ["-s", f"CLOSESPIDER_TIMEOUT={self.seconds:.0f}", "-s", "READ_WORKERS=1"]
        return ["crawl", self.source, *chosen, *limits, *(part for one in self.settings for part in ("-s", one))]


@dataclass(slots=True)
class Done:
    """How a job ended.

    Attributes:
        job: the job.
        code: exit code of the crawl, see docs/operations.md; negative for the signal that killed it.
        end: "exit", or what ended it: "time", "memory", "stop".
        seconds: that it took.
        memory: bytes that it held at most.
        host: where it ran.
        said: its last lines.
    """

    job: Job
    code: int
    end: str = "exit"
    seconds: float = 0.0
    memory: int = 0
    host: str = field(default_factory=socket.gethostname)
    said: str = ""


def run(job: Job) -> Done:
    """Run a crawl to its end, whichever that is.

    Raises:
        OSError: no process can be started.
    """
    started = time.monotonic()
    with metrics.RUNNING.labels(job.kind).track_inprogress(), tempfile.TemporaryFile() as output:
        crawl = subprocess.Popen(
            [sys.executable, "-m", "schedule.tether", str(os.getpid()), *job.arguments()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C on the terminal is for the schedule, which then asks its crawls to end
        )
        end, memory = _watch(crawl, job, started)
        done = Done(job, crawl.returncode, end, time.monotonic() - started, memory, said=_last_words(output))
    metrics.count(done.job.kind, done.end, done.code, done.seconds, done.memory)
    return done


def stop() -> None:
    """Ask every crawl of this process to end, now and from now on."""
    _STOPPING.set()


def _watch(crawl: subprocess.Popen[bytes], job: Job, started: float) -> tuple[str, int]:
    """Wait for the end of a crawl and see to its bounds; what ended it, and the most memory that it held."""
    end, most, asked = "exit", 0, 0.0
    while True:
        try:
            crawl.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            most = max(most, held := _memory(crawl.pid))
            if held > job.memory:
                # No limit of address space (RLIMIT_AS): threads and mapped files take gigabytes of that and no RAM.
                end = "memory"
                crawl.kill()
            elif asked and now - asked > GRACE_SECONDS:
                crawl.kill()
            elif not asked and (_STOPPING.is_set() or now - started > job.seconds + GRACE_SECONDS):
                end, asked = "stop" if _STOPPING.is_set() else "time", now
                crawl.send_signal(signal.SIGINT)
        else:
            return end, most


def _memory(pid: int) -> int:
    """Bytes of RAM that a process and its children hold."""
    total = 0
    try:
        tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in tree:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _last_words(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _LAST_WORDS))
    return output.read().decode(errors="replace").strip()
