"""What a backup holds comes back, and neither backup nor restore takes away a record that is on disk."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from archive import backup, recovery, replay, verify
from archive.backup import BackupFault
from archive.captures import writes
from archive.warc import erase, reader
from tests.warcs import START, warc

FILE = "a.warc.gz"
OPEN = f"{FILE}.open"


@pytest.fixture
def empty(database: Database[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database that nothing has prepared, as a restore finds it after a loss."""
    made = database.client[f"test_{secrets.token_hex(4)}"]
    yield made
    made.client.drop_database(made.name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "warc"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def url(number: int) -> str:
    return f"https://banc.example/{number}.html"


def fill(path: Path, pages: int = 4) -> bytes:
    """Write a WARC file of some pages; its bytes."""
    with warc(path) as made:
        for number in range(pages):
            made.response(url(number), b"<p>Le texte.</p>" * 40 + bytes([48 + number]))
    return path.read_bytes()


def cut(data: bytes, records: int, folder: Path) -> bytes:
    """The first records of a file."""
    path = folder / "cut.warc.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    end = [record.offset + record.length for record in reader.records(path)][records - 1]
    path.unlink()
    return data[:end]


def begin(folder: Path, tail: bytes = b"") -> bytes:
    """Write the first two records of a file of four pages that is still being written; the bytes of the whole."""
    whole = fill(folder / FILE)
    (folder / FILE).unlink()
    (folder / OPEN).write_bytes(cut(whole, 2, folder.parent) + tail)
    return whole


def index(database: Database[dict[str, Any]], path: Path) -> None:
    database.captures.bulk_write(writes(replay.content(path).captures))


def make(database: Database[dict[str, Any]], folder: Path, target: Path, hours: int = 0) -> backup.Summary:
    return backup.make(database, folder, target, START + timedelta(hours=hours), lambda *_: None)


def restore(
    database: Database[dict[str, Any]], folder: Path, target: Path, *, overwrite: bool = False
) -> backup.Summary:
    return backup.restore(database, folder, backup.newest(target), lambda *_: None, overwrite=overwrite)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def urls(database: Database[dict[str, Any]], folder: Path) -> list[str]:
    """The addresses whose captures the index leads to."""
    return sorted(reader.read(folder, capture).url for capture in database.captures.find())


def test_a_file_that_has_grown_since_the_backup_loses_nothing_by_its_restoring(
    database: Database[dict[str, Any]],
    empty: Database[dict[str, Any]],
    mongodb_uri: str,
    tmp_path: Path,
    folder: Path,
    target: Path,
) -> None:
    whole = begin(folder)
    index(database, folder / OPEN)
    make(database, folder, target)
    # The crawl ends: the file is longer and has its name. Then MongoDB is lost, and the folder is not.
    (folder / OPEN).unlink()
    (folder / FILE).write_bytes(whole)
    restore(empty, folder, target)
    recovery.recover(mongodb_uri, empty.name, folder)
    assert contents(folder) == {FILE: whole}
    assert urls(empty, folder) == [url(0)]


def test_a_file_that_the_folder_has_lost_the_end_of_comes_back_whole_and_indexed(
    database: Database[dict[str, Any]],
    empty: Database[dict[str, Any]],
    mongodb_uri: str,
    tmp_path: Path,
    folder: Path,
    target: Path,
) -> None:
    whole = fill(folder / FILE)
    (folder / FILE).rename(folder / OPEN)
    make(database, folder, target)
    (folder / OPEN).unlink()
    (folder / FILE).write_bytes(cut(whole, 3, tmp_path))
    restore(empty, folder, target)
    recovery.recover(mongodb_uri, empty.name, folder)
    assert contents(folder) == {FILE: whole}
    assert urls(empty, folder) == [url(number) for number in range(4)]


@pytest.mark.parametrize(("finished", "left"), [(5, 3), (3, 5), (5, 5)])
def test_recovery_keeps_the_longer_of_two_files_of_one_name(
    database: Database[dict[str, Any]], mongodb_uri: str, tmp_path: Path, folder: Path, finished: int, left: int
) -> None:
    whole = fill(folder / FILE)
    (folder / FILE).write_bytes(cut(whole, finished, tmp_path))
    (folder / OPEN).write_bytes(cut(whole, left, tmp_path) + b"\x1f\x8b\x08\x00torn")
    recovery.recover(mongodb_uri, database.name, folder)
    assert contents(folder) == {FILE: whole}


def test_recovery_keeps_two_files_of_one_name_that_hold_different_pages(
    database: Database[dict[str, Any]],
    mongodb_uri: str,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    left = fill(folder / FILE, 2)
    (folder / FILE).rename(folder / OPEN)
    finished = fill(folder / FILE, 3)
    index(database, folder / FILE)
    recovery.recover(mongodb_uri, database.name, folder)
    assert contents(folder) == {FILE: finished, "a-2.warc.gz": left}
    assert urls(database, folder) == sorted([url(0), url(1), url(0), url(1), url(2)])
    assert re.search(r"a\.warc\.gz\.open: there is another file of its name.*both stay", caplog.text)


def test_a_file_that_gets_its_name_during_the_backup_is_in_it(
    database: Database[dict[str, Any]], empty: Database[dict[str, Any]], tmp_path: Path, folder: Path, target: Path
) -> None:
    files = {name: fill(folder / name) for name in (FILE, "b.warc.gz")}
    (folder / "b.warc.gz").rename(folder / "b.warc.gz.open")

    def finish(step: str, number: int, _: int) -> None:
        if (step, number) == ("warc", 1):
            (folder / "b.warc.gz.open").rename(folder / "b.warc.gz")

    backup.make(database, folder, target, START, finish)
    restore(empty, tmp_path / "restored", target)
    assert contents(tmp_path / "restored") == files


def test_a_file_that_gets_its_name_is_read_on_by_whoever_has_listed_it(tmp_path: Path) -> None:
    fill(tmp_path / FILE)
    (tmp_path / FILE).rename(tmp_path / OPEN)
    (listed,) = reader.files(tmp_path)
    (tmp_path / OPEN).rename(tmp_path / FILE)
    # What `scrapy verify` and `scrapy reprocess` do with each file.
    report = verify.check_file(listed)
    assert (report.file, len(report.responses), report.problems) == (FILE, 4, [])
    assert [capture["url"] for capture in replay.content(listed).captures] == [url(number) for number in range(4)]


def flip(path: Path, at: int) -> bytes:
    """Damage a byte as a disk does: length and time of the file stay. The bytes before."""
    stands, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
    os.utime(path, ns=(stands.st_atime_ns, stands.st_mtime_ns))
    return data


def test_a_damaged_file_of_the_same_length_is_named_and_replaced_when_told_to(
    database: Database[dict[str, Any]], empty: Database[dict[str, Any]], folder: Path, target: Path
) -> None:
    fill(folder / FILE)
    whole = fill(folder / "b.warc.gz")
    index(database, folder / "b.warc.gz")
    make(database, folder, target)
    flip(folder / "b.warc.gz", len(whole) // 2)
    with pytest.raises(BackupFault, match=rf"^{folder}/b\.warc\.gz: not the bytes of the backup.*say --overwrite"):
        restore(empty, folder, target)
    restore(empty, folder, target, overwrite=True)
    assert (folder / "b.warc.gz").read_bytes() == whole
    assert verify.check_file(folder / "b.warc.gz").problems == []


def test_a_damaged_copy_does_not_replace_a_file_that_is_whole(
    database: Database[dict[str, Any]], empty: Database[dict[str, Any]], folder: Path, target: Path
) -> None:
    whole = fill(folder / FILE)
    make(database, folder, target)
    flip(target / "warc" / FILE, len(whole) // 2)
    restore(empty, folder, target, overwrite=True)
    assert contents(folder) == {FILE: whole}


@pytest.mark.parametrize("how", ["cut", "altered", "emptied"])
def test_a_backup_of_a_spoilt_file_keeps_the_good_copy_and_says_so(
    database: Database[dict[str, Any]],
    empty: Database[dict[str, Any]],
    tmp_path: Path,
    folder: Path,
    target: Path,
    how: str,
) -> None:
    whole = fill(folder / FILE)
    make(database, folder, target)
    path = folder / FILE
    if how == "altered":
        flip(path, len(whole) // 2)
        os.utime(path)
    else:
        path.write_bytes(cut(whole, 2, tmp_path) if how == "cut" else b"")
    made = make(database, folder, target, hours=1)
    assert made.notes == (
        f"{path}: cut or altered; its earlier copy stays, and 'cp {target}/warc/{FILE} {path}' mends it",
    )
    restore(empty, tmp_path / "restored", target)
    assert contents(tmp_path / "restored") == {FILE: whole}


def test_what_was_withdrawn_leaves_the_next_backup_and_is_not_brought_back_into_the_file(
    database: Database[dict[str, Any]], empty: Database[dict[str, Any]], folder: Path, target: Path
) -> None:
    fill(folder / FILE)
    index(database, folder / FILE)
    make(database, folder, target)
    erase.erase(folder, database.captures.find({"url": url(1)}))
    rid = (folder / FILE).read_bytes()
    restore(empty, folder, target, overwrite=True)
    assert contents(folder) == {FILE: rid}
    assert make(database, folder, target, hours=1).notes == ()
    assert (target / "warc" / FILE).read_bytes() == rid


@pytest.mark.parametrize("records", [5, 2])
def test_a_finished_file_takes_the_place_of_its_beginning_in_every_backup(
    database: Database[dict[str, Any]],
    empty: Database[dict[str, Any]],
    tmp_path: Path,
    folder: Path,
    target: Path,
    records: int,
) -> None:
    whole = begin(folder, b"\x1f\x8b\x08\x00torn")
    first = make(database, folder, target)
    (folder / OPEN).unlink()
    whole = cut(whole, records, tmp_path)
    (folder / FILE).write_bytes(whole)
    assert make(database, folder, target, hours=1).notes == ()
    assert contents(target / "warc") == {FILE: whole}
    backup.restore(empty, tmp_path / "restored", first.folder, lambda *_: None)
    assert contents(tmp_path / "restored") == {OPEN: whole}
