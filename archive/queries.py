"""Questions to the archive by name; each takes a blocking database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from archive.records import Outcome

Document = dict[str, Any]


def find_url(database: Database[Document], canonical: str, address: str) -> Document | None:
    """The ledger's document of an address, under its canonical form or any alias."""
    return database.urls.find_one({"_id": canonical}) or database.urls.find_one(
        {"aliases": {"$in": [address, canonical]}}
    )


def article_at(database: Database[Document], canonical: str, address: str) -> Document | None:
    """The article that an address leads to, under any of its forms."""
    document = find_url(database, canonical, address)
    if document is None or document["article"] is None:
        return None
    return database.articles.find_one({"_id": document["article"]}, {"sketch": 0, "search": 0})


def states_of(database: Database[Document], article: Document) -> list[Document]:
    """Every state of an article, the first to the present one: n, title, text, at, capture."""
    present = {name: article[name] for name in ("title", "text", "capture")}
    present |= {"n": article["version"], "at": article["version_at"]}
    return [*database.versions.find({"article": article["_id"]}).sort("n", 1), present]


def texts_like(database: Database[Document], article: Document) -> list[Document]:
    """The articles that share an article's text, `is` saying how: its "original", those it "reuses", its every "copy"."""
    fields = {"url": 1, "source": 1, "copy_kind": 1, "published.at": 1}
    found = []
    for kind, ids in (("original", [article["copy_of"]]), ("reuses", article["reuses"])):
        found += [other | {"is": kind} for other in database.articles.find({"_id": {"$in": ids}}, fields)]
    copies = database.articles.find({"copy_of": article["_id"]}, fields).sort("published.at", 1)
    return found + [copy | {"is": "copy"} for copy in copies]


def visits_of(database: Database[Document], url: str, limit: int = 10) -> list[Document]:
    """The last attempts at an address, the oldest of them first."""
    return database.visits.find({"url": url}).sort("at", -1).limit(limit).to_list()[::-1]


def stored_and_copies(database: Database[Document], run: ObjectId) -> tuple[int, int]:
    """How many articles a run has added, and how many of them repeat an earlier text as the archive stands now.

    A later arrival may have shown that what was stored first is the copy, so the run's own counters may differ.
    """
    added = {"run": run, "outcome": {"$in": [Outcome.STORED, Outcome.COPY]}}
    urls = database.visits.distinct("url", added)
    ids = database.urls.distinct("article", {"_id": {"$in": urls}})
    copies = database.articles.count_documents({"_id": {"$in": ids}, "copy_of": {"$ne": None}})
    return len(ids) - copies, copies


def progress(
    database: Database[Document], sources: list[str], since: datetime | None, until: datetime | None
) -> list[Document]:
    """How many addresses of each outlet and hour have come how far: documents {"source", "hour", "outcome", "left", "count"}.

    Args:
        sources: outlets' names.
        since, until: aware instants, by what is known of the publication: the date on the page where it was read, that of
            discovery otherwise, and for what nobody dated the moment at which it was discovered.
    Returns:
        `outcome` is None for what waits; `left` is true where a filtered crawl has not fetched it.
    """
    rank = ({"$gte": since} if since else {}) | ({"$lt": until} if until else {})
    left = {"$and": [{"$eq": ["$filter", "left"]}, {"$eq": ["$attempts", 0]}, {"$eq": ["$article", None]}]}
    key = {
        "source": "$source",
        "hour": {"$dateTrunc": {"date": "$rank", "unit": "hour"}},
        "outcome": "$outcome",
        "left": left,
    }
    steps: list[Document] = [
        {"$match": {"source": {"$in": sources}, **({"rank": rank} if rank else {})}},
        {"$group": {"_id": key, "count": {"$sum": 1}}},
    ]
    return [{**found["_id"], "count": found["count"]} for found in database.urls.aggregate(steps)]


def gaps(
    database: Database[Document], sources: list[str], since: datetime | None, until: datetime | None
) -> list[Document]:
    """The gaps of feeds that touch a span, oldest first: as in `runs.gaps`, with "source"; of one feed's gap that several
    crawls have met, the last word."""
    found: dict[tuple[str, datetime], Document] = {}
    for run in database.runs.find({"source": {"$in": sources}, "gaps.0": {"$exists": True}}).sort("started", 1):
        for gap in run["gaps"]:
            if (until is None or gap["since"] < until) and (since is None or gap["until"] > since):
                found[gap["feed"], gap["since"]] = {**gap, "source": run["source"]}
    return sorted(found.values(), key=lambda gap: gap["since"])


def filter_loss(database: Database[Document], source: str) -> tuple[int, int, int]:
    """What the filter of an outlet's crawls has left unfetched, how many of those like it were fetched all the same, and how
    many of these turned out to be about the topic."""
    left = database.urls.count_documents({"source": source, "filter": "left", "attempts": 0, "article": None})
    sample = {"source": source, "filter": "sample", "outcome": {"$ne": None}}
    relevant = {**sample, "outcome": {"$in": [Outcome.STORED, Outcome.COPY]}}
    return left, database.urls.count_documents(sample), database.urls.count_documents(relevant)


def waiting(database: Database[Document], source: str) -> int:
    """How many addresses of an outlet wait for a first visit, or for one that has come due."""
    due = [{"outcome": None, "next_at": None}, {"next_at": {"$lte": datetime.now(UTC)}}]
    return database.urls.count_documents({"source": source, "$or": due})


def last_runs(database: Database[Document], sources: list[str], last: int) -> list[Document]:
    """The last runs, newest first.

    Args:
        sources: of these outlets; of all where it is empty.
        last: how many.
    """
    # Runs of archives older than this contract tell too little.
    query: Document = {"seen": {"$exists": True}} | ({"source": {"$in": sources}} if sources else {})
    return database.runs.find(query).sort("started", -1).limit(last).to_list()


def runs_since(database: Database[Document], since: datetime, sources: list[str]) -> tuple[int, int]:
    """How many outlets were crawled since an instant, and in how many runs."""
    query: Document = {"kind": "crawl", "started": {"$gte": since}} | ({"source": {"$in": sources}} if sources else {})
    return len(database.runs.distinct("source", query)), database.runs.count_documents(query)
