"""جريدة النهضة: a PHP site of 2006 in windows-1256, http only, without metadata, with visible Maghrebi dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    minutes,
    near,
    page,
    printed,
    slices,
    special,
    status,
    stylesheet,
    truth_of,
)

OUTLET = "annahda"
HOST = "www.annahda.example"
ROOT = f"http://{HOST}"
FEED = 10
LISTING = 7
EMPTY = f"{ROOT}/news/99001.html"

# The server names no charset; until 2024 the pages named none either.
BARE_HTML = "text/html"
DECLARED_SINCE = 2024


def number(story: Story) -> int:
    """The article's id."""
    return 12000 + minutes(story) // 25


def address(story: Story) -> str:
    """/news/12345.html"""
    return f"{ROOT}/news/{number(story)}.html"


def feed_date(story: Story, place: int) -> str:
    """The feed's date of the item at a place: a day without its time, and on some items plainly wrong."""
    day = story.published
    if place == 1:
        return "Thu, 01 Jan 1970 00:00:00 GMT"
    if place == 5:
        return ""
    if place == 3:
        day = day.replace(year=2031)
    elif place == 7:
        day -= timedelta(days=40)
    return day.strftime("%a, %d %b %Y 00:00:00 GMT")


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    old = "windows-1256"
    common: dict[str, Any] = {"root": ROOT, "link": address, "today": shelf.today}

    def article(story: Story) -> Route:
        return lambda edition: page(
            "annahda/article.html",
            encoding=old,
            content_type=BARE_HTML,
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 5),
            edition=edition,
            declared=story.published.year >= DECLARED_SINCE,
            reads=number(story) % 4000,
            **common,
        )

    def listing(shown: list[Story], count: int, last: int) -> Route:
        return lambda edition: page(
            "annahda/listing.html",
            encoding=old,
            content_type=BARE_HTML,
            stories=shown,
            edition=edition,
            number=count,
            last=last,
            empty=EMPTY if count == 1 else None,
            declared=True,
            **common,
        )

    def feed(edition: int) -> Response:
        dated = [story for story in stories if not story.undated][:FEED]
        return page(
            "annahda/feed.xml",
            encoding=old,
            content_type="text/xml",
            items=[(story, feed_date(story, place)) for place, story in enumerate(dated)],
            edition=edition,
            **common,
        )

    routes: dict[str, Route] = {"/style.css": stylesheet(OUTLET), "/rss.xml": feed}
    pages = slices(stories, LISTING)
    for count, part in enumerate(pages, 1):
        routes[f"/archive.php?page={count}"] = listing(part, count, len(pages))
    routes["/"] = routes["/index.php"] = routes["/archive.php"] = routes["/archive.php?page=1"]
    for story in stories:
        routes[f"/news/{number(story)}.html"] = article(story)
    routes["/news/99001.html"] = lambda edition: Response(200, {"Content-Type": BARE_HTML}, b"")

    nothing = listing([], len(pages) + 1, len(pages))
    missing = status(404, "annahda/missing.html", encoding=old, content_type=BARE_HTML, declared=True, **common)

    def fallback(key: str, edition: int) -> Response:
        # The script answers 200 for any page of its archive.
        return nothing(edition) if key.startswith("/archive.php?page=") else missing(edition)

    def truths(edition: int) -> list[Truth]:
        found = [
            truth_of(
                shelf,
                story,
                edition,
                precision="day",
                tags=False,
                modified=False,
                note="the page shows no date, the feed leaves it out" if story.undated else "",
            )
            for story in stories
        ]
        found.append(special(OUTLET, EMPTY, Outcome.EMPTY, "answers 200 with an empty body"))
        return found

    return Site(OUTLET, HOST, (HOST, "annahda.example"), routes, truths, schemes="http", fallback=fallback)
