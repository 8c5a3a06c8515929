"""What is derived after the write, in its order: copies first, then stories, which fold them."""

from __future__ import annotations

from collections.abc import Iterable

from archive.lock import held
from pipelines import copies, stories
from pipelines.copies import Compare, Database


async def rederive(database: Database, ids: Iterable[str], compare_texts: Compare) -> set[str]:
    """Settle everything that articles say of each other, after some were written, changed or removed.

    Args:
        database: with the articles written or removed.
        ids: of these articles; removed ones too.
        compare_texts: `identity.compare`, awaited.
    Returns:
        The `_id`s of the articles whose `copy_of`, `copy_kind` or `reuses` were set.
    """
    changed = set(ids)
    settled = await copies.derive(database, changed, compare_texts)
    if not changed | settled:
        return settled
    # What several crawls read and set at once would not be one story.
    async with held(database, "stories"):
        await stories.derive(database, changed | settled)
    return settled
