"""What is a copy of what depends on the articles alone, not on the order or the company in which they came."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database

from archive import mongo
from pipelines import copies, nominate
from pipelines.identity import Comparison, compare, sketch, text_hash
from tests.pipelines.test_identity import ARABIC, FRENCH, OTHER_ARABIC, OTHER_FRENCH, edited, text

DAY = datetime(2024, 5, 1, tzinfo=UTC)
DERIVED = {"copy_of": 1, "copy_kind": 1, "reuses": 1}


async def compared(earlier: str, later: str) -> Comparison:
    return compare(earlier, later)


def article(name: str, body: str, hours: float | None) -> dict[str, Any]:
    """What `derive` needs of an article; hours after DAY, None where it is undated."""
    published = None if hours is None else {"at": DAY + timedelta(hours=hours)}
    return {
        "_id": name,
        "url": f"https://press.example/{name}",
        "text": body,
        "version": 1,
        "text_hash": text_hash(body),
        "sketch": sketch(body),
        "published": published,
        "first_seen": DAY + timedelta(days=30),
        "copy_of": None,
        "copy_kind": None,
        "reuses": [],
    }


def some_articles() -> list[dict[str, Any]]:
    found = []
    for language, news, other in (("fr", FRENCH, OTHER_FRENCH), ("ar", ARABIC, OTHER_ARABIC)):
        told = text(news)
        found += [
            article(f"{language}-agency", told, 0),
            article(f"{language}-same", told, 3),
            article(f"{language}-same-minute", told, 3),
            article(f"{language}-undated", told, None),
            article(f"{language}-edited", edited(told, 10), 1),
            article(f"{language}-cut", text(news[:4]), 2),
            article(f"{language}-cut-again", text(news[:3]), 5),
            article(f"{language}-follow-up", text(other[:5] + news), 8),
            article(f"{language}-copy-of-follow-up", text(other[:5] + news), 9),
            article(f"{language}-other", text(other), 4),
        ]
    return found


@pytest.fixture
def archive(database: Database[dict[str, Any]], mongodb_uri: str) -> Callable[..., Any]:
    """Runs a coroutine function on the empty archive, its validators lifted: articles hold what is needed here only."""
    database.command("collMod", "articles", validator={})

    def run(work: Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with AsyncMongoClient(**mongo.client_options(mongodb_uri)) as client:
                return await work(client[database.name])

        return asyncio.run(connected())

    return run


async def derived(database: AsyncDatabase[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document async for document in database.articles.find({}, DERIVED)}


async def arrive(database: AsyncDatabase[dict[str, Any]], batches: list[list[dict[str, Any]]]) -> dict[str, Any]:
    await database.articles.delete_many({})
    for batch in batches:
        await database.articles.insert_many([dict(document) for document in batch])
        await copies.derive(database, [document["_id"] for document in batch], compared)
    return await derived(database)


def test_any_order_and_any_batches_give_the_same_copies(archive: Callable[..., Any]) -> None:
    articles = some_articles()
    rng = random.Random(6)

    async def work(database: AsyncDatabase[dict[str, Any]]) -> None:
        first = await arrive(database, [articles])
        assert first["fr-agency"]["copy_of"] is None
        assert {first[f"ar-{name}"]["copy_of"] for name in ("same", "same-minute", "undated", "edited", "cut")} == {
            "ar-agency"
        }
        assert first["fr-cut"]["copy_kind"] == "shortened"
        assert first["fr-follow-up"] | {"reuses": []} == first["fr-other"] | {"_id": "fr-follow-up"}
        assert "fr-agency" in first["fr-follow-up"]["reuses"]
        assert first["fr-copy-of-follow-up"]["copy_of"] == "fr-follow-up"
        for size in (1, 1, 3, 7):
            order = rng.sample(articles, len(articles))
            batches = [order[start : start + size] for start in range(0, len(order), size)]
            assert await arrive(database, batches) == first

    archive(work)


def test_articles_that_arrive_in_several_crawls_at_once_converge(archive: Callable[..., Any]) -> None:
    articles = some_articles()

    async def work(database: AsyncDatabase[dict[str, Any]]) -> None:
        alone = await arrive(database, [articles])
        await database.articles.delete_many({})

        async def crawl(own: list[dict[str, Any]]) -> None:
            for document in own:
                await database.articles.insert_one(dict(document))
                await copies.derive(database, [document["_id"]], compared)

        shuffled = random.Random(3).sample(articles, len(articles))
        await asyncio.gather(*(crawl(shuffled[start::5]) for start in range(5)))
        assert await derived(database) == alone

    archive(work)


def test_a_text_that_changes_leaves_its_copies_and_they_find_another_original(archive: Callable[..., Any]) -> None:
    async def work(database: AsyncDatabase[dict[str, Any]]) -> None:
        await arrive(database, [some_articles()])
        changed = article("fr-agency", text(OTHER_FRENCH[5:] + OTHER_FRENCH[:2]), 0)
        await database.articles.replace_one({"_id": "fr-agency"}, changed | {"copy_of": None})
        await copies.derive(database, ["fr-agency"], compared)
        found = await derived(database)
        assert found["fr-edited"]["copy_of"] is None
        assert {found[f"fr-{name}"]["copy_of"] for name in ("same", "same-minute", "undated")} == {"fr-edited"}
        everything = await database.articles.find().to_list()
        again = await arrive(
            database, [[document | dict.fromkeys(DERIVED) | {"reuses": []} for document in everything]]
        )
        assert found == again

    archive(work)


def test_phrases_of_the_trade_nominate_nobody_and_hide_no_copy(
    archive: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nominate, "COMMON", 5)
    monkeypatch.setattr(nominate, "_LOOKS", (10, 20, 100))
    phrase = " ".join(FRENCH[8:])
    rng = random.Random(5)

    def padded() -> str:
        return " ".join(f"mot{rng.randrange(10**6)}" for _ in range(200)) + f" {phrase}"

    crowd = [article(f"crowd-{number:03}", padded(), number) for number in range(40)]
    told = text(FRENCH)

    async def work(database: AsyncDatabase[dict[str, Any]]) -> None:
        await arrive(database, [crowd])
        await database.articles.insert_many([article("agency", told, 0), article("edited", edited(told, 10), 1)])
        new = await database.articles.find({"_id": {"$in": ["agency", "edited"]}}, nominate.FIELDS).to_list()
        found = await nominate.nominate(database, new)
        assert [one["_id"] for one in found["edited"]] == ["agency"]
        await copies.derive(database, ["agency", "edited"], compared)
        assert (await derived(database))["edited"]["copy_of"] == "agency"

    archive(work)


@pytest.mark.parametrize("change", ["another text", "gone"])
def test_an_original_that_changes_while_it_is_compared_is_looked_at_again(
    archive: Callable[..., Any], change: str
) -> None:
    told = text(FRENCH)

    async def work(database: AsyncDatabase[dict[str, Any]]) -> None:
        await database.articles.insert_many([article("agency", told, 0), article("edited", edited(told, 10), 1)])

        async def meanwhile(earlier: str, later: str) -> Comparison:
            if change == "gone":
                await database.articles.delete_one({"_id": "agency"})
            else:
                other = article("agency", text(OTHER_FRENCH), 0) | {"version": 2}
                await database.articles.replace_one({"_id": "agency"}, other)
            return compare(earlier, later)

        await copies.derive(database, ["edited"], meanwhile)
        assert (await derived(database))["edited"]["copy_of"] is None

    archive(work)
