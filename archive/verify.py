"""Whether the archive holds together: every record of the WARC files whole and as its digests say, every pointer of MongoDB
leading to one, and nothing lying there that nothing leads to."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from archive import pointers
from archive.warc import reader
from archive.warc.reader import Damage, Record
from archive.warc.writer import OPEN

Document = dict[str, Any]
Place = tuple[str, int]
Capture = tuple[str, datetime]

_REBUILD = "'scrapy reprocess' enters it"
_LOST = "copy the file from the folder warc/ of a backup; what else it held stays readable"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong.

    Attributes:
        where: file and byte, or collection and `_id`.
        what: in words.
        mend: what to do.
    """

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.mend}"


@dataclass(slots=True)
class FileReport:
    """What a WARC file holds, and what is wrong with it.

    Attributes:
        records: how many could be read.
        responses: offset → record id, URL and length of each response.
        loose: record ids of revisits that name no record; they are known only where the one that they repeat was found.
        pages: canonical URLs of the pages that discovery named, by the record id of their response.
    """

    file: str
    records: int = 0
    responses: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check_file(path: Path) -> FileReport:
    """Read a WARC file from one end to the other: framing, digests, dates.

    Raises:
        OSError: it cannot be read.
    """
    report = FileReport(reader.file_name(path))
    last: Record | Damage | None = None
    for item in reader.scan(path):
        last = item
        if isinstance(item, Damage):
            report.problems.append(_damaged(item))
            continue
        report.records += 1
        where = f"{report.file}: record at byte {item.offset}"
        report.problems += [Problem(where, what, _LOST) for what in _faults(item)]
        if item.type in ("response", "revisit"):
            report.responses[item.offset] = (item.id, item.url, item.length)
            if item.repeated is not None:
                report.loose.add(item.id)
        elif said := item.discovery():
            report.pages[item.concurrent_to] = said["key"]
    if isinstance(last, Damage) and path.name.endswith(OPEN):
        report.problems[-1] = _damaged(last, torn=True)
    return report


def _damaged(damage: Damage, *, torn: bool = False) -> Problem:
    where = f"{damage.file}: bytes {damage.start} to {damage.end}"
    if torn:
        return Problem(where, f"{damage.reason} (a crawl was killed, or is writing)", "the next crawl trims it")
    return Problem(where, damage.reason, _LOST)


def _faults(record: Record) -> Iterator[str]:
    """What a record says of itself that is not so."""
    if not record.id:
        yield "no WARC-Record-ID"
    try:
        _ = record.at
    except ValueError:
        yield "no WARC-Date"
    if _differs(record.headers.get("warc-block-digest"), record.block):
        yield "its bytes are not those of its block digest"
    if record.type != "response":
        return
    said = record.headers.get("warc-payload-digest")
    # Some writers take the digest of a chunked payload with its chunks, others without (warcio and the standard).
    answer = record.message
    _, _, lying = record.block.partition(b"\r\n\r\n")
    if not answer.status:
        yield "no HTTP status line"
    elif _differs(said, answer.payload) and _differs(said, lying):
        yield "its payload is not that of its payload digest"


def _differs(said: str | None, data: bytes) -> bool:
    """Whether a digest is not that of some bytes; one in an algorithm or spelling that is not known proves nothing."""
    algorithm, _, value = (said or "").partition(":")
    algorithm = algorithm.lower().replace("-", "")
    if algorithm not in ("sha1", "sha256", "md5"):
        return False
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return value.lower() not in (digest.hex(), base64.b32encode(digest).decode().lower())


# -- MongoDB -----------------------------------------------------------------------------------------------------------


def check_database(database: Database[Document], reports: Iterable[FileReport]) -> Iterator[Problem]:
    """Whether every pointer of MongoDB leads to a record of the files, and every response of the files is known.

    Raises:
        pymongo.errors.PyMongoError: the server was lost.
    """
    held = {report.file: report for report in reports}
    index: dict[Place, Capture] = {}
    known: set[str] = set()
    for capture in database.captures.find({}, {"url": 1, "at": 1, "file": 1, "offset": 1, "length": 1}):
        index[capture["file"], capture["offset"]] = (capture["url"], capture["at"])
        known.add(capture["_id"])
        if what := _unresolved(capture, held):
            yield Problem(f"captures {capture['_id']} ({capture['url']})", what, _LOST)
    for report in held.values():
        expected = {identifier for identifier, _, _ in report.responses.values()} - report.loose
        missing = expected - known
        if missing:
            yield Problem(report.file, f"{len(missing)} responses are not in captures", _REBUILD)
    for capture in database.captures.find({"revisit_of": {"$ne": None}}, {"revisit_of": 1}):
        if capture["revisit_of"] not in known:
            what = f"the capture that holds its payload, {capture['revisit_of']}, is not there"
            yield Problem(f"captures {capture['_id']}", what, _LOST)
    yield from _pointers(database, index)
    yield from _unfinished(database, held)
    yield from _references(database)


def _unresolved(capture: Document, held: dict[str, FileReport]) -> str:
    report = held.get(capture["file"])
    if report is None:
        return f"its file {capture['file']} is not there"
    found = report.responses.get(capture["offset"])
    if found is None:
        return f"{capture['file']} has no readable response at byte {capture['offset']}"
    if found != (capture["_id"], capture["url"], capture["length"]):
        return f"{capture['file']} has another response at byte {capture['offset']}: {found[1]}"
    return ""


def _pointers(database: Database[Document], index: dict[Place, Capture]) -> Iterator[Problem]:
    """Captures of articles, versions and visits: each in the index, of their moment, and an article's of its address."""
    names: dict[str, set[str]] = {}
    for url in database.urls.find({"article": {"$ne": None}}, {"aliases": 1, "article": 1}):
        names.setdefault(url["article"], set()).update([url["_id"], *url["aliases"]])
    for article in database.articles.find({"capture": {"$ne": None}}, {"capture": 1, "url": 1, "version_at": 1}):
        if what := _wrong(article["capture"], article["version_at"], index, names.get(article["_id"])):
            yield Problem(f"articles {article['_id']} ({article['url']})", what, _REBUILD)
    for version in database.versions.find({"capture": {"$ne": None}}, {"capture": 1, "article": 1, "n": 1, "at": 1}):
        if what := _wrong(version["capture"], version["at"], index, names.get(version["article"])):
            yield Problem(f"versions {version['article']} no. {version['n']}", what, _REBUILD)
    for visit in database.visits.find({"capture": {"$ne": None}}, {"capture": 1, "url": 1, "at": 1}):
        # A page that redirects have led to has another address than the one that was visited.
        if what := _wrong(visit["capture"], visit["at"], index, None):
            yield Problem(f"visits {visit['_id']} ({visit['url']})", what, _REBUILD)


def _wrong(place: Document, at: datetime, index: dict[Place, Capture], names: set[str] | None) -> str:
    capture = index.get((place["file"], place["offset"]))
    if capture is None:
        return f"its capture, {place['file']} at byte {place['offset']}, is not in captures"
    url, captured = capture
    if captured != at:
        return f"its capture is one of another moment, {captured.isoformat()}"
    return "" if names is None or url in names else f"its capture is one of another page, {url}"


def _unfinished(database: Database[Document], held: dict[str, FileReport]) -> Iterator[Problem]:
    """Captured pages that are still waiting. An error that a killed crawl has captured is asked for again, and that settles it."""
    settled = {url["_id"] for url in database.urls.find({"outcome": {"$ne": None}}, {"_id": 1})}
    done: dict[str, set[int]] = {}
    for visit in database.visits.find({"capture": {"$ne": None}}, {"capture": 1, "url": 1}):
        done.setdefault(visit["capture"]["file"], set()).add(visit["capture"]["offset"])
        settled.add(visit["url"])
    for report in held.values():
        read = done.get(report.file, set())
        places = [
            place
            for place, (name, _, _) in report.responses.items()
            if name in report.pages and place not in read and report.pages[name] not in settled
        ]
        if places:
            what = f"{len(places)} captured pages are not in the ledger (the first at byte {places[0]})"
            yield Problem(report.file, what, "the next crawl of their outlet finishes them, or 'scrapy reprocess'")


def _references(database: Database[Document]) -> Iterator[Problem]:
    """What articles, versions and addresses say of articles."""
    articles = {article["_id"] for article in database.articles.find({}, {"_id": 1})}
    for article in database.articles.find({}, pointers.FIELDS):
        for name, fields in sorted(pointers.pointed(article).items()):
            if name not in articles:
                what = f"points to article {name} ({', '.join(fields)}), which is not there"
                yield Problem(f"articles {article['_id']}", what, _REBUILD)
    for url in database.urls.find({"article": {"$ne": None}}, {"article": 1}):
        if url["article"] not in articles:
            yield Problem(f"urls {url['_id']}", f"leads to article {url['article']}, which is not there", _REBUILD)
    for name in {version["article"] for version in database.versions.find({}, {"article": 1})} - articles:
        yield Problem(f"versions of {name}", "their article is not there", _REBUILD)
