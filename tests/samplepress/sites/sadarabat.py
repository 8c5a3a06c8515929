"""صدى الرباط: WordPress with its feed, paged archives and Arabic permalinks."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, quote

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    arabic_slug,
    changed_at,
    lower_quote,
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

OUTLET = "sadarabat"
HOST = "www.sadarabat.example"
ROOT = f"https://{HOST}"
FEED = 10
LISTING = 6
API = 8

ROBOTS = f"""User-agent: *
Disallow: /wp-admin/
Disallow: /*?replytocom=
Allow: /wp-admin/admin-ajax.php

Sitemap: {ROOT}/wp-sitemap.xml
"""

AGENCIES = {"AFP": "أ ف ب", "MAP": "و م ع"}

DEAD = f"{ROOT}/{quote('بلاغ-حول-موعد-الندوة-الصحفية')}-700404.html"


def number(story: Story) -> int:
    """The post's id."""
    return 800000 + minutes(story) // 10


def slug(story: Story) -> str:
    # An editor pasted one title with the right-to-left mark of a word processor.
    mark = "\u202b" if story.event == "2023-11-olympics" else ""
    return mark + arabic_slug(story.versions[0].title)


def address(story: Story) -> str:
    """Permalink: /{arabic-slug}-{id}.html, percent-encoded in lower case as WordPress does."""
    return f"{ROOT}/{lower_quote(slug(story))}-{number(story)}.html"


def old_address(story: Story) -> str:
    """The permalink before the newspaper moved its archive: it redirects twice."""
    return f"{ROOT}/{quote(slug(story))}-{number(story) - 790000}.html"


def listed_address(story: Story, moved: Story) -> str:
    """The link in listings: some in upper-case encoding, one to the old archive."""
    if story is moved:
        return old_address(story)
    return f"{ROOT}/{quote(slug(story))}-{number(story)}.html" if number(story) % 3 == 0 else address(story)


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    moved = stories[-1]
    routes: dict[str, Route] = {"/style.css": stylesheet(OUTLET), "/robots.txt": text(ROBOTS)}
    sections = sorted({story.section for story in stories if story.section})
    common: dict[str, Any] = {"root": ROOT, "sections": sections, "dead": DEAD, "link": address, "agencies": AGENCIES}

    def listing(shown: list[Story], heading: str, here: str, number: int, last: int) -> Route:
        return lambda edition: page(
            "sadarabat/listing.html",
            changed=newest_change(shown, edition),
            edition=edition,
            stories=shown,
            heading=heading,
            here=here,
            number=number,
            last=last,
            listed=lambda story: listed_address(story, moved),
            popular=stories[3:6],
            **common,
        )

    def article(story: Story) -> Route:
        return lambda edition: page(
            "sadarabat/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            number=number(story),
            related=near(stories, story, 4),
            edition=edition,
            **common,
        )

    def feed(shown: list[Story]) -> Route:
        return lambda edition: page(
            "sadarabat/feed.xml",
            content_type="application/rss+xml; charset=UTF-8",
            changed=newest_change(shown, edition),
            stories=shown,
            edition=edition,
            number=number,
            **common,
        )

    def shelve(path: str, heading: str, shown: list[Story]) -> None:
        pages = slices(shown, LISTING)
        for count, part in enumerate(pages, 1):
            here = listing(part, heading, f"{ROOT}{quote(path)}", count, len(pages))
            routes[path if count == 1 else f"{path.rstrip('/')}/page/{count}"] = here
        routes[f"{path.rstrip('/')}/page/1"] = redirect(f"{ROOT}{quote(path)}")

    shelve("/", "آخر الأخبار", stories)
    for section in sections:
        shelve(f"/category/{section}", section, [story for story in stories if story.section == section])
    for month in sorted({story.published.strftime("/%Y/%m") for story in stories}):
        shelve(month, month, [story for story in stories if story.published.strftime("/%Y/%m") == month])

    for count, part in enumerate(slices(stories, FEED), 1):
        routes["/feed" if count == 1 else f"/feed?paged={count}"] = feed(part)
    routes["/feed?paged=1"] = routes["/feed"]

    by_number: dict[str, Story] = {}
    for story in stories:
        by_number[str(number(story))] = story
        routes[f"/{slug(story)}-{number(story)}.html"] = article(story)
        routes[f"/?p={number(story)}"] = redirect(address(story))
    routes[f"/{slug(moved)}-{number(moved) - 790000}.html"] = redirect(f"{ROOT}/?p={number(moved)}", 302)

    def posts(after: str, before: str) -> Response:
        """WordPress's JSON API: the newest posts of a span of the site's own time, no more than a few at once."""
        shown = [story for story in stories if after < f"{story.published:%Y-%m-%dT%H:%M:%S}" < before][:API]
        found = [
            {
                "date": f"{story.published:%Y-%m-%dT%H:%M:%S}",
                "date_gmt": f"{story.published.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
                "modified_gmt": f"{story.published.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
                "link": address(story),
                "title": {"rendered": story.versions[0].title},
            }
            for story in shown
        ]
        return Response(200, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(found).encode())

    def search(query: str, count: int) -> Response:
        """The posts that hold a word, newest first; a page beyond the last does not exist."""
        found = [
            story for story in stories if query in " ".join([story.versions[0].title, *story.versions[0].paragraphs])
        ]
        pages = slices(found, LISTING)
        if count > len(pages):
            return status(404, "sadarabat/missing.html", **common)(1)
        return listing(pages[count - 1], query, f"{ROOT}/", count, len(pages))(1)

    def fallback(key: str, edition: int) -> Response:
        path, _, asked = key.partition("?")
        query = dict(parse_qsl(asked))
        if path == "/wp-json/wp/v2/posts":
            return posts(query.get("after", ""), query.get("before", "9"))
        if path == "/" and "s" in query:
            return search(query["s"], int(query.get("paged", 1)))
        # As WordPress: the id alone finds the post, whatever became of the slug.
        _, _, tail = key.removesuffix(".html").rpartition("-")
        if key.endswith(".html") and tail in by_number:
            return redirect(address(by_number[tail]))(edition)
        return status(404, "sadarabat/missing.html", **common)(edition)

    def truths(edition: int) -> list[Truth]:
        found = []
        for story in stories:
            aliases = [old_address(story), f"{ROOT}/?p={number(story)}"] if story is moved else []
            if listed_address(story, moved) not in (address(story), old_address(story)):
                aliases.append(listed_address(story, moved))
            found.append(truth_of(shelf, story, edition, precision="second", aliases=aliases))
        found.append(special(OUTLET, DEAD, Outcome.GONE, "a dead link in the box of popular articles: 404"))
        found.append(
            special(OUTLET, old_address(moved), Outcome.REDIRECTED, "two redirects to the article", address(moved))
        )
        return found

    return Site(OUTLET, HOST, (HOST, "sadarabat.example"), routes, truths, fallback=fallback)
