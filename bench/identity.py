"""How fast and how surely an article is recognised as the archive grows: by address, hash and sketch, and what derives.

    python -m bench.identity [SIZE …] [--texts N]          (default: 10000 100000 1000000)

Fills an embedded MongoDB of its own, with a small cache, to each size in turn, measures, and removes it. The mass is made of
the sketches of the shared corpus' texts: of each, the hashes that five or more texts share stay, the others are drawn
anew, so that a common phrase is as common and a rare one as rare as in real articles. Among the mass lie real texts; their
copies (edits, cuts, added lines, briefs) and what is no copy are looked up through `pipelines.nominate` and decided by
`compare`, as a crawl does.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from archive import contract, mongo, server
from bench.eval_identity import SHARED, changes, load
from pipelines import copies, nominate
from pipelines.identity import NOMINATED, Comparison, compare, sketch, text_hash

Document = dict[str, Any]
Database = AsyncDatabase[Document]

#: Hashes of this many texts of the corpus belong to the language and the trade, and stay as common in the mass.
_SHARED_BY = 5
_LIMIT = 2**64 // 16
_SIGNED = 2**63
_DAY = datetime(2020, 1, 1, tzinfo=UTC)
_BATCH = 5000
_LOOKUPS = 400
_LEARN = 1500
_DERIVED = 100


class Mass:
    """Synthetic articles, as many as are asked for."""

    def __init__(self, texts: list[str], rng: random.Random) -> None:
        self.rng = rng
        self.sketches = [made for text in texts if (made := sketch(text))]
        counted = Counter(value for made in self.sketches for value in made)
        self.common = {value for value, count in counted.items() if count >= _SHARED_BY}
        self.count = 0

    def articles(self, count: int) -> Iterator[tuple[Document, Document]]:
        """Articles and their addresses."""
        for _ in range(count):
            yield article(self.count, self._sketch(), None, self.rng)
            self.count += 1

    def _sketch(self) -> list[int]:
        model = self.rng.choice(self.sketches)
        bound = max(model[-1] + _SIGNED, _LIMIT)
        return sorted(v if v in self.common else self.rng.randrange(bound) - _SIGNED for v in model)


def article(number: int, hashes: list[int], text: str | None, rng: random.Random) -> tuple[Document, Document]:
    """The fields of an article that its identity needs, and its address."""
    url = f"https://outlet{number % 80}.example/{2020 + number % 7}/{number % 12 + 1:02}/article-{number}.html"
    name = hashlib.sha256(url.encode()).hexdigest()[:20]
    published = _DAY + timedelta(minutes=rng.randrange(3_000_000))
    document = {
        "_id": name,
        "url": url,
        "source": f"outlet{number % 80}",
        "published": {"at": published},
        "first_seen": published,
        "version": 1,
        "text_hash": text_hash(text) if text is not None else f"{rng.getrandbits(128):032x}",
        "sketch": hashes,
        "copy_of": None,
        "copy_kind": None,
        "reuses": [],
    }
    # Of a synthetic article there is no text: it is nominated and decided against an empty one.
    document["text"] = text or ""
    address = url.replace("://", "://www.")
    return document, {
        "_id": url,
        "source": document["source"],
        "aliases": [address, address + "?amp=1"],
        "article": name,
    }


async def fill(database: Database, mass: Mass, size: int) -> float:
    """Grow to a size; indexes are made anew after it, which is faster. Returns seconds."""
    started = time.perf_counter()
    await _without_index(database)
    while mass.count < size:
        pairs = list(mass.articles(min(_BATCH, size - mass.count)))
        await database.articles.insert_many([document for document, _ in pairs], ordered=False)
        await database.urls.insert_many([address for _, address in pairs], ordered=False)
        if mass.count % 100_000 == 0:
            print(f"  … {mass.count:,}", file=sys.stderr, flush=True)
    await index(database)
    return time.perf_counter() - started


async def _without_index(database: Database) -> None:
    for collection in (database.articles, database.urls):
        for name in (await collection.index_information()).keys() - {"_id_"}:
            await collection.drop_index(name)


async def index(database: Database) -> None:
    """The indexes of the contract; the text index stays empty here."""
    for collection in (contract.ARTICLES, contract.URLS):
        for made in collection.indexes:
            await database[collection.name].create_index(list(made.keys), **dict(made.options))


async def insert_rate(database: Database, mass: Mass) -> float:
    """Articles a second in batches of a hundred, acknowledged by the journal, all indexes in place."""
    batches = [list(mass.articles(100)) for _ in range(20)]
    started = time.perf_counter()
    for pairs in batches:
        await database.articles.insert_many([document for document, _ in pairs], ordered=False)
        await database.urls.insert_many([address for _, address in pairs], ordered=False)
    return 2000 / (time.perf_counter() - started)


def cpu_ms(pid: int) -> float:
    """CPU that this process and a mongod have used (Linux: schedstat of its threads), which other work on the machine does
    not lengthen as it lengthens latencies."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return time.process_time() * 1000 + sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


async def timed(
    ask: Callable[[Document], Awaitable[Any]], asked: list[Document], pid: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of each question, and its milliseconds of CPU in both processes, ascending."""
    waited, worked = [], []
    # Reading the counters costs CPU of its own.
    counters = [cpu_ms(pid) for _ in range(40)]
    reading = sorted(after - before for before, after in pairwise(counters))[20]
    for document in asked:
        used, started = cpu_ms(pid), time.perf_counter()
        await ask(document)
        waited.append((time.perf_counter() - started) * 1000)
        worked.append(max(0.0, cpu_ms(pid) - used - reading))
    return sorted(waited), sorted(worked)


async def latencies(database: Database, mass: Mass, real: list[str], rng: random.Random) -> None:
    status = await database.client.admin.command("serverStatus")
    pid = int(status["pid"])
    sample = await database.articles.aggregate([{"$sample": {"size": _LOOKUPS}}])
    known = await sample.to_list()
    made = [
        article(10**9 + n, sketch(text), text, rng)[0] for n, text in enumerate(rng.sample(real, _LEARN + _LOOKUPS))
    ]
    first, new = made[:_LEARN], made[_LEARN:]
    questions: list[tuple[str, Callable[[Document], Awaitable[Any]], list[Document]]] = [
        ("URL", lambda document: database.urls.find_one({"_id": document["url"]}), known),
        (
            "alias",
            lambda document: database.urls.find_one({"aliases": document["url"].replace("://", "://www.")}),
            known,
        ),
        ("hash", lambda document: database.articles.find_one({"text_hash": document["text_hash"]}, {"_id": 1}), known),
        ("nomination, whole sketch ($in)", lambda document: _whole(database, document), new[:100]),
        # An archive learns which hashes are over-common as it grows; this one has grown at one stroke.
        ("nomination, while it learns", lambda document: nominate.nominate(database, [document]), first),
        ("nomination, rarer hashes", lambda document: nominate.nominate(database, [document]), new),
    ]

    async def derive(document: Document) -> None:
        await copies.derive(database, [document["_id"]], compared)

    for name, ask, asked in questions:
        _print_latency(name, *await timed(ask, asked, pid))
    await database.articles.insert_many(new[:_DERIVED])
    _print_latency("derive, one new article", *await timed(derive, new[:_DERIVED], pid))
    await database.articles.delete_many({"_id": {"$in": [document["_id"] for document in new]}})


async def _whole(database: Database, document: Document) -> None:
    await database.articles.find({"sketch": {"$in": document["sketch"]}}, nominate.FIELDS).to_list()


def _print_latency(name: str, waited: list[float], worked: list[float]) -> None:
    def at(share: float, values: list[float]) -> str:
        return f"{values[min(len(values) - 1, int(len(values) * share))]:9.2f}"

    shown = "".join(at(share, values) for values in (waited, worked) for share in (0.5, 0.95, 0.99))
    print(f"  {name:32}{shown}", flush=True)


async def compared(earlier: str, later: str) -> Comparison:
    return compare(earlier, later)


async def recall(database: Database, texts: dict[str, str], language: str, rng: random.Random) -> None:
    """Each change of each real text: whether the stored text is nominated for it, and found to be its original."""
    vocabulary = [word for text in texts.values() for word in text.split()]
    for name, change in changes(language, vocabulary, rng).items():
        nominated = found = others = 0
        for stored, text in texts.items():
            later = change(text)
            document, _ = article(0, sketch(later), later, rng)
            document |= {"_id": "", "published": {"at": _DAY + timedelta(days=9999)}}
            candidates = (await nominate.nominate(database, [document]))[""]
            nominated += any(candidate["_id"] == stored for candidate in candidates)
            found += any(candidate["_id"] == stored for candidate in candidates) and compare(text, later).is_copy
            others += sum(candidate["_id"] not in texts for candidate in candidates)
        total = len(texts)
        print(f"  {language} {name:34}{total:7}{nominated / total:11.4f}{found / total:9.4f}{others / total:12.3f}")


async def false_copies(database: Database, texts: dict[str, str], language: str, rng: random.Random) -> None:
    """Follow-ups with 20 to 75 % of a stored text pasted beneath their own: how many are called copies."""
    stored = list(texts.values())
    wrong = pairs = 0
    for share in (0.2, 0.4, 0.6, 0.75):
        for old, new in zip(stored, rng.sample(stored, len(stored)), strict=True):
            if old is new:
                continue
            pasted = old.split()[: int(len(new.split()) * share / (1 - share))]
            follow_up = " ".join(new.split()[: int(len(pasted) * (1 - share) / share)] + pasted)
            pairs += 1
            wrong += compare(old, follow_up).is_copy
    print(f"  {language} follow-ups that paste 20-75 % of an older text: {wrong} of {pairs} called copies")


async def measure(uri: str, sizes: list[int], texts: int) -> None:
    rng = random.Random(20240601)  # noqa: S311
    corpus = {"ar": _distinct("texts_ar"), "fr": _distinct("texts_fr")}
    real = {language: found[:texts] for language, found in corpus.items()}
    rest = [text for language, found in corpus.items() for text in found[texts if language == "ar" else 0 :]]
    mass = Mass([text for found in corpus.values() for text in found], rng)
    async with AsyncMongoClient(**mongo.client_options(uri)) as client:
        database = client["bench_identity"]
        stored: dict[str, dict[str, str]] = {}
        for number, (language, found) in enumerate(real.items()):
            pairs = [article(2 * 10**9 + number * 10**6 + n, sketch(t), t, rng)[0] for n, t in enumerate(found)]
            await database.articles.insert_many(pairs)
            stored[language] = {document["_id"]: document["text"] for document in pairs}
        for size in sizes:
            seconds = await fill(database, mass, size)
            stats = await database.command("collStats", "articles")
            indexes = {name: size / 2**20 for name, size in stats["indexSizes"].items()}
            rate = await insert_rate(database, mass)
            print(f"\n{size:,} articles (filled in {seconds:.0f} s); {rate:,.0f} inserts/s")
            print(f"  data {stats['storageSize'] / 2**20:.0f} MB; indexes " + _sizes(indexes))
            print(f"  {'milliseconds':32}{'p50':>9}{'p95':>9}{'p99':>9}{'CPU p50':>9}{'p95':>9}{'p99':>9}")
            await latencies(database, mass, rest, rng)
            print(f"  over-common hashes met: {len(await nominate.known_commons(database))}")
        print(f"\namong {mass.count:,}, nominated at {NOMINATED}")
        print(f"  {'':37}{'copies':>7}{'nominated':>11}{'found':>9}{'strangers':>12}")
        for language, found in stored.items():
            long = {name: text for name, text in found.items() if len(text.split()) >= 80}
            await recall(database, long, language, rng)
            await false_copies(database, long, language, rng)


def _sizes(indexes: dict[str, float]) -> str:
    named = {"sketch_1": "sketch", "text_hash_1": "hash", "url_1": "url", "_id_": "_id"}
    shown = {named[name]: size for name, size in indexes.items() if name in named}
    other = sum(indexes.values()) - sum(shown.values())
    return ", ".join(f"{name} {size:.0f}" for name, size in [*shown.items(), ("other", other)]) + " MB"


def _distinct(name: str) -> list[str]:
    return list(dict.fromkeys(record["text"] for record in load(name)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000], help="articles")
    parser.add_argument("--texts", type=int, default=400, help="how many real texts of each language lie among them")
    arguments = parser.parse_args()
    if not (SHARED / "corpus").is_dir():
        print(f"{SHARED / 'corpus'}: not there; set MARSAD_SHARED to the folder that holds corpus/", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-identity-") as folder:
        try:
            asyncio.run(measure(server.ensure(Path(folder) / "mongodb"), sorted(arguments.sizes), arguments.texts))
        finally:
            server.stop(Path(folder) / "mongodb")
    return 0


if __name__ == "__main__":
    sys.exit(main())
