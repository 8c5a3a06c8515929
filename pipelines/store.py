"""One batch of decided pages into MongoDB: articles, what derives from them, and the ledger, in the order that makes
every interruption harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bson import ObjectId

from archive import ledger, writer
from pipelines.copies import Compare
from pipelines.derived import rederive


async def write(
    database: ledger.Database,
    entries: list[writer.Entry],
    made_by: dict[str, str],
    run: ObjectId,
    compare_texts: Compare | None,
    *,
    ages: Sequence[timedelta] = (),
) -> None:
    """Write a batch and settle the outcome of each page. It may be written again after a lost connection.

    Args:
        made_by: versions of code and lexicon.
        run: the run that the attempts belong to.
        compare_texts: `identity.compare`, awaited; None leaves copies to be derived later.
        ages: since its publication, at which an article is visited again.
    Raises:
        pymongo.errors.PyMongoError: the server was lost, or refuses a document of the ledger.
    """
    await writer.identify(database, entries)
    await writer.write_articles(database, entries, made_by)
    if compare_texts is not None:
        changed = [entry.article_id for entry in entries if entry.derive and not entry.error]
        await rederive(database, changed, compare_texts)
    await writer.write_ledger(database, entries, run, ages)
