from __future__ import annotations

import pytest

from archive.records import Outcome, Rejected
from pipelines.extraction.decode import decode

ARABIC = "<html><body><p>وصل الوفد إلى الميناء في المساء، وعاد من المدينة على متن الحافلة مع بقية المشاركين</p></body></html>"
FRENCH = "<html><body><p>L'été s'achève à Rabat, où le préfet a été reçu dès l'aube; les élèves rentrent déjà</p></body></html>"


@pytest.mark.parametrize(
    "declared", [None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1", "text/html; charset=windows-1256"]
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1256", "iso8859-6"])
def test_arabic_is_read_whatever_is_declared(charset: str, declared: str | None) -> None:
    plain = ARABIC.replace("،", "") if charset == "iso8859-6" else ARABIC
    assert decode(plain.encode(charset), declared) == plain


@pytest.mark.parametrize(
    "declared", [None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1", "text/html; charset=nonsense"]
)
@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16"])
def test_french_is_read_whatever_is_declared(charset: str, declared: str | None) -> None:
    assert decode(FRENCH.encode(charset), declared) == FRENCH


def test_the_charset_of_meta_is_used_where_the_header_has_none() -> None:
    page = '<meta charset="windows-1250"><p>Łódź ćwierć żółty śnieg</p>'
    assert decode(page.encode("cp1250")) == page


def test_a_page_cut_within_a_letter_is_still_utf8() -> None:
    text = decode(ARABIC.encode()[:60])
    assert isinstance(text, str)
    assert ARABIC.startswith(text)


def test_one_broken_byte_does_not_change_the_charset() -> None:
    body = (FRENCH * 5).encode().replace(b"L'", b"L\xff", 1)
    text = decode(body, "text/html; charset=utf-8")
    assert isinstance(text, str)
    assert text.count("achève à Rabat") == 5


def test_zero_bytes_and_controls_are_left_out() -> None:
    assert decode(b"<p>un\x00 deux\x08 trois</p>") == "<p>un deux trois</p>"


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\0\0\0"])
def test_an_empty_body_is_empty(body: bytes) -> None:
    rejected = decode(body)
    assert isinstance(rejected, Rejected)
    assert rejected.outcome is Outcome.EMPTY


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.7 \xe2\xe3", None),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"PK\x03\x04abc", None),
        (b"abcdef", "application/octet-stream"),
        (bytes(range(128, 256)) * 50, "text/html; charset=utf-8"),
    ],
)
def test_what_is_not_text_is_undecodable(body: bytes, content_type: str | None) -> None:
    rejected = decode(body, content_type)
    assert isinstance(rejected, Rejected)
    assert rejected.outcome is Outcome.UNDECODABLE


def test_a_page_sent_as_a_download_is_still_a_page() -> None:
    assert decode(FRENCH.encode(), "application/octet-stream") == FRENCH
