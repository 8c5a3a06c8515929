"""Which outcome a fetch without an answer has, and why, in words for people."""

from __future__ import annotations

import logging
import zlib
from gzip import BadGzipFile

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, UnsupportedURLSchemeError
from twisted.python.failure import Failure

from archive.records import Outcome
from crawler.middlewares.robots import ForbiddenByRobots, RobotsUnreachable
from crawler.network import explain, is_network_error

logger = logging.getLogger(__name__)


def of_failure(failure: Failure) -> tuple[Outcome, str]:
    """The outcome of a failure of the downloader or a middleware."""
    error = failure.value
    assert error is not None
    if isinstance(error, ForbiddenByRobots):
        return Outcome.ROBOTS, str(error)
    if isinstance(error, RobotsUnreachable):
        return (Outcome.HTTP_ERROR if error.status else Outcome.NETWORK_ERROR), f"robots.txt is not to be had: {error}"
    if isinstance(error, IgnoreRequest | UnsupportedURLSchemeError):
        return Outcome.REFUSED, str(error) or type(error).__name__
    if isinstance(error, DownloadCancelledError):
        return Outcome.TOO_LARGE, str(error)
    if isinstance(error, BadGzipFile | zlib.error | EOFError):
        return Outcome.UNDECODABLE, f"the body is not in the declared content-coding: {error}"
    if not is_network_error(error):
        # A fault of ours must not hide among those of the network; the page is tried again like after one.
        logger.error("a fetch failed by a fault of the crawler: %s", failure.getTraceback())
    return Outcome.NETWORK_ERROR, explain(error)
