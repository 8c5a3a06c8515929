"""Feeds as outlets serve them, whole and broken. The outlets and stories are invented."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.feeds import read_feed
from crawler.discovery.links import EntryError, Link, instant

HERE = "https://www.manara.example/rss.xml"

RSS_091 = """<?xml version="1.0"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>Manara</title><link>https://www.manara.example/</link><language>fr</language>
<image><title>Logo</title><url>https://www.manara.example/logo.png</url><link>https://www.manara.example/</link></image>
<item><title>Le port rouvre</title><link>https://www.manara.example/port-12.html</link></item></channel></rss>"""

RSS_092 = """<rss version="0.92"><channel><title>Manara</title><link>https://www.manara.example/</link>
<item><title>Le port rouvre</title><link>https://www.manara.example/port-12.html</link>
<enclosure url="https://www.manara.example/port.mp3" length="1" type="audio/mpeg"/>
<source url="https://autre.example/rss">Autre</source></item></channel></rss>"""

RSS_10 = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://www.manara.example/"><title>Manara</title>
<link>https://www.manara.example/</link><items><rdf:Seq><rdf:li rdf:resource="https://www.manara.example/port-12.html"/>
</rdf:Seq></items></channel><item rdf:about="https://www.manara.example/port-12.html"><title>Le port rouvre</title>
<link>https://www.manara.example/port-12.html</link><dc:date>2023-11-24T18:00:00+01:00</dc:date></item></rdf:RDF>"""

RSS_20 = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Manara</title><link>https://www.manara.example/</link>
<atom:link href="https://www.manara.example/rss.xml" rel="self"/><item>
<media:content url="https://www.manara.example/p.jpg"><media:title>Une grue</media:title></media:content>
<media:title>Une photo</media:title><title><![CDATA[Le port <b>rouvre</b>]]></title>
<link>https://www.manara.example/port-12.html</link><guid isPermaLink="false">12</guid>
<pubDate>Fri, 24 Nov 2023 18:00:00 +0100</pubDate><description>&lt;p&gt;Voir &lt;a href="https://autre.example/"&gt;ici&lt;/a&gt;
</description></item></channel></rss>"""

ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Manara</title>
<link rel="alternate" type="text/html" href="https://www.manara.example/"/><entry><title>Le port rouvre</title>
<link rel="alternate" type="text/html" href="https://www.manara.example/port-12.html"/><id>tag:manara.example,2023:12</id>
<issued>2023-11-24T18:00:00+01:00</issued><modified>2023-11-25T08:00:00+01:00</modified></entry></feed>"""

ATOM_10 = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://www.manara.example/a/">
<title>Manara</title><link rel="self" href="https://www.manara.example/rss.xml"/><entry>
<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Le port <b>rouvre</b></div></title>
<link rel="edit" href="https://www.manara.example/edit/12"/><link rel="replies" href="https://www.manara.example/12/replies"/>
<link rel="alternate" type="application/json" href="https://www.manara.example/12.json"/>
<link rel="alternate" type="text/html" href="../port-12.html"/>
<source><title>Autre</title><updated>2001-01-01T00:00:00Z</updated></source>
<published>2023-11-24T18:00:00+01:00</published><updated>2023-11-25T08:00:00+01:00</updated></entry></feed>"""

JSON_FEED = """{"version": "https://jsonfeed.org/version/%s", "title": "Manara", "items": [{"id": "12",
"url": "/port-12.html", "title": "Le port  rouvre", "date_published": "2023-11-24T18:00:00+01:00",
"date_modified": "2023-11-25T08:00:00+01:00"}, {"id": "13"}, "nonsense", {"id": 14, "url": null}]}"""


@pytest.mark.parametrize(
    ("feed", "published", "modified"),
    [
        (RSS_091, "", ""),
        (RSS_092, "", ""),
        (RSS_10, "2023-11-24T18:00:00+01:00", ""),
        (RSS_20, "Fri, 24 Nov 2023 18:00:00 +0100", ""),
        (ATOM_03, "2023-11-24T18:00:00+01:00", "2023-11-25T08:00:00+01:00"),
        (ATOM_10, "2023-11-24T18:00:00+01:00", "2023-11-25T08:00:00+01:00"),
        (JSON_FEED % "1", "2023-11-24T18:00:00+01:00", "2023-11-25T08:00:00+01:00"),
        (JSON_FEED % "1.1", "2023-11-24T18:00:00+01:00", "2023-11-25T08:00:00+01:00"),
    ],
    ids=["RSS 0.91", "RSS 0.92", "RSS 1.0", "RSS 2.0", "Atom 0.3", "Atom 1.0", "JSON Feed 1.0", "JSON Feed 1.1"],
)
def test_every_kind_of_feed_is_read(feed: str, published: str, modified: str) -> None:
    found = read_feed(feed.encode(), HERE)
    assert found == [Link("https://www.manara.example/port-12.html", "Le port rouvre", published, modified)]


def rss(*items: str, head: str = "", encoding: str = "") -> str:
    declared = f' encoding="{encoding}"' if encoding else ""
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"{declared}?><rss version="2.0"><channel>{head}{body}</channel></rss>'


def only(feed: str | bytes, content_type: str = "") -> Link:
    (link,) = read_feed(feed.encode() if isinstance(feed, str) else feed, HERE, content_type)
    return link


ARABIC = "<title>ميناء المدينة يفتح أبوابه من جديد في المساء</title><link>/news/12</link>"


@pytest.mark.parametrize(
    ("declared", "content_type"),
    [
        ("windows-1256", ""),
        ("windows-1256", "application/rss+xml; charset=utf-8"),
        ("", "text/xml; charset=windows-1256"),
        ("", "text/xml"),
        ("utf-8", "text/xml"),
        ("iso-8859-1", ""),
    ],
)
@pytest.mark.parametrize("charset", ["cp1256", "utf-8", "utf-8-sig", "utf-16"])
def test_arabic_titles_survive_missing_and_wrong_charsets(charset: str, declared: str, content_type: str) -> None:
    body = rss(ARABIC, encoding=declared).encode(charset)
    assert only(body, content_type) == Link(
        "https://www.manara.example/news/12", "ميناء المدينة يفتح أبوابه من جديد في المساء"
    )


@pytest.mark.parametrize(
    "before",
    [
        "\ufeff",
        "\n\n  \n",
        "\ufeff\n",
        "<br />\n<b>Warning</b>: mysql_fetch() in <b>/home/a.php</b> on line <b>3</b><br />\n",
    ],
)
def test_what_stands_before_the_xml_does_no_harm(before: str) -> None:
    assert only(before + RSS_20).url == "https://www.manara.example/port-12.html"


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>/port-12.html</link>", "https://www.manara.example/port-12.html"),
        ("<link>port-12.html</link>", "https://www.manara.example/port-12.html"),
        ("<link>//m.manara.example/12</link>", "https://m.manara.example/12"),
        ("<link>\n  https://www.manara.example/12\n</link>", "https://www.manara.example/12"),
        ("<link><![CDATA[https://www.manara.example/?a=1&p=12]]></link>", "https://www.manara.example/?a=1&p=12"),
        ("<link>https://www.manara.example/?a=1&p=12</link>", "https://www.manara.example/?a=1&p=12"),
        ("<link>https://www.manara.example/?a=1&amp;p=12</link>", "https://www.manara.example/?a=1&p=12"),
        ("<link>https://www.manara.example/?a=1&amp;amp;p=12</link>", "https://www.manara.example/?a=1&p=12"),
        ("<link>https://www.manara.example/12#xtor=RSS-1</link>", "https://www.manara.example/12"),
        ("<link href='https://www.manara.example/12'/>", "https://www.manara.example/12"),
        ("<guid>https://www.manara.example/12</guid>", "https://www.manara.example/12"),
        ("<link/><guid isPermaLink='true'>https://www.manara.example/12</guid>", "https://www.manara.example/12"),
        ("<link>https://www.manara.example/12</link><guid>https://www.manara.example/?p=12</guid>", "https://www.manara.example/12"),
        (
            "<link>https://feeds.brouilleur.example/~r/manara/~3/x/</link>"
            "<feedburner:origLink>https://www.manara.example/12</feedburner:origLink>",
            "https://www.manara.example/12",
        ),
        (
            "<link>https://feeds.brouilleur.example/~r/manara/~3/x/</link><guid>https://manara.example/12</guid>",
            "https://manara.example/12",
        ),
    ],
)  # fmt: skip
def test_the_address_of_an_item_is_found(item: str, url: str) -> None:
    assert only(rss(item, head="<link>https://www.manara.example/</link>")).url == url


@pytest.mark.parametrize(
    "item",
    [
        "<title>Sans adresse</title>",
        "<link>javascript:alert(1)</link>",
        "<link>http://[</link>",
        "<link>http://</link>",
        "<link>ftp://www.manara.example/12</link>",
        "<link>https://www.manara.example/" + "x" * 5000 + "</link>",
        "<guid isPermaLink='false'>https://www.manara.example/12</guid>",
        "<guid>tag:manara.example,2023:12</guid>",
    ],
)
def test_an_item_without_a_usable_address_costs_only_itself(item: str) -> None:
    assert only(rss(item, "<link>/13</link>")).url == "https://www.manara.example/13"


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("L&#8217;&eacute;t&eacute; &agrave; Rabat", "L’été à Rabat"),
        ("L&amp;#039;été &amp;amp; après", "L'été & après"),
        ("<![CDATA[L&rsquo;été]]>", "L’été"),
        ("Police & justice < demain", "Police & justice < demain"),
        ("Un&nbsp;titre\n  sur deux lignes", "Un titre sur deux lignes"),
        ("&lt;b&gt;Gras&lt;/b&gt; et &lt;i&gt;maigre&lt;/i&gt;", "Gras et maigre"),
        ("A &LT;b> &AMP; c", "A & c"),
        ("Le <?php echo 1 ?>port<!-- </item> --> rouvre", "Le port rouvre"),
        ("&inconnu; et &#0;&#xD800; rien", "&inconnu; et rien"),
        ("\x01Contr\x08ôle", "Contrôle"),
    ],
)
def test_titles_are_plain_text(title: str, read: str) -> None:
    assert only(rss(f"<link>/12</link><title>{title}</title>")).title == read


def test_a_tag_that_is_never_closed_does_not_swallow_the_other_items() -> None:
    broken = "<title>Un</title><description>Voir<br>ici</description><link>/1</link>"
    assert [link.url[-2:] for link in read_feed(rss(broken, "<link>/2</link>", broken).encode(), HERE)] == [
        "/1",
        "/2",
        "/1",
    ]


def test_of_a_feed_that_was_cut_the_items_before_the_cut_are_kept() -> None:
    whole = rss(*(f"<title>Titre {n}</title><link>https://www.manara.example/article-{n}</link>" for n in range(30)))
    every = read_feed(whole.encode(), HERE)
    for end in range(len(whole) // 2, len(whole), 7):
        kept = read_feed(whole[:end].encode(), HERE)
        assert kept == every[: whole[:end].count("</item>")]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \n\xef\xbb\xbf\n ", "empty"),
        (b"<!DOCTYPE html><html><body><p>Maintenance</p></body></html>", "HTML"),
        (b"<html><head><title>403</title></head><body>rss</body></html>", "HTML"),
        (b"Forbidden", "no feed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "no feed"),
        (b'{"error": "not found"}', "JSON"),
        (b"[1, 2]", "JSON"),
        (b"{" * 100_000, "JSON"),
        (b'{"items": 3}', "list"),
        (b"<urlset><url><loc>https://www.manara.example/1</loc></url></urlset>", "sitemap"),
        (b"<rss><channel><item><link>https://www.manara.example/artic", "none is whole"),
    ],
)
def test_what_is_no_feed_is_called_by_its_name(body: bytes, says: str) -> None:
    with pytest.raises(EntryError, match=says):
        read_feed(body, HERE)


def test_a_feed_without_items_is_no_fault() -> None:
    assert read_feed(rss().encode(), HERE) == []


@pytest.mark.parametrize("path", [b"/etc/hostname", b"/dev/zero", b"pyproject.toml"])
def test_a_body_that_is_the_name_of_a_file_is_not_opened(path: bytes) -> None:
    with pytest.raises(EntryError):
        read_feed(path, HERE)


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c
"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>Titre &c; &x;</title><link>/12</link></item></channel></rss>"""


@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_entities_of_the_feed_are_never_expanded(charset: str) -> None:
    assert only(BOMB.encode(charset)) == Link("https://www.manara.example/12", "Titre &c; &x;")


@pytest.mark.parametrize(
    "body",
    [
        rss(*[f"<link>/{n}</link><description>{'mot ' * 1200}</description>" for n in range(1000)]).encode(),
        b"<rss><channel>" + b"<item>" * 800_000,
        b"<rss><channel><item><title>" + b"&" * 5_000_000 + b"</title></item>",
        b"<rss><channel>" + b"<![CDATA[" * 500_000,
        b"<rss><channel>" + b"<!--" * 1_000_000,
        b"<rss><channel><item><link>/1</link>" + b"<b>" * 1_500_000 + b"</item></channel></rss>",
        b"<rss><channel><item>" + b"<a:b " * 1_000_000 + b"</item></channel></rss>",
    ],
    ids=["long", "items", "ampersands", "cdata", "comments", "deep", "attributes"],
)
def test_five_megabytes_of_anything_take_less_than_seconds(body: bytes) -> None:
    started = time.process_time()
    with contextlib.suppress(EntryError):
        read_feed(body, HERE)
    assert time.process_time() - started < 30, "quadratic: linear work takes a tenth of a second here"


PIECES = [
    *"<>/&;! ab\n\u0627",
    "<item>",
    "</item>",
    "<link>",
    "</link>",
    "<entry",
    "<rss>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
]


@given(
    st.lists(
        st.sampled_from([*PIECES, "http://[", "&#", "&eacute;", "{", "</entry>", "<x:item>", 'rel="']), max_size=40
    )
)
def test_no_input_breaks_the_reader(pieces: list[str]) -> None:
    try:
        links = read_feed("".join(pieces).encode(), HERE)
    except EntryError:
        return
    assert all(link.url.startswith(("http://", "https://")) for link in links)


@pytest.mark.parametrize(
    ("words", "iso"),
    [
        ("Fri, 24 Nov 2023 18:00:00 +0100", "2023-11-24T17:00:00+00:00"),
        ("Fri, 24 Nov 2023 18:00:00 GMT", "2023-11-24T18:00:00+00:00"),
        ("2023-11-24T18:00:00Z", "2023-11-24T18:00:00+00:00"),
        ("2023-11-24T18:00:00.1234567+01:00", "2023-11-24T17:00:00.123456+00:00"),
        (" 2023-11-24 ", "2023-11-24T00:00:00+00:00"),
    ],
)
def test_machine_dates_become_instants(words: str, iso: str) -> None:
    moment = instant(words)
    assert moment is not None
    assert moment.isoformat() == iso


@pytest.mark.parametrize(
    "words",
    ["", "hier", "24 nov. 2023", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000",
     "9999-12-31T23:59:59-14:00", "Fri, 24 Nov 99999999999999999999 18:00:00 GMT", "Fri, 24 Nov 2023 18:00:00 +999999", "1" * 5000],
)  # fmt: skip
def test_words_that_are_no_date_exclude_nothing(words: str) -> None:
    assert instant(words) is None


def _rss(*dates: str) -> bytes:
    items = "".join(
        f"<item><link>https://journal.example/a-{n}.html</link><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(dates)
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def test_dates_that_are_the_feed_s_own_clock_are_none() -> None:
    clock = "Mon, 02 Jun 2025 08:15:31 GMT"
    frozen = read_feed(_rss(clock, clock, clock), "https://journal.example/feed")
    assert [link.published for link in frozen] == ["", "", ""]
    lively = read_feed(_rss(clock, clock, "Sun, 01 Jun 2025 20:00:00 GMT"), "https://journal.example/feed")
    assert [link.published for link in lively][:2] == [clock, clock]
    one_day = read_feed(_rss("2025-06-02", "2025-06-02", "2025-06-02"), "https://journal.example/feed")
    assert one_day[0].published == "2025-06-02", "three articles of one day are nothing strange"
