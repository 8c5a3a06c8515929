"""مجمع الصحف: an aggregator that copies others whole and surrounds them with tickers of other headlines."""

from __future__ import annotations

from typing import Any

from archive.records import Outcome
from tests.samplepress.model import Route, Site, Story, Truth
from tests.samplepress.sites.base import (
    Shelf,
    changed_at,
    minutes,
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

OUTLET = "majmaa"
HOST = "www.majmaa.example"
ROOT = f"https://{HOST}"
LISTING = 5
TICKER = 30

ROBOTS = """# مجمع الصحف
User-agent: *
Crawl-delay: 0.2
Disallow: /search
"""

PAPERS = {
    "sadarabat": "صدى الرباط",
    "annahda": "النهضة",
    "manbar24": "المنبر 24",
    "alofok": "الأفق العربي",
    "pharedetroit": "لوفار دو ديتروا",
    "gazetteoriental": "لاغازيت دو لوريونتال",
    "seinematin": "سين ماتان",
    "carnetsdusud": "كارني دو سود",
    "majmaa": "مجمع الصحف",
}
PAPER_PAGE = f"{ROOT}/sadarabat/100001"


def paper(story: Story) -> str:
    """Key of the newspaper that the page names."""
    return story.copied_from or OUTLET


def number(story: Story) -> int:
    """The page's id."""
    return 400000 + minutes(story) // 10


def address(story: Story) -> str:
    """/{paper}/{id}"""
    return f"{ROOT}/{paper(story)}/{number(story)}"


def build(shelf: Shelf) -> Site:
    """The outlet's site."""
    stories = shelf.stories
    arabic = [story for story in reversed(shelf.all.values()) if story.lang == "ar"]
    # Headlines that it ran itself lead to its own pages, the others to the newspapers.
    own = {story.copy_of: story for story in stories if story.copy_of}
    common: dict[str, Any] = {"root": ROOT, "link": address, "papers": PAPERS, "paper": paper}

    def ticker(story: Story | None) -> list[tuple[str, str]]:
        others = [other for other in arabic if other.outlet != OUTLET and (not story or other.id != story.copy_of)]
        start = minutes(story) % len(others) if story and others else 0
        return [
            (shelf.address(own.get(other.id, other)), other.versions[0].title)
            for other in (others[start:] + others[:start])[:TICKER]
        ]

    def article(story: Story) -> Route:
        return lambda edition: page(
            "majmaa/article.html",
            changed=changed_at(story, edition),
            story=story,
            version=story.at(edition),
            paragraphs=printed(story, edition),
            canonical=shelf.address(shelf.all[story.copy_of]) if story.copy_of else address(story),
            ticker=ticker(story),
            number=number(story),
            **common,
        )

    def listing(shown: list[Story], count: int, last: int) -> Route:
        return lambda edition: page(
            "majmaa/listing.html",
            changed=newest_change(shown, edition),
            stories=shown,
            edition=edition,
            number=count,
            last=last,
            paper_page=PAPER_PAGE,
            **common,
        )

    routes: dict[str, Route] = {"/style.css": stylesheet(OUTLET), "/robots.txt": text(ROBOTS)}
    pages = slices(stories, LISTING)
    for count, part in enumerate(pages, 1):
        routes[f"/latest?page={count}"] = listing(part, count, len(pages))
    routes["/"] = routes["/latest"] = routes["/latest?page=1"]
    for story in stories:
        routes[f"/{paper(story)}/{number(story)}"] = article(story)
    routes["/sadarabat/100001"] = lambda edition: page(
        "majmaa/paper.html", name=PAPERS["sadarabat"], ticker=ticker(None), **common
    )
    missing = status(404, "majmaa/missing.html", **common)

    def truths(edition: int) -> list[Truth]:
        found = [
            truth_of(shelf, story, edition, precision="day", standfirst=False, tags=False, modified=False)
            for story in stories
        ]
        found.append(special(OUTLET, PAPER_PAGE, Outcome.NOT_ARTICLE, "a list of headlines under an article's address"))
        return found

    return Site(OUTLET, HOST, (HOST, "majmaa.example"), routes, truths, fallback=lambda key, edition: missing(edition))
