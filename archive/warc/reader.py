"""Reading WARC files: one record where a pointer says, or all in order. A damaged record costs itself only."""

from __future__ import annotations

import gzip
import json
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

_BUFFER = 2**16
# Records that the crawls of a process may write between a page's answer and what discovery said of it.
_SOON = 500
_MAGIC = b"\x1f\x8b\x08"


class WarcError(ValueError):
    """A WARC file or record cannot be read; the message names the file and the offset."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies in a file.

    Attributes:
        type: "response", "revisit", "request", "metadata", "warcinfo" …
        headers: the WARC headers by their lower-case names.
        block: its content.
        offset, length: of the gzip member, in bytes.
    """

    type: str
    headers: Mapping[str, str]
    block: bytes
    offset: int
    length: int

    @property
    def id(self) -> str:
        """WARC-Record-ID without its angle brackets."""
        return _bare(self.headers.get("warc-record-id", ""))

    @property
    def url(self) -> str:
        """WARC-Target-URI."""
        return self.headers.get("warc-target-uri", "")

    @property
    def at(self) -> datetime:
        """WARC-Date as an aware UTC instant.

        Raises:
            ValueError: it is none.
        """
        return datetime.fromisoformat(self.headers["warc-date"]).astimezone(UTC)

    @property
    def message(self) -> Message:
        """The HTTP message of a response, revisit or request record; a revisit has no payload."""
        return message.response(self.block) if self.type != "request" else message.request(self.block)

    @property
    def concurrent_to(self) -> str:
        """The id of the record that a request or metadata record belongs to."""
        return _bare(self.headers.get("warc-concurrent-to", ""))

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
            "truncated": self.headers.get("warc-truncated"),
        }


def find(folder: Path, name: str) -> Path:
    """The path of a WARC file, be it finished or still being written.

    Raises:
        WarcError: there is none.
    """
    for path in (folder / name, folder / (name + OPEN)):
        if path.exists():
            return path
    raise WarcError(f"{folder / name}: no such WARC file")


def read(folder: Path, place: Mapping[str, Any]) -> Record:
    """The record at a place: file, offset, length.

    Raises:
        WarcError: there is no such file, or no whole record at that place.
    """
    path = find(folder, place["file"])
    with path.open("rb") as stream:
        stream.seek(place["offset"])
        data = stream.read(place["length"])
    try:
        return _parse(gzip.decompress(data), place["offset"], len(data))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise WarcError(f"{path}: no whole record at {place['offset']}: {error}") from error


def records(path: Path, start: int = 0) -> Iterator[Record]:
    """Every record of a file from an offset on, in order; damaged ones are passed over.

    See `sound_end` for where the whole records end.
    """
    with path.open("rb") as stream:
        for offset, length, data in _members(stream, start):
            try:
                yield _parse(data, offset, length)
            except ValueError:
                continue


def is_described(folder: Path, capture: Mapping[str, Any]) -> bool:
    """Whether a metadata record of discovery follows a capture soon enough to be of the same crawl.

    Raises:
        WarcError: there is no such file.
    """
    following = records(find(folder, capture["file"]), capture["offset"] + capture["length"])
    return any(
        record.concurrent_to == capture["_id"] and record.discovery() is not None for record in islice(following, _SOON)
    )


def sound_end(path: Path, start: int = 0) -> int:
    """Where the last whole record of a file ends; what follows is a torn tail, or there is nothing."""
    end = start
    with path.open("rb") as stream:
        for offset, length, _ in _members(stream, start):
            end = offset + length
    return end


def _members(stream: BinaryIO, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Offset, length and content of each whole gzip member; after damage it goes on at the next one that is whole."""
    size = stream.seek(0, 2)
    offset = start
    while offset < size:
        found = _member(stream, offset)
        if found is None:
            offset = _next_magic(stream, offset + 1)
            continue
        length, data = found
        yield offset, length, data
        offset += length


def _member(stream: BinaryIO, offset: int) -> tuple[int, bytes] | None:
    stream.seek(offset)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    pieces, length = [], 0
    while not unpacker.eof:
        data = stream.read(_BUFFER)
        if not data:
            return None
        try:
            pieces.append(unpacker.decompress(data))
        except zlib.error:
            return None
        length += len(data) - len(unpacker.unused_data)
    return length, b"".join(pieces)


def _next_magic(stream: BinaryIO, offset: int) -> int:
    """Where the next gzip member may begin; the end of the file where none does."""
    stream.seek(offset)
    before = b""
    while data := stream.read(_BUFFER):
        found = (before + data).find(_MAGIC)
        if found >= 0:
            return offset - len(before) + found
        offset += len(data)
        before = data[-2:]
    return offset


def _parse(data: bytes, offset: int, length: int) -> Record:
    stream = BytesIO(data)
    try:
        parsed = ArcWarcRecordLoader().parse_record_stream(stream, known_format="warc", no_record_parse=True)
    except Exception as error:
        raise ValueError(f"no WARC record: {error}") from error
    headers = {name.lower(): value for name, value in parsed.rec_headers.headers}
    block = parsed.raw_stream.read()
    if len(block) != parsed.length:
        raise ValueError(f"its block has {len(block)} bytes of {parsed.length}")
    return Record(parsed.rec_type or "", headers, block, offset, length)


def _bare(identifier: str) -> str:
    return identifier.strip().removeprefix("<").removesuffix(">")
