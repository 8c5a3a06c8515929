"""The archive made anew from captured pages, by the code of today, beside the archive as it stands; then compared with it.

Every selected page runs through the decisions and the writer of a crawl into an empty database, in the order of its
captures, so that versions and addresses come out as they would have. `archive.merge` carries the differences over.
Both can be killed at any moment: the next call goes on where the fingerprint is the same, and begins anew where not.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import AsyncMongoClient

from archive import ledger, merge, pointers, writer
from archive.records import Outcome
from archive.runs import HEARTBEAT, Run
from archive.warc.erase import erase
from pipelines import batch, decide, store
from pipelines.batch import Captured, Replayed
from pipelines.comparing import comparing
from pipelines.derived import rederive
from pipelines.workers import Workers
from sources.ages import read_ages
from sources.model import Source

Progress = Callable[[str, int, int], None]

_BATCH = 200
# What the writer asks for; the text index and the rest would only cost.
_INDEXES = {
    "urls": ("aliases", "article"),
    "articles": ("url",),
    "versions": ("article",),
    "visits": ("url",),
    "verdicts": ("addresses",),
}


@dataclass(slots=True)
class Setting:
    """Where and by what an archive is made anew.

    Attributes:
        client: of the server; the database beside the archive is made there.
        name: of the archive's database.
        folder: the WARC folder.
        sources: outlets by name.
        verdicts: of relevance, which people gave.
        made_by: versions of code and lexicon.
        ages: since its publication, at which an article is visited again, where its outlet does not say.
        workers: reading processes.
        kind: of its runs: reprocess or import.
    """

    client: AsyncMongoClient[dict[str, Any]]
    name: str
    folder: Path
    sources: dict[str, Source]
    verdicts: decide.Verdicts
    made_by: dict[str, str]
    ages: Sequence[timedelta]
    workers: Workers
    kind: str = "reprocess"

    @property
    def archive(self) -> ledger.Database:
        """The archive as it stands."""
        return self.client[self.name]

    @property
    def beside(self) -> ledger.Database:
        """The archive that is made anew."""
        return self.client.get_database(f"{self.name}_rebuild")


@dataclass(slots=True)
class Remade:
    """What came of it.

    Attributes:
        pages: captures that were read.
        faults: why some could not be read back, one line each.
        changes: what differed from the archive, and was carried over.
        derived: articles whose copies or reuses have changed.
    """

    pages: int
    faults: list[str]
    changes: merge.Changes
    derived: int


async def rebuild(setting: Setting, captures: list[Captured], progress: Progress) -> Remade:
    """Make the pages of some captures anew and carry what differs into the archive.

    Args:
        captures: all captures of each page that is remade, oldest first.
        progress: told the step, how much of it is done, and how much there is.
    Raises:
        pymongo.errors.PyMongoError: the server was lost; the next call goes on.
    """
    state = await _begin(setting, captures)
    account = _Account(setting, {capture.source for capture in captures})
    await account.keep()
    if state["step"] == "read":
        await _read(setting, captures, state, account, progress)
    changes = await merge.merge(setting.beside, setting.archive, progress)
    await _erase_withdrawn(setting, state)
    await merge.touch(setting.beside, await _astray(setting.archive))
    derived = await _derive(setting, progress)
    await setting.client.drop_database(setting.beside.name)
    await account.keep(datetime.now(UTC))
    return Remade(len(captures), state["faults"], changes, derived)


class _Account:
    """The runs of this work, one for each outlet; what an earlier one that was killed has read stands in its own."""

    def __init__(self, setting: Setting, sources: Iterable[str]) -> None:
        self.runs = setting.archive.runs
        now = datetime.now(UTC)
        self.of = {name: Run(ObjectId(), name, now, setting.kind, made_by=setting.made_by) for name in sorted(sources)}
        self.kept = now

    def note(self, entries: Iterable[writer.Entry], seconds: float) -> None:
        """Count a batch of one outlet that was written."""
        for entry in entries:
            run = self.of[entry.page.source]
            run.note_read(entry.page.article)
            run.note_outcome(entry.page)
        run.note_stored(seconds)

    async def beat(self) -> None:
        """Keep the runs up to date, so that killed work shows how far it had come."""
        if datetime.now(UTC) - self.kept > HEARTBEAT:
            await self.keep()

    async def keep(self, ended: datetime | None = None) -> None:
        """Write every run as it stands."""
        self.kept = datetime.now(UTC)
        for run in self.of.values():
            document = run.document(ended, "finished" if ended else None)
            await self.runs.replace_one({"_id": run.id}, document, upsert=True)


async def _begin(setting: Setting, captures: list[Captured]) -> dict[str, Any]:
    """The state of this work: an earlier one's that was killed where it is the same, else a new one."""
    verdicts = await setting.archive.verdicts.find().sort("_id", 1).to_list()
    fingerprint = await asyncio.to_thread(_fingerprint, setting, captures, verdicts)
    state = await setting.beside.state.find_one({"_id": "state"})
    if state is not None and state["fingerprint"] == fingerprint:
        return state
    # What an abandoned one had carried over still wants its copies derived.
    await _derive(setting, lambda *_: None)
    await setting.client.drop_database(setting.beside.name)
    for collection, fields in _INDEXES.items():
        for name in fields:
            await setting.beside[collection].create_index(name)
    if verdicts:
        # The writer asks the database that it writes to what was withdrawn.
        await setting.beside.verdicts.insert_many(verdicts)
    state = {"_id": "state", "fingerprint": fingerprint, "step": "read", "done": 0, "faults": [], "withdrawn": []}
    await setting.beside.state.insert_one(state)
    return state


def _fingerprint(setting: Setting, captures: Iterable[Captured], verdicts: list[dict[str, Any]]) -> str:
    """Of all that decides what comes out: the code, the outlets, the verdicts and the captures."""
    digest = hashlib.sha256(repr((setting.made_by, sorted(setting.sources.items()))).encode())
    root = Path(__file__).resolve().parent.parent
    for room in ("language", "sources", "archive", "pipelines"):
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(path.read_bytes())
    digest.update(repr([(verdict["url"], verdict["at"]) for verdict in verdicts]).encode())
    for capture in captures:
        digest.update(repr((capture.key, capture.file, capture.offset, capture.outside)).encode())
    return digest.hexdigest()


async def _read(
    setting: Setting, captures: list[Captured], state: dict[str, Any], account: _Account, progress: Progress
) -> None:
    """Read every capture that is not done yet and write it, in order."""
    done = state["done"]
    written = await _visited(setting, captures[done : done + 2 * _BATCH])
    left = [capture for capture in captures[done:] if _visit_id(capture) not in written]
    done = len(captures) - len(left)
    waiting: list[Replayed] = []
    async for replayed in batch.read_all(setting.workers, setting.folder, left, setting.sources):
        waiting += replayed
        if len(waiting) >= _BATCH:
            done += len(waiting)
            await _write(setting, waiting, done, state, account)
            waiting = []
            progress("read", done, len(captures))
    await _write(setting, waiting, done + len(waiting), state, account)
    await setting.beside.state.update_one({"_id": "state"}, {"$set": {"step": "merge"}})


async def _visited(setting: Setting, captures: list[Captured]) -> set[ObjectId]:
    ids = [_visit_id(capture) for capture in captures]
    return {found["_id"] async for found in setting.beside.visits.find({"_id": {"$in": ids}}, {"_id": 1})}


async def _write(
    setting: Setting, waiting: list[Replayed], done: int, state: dict[str, Any], account: _Account
) -> None:
    state["faults"] += [replayed.fault for replayed in waiting if replayed.fault]
    for entries in _parts(entry for replayed in waiting if (entry := _decide(setting, replayed))):
        source = setting.sources[entries[0].page.source]
        ages = setting.ages if source.recheck is None else read_ages(source.recheck)
        started = time.monotonic()
        await store.write(setting.beside, entries, setting.made_by, ObjectId(), None, ages=ages)
        account.note(entries, time.monotonic() - started)
        refused = [f"{entry.url}: MongoDB refuses it: {entry.error}" for entry in entries if entry.error]
        state["faults"] += refused
        withdrawn = [entry.page for entry in entries if entry.page.outcome is Outcome.WITHDRAWN]
        state["withdrawn"] += [
            {**page.capture, "addresses": [page.url, page.requested]} for page in withdrawn if page.capture
        ]
    so_far = {"done": done, "faults": state["faults"], "withdrawn": state["withdrawn"]}
    await setting.beside.state.update_one({"_id": "state"}, {"$set": so_far})
    await account.beat()


def _decide(setting: Setting, replayed: Replayed) -> writer.Entry | None:
    page = replayed.page
    if page is None:
        return None
    source = setting.sources[page.source]
    decide.topic(page, source, setting.verdicts)
    entry = decide.identity(page, source)
    entry.visit_id = _visit_id(replayed.capture)
    entry.run = ObjectId(replayed.run) if ObjectId.is_valid(replayed.run) else None
    return entry


def _visit_id(capture: Captured) -> ObjectId:
    """The identifier of the attempt that made a capture: the same whenever it is read back."""
    return ObjectId(hashlib.sha256(f"{capture.file}:{capture.offset}".encode()).digest()[:12])


def _parts(entries: Iterable[writer.Entry]) -> Iterable[list[writer.Entry]]:
    """Batches of one outlet in which no page comes twice: each attempt counts on what the one before has left."""
    part: list[writer.Entry] = []
    keys: set[str] = set()
    for entry in entries:
        if part and (not keys.isdisjoint((entry.url, entry.page.key)) or entry.page.source != part[0].page.source):
            yield part
            part, keys = [], set()
        part.append(entry)
        keys |= {entry.url, entry.page.key}
    if part:
        yield part


async def _erase_withdrawn(setting: Setting, state: dict[str, Any]) -> None:
    """What turned out to be a withdrawn article under an address unknown till now leaves the WARC files too, and is barred there.

    Raises:
        archive.warc.erase.EraseError: a WARC file cannot be changed.
    """
    places = [{name: page[name] for name in ("file", "offset")} for page in state["withdrawn"]]
    if not places:
        return
    async for verdict in setting.beside.verdicts.find({"withdrawn": True}):
        met = {"$addToSet": {"addresses": {"$each": verdict["addresses"]}}}
        await setting.archive.verdicts.update_one({"_id": verdict["_id"]}, met)
    kept = await setting.archive.captures.find({"$or": places}).to_list()
    addresses = [address for page in state["withdrawn"] for address in page["addresses"]]
    await asyncio.to_thread(erase, setting.folder, kept, addresses)
    await setting.archive.captures.delete_many({"_id": {"$in": [capture["_id"] for capture in kept]}})


async def _derive(setting: Setting, progress: Progress) -> int:
    """Derive copies and stories for the articles that were carried over, and for those that pointed to one that has left."""
    ids = await setting.beside.touched.distinct("_id")
    changed: set[str] = set()
    for start in range(0, len(ids), 100):
        part = ids[start : start + 100]
        changed |= await rederive(setting.archive, part, comparing(setting.workers), interrupted=True)
        progress("copies", min(start + 100, len(ids)), len(ids))
    return len(changed)


async def _astray(archive: ledger.Database) -> set[str]:
    """The articles that point to an article which is not there, and what they point to: no capture of theirs differs by it."""
    pointing: dict[str, set[str]] = {}
    names: set[str] = set()
    async for article in archive.articles.find({}, pointers.FIELDS):
        names.add(article["_id"])
        for name in pointers.pointed(article):
            pointing.setdefault(name, set()).add(article["_id"])
    gone = pointing.keys() - names
    return gone.union(*(pointing[name] for name in gone))
