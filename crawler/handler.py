"""The download handler: Scrapy's own for HTTP/1.1, which also keeps every exchange byte by byte.

A `Response` has lost what a WARC file must show: the reason phrase, the case and order of the header lines, and the
request as it was sent. Here the connection itself writes them down. This leans on private classes of Scrapy 2.19 and Twisted
26.10, both pinned; tests/crawler/test_handler.py fails when they change.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _ResultT,
    _ScrapyAgent,
)
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, ResponseDataLossError
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web.client import Agent

from archive.records import Exchange
from crawler import guard

logger = logging.getLogger(__name__)

# `Request` has slots and its `meta` is copied to redirects and retries, so what belongs to one request stands beside it.
_exchanges: WeakKeyDictionary[Request, Exchange] = WeakKeyDictionary()


def exchange_of(request: Request) -> Exchange | None:
    """What went over the wire for a request; None where no answer began, or another handler served it."""
    return _exchanges.get(request)


class DownloadHandler(HTTP11DownloadHandler):
    """http and https; see `exchange_of`."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory
        source = getattr(crawler.spider, "source", None)
        if source is not None and source.manners.insecure_tls:
            self._contextFactory = guard.TlsPolicy(self._contextFactory, source.domains)  # type: ignore[assignment]
        self._allowed = guard.Allowed(crawler.settings.getlist("GUARD_ALLOW"))

    async def download_request(self, request: Request) -> Response:
        """The response, as Scrapy makes it.

        Raises: what Scrapy raises; a body that was cut by it is in the exchange as far as it came.
        """
        agent = _Agent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
            tls_verbose_logging=self._tls_verbose_logging,
        )
        agent.allowed = self._allowed
        try:
            with wrap_twisted_exceptions():
                return await maybe_deferred_to_future(agent.download_request(request))
        except Exception as error:
            if exchange := exchange_of(request):
                exchange.truncated = _why_cut(error)
            if reason := guard.clear_reason(error):
                raise reason from error
            raise


def _why_cut(error: Exception) -> str:
    """The reason by the names of WARC 1.1 (5.13)."""
    if isinstance(error, DownloadCancelledError):
        return "length"
    if isinstance(error, DownloadTimeoutError):
        return "time"
    if not isinstance(error, ResponseDataLossError):
        logger.debug("an answer was cut by %r", error)
    return "disconnect"


class _Agent(_ScrapyAgent):
    """Knows both the request and, as soon as its head has come, the wire's response."""

    allowed: guard.Allowed

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        return guard.watch(super()._get_agent(request, timeout), request, self.allowed)

    def _cb_bodyready(self, txresponse: Any, request: Request) -> _ResultT | Deferred[_ResultT]:
        exchange: Exchange = txresponse._exchange
        exchange.url = request.url.partition("#")[0]
        if not request.meta.get("proxy"):
            # Behind a proxy the peer is the proxy, and the server's address is unknown.
            address = getattr(txresponse, "_scrapy_ip_address", None)
            exchange.ip = str(address) if address else None
        _exchanges[request] = exchange
        return super()._cb_bodyready(txresponse, request)


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    """A connection that writes down what passes through it; a CONNECT of Scrapy's passes beside it."""

    _exchange: Exchange | None = None

    def request(self, request: Any) -> Deferred[Any]:
        exchange = self._exchange = Exchange(at=_now())
        write_to = request.writeTo
        request.writeTo = lambda transport: write_to(_Tee(transport, exchange.sent))

        def attach(response: Any) -> Any:
            response._exchange = exchange
            return response

        answered = super().request(request)
        self._parser.__class__ = guard.BoundedParser
        return answered.addCallback(attach)

    def dataReceived(self, data: bytes) -> None:
        if self._exchange is not None:
            self._exchange.received.append(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class _Tee:
    """A transport whose writes are kept too."""

    def __init__(self, transport: Any, kept: list[bytes]) -> None:
        self._transport = transport
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._kept.append(data)
        self._transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        data = list(data)
        self._kept += data
        self._transport.writeSequence(data)


def _now() -> datetime:
    """The present, to the millisecond: MongoDB keeps no more, and an instant must be the same in all its records."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
