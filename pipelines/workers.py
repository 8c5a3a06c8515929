"""Worker processes that read pages, so that the event loop never waits for lxml.

pebble rather than `concurrent.futures`: a worker that crashes, hangs or eats memory costs its own page only (measured;
ProcessPoolExecutor is broken for good by one SIGSEGV and cannot stop a hung task).
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import gc
import importlib
import logging
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import TimeoutError as TaskTimeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from enum import Enum
from multiprocessing import get_context, resource_tracker
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

logger = logging.getLogger(__name__)
T = TypeVar("T")

_MEMORY_BYTES = 2 * 2**30
_PR_SET_PDEATHSIG = 1
_JOIN_SECONDS = 20
_PIPE_BYTES = 2**20


class WorkerLost(RuntimeError):
    """A task had no result: its worker crashed, hung, ran out of memory or met a fault; the message says which."""


class Workers:
    """A pool of reading processes, shared by all crawls of this process: the last to close it ends it."""

    _shared: Workers | None = None

    def __init__(self, count: int, seconds: float, *, warm: bool = True) -> None:
        """`count` processes, which start when they are needed; a task may take `seconds`; see `open`."""
        self.count = count
        self.seconds = seconds
        self.users = 0
        self.warm = warm
        self.pool: ProcessPool | None = None

    @classmethod
    def open(cls, count: int, seconds: float, *, warm: bool = True) -> Workers:
        """The shared pool. A crawl that finds nothing new, as most do, starts no process.

        Args:
            count: processes.
            seconds: that a task may take.
            warm: whether each process loads what reading needs as it starts, at a second of CPU.
        """
        if cls._shared is None:
            cls._shared = cls(count, seconds, warm=warm)
        cls._shared.users += 1
        return cls._shared

    def start(self) -> None:
        """Start the processes, where they have not been needed yet: there will be something to read."""
        if self.pool is None:
            self.pool = _start_pool(self.count, self.warm)

    async def run(self, function: Callable[..., T], *args: Any, seconds: float | None = None) -> T:
        """The result of a function, awaited. The function, its arguments and its result must be picklable.

        Args:
            seconds: how long it may take; what a page may take by default.
        Raises:
            WorkerLost: there is no result. A fault of the function itself is logged with its traceback.
        """
        task = pickle.dumps((function, args))
        seconds = seconds or self.seconds
        try:
            try:
                outcome, packed = await self._in_pool(task, seconds)
            except BrokenProcessPool:
                outcome, packed = await self._in_pool(task, seconds)
        except ProcessExpired as error:
            raise WorkerLost(f"the reading process crashed (exit code {error.exitcode})") from error
        except BrokenProcessPool as error:
            raise WorkerLost("the reading processes were lost") from error
        except TaskTimeout as error:
            raise WorkerLost(f"reading took longer than {seconds:g} s") from error
        if outcome is _Outcome.RESULT:
            result: T = pickle.loads(packed)  # noqa: S301 - made by our own worker
            return result
        if outcome is _Outcome.NO_MEMORY:
            raise WorkerLost(f"reading needed more than {_MEMORY_BYTES // 2**20} MB")
        story = packed.decode()
        logger.error("a fault while reading:\n%s", story)
        raise WorkerLost(f"reading failed: {story.strip().rpartition(chr(10))[2][:300]}")

    async def _in_pool(self, task: bytes, seconds: float) -> tuple[_Outcome, bytes]:
        """What `_call` says of a task. A pool that broke is replaced: pebble gives it up when an idle worker is killed."""
        self.start()
        assert self.pool is not None
        if not self.pool.active:
            logger.warning("the reading processes were lost; new ones start")
            broken, self.pool = self.pool, _start_pool(self.count, self.warm)
            await asyncio.to_thread(_end, broken)
        said: tuple[_Outcome, bytes] = await asyncio.wrap_future(
            self.pool.schedule(_call, args=(task,), timeout=seconds)
        )
        return said

    async def close(self) -> None:
        """Leave the pool; the last user waits for its end."""
        self.users -= 1
        if self.users:
            return
        Workers._shared = None
        if self.pool is not None:
            await asyncio.to_thread(_end, self.pool, _JOIN_SECONDS)


class _Outcome(Enum):
    """How a function ended in a worker: with its pickled result, without memory, or with a traceback."""

    RESULT = "result"
    NO_MEMORY = "no memory"
    FAULT = "fault"


def _call(task: bytes) -> tuple[_Outcome, bytes]:
    """Runs in the worker. Only bytes come and go: pebble's pool hangs on an exception that cannot be unpickled."""
    try:
        function, args = pickle.loads(task)  # noqa: S301 - made by our own parent
        return _Outcome.RESULT, pickle.dumps(function(*args))
    except MemoryError:
        return _Outcome.NO_MEMORY, b""
    except Exception:
        return _Outcome.FAULT, traceback.format_exc().encode(errors="replace")


def _start_pool(count: int, warm: bool) -> ProcessPool:
    # Ctrl-C on a terminal reaches the whole process group, workers that are still importing included: they are born
    # with SIGINT blocked and ignore it before they unblock it. The tracker must not inherit the mask.
    resource_tracker.ensure_running()
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pool = ProcessPool(
            max_workers=count,
            initializer=_become_worker,
            initargs=[os.getpid(), warm],
            context=get_context("spawn"),
        )
        for _ in range(count):
            pool.schedule(os.getpid)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
    _widen(pool)
    return pool


def _widen(pool: ProcessPool) -> None:
    """Let the pipes to the processes hold several pages, so that one is there as soon as a process is free.

    A pipe holds 64 KiB, less than a page: each would pass through in pieces, whenever a thread of ours gets the interpreter.
    """
    channel = pool._pool_manager.worker_manager.pool_channel
    assert channel is not None
    for end in (channel.reader, channel.writer):
        with suppress(OSError):  # the machine allows less (/proc/sys/fs/pipe-max-size): slower, no fault
            fcntl.fcntl(end.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _end(pool: ProcessPool, seconds: float = 0.0) -> None:
    """Wait so long for what is being read, then stop the processes."""
    # pebble lets go of its locks before it stops the processes; one that is just being born must still find them.
    channel = pool._pool_manager.worker_manager.workers_channel
    held = (channel.mutex.reader_mutex, channel.mutex.writer_mutex) if channel is not None else ()
    pool.close()  # type: ignore[no-untyped-call]
    try:
        pool.join(seconds)
    except (TaskTimeout, TimeoutError):
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
    del held


def _become_worker(parent: int, warm: bool) -> None:
    """A quiet, low-priority process that ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        bound = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    os.nice(5)
    if not warm:
        return
    # What reading needs is loaded at once, by all processes, and the collector need not look at it again.
    importlib.import_module("pipelines.read").warm_up()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
