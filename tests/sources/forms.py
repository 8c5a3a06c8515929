"""Feeds, sitemaps, listings, API answers and pages in the forms of the publishing systems, faults included, made for any
outlet from the addresses that its TOML gives. The sentences are those of the sample press."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

from language.timezones import to_utc, zone
from sources.model import Source
from tests.samplepress.tables import load_stories

#: What stands at the end of a link in feeds, and is no part of the article's address.
TRACKER = "utm_source=rss&utm_medium=feed"

_MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "ar": ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"],
}
_DAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "ar": ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
}


@dataclass(frozen=True, slots=True)
class Words:
    """A story of the sample press, to be printed in any form."""

    title: str
    paragraphs: tuple[str, ...]


def _pick(language: str) -> Words:
    stories = load_stories().values()
    story = next(
        s for s in stories if s.lang == language and len(s.versions[0].paragraphs) > 3 and s.family == "on_topic"
    )
    return Words(story.versions[0].title, story.versions[0].paragraphs)


WORDS = {language: _pick(language) for language in ("ar", "fr")}


# -- entry points ------------------------------------------------------------------------------------------------------


def feed(source: Source, articles: list[str], others: list[str], *, form: str) -> bytes:
    """A feed that names articles, and a section among them.

    Args:
        form: "rss" (WordPress: blank line before the declaration, CDATA, trackers with a bare ampersand), "dublin" (SPIP and
            Drupal: dc:date), "rdf" (RSS 1.0), "atom".
    """
    when = datetime(2023, 11, 24, 17, 5, tzinfo=UTC)
    items = []
    for place, url in enumerate([*articles, *others]):
        link = f"{url}{'&' if '?' in url else '?'}{TRACKER}" if form == "rss" else escape(url)
        at = when - timedelta(hours=place)
        if form == "atom":
            items.append(
                f'<entry><title>Titre {place}</title><link rel="alternate" href="{link}"/><id>tag:{place}</id>'
                f"<updated>{at.isoformat()}</updated></entry>"
            )
        elif form == "rss":
            items.append(
                f'<item><title><![CDATA[Titre & {place}]]></title><link>{link}</link><guid isPermaLink="false">{place}</guid>'
                f"<pubDate>{format_datetime(at)}</pubDate><description><![CDATA[<p>…</p>]]></description></item>"
            )
        else:
            items.append(
                f'<item rdf:about="{link}"><title>Titre {place}</title><link>{link}</link><dc:date>{at.isoformat()}</dc:date></item>'
            )
    spaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    if form == "atom":
        return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(items)}</feed>'.encode()
    if form == "rdf":
        return f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {spaces}><channel/>{"".join(items)}</rdf:RDF>'.encode()
    blank = "\n" if form == "rss" else ""
    head = f'{blank}<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel><title>{escape(source.title)}</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def sitemap(articles: list[str], others: list[str], *, news: bool) -> bytes:
    """A sitemap as plugins write them, or Google's form for news, with an image whose address is no page's."""
    entries = []
    for url in [*articles, *others]:
        told = "<lastmod>2023-11-25T08:00:00+01:00</lastmod>"
        if news:
            told = (
                "<news:news><news:publication><news:name>N</news:name><news:language>fr</news:language></news:publication>"
                "<news:publication_date>2023-11-24T18:05:00+01:00</news:publication_date><news:title>Titre</news:title></news:news>"
            )
        image = f"<image:image><image:loc>{escape(url)}/photo-12345.jpg</image:loc></image:image>"
        entries.append(f"<url><loc>{escape(url)}</loc>{told}{image}</url>")
    spaces = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="sitemap.xsl"?>'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" {spaces}>{"".join(entries)}</urlset>'
    ).encode()


def listing(articles: list[str], others: list[str]) -> bytes:
    """A page of links: the menu and the pages' numbers name what is no article, each card links its article twice."""
    menu = "".join(f'<li><a href="{escape(url)}">Rubrique</a></li>' for url in others)
    cards = "".join(
        f'<article><a href="{escape(url)}"><img src="/p.jpg" alt=""></a><h2><a href="{escape(url)}#comments"> Titre </a></h2></article>'
        for url in articles
    )
    share = "".join(f'<a href="https://www.facebook.example/sharer?u={escape(url)}">f</a>' for url in articles)
    return f'<!doctype html><meta charset="utf-8"><nav><ul>{menu}</ul></nav><main>{cards}{share}</main>'.encode()


def posts(articles: list[str], others: list[str]) -> bytes:
    """An answer of WordPress's JSON API."""
    found = [
        {
            "link": url,
            "title": {"rendered": "Titre"},
            "date": "2023-11-24T18:05:00",
            "date_gmt": "2023-11-24T17:05:00",
            "modified_gmt": "2023-11-25T07:00:00",
        }
        for url in [*articles, *others]
    ]
    return json.dumps(found).encode()


# -- pages -------------------------------------------------------------------------------------------------------------

#: How an outlet prints the date of an article, where it is known (facts of 2023-2026), and where its own system says no more.
DATES = {
    "hespress": "words-dash", "hespress-fr": "words-dash", "le360-fr": "le-a", "le360-ar": "clock-ar", "akhbarona": "numbers",
    "ahdath": "weekday", "barlamane-fr": "day-of-visit", "yabiladi": "two-dates", "bladi": "spip-line", "20minutes": "short-year",
    "le-point": "publie-le", "lexpress": "meta-naive", "maroc-ma": "times", "maghress": "maghress", "assabah": "meta",
    "chouftv": "bar", "mediapart": "jsonld", "anadolu": "jsonld",
}  # fmt: skip
_BY_SYSTEM = {
    "wordpress": "meta",
    "arc-xp": "jsonld",
    "drupal": "times",
    "spip": "spip-line",
    "wmaker": "publie-le",
    "fmm": "jsonld",
}

#: Forms that print no hour.
DAYS_ONLY = {"weekday", "day-of-visit", "maghress"}


def date_form(source: Source) -> str:
    """The name of the form in which an outlet prints its dates."""
    return DATES.get(source.name) or _BY_SYSTEM.get(source.system, "jsonld")


def day_in(url: str) -> datetime:
    """The day that an address names, at 18:05 local; 24 November 2023 where it names none."""
    for pattern, order in ((r"(20\d\d)[-/]?(\d\d?)[-/]?(\d\d?)", (1, 2, 3)), (r"(\d\d)-(\d\d)-(20\d\d)", (3, 2, 1))):
        for found in re.finditer(rf"(?<!\d){pattern}(?=\D|$|\d{{4,12}}(?!\d))", url):
            year, month, day = (int(found[place]) for place in order)
            try:
                return datetime(year, month, day, 18, 5)  # noqa: DTZ001 - local, its zone is the outlet's
            except ValueError:
                continue
    if (found := re.search(r"/(\d\d)(\d\d)(\d\d)/", url)) and int(found[1]) <= 31 and 1 <= int(found[2]) <= 12:
        return datetime(2000 + int(found[3]), int(found[2]), int(found[1]), 18, 5)  # noqa: DTZ001
    return datetime(2023, 11, 24, 18, 5)  # noqa: DTZ001


def article(source: Source, url: str, language: str) -> tuple[bytes, datetime]:
    """A page of an article in an outlet's form, and the instant of its publication (UTC)."""
    local = day_in(url)
    at = to_utc(local, zone(source.timezone))
    form, words = date_form(source), WORDS[language]
    head, line = _date(form, local, at, language)
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in words.paragraphs)
    see = "اقرأ أيضا" if language == "ar" else "Lire aussi"
    related = f'<aside class="related"><h3>{see}</h3><ul><li><a href="/x">{see} : {"كلمات " if language == "ar" else "mots "}</a></li></ul></aside>'
    content = {
        "wordpress": "entry-content",
        "arc-xp": "article-body-wrapper",
        "drupal": "field--name-body",
        "spip": "texte",
    }
    wrapper = "span" if source.selectors.text == "span.articlecontent" else "div"
    name = "articlecontent" if wrapper == "span" else content.get(source.system, "article-body")
    page = f"""<!doctype html><html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"><head><meta charset="utf-8">
<title>{escape(words.title)} - {escape(source.title)}</title><meta property="og:title" content="{escape(words.title)}">
<meta property="og:site_name" content="{escape(source.title)}"><link rel="canonical" href="{escape(url)}">{head}</head>
<body><header><a href="/">{escape(source.title)}</a>{_visit(form, language)}</header>
<main><article class="post"><h1 class="entry-title">{escape(words.title)}</h1>{line}
<{wrapper} class="{name}">{body}</{wrapper}>{related}</article></main>
<footer>© 2021 {escape(source.title)}</footer></body></html>"""
    return page.encode(), at


def _date(form: str, local: datetime, at: datetime, language: str) -> tuple[str, str]:
    """What a page's head and its line under the title say of the date."""
    weekday, month = _DAYS[language][local.weekday()], _MONTHS[language][local.month - 1]
    by = "بقلم هيئة التحرير" if language == "ar" else "Par la rédaction"
    words = f"{weekday} {local.day} {month} {local.year}"
    changed = local + timedelta(days=1)
    lines = {
        "words-dash": f'<span class="date-card"><small class="text-muted time">{words} - {local:%H:%M}</small></span>',
        "le-a": f"<div class='subheadline-date'>Le {local:%d/%m/%Y} à {local:%H}h{local:%M}</div>",
        "clock-ar": f"<div class='subheadline-date'>في {local:%d/%m/%Y} على الساعة {local:%H:%M}</div>",
        "numbers": f'<span class="story_date">{local:%d/%m/%Y %H:%M:%S}</span>',
        "weekday": f"<div class='author'>{by}</div><div>{words}</div>",
        "day-of-visit": f"<div class='meta'>{local.day} {month} {local.year}</div>",
        "two-dates": f"<p>Publié le {local:%d/%m/%Y} à {local:%H}h{local:%M}</p><p>Article modifié le {changed:%d/%m/%Y} à 11h41</p>",
        "spip-line": f"<p class='info'>{local.day} {month} {local.year} - {local:%H}h{local:%M} - Monde - Ecrit par : A. B</p>",
        "short-year": f"<p>Publié le {local:%d/%m/%y} à {local:%H}h{local:%M}</p>",
        "publie-le": f"<p>Publié le {local:%d/%m/%Y} à {local:%H}h{local:%M}</p>",
        "times": f'<time datetime="{at.isoformat()}">{words}</time>',
        "maghress": f'<span class="articlenewspaper">نشر في المنارة يوم {local:%d - %m - %Y}</span>',
        "bar": f"<time>{words} | {local:%H:%M}</time>",
    }
    heads = {
        "meta": f'<meta property="article:published_time" content="{at.isoformat()}">',
        "meta-naive": f'<meta property="article:published_time" content="{local.isoformat()}">',
        "jsonld": _graph(at),
    }
    later = (
        f'<aside><time datetime="{(at + timedelta(days=30)).isoformat()}">x</time></aside>' if form == "times" else ""
    )
    return heads.get(form, ""), lines.get(form, f"<div class='byline'>{by}</div>") + later


def _graph(at: datetime) -> str:
    told: dict[str, Any] = {"@context": "https://schema.org", "@type": "NewsArticle", "datePublished": at.isoformat()}
    return f'<script type="application/ld+json">{json.dumps(told)}</script>'


def _visit(form: str, language: str) -> str:
    """The day of the visit that some headers print."""
    return "<div>dimanche, octobre 26, 2025</div>" if form == "day-of-visit" else ""
