"""Every address is looked at before anything is asked of it, robots.txt of its host included, and every hop of a redirect."""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response

from crawler.errors import Refused
from crawler.guard import Allowed, check_url
from sources.model import Manners, Source

_REDIRECTS = (301, 302, 303, 307, 308)
_LONGEST_LOCATION = 4096


class GuardMiddleware:
    """Refuses addresses by what is written in them; what their names lead to is seen by the handler."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.allowed = Allowed(crawler.settings.getlist("GUARD_ALLOW"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        check_url(request.url, _manners(self.crawler).ports, self.allowed)


class GuardedRedirects(RedirectMiddleware):
    """Scrapy's redirects, which never leave the web, nor TLS unless the outlet's file says so."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        if response.status in _REDIRECTS and "Location" in response.headers:
            self._check(request, response)
        followed: Request | Response = super().process_response(request, response)
        return followed

    def _check(self, request: Request, response: Response) -> None:
        location = response.headers["Location"] or b""
        if len(location) > _LONGEST_LOCATION:
            raise Refused(f"it redirects to an address of {len(location)} bytes")
        # Servers write their own charset here; RFC 9110 knows ASCII only, and Scrapy UTF-8.
        readable = location if _is_utf8(location) else quote(location, safe=b"%/:?#[]@!$&'()*+,;=~-._").encode()
        response.headers["Location"] = readable
        try:
            target = urljoin(request.url, readable.decode().strip())
            scheme, host = urlsplit(target).scheme, urlsplit(target).hostname
            Request(target)
        except ValueError as error:
            raise Refused(f"it redirects to what is no address: {str(error)[:200]}") from error
        if scheme not in ("http", "https"):
            raise Refused(f"it redirects to {scheme[:20]}:, and only http and https are asked")
        if not host:
            raise Refused("it redirects to an address without a host")
        if scheme == "http" and urlsplit(request.url).scheme == "https" and not _manners(self.crawler).http_redirects:
            raise Refused(f"it redirects from https to http: {target[:200]}")


def _manners(crawler: Crawler) -> Manners:
    source: Source | None = getattr(crawler.spider, "source", None)
    return source.manners if source else Manners()


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
