"""Three machines on loopback crawl the sample press, and one is killed in mid-crawl, again and again.

    python -m bench.machines [--kills 10]

Each is a `scrapy worker` of a Dask cluster, with its own data and WARC folders and one MongoDB for all, connected by TLS with
throw-away certificates. After each kill every outlet must have been crawled, none twice at once, nothing that was acknowledged
may be lost, and the archive must be the one that a single machine makes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dask.config
import psutil
import pymongo
import trustme
from pymongo.database import Database

from archive import mongo, server
from bench.soak import articles, difference, outcomes
from schedule.hands import Cluster
from schedule.job import BACKFILL, Done, Job
from sources import registry
from tests.samplepress.demo import SINCE, crawl_environment
from tests.samplepress.server import running

ROOT = Path(__file__).resolve().parents[1]
OUTLETS = ROOT / "tests" / "samplepress" / "outlets"
_SECONDS = 120.0


@dataclass(slots=True)
class Machines:
    """A cluster on loopback.

    Attributes:
        folder: where each machine has a folder of its own.
        environment: of every crawl; names the database.
        address: of the scheduler.
        workers: the machines' processes.
    """

    folder: Path
    environment: dict[str, str]
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def join(self) -> subprocess.Popen[bytes]:
        """One more machine."""
        folder = self.folder / f"machine-{secrets.token_hex(3)}"
        folder.mkdir(parents=True)
        own = {"MARSAD_DATA": str(folder), "MARSAD_WARC": str(folder / "warc"), "DASK_SCHEDULER": self.address}
        worker = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "worker", "-s", "SCHEDULE_SLOTS=1", "-s", "WORKER_PORT=0"],
            env=self.environment | own,
            cwd=ROOT,
            stdout=(folder / "log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Pull the plug of a machine."""
        worker.send_signal(signal.SIGKILL)
        worker.wait(_SECONDS)
        self.workers.remove(worker)

    def warc_folders(self) -> list[Path]:
        """Where the machines, dead ones included, have put their WARC files."""
        return sorted(path for path in self.folder.glob("machine-*/warc") if path.is_dir())


def certificates(folder: Path) -> dict[str, str]:
    """The environment that secures a Dask cluster: an authority and one certificate for all of its parts."""
    authority, files = trustme.CA(), {name: folder / f"dask-{name}.pem" for name in ("ca", "cert", "key")}
    issued = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(files["ca"])
    files["cert"].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(files["key"])
    prefix = "DASK_DISTRIBUTED__COMM__TLS__"
    made = {f"{prefix}CA_FILE": str(files["ca"])}
    for part in ("CLIENT", "SCHEDULER", "WORKER"):
        made |= {f"{prefix}{part}__CERT": str(files["cert"]), f"{prefix}{part}__KEY": str(files["key"])}
    return made


@contextmanager
def machines(folder: Path, environment: dict[str, str], count: int = 3) -> Iterator[Machines]:
    """A scheduler and some workers, which have joined; all end with the block."""
    secured = certificates(folder)
    made = Machines(folder, environment | secured)
    address = folder / "scheduler.json"
    command = [
        "distributed.cli.dask_scheduler",
        "--protocol",
        "tls",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--dashboard-address",
        "127.0.0.1:0",
        "--no-dashboard",
    ]
    try:
        made.scheduler = subprocess.Popen(
            [sys.executable, "-m", *command, "--scheduler-file", str(address)],
            env=made.environment,
            cwd=ROOT,  # it must find our modules
            stdout=(folder / "scheduler.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        _until(address.exists, "the scheduler starts")
        made.address = _address(address)
        for _ in range(count):
            made.join()
        with _set(secured):
            yield made
    finally:
        for process in (*made.workers, *([made.scheduler] if made.scheduler else [])):
            process.kill()
            process.wait(_SECONDS)


def _address(file: Path) -> str:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except ValueError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@contextmanager
def _set(variables: dict[str, str]) -> Iterator[None]:
    """Some variables of this process's environment, as Dask's configuration reads them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    dask.config.refresh()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        dask.config.refresh()


def _until(true: Any, what: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def crawl_all(
    cluster: Cluster, made: Machines, database: Database[dict[str, Any]], names: list[str], kill_after: float | None
) -> tuple[list[Done], dict[str, Any], datetime | None]:
    """Crawl outlets on a cluster, and kill the machine that is in mid-crawl after some seconds.

    Returns:
        How each crawl ended, the articles that were acknowledged at the kill, and when it was.
    """
    _until(lambda: cluster.slots >= len(made.workers), "the workers have joined")
    jobs: list[Future[Done]] = [cluster.submit(Job(name, BACKFILL, since=SINCE)) for name in names]
    kept: dict[str, Any] = {}
    killed = None
    if kill_after is not None:
        _until(lambda: database.visits.estimated_document_count() > 0, "something is crawled")
        time.sleep(kill_after)
        busy = {state["lease"]["pid"] for state in database.sources.find({"lease.holder": {"$ne": None}})}
        victim = next((worker for worker in made.workers if busy & _children(worker.pid)), made.workers[0])
        made.kill(victim)
        killed, kept = datetime.now(UTC), articles(database)
        made.join()
    return [job.result(_SECONDS * 3) for job in jobs], kept, killed


def _children(pid: int) -> set[int]:
    return {child.pid for child in psutil.Process(pid).children(recursive=True)}


def check(
    database: Database[dict[str, Any]],
    done: list[Done],
    kept: dict[str, Any],
    killed: datetime | None,
    wanted: tuple[dict[str, Any], dict[str, str]],
) -> None:
    """Compare with what one machine makes.

    Args:
        kept: what was acknowledged at the kill.
        wanted: articles and outcomes of one machine.
    Raises:
        AssertionError: an outlet is not crawled, or twice at once; something is lost, or other.
    """
    bad = [
        (one.job.source, one.code, one.end, one.said[-500:])
        for one in done
        if one.code not in (0, 1) or one.end != "exit"
    ]
    assert not bad, bad
    found, other = articles(database), outcomes(database)
    assert not kept.keys() - found.keys(), "acknowledged, and lost"
    assert found == wanted[0], difference(wanted[0], found)
    assert other == wanted[1], difference(wanted[1], other)
    for source in database.runs.distinct("source"):
        runs = database.runs.find({"source": source}).sort("started", 1).to_list()
        assert runs[-1]["reason"] == "finished", f"{source}: not crawled to its end"
        for one, following in itertools.pairwise(runs):
            end = one["ended"] or killed
            assert end is not None, f"{source}: a crawl was lost that nobody killed"
            assert end <= following["started"] or one["ended"] is None, f"{source}: crawled twice at once"


def names() -> list[str]:
    """The outlets of the sample press."""
    return [source.name for source in registry.everything(OUTLETS)[0] if source.enabled]


def main() -> None:
    """Kill and compare, a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    random_ = random.Random(options.seed)  # noqa: S311 - reproducible, not secret
    with tempfile.TemporaryDirectory() as name, running(ca=Path(name) / "ca.pem") as press:
        folder = Path(name)
        press.misbehave(r"\.html|\.php|/\d+", delay=0.05)
        uri = server.ensure(folder / "mongodb")
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(uri))
        environment = crawl_environment(press.proxy, press.ca) | {"MONGODB_URI": uri, "MARSAD_DATA": name}
        try:
            one = environment | {"MONGODB_DATABASE": "alone", "MARSAD_WARC": str(folder / "warc")}
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "scrapy", "crawl", "--all", "-a", f"since={SINCE}"],
                env=one, cwd=ROOT, stdout=subprocess.DEVNULL, check=False,
            )  # fmt: skip
            wanted = articles(client["alone"]), outcomes(client["alone"])
            _say(f"one machine: {len(wanted[0])} articles in {time.monotonic() - began:.0f} s")
            for number in range(options.kills):
                database = client[f"machines{number}"]
                place = folder / f"round{number}"
                place.mkdir()
                began = time.monotonic()
                with machines(place, environment | {"MONGODB_DATABASE": database.name}) as made:
                    cluster = Cluster(made.address)
                    try:
                        done, kept, killed = crawl_all(cluster, made, database, names(), random_.uniform(0, 6))
                    finally:
                        cluster.close()
                    files = [path.name for warc in made.warc_folders() for path in warc.iterdir()]
                check(database, done, kept, killed, wanted)
                assert len(files) == len(set(files)), "two machines gave a WARC file the same name"
                again = sum(database.runs.count_documents({"source": name}) > 1 for name in names())
                client.drop_database(database.name)
                _say(
                    f"kill {number + 1} of {options.kills}: {len(kept)} articles were acknowledged, {again} outlets taken over, "
                    f"{len(files)} WARC files; the archive is that of one machine ({time.monotonic() - began:.0f} s)"
                )
        finally:
            client.close()
            server.stop(folder / "mongodb")
    _say("all is well")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main()
