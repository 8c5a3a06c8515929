"""Real worker processes: what goes wrong in one costs one page."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from pipelines.workers import WorkerLost, Workers
from tests.pipelines import worker_tasks as tasks

ROOT = Path(__file__).resolve().parents[2]


def with_workers(count: int, use: Callable[[Workers], Coroutine[Any, Any, None]], seconds: float = 30) -> None:
    async def life() -> None:
        workers = Workers.open(count, seconds)
        try:
            await use(workers)
        finally:
            await workers.close()

    asyncio.run(life())


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent's notice does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(300):
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("task", "says"),
    [
        (tasks.crash, "crashed"),
        (tasks.devour, "2048 MB"),
        (tasks.fail, "Awkward"),
        (tasks.unsendable, "pickle"),
    ],
)
def test_a_task_that_fails_is_named_and_the_others_go_on(task: Callable[[], Any], says: str) -> None:
    async def use(workers: Workers) -> None:
        asked = [workers.run(tasks.double, number) for number in range(5)]
        failed, *results = await asyncio.gather(workers.run(task), *asked, return_exceptions=True)
        assert isinstance(failed, WorkerLost)
        assert says in str(failed)
        assert results == [0, 2, 4, 6, 8]
        assert await workers.run(tasks.double, 21) == 42

    with_workers(2, use)


def test_a_task_that_hangs_in_c_code_is_stopped() -> None:
    async def use(workers: Workers) -> None:
        with pytest.raises(WorkerLost, match="longer than 2 s"):
            await workers.run(tasks.hang)
        assert await workers.run(tasks.double, 21) == 42

    with_workers(1, use, seconds=2)


def test_waiting_for_a_free_worker_is_no_part_of_a_tasks_time() -> None:
    async def use(workers: Workers) -> None:
        processes = await asyncio.gather(*(workers.run(tasks.process_id, 0.6) for _ in range(5)))
        assert len(processes) == 5

    with_workers(1, use, seconds=2)


def test_an_idle_worker_that_is_killed_is_replaced() -> None:
    async def use(workers: Workers) -> None:
        for _ in range(2):
            process = await workers.run(tasks.process_id, 0)
            os.kill(process, signal.SIGKILL)
            assert eventually(lambda process=process: not alive(process))  # type: ignore[misc]
            assert await asyncio.gather(*(workers.run(tasks.double, number) for number in range(5))) == [0, 2, 4, 6, 8]

    with_workers(1, use)


def test_an_interrupt_from_the_terminal_leaves_the_workers_alone() -> None:
    async def use(workers: Workers) -> None:
        process = await workers.run(tasks.process_id, 0)
        os.kill(process, signal.SIGINT)
        assert await workers.run(tasks.process_id, 0.2) == process

    with_workers(1, use)


def test_crawls_share_the_processes_and_the_last_one_ends_them() -> None:
    async def use() -> None:
        first, second = Workers.open(1, 30), Workers.open(4, 30)
        assert first is second
        process = await first.run(tasks.process_id, 0)
        await first.close()
        assert await second.run(tasks.process_id, 0) == process
        await second.close()
        assert eventually(lambda: not alive(process))
        third = Workers.open(1, 30)
        assert await third.run(tasks.double, 21) == 42
        await third.close()

    asyncio.run(use())


def test_what_is_being_read_is_finished_before_the_end() -> None:
    async def use() -> None:
        workers = Workers.open(1, 30)
        asked = asyncio.ensure_future(workers.run(tasks.process_id, 1))
        await asyncio.sleep(0)
        await workers.close()
        assert await asked > 0

    asyncio.run(use())


PARENT = """
import asyncio, os, time
from pipelines.workers import Workers
from tests.pipelines import worker_tasks as tasks

async def life():
    workers = Workers.open(2, 60)
    processes = await asyncio.gather(*(workers.run(tasks.process_id, 1) for _ in range(2)))
    print(*processes, flush=True)
    await workers.run({task})

asyncio.run(life())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize("task", ["tasks.hang", "tasks.process_id, 60"])
def test_a_killed_parent_leaves_no_worker(task: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT.format(task=task)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        processes = [int(word) for word in parent.stdout.readline().split()]
        assert processes
        assert all(alive(process) for process in processes)
        parent.kill()
    assert eventually(lambda: not any(alive(process) for process in processes))


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is bounded on Linux only")
def test_a_machine_with_a_lower_bound_on_memory_keeps_it() -> None:
    script = PARENT.format(task="tasks.double, 1").replace(
        "import asyncio,", "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\nimport asyncio,"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
