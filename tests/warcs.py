"""WARC files for tests: made with warcio, as crawls of ours and as other people's tools make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from sources.urls import canonicalize

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HTML = ("Content-Type", "text/html; charset=utf-8")


class Warc:
    """A WARC file that is being made."""

    def __init__(self, writer: WARCWriter) -> None:
        self.writer = writer

    def response(
        self,
        url: str,
        body: bytes,
        *,
        at: datetime = START,
        status: str = "200 OK",
        headers: tuple[tuple[str, str], ...] = (HTML,),
        kind: str = "response",
        **warc: str,
    ) -> str:
        """Write a response; its record id, with its angle brackets."""
        identifier = f"<urn:uuid:{uuid4()}>"
        said = {"WARC-Date": instant(at), "WARC-Record-ID": identifier}
        said |= {name.replace("_", "-"): value for name, value in warc.items()}
        http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")
        record = self.writer.create_warc_record(url, kind, BytesIO(body), http_headers=http, warc_headers_dict=said)
        self.writer.write_record(record)
        return identifier

    def page(self, url: str, body: bytes, source: str, *, at: datetime = START, **changes: Any) -> str:
        """Write a response and what discovery said of it, as a crawl of ours does; its record id."""
        said = {"source": source, "key": canonicalize(url), "requested": url, "found_by": [], "evidence": []}
        said |= {"title_hint": "", "aliases": [], "run": "0" * 24, "capture": {}} | changes.pop("said", {})
        identifier = self.response(url, body, at=at, **changes)
        self.metadata(url, json.dumps(said).encode(), at, identifier)
        return identifier

    def metadata(self, url: str, block: bytes, at: datetime, identifier: str) -> None:
        """Write a JSON metadata record that belongs to a response."""
        record = self.writer.create_warc_record(
            url,
            "metadata",
            BytesIO(block),
            warc_content_type="application/json",
            warc_headers_dict={"WARC-Date": instant(at), "WARC-Concurrent-To": identifier},
        )
        self.writer.write_record(record)


@contextmanager
def warc(path: Path, *, packed: bool = True) -> Iterator[Warc]:
    """A WARC file under `path`, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=packed, warc_version="1.1")
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a test"}))
        yield Warc(writer)


def instant(at: datetime) -> str:
    """A WARC-Date."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
