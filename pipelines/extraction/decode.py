"""From the bytes a server sent to the text of the page; what is no text is told apart."""

from __future__ import annotations

import re

from archive.records import Outcome, Rejected
from language.charset import text_of

_BINARY = re.compile(
    rb"%PDF-|\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|PK\x03\x04|\x1f\x8b\x08|\x28\xb5\x2f\xfd|Rar!|7z\xbc\xaf|\x00\x00\x00.ftyp|ID3|OggS|wOF[F2]"
    rb"|\xd0\xcf\x11\xe0|\{\\rtf",
    re.DOTALL,
)
_TEXTUAL = re.compile(r"text/|html|xml|json|javascript", re.IGNORECASE)


def decode(body: bytes, content_type: str | None = None) -> str | Rejected:
    """The text of a response.

    Args:
        body: the payload with its content-coding undone.
        content_type: the HTTP header, where there was one.
    Returns:
        The text without zero bytes and other control characters; or `Rejected`: EMPTY for a body of white space,
        UNDECODABLE for what is not text.
    """
    stripped = body.lstrip(b" \t\r\n\0")
    if not stripped:
        return Rejected(Outcome.EMPTY, "the body is empty")
    if _BINARY.match(stripped):
        return Rejected(Outcome.UNDECODABLE, f"not text: begins with {stripped[:8]!r}")
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind and not _TEXTUAL.search(kind) and b"<" not in body[:2000]:
        return Rejected(Outcome.UNDECODABLE, f"not text: {kind}")
    text = text_of(body, content_type or "")
    sample = text[:20_000]
    if sample.count("\ufffd") > len(sample) / 10:
        return Rejected(Outcome.UNDECODABLE, "no charset fits the bytes")
    return text
