"""Which captures there are of which pages: the WARC files looked through on all cores, and a choice among their pages."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.errors import BulkWriteError

from archive import replay
from archive.captures import writes
from archive.ledger import Database
from archive.records import Outcome
from archive.warc import reader
from archive.warc.reader import Repeated
from pipelines.batch import Captured
from pipelines.workers import WorkerLost, Workers
from sources import registry
from sources.model import Source
from sources.urls import UrlError, canonicalize

Document = dict[str, Any]

# A file of 1 GB takes half a minute.
_FILE_SECONDS = 3600.0
_DUPLICATE_KEY = 11000
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pages are wanted; what is None or "" excludes none.

    Attributes:
        sources: names of outlets.
        since, until: aware instants of capture, since inclusive, until exclusive.
        outcome: of the page's address.
        made_by: version of the code, with its hash or without, or of the lexicon that made its article.
        files: names of WARC files that hold a capture of it.
    """

    sources: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    outcome: str = ""
    made_by: str = ""
    files: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether every page is wanted."""
        return self == Choice()

    def takes(self, capture: Captured) -> bool:
        """Whether a capture makes its page wanted, by what the WARC alone says."""
        return (
            (not self.sources or capture.source in self.sources)
            and (self.since is None or capture.at >= self.since)
            and (self.until is None or capture.at < self.until)
            and (not self.files or capture.file in self.files)
        )


@dataclass(slots=True)
class Survey:
    """What the WARC folder holds.

    Attributes:
        captures: of pages, oldest first.
        files: how many files were looked through.
        indexed: captures that MongoDB did not know and now does.
        faults: what cannot be read, a line each.
        unknown: pages whose outlet is not known, by outlet or host.
    """

    captures: list[Captured] = field(default_factory=list)
    files: int = 0
    indexed: int = 0
    faults: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


async def survey(
    workers: Workers,
    folder: Path,
    archive: Database,
    sources: dict[str, Source],
    progress: Callable[[str, int, int], None],
) -> Survey:
    """Look through all WARC files, and enter into `captures` what MongoDB does not know of.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    found = Survey()
    said: dict[str, replay.Said] = {}
    places: dict[str, Document] = {}
    aliases: dict[str, list[str]] = {}
    loose: dict[str, Document] = {}
    repeats: dict[str, Repeated] = {}
    paths = reader.files(folder)
    for path, task in [(path, asyncio.create_task(_content(workers, path))) for path in paths]:
        content = await task
        if isinstance(content, str):
            found.faults.append(content)
            continue
        found.files += 1
        progress("files", found.files, len(paths))
        found.faults += map(str, content.damage)
        captures = [capture for capture in content.captures if capture["_id"] not in content.repeats]
        found.indexed += await _index(archive, reader.file_name(path), captures)
        said |= {item.capture: item for item in content.said}
        if path.parent.name == reader.IMPORTED:
            aliases |= content.redirects
        places |= {capture["_id"]: capture for capture in captures}
        loose |= {capture["_id"]: capture for capture in content.captures if capture["_id"] in content.repeats}
        repeats |= content.repeats
    # What they repeat may lie in any file.
    for name, original in replay.originals(repeats, places.values()).items():
        digest = repeats[name].digest or places[original]["digest"]
        places[name] = loose.pop(name) | {"revisit_of": original, "digest": digest}
    found.indexed += await _index_repeats(archive, [places[name] for name in repeats if name in places], list(loose))
    for file, count in Counter(capture["file"] for capture in loose.values()).items():
        found.faults.append(
            f"{file}: {count} revisit records are passed over: they do not name the record that they repeat, and none here "
            "is of that address, moment and payload; import the file that holds it"
        )
    outside = await _outside(archive)
    everyone = list(sources.values())
    for name, capture in places.items():
        item = said.get(name)
        if item is not None:
            made = _captured(capture, item.key, item.source)
            made = replace(made, said=(item.file, item.offset), outside=(made.file, made.offset) in outside)
        elif reader.is_imported(capture["file"]):
            owner = foreign(capture, everyone)
            if owner is None:
                continue
            key = canonicalize(capture["url"], rules=owner.identity)
            made = replace(_captured(capture, key, owner.name), aliases=tuple(aliases.get(capture["url"], ())))
        else:
            continue
        if made.source not in sources:
            found.unknown[made.source] += 1
            continue
        if capture["revisit_of"] is not None and capture["status"] != 304:
            held = places.get(capture["revisit_of"])
            if held is None:
                found.faults.append(
                    f"{made.file}: record at byte {made.offset}: the record that it repeats is in no file"
                )
                continue
            made = replace(made, payload=(held["file"], held["offset"]))
        found.captures.append(made)
    found.captures.sort(key=lambda capture: (capture.at, capture.file, capture.offset))
    return found


def foreign(capture: Document, sources: list[Source]) -> Source | None:
    """The outlet of a capture from elsewhere that may be an article; None where it is none, or of no known outlet."""
    if not 200 <= capture["status"] < 300:
        return None
    try:
        owner = registry.owner(capture["url"], sources)
        canonicalize(capture["url"])
    except (UrlError, ValueError):
        return None
    return owner if owner is not None and registry.is_article(capture["url"], owner) else None


def _captured(capture: Document, key: str, source: str) -> Captured:
    return Captured(key, source, capture["at"], capture["file"], capture["offset"])


async def _content(workers: Workers, path: Path) -> replay.Content | str:
    try:
        return await workers.run(replay.content, path, seconds=_FILE_SECONDS)
    except WorkerLost as error:
        return f"{reader.file_name(path)}: {error}"


async def _index(archive: Database, file: str, captures: list[Document]) -> int:
    """Enter a file's captures that MongoDB does not know; how many."""
    known = {document["_id"] async for document in archive.captures.find({"file": file}, {"_id": 1})}
    missing = [capture for capture in captures if capture["_id"] not in known]
    for start in range(0, len(missing), _MANY):
        try:
            await archive.captures.insert_many(missing[start : start + _MANY], ordered=False)
        except BulkWriteError as error:
            # The crawl that is writing the file has entered it meanwhile.
            if any(fault["code"] != _DUPLICATE_KEY for fault in error.details["writeErrors"]):
                raise
    return len(missing)


async def _index_repeats(archive: Database, resolved: list[Document], lost: list[str]) -> int:
    """Enter revisits whose originals were found, and take out those that hold no page; how many were entered."""
    known: dict[str, str | None] = {}
    for part in _parts([*(capture["_id"] for capture in resolved), *lost]):
        stands = archive.captures.find({"_id": {"$in": part}}, {"revisit_of": 1})
        known |= {capture["_id"]: capture["revisit_of"] async for capture in stands}
    changed = [capture for capture in resolved if known.get(capture["_id"]) != capture["revisit_of"]]
    for start in range(0, len(changed), _MANY):
        await archive.captures.bulk_write(writes(changed[start : start + _MANY]), ordered=False)
    for part in _parts([name for name in lost if name in known]):
        await archive.captures.delete_many({"_id": {"$in": part}})
    return len(changed)


async def _outside(archive: Database) -> set[tuple[str, int]]:
    """Captures of pages that lay outside the window of their crawl."""
    query = {"outcome": Outcome.OUTSIDE_WINDOW, "capture": {"$ne": None}}
    found = archive.visits.find(query, {"capture": 1})
    return {(visit["capture"]["file"], visit["capture"]["offset"]) async for visit in found}


async def choose(archive: Database, captures: list[Captured], choice: Choice) -> list[Captured]:
    """All captures of the pages that are wanted, and of the other pages of the same articles.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    if choice.is_all:
        return captures
    keys = {capture.key for capture in captures if choice.takes(capture)}
    if choice.outcome:
        keys &= {url["_id"] async for url in archive.urls.find({"outcome": choice.outcome}, {"_id": 1})}
    if choice.made_by:
        code = {"$regex": rf"^{re.escape(choice.made_by)}(\+|$)"}
        made = {"$or": [{"made_by.code": code}, {"made_by.lexicon": choice.made_by}]}
        articles = [article["_id"] async for article in archive.articles.find(made, {"_id": 1})]
        keys &= await _keys(archive, "article", articles)
    led = await _articles(archive, keys)
    keys |= await _keys(archive, "article", led)
    return [capture for capture in captures if capture.key in keys]


async def _articles(archive: Database, keys: Iterable[str]) -> list[str]:
    found: set[str] = set()
    for part in _parts(sorted(keys)):
        query = {"_id": {"$in": part}, "article": {"$ne": None}}
        found |= {url["article"] async for url in archive.urls.find(query, {"article": 1})}
    return sorted(found)


async def _keys(archive: Database, name: str, values: list[str]) -> set[str]:
    found: set[str] = set()
    for part in _parts(values):
        found |= {url["_id"] async for url in archive.urls.find({name: {"$in": part}}, {"_id": 1})}
    return found


def _parts(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + _MANY] for start in range(0, len(values), _MANY))
