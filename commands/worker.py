"""`scrapy worker`: lend this machine to the schedule of another one."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.settings import BaseSettings

from commands import console
from commands.console import UsageFault, guarded
from schedule import job, metrics
from schedule.hands import VARIABLE, ClusterFault, security

#: How long a worker asks for its scheduler before it gives up.
_JOIN_SECONDS = 15


class Command(ScrapyCommand):
    """Join a Dask cluster and run the crawls that its clients hand out."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return ""

    def short_desc(self) -> str:
        return "Lend this machine to the schedule of another one"

    def long_desc(self) -> str:
        return (
            "Join the cluster of DASK_SCHEDULER=tls://HOST:PORT. SCHEDULE_SLOTS crawls run at once; WARC files lie in this "
            "machine's own folder. MONGODB_URI and MARSAD_CONTACT are needed here too. docs/scale.md tells the set-up."
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        settings = self.settings
        assert settings is not None
        address = os.environ.get(VARIABLE, "")
        if args or not address:
            raise UsageFault(f"{VARIABLE} is not set: write {VARIABLE}=tls://HOST:PORT of the cluster's scheduler")
        if not settings["MONGODB_URI"]:
            raise UsageFault(
                "MONGODB_URI is not set: machines share one MongoDB, and the embedded one is for one machine (docs/scale.md)"
            )
        console.contact(settings)
        console.open_archive(settings).client.close()
        try:
            asyncio.run(_serve(address, settings))
        except ClusterFault as error:
            raise UsageFault(str(error)) from error


async def _serve(address: str, settings: BaseSettings) -> None:
    """Work until the scheduler goes or a signal comes.

    Raises:
        ClusterFault: the scheduler cannot be used.
    """
    from distributed import Worker

    secured = security(address, "worker")
    folder = Path(settings["DATA_DIR"]) / "dask"
    folder.mkdir(parents=True, exist_ok=True)
    slots = settings.getint("SCHEDULE_SLOTS")
    try:
        server, port = metrics.serve(settings.getint("WORKER_PORT"))
    except OSError as error:
        raise ClusterFault(f"WORKER_PORT={settings['WORKER_PORT']}: {error.strerror}; 0 takes any free port") from error
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    try:
        # Without a nanny: crawls are processes of their own, and whatever started this worker starts it again.
        async with Worker(
            address,
            nthreads=slots,
            name=f"{socket.gethostname()}-{os.getpid()}",
            security=secured,
            local_directory=str(folder),
            memory_limit=0,
            # Unencrypted, it must not be reached from elsewhere.
            host=None if secured else "127.0.0.1",
            death_timeout=_JOIN_SECONDS,
            dashboard=False,
            dashboard_address="127.0.0.1:0",
        ) as worker:
            # Only now: till then a signal ends the process.
            for signum in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(signum, stop.set)
            console.out.print(f"Joined {address}: {slots} crawls at once; figures on http://127.0.0.1:{port}/metrics.")
            ended = asyncio.create_task(worker.finished())
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not ended.done():
                console.out.print("Leaving: crawls end what is under way.")
            job.stop()
            for _ in range(int(job.GRACE_SECONDS)):
                if ended.done() or not worker.state.executing_count:
                    break
                await asyncio.sleep(1)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        raise ClusterFault(f"{VARIABLE}={address}: {error.__cause__ or error}") from error
    finally:
        server.shutdown()
    console.out.print("Left.")
