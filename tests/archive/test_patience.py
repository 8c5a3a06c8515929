"""Waiting for a MongoDB that went away, with real servers that answer, refuse and come back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pymongo import AsyncMongoClient, InsertOne
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from archive.patience import StorageLost, patiently

PASSING: list[PyMongoError] = [
    AutoReconnect("connection closed"),
    ServerSelectionTimeoutError("no servers found yet"),
    NotPrimaryError("not primary"),
    WaitQueueTimeoutError("no free connection"),
    OperationFailure("interrupted at shutdown", 11600),
    OperationFailure("node is recovering", 13436),
    OperationFailure("some new code", 99999, {"errorLabels": ["RetryableWriteError"]}),
    BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 91, "errmsg": "shutdown in progress"}]}),
]
LASTING: list[PyMongoError] = [
    OperationFailure("not authorized", 13),
    OperationFailure("out of disk space", 14031),
    DuplicateKeyError("E11000"),
    BulkWriteError({"writeErrors": [{"code": 11000, "errmsg": "duplicate"}, {"code": 91}], "writeConcernErrors": []}),
    BulkWriteError({"writeErrors": [{"code": 121, "errmsg": "failed validation"}], "writeConcernErrors": []}),
]


def failing(errors: list[PyMongoError]) -> Callable[[], Awaitable[str]]:
    """An operation that meets some errors, one at each attempt, and then succeeds."""
    left = list(errors)

    async def operation() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return operation


@pytest.mark.parametrize("error", PASSING, ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', '')}")
def test_an_outage_that_ends_costs_time_only(error: PyMongoError) -> None:
    told: list[bool] = []
    assert asyncio.run(patiently(failing([error, error]), 10, waiting=told.append)) == "done"
    assert told == [True, False]


@pytest.mark.parametrize("error", LASTING, ids=lambda error: f"{type(error).__name__} {error.code}")
def test_a_refusal_is_no_outage(error: PyMongoError) -> None:
    told: list[bool] = []
    with pytest.raises(StorageLost, match=r"^MongoDB: "):
        asyncio.run(patiently(failing([error]), 60, waiting=told.append))
    assert told == []


def test_a_refusal_after_an_outage_ends_the_waiting_too() -> None:
    told: list[bool] = []
    with pytest.raises(StorageLost):
        asyncio.run(patiently(failing([PASSING[0], LASTING[0]]), 60, waiting=told.append))
    assert told == [True, False]


def test_a_fault_of_ours_is_not_taken_for_the_servers() -> None:
    async def operation() -> None:
        raise TypeError("ours")

    with pytest.raises(TypeError, match="ours"):
        asyncio.run(patiently(operation, 60))


def test_who_gives_up_waiting_is_told_of_its_end() -> None:
    told: list[bool] = []

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(patiently(failing([PASSING[0]] * 100), 60, waiting=told.append), 0.5)

    asyncio.run(give_up())
    assert told == [True, False]


def test_success_at_once_says_nothing() -> None:
    told: list[bool] = []
    assert asyncio.run(patiently(failing([]), 0, waiting=told.append)) == "done"
    assert told == []


def test_a_server_that_stays_away_ends_the_crawl() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        async def ask() -> None:
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
                "127.0.0.1", port, serverSelectionTimeoutMS=100, directConnection=True
            )
            try:
                await patiently(lambda: client.admin.command("ping"), 1)
            finally:
                await client.close()

        with pytest.raises(StorageLost, match="Connect call failed"):
            asyncio.run(ask())


def test_a_server_that_comes_back_gets_every_write_once(database: Database[dict[str, Any]]) -> None:
    """A relay stands for the server: it refuses, cuts connections in the middle of an answer, and at last behaves."""
    host, port = next(iter(database.client.nodes))
    cuts = 3

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal cuts
        inner, outer = await asyncio.open_connection(host, port)

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, requests: bool) -> None:
            nonlocal cuts
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    if requests and b"bulk" in data and cuts:
                        cuts -= 1
                        break
                    target.write(data)
                    await target.drain()
            target.close()
            writer.close()

        await asyncio.gather(pump(reader, outer, True), pump(inner, writer, False))

    async def write() -> None:
        server = await asyncio.start_server(relay, "127.0.0.1", 0)
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            "127.0.0.1",
            server.sockets[0].getsockname()[1],
            directConnection=True,
            retryWrites=False,
            serverSelectionTimeoutMS=1000,
        )
        collection = client[database.name].bulk

        async def operation() -> int:
            await collection.delete_many({})
            done = await collection.bulk_write([InsertOne({"_id": number}) for number in range(100)])
            return done.inserted_count

        told: list[bool] = []
        assert await patiently(operation, 30, waiting=told.append) == 100
        assert told == [True, False]
        await client.close()
        server.close()

    asyncio.run(write())
    assert database.bulk.count_documents({}) == 100
    assert cuts == 0
