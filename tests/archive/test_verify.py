"""`scrapy verify` finds what is wrong with an archive, says where, and finds nothing where nothing is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Int64, ObjectId
from pymongo.database import Database

from archive import replay, verify
from archive.ledger import new_url
from archive.warc import reader
from tests.warcs import START, warc

BODY = b"<p>Le texte.</p>" * 40
FILE = "a.warc.gz"


def url(number: int) -> str:
    return f"https://banc.example/{number}.html"


@pytest.fixture
def archive(database: Database[dict[str, Any]], tmp_path: Path) -> Database[dict[str, Any]]:
    """Three captured pages, each with its visit and its address in the ledger; the first has been an article."""
    with warc(tmp_path / FILE) as made:
        for number in range(3):
            made.page(url(number), BODY + bytes([48 + number]), "banc", at=START + timedelta(hours=number))
    for capture in replay.content(tmp_path / FILE).captures:
        place = {name: capture[name] for name in ("file", "offset", "length")}
        database.captures.insert_one(capture)
        visit = {
            "_id": ObjectId(),
            "url": capture["url"],
            "requested": capture["url"],
            "run": ObjectId(),
            "at": capture["at"],
        }
        database.visits.insert_one(
            visit | {"status": 200, "outcome": "off_topic", "detail": "", "topic": None, "capture": place}
        )
    return database


def problems(archive: Database[dict[str, Any]], folder: Path) -> list[str]:
    reports = [verify.check_file(path) for path in reader.files(folder)]
    found = [problem for report in reports for problem in report.problems]
    return [str(problem) for problem in [*found, *verify.check_database(archive, reports)]]


def test_a_sound_archive_has_no_problem(archive: Database[dict[str, Any]], tmp_path: Path) -> None:
    assert problems(archive, tmp_path) == []


def flip(archive: Database[dict[str, Any]], path: Path) -> None:
    capture = archive.captures.find_one({"url": url(1)})
    assert capture is not None
    data = bytearray(path.read_bytes())
    data[capture["offset"] + capture["length"] // 2] ^= 0xFF
    path.write_bytes(data)


def forge(archive: Database[dict[str, Any]], path: Path) -> None:
    """Another text under the old digest, in a record that is whole."""
    capture = archive.captures.find_one({"url": url(2)})
    assert capture is not None
    data = path.read_bytes()
    start, end = capture["offset"], capture["offset"] + capture["length"]
    record = gzip.compress(gzip.decompress(data[start:end]).replace(b"texte", b"conte"))
    path.write_bytes(data[:start] + record + data[end:])
    archive.captures.update_one({"url": url(2)}, {"$set": {"length": Int64(len(record))}})


def drop_file(archive: Database[dict[str, Any]], path: Path) -> None:
    path.unlink()


def forget_capture(archive: Database[dict[str, Any]], path: Path) -> None:
    archive.captures.delete_one({"url": url(0)})


def forget_visit(archive: Database[dict[str, Any]], path: Path) -> None:
    archive.visits.delete_one({"url": url(0)})


def swap(archive: Database[dict[str, Any]], path: Path) -> None:
    other = archive.captures.find_one({"url": url(1)})
    assert other is not None
    place = {name: other[name] for name in ("file", "offset", "length")}
    archive.visits.update_one({"url": url(0)}, {"$set": {"capture": place}})


def lead_nowhere(archive: Database[dict[str, Any]], path: Path) -> None:
    archive.urls.insert_one(ledger_row(url(0)) | {"article": "abc"})


def ledger_row(name: str) -> dict[str, Any]:
    return {"_id": name, **new_url(name, "banc", START, START), "aliases": [name], "found_by": [], "evidence": []}


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (flip, ["a.warc.gz: bytes ", f"({url(1)}): a.warc.gz has no readable response at byte "]),
        (forge, ["its bytes are not those of its block digest", "its payload is not that of its payload digest"]),
        (drop_file, [f"({url(number)}): its file a.warc.gz is not there" for number in range(3)]),
        (forget_capture, ["a.warc.gz: 1 responses are not in captures", f"visits .* \\({url(0)}\\): its capture"]),
        (forget_visit, ["a.warc.gz: 1 captured pages are not in the ledger"]),
        (swap, ["its capture is one of another moment, 2026-03-01T13:00:00"]),
        (lead_nowhere, ["leads to article abc, which is not there"]),
    ],
)
def test_what_is_wrong_is_found_and_named(
    archive: Database[dict[str, Any]],
    tmp_path: Path,
    spoil: Callable[[Database[dict[str, Any]], Path], None],
    expected: list[str],
) -> None:
    spoil(archive, tmp_path / FILE)
    found = problems(archive, tmp_path)
    assert len(found) == len(expected), found
    for line, words in zip(found, expected, strict=True):
        assert words in line or re.search(words, line), (line, words)
