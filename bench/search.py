"""How long a question takes in an archive of a hundred thousand articles: hits, facets and timeline together.

    python -m bench.search [--articles 100000] [--each 40] [--keep]

The articles are made of the texts of ../shared/corpus, one's beginning and another's end, a quarter of them French. A third of
the questions hold a word that stands in over half of them; phrases are a table of their own. `--keep` leaves the archive for the
next call.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pymongo
from pymongo.database import Database

from archive import mongo, shelf
from archive.contract import ARTICLES
from archive.search import Question, parse_question, search
from language.lexicon import load
from language.tokens import GAP, RULES, TITLE, UNSURE, indexed, pairs, sequence, spoken, tokens

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
START = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 5 * 365
OUTLETS = [f"outlet{number:02d}" for number in range(80)]
COUNTRIES = {name: "MA" if number % 3 else "FR" for number, name in enumerate(OUTLETS)}
_ASPECTS = ("terrorism", "drugs", "migration", "intelligence", "judicial", "cyber", "events", "diplomacy")
_EACH = 40


@dataclass(slots=True)
class Half:
    """The beginning or the end of a text, and the stems of its words, surely and maybe, and in their order."""

    text: str
    sure: set[str]
    unsure: set[str]
    pairs: set[str]
    sequence: bytes

    @classmethod
    def of(cls, text: str) -> Half:
        """Of a text as written."""
        found = spoken(text)
        sure = {stem for stems in found if len(stems) == 1 for stem in stems}
        unsure = {stem for stems in found if len(stems) > 1 for stem in stems}
        return cls(text, sure, unsure, pairs(found), sequence(found))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=_EACH, help="questions of a kind")
    parser.add_argument("--keep", action="store_true")
    opts = parser.parse_args()
    uri = mongo.locate("", ROOT / "data")
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(uri))
    database = client["bench_search"]
    try:
        kept = database.articles.find_one({}, {"search.rules": 1}) or {"search": {}}
        if database.articles.estimated_document_count() != opts.articles or kept["search"].get("rules") != RULES:
            client.drop_database(database.name)
            build(database, opts.articles)
        report(database, opts.each)
    finally:
        if not opts.keep:
            client.drop_database(database.name)


def build(database: Database[dict[str, Any]], number: int) -> None:
    """Fill the archive, then make its indexes."""
    started = time.monotonic()
    batch: list[dict[str, Any]] = []
    for count, document in enumerate(articles(number), 1):
        batch.append(document)
        if len(batch) == 1000 or count == number:
            database.articles.insert_many(batch, ordered=False)
            batch = []
            print(f"\r{count} articles, {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True)
    print("\nindexes …", file=sys.stderr, flush=True)
    for index in ARTICLES.indexes:
        database.articles.create_index(list(index.keys), **dict(index.options))
    size = database.command("collStats", "articles")
    print(
        f"{number} articles, {size['size'] / number / 1000:.1f} kB each, made in {time.monotonic() - started:.0f} s; "
        f"index of the tokens {size['indexSizes']['search.tokens_1_search.shelf_1'] / 1e6:.0f} MB, "
        f"of all {size['totalIndexSize'] / 1e6:.0f} MB"
    )


def articles(number: int) -> Iterator[dict[str, Any]]:
    """Articles made of the corpus, the same each time."""
    draw = random.Random(11)  # noqa: S311
    pools = {"ar": _texts("texts_ar.jsonl.gz"), "fr": _texts("texts_fr.jsonl.gz")}
    entities = [name for name in load().entries if name.startswith(("person:", "place:", "service:", "event:"))]
    weights = [1 / rank for rank in range(1, len(entities) + 1)]
    originals: list[str] = []
    for count in range(number):
        lang = "fr" if draw.random() < 0.25 else "ar"
        (title, first, _), (_, _, second) = draw.choice(pools[lang]), draw.choice(pools[lang])
        named = list(dict.fromkeys(draw.choices(entities, weights, k=draw.randint(2, 14))))
        topic = {
            "score": round(draw.random(), 4),
            "aspects": draw.sample(_ASPECTS, draw.randint(1, 3)),
            "entities": named,
        }
        at = START + timedelta(seconds=draw.randrange(DAYS * 86400))
        name = hashlib.sha256(str(count).encode()).hexdigest()[:20]
        copy_of = draw.choice(originals) if originals and draw.random() < 0.2 else None
        originals += [] if copy_of else [name]
        document: dict[str, Any] = {
            "_id": name,
            "url": f"https://outlet.example/{count}",
            "source": OUTLETS[min(int(draw.expovariate(0.06)), 79)],
            "lang": lang,
            "title": title.text,
            "text": f"{first.text}\n{second.text}",
            "published": {"at": at, "date": f"{at:%Y-%m-%d}", "precision": "minute"},
            "first_seen": at,
            "version": 1,
            "version_at": at,
            "gone_at": at if draw.random() < 0.01 else None,
            "topic": topic,
            "copy_of": copy_of,
            "story": draw.choice(originals[-200:]),
            "twins": {},
            "story_keys": draw.sample(named, min(len(named), 12)),
            "sketch": [draw.getrandbits(62) for _ in range(40)],
        }
        sure, unsure = title.sure | first.sure | second.sure, title.unsure | first.unsure | second.unsure
        words = sure | {TITLE + stem for stem in title.sure | title.unsure} | {stem + UNSURE for stem in unsure - sure}
        words |= title.pairs | first.pairs | second.pairs
        spoken = title.sequence + GAP + first.sequence + second.sequence
        if count % 10_000 == 0:
            whole = indexed(title.text, document["text"])
            assert words == {word for word in whole.tokens if word in words or " " not in word}
            assert spoken == whole.sequence
        marks = [f"source:{document['source']}", *(f"aspect:{aspect}" for aspect in topic["aspects"]), *named]
        yield document | {
            "search": shelf.search_field(document, {"tokens": [*sorted(words), *marks], "sequence": spoken})
        }


def _texts(name: str) -> list[tuple[Half, Half, Half]]:
    """Title, beginning and end of each text."""
    made = []
    with gzip.open(CORPUS / name, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            sentences = [part for part in re.split(r"(?<=[.!?؟])\s+", row["text"][:6000]) if part]
            middle = max(1, len(sentences) // 2)
            parts = (row["title"], "\n".join(sentences[:middle]), "\n".join(sentences[middle:]))
            made.append((Half.of(parts[0]), Half.of(parts[1]), Half.of(parts[2])))
    return made


def questions(database: Database[dict[str, Any]], each: int) -> dict[str, list[Question]]:
    """Questions by kind; the words are drawn from the archive by how many of its articles have them."""
    draw = random.Random(7)  # noqa: S311
    spelled: dict[str, Counter[str]] = {}
    shares: Counter[str] = Counter()
    phrases: list[tuple[str, str, str]] = []
    sample = list(database.articles.aggregate([{"$sample": {"size": 1500}}, {"$project": {"text": 1}}]))
    for document in sample:
        text = document["text"]
        found = [token for token in tokens(text) if len(token.stems[0]) > 1 and token.stems[0].isalpha()]
        for token in found:
            spelled.setdefault(token.stems[0], Counter())[text[token.start : token.end]] += 1
        shares.update({token.stems[0] for token in found})
        one, other = draw.choice(list(pairwise(found)))
        if one.end + 1 == other.start:
            phrases.append((one.stems[0], other.stems[0], text[one.start : other.end]))
    share = {stem: count / len(sample) for stem, count in shares.items()}
    words = {stem: spelled[stem].most_common(1)[0][0] for stem in share}
    rare = [words[stem] for stem in sorted(share) if 0.001 <= share[stem] < 0.01]
    known = [words[stem] for stem in sorted(share) if 0.01 <= share[stem] < 0.1]
    common = [words[stem] for stem in sorted(share) if 0.1 <= share[stem] < 0.5]
    most = [words[stem] for stem in sorted(share) if share[stem] >= 0.5]
    print("Words in over half of the articles: " + " ".join(most))

    def made(*kinds: list[str], **filters: Any) -> list[Question]:
        return [parse_question(" ".join(draw.choice(kind) for kind in kinds), **filters) for _ in range(each)]

    year = {"since": START + timedelta(days=400), "until": START + timedelta(days=765)}
    usual = [text for a, b, text in phrases if share[a] < 0.1 and share[b] < 0.1]
    frequent = [text for a, b, text in phrases if share[a] >= 0.1 and share[b] >= 0.1]
    return {
        "one rare word": made(rare),
        "two words": made(known, known),
        "three words": made(common, known, rare),
        "a word, a year, newest": made(known, sort="newest", **year),
        "a word without another": [parse_question(f"{draw.choice(known)} -{draw.choice(common)}") for _ in range(each)],
        "filters alone": made([""], outlets=(OUTLETS[3],), languages=("ar",)),
        "* word of over half": made(most),
        "* with a known word": made(most, known),
        "* with another of over half": made(most, most),
        "phrase": [parse_question(f'"{draw.choice(usual)}"') for _ in range(each)],
        "phrase of common words": [parse_question(f'"{draw.choice(frequent)}"') for _ in range(each)],
    }


def report(database: Database[dict[str, Any]], each: int) -> None:
    """Ask every question, kinds in turn, and print how long it took."""
    asked = questions(database, each)
    taken: dict[str, list[float]] = {kind: [] for kind in asked}
    totals: dict[str, list[int]] = {kind: [] for kind in asked}
    for number in range(len(next(iter(asked.values())))):
        for kind, several in asked.items():
            started = time.perf_counter()
            found = search(database, several[number], countries=COUNTRIES)
            taken[kind].append(1000 * (time.perf_counter() - started))
            totals[kind].append(found.total)
    apart = [kind for kind in asked if kind.startswith("phrase")]
    print(f"{'questions (* over a third of them)':<36}{'articles':>9}{'median':>8}{'p95':>7}{'max':>7}  ms")
    for kind in asked:
        if kind not in apart:
            _line(kind, taken[kind], totals[kind])
    together = [kind for kind in asked if kind not in apart]
    _line(
        "all of these",
        [one for kind in together for one in taken[kind]],
        [n for kind in together for n in totals[kind]],
    )
    for kind in apart:
        _line(kind, taken[kind], totals[kind])


def _line(kind: str, taken: list[float], totals: list[int]) -> None:
    ordered = sorted(taken)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{kind:<36}{statistics.median(totals):>9.0f}{statistics.median(taken):>8.0f}{p95:>7.0f}{ordered[-1]:>7.0f}")


if __name__ == "__main__":
    main()
