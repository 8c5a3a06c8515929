"""Reading WARC files back: records of a file past any damage, exchanges, and the `Page` that each was for the crawl.

WARC 1.1 (ISO 28500:2017), a gzip member a record (annex D). A damaged or cut record costs only itself: reading goes on
at the next gzip member that begins a record.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin

from bson import Int64

from archive import payload
from archive.records import Evidence, Outcome, Page

#: A record that inflates to more is passed over; a page that was fetched has 20 MB at most.
MAX_RECORD = 64 * 2**20
_CHUNK = 2**16
_MEMBER = b"\x1f\x8b\x08"
_VERSION = b"WARC/1."
# Of a gzip member, to see how its content begins.
_ENOUGH = 512
#: Ending of a file that is being written, and the folder of those that came from elsewhere.
OPEN = ".open"
IMPORTED = "imported"

Document = dict[str, Any]


class ReplayError(ValueError):
    """A record cannot be read back; the message names file and offset."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a WARC file that cannot be read.

    Attributes:
        file: as opened.
        start, end: bytes, end exclusive.
        reason: in words.
    """

    file: str
    start: int
    end: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: bytes {self.start} to {self.end}: {self.reason}"


@dataclass(slots=True)
class Record:
    """One WARC record.

    Attributes:
        headers: lower-case names.
        block: the bytes after the headers.
        raw: the whole record.
        offset, length: of its gzip member in the file; length 0 where it is none.
    """

    headers: dict[str, str]
    block: bytes
    raw: bytes
    offset: int = 0
    length: int = 0

    @property
    def type(self) -> str:
        """response, revisit, request, metadata, warcinfo …"""
        return self.headers.get("warc-type", "").lower()

    @property
    def id(self) -> str:
        """WARC-Record-ID without its angle brackets."""
        return _bare(self.headers.get("warc-record-id", ""))

    @property
    def url(self) -> str:
        """WARC-Target-URI; WARC 1.0 writers put it between angle brackets."""
        return _bare(self.headers.get("warc-target-uri", ""))

    @property
    def concurrent_to(self) -> str:
        """The id of the record that a request or metadata record belongs to."""
        return _bare(self.headers.get("warc-concurrent-to", ""))

    @property
    def at(self) -> datetime:
        """WARC-Date as an aware UTC instant.

        Raises:
            ValueError: it is missing or none.
        """
        moment = datetime.fromisoformat(self.headers.get("warc-date", ""))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# -- records -----------------------------------------------------------------------------------------------------------


def records(path: Path, start: int = 0) -> Iterator[Record | Damage]:
    """The records of a gzipped WARC file from a member's offset on, and the stretches that cannot be read.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb", buffering=4 * _CHUNK) as stream:
        position, size = start, path.stat().st_size
        while position < size:
            try:
                content, end = _inflate(stream, position)
                record = parse(content)
            except ReplayError as error:
                end = _next_record(stream, position + 1)
                yield Damage(file_name(path), position, end, str(error))
            else:
                record.offset, record.length = position, end - position
                yield record
            position = end


def record_at(path: Path, offset: int) -> Record:
    """The record at an offset.

    Raises:
        ReplayError: there is none, or it is damaged; the message names file and offset.
    """
    try:
        with path.open("rb") as stream:
            content, end = _inflate(stream, offset)
        record = parse(content)
    except (OSError, ReplayError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ReplayError(f"{path.name}: record at byte {offset}: {reason}") from error
    record.offset, record.length = offset, end - offset
    return record


def file_name(path: Path) -> str:
    """A file's name as `captures` has it, relative to the WARC folder: foreign files lie in a folder of their own."""
    name = path.name.removesuffix(OPEN)
    return f"{IMPORTED}/{name}" if path.parent.name == IMPORTED else name


def _bare(text: str) -> str:
    return text.strip().removeprefix("<").removesuffix(">")


def _inflate(stream: BinaryIO, start: int) -> tuple[bytes, int]:
    """The content of the gzip member at an offset, and where it ends."""
    stream.seek(start)
    inflater = zlib.decompressobj(wbits=31)
    parts, total, position = [], 0, start
    while not inflater.eof:
        chunk = inflater.unconsumed_tail
        if not chunk:
            chunk = stream.read(_CHUNK)
            if not chunk:
                raise ReplayError("the record is cut off by the end of the file")
            if position == start and not chunk.startswith(_MEMBER[: len(chunk)]):
                raise ReplayError("no gzip member begins here")
            position += len(chunk)
        try:
            part = inflater.decompress(chunk, 16 * _CHUNK)
        except zlib.error as error:
            raise ReplayError(f"damaged: {error}") from error
        total += len(part)
        if total > MAX_RECORD:
            raise ReplayError(f"inflates to more than {MAX_RECORD // 2**20} MB")
        parts.append(part)
    return b"".join(parts), position - len(inflater.unused_data)


def _next_record(stream: BinaryIO, start: int) -> int:
    """Where the next gzip member begins whose content begins a record; the end of the file where none does."""
    stream.seek(start)
    data, base = b"", start
    while chunk := stream.read(_CHUNK):
        data += chunk
        found = data.find(_MEMBER)
        # What begins near the end of what has been read is looked at when more has been.
        while found >= 0:
            if len(data) - found < _ENOUGH:
                data += stream.read(_CHUNK)
            if _begins_record(data[found : found + _ENOUGH]):
                return base + found
            found = data.find(_MEMBER, found + 1)
        base += len(data) - len(_MEMBER) + 1
        data = data[-len(_MEMBER) + 1 :]
    return base + len(data)


def _begins_record(data: bytes) -> bool:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, 16).startswith(_VERSION)
    except zlib.error:
        return False


def parse(content: bytes) -> Record:
    """A record from its bytes.

    Raises:
        ReplayError: it is none, or its block has another length than it says.
    """
    head, separator, rest = content.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not separator or not head.startswith(_VERSION):
        raise ReplayError("no WARC record")
    headers: dict[str, str] = {}
    name = ""
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and name:
            headers[name] += " " + line.strip()
            continue
        key, _, value = line.partition(":")
        name = key.strip().lower()
        headers[name] = value.strip()
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdecimal():
        raise ReplayError("no Content-Length")
    if rest[int(length) :] != b"\r\n\r\n":
        raise ReplayError(f"the block has not the {length} bytes that its header says")
    return Record(headers, rest[: int(length)], content)


# -- what is in a file ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Content:
    """What a WARC file holds.

    Attributes:
        captures: a `captures` document for each response.
        said: for each page that discovery named, what it said and where the record lies that says it.
        redirects: address → the addresses that led to it.
        damage: what cannot be read.
    """

    captures: list[Document] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    redirects: dict[str, list[str]] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """What discovery said of a page, in short.

    Attributes:
        key, source: canonical URL and outlet.
        capture: `_id` of the page's capture.
        file, offset: the metadata record.
    """

    key: str
    source: str
    capture: str
    file: str
    offset: int


def content(path: Path) -> Content:
    """What a file holds, read from one end to the other.

    Raises:
        OSError: it cannot be opened.
    """
    name = file_name(path)
    found = Content()
    for item in records(path):
        if isinstance(item, Damage):
            found.damage.append(item)
        elif item.type in ("response", "revisit"):
            try:
                http = payload.parse(item.block)
                found.captures.append(capture_of(item, name, http))
            except ValueError as error:
                damage = Damage(name, item.offset, item.offset + item.length, str(error))
                found.damage.append(damage)
                continue
            if target := http.headers.get("location"):
                found.redirects.setdefault(urljoin(item.url, target), []).append(item.url)
        elif item.type == "metadata" and (said := said_of(item)):
            found.said.append(Said(said["key"], said["source"], item.concurrent_to, name, item.offset))
    return found


def capture_of(record: Record, file: str, http: payload.Http) -> Document:
    """The `captures` document of a response or revisit record.

    Raises:
        ValueError: it has no date.
    """
    return {
        "_id": record.id,
        "url": record.url,
        "at": record.at,
        "status": http.status,
        "type": http.type,
        "digest": record.headers.get("warc-payload-digest") or payload.digest(http.payload),
        "file": file,
        "offset": Int64(record.offset),
        "length": Int64(record.length),
        "revisit_of": _bare(record.headers.get("warc-refers-to", "")) or None,
        "truncated": record.headers.get("warc-truncated"),
    }


def said_of(record: Record) -> Document | None:
    """What discovery said of a page, from a metadata record of ours; None for another's."""
    if record.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return None
    try:
        said = json.loads(record.block)
    except ValueError:
        return None
    return said if isinstance(said, dict) and "key" in said and "source" in said else None


def files(folder: Path) -> list[Path]:
    """The WARC files of a folder and its subfolders, oldest first by name; those that are being written too."""
    found = [path for path in folder.rglob("*") if path.name.endswith((".warc.gz", ".warc.gz" + OPEN))]
    return sorted(found, key=lambda path: path.name)


def locate(folder: Path, name: str) -> Path:
    """The path of a file by its name in `captures`; one that is being written has another ending."""
    path = folder / name
    return path if path.exists() or not (folder / (name + OPEN)).exists() else folder / (name + OPEN)


# -- pages -------------------------------------------------------------------------------------------------------------


def page(record: Record, file: str, said: Document | None = None, *, held: Record | None = None) -> Page:
    """The page that a response was, as the crawl had it.

    Args:
        record: response or revisit.
        file: name of the WARC file, relative to the WARC folder.
        said: what discovery said of it; None where nothing, as in foreign files: `key` and `source` are "" then.
        held: for a revisit, the record that holds the payload.
    Returns:
        A page whose `outcome` is settled where the bytes alone decide it: cut off, or not in the declared content-coding.
    Raises:
        ReplayError: it is no HTTP, or has no date.
    """
    try:
        http = payload.parse(record.block)
        whole = http if held is None else payload.parse(held.block)
        at = record.at
    except ValueError as error:
        raise ReplayError(f"{file}: record at byte {record.offset}: {error}") from error
    heard = said or {}
    made = Page(
        key=heard.get("key", ""),
        url=record.url,
        requested=heard.get("requested") or record.url,
        source=heard.get("source", ""),
        fetched_at=at,
        status=http.status,
        headers=whole.headers | http.headers,
        found_by=list(heard.get("found_by", [])),
        evidence=[Evidence(item["text"], item["where"], item["says"]) for item in heard.get("evidence", [])],
        title_hint=heard.get("title_hint", ""),
        aliases=list(heard.get("aliases", [])),
        capture={"file": file, "offset": Int64(record.offset), "length": Int64(record.length)},
    )
    cut = record.headers.get("warc-truncated")
    if cut:
        made.outcome = Outcome.TOO_LARGE if cut == "length" else Outcome.NETWORK_ERROR
        made.detail = f"the answer was cut ({cut})"
        return made
    try:
        made.body = payload.body(whole, strict=said is not None)
    except payload.TooLarge as error:
        made.outcome, made.detail = Outcome.TOO_LARGE, str(error)
    except payload.BadCoding as error:
        made.outcome, made.detail = Outcome.UNDECODABLE, str(error)
    return made
