"""One batch of decided pages into MongoDB: articles, what derives from them, and the ledger, in the order that makes
every interruption harmless."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from bson import ObjectId

from archive import ledger, writer
from pipelines.copies import Compare
from pipelines.derived import rederive

_ATTEMPTS = 5


async def write(
    database: ledger.Database,
    entries: list[writer.Entry],
    made_by: dict[str, str],
    run: ObjectId,
    compare_texts: Compare | None,
    *,
    ages: Sequence[timedelta] = (),
    check: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Write a batch and settle the outcome of each page. It may be written again after a lost connection.

    Args:
        made_by: versions of code and lexicon.
        run: the run that the attempts belong to.
        compare_texts: `identity.compare`, awaited; None leaves copies to be derived later.
        ages: since its publication, at which an article is visited again.
        check: raises where the outlet is another crawl's by now; asked where another process wrote
            the same articles, and before the ledger is written.
    Raises:
        archive.writer.Overtaken: articles are written by another process again and again.
        pymongo.errors.PyMongoError: the server was lost, or refuses a document of the ledger.
    """
    for attempt in range(_ATTEMPTS):
        if check is not None and attempt:
            await check()
        await writer.identify(database, entries)
        try:
            await writer.write_articles(database, entries, made_by)
            break
        except writer.Overtaken:
            if attempt == _ATTEMPTS - 1:
                raise
    if compare_texts is not None:
        changed = [entry.article_id for entry in entries if entry.derive and not entry.error]
        await rederive(database, changed, compare_texts)
    if check is not None:
        await check()
    await writer.bar(database, entries)
    await writer.write_ledger(database, entries, run, ages)
