"""Seine Matin: a French daily with a JSON feed, Atom, AMP, a mobile host, trackers and a paywall."""

from __future__ import annotations

import json
from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    changed_at,
    latin_slug,
    minutes,
    near,
    newest_change,
    page,
    printed,
    slices,
    special,
    status,
    stylesheet,
    text,
    truth_of,
)

OUTLET = "seinematin"
HOST = "www.seinematin.example"
MOBILE = "m.seinematin.example"
ROOT = f"https://{HOST}"
FEED = 8
LISTING = 6

ROBOTS = """User-agent: *
Disallow: /compte/
Disallow: /recherche?
Disallow: /api/
"""

GONE = f"{ROOT}/monde/2023/06/12/une-depeche-publiee-par-erreur_404404.html"


def section(story: Story) -> str:
    return latin_slug(story.section) or "actualite"


def path(story: Story) -> str:
    slug = latin_slug(story.versions[0].title, 12)
    return f"/{section(story)}/{story.published.strftime('%Y/%m/%d')}/{slug}_{600000 + minutes(story) // 10}.html"


def address(story: Story) -> str:
    """/{section}/2023/11/24/{slug}_{id}.html"""
    return ROOT + path(story)


def listed(story: Story, place: int) -> str:
    """The link in listings: plain, AMP, mobile or with a tracker, by place."""
    return (
        path(story),
        f"/amp{path(story)}",
        f"https://{MOBILE}{path(story)}",
        f"{path(story)}?xtor=CS1-33&at_medium=home",
    )[place % 4]


def json_ld(story: Story, edition: int) -> str:
    """The page's JSON-LD. It says who may read, and forgets to say when the article appeared."""
    document = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.at(edition).title,
        "isAccessibleForFree": not story.paywalled,
        "author": [{"@type": "Person", "name": name} for name in story.authors],
        "articleSection": story.section,
        "publisher": {"@type": "NewsMediaOrganization", "name": "Seine Matin"},
    }
    if story.paywalled:
        document["hasPart"] = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"}
    return json.dumps(document, ensure_ascii=False).replace("</", "<\\/")


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    placed = {story.id: listed(story, place) for place, story in enumerate(stories)}
    common: dict[str, Any] = {"root": ROOT, "link": address, "path": path}

    def article(story: Story, template: str) -> Route:
        return lambda edition: page(
            f"seinematin/{template}.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 5),
            json_ld=json_ld(story, edition),
            edition=edition,
            **common,
        )

    def listing(shown: list[Story], count: int, last: int) -> Route:
        return lambda edition: page(
            "seinematin/listing.html",
            changed=newest_change(shown, edition),
            stories=shown,
            placed=placed,
            edition=edition,
            number=count,
            last=last,
            gone=GONE,
            **common,
        )

    def atom(edition: int) -> Response:
        return page(
            "seinematin/atom.xml",
            content_type="application/atom+xml; charset=utf-8",
            changed=newest_change(stories[:FEED], edition),
            stories=stories[:FEED],
            changed_at=lambda story: changed_at(story, edition),
            edition=edition,
            **common,
        )

    def json_feed(edition: int) -> Response:
        document = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Seine Matin",
            "home_page_url": f"{ROOT}/",
            "feed_url": f"{ROOT}/feed.json",
            "language": "fr-FR",
            "items": [
                {
                    "id": f"{ROOT}{path(story)}",
                    "url": f"{ROOT}{path(story)}?utm_source=rss&utm_medium=feed&utm_campaign=une",
                    "title": story.at(edition).title,
                    "summary": story.standfirst,
                    "content_html": f"<p>{story.at(edition).paragraphs[0]}</p>",
                    "date_published": story.published.replace(second=0).isoformat(),
                    "date_modified": changed_at(story, edition).replace(second=0).isoformat(),
                    "authors": [{"name": name} for name in story.authors],
                    "tags": list(story.tags),
                }
                for story in stories[:FEED]
            ],
        }
        body = json.dumps(document, ensure_ascii=False, indent=1).encode()
        return Response(200, {"Content-Type": "application/feed+json; charset=utf-8"}, body)

    routes: dict[str, Route] = {
        "/style.css": stylesheet(OUTLET),
        "/robots.txt": text(ROBOTS),
        "/feed.json": json_feed,
        "/atom.xml": atom,
    }
    mobile: dict[str, Route] = {"/robots.txt": text(ROBOTS), "/style.css": stylesheet(OUTLET)}
    pages = slices(stories, LISTING)
    for count, part in enumerate(pages, 1):
        routes[f"/dossiers/maroc/{count}"] = listing(part, count, len(pages))
    routes["/"] = mobile["/"] = routes["/dossiers/maroc"] = routes["/dossiers/maroc/1"]
    for story in stories:
        routes[path(story)] = article(story, "article")
        routes[f"/amp{path(story)}"] = article(story, "amp")
        mobile[path(story)] = article(story, "mobile")
    missing = status(404, "seinematin/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = []
        for place, story in enumerate(stories):
            aliases = []
            if placed[story.id] != path(story):
                aliases.append(placed[story.id] if place % 4 == 2 else ROOT + placed[story.id])
            if place < FEED:
                aliases.append(f"{ROOT}{path(story)}?utm_source=rss&utm_medium=feed&utm_campaign=une")
                aliases.append(f"{ROOT}{path(story)}?xtor=RSS-16")
            found.append(
                truth_of(
                    shelf,
                    story,
                    edition,
                    precision="minute",
                    paywalled=story.paywalled,
                    aliases=aliases,
                    note="under a paywall: two paragraphs are free" if story.paywalled else "",
                )
            )
        found.append(special(OUTLET, GONE, Outcome.GONE, "a dead link in the listing: 404"))
        return found

    return Site(
        OUTLET,
        HOST,
        (HOST, "seinematin.example", MOBILE),
        routes,
        truths,
        host_routes={MOBILE: mobile},
        fallback=lambda key, edition: missing(edition),
    )
