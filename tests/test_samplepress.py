"""The sample press itself, met with plain HTTP clients over its proxy."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import etree, html

from archive.records import Outcome
from sources.model import Source
from sources.registry import everything, is_article
from sources.urls import canonicalize
from tests.samplepress.press import OUTLETS, Press, Truth, load_press
from tests.samplepress.server import SamplePress, running

FOLDER = Path(__file__).parent / "samplepress"
SOURCES = {source.name: source for source in everything(FOLDER / "outlets")[0]}
PRESS = load_press()
TRUTH = PRESS.truth()
ARTICLES = [truth for truth in TRUTH if truth.paragraphs]


@pytest.fixture(scope="module")
def server() -> Iterator[SamplePress]:
    with running(press=PRESS) as started:
        yield started


@pytest.fixture(autouse=True)
def well_behaved(server: SamplePress) -> Iterator[None]:
    yield
    server.behave()
    server.edition = 1


Answer = tuple[int, dict[str, str], bytes]


def connect(server: SamplePress, url: str) -> http.client.HTTPConnection:
    """A connection through the proxy: a tunnel with TLS, or none."""
    parts = urlsplit(url)
    assert parts.hostname
    if parts.scheme == "http":
        return http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    trust = ssl.create_default_context(cafile=str(server.ca))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=trust)
    connection.set_tunnel(parts.hostname, 443)
    return connection


def ask(
    connection: http.client.HTTPConnection, url: str, method: str = "GET", headers: dict[str, str] | None = None
) -> Answer:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = path if parts.scheme == "https" else f"http://{parts.netloc}{path}"
    connection.request(method, target, headers=headers or {})
    response = connection.getresponse()
    return response.status, {name.lower(): value for name, value in response.headers.items()}, response.read()


def get(server: SamplePress, url: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
    connection = connect(server, url)
    try:
        return ask(connection, url, method, headers)
    finally:
        connection.close()


def follow(server: SamplePress, url: str) -> tuple[str, Answer]:
    """The address that answers after redirects, and what it answers."""
    for _ in range(5):
        answer = get(server, url)
        if answer[0] not in (301, 302):
            return url, answer
        url = urljoin(url, answer[1]["location"])
    pytest.fail(f"{url}: redirects without end")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def page_text(truth: Truth, body: bytes) -> str:
    encoding = "windows-1256" if truth.outlet == "annahda" else "utf-8"
    return words(
        html.fromstring(body.decode(encoding).encode(), parser=html.HTMLParser(encoding="utf-8")).text_content()
    )


STATUS = {
    Outcome.GONE: (404, 410),
    Outcome.HTTP_ERROR: (500,),
    Outcome.REDIRECTED: (301, 302),
}


def test_every_address_of_the_truth_answers_as_told(server: SamplePress) -> None:
    for truth in TRUTH:
        status, headers, body = get(server, truth.url)
        if truth.target:
            assert follow(server, truth.url)[0] == truth.target, truth.url
            continue
        assert status in STATUS.get(truth.outcome, (200,)), truth.url
        if truth.paragraphs:
            text = page_text(truth, body)
            missing = [
                p for p in (truth.title, truth.standfirst, *truth.paragraphs, *truth.authors) if words(p) not in text
            ]
            assert not missing, f"{truth.url} lacks {missing}"
        if truth.outcome is Outcome.EMPTY:
            assert body == b""
        if truth.outcome is Outcome.UNDECODABLE:
            assert body.startswith(b"%PDF")
            assert headers["content-type"] == "application/pdf"


def test_every_alias_shows_the_same_article(server: SamplePress) -> None:
    for truth in ARTICLES:
        for alias in truth.aliases:
            _, (status, _, body) = follow(server, alias)
            assert status == 200, alias
            assert words(truth.paragraphs[0]) in page_text(truth, body), alias


def links_of(answer: Answer, url: str) -> list[str]:
    return [urljoin(url, link) for link in html.fromstring(answer[2], base_url=url).xpath("//a/@href")]


def feed_links(body: bytes) -> list[str]:
    """The articles that a feed names; none where it is no feed."""
    if body.startswith(b"{"):
        return [item["url"] for item in json.loads(body)["items"]]
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    texts = root.xpath("//*[local-name()='item']/*[local-name()='link']/text()")
    return [
        *texts,
        *root.xpath("//*[local-name()='entry']/*[local-name()='link'][not(@rel) or @rel='alternate']/@href"),
    ]


def sitemap_links(server: SamplePress, url: str) -> list[str]:
    body = get(server, url)[2]
    root = etree.fromstring(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
    locations = [words(text) for text in root.xpath("//*[local-name()='loc' and not(contains(name(), ':'))]/text()")]
    if etree.QName(root).localname == "sitemapindex":
        return [link for part in locations for link in sitemap_links(server, part)]
    return locations


def listing_links(server: SamplePress, pattern: str, source: Source) -> list[str]:
    """The articles of a listing: page after page until one tells nothing new."""
    found: dict[str, None] = {}
    for page in range(1, 100):
        url, answer = follow(server, pattern.replace("{page}", str(page)))
        news = {link: None for link in links_of(answer, url) if is_article(link, source)} if answer[0] == 200 else {}
        if not news.keys() - found.keys():
            return list(found)
        found |= news
    pytest.fail(f"{pattern}: pages without end")


@pytest.mark.parametrize("name", OUTLETS)
def test_the_entry_points_expose_exactly_what_the_truth_knows(server: SamplePress, name: str) -> None:
    source = SOURCES[name]
    entry = source.entry
    links = [link for feed in entry.feeds for link in feed_links(get(server, feed)[2])]
    newest = len(set(links))
    links += [link for sitemap in entry.sitemaps for link in sitemap_links(server, sitemap)]
    links += [link for listing in entry.listings for link in listing_links(server, listing, source)]
    canonical = partial(canonicalize, rules=source.identity)
    found = {canonical(link) for link in links if is_article(canonical(link), source)}
    truths = [truth for truth in TRUTH if truth.outlet == name]
    found |= {canonical(truth.target) for truth in truths if truth.target and is_article(truth.target, source)}
    assert found == {canonical(truth.url) for truth in truths}
    assert newest < len(truths), "the feed alone shows everything"


def test_the_month_archives_reach_every_post(server: SamplePress) -> None:
    source = SOURCES["sadarabat"]
    posts = [truth for truth in ARTICLES if truth.outlet == "sadarabat" and truth.published_at]
    for post in posts:
        when = post.published_at
        assert when
        url = source.entry.archives[0].replace("{year}", f"{when:%Y}").replace("{month}", f"{when:%m}")
        links = listing_links(server, url + "/page/{page}", source)
        assert {post.url, *post.aliases} & set(links), post.url


def test_the_press_is_as_large_as_promised() -> None:
    assert len(ARTICLES) >= 150
    languages = {name: set(source.languages) for name, source in SOURCES.items()}
    assert SOURCES.keys() == OUTLETS.keys() == {truth.outlet for truth in ARTICLES}
    assert sum("ar" in spoken for spoken in languages.values()) >= 4
    assert sum("fr" in spoken for spoken in languages.values()) >= 4
    assert {truth.published_at.year for truth in ARTICLES if truth.published_at} == {2023, 2024, 2025}
    outcomes = Counter(truth.outcome for truth in TRUTH)
    assert min(outcomes[o] for o in (Outcome.STORED, Outcome.OFF_TOPIC)) >= 50
    assert outcomes[Outcome.COPY] >= 15
    specials = ["empty", "gone", "http_error", "not_article", "redirected", "robots", "undecodable", "wall"]
    assert specials == sorted(outcome for outcome in outcomes if outcome not in ("stored", "off_topic", "copy"))
    assert {truth.paywalled for truth in ARTICLES} == {True, False, None}


def test_the_story_of_november_2023_is_told_in_both_languages() -> None:
    told = [truth for truth in ARTICLES if truth.event == "2023-11-olympics" and truth.outcome is Outcome.STORED]
    for language in ("ar", "fr"):
        assert len({truth.outlet for truth in told if truth.lang == language}) >= 3
    assert all(truth.published_at and truth.published_at.year == 2023 for truth in told)


def test_no_two_articles_share_a_sentence_but_copies() -> None:
    owner: dict[str, str] = {}
    for story in PRESS.stories.values():
        if story.copy_of:
            continue
        for paragraph in story.versions[0].paragraphs:
            for sentence in re.split(r"(?<=[.!?؟])\s+", paragraph):
                if len(sentence.split()) >= 6:
                    assert owner.setdefault(sentence, story.id) == story.id, sentence


def test_a_copy_is_later_than_its_original_and_carries_its_words() -> None:
    by_url = {truth.url: truth for truth in ARTICLES}
    copies = [truth for truth in ARTICLES if truth.copy_of]
    assert {copy.copy_kind for copy in copies} == {"whole", "cut", "extended"}
    for copy in copies:
        assert copy.copy_of
        original = by_url[copy.copy_of]
        assert copy.published_at
        assert original.published_at
        assert copy.published_at > original.published_at, copy.url
        kept = [paragraph for paragraph in copy.paragraphs if paragraph in original.paragraphs]
        length = sum(len(paragraph.split()) for paragraph in original.paragraphs)
        assert sum(len(paragraph.split()) for paragraph in kept) >= length / 2, copy.url
        if copy.copy_kind == "whole":
            assert copy.paragraphs == original.paragraphs
    renamed = [copy for copy in copies if copy.copy_of and copy.title != by_url[copy.copy_of].title]
    assert len(renamed) >= 15


def test_a_named_agency_stands_on_the_page(server: SamplePress) -> None:
    signatures = {"AFP": r"AFP|[أا] ?ف ?ب|فرانس برس", "MAP": r"\bMAP\b|و\.?م\.?ع|و م ع|المغرب العربي للأنباء"}
    for truth in ARTICLES:
        if truth.agency:
            assert re.search(signatures[truth.agency], page_text(truth, get(server, truth.url)[2])), truth.url


@pytest.mark.parametrize(
    ("outlet", "words_of_title", "published", "precision"),
    [
        # Where a page prints seconds, a newsroom's clock has added them; where it prints a day, the instant is its start.
        ("sadarabat", "مدير الشرطة الفرنسية يطلب في الرباط", "2023-11-24T21:15:17", "second"),
        ("annahda", "خلية اتصال دائمة", None, None),
    ],
)
def test_known_dates(outlet: str, words_of_title: str, published: str | None, precision: str | None) -> None:
    (truth,) = [truth for truth in ARTICLES if truth.outlet == outlet and words_of_title in truth.title]
    assert truth.published_at == (datetime.fromisoformat(published).replace(tzinfo=UTC) if published else None)
    assert truth.precision == precision


def test_each_outlet_prints_its_own_kind_of_date() -> None:
    precisions = {(truth.outlet, truth.precision) for truth in ARTICLES if truth.precision}
    assert precisions == {
        ("sadarabat", "second"),
        ("annahda", "day"),
        ("manbar24", "minute"),
        ("alofok", "second"),
        ("majmaa", "day"),
        ("pharedetroit", "second"),
        ("gazetteoriental", "second"),
        ("seinematin", "minute"),
        ("carnetsdusud", "minute"),
    }


def test_the_old_site_is_in_windows_1256_and_says_so_late_or_never(server: SamplePress) -> None:
    declared = set()
    for truth in ARTICLES:
        if truth.outlet == "annahda":
            _, headers, body = get(server, truth.url)
            assert headers["content-type"] == "text/html"
            assert truth.title in html.fromstring(body.decode("windows-1256")).text_content()
            with pytest.raises(UnicodeDecodeError):
                body.decode("utf-8")
            declared.add(b"windows-1256" in body)
    assert declared == {True, False}
    feed = get(server, "http://www.annahda.example/rss.xml")[2]
    assert b'encoding="windows-1256"' in feed
    dates = etree.fromstring(feed).xpath("//item/pubDate/text()")
    assert any("1970" in date for date in dates)
    assert any("2031" in date for date in dates)


def test_robots_differ_by_host(server: SamplePress) -> None:
    status = {name: get(server, f"{urlsplit(SOURCES[name].articles.examples[0]).scheme}://www.{name}.example/robots.txt")
              for name in OUTLETS}  # fmt: skip
    assert {name for name, answer in status.items() if answer[0] == 404} == {"annahda"}
    assert b"Crawl-delay: 0.2" in status["majmaa"][2]
    assert b"Disallow: /dossiers/" in status["gazetteoriental"][2]


def test_schemes_and_hosts(server: SamplePress) -> None:
    status, headers, _ = get(server, "http://www.alofok.example/rss?x=1")
    assert (status, headers["location"]) == (301, "https://www.alofok.example/rss?x=1")
    assert get(server, "https://alofok.example/rss")[1]["location"] == "https://www.alofok.example/rss"
    assert get(server, "http://www.manbar24.example/")[0] == 200
    assert get(server, "http://elsewhere.example/")[0] == 502
    with pytest.raises(OSError, match="502"):
        get(server, "https://www.annahda.example/")


def test_conditional_requests_compression_and_head(server: SamplePress) -> None:
    url = "https://www.pharedetroit.example/arc/outboundfeeds/rss/?outputType=xml"
    connection = connect(server, url)
    _, headers, plain = ask(connection, url)
    assert ask(connection, url, headers={"If-None-Match": headers["etag"]})[0] == 304
    assert ask(connection, url, headers={"If-Modified-Since": headers["last-modified"]})[0] == 304
    status, packed, body = ask(connection, url, headers={"Accept-Encoding": "gzip, br"})
    assert (status, packed["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(body) == plain
    status, head, body = ask(connection, url, method="HEAD")
    assert (status, body, head["content-length"]) == (200, b"", str(len(plain)))
    connection.close()


def test_the_second_edition_shows_the_edits(server: SamplePress) -> None:
    edited = [truth for truth in PRESS.truth(edition=2) if truth.edited]
    before = {truth.url: truth for truth in TRUTH}
    assert len(edited) >= 4
    for truth in edited:
        tag = get(server, truth.url)[1].get("etag")
        server.edition = 2
        status, _, body = get(server, truth.url, headers={"If-None-Match": tag} if tag else {})
        server.edition = 1
        assert status == 200, truth.url
        assert all(words(paragraph) in page_text(truth, body) for paragraph in truth.paragraphs)
        assert truth.paragraphs != before[truth.url].paragraphs
        assert truth.published_at == before[truth.url].published_at


def test_misbehaviour_on_demand(server: SamplePress) -> None:
    url = "https://www.sadarabat.example/feed"
    server.misbehave(r"sadarabat\.example/feed$", status=503, headers={"Retry-After": "7"}, times=1)
    status, headers, _ = get(server, url)
    assert (status, headers["retry-after"]) == (503, "7")
    assert get(server, url)[0] == 200

    server.misbehave("/feed", truncate=100, times=1)
    with pytest.raises(http.client.IncompleteRead):
        get(server, url)

    server.misbehave("/feed", body=b"<html>", headers={"Content-Type": "text/html", "ETag": None}, times=1)
    status, headers, body = get(server, url)
    assert (status, headers["content-type"], body) == (200, "text/html", b"<html>")
    assert "etag" not in headers

    server.misbehave("/feed", delay=0.2, times=1)
    get(server, url)
    slow = server.log[-1]
    assert slow.url == url
    assert slow.ended - slow.started >= 0.2


def test_it_runs_alone_and_stops_when_told(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    command = [sys.executable, "-m", "tests.samplepress", "--ca", str(ca)]
    with subprocess.Popen(command, cwd=FOLDER.parents[1], stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout
        ready = re.fullmatch(r"ready proxy=http://127\.0\.0\.1:(\d+) ca=(.+)\n", alone.stdout.readline())
        assert ready
        assert ready[2] == str(ca)
        there = SamplePress(Press({}, {}), ca, int(ready[1]))
        assert get(there, "https://www.seinematin.example/feed.json")[0] == 200
        alone.send_signal(signal.SIGTERM)
        assert alone.wait(10) == 0
