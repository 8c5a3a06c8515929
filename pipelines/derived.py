"""What is derived after the write, in its order: copies first, then stories, which fold them."""

from __future__ import annotations

from collections.abc import Iterable

from archive.lock import held
from pipelines import copies, stories
from pipelines.copies import Compare, Database

_AT_ONCE, _ROUNDS = 100, 10


async def rederive(
    database: Database, ids: Iterable[str], compare_texts: Compare, *, interrupted: bool = False
) -> set[str]:
    """Settle everything that articles say of each other, after some were written, changed or removed.

    Args:
        database: with the articles written or removed.
        ids: of these articles; removed ones too.
        compare_texts: `identity.compare`, awaited.
        interrupted: as `copies.derive` has it.
    Returns:
        The `_id`s of the articles whose `copy_of`, `copy_kind` or `reuses` were set.
    """
    changed = set(ids)
    settled = await copies.derive(database, changed, compare_texts, interrupted=interrupted)
    if not changed | settled:
        return settled
    # What several crawls read and set at once would not be one story.
    async with held(database, "stories"):
        await stories.derive(database, changed | settled)
    return settled


async def finish(database: Database, compare_texts: Compare) -> int:
    """Derive what a process that died has written and not derived: `story` is null till then.

    What other processes are about to derive may be among it, and is derived twice to the same end.

    Returns:
        How many articles were found; no more than 1,000 at a time, the rest by the next call.
    """
    left: set[str] = set()
    async with held(database, "unfinished"):
        for _ in range(_ROUNDS):
            query = {"story": None, "_id": {"$nin": sorted(left)}}
            found = {one["_id"] async for one in database.articles.find(query, {"_id": 1}).limit(_AT_ONCE)}
            if not found:
                break
            settled = await copies.derive(database, found, compare_texts, interrupted=True)
            async with held(database, "stories"):
                await stories.derive(database, found | settled)
            left |= found
    return len(left)
