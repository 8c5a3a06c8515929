"""WordPress's JSON API of posts (developer.wordpress.org/rest-api/reference/posts): every post of a span, with its instants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from crawler.discovery.links import EntryError, Link, absolute, date_of, title_of
from language.charset import text_of

#: The API allows no more in one answer.
PER_PAGE = 100


@dataclass(slots=True)
class Posts:
    """An answer of the API.

    Attributes:
        links: the posts in its order.
        oldest: date of the oldest in the site's own zone, naive, by which the next posts are asked for; None where there is none.
    """

    links: list[Link] = field(default_factory=list)
    oldest: datetime | None = None


def posts_url(endpoint: str, after: datetime, before: datetime) -> str:
    """The address of the newest posts of a span.

    Args:
        endpoint: "https://…/wp-json/wp/v2/posts".
        after, before: in the zone of the site, whatever their own.
    """
    query = {
        "after": f"{after:%Y-%m-%dT%H:%M:%S}",
        "before": f"{before:%Y-%m-%dT%H:%M:%S}",
        "orderby": "date",
        "order": "desc",
        "per_page": PER_PAGE,
        "_fields": "link,title,date,date_gmt,modified_gmt",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"


def read_posts(body: bytes, url: str) -> Posts:
    """The posts of an answer.

    Raises:
        EntryError: it is no list of posts; what the API says instead stands in the message.
    """
    text = text_of(body).strip("\ufeff \t\r\n")
    try:
        posts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EntryError("the entry point is no JSON: the API is closed or is not there") from error
    if isinstance(posts, dict) and isinstance(posts.get("message"), str):
        raise EntryError(f"the API refuses: {title_of(posts['message'])[:200]}")
    if not isinstance(posts, list):
        raise EntryError("the JSON is no list of posts")
    found = Posts()
    for post in posts[:PER_PAGE]:
        address = absolute(url, _text(post, "link"))
        if address:
            found.links.append(
                Link(
                    address,
                    title_of(_text(post.get("title"), "rendered")),
                    _utc(_text(post, "date_gmt")),
                    _utc(_text(post, "modified_gmt")),
                )
            )
        if local := _naive(_text(post, "date")):
            found.oldest = min(found.oldest or local, local)
    if posts and not found.links:
        raise EntryError("the posts have no links")
    return found


def _naive(words: str) -> datetime | None:
    try:
        return datetime.fromisoformat(words.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _utc(words: str) -> str:
    """A `…_gmt` date with its zone; drafts carry zeros."""
    words = date_of(words)
    return "" if not words or words.startswith("0000") else words if words[-1] in "Zz" or "+" in words else f"{words}Z"
