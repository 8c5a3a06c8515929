"""Crawls of the sample press that are killed, lose their MongoDB, and run out of disk: nothing acknowledged may be lost.

    python -m bench.soak [--kills 100] [--outlets sadarabat annahda]

Each disturbance is followed by a normal crawl. Then the archive must be that of an undisturbed crawl, hold everything that was
acknowledged before the disturbance, nothing twice, and `scrapy verify` must find nothing. The full disks want root, for a
tmpfs of their own; without it they are left out, and it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
from pymongo.database import Database

from archive import mongo, server
from tests.samplepress.demo import SINCE, crawl_environment
from tests.samplepress.server import SamplePress, running

ROOT = Path(__file__).resolve().parents[1]
#: Fields that the clock sets, those that point to captures, which another crawl makes anew, and those that depend on how many
#: entry points had named a page by the time it was read: no two crawls meet them in the same order.
VARYING = frozenset({"first_seen", "last_checked", "version_at", "capture", "modified"})


@dataclass(slots=True)
class Stage:
    """Where crawls are disturbed: a database, a WARC folder, a press, some outlets.

    Attributes:
        environment: of every crawl.
        outlets: as `scrapy crawl` takes them.
        seconds: that the undisturbed crawl took.
        articles, outcomes: what it gave.
        again: the same, after the press has brought out its second edition and all was visited again.
    """

    database: Database[dict[str, Any]]
    warc: Path
    environment: dict[str, str]
    press: SamplePress
    outlets: tuple[str, ...]
    seconds: float = 0.0
    articles: dict[str, Any] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    again: tuple[dict[str, Any], dict[str, Any], dict[str, str]] = ({}, {}, {})

    def start(self, *, again: bool = False) -> subprocess.Popen[str]:
        """A crawl that has begun, of what is new or of what is stored."""
        which = "recheck=all" if again else f"since={SINCE}"
        return subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", *self.outlets, "-a", which],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def undisturbed(self) -> None:
        """Crawl from nothing and remember what came of it.

        Raises:
            AssertionError: the crawl fails.
        """
        self.clear()
        started = time.monotonic()
        self.finish()
        self.seconds = time.monotonic() - started
        self.articles, self.outcomes = articles(self.database), outcomes(self.database)
        assert self.articles, "an undisturbed crawl stores nothing"

    def undisturbed_again(self) -> None:
        """Go on to the press's second edition and remember what came of it.

        Raises:
            AssertionError: the crawl fails.
        """
        self.press.edition = 2
        self.finish(again=True)
        self.press.edition = 1
        self.again = self.state()
        assert self.again[1], "the second edition changes no article"

    def state(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """Articles, earlier versions and outcomes."""
        return articles(self.database), versions(self.database), outcomes(self.database)

    def finish(self, *, again: bool = False) -> None:
        """A normal crawl, to its end."""
        crawl = self.start(again=again)
        output, errors = crawl.communicate(timeout=600)
        assert crawl.returncode in (0, 1), output + errors

    def clear(self) -> None:
        """Begin with an empty archive."""
        self.database.client.drop_database(self.database.name)
        shutil.rmtree(self.warc, ignore_errors=True)

    def acknowledged(self) -> dict[str, Any]:
        """The articles that MongoDB has."""
        return articles(self.database)

    def check(self, kept: dict[str, Any]) -> None:
        """Finish what was disturbed, and compare.

        Args:
            kept: the articles that were acknowledged before, by `_id`.
        Raises:
            AssertionError: something is lost, twice, or other than after the undisturbed crawl.
        """
        self.finish()
        found = articles(self.database)
        lost = kept.keys() - found.keys()
        assert not lost, f"acknowledged, and lost: {sorted(lost)}"
        assert found == self.articles, f"not as undisturbed: {difference(self.articles, found)}"
        other = outcomes(self.database)
        assert other == self.outcomes, f"other outcomes: {difference(self.outcomes, other)}"
        urls = [article["url"] for article in found.values()]
        assert len(set(urls)) == len(urls), "an article is there twice"
        self.verify()

    def verify(self) -> None:
        """Check every record and every pointer."""
        verify = [sys.executable, "-m", "scrapy", "verify"]
        done = subprocess.run(verify, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def kill_at_random(self, random_: random.Random) -> int:
        """Crawl from nothing, kill it at a random moment, finish; how many articles had been acknowledged.

        Half of the moments are drawn by what is stored, as many early and late ones on a machine that is busy, half by the clock:
        before the first article, and behind the last.
        """
        self.clear()
        crawl = self.start()
        if random_.random() < 0.5:
            wanted = random_.randrange(len(self.articles))
            while crawl.poll() is None and self.database.articles.estimated_document_count() < wanted:
                time.sleep(0.02)
            time.sleep(random_.uniform(0, 0.5))
        else:
            time.sleep(random_.uniform(0, self.seconds))
        crawl.send_signal(signal.SIGKILL)
        crawl.communicate(timeout=60)
        kept = articles(self.database)
        self.check(kept)
        return len(kept)

    def kill_again(self, random_: random.Random) -> int:
        """The same while all articles are visited again and many have changed; how many of their states had been kept."""
        self.clear()
        self.finish()
        self.press.edition = 2
        crawl = self.start(again=True)
        wanted = random_.randrange(len(self.again[1]))
        while crawl.poll() is None and self.database.versions.estimated_document_count() < wanted:
            time.sleep(0.02)
        time.sleep(random_.uniform(0, 0.5))
        crawl.send_signal(signal.SIGKILL)
        crawl.communicate(timeout=60)
        kept = self.database.versions.estimated_document_count()
        self.finish(again=True)
        self.press.edition = 1
        for wanted_, found in zip(self.again, self.state(), strict=True):
            assert found == wanted_, f"not as undisturbed: {difference(dict(wanted_), dict(found))}"
        self.verify()
        return kept


def versions(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Title and text of every earlier state."""
    return {f"{one['article']} {one['n']}": (one["title"], one["text"]) for one in database.versions.find()}


def articles(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Every article, without what varies from crawl to crawl; of its date the instant and the precision, of its vanishing that."""
    found = {}
    for document in database.articles.find():
        kept = {name: value for name, value in document.items() if name not in VARYING}
        published = document["published"] or {}
        found[document["_id"]] = kept | {
            "published": (published.get("at"), published.get("precision")),
            "gone_at": document["gone_at"] is not None,
        }
    return found


def outcomes(database: Database[dict[str, Any]]) -> dict[str, str]:
    """The outcome of every address."""
    return {document["_id"]: document["outcome"] for document in database.urls.find({}, {"outcome": 1})}


def difference(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """The first few documents that differ."""
    names = [name for name in sorted(wanted.keys() | found.keys()) if wanted.get(name) != found.get(name)]
    told = []
    for name in names[:2]:
        one, other = wanted.get(name), found.get(name)
        if isinstance(one, dict) and isinstance(other, dict):
            fields = [field for field in one.keys() | other.keys() if one.get(field) != other.get(field)]
            one, other = ({field: side.get(field) for field in fields} for side in (one, other))
        told.append(f"{name}: {one} and {other}")
    return f"{len(names)}, such as {'; '.join(told)}"[:2000]


def kill_mongod(stage: Stage, folder: Path, times: int) -> None:
    """SIGKILL mongod several times during one crawl, each time starting it again; the crawl waits and goes on."""
    stage.clear()
    crawl = stage.start()
    for _ in range(times):
        time.sleep(stage.seconds / (times + 1))
        os.kill(json.loads((folder / "server.json").read_text())["pid"], signal.SIGKILL)
        time.sleep(0.5)
        server.ensure(folder)
    output, errors = crawl.communicate(timeout=600)
    assert crawl.returncode in (0, 1), output + errors
    stage.check(articles(stage.database))


def fill_disk(stage: Stage, disk: Path, mend: Callable[[], None]) -> str:
    """Crawl on a disk that fills up, make room, finish; the line with which the crawl stopped."""
    stage.clear()
    crawl = stage.start()
    deadline = time.monotonic() + 60
    while crawl.poll() is None and time.monotonic() < deadline:
        time.sleep(stage.seconds / 20)
        # All that is free but what a page or two take.
        free = shutil.disk_usage(disk).free
        with (disk / "filler").open("ab") as filler:
            filler.write(bytes(max(0, free - 2**14)))
    output, errors = crawl.communicate(timeout=600)
    assert crawl.returncode == 3, f"ended with {crawl.returncode}: {output}{errors}"
    (disk / "filler").unlink()
    mend()
    stage.check(articles(stage.database))
    return next((line for line in errors.splitlines() if "stops" in line or "full" in line), errors)[-160:]


@contextmanager
def tmpfs(folder: Path, megabytes: int) -> Iterator[bool]:
    """A small disk; False where we may not make one."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def main() -> None:
    """Disturb and compare, a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--outlets", nargs="*", default=["--all"])
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    random_ = random.Random(options.seed)  # noqa: S311 - reproducible, not secret
    with tempfile.TemporaryDirectory() as name, running(ca=Path(name) / "ca.pem") as press:
        folder = Path(name)
        # Pages take as long as those of a server that is far away, so that a crawl has moments to be killed at.
        press.misbehave(r"\.html|\.php|/\d+", delay=0.02)
        environment = crawl_environment(press.proxy, press.ca)
        with (
            tmpfs(folder / "mongodb-disk", 400) as small_mongodb,
            tmpfs(folder / "warc-disk", 64) as small_warc,
        ):
            mongodb = folder / "mongodb-disk" / "mongodb"
            uri = server.ensure(mongodb)
            client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(uri))
            try:
                environment |= {"MONGODB_URI": uri, "MONGODB_DATABASE": "soak", "MARSAD_DATA": name}
                environment |= {"MARSAD_WARC": str(folder / "warc-disk" / "warc")}
                stage = Stage(client["soak"], folder / "warc-disk" / "warc", environment, press, tuple(options.outlets))
                stage.undisturbed()
                stage.undisturbed_again()
                _say(f"undisturbed: {len(stage.articles)} articles in {stage.seconds:.1f} s")
                for number in range(1, options.kills + 1):
                    if number % 5 == 0:
                        kept = stage.kill_again(random_)
                        _say(
                            f"kill {number} of {options.kills}: {kept} changed articles were acknowledged, none is lost"
                        )
                        continue
                    kept = stage.kill_at_random(random_)
                    _say(f"kill {number} of {options.kills}: {kept} articles were acknowledged, none is lost")
                kill_mongod(stage, mongodb, 5)
                _say("mongod killed 5 times during a crawl: nothing is lost")
                if small_warc:
                    line = fill_disk(stage, folder / "warc-disk", lambda: None)
                    _say(f"the WARC files' disk full: nothing is lost; it said: {line}")
                if small_mongodb:
                    line = fill_disk(stage, folder / "mongodb-disk", lambda: _revive(mongodb))
                    _say(f"MongoDB's disk full: nothing is lost; it said: {line}")
                if not (small_warc and small_mongodb):
                    _say("the full disks are left out: only root may mount a tmpfs")
            finally:
                client.close()
                server.stop(mongodb)
    _say("all is well")


def _revive(mongodb: Path) -> None:
    server.ensure(mongodb)


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main()
