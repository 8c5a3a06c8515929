"""One at a time: for what is derived from many articles at once, by whichever process wrote last."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

# Milliseconds after which the lock of a process that died is free. The longest turn, a batch of a hundred, takes some seconds.
_FREE_AFTER = 20_000
_PAUSE = 0.02
_HOLDER = uuid.uuid4().hex
"""This process: after a lost connection it finds its own lock. Its tasks, several crawls among them, wait for each other here."""
_TASKS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


@asynccontextmanager
async def held(database: AsyncDatabase[dict[str, Any]], name: str) -> AsyncIterator[None]:
    """Wait for a lock of the archive and hold it. By MongoDB's clock, so that machines need not agree on the time.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    own = {"_id": name, "holder": _HOLDER}
    left = {"_id": name, "$expr": {"$lt": ["$until", "$$NOW"]}}
    take = [{"$set": {"holder": _HOLDER, "until": {"$add": ["$$NOW", _FREE_AFTER]}}}]
    tasks = _TASKS.setdefault(asyncio.get_running_loop(), {})
    async with tasks.setdefault(name, asyncio.Lock()):
        while True:
            try:
                await database.locks.update_one(own, take, upsert=True)
                break
            except DuplicateKeyError:
                # Another process has it, or died with it.
                if (await database.locks.update_one(left, take)).matched_count:
                    break
                await asyncio.sleep(_PAUSE)
        try:
            yield
        finally:
            await database.locks.delete_one(own)
