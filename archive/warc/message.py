"""HTTP/1.1 messages as bytes: taken apart, and made fit for a WARC record. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")
_FOLD = re.compile(rb"[ \t]*\r?\n[ \t]+")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]+)[^\n]*\n")
# More is no length that a body could have.
_DIGITS = 18
#: What a request may carry that is nobody else's business.
SECRETS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
#: A head that keeps its transfer-coding's name, but no longer under the name by which readers undo it.
ORIGINAL = b"X-Orig-"


@dataclass(frozen=True)
class Message:
    """A response or request: its head up to and with the blank line, and its payload (RFC 9110, 6.4): transfer-coding
    removed, content-coding kept."""

    head: bytes
    payload: bytes = b""

    @cached_property
    def lines(self) -> list[bytes]:
        """The head's lines, each with its continuation lines and its end, the blank line left out."""
        return [line for line in _LINE.findall(self.head) if line.strip()]

    @property
    def status(self) -> int:
        """Of a response; 0 where its status line is none."""
        word = self.lines[0].split(None, 2)[1:2] if self.lines else []
        return int(word[0]) if word and word[0].isdigit() and len(word[0]) == 3 else 0

    def header(self, name: str) -> str | None:
        """The first value of a header, None where it is absent."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """Names and values, in order, as Latin-1 (RFC 9110, 5.5)."""
        found = []
        for line in self.lines[1:]:
            name, colon, value = line.partition(b":")
            if colon:
                found.append((name.strip().decode("latin-1"), _FOLD.sub(b" ", value).strip().decode("latin-1")))
        return found


def response(received: bytes) -> Message:
    """The final response in what was received: interim responses (1xx) are left out, and the transfer-coding is undone.

    WARC readers disagree on chunked payloads: by the standard the payload digest is that of the payload without chunks,
    but warcio's check (1.8.1) takes it over the bytes as they lie. With the chunks undone and the header renamed, as
    browsertrix does, both are right, and the payload is what the standard calls so (WARC 1.1, 6.3.2). Every other byte
    of the head stays as it came.
    """
    head, rest = _split(received)
    while len(head) > 12 and head.split(None, 1)[1][:1] == b"1" and _split(rest)[0]:
        head, rest = _split(rest)
    message = Message(head)
    if message.status in (204, 304):
        return message
    coding = message.header("transfer-encoding")
    if coding is not None:
        payload = dechunk(rest) if "chunked" in coding.lower() else rest
        renamed = (ORIGINAL + line if _name(line) == b"transfer-encoding" else line for line in message.lines)
        return Message(b"".join(renamed) + b"\r\n", payload)
    length = message.header("content-length")
    if length is not None and length.isdecimal() and len(length) < _DIGITS:
        rest = rest[: int(length)]
    return Message(head, rest)


def request(sent: bytes) -> Message:
    """A request as it was sent, without `SECRETS`."""
    head, body = _split(sent)
    message = Message(head, body)
    kept = [line for line in message.lines if _name(line) not in SECRETS]
    if len(kept) == len(message.lines):
        return message
    return Message(b"".join(kept) + b"\r\n", body)


def dechunk(data: bytes) -> bytes:
    """The payload of a chunked body (RFC 9112, 7.1), as far as it came. Trailers are dropped.

    A body that is none is its payload: some tools keep the header of what they have undone.
    """
    pieces = []
    at = 0
    if not _CHUNK_SIZE.match(data):
        return data
    # A chunk may be announced that is longer than anything; what is there of it is all there is.
    while at < len(data) and (size := _CHUNK_SIZE.match(data, at)) and (length := int(size[1], 16)):
        pieces.append(data[size.end() : size.end() + length])
        at = size.end() + length
        at += 2 if data[at : at + 2] == b"\r\n" else 1
    return b"".join(pieces)


def _split(data: bytes) -> tuple[bytes, bytes]:
    """A head with its blank line, and what follows; an empty head where there is none that ends."""
    end = _END_OF_HEAD.search(data)
    return (data[: end.end()], data[end.end() :]) if end else (b"", data)


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()
