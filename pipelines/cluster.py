"""Reading processes on other machines: the batch work of `reprocess` and `import`, handed out by WARC file and page.

The machines of a Dask cluster work beside the pool of this one. A part whose worker dies is done by another. The files must lie on a
disk that all machines see under the same path; what a machine does not see is done here.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pipelines.workers import WorkerLost, Workers

T = TypeVar("T")

_PROOF = ".shared"
_OPENING = threading.Lock()
_pool: Workers | None = None


class _Answer(Enum):
    """That a worker does not see the files."""

    UNSEEN = "unseen"


class Cluster(Workers):
    """The workers of a cluster, and the pool of this machine behind them.

    Attributes:
        done: parts that other machines have done.
        unseen: parts that they could not, because they do not see the folder.
    """

    def __init__(self, client: Any, own: Workers, folder: Path) -> None:
        """Let a cluster take part.

        Args:
            client: of the Dask cluster.
            own: the pool of this machine, which stays its opener's.
            folder: the WARC folder; a file in it lets the others prove that they see the same.
        """
        self.client, self.own, self.folder = client, own, folder
        self.executor = client.get_executor(pure=False)
        self.seconds = own.seconds
        self.count = own.count + sum(client.nthreads().values())
        self.done = self.unseen = 0
        self.token = secrets.token_hex(8)
        (folder / _PROOF).write_text(self.token, encoding="ascii")

    async def run(self, function: Callable[..., T], *args: Any, seconds: float | None = None) -> T:
        """As the pool's, on whichever machine.

        Raises:
            WorkerLost: there is no result.
        """
        paths = [arg for arg in args if isinstance(arg, Path)]
        if not paths or not self.client.nthreads():
            return await self.own.run(function, *args, seconds=seconds)
        task = (function, args, seconds or self.seconds)
        try:
            result = await asyncio.wrap_future(self.executor.submit(there, self.folder, self.token, paths, task))
        except WorkerLost:
            raise
        except Exception:  # Dask has given up: its workers died of it, or are gone
            return await self.own.run(function, *args, seconds=seconds)
        if result is _Answer.UNSEEN:
            self.unseen += 1
            return await self.own.run(function, *args, seconds=seconds)
        self.done += 1
        found: T = result
        return found

    async def close(self) -> None:
        """Let the cluster go; the pool stays."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        with suppress(OSError):
            (self.folder / _PROOF).unlink()


def there(
    folder: Path, token: str, paths: list[Path], task: tuple[Callable[..., T], tuple[Any, ...], float]
) -> T | _Answer:
    """Runs on a worker of the cluster: the task in a reading process, where the files are the same ones.

    Raises:
        WorkerLost: it has no result.
    """
    try:
        seen = (folder / _PROOF).read_text(encoding="ascii") == token
    except OSError:
        seen = False
    if not seen or not all(path.exists() for path in paths):
        return _Answer.UNSEEN
    function, args, seconds = task
    return asyncio.run(_own_pool(seconds).run(function, *args, seconds=seconds))


def _own_pool(seconds: float) -> Workers:
    """The reading processes of a worker, started at its first task and ended with it."""
    global _pool
    with _OPENING:
        if _pool is None:
            _pool = Workers(int(os.environ.get("MARSAD_WORKERS") or os.cpu_count() or 1), seconds)
    return _pool
