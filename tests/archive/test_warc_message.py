"""HTTP messages taken apart: what a WARC record keeps of the bytes that came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc import message

HEAD = b"HTTP/1.1 200 Tout va bien\r\nX-ODD-case:  \xe9t\xe9  \r\nX-Folded: a\r\n  b\r\n"


def test_a_whole_response_is_kept_as_it_came() -> None:
    raw = HEAD + b"Content-Length: 4\r\n\r\nbody"
    answer = message.response(raw)
    assert answer.head + answer.payload == raw
    assert answer.status == 200
    assert answer.header("x-odd-CASE") == "été"
    assert answer.header("x-folded") == "a b"


def test_what_follows_the_declared_length_is_no_payload() -> None:
    assert message.response(HEAD + b"Content-Length: 4\r\n\r\nbodyHTTP/1.1").payload == b"body"


def test_chunks_are_undone_and_their_header_no_longer_promises_them() -> None:
    raw = (
        HEAD
        + b"transfer-ENCODING: chunked\r\nEtag: 1\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    )
    answer = message.response(raw)
    assert answer.payload == b"abc0123456789"
    assert answer.head == HEAD + b"X-Orig-transfer-ENCODING: chunked\r\nEtag: 1\r\n\r\n"
    # Read again from a WARC file, it is the same.
    assert message.response(answer.head + answer.payload).payload == answer.payload


def test_chunks_that_were_cut_give_what_came() -> None:
    assert message.dechunk(b"5\r\nhello\r\n10\r\nwor") == b"hellowor"
    assert message.dechunk(b"5\r\nhel") == b"hel"
    assert message.dechunk(b"") == b""
    assert message.dechunk(b"FFFFFFFFFFFFFFFFFFFFFFFF\r\nabc") == b"abc"


def test_interim_responses_are_left_out() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    raw = HEAD + b"Content-Length: 4\r\n\r\nbody"
    answer = message.response(early + raw)
    assert answer.head + answer.payload == raw


def test_lines_that_end_with_a_line_feed_alone_are_read() -> None:
    answer = message.response(b"HTTP/1.0 404 Non\nA: 1\n\nnothing here")
    assert (answer.status, answer.headers, answer.payload) == (404, [("A", "1")], b"nothing here")


def test_a_304_has_no_payload_whatever_its_length_says() -> None:
    assert message.response(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").payload == b""


def test_secrets_of_a_request_are_never_kept() -> None:
    sent = b"GET / HTTP/1.1\r\nHost: a.example\r\nCOOKIE: s=1\r\nAuthorization: Basic\r\n eA==\r\nProxy-Authorization: b\r\n\r\n"
    assert message.request(sent).head == b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


@given(st.binary(max_size=300))
def test_no_bytes_break_it(noise: bytes) -> None:
    for raw in (
        noise,
        HEAD + noise,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + noise,
        b"HTTP/1.1 100 C\r\n\r\n" + noise,
    ):
        answer = message.response(raw)
        assert isinstance(answer.headers, list)
        assert answer.status >= 0


@pytest.mark.parametrize("length", ["9" * 5000, "²", "-4", "4, 4", ""])
def test_a_senseless_length_is_no_length(length: str) -> None:
    raw = HEAD + b"Content-Length: " + length.encode("latin-1") + b"\r\n\r\nbody"
    assert message.response(raw).payload == b"body"
