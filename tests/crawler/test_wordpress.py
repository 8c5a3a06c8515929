"""WordPress's JSON API as outlets serve it, closed ones included. The posts are invented."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from crawler.discovery.links import EntryError, Link
from crawler.discovery.wordpress import posts_url, read_posts

API = "https://www.manara.example/wp-json/wp/v2/posts"
POST = {
    "date": "2023-11-24T18:00:00",
    "date_gmt": "2023-11-24T17:00:00",
    "modified_gmt": "2023-11-25T08:00:00",
    "link": "https://www.manara.example/le-port-48213.html",
    "title": {"rendered": "Le port &#8217;s&#8217;ouvre"},
}


def read(posts: Any) -> list[Link]:
    return read_posts(json.dumps(posts).encode(), API).links


def test_a_post_has_its_instants_in_utc() -> None:
    (link,) = read([POST])
    assert link == Link(POST["link"], "Le port ’s’ouvre", "2023-11-24T17:00:00Z", "2023-11-25T08:00:00Z")


def test_the_oldest_is_told_in_the_time_of_the_site() -> None:
    older = POST | {"date": "2023-11-20T09:30:00"}
    assert read_posts(json.dumps([POST, older]).encode(), API).oldest == datetime(2023, 11, 20, 9, 30)  # noqa: DTZ001
    assert read_posts(b"[]", API).oldest is None


@pytest.mark.parametrize("date", ["0000-00-00T00:00:00", "", None, 5])
def test_a_post_without_a_date_is_a_link_all_the_same(date: Any) -> None:
    (link,) = read([POST | {"date_gmt": date, "date": date}])
    assert link.published == ""


def test_a_body_may_begin_with_a_byte_order_mark_and_notices() -> None:
    body = "\ufeff\n" + json.dumps([POST])
    assert len(read_posts(body.encode(), API).links) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<!doctype html><title>Accueil</title>", "no JSON"),
        (b"", "no JSON"),
        (b'{"code":"rest_disabled","message":"The REST API is disabled."}', "The REST API is disabled"),
        (b'{"items": []}', "no list of posts"),
        (b'[{"id": 1}]', "no links"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_list_of_posts_is_told(body: bytes, told: str) -> None:
    with pytest.raises(EntryError, match=told):
        read_posts(body, API)


def test_entries_that_are_no_posts_cost_only_themselves() -> None:
    assert len(read([None, "x", {"link": 5}, {"link": "javascript:void(0)"}, POST])) == 1


def test_the_address_asks_for_a_span_newest_first() -> None:
    url = posts_url(API, datetime(2023, 1, 1), datetime(2024, 1, 1, 12))  # noqa: DTZ001
    assert "after=2023-01-01T00%3A00%3A00" in url
    assert "before=2024-01-01T12%3A00%3A00" in url
    assert "order=desc" in url
