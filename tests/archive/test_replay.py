"""WARC files read back: whatever coding a page came in, and past whatever has damaged the file."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import brotli
import pytest

from archive import payload, replay
from archive.records import Outcome
from archive.warc import reader
from archive.warc.reader import Damage, Record, WarcError
from tests.warcs import HTML, START, warc

URL = "https://www.example.example/a/1.html"
BODY = "<p>Une page, صفحة.</p>".encode() * 50


def only(path: Path) -> tuple[Record, Record | None]:
    """The response of a file and its metadata record."""
    found = [item for item in reader.scan(path) if isinstance(item, Record)]
    (response,) = (record for record in found if record.type in ("response", "revisit"))
    return response, next((record for record in found if record.type == "metadata"), None)


def chunked(data: bytes) -> bytes:
    return b"%x;name=value\r\n%s\r\n7\r\n%s\r\n0\r\n\r\n" % (len(data) - 7, data[:-7], data[-7:])


@pytest.mark.parametrize(
    ("coding", "stored"),
    [
        ("", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:], mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY)[2:-4]),
        ("br", brotli.compress(BODY)),
        ("zstd", payload.zstd.compress(BODY)),
        ("gzip, br", brotli.compress(gzip.compress(BODY, mtime=0))),
        ("identity", BODY),
    ],
)
@pytest.mark.parametrize("transfer", ["", "chunked"])
def test_a_page_comes_back_whatever_coding_it_was_sent_in(
    tmp_path: Path, coding: str, stored: bytes, transfer: str
) -> None:
    headers = [HTML, ("Content-Encoding", coding), ("Transfer-Encoding", transfer)]
    with warc(tmp_path / "a.warc.gz") as made:
        made.page(
            URL,
            chunked(stored) if transfer else stored,
            "outlet",
            headers=tuple(header for header in headers if header[1]),
            said={
                "found_by": ["https://www.example.example/feed"],
                "evidence": [{"text": "2026-03-01", "where": "feed", "says": "published"}],
                "aliases": ["http://example.example/a/1.html"],
            },
        )
    response, metadata = only(tmp_path / "a.warc.gz")
    assert metadata is not None
    page = replay.page(response, "a.warc.gz", metadata.discovery())
    assert page.body == BODY
    assert (page.key, page.url, page.source, page.status) == ("https://example.example/a/1.html", URL, "outlet", 200)
    assert page.fetched_at == START
    assert page.headers["content-type"] == HTML[1]
    assert page.found_by == ["https://www.example.example/feed"]
    assert [(evidence.text, evidence.where) for evidence in page.evidence] == [("2026-03-01", "feed")]
    assert page.aliases == ["http://example.example/a/1.html"]
    assert page.capture == {"file": "a.warc.gz", "offset": response.offset, "length": response.length}


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(60 * 2**20), mtime=0)),
        ("deflate", zlib.compress(bytes(60 * 2**20))),
        ("br", brotli.compress(bytes(60 * 2**20), quality=5)),
        ("zstd", payload.zstd.compress(bytes(60 * 2**20))),
    ],
)
def test_a_payload_that_explodes_is_too_large(tmp_path: Path, coding: str, bomb: bytes) -> None:
    with warc(tmp_path / "a.warc.gz") as made:
        made.page(URL, bomb, "outlet", headers=(HTML, ("Content-Encoding", coding)))
    response, _ = only(tmp_path / "a.warc.gz")
    page = replay.page(response, "a.warc.gz", {"key": URL, "source": "outlet"})
    assert page.outcome is Outcome.TOO_LARGE
    assert page.body == b""


def test_a_record_that_explodes_costs_itself_only(tmp_path: Path) -> None:
    with warc(tmp_path / "a.warc.gz") as made:
        made.response(URL, bytes(reader.MAX_RECORD))
        made.response(URL + "?2", BODY)
    found = list(reader.scan(tmp_path / "a.warc.gz"))
    assert [item.url for item in found if isinstance(item, Record) and item.type == "response"] == [URL + "?2"]
    (damage,) = (item for item in found if isinstance(item, Damage))
    assert "inflates to more than 64 MB" in damage.reason


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"not gzip at all" * 9),
        ("gzip", b"\x1f\x8b\x08\x00rest of nothing"),
        ("magic", BODY),
        ("gzip, gzip, gzip", b"packed too often"),
    ],
)
def test_a_payload_in_another_coding_than_declared_is_undecodable_in_ours_and_read_in_others(
    tmp_path: Path, coding: str, body: bytes
) -> None:
    with warc(tmp_path / "a.warc.gz") as made:
        made.page(URL, body, "outlet", headers=(HTML, ("Content-Encoding", coding)))
    response, metadata = only(tmp_path / "a.warc.gz")
    assert metadata is not None
    assert replay.page(response, "a.warc.gz", metadata.discovery()).outcome is Outcome.UNDECODABLE
    assert replay.page(response, "a.warc.gz").body == body


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("length", Outcome.TOO_LARGE), ("disconnect", Outcome.NETWORK_ERROR), ("time", Outcome.NETWORK_ERROR)],
)
def test_a_page_that_was_cut_is_no_article(tmp_path: Path, reason: str, outcome: Outcome) -> None:
    with warc(tmp_path / "a.warc.gz") as made:
        made.page(URL, BODY[:100], "outlet", WARC_Truncated=reason)
    response, _ = only(tmp_path / "a.warc.gz")
    page = replay.page(response, "a.warc.gz", {"key": URL, "source": "outlet"})
    assert page.outcome is outcome
    assert reason in page.detail


def test_a_revisit_has_the_payload_of_the_record_that_it_repeats(tmp_path: Path) -> None:
    with warc(tmp_path / "a.warc.gz") as made:
        first = made.page(URL, BODY, "outlet")
        made.page(URL, b"", "outlet", kind="revisit", WARC_Refers_To=first)
    held, again = (
        item
        for item in reader.scan(tmp_path / "a.warc.gz")
        if isinstance(item, Record) and item.type != "metadata" and item.url
    )
    assert replay.page(again, "a.warc.gz", {"key": URL, "source": "outlet"}, held=held).body == BODY
    content = replay.content(tmp_path / "a.warc.gz")
    assert content.captures[1]["revisit_of"] == content.captures[0]["_id"] == first.strip("<>")


def spoil(path: Path, how: str, offset: int, length: int) -> None:
    data = bytearray(path.read_bytes())
    if how == "flip":
        data[offset + length // 2] ^= 0xFF
    elif how == "zero":
        data[offset : offset + length] = bytes(length)
    elif how == "insert":
        data[offset:offset] = b"\x1f\x8b\x08 a stray beginning"
    elif how == "drop":
        del data[offset : offset + length // 2]
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["flip", "zero", "insert", "drop"])
def test_a_damaged_record_costs_only_itself(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a.warc.gz"
    with warc(path) as made:
        for number in range(9):
            made.response(f"{URL}?{number}", BODY + bytes([number]))
    whole = [item for item in reader.scan(path) if isinstance(item, Record) and item.type == "response"]
    spoilt = whole[4]
    spoil(path, how, spoilt.offset, spoilt.length)
    found = list(reader.scan(path))
    read = [item.url for item in found if isinstance(item, Record) and item.type == "response"]
    lost = [record.url for record in whole if record.url not in read]
    assert lost == ([] if how == "insert" else [spoilt.url])
    (damage,) = (item for item in found if isinstance(item, Damage))
    assert damage.start == spoilt.offset
    assert str(damage).startswith(f"a.warc.gz: bytes {damage.start} to {damage.end}: ")


def test_a_cut_file_gives_everything_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with warc(path) as made:
        for number in range(4):
            made.response(f"{URL}?{number}", BODY + bytes([number]))
    last = [item for item in reader.scan(path) if isinstance(item, Record)][-1]
    path.write_bytes(path.read_bytes()[: last.offset + last.length - 9])
    *found, damage = reader.scan(path)
    assert len(found) == 4
    assert isinstance(damage, Damage)
    assert (damage.start, "cut off" in damage.reason) == (last.offset, True)
    with pytest.raises(WarcError, match=rf"a\.warc\.gz: no whole record at {last.offset}: .*cut off"):
        reader.read(tmp_path, {"file": path.name, "offset": last.offset})
