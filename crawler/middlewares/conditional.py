"""Conditional requests (RFC 9110, 13.1): "send it only if it has changed", and servers that lie in their answer.

A request whose meta holds `validators` = {"url", "etag", "last_modified"} carries them as If-None-Match and If-Modified-Since
to that one address; a redirect takes them nowhere else. Who may ask so is the spider's affair: a recheck of a stored article,
an entry point whose last content has been entered in the ledger.

A 304 is proved now and then: the first of each host, and each twentieth after it, is followed at once by the same request
without validators. If the page turns out to have changed all the same (an article gets a new version, a feed names an
address that is new), the host's validators are worth nothing: from then on nothing of that host is asked conditionally.
How many 304s a host has given, and that it is distrusted, stays in the outlet's cursor (collection `sources`, `host …`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from archive import validators

#: One 304 in so many is proved, the first included.
PROVED = 20

Cursor = dict[str, Any]


class ConditionalMiddleware:
    """Adds the validators that a request holds for its address, and proves a share of the answers."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def _cursor(self) -> Cursor:
        spider: Any = self.crawler.spider
        cursor: Cursor = spider.cursor
        return cursor

    async def process_request(self, request: Request) -> None:
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
        held = request.meta.get("validators")
        if held is None or held["url"] != request.url or _host_state(self._cursor, request.url)["distrusted"]:
            return
        if held["etag"]:
            request.headers["If-None-Match"] = held["etag"].encode("latin-1")
        if held["last_modified"]:
            request.headers["If-Modified-Since"] = held["last_modified"].encode("latin-1")

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status != 304:
            return response
        # There is nothing to decode; some servers send the header of the page that they do not send.
        response.headers.pop("Content-Encoding", None)
        if not is_conditional(request) or not _counts_as_proof(self._cursor, request.url):
            return response
        meta = {name: value for name, value in request.meta.items() if name != "validators"} | {"doubted": True}
        return request.replace(meta=meta, dont_filter=True)


def is_conditional(request: Request | None) -> bool:
    """Whether a request has been sent with validators."""
    return request is not None and ("If-None-Match" in request.headers or "If-Modified-Since" in request.headers)


def held_by(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The validators of an article's `urls` document for a request's meta; None where it has none."""
    url = document.get("answered")
    if not url or not (document["etag"] or document["last_modified"]):
        return None
    return {"url": url, "etag": document["etag"], "last_modified": document["last_modified"]}


def held_after(response: Response) -> dict[str, Any] | None:
    """The validators that an answer came with, for the next request to the address that gave it; None where none."""
    headers = {name: response.headers.get(name) for name in ("ETag", "Last-Modified")}
    told = validators.read({name.lower(): (value or b"").decode("latin-1") for name, value in headers.items()})
    return {"url": response.url, **told} if any(told.values()) else None


def distrust(cursor: Cursor, url: str) -> None:
    """Remember that a host has called a changed page unchanged."""
    state = _host_state(cursor, url)
    cursor[_key(url)] = state | {"distrusted": True}


def is_host_state(key: str) -> bool:
    """Whether an entry of the cursor is what is known of a host's 304s."""
    return key.startswith(_PREFIX)


_PREFIX = "host "


def _key(url: str) -> str:
    return _PREFIX + (urlsplit(url).hostname or "").removeprefix("www.")


def _host_state(cursor: Cursor, url: str) -> dict[str, Any]:
    known: dict[str, Any] = cursor.get(_key(url), {})
    return {"unchanged": 0, "distrusted": False} | known


def _counts_as_proof(cursor: Cursor, url: str) -> bool:
    """Count a 304 of a host; whether it is one of those that are proved."""
    state = _host_state(cursor, url)
    cursor[_key(url)] = state | {"unchanged": state["unchanged"] + 1}
    return bool(state["unchanged"] % PROVED == 0)
