"""Which outcome a fetch without an answer has, and why, in words for people."""

from __future__ import annotations

import logging

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest, UnsupportedURLSchemeError
from twisted.python.failure import Failure

from archive.records import Outcome
from crawler.errors import ForbiddenByRobots, Reserved, RobotsUnreachable, TooLarge, Undecodable
from crawler.network import explain, is_network_error

logger = logging.getLogger(__name__)

_OUTCOMES: dict[type[Exception], Outcome] = {
    ForbiddenByRobots: Outcome.ROBOTS,
    Reserved: Outcome.RESERVED,
    TooLarge: Outcome.TOO_LARGE,
    Undecodable: Outcome.UNDECODABLE,
    DownloadCancelledError: Outcome.TOO_LARGE,
}


def of_failure(failure: Failure) -> tuple[Outcome, str]:
    """The outcome of a failure of the downloader or a middleware."""
    error = failure.value
    assert error is not None
    for kind, outcome in _OUTCOMES.items():
        if isinstance(error, kind):
            return outcome, str(error) or "the body is larger than any that is taken"
    if isinstance(error, RobotsUnreachable):
        return (Outcome.HTTP_ERROR if error.status else Outcome.NETWORK_ERROR), f"robots.txt is not to be had: {error}"
    if isinstance(error, IgnoreRequest | UnsupportedURLSchemeError):
        return Outcome.REFUSED, str(error) or type(error).__name__
    if not is_network_error(error):
        # A fault of ours must not hide among those of the network; the page is tried again like after one.
        logger.error("a fetch failed by a fault of the crawler: %s", failure.getTraceback())
    return Outcome.NETWORK_ERROR, explain(error)
