"""La Gazette de l'Oriental: Drupal with a feed, a paged sitemap, Dublin Core metadata and <time datetime>."""

from __future__ import annotations

from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    XML,
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

OUTLET = "gazetteoriental"
HOST = "www.gazetteoriental.example"
ROOT = f"https://{HOST}"
FEED = 10
SITEMAP = 8
LISTING = 8

ROBOTS = f"""#
# robots.txt
#
User-agent: *
# CSS, JS, Images
Allow: /core/*.css$
Allow: /core/*.js$
# Directories
Disallow: /core/
Disallow: /profiles/
Disallow: /dossiers/
# Paths (clean URLs)
Disallow: /admin/
Disallow: /comment/reply/
Disallow: /user/login
Sitemap: {ROOT}/sitemap.xml
"""

FORBIDDEN = f"{ROOT}/dossiers/les-archives-de-la-cooperation-policiere"
DEAD = f"{ROOT}/politique/un-communique-retire-par-son-auteur"


def section(story: Story) -> str:
    return latin_slug(story.section) or "actualite"


def node(story: Story) -> int:
    """The node's id."""
    return 5000 + minutes(story) // 30


def address(story: Story) -> str:
    """/{section}/{slug}"""
    return f"{ROOT}/{section(story)}/{latin_slug(story.versions[0].title, 14)}"


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    sections = sorted({(section(story), story.section) for story in stories})
    common: dict[str, Any] = {"root": ROOT, "link": address, "sections": sections, "node": node}

    def article(story: Story) -> Route:
        return lambda edition: page(
            "gazetteoriental/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 5),
            edition=edition,
            **common,
        )

    def listing(shown: list[Story], heading: str) -> Route:
        return lambda edition: page(
            "gazetteoriental/listing.html", stories=shown[:LISTING], heading=heading, edition=edition, **common
        )

    def feed(edition: int) -> Response:
        return page(
            "gazetteoriental/rss.xml",
            content_type="application/rss+xml; charset=utf-8",
            changed=newest_change(stories[:FEED], edition),
            stories=stories[:FEED],
            edition=edition,
            **common,
        )

    def sitemap(shown: list[Story], extra: list[str]) -> Route:
        return lambda edition: page(
            "gazetteoriental/sitemap.xml",
            content_type=XML,
            stories=shown,
            changed_at=lambda story: changed_at(story, edition),
            extra=extra,
            **common,
        )

    parts = slices(stories, SITEMAP)
    routes: dict[str, Route] = {
        "/style.css": stylesheet(OUTLET),
        "/robots.txt": text(ROBOTS),
        "/": listing(stories, "À la une"),
        "/rss.xml": feed,
        # The section's feed was switched off with the last redesign; its address shows the section.
        "/politique/rss.xml": listing([story for story in stories if section(story) == "politique"], "Politique"),
        "/sitemap.xml": lambda edition: page(
            "gazetteoriental/index.xml", content_type=XML, count=len(parts), today=shelf.today, **common
        ),
    }
    for count, part in enumerate(parts, 1):
        routes[f"/sitemap.xml?page={count}"] = sitemap(part, [FORBIDDEN, DEAD] if count == 1 else [])
    for key, name in sections:
        routes[f"/{key}"] = listing([story for story in stories if section(story) == key], name)
    for story in stories:
        routes[address(story).removeprefix(ROOT)] = article(story)
        routes[f"/node/{node(story)}"] = redirect(address(story))
    routes["/dossiers/les-archives-de-la-cooperation-policiere"] = listing(stories, "Dossiers")
    missing = status(404, "gazetteoriental/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = [truth_of(shelf, story, edition, precision="second") for story in stories]
        found.append(special(OUTLET, FORBIDDEN, Outcome.ROBOTS, "forbidden by robots.txt, named in the sitemap"))
        found.append(special(OUTLET, DEAD, Outcome.GONE, "a dead link in the sitemap: 404"))
        return found

    return Site(
        OUTLET, HOST, (HOST, "gazetteoriental.example"), routes, truths, fallback=lambda key, edition: missing(edition)
    )
