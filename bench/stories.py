"""How long a new article takes to find its story: in archives of several sizes, in a mongod of its own.

    python -m bench.stories [--sizes 1000 10000 100000] [--new 300] [--a-day 90]

Articles come at one pace, so a larger archive is a longer one. Each event is told by up to twelve articles in both languages
within three days, in terms drawn from our own labelled articles: the event's, and others'. The last two weeks are derived as the
crawl does it, then new articles arrive one by one: two out of three on events that are there. First such as were published in the
last hour, as a crawl finds them; then such as are up to two days late, with many later ones that may hang on them. The old rest
stands in the way, keys and all, with a story of its own each. Prints wall time and CPU of this process for `stories.derive`
alone (the article is written already), and how many candidates the index gave.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from archive import mongo, server
from archive.contract import ARTICLES
from archive.shelf import search_field
from bench.eval_topic import ROOT, read_lines
from language.rarity import is_shared, rarity
from pipelines import stories
from pipelines.ties import keys, terms
from pipelines.topic import judge

Document = dict[str, Any]
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_RECENT = timedelta(days=14)
_EMPTY: dict[str, Any] = {"string": "", "array": [], "object": {}, "double": 0.0, "int": 1, "bool": False, "date": _NOW}


def vocabularies() -> list[tuple[str, dict[str, float]]]:
    """(language, terms) of each labelled article on the subject."""
    found = []
    for path in sorted((ROOT / "tests" / "topic").glob("*.jsonl")):
        for row in read_lines(path):
            if row["relevant"]:
                lang = "fr" if row["lang"] == "fr" else "ar"
                text = row.get("text", "")
                found.append((lang, terms(row["title"], text, judge(row["title"], text, lang).stored())))
    return found


class Press:
    """Endless articles: events one after the other, back in time."""

    def __init__(self, a_day: float, seed: int = 5) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.known = vocabularies()
        self.pace = timedelta(days=1) / a_day
        self.made = 0
        self.blank = {field.name: None if field.nullable else _EMPTY[field.type] for field in ARTICLES.fields}
        self.blank["topic"] = {"score": 0.9, "aspects": [], "entities": [], "parts": {}, "evidence": []}
        self.blank["made_by"] = {"code": "", "lexicon": ""}

    def event(self, at: datetime, articles: int) -> list[Document]:
        """Articles on one event, the first at an instant."""
        common = self._drawn(0.8) | self._drawn(0.3)
        return [self.article(at + timedelta(days=3) * self.random.random() ** 2, common) for _ in range(articles)]

    def article(self, at: datetime, common: dict[str, float]) -> Document:
        lang = self.random.choice(("ar", "fr"))
        own = self._drawn(0.5, lang)
        told = {
            term: weight
            for term, weight in common.items()
            if self.random.random() < 0.6 and (is_shared(term) or _script(term) == lang)
        }
        weights = dict(sorted((own | told).items(), key=lambda item: (not is_shared(item[0]), -item[1]))[:100])
        self.made += 1
        url = f"https://bench.example/{self.made}"
        document = self.blank | {
            "_id": f"{self.random.getrandbits(80):020x}",
            "url": url,
            "lang": lang,
            "text": "x" * 3000,
            "published": {
                "at": at,
                "date": f"{at:%Y-%m-%d}",
                "precision": "second",
                "approximate": False,
                "raw": "",
                "where": "meta",
                "method": "iso",
                "trust": 1.0,
            },
            "first_seen": at,
            "terms": weights,
            "story_keys": [*keys(weights), url],
        }
        return document | {"search": search_field(document, {"tokens": [], "sequence": b""})}

    def _drawn(self, share: float, lang: str = "") -> dict[str, float]:
        language, vocabulary = self.random.choice(self.known)
        while lang and language != lang:
            language, vocabulary = self.random.choice(self.known)
        # No two events share their rare words by chance as often as articles drawn from a few hundred would.
        salt = self.random.randrange(50)
        return {
            term if is_shared(term) or rarity(term) < 1 else f"{term}{salt}": weight
            for term, weight in vocabulary.items()
            if self.random.random() < share
        }

    def back_in_time(self, count: int) -> Iterator[list[Document]]:
        """So many articles, event by event, the newest first."""
        at = _NOW
        while count > 0:
            size = min(count, self.random.choice((1, 1, 1, 2, 3, 5, 8, 12)))
            at -= self.pace * size
            yield self.event(at, size)
            count -= size


def _script(term: str) -> str:
    return "fr" if term.isascii() else "ar"


async def measure(uri: str, size: int, new: int, a_day: float) -> None:
    client: AsyncMongoClient[Document] = AsyncMongoClient(**mongo.client_options(uri))
    name = f"bench_stories_{size}"
    await client.drop_database(name)
    mongo.prepare(mongo.connect(uri, name))
    database = client[name]
    press = Press(a_day)
    recent: list[Document] = []
    older: list[Document] = []
    for event in press.back_in_time(size):
        for article in event:
            (recent if article["published"]["at"] > _NOW - _RECENT else older).append(article)
        if len(older) > 2000:
            await database.articles.insert_many([article | {"story": article["_id"]} for article in older])
            older = []
            if sys.stderr.isatty():
                print(f"\r{press.made:>8} articles", end="", file=sys.stderr, flush=True)
    if older:
        await database.articles.insert_many([article | {"story": article["_id"]} for article in older])
    for start in range(0, len(recent), 100):
        batch = recent[start : start + 100]
        await database.articles.insert_many(batch)
        await stories.derive(database, [article["_id"] for article in batch])
    # Nothing of the press made here lies after this instant.
    end = max(article["published"]["at"] for article in recent)
    for found, since, until in (
        ("within the hour", end, end + timedelta(hours=1)),
        ("up to 2 days late", end - timedelta(days=2), end),
    ):
        wall: list[float] = []
        cpu: list[float] = []
        candidates: list[int] = []
        for number in range(new):
            at = since + (until - since) * press.random.random()
            near = [one for one in recent if abs(one["published"]["at"] - at) < timedelta(days=3)]
            article = press.article(at, press.random.choice(near)["terms"] if number % 3 else {})
            await database.articles.insert_one(article)
            nominated = await stories._nominated(database, {article["_id"]: article})
            candidates.append(len(nominated[article["_id"]]))
            started, spent = time.perf_counter(), time.process_time()
            await stories.derive(database, [article["_id"]])
            wall.append(1000 * (time.perf_counter() - started))
            cpu.append(1000 * (time.process_time() - spent))
        figures = [_at_share(values, share) for values in (wall, cpu, candidates) for share in (0.5, 0.95)]
        print(f"{size:>9}  {found:<18}" + "".join(f"{figure:>9.1f}" for figure in figures))
    await client.drop_database(name)
    await client.close()


def _at_share(values: list[float] | list[int], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def main() -> int:
    parser = argparse.ArgumentParser(description="how long a new article takes to find its story")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--new", type=int, default=300)
    parser.add_argument("--a-day", type=float, default=90)
    options = parser.parse_args()
    print(f"{options.new} new articles one by one, at {options.a_day:g} articles a day; times in ms")
    print(f"{'archive':>9}  {'found':<18}{'wall p50':>9}{'p95':>9}{'CPU p50':>9}{'p95':>9}{'cand. p50':>9}{'p95':>9}")
    with tempfile.TemporaryDirectory(prefix="marsad-bench-") as folder:
        data = Path(folder) / "mongodb"
        uri = server.ensure(data)
        try:
            for size in options.sizes:
                asyncio.run(measure(uri, size, options.new, options.a_day))
        finally:
            server.stop(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
