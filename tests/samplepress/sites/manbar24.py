"""المنبر 24: a system of its own; the article's id is in the query, its digits are Arabic-Indic."""

from __future__ import annotations

from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    changed_at,
    minutes,
    near,
    newest_change,
    page,
    printed,
    redirect,
    slices,
    special,
    status,
    stylesheet,
    text,
    truth_of,
)

OUTLET = "manbar24"
HOST = "www.manbar24.example"
ROOT = f"https://{HOST}"
FEED = 10
LISTING = 6

ROBOTS = """User-agent: *
Disallow: /print.php
Disallow: /search.php
"""

BROKEN = f"{ROOT}/article.php?id=500500"
REMOVED = f"{ROOT}/article.php?id=700700"


def number(story: Story) -> int:
    """The article's id."""
    return 30000 + minutes(story) // 10


def category(story: Story) -> int:
    """The id of the article's section."""
    return sum(story.section.encode()) % 9 + 1


def address(story: Story) -> str:
    """The id alone makes the address; the category beside it may be missing or wrong."""
    return f"{ROOT}/article.php?id={number(story)}"


def written(story: Story, place: int) -> str:
    """The address as the listing writes it at a place: every order, and with trackers."""
    return (
        f"article.php?id={number(story)}&cat={category(story)}",
        f"article.php?cat={category(story)}&id={number(story)}",
        f"/article.php?cat={category(story)}&id={number(story)}&utm_source=manbar24&utm_medium=home",
        f"article.php?fbclid=IwAR0{number(story)}xY&id={number(story)}",
    )[place % 4]


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    common: dict[str, Any] = {"root": ROOT, "link": address, "category": category}
    placed = {story.id: written(story, place) for place, story in enumerate(stories)}

    def article(story: Story) -> Route:
        return lambda edition: page(
            "manbar24/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 6),
            written=placed,
            edition=edition,
            number=number(story),
            **common,
        )

    def listing(shown: list[Story], count: int, last: int) -> Route:
        return lambda edition: page(
            "manbar24/listing.html",
            changed=newest_change(shown, edition),
            stories=shown,
            written=placed,
            edition=edition,
            number=count,
            last=last,
            **common,
        )

    def feed(edition: int) -> Response:
        return page(
            "manbar24/atom.xml",
            content_type="application/atom+xml; charset=utf-8",
            changed=newest_change(stories[:FEED], edition),
            stories=stories[:FEED],
            changed_at=lambda story: changed_at(story, edition),
            edition=edition,
            number=number,
            **common,
        )

    routes: dict[str, Route] = {"/style.css": stylesheet(OUTLET), "/robots.txt": text(ROBOTS), "/atom.xml": feed}
    pages = slices(stories, LISTING)
    for count, part in enumerate(pages, 1):
        routes[f"/latest.php?page={count}"] = listing(part, count, len(pages))
    routes["/"] = routes["/latest.php"] = routes["/latest.php?page=1"]
    last_page = routes[f"/latest.php?page={len(pages)}"]
    for story in stories:
        routes[f"/article.php?id={number(story)}"] = article(story)
    routes["/article.php?id=500500"] = status(500, "manbar24/error.html", **common)
    routes["/article.php?id=700700"] = redirect(f"{ROOT}/", 302)
    missing = status(404, "manbar24/error.html", **common)

    def fallback(key: str, edition: int) -> Response:
        # A page number that is too high shows the last page again.
        return last_page(edition) if key.startswith("/latest.php?page=") else missing(edition)

    def truths(edition: int) -> list[Truth]:
        found = [
            truth_of(
                shelf,
                story,
                edition,
                precision="minute",
                modified=False,
                aliases=[f"{ROOT}/{placed[story.id].lstrip('/')}"],
            )
            for story in stories
        ]
        found.append(special(OUTLET, BROKEN, Outcome.HTTP_ERROR, "answers 500, always"))
        found.append(special(OUTLET, REMOVED, Outcome.GONE, "a removed article redirects to the home page", f"{ROOT}/"))
        return found

    return Site(
        OUTLET,
        HOST,
        (HOST, "manbar24.example"),
        routes,
        truths,
        schemes="both",
        fallback=fallback,
    )
