"""What a page turned out to be, and the way to the worker that finds out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archive.records import Article, Outcome, Page
from sources.model import Source


@dataclass(slots=True)
class Reading:
    """What a page turned out to be: an article, or the outcome that says why not.

    Attributes:
        article: with everything that the page alone can say; None where there is none.
        outcome: None where there is an article.
        detail: the reason in words.
    """

    article: Article | None = None
    outcome: Outcome | None = None
    detail: str = ""


def read(page: Page, source: Source, now: datetime) -> Reading:
    """`pipelines.read.read`, for a worker: the process that sends pages there never loads what reading takes (measured: half
    a second and 60 MB)."""
    from pipelines.read import read as read_here

    return read_here(page, source, now)
