"""What is written of an article, by one process or by two at once: nothing overwrites what was not read, nothing is mistaken."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from archive import mongo, queries, verdicts, withdrawal, writer
from archive.lease import LeaseLost
from archive.records import Page
from archive.writer import Entry
from pipelines import decide, store
from pipelines.read import read
from sources.model import Source, load
from sources.urls import canonicalize
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


def led(outlet: Source, hours: int, asked: str, answered: str, *added: str) -> Entry:
    """An address asked for that led to another one, decided as the crawl does."""
    at = START + timedelta(hours=hours)
    body = html("Le pain est de retour", *BREAD, *added)
    page = Page(asked, answered, asked, outlet.name, at, 200, {"content-type": "text/html; charset=utf-8"}, body)
    reading = read(page, outlet, at)
    page.article, page.outcome, page.body = reading.article, reading.outcome, b""
    return decide.identity(page, outlet)


def test_an_article_whose_address_leads_to_another_one_is_gone_and_stays_itself(
    database: Database[dict[str, Any]], mongodb_uri: str, outlet: Source
) -> None:
    old, new = "https://banc.example/1.html", "https://banc.example/2.html"

    async def scene() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(mongodb_uri))
        for entry in (
            led(outlet, 0, old, old),
            led(outlet, 1, new, new, "Une suite."),
            led(outlet, 2, old, new, "Une suite."),
        ):
            await store.write(client[database.name], [entry], MADE_BY, ObjectId(), None)
        await client.close()

    asyncio.run(scene())
    first, second = database.articles.find().sort("first_seen", 1)
    assert (first["url"], first["gone_at"]) == (old, START + timedelta(hours=2))
    assert (second["url"], second["gone_at"], second["version"]) == (new, None, 1)
    for url, article in ((old, first), (new, second)):
        found = queries.article_at(database, url, url)
        assert found is not None
        assert found["_id"] == article["_id"], url
    asked = database.urls.find_one({"_id": old})
    assert asked is not None
    assert (asked["outcome"], asked["detail"]) == ("gone", f"leads to {new}")


def test_translations_are_known_under_the_addresses_of_the_archive(outlet: Source) -> None:
    entry = led(outlet, 0, URL, URL)
    assert entry.page.article is not None
    entry.page.article.twins = {
        "ar": "http://www.banc.example/ar/%d8%ae%d8%a8%d8%b2/?utm_source=x#haut",
        "en": "https://[",
    }
    again = decide.identity(entry.page, outlet)
    assert again.page.article is not None
    assert again.page.article.twins == {"ar": canonicalize("https://banc.example/ar/خبز")}
    assert again.page.article.twins["ar"] in again.page.article.story_keys


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


def test_a_page_that_says_the_same_takes_nothing_back_that_was_derived_meanwhile(
    database: Database[dict[str, Any]], mongodb_uri: str, monkeypatch: pytest.MonkeyPatch, outlet: Source
) -> None:
    replace = writer._replace
    derived = {"story": "another", "follows": "another", "ties": [{"with": "another", "score": 0.5, "why": []}]}

    async def scene() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(mongodb_uri))
        archive = client[database.name]
        await store.write(archive, [state(outlet, 0)], MADE_BY, ObjectId(), None)

        async def after_another(*arguments: Any) -> dict[str, str]:
            await archive.articles.update_one({}, {"$set": derived})
            return await replace(*arguments)

        monkeypatch.setattr(writer, "_replace", after_another)
        await store.write(archive, [state(outlet, 5)], MADE_BY, ObjectId(), None)
        await client.close()

    asyncio.run(scene())
    (stored,) = database.articles.find()
    assert {name: stored[name] for name in derived} == derived
    assert stored["last_checked"] == START + timedelta(hours=5)


@pytest.mark.parametrize(
    "moment", ["a crawl died before its ledger", "the article is being stored", "it is stored just before the verdict"]
)
@pytest.mark.parametrize("verdict", ["withdrawn", "off topic"])
def test_what_a_person_takes_out_is_out_though_the_ledger_does_not_know_it_yet(
    database: Database[dict[str, Any]],
    mongodb_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    outlet: Source,
    tmp_path: Path,
    moment: str,
    verdict: str,
) -> None:
    def take_out() -> None:
        who: Any = {"by": "the desk", "reason": "a court", "at": START}
        if verdict == "withdrawn":
            withdrawal.withdraw(database, tmp_path, URL, URL, **who)
        else:
            verdicts.record(database, URL, URL, relevant=False, **who)
            verdicts.expel(database, URL)

    async def scene(entry: Entry) -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(mongodb_uri))
        try:
            await store.write(client[database.name], [entry], MADE_BY, ObjectId(), None)
        finally:
            await client.close()

    replace = writer._replace

    async def beside(*arguments: Any) -> dict[str, str]:
        if moment == "the article is being stored":
            # What it finds is not there yet, and is written right after.
            take_out()
        return await replace(*arguments)

    async def die(*_: Any) -> None:
        raise ConnectionError

    def stored_before(name: str) -> None:
        write = getattr(Collection, name)

        def written(collection: Any, *arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(Collection, name, write)
            with pytest.raises(ConnectionError):
                asyncio.run(scene(state(outlet, 0)))
            return write(collection, *arguments, **options)

        monkeypatch.setattr(Collection, name, written)

    monkeypatch.setattr(writer, "_replace", beside)
    if moment == "it is stored just before the verdict":
        monkeypatch.setattr(writer, "write_ledger", die)
        stored_before("replace_one" if verdict == "withdrawn" else "insert_one")
        take_out()
    elif moment == "a crawl died before its ledger":
        monkeypatch.setattr(writer, "write_ledger", die)
        with pytest.raises(ConnectionError):
            asyncio.run(scene(state(outlet, 0)))
        take_out()
    else:
        asyncio.run(scene(state(outlet, 0)))
    monkeypatch.undo()
    assert list(database.articles.find()) == []
    asyncio.run(scene(state(outlet, 5, "Une suite.")))
    assert list(database.articles.find()) == []
    known = database.urls.find_one({"_id": URL})
    assert known is not None
    assert (known["outcome"], known["article"]) == (verdict.replace(" ", "_"), None)
