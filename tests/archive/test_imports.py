"""Files from elsewhere: what they hold of known outlets is taken over unchanged, whatever tool has written them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive import imports, replay
from archive.imports import ImportFault
from sources.model import Source, load
from sources.urls import canonicalize
from tests.warcs import HTML, warc

BODY = b"<p>Une page d'ailleurs.</p>" * 30
PAPER = "https://www.papier.example/2026/03/01/une-affaire-de-pain.html"


def outlet(folder: Path, name: str, host: str, more: str = "") -> Source:
    path = folder / f"{name}.toml"
    path.write_text(
        f'title = "{name}"\nlanguages = ["fr"]\ntimezone = "Europe/Paris"\ncountry = "FR"\nkind = "portal"\n'
        f'domains = ["{host}"]\nentry.feeds = ["https://{host}/feed"]\narticles.match = [\'\\.html$\']\n{more}',
        encoding="utf-8",
    )
    return load(path)


@pytest.fixture
def sources(tmp_path: Path) -> list[Source]:
    return [outlet(tmp_path, "papier", "papier.example")]


def foreign(path: Path, *, packed: bool = True) -> Path:
    """What a news crawl of someone else's looks like."""
    with warc(path, packed=packed) as made:
        made.response(
            "http://papier.example/2026/03/01/une-affaire-de-pain.html",
            b"",
            status="301 Moved",
            headers=(("Location", PAPER),),
        )
        made.response(PAPER, BODY)
        made.response("https://www.papier.example/rubrique", BODY)
        made.response("https://www.papier.example/perdu.html", BODY, status="404 Not Found")
        made.response("https://www.papier.example/photo.html", b"jpeg", headers=(("Content-Type", "image/jpeg"),))
        for number in range(3):
            made.response(f"https://ailleurs.example/{number}.html", BODY)
        made.response("https://other.example/", BODY)
        made.response("dns:papier.example", b"")
    return path


def plain(folder: Path) -> Path:
    return foreign(folder / "some.warc", packed=False)


def by_member(folder: Path) -> Path:
    return foreign(folder / "some.warc.gz")


def in_one_piece(folder: Path) -> Path:
    path = folder / "whole.warc.gz"
    path.write_bytes(gzip.compress(plain(folder).read_bytes()))
    return path


def wacz(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "some.wacz", "w") as packed:
        packed.write(by_member(folder), "archive/data.warc.gz")
        packed.writestr("pages/pages.jsonl", "{}")
        packed.writestr("datapackage.json", "{}")
    return folder / "some.wacz"


@pytest.mark.parametrize("make", [plain, by_member, in_one_piece, wacz], ids=lambda make: make.__name__)
def test_the_pages_of_known_outlets_are_taken_unchanged_and_the_others_counted(
    tmp_path: Path, sources: list[Source], make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    taken = imports.take(path, tmp_path / "warc", sources)
    assert (taken.pages, taken.known, taken.others, taken.damage) == (1, 0, 1, [])
    assert taken.unknown == {"ailleurs.example": 3, "other.example": 1}
    (name,) = taken.files
    assert name.startswith("imported/")
    content = replay.content(tmp_path / "warc" / name)
    assert [(capture["url"], capture["status"]) for capture in content.captures if capture["status"] == 200] == [
        (PAPER, 200)
    ]
    assert content.redirects == {PAPER: ["http://papier.example/2026/03/01/une-affaire-de-pain.html"]}
    assert content.captures[0]["file"] == name
    # Another reader finds the same records, the foreign warcinfo among them, with the digests that were written elsewhere.
    with (tmp_path / "warc" / name).open("rb") as stream:
        records = [
            (record.rec_type, record.rec_headers.get_header("WARC-Record-ID"))
            for record in ArchiveIterator(stream, check_digests="raise")
        ]
    assert [kind for kind, _ in records] == ["warcinfo", "response", "response"]
    again = imports.take(path, tmp_path / "warc", sources)
    assert (again.pages, again.known, again.files) == (0, 1, [name])
    assert [found.name for found in (tmp_path / "warc" / "imported").iterdir()] == [Path(name).name]


def test_a_file_gives_what_is_new_when_an_outlet_has_become_known(tmp_path: Path, sources: list[Source]) -> None:
    path = by_member(tmp_path)
    (first,) = imports.take(path, tmp_path / "warc", sources).files
    sources.append(outlet(tmp_path, "ailleurs", "ailleurs.example"))
    again = imports.take(path, tmp_path / "warc", sources)
    assert (again.pages, again.known) == (3, 1)
    assert again.files[0] == first
    assert len(again.files) == 2
    urls = [capture["url"] for capture in replay.content(tmp_path / "warc" / again.files[1]).captures]
    assert [url for url in urls if "ailleurs" in url] == [
        f"https://ailleurs.example/{number}.html" for number in range(3)
    ]


def test_what_was_withdrawn_does_not_come_in_again(tmp_path: Path, sources: list[Source]) -> None:
    taken = imports.take(by_member(tmp_path), tmp_path / "warc", sources, frozenset({canonicalize(PAPER)}))
    assert (taken.pages, taken.files) == (0, [])


def test_what_was_withdrawn_does_not_come_in_under_another_form_of_its_address(tmp_path: Path) -> None:
    source = outlet(tmp_path, "papier", "papier.example", 'identity.rewrite = [["^/.*/", "/"]]\n')
    taken = imports.take(
        by_member(tmp_path), tmp_path / "warc", [source], frozenset({canonicalize(PAPER, rules=source.identity)})
    )
    assert (taken.pages, taken.files) == (0, [])


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_file_gives_its_other_records(tmp_path: Path, sources: list[Source], packed: bool) -> None:
    path = tmp_path / ("some.warc.gz" if packed else "some.warc")
    with warc(path, packed=packed) as made:
        for number in range(5):
            made.response(PAPER.replace("pain", f"pain-{number}"), BODY, headers=(HTML,))
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + b"\0\0\0" + data[middle + 40 :])
    taken = imports.take(path, tmp_path / "warc", sources)
    assert 3 <= taken.pages <= 4
    assert taken.damage
    assert str(taken.damage[0]).startswith(path.name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.warc", b"<html>", "a.warc: no WARC file: begins with b'<html>'"),
        ("a.warc.gz", gzip.compress(b"<html>", mtime=0), "a.warc.gz: no WARC file"),
        ("a.wacz", b"PK nothing", "a.wacz: no WACZ (zip) file"),
    ],
)
def test_what_is_no_warc_is_named(
    tmp_path: Path, sources: list[Source], name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    said = imports.try_take(tmp_path / name, tmp_path / "warc", sources)
    assert isinstance(said, str)
    assert message in said


def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="no such file"):
        imports.check(tmp_path / "a.warc")
    (tmp_path / "a.zip").touch()
    with pytest.raises(ImportFault, match=r"not a \.warc, \.warc\.gz, \.wacz file"):
        imports.check(tmp_path / "a.zip")
