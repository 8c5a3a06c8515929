"""One process at a time, and none for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.database import Database

from archive import lock, mongo


@pytest.mark.parametrize(("left", "waits"), [(timedelta(hours=1), True), (timedelta(hours=-1), False)])
def test_a_lock_is_waited_for_while_its_holder_lives(
    database: Database[dict[str, Any]], mongodb_uri: str, left: timedelta, waits: bool
) -> None:
    database.locks.insert_one({"_id": "stories", "holder": "another", "until": datetime.now(UTC) + left})

    async def take() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(mongodb_uri))
        try:
            async with asyncio.timeout(1 if waits else 30), lock.held(client[database.name], "stories"):
                taken = database.locks.find_one()
                assert taken is not None
                assert taken["holder"] != "another"
        finally:
            await client.close()

    if waits:
        with pytest.raises(TimeoutError):
            asyncio.run(take())
        assert database.locks.count_documents({"holder": "another"}) == 1
    else:
        asyncio.run(take())
        assert database.locks.count_documents({}) == 0
