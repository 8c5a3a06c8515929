"""CDXJ: a sorted index beside each WARC file, for pywb and other replay tools."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def write_all(folder: Path) -> Iterator[Path]:
    """Write NAME.cdxj beside each finished NAME.warc.gz that has none, or an older one; the path of each that is written.

    Raises:
        OSError: one cannot be written.
    """
    for warc in sorted(folder.rglob("*.warc.gz")):
        index = warc.with_name(warc.name.removesuffix(".warc.gz") + ".cdxj")
        if not index.exists() or index.stat().st_mtime < warc.stat().st_mtime:
            write(warc, index)
            yield index


def write(warc: Path, index: Path) -> None:
    """Index the responses and revisits of a WARC file; it appears whole or not at all."""
    # Imported here: it costs a third of a second, which every command would pay.
    from cdxj_indexer.main import CDXJIndexer

    made = index.with_name(index.name + ".new")
    CDXJIndexer(str(made), [str(warc)], sort=True, records="response,revisit").process_all()
    os.replace(made, index)
