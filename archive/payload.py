"""The payload of an answer with its content-coding undone, within bounds.

The codings are undone as on the network: of gzip and deflate what came before a fault is kept.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from archive.warc.message import Message

#: The crawl's own bound (DOWNLOAD_MAXSIZE).
MAX_BODY = 20 * 2**20
_CHUNK = 2**16
# As on the network, see crawler/middlewares/compression.py: how often a body may be packed, and zstd's window (RFC 9659).
_MAX_CODINGS = 2
_ZSTD_WINDOW_LOG = 23
_NONE = ("identity", "none", "")


class TooLarge(ValueError):
    """A payload inflates beyond the bound."""


class BadCoding(ValueError):
    """A payload is not in the coding that its headers declare."""


def headers(message: Message) -> dict[str, str]:
    """Headers by lower-case names; repeated ones joined with ", "."""
    joined: dict[str, str] = {}
    for name, value in message.headers:
        known = name.lower()
        joined[known] = f"{joined[known]}, {value}" if known in joined else value
    return joined


def body(message: Message, *, strict: bool = True) -> bytes:
    """The payload with its content-coding undone.

    Args:
        strict: False for foreign files, many of which hold the decoded payload under the server's headers.
    Raises:
        TooLarge: it inflates to more than MAX_BODY.
        BadCoding: it is not in its content-coding.
    """
    data = message.payload
    declared = headers(message).get("content-encoding", "").lower().split(",")
    codings = [coding.strip() for coding in declared if coding.strip() not in _NONE]
    if strict and len(codings) > _MAX_CODINGS:
        raise BadCoding(f"the body is packed {len(codings)} times over")
    for coding in reversed(codings):
        if not data:
            return data
        undo = _CODINGS.get(coding)
        try:
            if undo is None:
                raise EOFError(f"the content-coding {coding[:40]!r} is unknown")
            data = undo(data)
        except (zlib.error, brotli.error, zstd.ZstdError, EOFError) as error:
            if strict:
                raise BadCoding(f"the body is not in the declared content-coding: {error}") from error
            break
    if len(data) > MAX_BODY:
        raise TooLarge(f"the body has more than {MAX_BODY // 2**20} MB")
    return data


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
    inflater = zstd.ZstdDecompressor(options={int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG})
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
