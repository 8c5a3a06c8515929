"""Taking records out of WARC files in place: what was withdrawn goes, and every other record stays where pointers say.

A record is overwritten with a tombstone that is exactly as long: a metadata record with its id and its instant and nothing
else, neither address nor headers, padded in the gzip header (RFC 1952, 2.3.1.1) or with spaces. So files stay sound for any
reader, and offsets and lengths of all others hold. Copies of the files elsewhere are beyond it.
"""

from __future__ import annotations

import html
import json
import os
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archive.warc import reader
from archive.warc.message import Message
from language.charset import text_of
from language.normalize import fold

Document = dict[str, Any]

_HEADER = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff"
_EXTRA = 65_535
_STORED = 65_535
_WORDS = b"This record was withdrawn."
_SERIAL = re.compile(r"-(\d{5})-(?=.+-\d+\.warc\.gz)")


class EraseError(RuntimeError):
    """A WARC file cannot be changed; the message names it and says why."""


def erase(folder: Path, captures: Iterable[Document], addresses: Iterable[str] = ()) -> int:
    """Overwrite captures with tombstones, with the request and metadata records that belong to them.

    Args:
        folder: of the WARC files.
        captures: documents of the index.
        addresses: whose every record in the same files goes too, indexed or not.
    Returns:
        The number of records that were overwritten; those that are tombstones already do not count.
    Raises:
        EraseError: a file is missing or cannot be written.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for capture in captures:
        wanted[capture["file"]].add(capture["_id"])
    everywhere, barred = set().union(*wanted.values()), set(addresses)
    count = 0
    for path in sorted({path for name in wanted for path in _files(folder, name)}):
        places = [
            (record, tombstone(record.id, record.headers.get("warc-date", ""), record.length))
            for record in reader.records(path)
            if record.type != "warcinfo" and _belongs(record, everywhere, barred)
        ]
        try:
            with path.open("r+b") as stream:
                for record, stone in places:
                    stream.seek(record.offset)
                    stream.write(stone)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise EraseError(f"{path}: cannot be changed: {error.strerror}") from error
        if places:
            # It names the address; `scrapy captures --cdxj` writes it anew.
            path.with_name(path.name.partition(".warc.gz")[0] + ".cdxj").unlink(missing_ok=True)
        count += len(places)
    return count


def _belongs(record: reader.Record, ids: set[str], addresses: set[str]) -> bool:
    known = record.id in ids or record.concurrent_to in ids or record.url in addresses
    return known and not is_tombstone(record)


def is_tombstone(record: reader.Record) -> bool:
    """Whether a record stands in the place of one that was withdrawn."""
    return record.block.rstrip() == _WORDS


def _files(folder: Path, name: str) -> Iterator[Path]:
    """A file, and the one that the same process wrote after it, where a page's metadata may have come to lie."""
    try:
        yield reader.find(folder, name)
    except reader.WarcError as error:
        raise EraseError(str(error)) from error
    serial = _SERIAL.search(name)
    if serial:
        following = f"-{int(serial[1]) + 1:05}-{name[serial.end() :]}"
        yield from folder.glob(f"*{following}*")


def tombstone(record_id: str, date: str, length: int) -> bytes:
    """A gzip member of exactly that many bytes: a record without content under an old record's id and date.

    Raises:
        EraseError: it is shorter than a record can be.
    """

    def plain(padding: int) -> bytes:
        block = _WORDS + b" " * padding
        head = f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <{record_id}>\r\nWARC-Date: {date}\r\n"
        head += f"Content-Type: text/plain\r\nContent-Length: {len(block)}\r\n\r\n"
        return head.encode() + block + b"\r\n\r\n"

    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    content = plain(0)
    packed = packer.compress(content) + packer.flush()
    if length - _framed(packed) > _EXTRA:
        # Too much for a gzip header: spaces in stored blocks (RFC 1951, 3.2.4) take the most of it.
        overhead = _framed(b"") + len(content) + 5 * (length // _STORED + 2) + 20
        content = plain(length - overhead)
        packed = _stored(content)
    missing = length - _framed(packed)
    if missing < 0:
        raise EraseError(f"record {record_id} has {length} bytes, too few for a tombstone")
    field = b"MW" + (missing - 4).to_bytes(2, "little") + b"\0" * (missing - 4) if missing >= 4 else b"\0" * missing
    check = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return _HEADER + len(field).to_bytes(2, "little") + field + packed + check


def _framed(packed: bytes) -> int:
    return len(_HEADER) + 2 + len(packed) + 8


def _stored(content: bytes) -> bytes:
    parts = [content[start : start + _STORED] for start in range(0, len(content), _STORED)]
    blocks = []
    for number, part in enumerate(parts, 1):
        size = len(part)
        final = bytes([number == len(parts)])
        blocks.append(final + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + part)
    return b"".join(blocks)


def quoting(folder: Path, captures: Iterable[Document], words: list[str]) -> list[Document]:
    """Those of some captures whose payload holds one of some words, in whatever spelling `fold` makes equal.

    Revisits hold none of their own. What cannot be read is not among them.
    """
    sought = [folded for word in words if (folded := fold(word))]
    found = []
    for capture in captures:
        if capture["revisit_of"] is not None:
            continue
        try:
            message = reader.read(folder, capture).message
        except reader.WarcError:
            continue
        text = fold(_readable(message))
        if any(word in text for word in sought):
            found.append(capture)
    return found


def _readable(message: Message) -> str:
    body = message.payload
    if (message.header("content-encoding") or "").lower() in ("gzip", "x-gzip", "deflate"):
        try:
            body = zlib.decompressobj(zlib.MAX_WBITS + 32).decompress(body)
        except zlib.error:
            return ""
    if body[:2] == b"\x1f\x8b":  # a sitemap.xml.gz
        body = zlib.decompressobj(zlib.MAX_WBITS + 32).decompress(body)
    text = text_of(body, message.header("content-type") or "")
    if text.lstrip()[:1] in ("{", "["):
        try:
            text = json.dumps(json.loads(text), ensure_ascii=False)
        except ValueError:
            return text
    return html.unescape(html.unescape(text))
