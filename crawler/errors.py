"""Why an address is not fetched: what the middlewares and the handler raise. Each message is words for people.

All derive from Scrapy's IgnoreRequest, so that nothing is tried again in the same crawl.
"""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class NotNow(IgnoreRequest):
    """Nothing is asked of the host now; the address goes on waiting, and this is no attempt at it."""


class RobotsUnreachable(NotNow):
    """robots.txt could not be had, so nothing of the host is fetched now (RFC 9309, 2.3.1.4).

    Attributes:
        status: HTTP status of robots.txt, 0 without an answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt disallows the address."""


class Reserved(IgnoreRequest):
    """The outlet reserves the address against text and data mining."""


class Refused(IgnoreRequest):
    """The address, or where it leads, is none that a crawler of the public web may ask."""


class TooLarge(IgnoreRequest):
    """An answer has more than is taken of any."""


class Undecodable(IgnoreRequest):
    """The body is not in the content-coding that its headers declare, or in none that we undo."""
