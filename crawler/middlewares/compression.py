"""Content-codings undone within bounds: of size, of nesting and of the memory that a coding may ask for."""

from __future__ import annotations

import sys
import zlib
from gzip import BadGzipFile
from io import BytesIO
from typing import Any

import brotli
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response
from scrapy.utils._compression import _DecompressionMaxSizeExceeded

from crawler.errors import TooLarge, Undecodable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: One coding is usual, two are seen where a cache packs what was packed; more are made to cost.
MAX_CODINGS = 2
#: RFC 9659: a server must not use a larger window for the content-coding "zstd".
_ZSTD_WINDOW_LOG = 23
_CHUNK = 64 * 1024
_FAULTS = (BadGzipFile, zlib.error, EOFError, brotli.error, zstd.ZstdError)
_NONE = (b"identity", b"none", b"")


class BoundedCompression(HttpCompressionMiddleware):
    """Scrapy's middleware, with faults that have an outcome."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        declared = b",".join(response.headers.getlist("Content-Encoding")).lower()
        codings = [coding.strip() for coding in declared.split(b",")]
        codings = [coding for coding in codings if coding not in _NONE]
        if len(codings) > MAX_CODINGS:
            raise Undecodable(f"the body is packed {len(codings)} times over")
        if codings:
            response.headers.setlist("Content-Encoding", codings)
        elif declared:
            del response.headers["Content-Encoding"]
        try:
            decoded: Request | Response = super().process_response(request, response)
        except _FAULTS as error:
            raise Undecodable(f"the body is not in the declared content-coding: {str(error)[:100]}") from error
        if isinstance(decoded, Response) and request.method != "HEAD" and decoded.headers.get("Content-Encoding"):
            raise Undecodable(f"the content-coding {codings[-1].decode('latin-1')[:40]!r} is unknown")
        return decoded

    def _handle_encoding(self, body: bytes, content_encoding: list[bytes], max_size: int) -> tuple[bytes, list[bytes]]:
        try:
            unpacked: tuple[bytes, list[bytes]] = super()._handle_encoding(body, content_encoding, max_size)
        except _DecompressionMaxSizeExceeded as error:
            raise TooLarge(f"{len(body)} bytes unpack to more than {max_size}") from error
        return unpacked

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        if encoding == b"zstd":
            return _unzstd(body, max_size)
        decoded: bytes = HttpCompressionMiddleware._decode(body, encoding, max_size)
        return decoded

    def _warn_unknown_encoding(self, response: Response, encodings: list[bytes]) -> None:
        """Said by the outcome."""


def _unzstd(body: bytes, max_size: int) -> bytes:
    options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
    unpacked = bytearray()
    with zstd.ZstdFile(BytesIO(body), options=options) as packed:
        while chunk := packed.read(_CHUNK):
            unpacked += chunk
            if len(unpacked) > max_size > 0:
                raise _DecompressionMaxSizeExceeded(len(unpacked), max_size)
    return bytes(unpacked)
