"""What a page says of its dates, as invented outlets print it."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest
from lxml import html

from archive.records import DateField, Evidence
from language.timezones import zone
from pipelines.dates import published, read_date

NOW = datetime(2026, 6, 15, 12, 34, 56, tzinfo=UTC)
RABAT = "Africa/Casablanca"
TITLE = "Rabat et Paris signent un accord de coopération policière"
PROSE = (
    "<p>" + "Le directeur général a reçu son homologue et passé en revue la coopération opérationnelle. " * 6 + "</p>"
)


def page(head: str = "", body: str = "", title: str = TITLE) -> str:
    return (
        f"<html><head><title>{title} - Le Courrier</title><meta property='og:title' content='{title}'>"
        f"<link rel='canonical' href='https://courrier.example/politique/accord-1234.html'>{head}</head><body>{body}</body></html>"
    )


def article(before: str = "", after: str = "", head: str = "", foot: str = "") -> str:
    return page(
        head,
        f"<header class='masthead'>{before}</header><main><article><h1>{TITLE}</h1>{after}{PROSE}</article></main>{foot}",
    )


def ld(*statements: object) -> str:
    return "".join(f"<script type='application/ld+json'>{json.dumps(statement)}</script>" for statement in statements)


def dates(
    markup: str, *evidence: Evidence, selector: str = "", timezone: str = RABAT, now: datetime = NOW
) -> tuple[DateField | None, DateField | None]:
    return published(html.fromstring(markup), list(evidence), timezone=timezone, now=now, selector=selector)


def first(markup: str, *evidence: Evidence, selector: str = "", now: datetime = NOW) -> str | None:
    """The publication date in local time: the day alone for precision "day"."""
    found, _ = dates(markup, *evidence, selector=selector, now=now)
    if found is None:
        return None
    assert found.date == found.at.astimezone(zone(RABAT)).date().isoformat()
    return found.date if found.precision == "day" else found.at.astimezone(zone(RABAT)).strftime("%Y-%m-%d %H:%M")


# ---------------------------------------------------------------- JSON-LD


def test_json_ld_gives_both_dates() -> None:
    statement = {
        "@type": "NewsArticle",
        "headline": TITLE,
        "datePublished": "2023-11-24T14:05:09+01:00",
        "dateModified": "2023-11-25T08:00:00+01:00",
    }
    found, changed = dates(article(head=ld(statement)))
    assert found == DateField(
        datetime(2023, 11, 24, 13, 5, 9, tzinfo=UTC),
        "2023-11-24",
        "second",
        False,
        "2023-11-24T14:05:09+01:00",
        "jsonld",
        "iso",
        0.95,
    )
    assert changed is not None
    assert changed.at == datetime(2023, 11, 25, 7, tzinfo=UTC)


def test_json_ld_in_a_graph_beside_other_things() -> None:
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "datePublished": "2009-01-01"},
            {
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "item": {"@type": "NewsArticle", "datePublished": "2020-01-01"}}
                ],
            },
            {"@type": ["Article", "NewsArticle"], "headline": TITLE, "datePublished": "2023-11-24T14:05:00+01:00"},
            {"@type": "WebPage", "datePublished": "2023-11-20T14:05:00+01:00"},
        ],
    }
    assert first(article(head=ld(graph))) == "2023-11-24 14:05"


def test_json_ld_of_a_related_article_is_not_this_page() -> None:
    related = {
        "@type": "NewsArticle",
        "headline": "Football : la sélection en stage à Agadir",
        "url": "https://courrier.example/sport/stage-99.html",
        "datePublished": "2024-02-02T10:00:00Z",
    }
    own = {"@type": "NewsArticle", "headline": TITLE, "datePublished": "2023-11-24T14:05:00+01:00"}
    assert first(article(head=ld(related, own))) == "2023-11-24 14:05"
    assert first(article(head=ld(related), after="<p>Publié le 24/11/2023 à 14h05</p>")) == "2023-11-24 14:05"


def test_json_ld_that_names_this_address_is_this_page_whatever_its_headline() -> None:
    own = {"@type": "Article", "headline": "Un tout autre titre pour les moteurs", "mainEntityOfPage": {"@id": "http://courrier.example/politique/accord-1234.html"},
           "datePublished": "2023-11-24T14:05:00+01:00"}  # fmt: skip
    other = {
        "@type": "Article",
        "headline": "Encore autre chose",
        "url": "https://courrier.example/x.html",
        "datePublished": "2021-01-01T00:10:00Z",
    }
    assert first(article(head=ld(other, own))) == "2023-11-24 14:05"


def test_the_page_statement_serves_where_there_is_no_article_statement() -> None:
    assert (
        first(article(head=ld({"@type": "WebPage", "datePublished": "2023-11-24T13:05:00+00:00"})))
        == "2023-11-24 14:05"
    )


@pytest.mark.parametrize(
    "broken",
    [
        '{"@type":"NewsArticle","headline":"Accord","datePublished":"2023-11-24T14:05:00+01:00",}',
        '<!-- {"@type":"NewsArticle","headline":"Rabat et Paris signent un accord","datePublished":"2023-11-24T14:05:00+01:00"} -->',
        '{"@type":"NewsArticle","headline":"Rabat et "Paris" signent","datePublished":"2023-11-24T14:05:00+01:00"}',
        '{"@type":"NewsArticle","headline":"Rabat et Paris\nsignent un accord","datePublished":"2023-11-24T14:05:00+01:00"}',
        '{"@type":"NewsArticle","description":"le «mot" de trop, "datePublished":"2023-11-24T14:05:00+01:00" "x"',
    ],
)
def test_broken_json_ld_still_gives_its_date(broken: str) -> None:
    assert first(article(head=f"<script type='application/ld+json'>{broken}</script>")) == "2023-11-24 14:05"


def test_broken_json_ld_with_two_dates_is_not_believed() -> None:
    broken = '{"@type":"NewsArticle","datePublished":"2023-11-24T14:05:00+01:00", x {"datePublished":"2022-11-24T14:05:00+01:00"'
    assert first(article(head=f"<script type='application/ld+json'>{broken}</script>")) is None


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "",
        None,
        "2031-01-01T00:00:00Z",
        "{{date}}",
        [],
        {"a": 1},
        "2023-11",
        True,
    ],
)
def test_values_that_were_never_set_are_no_dates(value: object) -> None:
    assert first(article(head=ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": value}))) is None


@pytest.mark.parametrize("value", [1700831109, "1700831109", 1700831109000, "1700831109000"])
def test_seconds_and_milliseconds_since_1970(value: object) -> None:
    assert (
        first(article(head=ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": value})))
        == "2023-11-24 14:05"
    )


def test_midnight_in_greenwich_is_a_day() -> None:
    found, _ = dates(
        article(head=ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2023-11-24T00:00:00Z"}))
    )
    assert found is not None
    assert (found.precision, found.at) == ("day", datetime(2023, 11, 23, 23, tzinfo=UTC))


def test_a_day_takes_its_hour_from_a_lesser_place_of_the_same_day() -> None:
    head = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2023-11-24"})
    assert first(article(head=head, after="<div class='post-date'>24/11/2023 - 14:05</div>")) == "2023-11-24 14:05"
    assert first(article(head=head, after="<div class='post-date'>22/11/2023 - 14:05</div>")) == "2023-11-24"


# ---------------------------------------------------------------- meta


@pytest.mark.parametrize(
    "meta",
    [
        "property='article:published_time'", "property='og:article:published_time'", "name='article:published_time'", "itemprop='datePublished'", "name='pubdate'",
        "name='publish-date'", "name='publishdate'", "name='publication_date'", "name='DC.date.issued'", "name='dcterms.issued'", "name='parsely-pub-date'",
        "name='cXenseParse:recs:publishtime'", "name='sailthru.date'", "property='date:published_time'", "name='date'", "name='dc.date'",
    ],
)  # fmt: skip
def test_meta_under_its_many_names(meta: str) -> None:
    found, _ = dates(article(head=f"<meta {meta} content='2023-11-24T14:05:00+01:00'>"))
    assert found is not None
    assert (found.date, found.where) == ("2023-11-24", "meta")


def test_meta_may_be_a_line_for_readers() -> None:
    assert (
        first(article(head="<meta property='article:published_time' content='الجمعة، 24 نوفمبر 2023 - 02:05 م'>"))
        == "2023-11-24 14:05"
    )


def test_meta_with_its_value_in_the_wrong_attribute() -> None:
    assert (
        first(article(head="<meta name='article:published_time' value='2023-11-24T14:05:00+01:00'>"))
        == "2023-11-24 14:05"
    )


def test_meta_that_is_no_date_of_publication() -> None:
    head = "<meta name='publisher' content='24/11/2023'><meta name='creation_date' content='10-Nov-2000'><meta name='expires' content='2025-01-01'>"
    assert dates(article(head=head)) == (None, None)


def test_json_ld_goes_before_meta_and_their_disagreement_is_recorded() -> None:
    head = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2023-11-24T14:05:00+01:00"})
    agreed, _ = dates(article(head=head + "<meta property='article:published_time' content='2023-11-24T13:05:00Z'>"))
    opposed, _ = dates(
        article(head=head + "<meta property='article:published_time' content='2023-11-27T10:00:00+01:00'>")
    )
    assert agreed is not None
    assert opposed is not None
    assert agreed.date == opposed.date == "2023-11-24"
    assert opposed.trust < 0.7 < agreed.trust
    assert opposed.method == "iso; against meta 2023-11-27"
    assert agreed.method == "iso"


def test_one_statement_is_outvoted_by_two_that_agree() -> None:
    head = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2026-06-02T09:00:00+01:00"})
    head += "<meta property='article:published_time' content='2023-11-24T14:05:00+01:00'>"
    url = Evidence("https://courrier.example/2023/11/24/accord-1234.html", "url")
    assert first(article(head=head)) == "2026-06-02 09:00"
    assert first(article(head=head), url) == "2023-11-24 14:05"


# ---------------------------------------------------------------- time elements and visible lines


@pytest.mark.parametrize(
    "after",
    [
        "<time datetime='2023-11-24T14:05:00+01:00'>24 novembre</time>",
        "<time class='entry-date published updated' datetime='2023-11-24T14:05:00+01:00'>24 novembre 2023</time>",
        "<p>Mis à jour le <time datetime='2023-11-25T10:00:00+01:00'>25/11</time>, publié le <time datetime='2023-11-24T14:05:00+01:00'>24/11</time></p>",
        "<time class='updated' datetime='2023-11-25T10:00:00+01:00'></time><time class='published' datetime='2023-11-24T14:05:00+01:00'></time>",
        "<span itemprop='datePublished' content='2023-11-24T14:05:00+01:00'>vendredi</span>",
        "<time datetime=''>24/11/2023 14:05</time>",
        "<abbr class='published' title='2023-11-24T14:05:00+01:00'>vendredi</abbr>",
        "<p>Publié le 24 novembre 2023 à 14h05</p>",
        "<p>Par <a href='/auteur/k'>Karim N.</a>, le 24/11/2023 à 14:05</p>",
        "<div class='byline'><span>Karim N.</span> <span>24 nov. 2023</span> <span>14h05</span></div>",
        "<div class='d'><b>24</b><div>nov</div><div>2023</div><div>14:05</div></div>",
        "<ul class='meta'><li>Politique</li><li>24/11/2023</li><li>14:05</li></ul>",
        "<div>الجمعة 24 نونبر 2023 - 14:05</div>",
        "<div>نشر في: 24 نوفمبر 2023 - 2:05 م<br>آخر تحديث: 25 نوفمبر 2023 - 9:00 ص</div>",
        "<p>24/11/2023 &nbsp;|&nbsp; 14:05</p>",
        "<dl><dt>Mise en ligne</dt><dd>24 novembre 2023</dd><dt>Durée</dt><dd>8 min</dd></dl>",
        "<aside><div class='auteur'>Karim N.</div><p>24 novembre 2023, 14 h</p></aside>",
        "<!-- 01/01/2020 --><p>24 novembre 2023, 14:05</p>",
    ],
)
def test_the_date_below_the_title(after: str) -> None:
    assert first(article(after=after)).startswith("2023-11-24")  # type: ignore[union-attr]


def test_the_date_above_the_title_counts_in_the_titles_box_only() -> None:
    boxed = page(
        body=f"<main><div class='head'><span class='date'>24 novembre 2023</span><h1>{TITLE}</h1></div>{PROSE}</main>"
    )
    assert first(boxed) == "2023-11-24"
    masthead = page(
        body=f"<div id='top'><div class='date'>24 novembre 2023</div></div><main><section><article><h1>{TITLE}</h1>{PROSE}</article></section></main>"
    )
    assert first(masthead) is None


def test_a_masthead_that_prints_today_is_not_the_date() -> None:
    today = "<div class='date'>Lundi 15 juin 2026</div><div>الاثنين 15 يونيو 2026</div>"
    assert first(article(before=today)) is None
    assert first(article(before=today, after="<p>Publié le 24/11/2023</p>")) == "2023-11-24"


def test_today_above_the_title_is_a_masthead_even_in_the_titles_box() -> None:
    def boxed(day: str) -> str:
        return page(body=f"<main><div><div class='date'>{day}</div><h1>{TITLE}</h1></div>{PROSE}</main>")

    assert first(boxed("14 juin 2026")) == "2026-06-14"
    assert first(boxed("15 juin 2026")) is None


def test_a_list_of_times_is_a_list_of_other_things() -> None:
    rows = "".join(
        f"<li class='l'><a href='/{n}'>Suite</a> <time datetime='2024-01-0{n}T10:00:00Z'></time></li>" for n in "123"
    )
    one = "<div class='l'><time datetime='2023-11-24T13:05:00Z'></time></div>"
    assert first(article(foot=f"<ul>{rows}</ul>")) is None
    assert first(article(after=one, foot=f"<ul>{rows}</ul>")) == "2023-11-24 14:05"


def test_an_article_of_today_has_todays_date() -> None:
    assert first(article(after="<p>Publié le 15/06/2026 à 09h10</p>")) == "2026-06-15 09:10"


@pytest.mark.parametrize(
    "foot",
    [
        "<footer>© 2021 Le Courrier. Mis en ligne le 01/02/2021</footer>",
        "<section class='comments'><ol><li><b>Ali</b> <time datetime='2024-01-05T10:00:00Z'>5 janvier 2024</time> Bravo</li></ol></section>",
        "<div id='related'><article><h3><a href='/a'>Une autre affaire jugée à Casablanca</a></h3><time datetime='2024-01-05'>5 janvier 2024</time></article></div>",
        "<div class='grid'>"
        + "".join(
            f"<div class='k'><a href='/{n}'>Une autre affaire jugée à Casablanca hier</a><span class='date'>0{n}/01/2024</span></div>"
            for n in range(1, 6)
        )
        + "</div>",
        "<aside><p>Publié le 05/01/2024</p></aside>",
        "<div class='list'><p>Publié le 05/01/2024</p><p>Publié le 07/02/2024</p></div>",
    ],
)
def test_dates_of_other_things_are_not_this_articles(foot: str) -> None:
    padding = "".join(f"<p>Paragraphe {n} sans date.</p>" for n in "abcdefghijklmnopqrst")
    assert first(article(after=padding, foot=foot)) is None
    found, _ = dates(article(after="<p>Publié le 24/11/2023 à 14h05</p>" + padding, foot=foot))
    assert found is not None
    assert found.date == "2023-11-24"


def test_a_date_in_the_text_is_not_the_date_of_the_text() -> None:
    prose = "<p>L'accord signé à Rabat le 12 mars 2019 par les deux ministres avait été suivi d'un premier protocole, prolongé depuis lors par les parlements.</p>"
    assert first(article(after=prose)) is None


def test_a_date_line_younger_than_the_last_change_is_of_something_else() -> None:
    head = "<meta property='article:modified_time' content='2023-11-25T10:00:00+01:00'>"
    assert first(article(head=head, after="<p>Sommet le 02/12/2023</p>")) is None


def test_hours_ago_are_counted_from_the_fetch() -> None:
    assert first(article(after="<span class='time'>il y a 2 heures</span>")) == "2026-06-15 11:34"
    assert first(article(after="<span>منذ 3 ساعات</span>")) == "2026-06-15 10:34"
    old = Evidence("https://courrier.example/2023/11/24/x", "url")
    assert first(article(after="<span class='time'>il y a 2 heures</span>"), old) == "2023-11-24"  # a cached page


def test_the_outlets_selector_goes_first() -> None:
    head = ld({"@type": "NewsArticle", "headline": TITLE, "datePublished": "2026-06-01T14:05:00+01:00"})
    markup = article(head=head, after="<p class='quand'>Ajouté vendredi 24/11/2023 14:05</p>")
    assert first(markup) == "2026-06-01 14:05"
    assert first(markup, selector="p.quand") == "2023-11-24 14:05"
    assert first(markup, selector=".absent") == "2026-06-01 14:05"
    with pytest.raises(ValueError, match="not a CSS selector"):
        first(markup, selector="p..[")


# ---------------------------------------------------------------- outside the page


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://courrier.example/2023/11/24/accord/", "2023-11-24"),
        ("https://courrier.example/politique/2023/2/9/accord", "2023-02-09"),
        ("https://courrier.example/fr/20231124-accord-rabat-paris", "2023-11-24"),
        ("https://courrier.example/accord-rabat-paris-24-11-2023-ABCDEF.php", "2023-11-24"),
        ("https://courrier.example/articulo/accord/20231124140509123456.html", "2023-11-24"),
        ("https://courrier.example/accord_AN-202311240045.html", "2023-11-24"),
        ("https://courrier.example/accord-2023-11-24-14-05-09.html", "2023-11-24"),
        ("https://courrier.example/saison-2023-2024/accord-1234567.html", None),
        ("https://courrier.example/2023/accord", None),
        ("https://courrier.example/2023/13/24/accord", None),
        ("https://courrier.example/2031/11/24/accord", None),
        ("https://courrier.example/du-2023-11-20/au-2023-11-24/", None),
        ("https://courrier.example/article/98231124", None),
        ("https://[courrier.example/2023/11/24", None),
        ("", None),
    ],
)
def test_the_day_in_an_address(url: str, expected: str | None) -> None:
    assert first(article(), Evidence(url, "url")) == expected


def test_the_feed_serves_where_the_page_is_silent() -> None:
    found, _ = dates(article(), Evidence("Fri, 24 Nov 2023 13:05:09 +0000", "feed"))
    assert found is not None
    assert (found.where, found.precision, found.date) == ("feed", "second", "2023-11-24")


def test_a_feed_in_the_future_or_stamped_at_the_fetch_is_not_believed() -> None:
    assert first(article(), Evidence("Fri, 24 Nov 2028 13:05:09 +0000", "feed")) is None
    assert first(article(), Evidence(NOW.isoformat(), "feed")) is None


def test_a_frozen_feed_yields_to_the_day_in_the_address() -> None:
    frozen = Evidence("Mon, 01 Jun 2026 00:00:01 +0000", "feed")
    found, _ = dates(article(), frozen, Evidence("https://courrier.example/2023/11/24/accord", "url"))
    assert found is not None
    assert found.date == "2023-11-24"
    assert "feed 2026-06-01" in found.method


def test_an_address_and_a_feed_of_one_day_give_the_feeds_hour() -> None:
    evidence = (
        Evidence("https://courrier.example/2023/11/24/accord", "url"),
        Evidence("Fri, 24 Nov 2023 13:05:09 GMT", "feed"),
    )
    assert first(article(), *evidence) == "2023-11-24 14:05"


def test_a_sitemaps_lastmod_is_no_publication() -> None:
    found, changed = dates(article(), Evidence("2023-11-24T13:05:09+00:00", "sitemap", "modified"))
    assert found is None
    assert changed is not None
    assert changed.where == "sitemap"
    assert first(article(), Evidence("2023-11-24T13:05:09+00:00", "sitemap", "published")) == "2023-11-24 14:05"


def test_a_modification_before_publication_is_dropped() -> None:
    head = ld(
        {
            "@type": "NewsArticle",
            "headline": TITLE,
            "datePublished": "2023-11-24T14:05:00+01:00",
            "dateModified": "2020-01-01T10:00:00Z",
        }
    )
    found, changed = dates(article(head=head))
    assert found is not None
    assert changed is None


# ---------------------------------------------------------------- contract


def test_results_travel_between_processes() -> None:
    found, _ = dates(article(after="<p>Publié le 24/11/2023</p>"))
    reading = read_date("24/11/2023", language="fr", timezone=RABAT, now=NOW)
    assert pickle.loads(pickle.dumps((found, reading))) == (found, reading)


def test_a_page_is_left_as_it_was() -> None:
    tree = html.fromstring(article(after="<div class='d'><b>24</b><div>nov</div><div>2023</div></div>"))
    before = html.tostring(tree)
    published(tree, [], timezone=RABAT, now=NOW)
    assert html.tostring(tree) == before


@pytest.mark.parametrize(
    "markup",
    [
        "<p>x</p>",
        "<html></html>",
        "<html><body></body></html>",
        "<html><head><title></title></head><body><h1></h1></body></html>",
        "<h1>24/11/2023</h1>",
    ],
)
def test_pages_with_nothing_in_them(markup: str) -> None:
    assert dates(markup) == (None, None)


def test_a_hijri_date_alone_is_stored_as_approximate() -> None:
    found, _ = dates(article(after="<p>نشر في 10 جمادى الأولى 1445 هـ</p>"))
    assert found is not None
    assert found.approximate
    assert found.trust <= 0.6


def test_other_languages_are_read_strictly_by_dateparser() -> None:
    reading = read_date("24 de noviembre de 2023", language="es", timezone="Europe/Madrid", now=NOW)
    assert reading is not None
    assert reading.instant == datetime(2023, 11, 23, 23, tzinfo=UTC)
    assert read_date("noviembre de 2023", language="es", timezone="Europe/Madrid", now=NOW) is None
    assert read_date("La policía detuvo a tres personas", language="es", timezone="Europe/Madrid", now=NOW) is None
    assert read_date("24 xx 2023", language="tlh", timezone="Europe/Madrid", now=NOW) is None


PLAIN = """<html><head><title>Le Journal :: Le port rouvre après la tempête</title></head><body>
<table><tr><td><font size="5"><b>Le port rouvre après la tempête</b></font><br>
<table><tr><td><font>La rédaction - 17 octobre 2024</font></td><td><a href="/print">Imprimer</a> | Lectures : 675</td></tr></table>
<div>Les grues ont repris leur travail.</div></td></tr></table></body></html>"""


def page_of(evidence: list[Evidence], page: str = "<p>Sans date</p>") -> DateField | None:
    now = datetime(2025, 1, 1, tzinfo=UTC)
    return published(html.document_fromstring(page), evidence, timezone="Africa/Casablanca", now=now, language="fr")[0]


def test_a_page_without_headings_shows_its_date_below_its_title() -> None:
    found = page_of([], PLAIN)
    assert found is not None
    assert (found.date, found.precision, found.where) == ("2024-10-17", "day", "visible")


def test_a_page_s_own_date_is_believed_before_its_feed() -> None:
    found = page_of([Evidence("Tue, 17 Sep 2024 09:00:00 GMT", "feed")], PLAIN)
    assert found is not None
    assert found.date == "2024-10-17"
    assert "against feed 2024-09-17" in found.method


@pytest.mark.parametrize("text", ["Tue, 17 Sep 2024 00:00:00 GMT", "2024-09-17T00:00:00+01:00", "2024-09-17T00:00:00Z"])
def test_midnight_in_a_feed_stands_for_the_day(text: str) -> None:
    found = page_of([Evidence(text, "feed")])
    assert found is not None
    assert (found.date, found.precision) == ("2024-09-17", "day")
    assert found.at == datetime(2024, 9, 16, 23, tzinfo=UTC)


def test_seconds_of_zero_in_a_sitemap_stand_for_the_minute() -> None:
    whole, exact = (page_of([Evidence(f"2024-09-17T14:05:{s}+01:00", "sitemap")]) for s in ("00", "31"))
    assert whole is not None
    assert exact is not None
    assert (whole.precision, exact.precision) == ("minute", "second")
