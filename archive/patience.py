"""Waiting for a MongoDB that went away: a short outage costs time, a long one ends the crawl, none passes in silence."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

logger = logging.getLogger(__name__)
T = TypeVar("T")

# 11600, 11602, 91: the server is shutting down or was interrupted; 189, 10107, 13435, 13436: it is no longer primary;
# 6, 7, 89, 9001: it cannot reach another member; 134, 262: it is busy with becoming primary.
_PASSING = frozenset({11600, 11602, 91, 189, 10107, 13435, 13436, 7, 6, 89, 9001, 134, 262})
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class StorageLost(RuntimeError):
    """MongoDB did not take a write or answer a question in time; the run ends with exit code 3."""


async def patiently(
    operation: Callable[[], Awaitable[T]], seconds: float, *, waiting: Callable[[bool], None] = lambda _: None
) -> T:
    """The result of an idempotent operation, tried again through an outage with growing pauses.

    Args:
        operation: makes the awaitable anew for each attempt.
        seconds: how long an outage may last.
        waiting: told True when an outage begins and False when it ends, whichever way.
    Raises:
        StorageLost: the outage lasted longer, or the error is none that passes.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    paused = False
    try:
        while True:
            try:
                result = await operation()
            except PyMongoError as error:
                left = deadline - time.monotonic()
                if not _passes(error) or left <= 0:
                    raise StorageLost(f"MongoDB: {first_words(error)}") from error
                if not paused:
                    logger.warning(
                        "MongoDB does not answer; the crawl waits up to %.0f s: %s", seconds, first_words(error)
                    )
                    paused = True
                    waiting(True)
                await asyncio.sleep(min(pause, left))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                if paused:
                    logger.warning("MongoDB answers again")
                return result
    finally:
        if paused:
            waiting(False)


def _passes(error: PyMongoError) -> bool:
    """Whether an error belongs to an outage, so that the same operation may succeed later."""
    if isinstance(error, ConnectionFailure) or error.has_error_label("RetryableWriteError"):
        return True
    if isinstance(error, BulkWriteError):
        faults = [*error.details.get("writeErrors", []), *error.details.get("writeConcernErrors", [])]
        return bool(faults) and all(fault.get("code") in _PASSING for fault in faults)
    return isinstance(error, OperationFailure) and error.code in _PASSING


def first_words(error: Exception) -> str:
    """What a MongoDB error says, without its topology and its time-outs."""
    return re.split(r", full error| \(configured timeouts|, Timeout:|\n", str(error), maxsplit=1)[0][:300]
