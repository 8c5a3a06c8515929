"""How far long work has come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands import console

_PLAIN_SECONDS = 10.0
_STEPS = {
    "import": "taking files in",
    "collections": "collections",
    "warc": "WARC files",
    "files": "looking through WARC files",
    "read": "reading pages",
    "compare": "comparing",
    "copies": "deriving copies",
}


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Told how far each step has come: bars on a terminal, elsewhere a line now and then."""
    if not console.out.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console.out, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def told(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_STEPS[step], total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield told


class _Lines:
    """A line of progress every ten seconds."""

    def __init__(self) -> None:
        self.said = time.monotonic()

    def __call__(self, step: str, done: int, total: int) -> None:
        if time.monotonic() - self.said > _PLAIN_SECONDS:
            self.said = time.monotonic()
            console.out.print(f"{_STEPS[step]}: {done} of {total}")
