"""WARC records: what is said of an exchange, and the gzip member that says it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.records import Exchange
from archive.warc import message
from archive.warc.message import Message

Document = dict[str, Any]

#: WARC 1.1, 6.7.2 and 6.7.3.
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
# What comes in a content-coding hardly shrinks (1 costs a tenth of 9); a page that came bare does.
_CODED, _BARE = 1, 6


@dataclass(slots=True)
class Record:
    """A record that is not yet on disk."""

    type: str
    headers: list[tuple[str, str]]
    content_type: str
    block: bytes
    level: int = _BARE
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or new_id()


def new_id() -> str:
    """A fresh WARC-Record-ID, without its angle brackets."""
    return uuid4().urn


def member(record: Record) -> bytes:
    """A record as a gzip member of its own (WARC 1.1, annex D)."""
    headers = [("WARC-Type", record.type), ("WARC-Record-ID", f"<{record.id}>"), *record.headers]
    headers.append(("WARC-Block-Digest", digest(record.block)))
    # No parsed HTTP headers and no type of its own: warcio would write header lines anew, and leave out a revisit's block.
    made = ArcWarcRecord(
        "warc",
        None,
        StatusAndHeaders("", headers, protocol="WARC/1.1"),
        BytesIO(record.block),
        None,
        record.content_type,
        len(record.block),
    )
    plain = BytesIO()
    WARCWriter(plain, gzip=False, warc_version="1.1").write_record(made)
    packer = zlib.compressobj(record.level, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(plain.getvalue()) + packer.flush()


def digest(data: bytes) -> str:
    """SHA-1 as WARC files write it: "sha1:BASE32"."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def instant(moment: datetime) -> str:
    """A WARC-Date: UTC with microseconds (WARC 1.1, 5.4)."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def warcinfo(file: str, info: Mapping[str, str], at: datetime) -> Record:
    """The first record of a file: who wrote it, with what, and how."""
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in info.items() if value)
    headers = [("WARC-Date", instant(at)), ("WARC-Filename", file)]
    return Record("warcinfo", headers, "application/warc-fields", block.encode())


def exchange(kept: Exchange, earlier: Document | None, info: str) -> tuple[Record, Record, Document]:
    """The request record, the response or revisit record, and the `captures` document but for its place.

    Args:
        earlier: the `captures` document of the last whole response of the same address, if there is one.
        info: id of the file's warcinfo record.
    """
    answer = message.response(b"".join(kept.received))
    payload_digest = digest(answer.payload)
    common = [("WARC-Target-URI", kept.url), ("WARC-Date", instant(kept.at)), ("WARC-Warcinfo-ID", f"<{info}>")]
    headers = list(common)
    if kept.ip:
        headers.append(("WARC-IP-Address", kept.ip))
    block, kind, original = answer.head + answer.payload, "response", None
    profile = _revisits(answer, payload_digest, earlier) if kept.truncated is None else None
    if profile and earlier:
        block, kind, original = answer.head, "revisit", earlier["_id"]
        # A 304 has no payload of its own; its digest is that of what was not modified.
        payload_digest = earlier["digest"]
        headers += [
            ("WARC-Profile", profile),
            ("WARC-Refers-To", f"<{original}>"),
            ("WARC-Refers-To-Target-URI", earlier["url"]),
            ("WARC-Refers-To-Date", instant(earlier["at"])),
        ]
    if kept.truncated:
        headers.append(("WARC-Truncated", kept.truncated))
    headers.append(("WARC-Payload-Digest", payload_digest))
    level = _CODED if answer.header("content-encoding") else _BARE
    answered = Record(kind, headers, "application/http;msgtype=response", block, level)
    asked = message.request(b"".join(kept.sent))
    concurrent = [*common, ("WARC-Concurrent-To", f"<{answered.id}>"), ("WARC-Payload-Digest", digest(asked.payload))]
    sent = Record("request", concurrent, "application/http;msgtype=request", asked.head + asked.payload)
    document = {
        "_id": answered.id,
        "url": kept.url,
        "at": kept.at,
        "status": answer.status,
        "type": media_type(answer),
        "digest": payload_digest,
        "revisit_of": original,
        "truncated": kept.truncated,
    }
    return sent, answered, document


def discovery(said: Mapping[str, Any], capture: Document, info: str) -> Record:
    """What discovery said of a page, as JSON, concurrent to the page's response, which it points to as well.

    Args:
        said: source, key, requested, found_by, evidence, title_hint, aliases, run.
        capture: the `captures` document of the page's response.
    """
    place = {name: capture[name] for name in ("file", "offset", "length")}
    headers = [
        # Under the page's own address, replay tools would take it for a capture of the page.
        ("WARC-Target-URI", f"urn:discovery:{capture['url']}"),
        # Records of one capture share their instant, whenever they are written (WARC 1.1, 5.4).
        ("WARC-Date", instant(capture["at"])),
        ("WARC-Warcinfo-ID", f"<{info}>"),
        ("WARC-Concurrent-To", f"<{capture['_id']}>"),
    ]
    block = json.dumps({**said, "capture": place}, ensure_ascii=False).encode()
    return Record("metadata", headers, "application/json", block)


def media_type(answer: Message) -> str:
    """The media type of a response without its parameters, in lower case; "" where it names none."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def _revisits(answer: Message, payload_digest: str, earlier: Document | None) -> str | None:
    """The profile of a revisit record, None where the response is to be kept whole."""
    if earlier is None:
        return None
    if answer.status == 304:
        return NOT_MODIFIED
    same = answer.status == earlier["status"] and payload_digest == earlier["digest"]
    return IDENTICAL if same and answer.payload else None
