"""What the tests of the worker processes let them do; a spawned process must be able to import it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable


class Awkward(Exception):
    """Cannot be unpickled: its constructor wants two arguments and tells Exception of none."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__()
        self.words = one + other


def double(number: int) -> int:
    """Twice a number."""
    return 2 * number


def process_id(seconds: float) -> int:
    """The worker's process id, after a pause in which others must take the other tasks."""
    time.sleep(seconds)
    return os.getpid()


def crash() -> None:
    """As a fault in a C library."""
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    """In C code, where no signal handler of Python runs."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def devour() -> int:
    """More memory than a worker may have."""
    return len(bytearray(8 * 2**30))


def fail() -> None:
    """A fault of the reader."""
    raise Awkward("what cannot ", "be sent")


def unsendable() -> Callable[[], None]:
    """A result that cannot be pickled."""
    return lambda: None
