"""One story of the archive, as its readers want it: who told it first, how the two presses differ, what came after.

Takes a blocking database; `scrapy story` and the reading room show what it gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import sqrt
from types import MappingProxyType
from typing import Any

from pymongo.database import Database

from language.lexicon import load
from language.normalize import fold
from language.rarity import KEY_RARITY, is_shared, rarity, stem

Document = dict[str, Any]

LANGUAGES = ("ar", "fr")

_FIELDS = {"sketch": 0, "search": 0, "topic.evidence": 0}
_LIGHT = dict.fromkeys(("url", "source", "lang", "title", "published", "first_seen", "story", "terms"), 1)
_WORD = re.compile(r"[^\W_]+")

NEARBY = timedelta(days=30)
"""How far before its first report and after its last a story's neighbours in time are looked for."""
# Likeness (cosine of what both languages can have) from which another story is one of the same affair.
_AKIN = 0.3
_KEYS_ASKED, _KEYS_SHARED, _WHY_KEPT = 20, 3, 5
# Of a list of stories: articles looked through for each.
_LOOKED_THROUGH = 40
_TRIES = 5

_NAMED = ("person:", "service:", "place:", "event:")


@dataclass(slots=True)
class Report:
    """An article of a story, with what repeats it.

    Attributes:
        article: its document, without sketch, search words and evidence of the topic.
        at: aware instant by which it stands in the timeline: of publication, else of when it was first seen.
        copies: documents of the articles that repeat its text, in order.
        edits: its earlier states (`versions`), the oldest first.
    """

    article: Document
    at: datetime
    copies: list[Document] = field(default_factory=list)
    edits: list[Document] = field(default_factory=list)


@dataclass(slots=True)
class Linked:
    """A story before or after another, of the same affair.

    Attributes:
        first: its first report: url, source, lang, title, published, first_seen.
        follows: whether an article of the later one is tied to one of the earlier: the later would be part of it, had it not come
            more than a week after the first report.
        likeness: 0..1, how much of what they speak of they share, in terms that both languages have.
        why: identifiers of the lexicon that they share, the weightiest first.
    """

    first: Document
    follows: bool
    likeness: float
    why: list[str]


@dataclass(slots=True)
class Story:
    """One event, as both presses told it.

    Attributes:
        id: `_id` of its first report.
        reports: the originals, in the fixed order.
        outlets: language → outlets that told it, copies included, in the order in which they did.
        firsts: language → its first report.
        only: language → (identifier of the lexicon, number of reports) of what reports in that language alone name, the most named
            first.
        both: the same of what is named in both.
        before, after: the stories of the same affair whose first report came before or after this one's, in order.
    """

    id: str
    reports: list[Report]
    outlets: dict[str, list[str]]
    firsts: dict[str, Report]
    only: dict[str, list[tuple[str, int]]]
    both: list[tuple[str, int]]
    before: list[Linked]
    after: list[Linked]

    @property
    def span(self) -> timedelta:
        """From the first report to the last."""
        return self.reports[-1].at - self.reports[0].at

    @property
    def size(self) -> int:
        """Number of articles, copies included."""
        return sum(1 + len(report.copies) for report in self.reports)


@dataclass(frozen=True, slots=True)
class Told:
    """A story in a list.

    Attributes:
        id: `_id` of its first report.
        articles: number of them, copies included.
        outlets: number of outlets that told it.
        start, end: aware instants of its first and last article.
        firsts: language → its first report: _id, source, lang, title, at.
    """

    id: str
    articles: int
    outlets: int
    start: datetime
    end: datetime
    firsts: dict[str, Document]


def instant(article: Document) -> datetime:
    """The aware instant by which an article stands in a timeline."""
    at: datetime = article["published"]["at"] if article["published"] else article["first_seen"]
    return at


def _in_order(articles: Iterable[Document]) -> list[Document]:
    return sorted(articles, key=lambda article: (instant(article), article["first_seen"], article["_id"]))


def story_of(database: Database[Document], article: str) -> Story | None:
    """The story that an article belongs to.

    Args:
        article: `_id` of any of its articles.
    Returns:
        None where there is no such article, or its story is not derived.
    """
    known = database.articles.find_one({"_id": article}, {"story": 1})
    name = known["story"] if known else None
    articles = _in_order(database.articles.find({"story": name}, _FIELDS)) if name else []
    if not articles:
        return None
    ids = [document["_id"] for document in articles]
    reports = {document["_id"]: Report(document, instant(document)) for document in articles}
    for version in database.versions.find({"article": {"$in": ids}}).sort([("article", 1), ("n", 1)]):
        report = reports[version["article"]]
        # A crawl that died may have kept a state and not replaced it.
        report.edits += [version] if version["n"] < report.article["version"] else []
    for document in articles:
        original = document
        # A text that grew is copied stage by stage: the copy of a copy is shown with the first of them.
        met = {document["_id"]}
        while original["copy_of"] in reports and original["copy_of"] not in met:
            met.add(original["copy_of"])
            original = reports[original["copy_of"]].article
        if original is not document:
            reports[original["_id"]].copies.append(document)
    originals = [report for report in reports.values() if report.article["copy_of"] not in reports]
    outlets: dict[str, list[str]] = {}
    firsts: dict[str, Report] = {}
    for document in articles:
        language = _language(document)
        outlets.setdefault(language, [])
        if document["source"] not in outlets[language]:
            outlets[language].append(document["source"])
        if document["copy_of"] not in reports:
            firsts.setdefault(language, reports[document["_id"]])
    only, both = _named(originals)
    linked = _linked(database, str(name), originals)
    start = (instant(articles[0]), str(name))
    return Story(
        id=str(name),
        reports=originals,
        outlets=outlets,
        firsts=firsts,
        only=only,
        both=both,
        before=[other for other in linked if (instant(other.first), other.first["_id"]) < start],
        after=[other for other in linked if (instant(other.first), other.first["_id"]) > start],
    )


def latest(
    database: Database[Document],
    *,
    before: datetime | None = None,
    below: str = "",
    languages: int = 1,
    limit: int = 30,
) -> list[Told]:
    """The stories of a time, the one whose last article is newest first.

    Args:
        before: aware; only stories all of whose articles are older,
        below: or as old, of an identifier below this one: so a list goes on behind its last story.
        languages: told in so many languages at least.
        limit: how many at most. Fewer come where the last articles belong to few stories: the articles looked through are bounded.
    """
    dated: Document = {"$lte" if below else "$lt": before} if before else {"$ne": None}
    shown: list[Told] = []
    for _ in range(_TRIES):
        names, oldest = _names_of(database, dated, limit * _LOOKED_THROUGH)
        found = _told(database, names)
        shown = [
            one
            for one in found
            if len(one.firsts) >= languages and (before is None or (one.end, one.id) < (before, below))
        ]
        # Where all of these stories have newer articles as well, those before them are looked through.
        if shown or oldest is None:
            break
        dated = {"$lt": oldest}
    return sorted(shown, key=lambda one: (one.end, one.id), reverse=True)[:limit]


def _names_of(database: Database[Document], dated: Document, limit: int) -> tuple[list[str], datetime | None]:
    """The stories of the last articles of a time, and the instant of the earliest of these; None where there are none."""
    newest: list[Document] = [
        {"$match": {"published.at": dated}},
        {"$sort": {"published.at": -1}},
        {"$limit": limit},
        {"$group": {"_id": "$story", "oldest": {"$min": "$published.at"}}},
    ]
    rows = database.articles.aggregate(newest).to_list()
    return [row["_id"] for row in rows if row["_id"]], min((row["oldest"] for row in rows), default=None)


def _told(database: Database[Document], names: list[str]) -> list[Told]:
    report = {name: f"${name}" for name in ("_id", "source", "lang", "title", "at")}
    told: list[Document] = [
        {"$match": {"story": {"$in": names}}},
        {"$set": {"at": {"$ifNull": ["$published.at", "$first_seen"]}, "original": {"$eq": ["$copy_of", None]}}},
        {"$project": dict.fromkeys((*report, "original", "story"), 1)},
        {"$sort": {"original": -1, "at": 1, "_id": 1}},
        {
            "$group": {
                "_id": {"story": "$story", "lang": "$lang"},
                "first": {"$first": report},
                "articles": {"$sum": 1},
                "outlets": {"$addToSet": "$source"},
                "start": {"$min": "$at"},
                "end": {"$max": "$at"},
            }
        },
    ]
    parts: dict[str, list[Document]] = {}
    for part in database.articles.aggregate(told):
        parts.setdefault(part["_id"]["story"], []).append(part)
    return [
        Told(
            id=name,
            articles=sum(part["articles"] for part in own),
            outlets=len({outlet for part in own for outlet in part["outlets"]}),
            start=min(part["start"] for part in own),
            end=max(part["end"] for part in own),
            firsts={_language(part["first"]): part["first"] for part in own},
        )
        for name, own in parts.items()
    ]


def _linked(database: Database[Document], name: str, reports: list[Report]) -> list[Linked]:
    """The stories of the same affair within a month, in order."""
    own = _spoken_of(report.article for report in reports)
    asked = sorted((term for term in own if rarity(term) >= KEY_RARITY), key=lambda term: (-own[term], term))[
        :_KEYS_ASKED
    ]
    shared = {"$size": {"$setIntersection": ["$story_keys", asked]}}
    near = {
        "story_keys": {"$in": asked},
        "published.at": {"$gte": reports[0].at - NEARBY, "$lte": reports[-1].at + NEARBY},
        "story": {"$nin": [name, None]},
        "$expr": {"$gte": [shared, _KEYS_SHARED]},
    }
    follows = {report.article["follows"] for report in reports[:1]} - {None}
    ids = [report.article["_id"] for report in reports]
    sequels = {"$or": [{"_id": {"$in": sorted(follows)}}, {"follows": {"$in": ids}}], "story": {"$nin": [name, None]}}
    certain = set(database.articles.distinct("story", sequels))
    wanted = certain | set(database.articles.distinct("story", near))
    others: dict[str, list[Document]] = {}
    for document in database.articles.find({"story": {"$in": sorted(wanted)}, "copy_of": None}, _LIGHT):
        others.setdefault(document["story"], []).append(document)
    linked = []
    for other, articles in others.items():
        theirs = _spoken_of(articles)
        common = {term: weight * theirs[term] for term, weight in own.items() if term in theirs}
        likeness = sum(common.values()) / (_length(own) * _length(theirs)) if common else 0.0
        if likeness >= _AKIN or other in certain:
            why = sorted((term for term in common if ":" in term), key=lambda term: (-common[term], term))[:_WHY_KEPT]
            first = {field: value for field, value in _in_order(articles)[0].items() if field != "terms"}
            linked.append(Linked(first, other in certain, round(likeness, 3), why))
    return sorted(linked, key=lambda other: (instant(other.first), other.first["_id"]))


def _spoken_of(articles: Iterable[Document]) -> Counter[str]:
    """The terms of some articles that both languages have, with their weights added."""
    weights: Counter[str] = Counter()
    for article in articles:
        for term, weight in article["terms"].items():
            if is_shared(term):
                weights[term] += weight
    return weights


def _length(weights: Mapping[str, float]) -> float:
    return sqrt(sum(weight * weight for weight in weights.values()))


def _language(article: Document) -> str:
    return "ar" if article["lang"] == "ary" else str(article["lang"])


def _named(reports: Iterable[Report]) -> tuple[dict[str, list[tuple[str, int]]], list[tuple[str, int]]]:
    """Who and what the reports name: in one language only, and in both."""
    counted: dict[str, Counter[str]] = {language: Counter() for language in LANGUAGES}
    for report in reports:
        named = {entity for entity in report.article["topic"]["entities"] if entity.startswith(_NAMED)}
        counted.setdefault(_language(report.article), Counter()).update(named)
    together = sum(counted.values(), Counter())
    shared = [name for name in together if sum(name in counter for counter in counted.values()) > 1]

    def ranked(counts: Counter[str], names: Iterable[str]) -> list[tuple[str, int]]:
        return sorted(((name, counts[name]) for name in names), key=lambda pair: (-pair[1], pair[0]))

    only = {
        language: ranked(counter, [name for name in counter if name not in shared])
        for language, counter in counted.items()
        if counter
    }
    return only, ranked(together, shared)


def name_of(term: str, language: str) -> str:
    """What a term of the lexicon is called in a reader's language, "ar" or "fr"; numbers and stems as they are."""
    if ":" not in term:
        return term
    entry = load().entries.get(term)
    names = (entry.ar or entry.fr, entry.fr or entry.ar) if entry else ((), ())
    found = names[0] if language == "ar" else names[1]
    return found[0] if found else term.partition(":")[2].replace("-", " ")


_SAID = MappingProxyType({"twin": "its page names the other as its translation", "reuse": "its text stands inside"})


def grounds(article: Document, other: str, language: str = "fr", said: Mapping[str, str] = _SAID) -> list[str]:
    """On what grounds an article is tied to an earlier one, in words, the weightiest first.

    Args:
        article: with `ties`, and with title and text, from which stems get their words back.
        other: `_id` of the earlier article.
        language: the reader's, for names.
        said: what is said of "twin" and "reuse".
    Returns:
        Nothing where they are not tied.
    """
    tie = next((tie for tie in article["ties"] if tie["with"] == other), None)
    if tie is None:
        return []
    terms = [reason["what"] for reason in tie["why"]]
    spelled = _spelled(f"{article['title']}\n{article['text']}", {term for term in terms if not is_shared(term)})
    quoted = [said.get(term) or (name_of(term, language) if is_shared(term) else spelled[term]) for term in terms]
    return list(dict.fromkeys(quoted))


def _spelled(text: str, stems: set[str]) -> dict[str, str]:
    """Each stem as the text writes it first."""
    found: dict[str, str] = {}
    for match in _WORD.finditer(text):
        folded = fold(match.group())
        if folded and len(found) < len(stems) and (own := stem(folded)) in stems:
            found.setdefault(own, f"“{match.group()}”")
    return {own: found.get(own, f"“{own}…”") for own in stems}
