"""Real parts for the tests: a mongod of their own, a press on loopback, a whole crawl."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from archive import mongo, server
from tests.samplepress.demo import SINCE, crawl_environment
from tests.samplepress.server import SamplePress, running

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MARSAD_SHARED", ROOT.parent / "shared"))


@dataclass(slots=True)
class Machine:
    """Where a command of ours runs: its press, its database, its WARC folder, its environment."""

    press: SamplePress
    database: Database[dict[str, Any]]
    environment: dict[str, str]

    @property
    def warc(self) -> Path:
        """The folder of the WARC files."""
        return Path(self.environment["MARSAD_WARC"])

    def scrapy(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m scrapy …` to its end; `changes` are set in its environment."""
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *arguments],
            env=self.environment | changes,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose embedded MongoDB ends with the tests."""
    folder = tmp_path_factory.mktemp("data")
    yield folder
    server.stop(folder / "mongodb")


@pytest.fixture(scope="session")
def mongodb_uri(data_folder: Path) -> str:
    """A running embedded MongoDB."""
    return server.ensure(data_folder / "mongodb")


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """An empty archive with its collections."""
    made = _database(mongodb_uri)
    mongo.prepare(made)
    yield made
    made.client.drop_database(made.name)


@pytest.fixture
def machine(mongodb_uri: str, data_folder: Path, tmp_path: Path) -> Iterator[Machine]:
    """A press of its own and an empty archive."""
    with new_machine(mongodb_uri, data_folder, tmp_path) as made:
        yield made


@contextmanager
def new_machine(uri: str, data_folder: Path, folder: Path) -> Iterator[Machine]:
    """A press and an archive that last as long as the block; `folder` takes the press's authority."""
    with running(ca=folder / "ca.pem") as press:
        made = _machine(press, uri, data_folder)
        # A second reading process costs its start, longer than a small crawl reads.
        made.environment["MARSAD_WORKERS"] = "1"
        yield made
        made.database.client.drop_database(made.database.name)


@pytest.fixture(scope="session")
def crawled(mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The whole sample press, crawled once from end to end. For reading only."""
    with running(ca=tmp_path_factory.mktemp("ca") / "ca.pem") as press:
        made = _machine(press, mongodb_uri, data_folder)
        done = made.scrapy("crawl", "--all", "-a", f"since={SINCE}")
        assert done.returncode in (0, 1), done.stdout + done.stderr
        yield made


def _database(uri: str) -> Database[dict[str, Any]]:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(uri))
    return client[f"test_{secrets.token_hex(4)}"]


def _machine(press: SamplePress, uri: str, data_folder: Path) -> Machine:
    database = _database(uri)
    environment = crawl_environment(press.proxy, press.ca) | {
        "MONGODB_URI": uri,
        "MONGODB_DATABASE": database.name,
        "MARSAD_DATA": str(data_folder),
        "MARSAD_WARC": str(data_folder / f"warc-{database.name}"),
    }
    return Machine(press, database, environment)
