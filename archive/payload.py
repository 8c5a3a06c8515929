"""HTTP messages as WARC records hold them: status, headers, and the payload with its codings undone, within bounds.

The codings are undone as leniently as Scrapy does on the network: what came before a fault is kept.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: The crawl's own bound (DOWNLOAD_MAXSIZE).
MAX_BODY = 20 * 2**20
_CHUNK = 2**16


class TooLarge(ValueError):
    """A payload inflates beyond the bound."""


class BadCoding(ValueError):
    """A payload is not in the coding that its headers declare."""


@dataclass(frozen=True, slots=True)
class Http:
    """An HTTP response.

    Attributes:
        status: its code.
        headers: lower-case names; repeated headers joined with ", ".
        payload: the bytes after the headers, as recorded.
    """

    status: int
    headers: dict[str, str]
    payload: bytes

    @property
    def type(self) -> str:
        """The media type in lower case, "" where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse(block: bytes) -> Http:
    """The HTTP response in a record's block.

    Raises:
        ValueError: it begins with no status line.
    """
    head, separator, payload = block.partition(b"\r\n\r\n")
    if not separator:
        head, _, payload = block.partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    version, _, rest = (lines[0] if lines else "").partition(" ")
    code = rest.strip()[:3]
    if not version.upper().startswith("HTTP/") or not (code.isascii() and code.isdecimal()):
        raise ValueError("no HTTP status line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Http(int(code), headers, payload)


def digest(data: bytes) -> str:
    """SHA-1 as WARC files write it: "sha1:BASE32"."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def body(http: Http, *, strict: bool = True) -> bytes:
    """The payload with its transfer- and content-coding undone.

    Args:
        strict: False for foreign files, many of which hold the decoded payload under the server's headers.
    Raises:
        TooLarge: it inflates to more than MAX_BODY.
        BadCoding: it is not in its content-coding.
    """
    data = unchunked(http)
    for coding in reversed(http.headers.get("content-encoding", "").lower().split(",")):
        undo = _CODINGS.get(coding.strip())
        if undo is None:
            break  # as Scrapy: what it does not know stays as it is
        if not data:
            return data
        try:
            data = undo(data)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
            if strict:
                raise BadCoding(f"the body is not in the declared content-coding: {error}") from error
            break
    if len(data) > MAX_BODY:
        raise TooLarge(f"the body has more than {MAX_BODY // 2**20} MB")
    return data


def unchunked(http: Http) -> bytes:
    """The payload with its transfer-coding undone."""
    chunked = "chunked" in http.headers.get("transfer-encoding", "").lower()
    return _unchunked(http.payload) if chunked else http.payload


def _unchunked(data: bytes) -> bytes:
    """The content of chunks (RFC 9112, 7.1), as far as they go; the data itself where it is not chunked at all."""
    parts: list[bytes] = []
    position = 0
    while (end := data.find(b"\r\n", position)) >= 0:
        try:
            size = int(data[position:end].partition(b";")[0].strip() or b"x", 16)
        except ValueError:
            return b"".join(parts) if parts else data
        if size <= 0:
            break
        parts.append(data[end + 2 : end + 2 + size])
        position = end + 2 + size + 2
    else:
        if not parts:
            return data
    return b"".join(parts)


def _bounded(parts: list[bytes], total: int) -> int:
    total += len(parts[-1])
    if total > MAX_BODY:
        raise TooLarge(f"the body inflates to more than {MAX_BODY // 2**20} MB")
    return total


def _zlib(data: bytes, bits: int) -> bytes:
    parts: list[bytes] = []
    total = 0
    while data:
        inflater = zlib.decompressobj(wbits=bits)
        try:
            while data and not inflater.eof:
                parts.append(inflater.decompress(data, _CHUNK))
                total = _bounded(parts, total)
                data = inflater.unconsumed_tail
        except zlib.error:
            if not total:
                raise
            break
        data = inflater.unused_data if bits > zlib.MAX_WBITS else b""
    return b"".join(parts)


def _gzip(data: bytes) -> bytes:
    return _zlib(data, zlib.MAX_WBITS | 16)


def _deflate(data: bytes) -> bytes:
    try:
        return _zlib(data, zlib.MAX_WBITS)
    except zlib.error:
        return _zlib(data, -zlib.MAX_WBITS)  # some servers send it without the zlib header


def _brotli(data: bytes) -> bytes:
    inflater = brotli.Decompressor()
    parts = [inflater.process(data, output_buffer_limit=_CHUNK)]
    total = _bounded(parts, 0)
    while not inflater.is_finished():
        parts.append(inflater.process(b"", output_buffer_limit=_CHUNK))
        total = _bounded(parts, total)
        if not parts[-1]:
            break
    return b"".join(parts)


def _zstd(data: bytes) -> bytes:
    parts: list[bytes] = []
    total = 0
    inflater = zstd.ZstdDecompressor()
    while data or not inflater.needs_input:
        parts.append(inflater.decompress(data, _CHUNK))
        total = _bounded(parts, total)
        data = b""
        if inflater.eof:
            break
    return b"".join(parts)


_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
