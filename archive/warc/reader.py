"""Reading WARC files: one record where a pointer says, or all in order.

A damaged or cut record costs itself only: reading goes on at the next gzip member that begins a record.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from bson import Int64
from warcio.recordloader import ArcWarcRecordLoader

from archive.warc import message
from archive.warc.message import Message
from archive.warc.records import media_type
from archive.warc.writer import OPEN

Document = dict[str, Any]

#: A record that inflates to more is passed over; a page that was fetched has 20 MB at most.
MAX_RECORD = 64 * 2**20
#: The folder of files that came from elsewhere, inside the WARC folder.
IMPORTED = "imported"
_BUFFER = 2**16
_COMPARED = 2**20
# Records that the crawls of a process may write between a page's answer and what discovery said of it.
_SOON = 500
_REASONS = ("length", "time", "disconnect", "unspecified")
_MAGIC = b"\x1f\x8b\x08"
# Of a gzip member, to see how its content begins.
_ENOUGH = 512


class WarcError(ValueError):
    """A WARC file or record cannot be read; the message names the file and the offset."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a WARC file that cannot be read.

    Attributes:
        file: its name, see `file_name`.
        start, end: bytes, end exclusive.
        reason: in words.
    """

    file: str
    start: int
    end: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: bytes {self.start} to {self.end}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The record that a revisit repeats, where it does not name it (WARC 1.1, 6.7.2).

    Attributes:
        url, at: its address and instant; "" and None where the revisit does not say.
        digest: of the payload, "" where it does not say.
    """

    url: str
    at: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in a file.

    Attributes:
        type: "response", "revisit", "request", "metadata", "warcinfo" …
        headers: the WARC headers by their lower-case names.
        block: its content.
        raw: the whole record, inflated.
        offset, length: of the gzip member, in bytes; length 0 where it is none.
    """

    type: str
    headers: Mapping[str, str]
    block: bytes
    raw: bytes
    offset: int
    length: int

    @property
    def id(self) -> str:
        """WARC-Record-ID without its angle brackets."""
        return _bare(self.headers.get("warc-record-id", ""))

    @property
    def url(self) -> str:
        """WARC-Target-URI; WARC 1.0 writers put it between angle brackets."""
        return _bare(self.headers.get("warc-target-uri", ""))

    @property
    def at(self) -> datetime:
        """WARC-Date as an aware UTC instant.

        Raises:
            ValueError: it is missing, or none.
        """
        return _instant(self.headers.get("warc-date", ""))

    @property
    def message(self) -> Message:
        """The HTTP message of a response, revisit or request record; a revisit has no payload."""
        return message.response(self.block) if self.type != "request" else message.request(self.block)

    @property
    def truncated(self) -> str | None:
        """Why the payload is cut, in the words of WARC 1.1 (5.13); None where it is whole."""
        said = self.headers.get("warc-truncated", "").strip().lower()
        return (said if said in _REASONS else "unspecified") if said else None

    @property
    def concurrent_to(self) -> str:
        """The id of the record that a request or metadata record belongs to."""
        return _bare(self.headers.get("warc-concurrent-to", ""))

    @property
    def repeated(self) -> Repeated | None:
        """What a page's revisit that names no record says of the one that it repeats; None for all others.

        A redirect or a 304 says by its header what there is to say.
        """
        if self.type != "revisit" or _bare(self.headers.get("warc-refers-to", "")):
            return None
        if not 200 <= self.message.status < 300:
            return None
        try:
            at = _instant(self.headers.get("warc-refers-to-date", ""))
        except ValueError:
            at = None
        url = _bare(self.headers.get("warc-refers-to-target-uri", ""))
        return Repeated(url, at, self.headers.get("warc-payload-digest", ""))

    def discovery(self) -> Document | None:
        """What discovery said of a page, where the record is a metadata record of ours; else None.

        See `archive.warc.records.discovery` for its names; "capture" is the place of the page's response.
        """
        if self.type != "metadata" or self.headers.get("content-type") != "application/json":
            return None
        try:
            said = json.loads(self.block)
        except ValueError:
            return None
        return said if isinstance(said, dict) and "key" in said and "capture" in said else None

    def capture(self, file: str) -> Document | None:
        """The `captures` document of a response or revisit record; None for others."""
        if self.type not in ("response", "revisit"):
            return None
        answer = self.message
        return {
            "_id": self.id,
            "url": self.url,
            "at": self.at,
            "status": answer.status,
            "type": media_type(answer),
            "digest": self.headers.get("warc-payload-digest", ""),
            "file": file,
            "offset": Int64(self.offset),
            "length": Int64(self.length),
            "revisit_of": _bare(self.headers.get("warc-refers-to", "")) or None,
            "truncated": self.truncated,
        }


def find(folder: Path, name: str) -> Path:
    """The path of a WARC file, be it finished or still being written.

    Raises:
        WarcError: there is none.
    """
    final = folder / name
    # Finished between the first look and the second, it is found by the third.
    for path in (final, folder / (name + OPEN), final):
        if path.exists():
            return path
    raise WarcError(f"{folder / name}: no such WARC file")


def files(folder: Path) -> list[Path]:
    """The WARC files of a folder and of those imported, oldest first by name; those that are being written too."""
    found = [path for path in folder.rglob("*.warc.gz*") if path.name.endswith((".warc.gz", ".warc.gz" + OPEN))]
    return sorted(found, key=lambda path: path.name)


def opened(path: Path) -> BinaryIO:
    """Open a file that was listed; one that was being written may have got its name since, and `name` says which it has.

    Raises:
        OSError: it cannot be opened.
    """
    try:
        return path.open("rb", buffering=4 * _BUFFER)
    except FileNotFoundError:
        if not path.name.endswith(OPEN):
            raise
        return path.with_suffix("").open("rb", buffering=4 * _BUFFER)


def begins_alike(path: Path, other: Path) -> bool:
    """Whether the shorter of two files is the beginning of the longer one.

    Raises:
        OSError: one cannot be read.
    """
    with path.open("rb") as one, other.open("rb") as two:
        left = min(os.fstat(stream.fileno()).st_size for stream in (one, two))
        while left:
            part = one.read(min(left, _COMPARED))
            if not part or part != two.read(min(left, _COMPARED)):
                return False
            left -= len(part)
    return True


def file_name(path: Path) -> str:
    """A file's name as `captures` has it: relative to the WARC folder, and without the ending of one being written."""
    name = path.name.removesuffix(OPEN)
    return f"{IMPORTED}/{name}" if path.parent.name == IMPORTED else name


def is_imported(file: str) -> bool:
    """Whether a file came from elsewhere, by its name as `captures` has it."""
    return file.startswith(f"{IMPORTED}/")


def read(folder: Path, place: Mapping[str, Any]) -> Record:
    """The record at a place: file and offset.

    Raises:
        WarcError: there is no such file, or no whole record at that place.
    """
    path = find(folder, place["file"])
    offset = place["offset"]
    try:
        with opened(path) as stream:
            content, end = _inflate(stream, offset)
        return parse(content, offset, end - offset)
    except (OSError, ValueError) as error:
        raise WarcError(f"{path}: no whole record at {offset}: {error}") from error


def scan(path: Path, start: int = 0) -> Iterator[Record | Damage]:
    """Every record of a file from an offset on, in order, and the stretches between them that cannot be read.

    Raises:
        OSError: the file cannot be opened.
    """
    with opened(path) as stream:
        offset, size = start, os.fstat(stream.fileno()).st_size
        while offset < size:
            try:
                content, end = _inflate(stream, offset)
            except ValueError as error:
                end = _next_record(stream, offset + 1)
                yield Damage(file_name(path), offset, end, str(error))
            else:
                try:
                    yield parse(content, offset, end - offset)
                except ValueError as error:
                    yield Damage(file_name(path), offset, end, str(error))
            offset = end


def records(path: Path, start: int = 0) -> Iterator[Record]:
    """Every record of a file from an offset on, in order; damaged ones are passed over."""
    return (item for item in scan(path, start) if isinstance(item, Record))


def is_described(folder: Path, capture: Mapping[str, Any]) -> bool:
    """Whether a metadata record of discovery follows a capture soon enough to be of the same crawl.

    Raises:
        WarcError: there is no such file.
    """
    following = records(find(folder, capture["file"]), capture["offset"] + capture["length"])
    return any(
        record.concurrent_to == capture["_id"] and record.discovery() is not None for record in islice(following, _SOON)
    )


def _inflate(stream: BinaryIO, start: int) -> tuple[bytes, int]:
    """The content of the gzip member at an offset, and where it ends.

    Raises:
        ValueError: there is none, or it is damaged, cut or too large.
    """
    stream.seek(start)
    inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
    pieces, total, position = [], 0, start
    while not inflater.eof:
        data = inflater.unconsumed_tail
        if not data:
            data = stream.read(_BUFFER)
            if not data:
                raise ValueError("the record is cut off by the end of the file")
            if position == start and not data.startswith(_MAGIC[: len(data)]):
                raise ValueError("no gzip member begins here")
            position += len(data)
        try:
            piece = inflater.decompress(data, 16 * _BUFFER)
        except zlib.error as error:
            raise ValueError(f"damaged: {error}") from error
        total += len(piece)
        if total > MAX_RECORD:
            raise ValueError(f"inflates to more than {MAX_RECORD // 2**20} MB")
        pieces.append(piece)
    return b"".join(pieces), position - len(inflater.unused_data)


def _next_record(stream: BinaryIO, start: int) -> int:
    """Where the next gzip member begins whose content begins a record; the end of the file where none does."""
    stream.seek(start)
    data, base = b"", start
    while chunk := stream.read(_BUFFER):
        data += chunk
        found = data.find(_MAGIC)
        while found >= 0:
            if len(data) - found < _ENOUGH:
                data += stream.read(_BUFFER)
            if _begins_record(data[found : found + _ENOUGH]):
                return base + found
            found = data.find(_MAGIC, found + 1)
        base += len(data) - len(_MAGIC) + 1
        data = data[-len(_MAGIC) + 1 :]
    return base + len(data)


def _begins_record(data: bytes) -> bool:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(data, 16).startswith(b"WARC/")
    except zlib.error:
        return False


def parse(content: bytes, offset: int = 0, length: int = 0) -> Record:
    """A record from its bytes.

    Raises:
        ValueError: it is none, or its block has another length than it says.
    """
    stream = BytesIO(content)
    try:
        parsed = ArcWarcRecordLoader().parse_record_stream(stream, known_format="warc", no_record_parse=True)
    except Exception as error:
        raise ValueError(f"no WARC record: {error}") from error
    headers = {name.lower(): value for name, value in parsed.rec_headers.headers}
    block = parsed.raw_stream.read()
    if len(block) != parsed.length or stream.read().strip(b"\r\n"):
        raise ValueError(f"its block has not the {parsed.length} bytes that its header says")
    return Record((parsed.rec_type or "").lower(), headers, block, content, offset, length)


def _bare(identifier: str) -> str:
    return identifier.strip().removeprefix("<").removesuffix(">")


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
