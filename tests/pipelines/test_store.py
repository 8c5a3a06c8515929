"""Two processes write one article at once: neither overwrites what it has not read."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.database import Database

from archive import mongo, writer
from archive.lease import LeaseLost
from archive.records import Page
from archive.writer import Entry
from pipelines import store
from pipelines.read import read
from sources.model import Source, load
from tests.pipelines.test_rebuild import BREAD, MADE_BY, OUTLET, START, html

URL = "https://banc.example/1.html"


@pytest.fixture
def outlet(tmp_path: Path) -> Source:
    path = tmp_path / "banc.toml"
    path.write_text(f'{OUTLET}topic = "all"\n', encoding="utf-8")
    return load(path)


def state(outlet: Source, hours: int, *added: str) -> Entry:
    """The page as it stood some hours later, read."""
    at = START + timedelta(hours=hours)
    body = html("Le pain est de retour", *BREAD, *added)
    page = Page(URL, URL, URL, outlet.name, at, 200, {"content-type": "text/html; charset=utf-8"}, body)
    reading = read(page, outlet, at)
    page.article, page.outcome, page.body = reading.article, reading.outcome, b""
    return Entry(page, URL, addresses=[URL])


@pytest.mark.parametrize("is_held", [False, True], ids=["lease lost", "lease held"])
def test_a_crawl_that_slept_overwrites_nothing_of_another(
    database: Database[dict[str, Any]], mongodb_uri: str, monkeypatch: pytest.MonkeyPatch, outlet: Source, is_held: bool
) -> None:
    first, late, soon = state(outlet, 0), state(outlet, 1, "Une heure plus tard."), state(outlet, 2, "Deux heures.")
    replace = writer._replace

    async def lease() -> None:
        if not is_held:
            raise LeaseLost("another crawl has taken the outlet over")

    async def scene() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(mongodb_uri))
        archive = client[database.name]
        await store.write(archive, [first], MADE_BY, ObjectId(), None)

        async def asleep(*arguments: Any) -> dict[str, str]:
            monkeypatch.setattr(writer, "_replace", replace)
            await store.write(archive, [soon], MADE_BY, ObjectId(), None)
            return await replace(*arguments)

        monkeypatch.setattr(writer, "_replace", asleep)
        try:
            await store.write(archive, [late], MADE_BY, ObjectId(), None, check=lease)
        finally:
            await client.close()

    if is_held:
        asyncio.run(scene())
    else:
        with pytest.raises(LeaseLost):
            asyncio.run(scene())
    (stored,) = database.articles.find()
    earlier = [version["text"] for version in database.versions.find().sort("n", 1)]
    texts = [one.page.article.text for one in (first, soon, late) if one.page.article]
    assert [*earlier, stored["text"]] == (texts if is_held else texts[:2])
