"""Conditional requests: sent where nothing can be missed, to nobody else, and not to servers that lie."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from archive import validators
from crawler.discovery.feeds import is_whole
from crawler.middlewares.conditional import PROVED, ConditionalMiddleware, distrust, held_by
from tests.conftest import Machine

FEED = "https://www.sadarabat.example/feed"
URL = "https://press.example/a-1.html"
HELD = {"url": URL, "etag": '"v1"', "last_modified": "Fri, 24 Nov 2023 21:15:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "etag", "last_modified"),
    [
        ({"etag": 'W/"67ab-5f"'}, 'W/"67ab-5f"', None),
        ({"etag": '"a"', "last-modified": HELD["last_modified"]}, '"a"', HELD["last_modified"]),
        ({"etag": "67ab-5f"}, None, None),
        ({"etag": '"a"\r\nX-Forwarded-For: 127.0.0.1'}, None, None),
        ({"etag": '"a", "b"'}, None, None),
        ({"etag": f'"{"a" * 5000}"'}, None, None),
        ({"last-modified": "yesterday"}, None, None),
        ({"last-modified": "Thu, 01 Jan 1970 00:00:00 GMT"}, None, None),
        ({"last-modified": "Fri, 24 Nov 2023 21:15:00 GMT\r\nCookie: a=b"}, None, None),
        ({"last-modified": "Fri, 24 Nov 2023 " + " " * 9000 + "21:15:00 GMT"}, None, None),
        ({}, None, None),
    ],
)
def test_what_is_no_validator_is_not_kept(headers: dict[str, str], etag: str | None, last_modified: str | None) -> None:
    assert validators.read(headers) == {"etag": etag, "last_modified": last_modified}


def middleware(cursor: dict[str, Any] | None = None) -> ConditionalMiddleware:
    crawler: Any = SimpleNamespace(spider=SimpleNamespace(cursor={} if cursor is None else cursor))
    return ConditionalMiddleware(crawler)


def sent(url: str, held: dict[str, Any] | None = HELD, cursor: dict[str, Any] | None = None) -> set[bytes]:
    request = Request(url, meta={"validators": held}, headers={"If-None-Match": '"of another address"'})
    asyncio.run(middleware(cursor).process_request(request))
    return set(request.headers.getlist("If-None-Match") + request.headers.getlist("If-Modified-Since"))


def test_validators_go_to_the_address_they_came_from_and_to_no_other() -> None:
    assert sent(URL) == {b'"v1"', b"Fri, 24 Nov 2023 21:15:00 GMT"}
    for other in ("http://press.example/a-1.html", "https://press.example/", "https://other.example/a-1.html"):
        assert sent(other) == set(), "a redirect takes nothing with it"
    assert sent(URL, None) == set()
    assert held_by({"answered": URL, "etag": None, "last_modified": None}) is None
    distrusted: dict[str, Any] = {}
    distrust(distrusted, "https://www.press.example/another")
    assert sent(URL, cursor=distrusted) == set()


def test_one_304_in_twenty_is_proved() -> None:
    asyncio.run(_ask_often())


async def _ask_often() -> None:
    cursor: dict[str, Any] = {}
    proved = []
    for _ in range(2 * PROVED):
        asking = middleware(cursor)
        request = Request(URL, meta={"validators": HELD})
        await asking.process_request(request)
        answer = await asking.process_response(request, Response(URL, status=304, headers={"Content-Encoding": "gzip"}))
        proved.append(isinstance(answer, Request))
        if isinstance(answer, Request):
            await asking.process_request(answer)
            assert "If-None-Match" not in answer.headers
    assert [number for number, was in enumerate(proved) if was] == [0, PROVED]


@pytest.mark.parametrize(
    "end", ["</rss>", "</feed>\n", "</rdf:RDF>", "</channel></rss>\n<!-- cached -->\n", '{"items": []}']
)
def test_a_whole_feed_ends_like_one(end: str) -> None:
    assert is_whole(f"<rss><item>…</item>{end}".encode())
    assert not is_whole(b"<rss><channel><item><title>Cut in the mid")


def asked_with(machine: Machine, url: str, since: int = 0) -> list[tuple[bool, int]]:
    """For each request of an address: whether it was conditional, and what was answered."""
    return [("if-none-match" in entry.headers, entry.status) for entry in machine.press.log[since:] if entry.url == url]


def distrusted(machine: Machine, outlet: str) -> bool:
    """What the archive remembers of an outlet's host."""
    document = machine.database.sources.find_one({"_id": outlet})
    assert document is not None
    states = {entry["key"]: entry for entry in document["cursor"]["entries"]}
    return bool(states[f"host {outlet}.example"]["distrusted"])


def test_an_unchanged_feed_is_not_sent_again_and_a_lie_is_noticed(machine: Machine) -> None:
    feed = machine.press.press.respond(FEED)
    assert feed is not None
    items = feed.body.decode().count("<item>")
    newest = re.search(r"\s*<item>.*?</item>", feed.body.decode(), re.DOTALL)
    assert newest
    crawl = ("crawl", "sadarabat", "-s", "LISTING_PAGES=0")
    machine.press.misbehave("/page/", status=404)
    # Cut: what it hides must be shown again. Whole, but an item short: this is what the archive then knows.
    machine.press.misbehave(
        re.escape(FEED), body=feed.body.decode().replace(newest[0], "").encode()[: -len("</rss>\n") - 20]
    )
    machine.scrapy(*crawl)
    machine.press.misbehave(re.escape(FEED), body=feed.body.decode().replace(newest[0], "").encode())
    machine.scrapy(*crawl)
    assert asked_with(machine, FEED) == [(False, 200), (False, 200)]
    known = machine.database.urls.count_documents({"found_by": FEED})
    assert known == items - 1

    asked = len(machine.press.log)
    machine.scrapy(*crawl, "-a", "until=2024-01-01")
    assert asked_with(machine, FEED, asked) == [(False, 200)], "a window would miss what a 304 hides"
    asked = len(machine.press.log)
    done = machine.scrapy(*crawl)
    assert asked_with(machine, FEED, asked) == [(True, 304), (False, 200)], "the first 304 is proved"

    # The next item comes, and the server goes on saying that nothing has changed. It is found out by a proof.
    machine.database.sources.update_one(
        {"_id": "sadarabat", "cursor.entries.key": "host sadarabat.example"},
        {"$set": {"cursor.entries.$.unchanged": PROVED}},
    )
    machine.press.behave()
    machine.press.misbehave("/page/", status=404)
    machine.press.misbehave(re.escape(FEED), lies=True)
    asked = len(machine.press.log)
    done = machine.scrapy(*crawl)
    assert asked_with(machine, FEED, asked) == [(True, 304), (False, 200)]
    assert "www.sadarabat.example calls changed pages unchanged (304)" in done.stderr
    assert machine.database.urls.count_documents({"found_by": FEED}) == items
    assert distrusted(machine, "sadarabat"), "and is not asked so again"


def test_a_server_that_lies_about_an_article_is_found_out(machine: Machine) -> None:
    edited = next(truth for truth in machine.press.press.truth(2) if truth.edited and truth.outlet == "pharedetroit")
    assert machine.scrapy("visit", edited.url).returncode == 0
    machine.press.edition = 2
    machine.press.misbehave(re.escape(edited.url), lies=True)
    asked = len(machine.press.log)
    done = machine.scrapy("crawl", "pharedetroit", "-a", "recheck=all")
    assert asked_with(machine, edited.url, asked) == [(True, 304), (False, 200)]
    assert "1 changed" in done.stdout
    assert "calls changed pages unchanged" in done.stderr
    assert distrusted(machine, "pharedetroit")
