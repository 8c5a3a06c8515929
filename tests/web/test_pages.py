"""The pages of the reading room over real HTTP: what they show, and what they answer to what is wrong."""

from __future__ import annotations

import html
import os
import random
import re
import urllib.parse
from http.client import HTTPConnection

import lxml.html
import pytest

from sources import registry
from tests.conftest import ROOT
from tests.web.conftest import CHANGED, GONE, HOSTILE, OVERRIDE, RESERVED, Site
from web import visit
from web.interface import LOCALES
from web.pages import articles

PLOT = "Comment la DGST a mis la DGSI"


def tree(page: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(page)


def paths(site: Site) -> list[str]:
    """An address of each kind of page, without its language."""
    plot = site.article(PLOT)
    return [
        "/",
        "/search?q=DGST",
        "/search?q=%D8%AD%D9%85%D9%88%D8%B4%D9%8A&sort=newest&copies=yes&since=2024&until=2025-06-01&lang=ar",
        "/timeline?q=Paris",
        "/stories",
        "/stories?both=yes&before=2025-06-01",
        f"/story/{plot['story']}",
        f"/article/{plot['_id']}",
        f"/article/{plot['_id']}?marks=no",
        f"/article/{CHANGED}?version=1",
        f"/article/{CHANGED}/changes?from=1&to=3",
        f"/article/{plot['_id']}/changes",
        f"/article/{plot['_id']}/page",
        "/outlets",
        "/outlet/pharedetroit",
    ]


@pytest.mark.parametrize("language", LOCALES)
def test_every_page_is_there_in_every_language_and_says_which(site: Site, language: str) -> None:
    for path in paths(site):
        status, page, _ = site.get(f"/{language}{path}")
        assert status == 200, path
        root = tree(page)
        assert (root.get("lang"), root.get("dir")) == (language, "rtl" if language == "ar" else "ltr")
        (current,) = root.xpath("//ul[contains(@class, 'tongues')]//a[@aria-current]")
        assert current.get("href") == f"/{language}{path}", "a link for every state"


def test_no_link_of_the_room_leads_nowhere(site: Site) -> None:
    seen, waiting = set(), ["/fr/"]
    while waiting:
        path = waiting.pop()
        status, page, _ = site.get(path)
        assert status == 200, path
        for href in tree(page).xpath("//main//a/@href"):
            bare = href.partition("?")[0] if "/search" in href or "/timeline" in href or "/stories" in href else href
            if href.startswith("/") and bare not in seen and not re.search("/page/[0-9]{14}", href):
                seen.add(bare)
                waiting.append(href)
    assert len(seen) > 200


def test_a_reader_is_led_to_her_language(site: Site) -> None:
    status, _, answer = site.get("/", **{"Accept-Language": "ar-MA,fr;q=0.5"})
    assert (status, answer.headers["Location"]) == (302, "/ar/")


def test_a_story_shows_both_presses_with_copies_folded_and_what_one_alone_names(site: Site) -> None:
    page = tree(site.get(f"/fr/story/{site.article(PLOT)['_id']}")[1])
    reports = page.xpath("//ol[@class='spine']/li")
    assert {report.get("class") for report in reports} == {"report ar", "report fr"}
    folded = page.xpath("//details[@class='copies']//a[@class='outlet']/@href")
    assert set(folded) == {"/fr/outlet/gazetteoriental", "/fr/outlet/majmaa"}
    only = page.xpath("//div[@class='mentions']/div[contains(@class, 'side fr')]")[0].text_content()
    shared = page.xpath("//div[@class='mentions']/div[@class='shared']")[0].text_content()
    assert "Bruno Retailleau" in only
    assert "Villeurbanne" in shared
    assert all(head.get("lang") and head.get("dir") for head in page.xpath("//ol[@class='spine']//h3/a"))
    arabic = site.get(f"/ar/story/{site.article(PLOT)['_id']}")[1]
    assert "برونو روتايو" in arabic


def test_a_report_that_a_later_one_led_to_the_story_says_so(site: Site) -> None:
    story = site.article(PLOT)["story"]
    reports = list(site.database.articles.find({"story": story, "copy_of": None}).sort("published.at", 1))
    led = next(report for report in reports if report["follows"] in {one["_id"] for one in reports})
    bridge = next(one for one in reports if one["_id"] not in (led["_id"], led["follows"]))
    site.database.articles.update_one({"_id": led["_id"]}, {"$set": {"through": bridge["_id"]}})
    try:
        lines = site.get(f"/fr/story/{story}")[1]
    finally:
        site.database.articles.update_one({"_id": led["_id"]}, {"$set": {"through": led["through"]}})
    outlet = registry.find(bridge["source"], ROOT / "tests/samplepress/outlets").title
    assert f"un article ultérieur, de {outlet}, raconte le même événement que les deux" in html.unescape(lines)


def test_an_article_is_marked_where_its_evidence_stands_and_explains_itself(site: Site) -> None:
    document = site.article(PLOT)
    page = tree(site.get(f"/en/article/{document['_id']}")[1])
    title = page.xpath("//article//h1")[0]
    assert title.text_content().strip() == document["title"]
    assert [mark.text for mark in title.xpath(".//*[contains(@class, 'service')]")] == ["DGST", "DGSI"]
    assert [p.text_content() for p in page.xpath("//div[@class='prose']/p")] == document["text"].split("\n")
    facts = " ".join(page.xpath("//aside")[0].text_content().split())
    assert document["published"]["raw"] in facts
    assert "JSON-LD" in facts
    assert "80%" in facts
    plain = tree(site.get(f"/en/article/{document['_id']}?marks=no")[1])
    assert not plain.xpath("//article//*[contains(@class, 'mark')] | //article//mark")


def test_what_changed_between_any_two_versions_can_be_read(site: Site) -> None:
    last = tree(site.get(f"/en/article/{CHANGED}/changes")[1])
    assert [one.text_content() for one in last.xpath("//div[contains(@class, 'diff')]//del")] == [
        "[removed: mercredi.]"
    ]
    assert [one.text_content() for one in last.xpath("//div[contains(@class, 'diff')]//ins")] == ["[added: jeudi.]"]
    whole = site.get(f"/en/article/{CHANGED}/changes?from=1&to=3")[1]
    assert "mardi" in whole
    assert "Titre d’avant" in whole
    assert "1 paragraph unchanged" in whole
    first = site.get(f"/en/article/{CHANGED}?version=1")[1]
    assert "signé mardi" in first
    assert "the text has changed since" in first


@pytest.mark.parametrize("language", LOCALES)
def test_what_is_too_long_to_be_compared_names_the_command_that_does_it(
    site: Site, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(articles, "MAX_COMPARED", 10)
    status, page, _ = site.get(f"/{language}/article/{CHANGED}/changes")
    assert status == 400
    assert f"scrapy diff https://pharedetroit.example/{CHANGED}" in page


def test_the_archived_page_is_what_the_outlet_sent_without_what_acts(site: Site) -> None:
    document = site.article(PLOT)
    page = tree(site.get(f"/fr/article/{document['_id']}/page")[1])
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == ""
    status, shown, answer = site.get(frame.get("src"))
    assert status == 200
    assert "sandbox; default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert document["text"].split("\n")[2] in " ".join(tree(shown).text_content().split())
    assert not tree(shown).xpath("//script | //link | //iframe | //@href | //@onclick")
    _, source, answer = site.get(frame.get("src") + "/source")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "<script" in source
    early = site.get(f"/fr/article/{document['_id']}/page?at=20010101000000")
    assert early[0] == 200, "where all are later, the first"


def test_a_copy_that_the_page_wants_shown_to_nobody_is_not_shown(site: Site) -> None:
    for path in (f"/en/article/{RESERVED}/page", f"/en/article/{RESERVED}/page/20260101000000/source"):
        status, page, _ = site.get(path)
        assert status == 403
        assert "noarchive" in page


def test_what_vanished_says_so(site: Site) -> None:
    assert "Vanished from its outlet" in site.get(f"/en/article/{GONE}")[1]


def test_outlets_show_how_their_last_crawl_went(site: Site) -> None:
    page = tree(site.get("/en/outlets")[1])
    rows = {row.xpath(".//th//a/@href")[0]: row.text_content() for row in page.xpath("//tbody/tr")}
    assert len(rows) == 9
    assert "1 entry point failed" in rows["/en/outlet/gazetteoriental"]
    assert "good" in rows["/en/outlet/annahda"]
    assert "the entry point is HTML, not a feed" in site.get("/en/outlet/gazetteoriental")[1]


def test_the_number_of_an_outlets_articles_is_that_of_the_search_behind_it(site: Site) -> None:
    cells = tree(site.get("/en/outlets")[1]).xpath("//td[@class='figure']/a")
    assert site.database.articles.find_one({"copy_of": {"$ne": None}})
    for cell in cells:
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(cell.get("href")).query)
        own = tree(site.get(f"/en/outlet/{asked['outlet'][0]}")[1])
        for address in (cell.get("href"), *own.xpath("//p[@class='acts']/a[1]/@href")):
            (said,) = tree(site.get(address)[1]).xpath("//div[@class='found']/p[@class='byline']/text()[1]")
            assert said.split()[0] == cell.text_content()


def test_the_timeline_counts_the_same_in_its_drawing_and_its_table(site: Site) -> None:
    page = tree(site.get("/en/timeline")[1])
    rows = page.xpath("//figure//tbody/tr")
    bars = page.xpath("//figure//svg/a")
    assert [row.xpath(".//a/@href")[0] for row in rows] == [bar.get("href") for bar in bars]
    number = int(rows[3].xpath("./td")[-1].text)
    found = site.get(rows[3].xpath(".//a/@href")[0])[1]
    assert len(tree(found).xpath("//ol[@class='hits']/li")) == number


def test_hostile_text_is_shown_harmlessly_on_every_page_that_shows_it(site: Site) -> None:
    for path in (
        f"/article/{HOSTILE}",
        f"/story/{HOSTILE}",
        f"/article/{HOSTILE}/changes",
        "/search?sort=newest",
        "/stories",
        "/",
    ):
        for language in LOCALES:
            status, page, _ = site.get(f"/{language}{path}")
            assert status == 200
            assert "<script" not in page
            assert 'onerror="' not in page
            assert not set(page) & set(OVERRIDE + "\x00\x1b")
            assert "javascript:" not in page
            assert "x" * 1000 not in page, "a title without end is cut"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil@127.0.0.1", "[::2]", "", "127.0.0.1:x", "127.0.0.1/"])  # fmt: skip
def test_a_page_elsewhere_cannot_ask_under_its_own_name(site: Site, host: str) -> None:
    status, page, _ = site.get("/en/", Host=host)
    assert status in (400, 421)
    assert "Hammouchi" not in page
    assert "<time" not in page


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8465", "127.0.0.1:1", "[::1]:8465"])
def test_this_machine_is_answered_under_each_of_its_names(site: Site, host: str) -> None:
    assert site.get("/en/", Host=host)[0] == 200


def test_only_reading_is_allowed_and_every_answer_is_fenced_in(site: Site) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        status, _, answer = site.get("/en/", method)
        assert (status, answer.headers["Allow"]) == (405, "GET, HEAD")
    for path in ("/en/", "/en/nowhere", "/", "/favicon.ico", visit.stylesheet()[0]):
        _, _, answer = site.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Set-Cookie" not in answer.headers
    status, page, answer = site.get("/en/", "HEAD")
    assert (status, page) == (200, "")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nowhere", 404, "There is nothing at this address"),
        ("/article/xyz", 404, "“xyz” is no identifier"),
        ("/article/" + "0" * 20, 404, "has no article 00000000000000000000"),
        ("/story/" + "0" * 20, 404, "has no article 00000000000000000000"),
        (f"/article/{CHANGED}?version=4", 400, "version = “4”: write a whole number from 1 to 3"),
        (f"/article/{CHANGED}?version=-1", 400, "write a whole number from 1 to 3"),
        (f"/article/{CHANGED}/changes?from=3&to=2", 400, "Version 3 does not come before version 2"),
        (f"/article/{CHANGED}/page?at=noon", 400, "YYYYMMDDhhmmss"),
        (f"/article/{CHANGED}/page/20230101000000", 404, "No capture of this page"),
        ("/stories?before=yesterday", 400, "“yesterday” is no date"),
        ("/outlet/nosuch", 404, "no outlet “nosuch”"),
        ("/search?page=0", 400, "page = “0”: write a whole number from 1 to"),
        ("/search?page=%D9%A3", 400, "write a whole number"),
        ("/search?since=2024-13", 400, "“2024-13” is no date"),
        ("/search?since=2024&until=2023", 400, "The end asked for, 2023, does not come after"),
        ("/search?sort=best", 400, "choose one of relevance, newest, oldest"),
        ("/search?entity=person:nobody", 400, "“person:nobody” is no entry of the lexicon"),
        ("/timeline?aspect=love", 400, "choose one of terrorism"),
        ("/search?q=" + "a" * 9000, 414, "too long"),
    ],
)
def test_what_is_wrong_is_answered_clearly(site: Site, path: str, status: int, message: str) -> None:
    found, page, _ = site.get(f"/en{path}")
    assert found == status
    assert message in tree(page).xpath("//main")[0].text_content()


def test_what_takes_too_long_ends_with_a_clear_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "PATIENCE", 0.0001)
    status, page, _ = site.get("/en/search?q=Paris")
    assert status == 503
    assert "The answer takes too long" in page


WORDS = ["حموشي", "Paris", '"', "-", "$where", "{}", "[$ne]", "\x00", "%00", "\u202e", "../", "..%2f", "<script>", "' or 1=1", "a" * 300, "9" * 30, "-1", "0", "NaN", "1e9", "٣", "²", "🕵", "\ud800", "\n", "\r\nX: y", ";", "&", "#", "*", "(", "\\", "2024-01-01", "0000", "9999-12-31", "0001-01-01", "yes", "no", "ar", "fr", "person:hammouchi"]  # fmt: skip
NAMES = ["q", "lang", "outlet", "aspect", "entity", "country", "since", "until", "copies", "versions", "gone", "sort", "page", "before", "both", "version", "from", "to", "at", "marks", "q[$ne]", "__proto__"]  # fmt: skip
PARTS = ["search", "timeline", "stories", "story", "article", "outlets", "outlet", "page", "changes", "source", "static", "style.css", "fr", "ar", "en", "", ".", "..", "annahda"]  # fmt: skip
URLS = int(os.environ.get("MARSAD_URLS", "400"))


def hostile(site: Site, number: int, seed: int = 11) -> list[str]:
    """Addresses made of the room's own parts and of what breaks others."""
    chance = random.Random(seed)
    ids = [*site.database.articles.distinct("_id")[:40], HOSTILE, CHANGED]
    known = [path.partition("?")[0] for path in paths(site)]

    def part() -> str:
        return chance.choice([chance.choice(PARTS), chance.choice(ids), chance.choice(WORDS)])

    made = []
    for _ in range(number):
        if chance.random() < 0.6:
            path = f"/{chance.choice(list(LOCALES))}{chance.choice(known)}"
        else:
            path = "/" + "/".join(part() for _ in range(chance.randrange(6)))
        query = [(chance.choice(NAMES), chance.choice([*WORDS, part()])) for _ in range(chance.randrange(5))]
        quoted = urllib.parse.quote(path, safe="/%" if chance.random() < 0.3 else "/", errors="replace")
        made.append(quoted + ("?" + urllib.parse.urlencode(query, errors="replace") if query else ""))
    return made


def test_no_address_whatever_breaks_the_room(site: Site) -> None:
    connection = HTTPConnection("127.0.0.1", site.port, timeout=30)
    for path in hostile(site, URLS):
        connection.request("GET", path)
        answer = connection.getresponse()
        page = answer.read()
        assert answer.status < 500, path
        assert b"Traceback" not in page, path
        if answer.status >= 400:
            assert b"<main" in page, path
    connection.close()
