"""A record that is taken out leaves a file that any reader reads, and every other record where it was."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.warc import reader
from archive.warc.erase import EraseError, erase, tombstone
from archive.warc.records import Record, member

NAME = "marsad-20260301120000-00000-host-1.warc.gz"
DATE = "2026-03-01T12:00:00.000000Z"


@pytest.mark.parametrize("length", [210, 211, 212, 213, 214, 215, 216, 500, 65_000, 66_000, 66_001, 200_000, 4_000_003])
def test_a_tombstone_is_as_long_as_it_must_be_and_a_sound_record(length: int) -> None:
    stone = tombstone("urn:uuid:1", DATE, length)
    assert len(stone) == length
    plain = gzip.decompress(stone)
    head, _, block = plain.partition(b"\r\n\r\n")
    declared = int(head.rpartition(b": ")[2])
    assert len(block) == declared + 4
    assert b"urn:uuid:1" in head
    assert b"Target-URI" not in head


def test_what_is_too_short_for_a_tombstone_is_refused() -> None:
    with pytest.raises(EraseError, match="too few for a tombstone"):
        tombstone("urn:uuid:1", DATE, 60)


def response(url: str, body: bytes) -> Record:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
    headers = [("WARC-Target-URI", url), ("WARC-Date", DATE)]
    return Record("response", headers, "application/http;msgtype=response", head + body)


def test_one_record_goes_and_the_others_stay_where_they_were(tmp_path: Path) -> None:
    rng = random.Random(1)
    bodies = [rng.randbytes(size) for size in (300, 90_000, 700)]
    records = [response(f"https://press.example/{number}", body) for number, body in enumerate(bodies)]
    concurrent = [("WARC-Target-URI", "https://press.example/1"), ("WARC-Date", DATE)]
    concurrent.append(("WARC-Concurrent-To", f"<{records[1].id}>"))
    records.insert(2, Record("metadata", concurrent, "application/json", b'{"title_hint": "secret"}'))
    path = tmp_path / NAME
    offset, places = 0, []
    with path.open("wb") as stream:
        for record in records:
            data = member(record)
            stream.write(data)
            places.append({"_id": record.id, "file": NAME, "offset": offset, "length": len(data)})
            offset += len(data)
    index = tmp_path / NAME.replace(".warc.gz", ".cdxj")
    index.write_text("example,press)/1 …")
    size = path.stat().st_size
    assert erase(tmp_path, [places[1]]) == 2
    assert path.stat().st_size == size
    assert not index.exists(), "an index names the address too"
    for place, body in ((places[0], bodies[0]), (places[3], bodies[2])):
        assert reader.read(tmp_path, place).message.payload == body
    with path.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream, check_digests=True)]
    assert kinds == ["response", "metadata", "metadata", "response"]
    everything = b"".join(gzip.decompress(path.read_bytes()[p["offset"] : p["offset"] + p["length"]]) for p in places)
    assert b"press.example/1" not in everything
    assert b"secret" not in everything
    assert erase(tmp_path, [places[1]], ["https://press.example/1"]) == 0, "once is enough"


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EraseError, match=r"no\.warc\.gz: no such WARC file"):
        erase(tmp_path, [{"_id": "urn:uuid:1", "file": "no.warc.gz"}])
