"""The reading room in a real browser: clicked through in three languages, by keyboard too, and judged by axe in light and dark.

MARSAD_SHOTS=FOLDER keeps a screenshot of every page, wide and narrow, light and dark.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.web.conftest import CHANGED, HOSTILE, Site
from tests.web.test_pages import PLOT
from web.interface import LOCALES, load

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="no Chromium: apt-get install chromium fonts-noto-core (elsewhere, Chrome or Chromium on the path)",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page that fails the test when it asks anything of another host, or when a script of ours or another's complains."""
    context = browser.new_context(viewport=WIDE)
    opened = context.new_page()
    foreign: list[str] = []
    faults: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((site.url, "data:", "about:")):
            foreign.append(request.url)

    opened.on("request", asked)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert foreign == []
    assert faults == []


@pytest.fixture(params=LOCALES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def addresses(site: Site) -> dict[str, str]:
    """A page of each kind, without its language."""
    plot = site.article(PLOT)
    return {
        "front": "/",
        "search": "/search?q=DGST+Paris",
        "nothing": "/search?q=zzzz&lang=ar&since=2024&copies=yes",
        "timeline": "/timeline",
        "stories": "/stories?both=yes",
        "story": f"/story/{plot['story']}",
        "article": f"/article/{plot['_id']}",
        "arabic": f"/article/{site.article('معلومات «الديستي»')['_id']}",
        "changes": f"/article/{CHANGED}/changes?from=1&to=3",
        "archived": f"/article/{plot['_id']}/page",
        "outlets": "/outlets",
        "outlet": "/outlet/gazetteoriental",
        "problem": "/article/nothing",
        "hostile": f"/article/{HOSTILE}",
    }


def serious(page: Page, *rules: str) -> list[str]:
    """What axe finds that hinders readers, by some of its rules or by all."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"iframes": False, "resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot, where they are wanted."""
    if folder := os.environ.get("MARSAD_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=not name.startswith("hostile"))


def test_no_page_hinders_readers_and_none_is_wider_than_a_phone(page: Page, site: Site, language: str) -> None:
    for name, path in addresses(site).items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
        page.goto(f"{site.url}/{language}{path}")
        assert serious(page) == [], name
        shoot(page, f"{name}-{language}-wide-light")
        page.emulate_media(color_scheme="dark")
        assert serious(page, "color-contrast") == [], f"{name}, dark"
        page.set_viewport_size(NARROW)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], f"{name}: {width} pixels on a phone"
        shoot(page, f"{name}-{language}-narrow-dark")


def test_a_reader_clicks_from_the_front_page_to_the_archived_page_and_back(
    page: Page, site: Site, language: str
) -> None:
    words = load(language)

    def click(key: str) -> None:
        # By the keyboard: the frame of an archived page may still move what is under the pointer.
        page.get_by_role("link", name=str(words.text(key)), exact=True).first.press("Enter")

    page.goto(f"{site.url}/{language}/")
    page.get_by_role("searchbox").fill("DGST")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).not_to_have_count(0)
    total = page.locator(".hit").count()
    page.locator(".facets section").nth(1).get_by_role("link").first.click()
    assert "outlet=" in page.url
    assert 0 < page.locator(".hit").count() <= total
    page.get_by_role("link", name=str(words.text("search.remove"))).click()
    assert "outlet=" not in page.url
    click("search.timeline")
    page.get_by_text(str(words.text("timeline.table"))).click()
    page.locator("figure tbody a").first.click()
    assert "since=" in page.url
    page.locator(".hit h3 a").first.click()
    expect(page.locator(".prose p").first).to_be_visible()
    click("article.unmark")
    assert page.locator(".prose .mark").count() == 0
    click("article.archived")
    assert page.frame_locator("iframe").locator("body").inner_text().strip()
    click("changes.back")
    expect(page.locator(".prose")).to_be_visible()
    click("article.whole")
    expect(page.locator(".spine .report")).not_to_have_count(0)
    click("nav.outlets")
    page.locator("tbody th a").first.click()
    expect(page.locator("h1")).to_be_visible()
    click("nav.stories")
    click("stories.both")
    assert page.locator(".told").count() > 5
    assert page.locator("html").get_attribute("lang") == language


def test_copies_unfold_and_versions_are_compared_by_clicking(page: Page, site: Site, language: str) -> None:
    page.goto(f"{site.url}/{language}/story/{site.article(PLOT)['_id']}")
    folded = page.locator("details.copies").first
    expect(folded.locator("a").first).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.locator("a").first).to_be_visible()
    page.goto(f"{site.url}/{language}/article/{CHANGED}")
    page.get_by_role("link", name=str(load(language).text("article.changes"))).click()
    expect(page.locator(".diff ins")).to_have_count(1)
    page.get_by_role("link", name=str(load(language).text("changes.whole"))).click()
    expect(page.locator(".diff ins")).to_have_count(2)


def test_the_keyboard_alone_reaches_the_text_and_shows_where_it_is(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/fr/stories")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == str(load("fr").text("site.skip"))
    # It slides in.
    seen = [(skip.bounding_box() or {"y": -1})["y"] >= 0 or page.wait_for_timeout(100) for _ in range(20)]
    assert seen[-1], "the link is seen once it has the focus"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def test_each_text_runs_in_its_own_direction_whatever_the_interface(page: Page, site: Site) -> None:
    for interface, path, direction in (
        ("ar", f"/article/{site.article(PLOT)['_id']}", "ltr"),
        ("fr", f"/article/{site.article('معلومات «الديستي»')['_id']}", "rtl"),
    ):
        page.goto(f"{site.url}/{interface}{path}")
        text = page.locator(".prose")
        assert text.evaluate("element => getComputedStyle(element).direction") == direction
        box, beside = text.bounding_box(), page.locator("aside").bounding_box()
        assert box is not None
        assert beside is not None
        assert (beside["x"] < box["x"]) == (interface == "ar"), "the page itself follows its reader"


def test_a_hostile_article_stays_text(page: Page, site: Site) -> None:
    for path in (
        f"/article/{HOSTILE}",
        f"/story/{HOSTILE}",
        "/search?sort=newest&q=document+title&outlet=pharedetroit",
    ):
        page.goto(f"{site.url}/ar{path}")
        assert page.title() != "broken"
        assert page.locator("main script, main img").count() == 0
        assert page.get_by_text("<script>").count() > 0, "it is shown as what it is"
    page.goto(f"{site.url}/ar/article/{HOSTILE}")
    assert page.locator("a[href^='javascript']").count() == 0
    edge = page.locator("h1").bounding_box()
    assert edge is not None
    assert edge["width"] <= WIDE["width"]


def test_the_archived_page_cannot_act_even_where_something_was_overlooked(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/fr/article/{site.article(PLOT)['_id']}/page")
    source = page.locator("iframe").get_attribute("src")
    answer: Any = page.goto(f"{site.url}{source}")
    assert answer.status == 200
    # The policy of the answer holds for whatever is put into the page: a script there does not run, an image is not asked for.
    with page.expect_event("requestfailed") as refused:
        page.evaluate("""address => { const own = document.createElement('script'); own.textContent = 'document.title = "broken"';
            document.body.append(own); const image = new Image(); image.src = address; document.body.append(image); }""", f"{site.url}/x.png")  # fmt: skip
    assert "csp" in (refused.value.failure or "")
    assert page.title() != "broken"
