"""Figures of the schedule and of workers, as Prometheus reads them; served on loopback only."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.simple_server import WSGIServer

from prometheus_client import Counter, Gauge, Histogram, start_http_server

_LOOPBACK = "127.0.0.1"
_SECONDS = (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MEGABYTES = (128, 192, 256, 384, 512, 1024, 2048)

RUNNING = Gauge("marsad_jobs_running", "Crawls under way on this machine", ["kind"])
ENDED = Counter("marsad_jobs_ended", "Crawls that have ended on this machine", ["kind", "end", "code"])
LASTED = Histogram("marsad_job_seconds", "How long crawls took", ["kind"], buckets=_SECONDS)
HELD = Histogram("marsad_job_megabytes", "The most memory that crawls held", ["kind"], buckets=_MEGABYTES)

OUTLETS = Gauge("marsad_outlets", "Outlets of the schedule", ["state"])
LATE = Gauge("marsad_late_seconds", "How long the outlet that has been due longest waits")
PATIENCE = Gauge("marsad_patience_hours", "Hours that articles may wait together before a visit")
SLOTS = Gauge("marsad_slots", "Crawls that may run at once, on all machines")
STARTED = Counter("marsad_jobs_started", "Crawls that the schedule has started, wherever", ["kind"])
LOST = Counter("marsad_jobs_lost", "Crawls whose worker was lost for good")


def serve(port: int) -> tuple[WSGIServer, int]:
    """Serve the figures of this process; the server, and its port.

    Args:
        port: 0 for any that is free.
    Raises:
        OSError: the port is taken.
    """
    server, _ = start_http_server(port, addr=_LOOPBACK)
    return server, server.server_port


def count(kind: str, end: str, code: int, seconds: float, memory: int) -> None:
    """Count a crawl that has ended."""
    ENDED.labels(kind, end, str(code)).inc()
    LASTED.labels(kind).observe(seconds)
    HELD.labels(kind).observe(memory / 2**20)


def states(counted: Iterable[tuple[str, int]]) -> None:
    """Say how many outlets are in each state."""
    for state, number in counted:
        OUTLETS.labels(state).set(number)
