"""The reading room over an archive of the sample press, served on loopback."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pymongo.database import Database

from archive import mongo, shelf
from sources import registry
from tests.conftest import ROOT, Machine
from web.app import application
from web.visit import Room

HOSTILE, CHANGED, RESERVED, GONE = "ba" * 10, "bb" * 10, "bc" * 10, "bd" * 10
SCRIPT = "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
OVERRIDE = "\u202e\u2066"


@dataclass(slots=True)
class Site:
    """A reading room that answers.

    Attributes:
        port: on 127.0.0.1.
        database: what it shows: the sample press, and four articles that no press would have.
    """

    port: int
    database: Database[dict[str, Any]]

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, HTTPResponse]:
        """Status, text and the answer itself for a path, redirects not followed."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer
        finally:
            connection.close()

    def article(self, title: str) -> dict[str, Any]:
        """The article whose title begins so."""
        found = self.database.articles.find_one({"title": {"$regex": f"^{title}"}, "copy_of": None})
        assert found is not None, title
        return found


@pytest.fixture(scope="session")
def site(crawled: Machine) -> Iterator[Site]:
    """A reading room over a copy of the crawled press, with articles added that are hostile, changed, reserved and gone."""
    client = crawled.database.client
    database = client[f"test_{secrets.token_hex(4)}"]
    mongo.prepare(database)
    kinds = crawled.database.list_collections(filter={"type": "collection"})
    for name in (kind["name"] for kind in kinds if not kind["name"].startswith("system.")):
        crawled.database[name].aggregate([{"$merge": {"into": {"db": database.name, "coll": name}}}])
    _add(database)
    outlets, _ = registry.everything(ROOT / "tests" / "samplepress" / "outlets")
    room = Room(database, {source.name: source for source in outlets}, Path(crawled.warc))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(application(room), log_level="error", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield Site(listening.getsockname()[1], database)
        server.should_exit = True
        thread.join(10)
    client.drop_database(database.name)


def _add(database: Database[dict[str, Any]]) -> None:
    model = database.articles.find_one({"title": {"$regex": "^Comment la DGST a mis la DGSI"}})
    assert model is not None

    def article(name: str, **changes: Any) -> None:
        url = f"https://pharedetroit.example/{name}"
        alone: dict[str, Any] = {
            "story": name,
            "follows": None,
            "through": None,
            "ties": [],
            "copy_of": None,
            "copy_kind": None,
        }
        document = {**model, "_id": name, "url": url, **alone, **changes}
        said = shelf.words_of(document["source"], document["title"], document["text"], document["topic"])
        database.articles.insert_one({**document, "search": shelf.search_field(document, said)})

    article(
        HOSTILE,
        title=SCRIPT + OVERRIDE + "x" * 100_000,
        text=f"{SCRIPT}\n{OVERRIDE}fin\x00\x1b[31m\n" + "ي" * 5_000,
        standfirst=SCRIPT,
        authors=[SCRIPT],
        section=SCRIPT,
        agency=SCRIPT,
        url="javascript:alert(1)//" + HOSTILE,
        published={**model["published"], "raw": SCRIPT, "where": SCRIPT, "method": SCRIPT},
        topic={**model["topic"], "entities": [f"person:{SCRIPT}", *model["topic"]["entities"]]},
    )
    article(CHANGED, version=3, text="Premier paragraphe.\nRabat et Paris ont signé jeudi.\nFin.")
    states = [
        ("Titre d’avant", "Premier paragraphe.\nRabat et Paris ont signé mardi.\nFin."),
        (model["title"], "Premier paragraphe.\nRabat et Paris ont signé mercredi.\nFin."),
    ]
    for n, (title, text) in enumerate(states, 1):
        at = model["version_at"] - timedelta(days=3 - n)
        database.versions.insert_one(
            {"article": CHANGED, "n": n, "title": title, "text": text, "at": at, "capture": None}
        )
    article(RESERVED, restrictions=["noarchive"])
    article(GONE, gone_at=model["version_at"])
