"""Carnets du Sud: neither feed nor sitemap; paginated sections, relative links, visible dates only."""

from __future__ import annotations

from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    changed_at,
    latin_slug,
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

OUTLET = "carnetsdusud"
HOST = "www.carnetsdusud.example"
ROOT = f"https://{HOST}"
LISTING = 4

ROBOTS = """User-agent: *
Disallow:
"""

FOLDER = f"{ROOT}/securite/dossier-special-10001"


def section(story: Story) -> str:
    return latin_slug(story.section) or "actualites"


def path(story: Story) -> str:
    return f"/{section(story)}/{latin_slug(story.versions[0].title, 8)}-{20000 + minutes(story) // 30}"


def address(story: Story) -> str:
    """/{section}/{slug}-{id}"""
    return ROOT + path(story)


def relative(story: Story, place: int) -> str:
    """The link from /{section}/page/{n}, relative in every way."""
    tail = path(story).rsplit("/", 1)[1]
    return (f"../{tail}", path(story), f"./../../{section(story)}/{tail}", f"//{HOST}{path(story)}")[place % 4]


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    sections = sorted({(section(story), story.section) for story in stories})
    placed = {story.id: relative(story, place) for place, story in enumerate(stories)}
    common: dict[str, Any] = {"root": ROOT, "path": path, "sections": sections}

    def article(story: Story) -> Route:
        return lambda edition: page(
            "carnetsdusud/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 3),
            edition=edition,
            **common,
        )

    def listing(shown: list[Story], key: str, name: str, count: int, last: int) -> Route:
        return lambda edition: page(
            "carnetsdusud/listing.html",
            changed=newest_change(shown, edition),
            stories=shown,
            placed=placed,
            key=key,
            name=name,
            number=count,
            last=last,
            folder="/securite/dossier-special-10001" if count == 1 else "",
            edition=edition,
            **common,
        )

    routes: dict[str, Route] = {
        "/style.css": stylesheet(OUTLET),
        "/robots.txt": text(ROBOTS),
        "/": lambda edition: page("carnetsdusud/home.html", stories=stories[:6], edition=edition, **common),
        "/securite/dossier-special-10001": lambda edition: page(
            "carnetsdusud/folder.html", stories=stories[:12], edition=edition, **common
        ),
    }
    for key, name in sections:
        pages = slices([story for story in stories if section(story) == key], LISTING)
        for count, part in enumerate(pages, 1):
            routes[f"/{key}/page/{count}"] = listing(part, key, name, count, len(pages))
        routes[f"/{key}"] = redirect(f"{ROOT}/{key}/page/1")
    for story in stories:
        routes[path(story)] = article(story)
    missing = status(404, "carnetsdusud/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = [truth_of(shelf, story, edition, precision="minute", tags=False, modified=False) for story in stories]
        found.append(special(OUTLET, FOLDER, Outcome.NOT_ARTICLE, "a list of titles under an article's address"))
        return found

    return Site(
        OUTLET, HOST, (HOST, "carnetsdusud.example"), routes, truths, fallback=lambda key, edition: missing(edition)
    )
