"""الأفق العربي: a pan-Arab site with JSON-LD, RSS 1.0 and gzipped sitemaps; Levantine double month names."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    XML,
    Shelf,
    arabic_slug,
    changed_at,
    gzipped,
    minutes,
    near,
    newest_change,
    page,
    printed,
    special,
    status,
    stylesheet,
    text,
    truth_of,
)

OUTLET = "alofok"
HOST = "www.alofok.example"
ROOT = f"https://{HOST}"
FEED = 5

ROBOTS = f"""User-Agent: *
Disallow: /search
Disallow: /account/
Sitemap: {ROOT}/sitemap.xml.gz
"""

WITHDRAWN = f"{ROOT}/news/2024/5/3/{quote('تصحيح-بشأن-خبر-سابق')}"
GALLERY = f"{ROOT}/news/2024/7/28/{quote('بالصور-شرطة-عربية-في-شوارع-باريس')}"


def path(story: Story) -> str:
    day = story.published
    return f"/news/{day.year}/{day.month}/{day.day}/{arabic_slug(story.versions[0].title)}"


def address(story: Story) -> str:
    """/news/2023/11/24/{arabic-slug}, percent-encoded in upper case."""
    return ROOT + quote(path(story))


def graph(story: Story, edition: int) -> str:
    """The page's JSON-LD: one @graph with the article in the middle, authors by reference."""
    version = story.at(edition)
    link = address(story)
    authors = [
        {"@type": "Person", "@id": f"{ROOT}/#/person/{place}", "name": name} for place, name in enumerate(story.authors)
    ]
    nodes = [
        {"@type": "NewsMediaOrganization", "@id": f"{ROOT}/#org", "name": "الأفق العربي", "url": ROOT},
        {"@type": "WebPage", "@id": link, "url": link, "name": f"{version.title} | الأفق العربي"},
        {
            "@type": ["NewsArticle"],
            "@id": f"{link}#article",
            "isPartOf": {"@id": link},
            "headline": version.title,
            "description": story.standfirst or version.paragraphs[0][:140],
            "datePublished": story.published.isoformat(),
            "dateModified": changed_at(story, edition).isoformat(),
            "author": [{"@id": author["@id"]} for author in authors] or {"@id": f"{ROOT}/#org"},
            "publisher": {"@id": f"{ROOT}/#org"},
            "keywords": list(story.tags),
            "articleSection": [story.section],
            "inLanguage": "ar",
        },
        {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "position": 1, "name": "الرئيسية"}]},
        *authors,
    ]
    return json.dumps({"@context": "https://schema.org", "@graph": nodes}, ensure_ascii=False).replace("</", "<\\/")


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    common: dict[str, Any] = {"root": ROOT, "link": address}

    def article(story: Story) -> Route:
        return lambda edition: page(
            "alofok/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 5),
            graph=graph(story, edition),
            edition=edition,
            serial=minutes(story),
            **common,
        )

    def feed(edition: int) -> Response:
        return page(
            "alofok/rdf.xml",
            content_type="application/rdf+xml; charset=utf-8",
            changed=newest_change(stories[:FEED], edition),
            stories=stories[:FEED],
            edition=edition,
            **common,
        )

    def sitemap(month: str) -> Route:
        shown = [story for story in stories if story.published.strftime("%Y-%m") == month]
        extra = [link for link, when in ((WITHDRAWN, "2024-05"), (GALLERY, "2024-07")) if when == month]
        return gzipped(
            lambda edition: page(
                "alofok/sitemap.xml",
                content_type=XML,
                stories=shown,
                changed_at=lambda story: changed_at(story, edition),
                extra=extra,
                **common,
            )
        )

    # The two special pages stand in the sitemap of their month, with or without other articles.
    months = sorted({*(story.published.strftime("%Y-%m") for story in stories), "2024-05", "2024-07"}, reverse=True)
    routes: dict[str, Route] = {
        "/style.css": stylesheet(OUTLET),
        "/robots.txt": text(ROBOTS),
        "/rss": feed,
        "/sitemap.xml.gz": gzipped(
            lambda edition: page("alofok/index.xml", content_type=XML, months=months, today=shelf.today, **common)
        ),
        "/": lambda edition: page("alofok/home.html", stories=stories[:8], edition=edition, **common),
        "/news/2024/5/3/تصحيح-بشأن-خبر-سابق": status(410, "alofok/missing.html", **common),
        "/news/2024/7/28/بالصور-شرطة-عربية-في-شوارع-باريس": lambda edition: page(
            "alofok/gallery.html", gallery=GALLERY, related=stories[:5], edition=edition, **common
        ),
    }
    for month in months:
        routes[f"/sitemaps/{month}.xml.gz"] = sitemap(month)
    for story in stories:
        routes[path(story)] = article(story)
    missing = status(404, "alofok/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = [truth_of(shelf, story, edition, precision="second") for story in stories]
        found.append(special(OUTLET, WITHDRAWN, Outcome.GONE, "a withdrawn article in the sitemap: 410"))
        found.append(special(OUTLET, GALLERY, Outcome.NOT_ARTICLE, "a gallery: pictures with captions, no text"))
        return found

    return Site(OUTLET, HOST, (HOST, "alofok.example"), routes, truths, fallback=lambda key, edition: missing(edition))
