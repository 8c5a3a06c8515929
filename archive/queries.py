"""Questions to the archive by name; each takes a blocking database. docs/cookbook.md has their pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from archive import views
from archive.records import Outcome

Document = dict[str, Any]

_TWIN = dict.fromkeys(("url", "source", "lang", "title", "published", "first_seen", "story"), 1)
_TWINS = 4


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
    # A crawl that died may have kept a state and not replaced it.
    earlier = {"article": article["_id"], "n": {"$lt": article["version"]}}
    # What states are searched by is longer than their text, and nothing to be read.
    return [*database.versions.find(earlier, {"search": 0}).sort("n", 1), present]


def texts_like(database: Database[Document], article: Document) -> list[Document]:
    """The articles that share an article's text, `is` saying how: its "original", those it "reuses", its every "copy"."""
    fields = {"url": 1, "source": 1, "copy_kind": 1, "published.at": 1}
    found = []
    for kind, ids in (("original", [article["copy_of"]]), ("reuses", article["reuses"])):
        found += [other | {"is": kind} for other in database.articles.find({"_id": {"$in": ids}}, fields)]
    copies = database.articles.find({"copy_of": article["_id"]}, fields).sort("published.at", 1)
    return found + [copy | {"is": "copy"} for copy in copies]


def twins(database: Database[Document], articles: list[Document]) -> dict[str, list[Document]]:
    """What tells the same as each article in another language: those that its page names, then originals of its story.

    Returns:
        Article's `_id` → at most four documents: url, source, lang, title, published, and `twin`, whether a page itself names
        the other as its translation.
    """
    stories = sorted({article["story"] for article in articles if article["story"]})
    addresses = sorted({url for article in articles for url in article["twins"].values()})
    query = {"$or": [{"story": {"$in": stories}, "copy_of": None}, {"url": {"$in": addresses}}]}
    others = list(database.articles.find(query, _TWIN))
    found: dict[str, list[Document]] = {}
    for article in articles:
        own = [
            {**other, "twin": other["url"] in article["twins"].values()}
            for other in others
            if other["lang"] != article["lang"]
            and (other["url"] in article["twins"].values() or (other["story"] and other["story"] == article["story"]))
        ]
        own.sort(key=lambda other: (not other["twin"], _instant(other), other["_id"]))
        found[article["_id"]] = own[:_TWINS]
    return found


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


def who_broke(database: Database[Document], story: str) -> Document | None:
    """Who broke a story, and how far it went: a document of the view `scoops`; None where there is no such story.

    Args:
        story: its `_id`.
    """
    return next(iter(_run(database, views.SCOOPS, {"story": story})), None)


def scoops(
    database: Database[Document], since: datetime | None = None, until: datetime | None = None, *, outlets: int = 2
) -> list[Document]:
    """The stories whose articles lie in a span and that at least some outlets told, the newest first: the view `scoops`.

    Of a story that began before the span, the first report within it is the first.
    """
    found = _run(database, views.SCOOPS, _published(since, until))
    return [story for story in found if len(story["outlets"]) >= outlets]


def spread(database: Database[Document], article: str) -> Document | None:
    """Who else ran a text, and how many hours later: a document of the view `wires`; None where nobody did.

    Args:
        article: `_id` of the first report of that text, or of a copy.
    """
    known = database.articles.find_one({"_id": article}, {"copy_of": 1})
    first = known["copy_of"] or article if known else article
    return next(iter(_run(database, views.WIRES, {"copy_of": first})), None)


def coverage_by_week(
    database: Database[Document],
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    sources: Sequence[str] = (),
    entities: Sequence[str] = (),
) -> list[Document]:
    """How many articles each outlet published in each week and language: documents of the view `weeks`.

    Args:
        sources: outlets' names; all where empty.
        entities: identifiers of the lexicon, all of which an article must have.
    """
    query = _published(since, until)
    if sources:
        query["source"] = {"$in": list(sources)}
    if entities:
        query["topic.entities"] = {"$all": list(entities)}
    return _run(database, views.WEEKS, query)


def entities_over_time(
    database: Database[Document],
    entities: Sequence[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Document]:
    """How often some entities are named in each month and language: documents of the view `names`."""
    query = _published(since, until) | {"topic.entities": {"$in": list(entities)}}
    return [found for found in _run(database, views.NAMES, query) if found["entity"] in entities]


def edits(
    database: Database[Document], since: datetime | None = None, until: datetime | None = None, *, source: str = ""
) -> list[Document]:
    """The changes that were seen in a span, the newest first: documents of the view `edits`."""
    span = _span(since, until)
    after = {"changed": span} if span else {}
    return list(database.edits.find(after | ({"source": source} if source else {})))


def vanished(
    database: Database[Document], since: datetime | None = None, until: datetime | None = None, *, source: str = ""
) -> list[Document]:
    """What was found to have vanished in a span, the newest first: documents of the view `vanished`."""
    span = _span(since, until)
    query: Document = {"gone_at": span} if span else {}
    return _run(database, views.VANISHED, query | ({"source": source} if source else {}))


def _run(database: Database[Document], view: views.View, query: Document) -> list[Document]:
    """A view's documents of the articles that a query chooses."""
    return list(database[view.on].aggregate([{"$match": query}, *view.steps]))


def _published(since: datetime | None, until: datetime | None) -> Document:
    span = _span(since, until)
    return {"published.at": span} if span else {}


def _span(since: datetime | None, until: datetime | None) -> Document:
    return ({"$gte": since} if since else {}) | ({"$lt": until} if until else {})


def _instant(article: Document) -> datetime:
    at: datetime = article["published"]["at"] if article["published"] else article["first_seen"]
    return at
