"""Le Phare du Détroit: Arc XP with its outbound feeds, news sitemap, sitemaps by day and JSON-LD."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    XML,
    Shelf,
    changed_at,
    latin_slug,
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

OUTLET = "pharedetroit"
HOST = "www.pharedetroit.example"
ROOT = f"https://{HOST}"
FEED = 10

ROBOTS = f"""User-agent: *
Disallow: /pf/api/
Disallow: /recherche/

Sitemap: {ROOT}/arc/outboundfeeds/sitemap-news/?outputType=xml
Sitemap: {ROOT}/arc/outboundfeeds/sitemap-index-by-day/?outputType=xml
"""


def arc_id(seed: str) -> str:
    """26 characters of base 32, as Arc's ids."""
    return base64.b32encode(hashlib.sha1(seed.encode()).digest())[:26].decode()


CHALLENGE = f"/monde/direct-suivez-la-conference-de-presse_{arc_id('challenge')}/"
DOCUMENT = f"/politique/le-texte-integral-du-communique-conjoint_{arc_id('document')}/"

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n\xe2\xe3\xcf\xd3" + bytes(range(128, 256)) * 20
)


def section(story: Story) -> str:
    return latin_slug(story.section) or "actualites"


def address(story: Story) -> str:
    """/{section}/{slug}_{26 characters of base 32}/"""
    return f"{ROOT}/{section(story)}/{latin_slug(story.versions[0].title, 12)}_{arc_id(story.id)}/"


def json_ld(story: Story, edition: int) -> str:
    """The page's JSON-LD, a NewsArticle of its own."""
    version = story.at(edition)
    document = {
        "@context": "https://schema.org/",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": address(story)},
        "headline": version.title,
        "description": story.standfirst,
        "datePublished": story.published.isoformat(),
        "dateModified": changed_at(story, edition).isoformat(),
        "author": [{"@type": "Person", "name": name} for name in story.authors]
        or {"@type": "Organization", "name": "Le Phare du Détroit"},
        "publisher": {"@type": "Organization", "name": "Le Phare du Détroit"},
        "articleSection": story.section,
        "keywords": list(story.tags),
        "inLanguage": "fr",
        "image": {"@type": "ImageObject", "url": f"{ROOT}/resizer/v2/{arc_id(story.id)}.jpg?width=1200"},
    }
    return json.dumps(document, ensure_ascii=False).replace("</", "<\\/")


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    sections = sorted({(section(story), story.section) for story in stories})
    common: dict[str, Any] = {"root": ROOT, "link": address, "sections": sections, "arc_id": arc_id}
    days = sorted({story.published.date().isoformat() for story in stories} | {"2024-10-28"}, reverse=True)

    def article(story: Story) -> Route:
        return lambda edition: page(
            "pharedetroit/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            related=near(stories, story, 6),
            json_ld=json_ld(story, edition),
            edition=edition,
            **common,
        )

    def listing(shown: list[Story], heading: str) -> Route:
        return lambda edition: page(
            "pharedetroit/listing.html", stories=shown, heading=heading, edition=edition, **common
        )

    def xml(name: str, shown: list[Story], extra: list[str]) -> Route:
        return lambda edition: page(
            f"pharedetroit/{name}.xml",
            content_type=XML,
            changed=newest_change(shown, edition),
            stories=shown,
            changed_at=lambda story: changed_at(story, edition),
            extra=extra,
            days=days,
            edition=edition,
            **common,
        )

    feeds = "/arc/outboundfeeds"
    routes: dict[str, Route] = {
        "/style.css": stylesheet(OUTLET),
        "/robots.txt": text(ROBOTS),
        "/": listing(stories[:12], "À la une"),
        f"{feeds}/rss?outputType=xml": xml("rss", stories[:FEED], []),
        f"{feeds}/sitemap-news?outputType=xml": xml("news", stories[:FEED], [ROOT + CHALLENGE]),
        f"{feeds}/sitemap-index-by-day?outputType=xml": xml("index", stories, []),
        CHALLENGE.rstrip("/"): lambda edition: page("pharedetroit/challenge.html", ray=arc_id("ray")),
        DOCUMENT.rstrip("/"): lambda edition: Response(200, {"Content-Type": "application/pdf"}, PDF),
    }
    for day in days:
        shown = [story for story in stories if story.published.date().isoformat() == day]
        extra = [ROOT + DOCUMENT] if day == "2024-10-28" else []
        routes[f"{feeds}/sitemap/{day}?outputType=xml"] = xml("sitemap", shown, extra)
    for key, name in sections:
        routes[f"/{key}"] = listing([story for story in stories if section(story) == key], name)
    for story in stories:
        routes[address(story).removeprefix(ROOT).rstrip("/")] = article(story)
    missing = status(404, "pharedetroit/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = [
            truth_of(shelf, story, edition, precision="second", aliases=[address(story).rstrip("/")])
            for story in stories
        ]
        found.append(special(OUTLET, ROOT + CHALLENGE, Outcome.WALL, "a challenge page that answers 200"))
        found.append(special(OUTLET, ROOT + DOCUMENT, Outcome.UNDECODABLE, "a PDF under an article's address"))
        return found

    return Site(
        OUTLET, HOST, (HOST, "pharedetroit.example"), routes, truths, fallback=lambda key, edition: missing(edition)
    )
