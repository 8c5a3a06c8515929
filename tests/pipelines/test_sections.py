"""Where an outlet files an article: stated by the page's data, or shown to its readers only."""

from __future__ import annotations

import json

import pytest

from archive.records import Article
from pipelines.extract import extract

TITLE = "Le port de pêche rouvre après trois semaines de travaux"
PROSE = "".join(
    f"<p>Le quai numéro {number} accueille de nouveau les chalutiers depuis lundi matin, a dit la capitainerie du port.</p>"
    for number in range(1, 9)
)


def read(before: str = "", after: str = "", head: str = "") -> Article:
    body = (
        f"<!doctype html><html lang='fr'><head><title>{TITLE} - Le Phare</title>"
        f"<meta property='og:site_name' content='Le Phare'>{head}</head>"
        f"<body><main><article>{before}<h1>{TITLE}</h1><div>{PROSE}</div>{after}</article></main></body></html>"
    )
    found = extract(body.encode(), "https://www.lephare.example/a/le-port-rouvre")
    assert isinstance(found, Article)
    return found


def stated(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": TITLE} | fields)}</script>'


@pytest.mark.parametrize(
    ("trail", "section"),
    [
        ("<nav class='breadcrumb'><a href='/'>Accueil</a> » <a href='/mer'>Mer</a></nav>", "Mer"),
        ("<ol aria-label='Breadcrumb'><li><a href='/'>Le Phare</a><li><a>Région</a><li><a>Ports</a></ol>", "Ports"),
        # The article itself, cut, is no section; nor are the way home and the outlet.
        ("<div id='fil-ariane'><a>Accueil</a> > <a>Ports</a> > <a>Le port de pêche rouvre apr...</a></div>", "Ports"),
        ("<ul class='td-breadcrumbs'><li><a href='/'>الرئيسية</a><li><a href='/s'>مجتمع</a></ul>", "مجتمع"),
        ("<div class='breadcrumb'><a href='/'>Accueil</a> <a href='/p'>Le Phare</a></div>", None),
        ("<nav class='breadcrumb'>" + "<a href='/x'>Rubrique</a>" * 30 + "</nav>", None),
        ("<a rel='category tag' href='/c/mer'>Mer</a>", "Mer"),
    ],
    ids=["nav", "list", "cut title", "arabic", "only home", "menu", "category"],
)
def test_the_section_is_read_from_what_the_reader_sees(trail: str, section: str | None) -> None:
    assert read(before=trail).section == section


def test_what_the_page_states_of_its_section_comes_first() -> None:
    trail = "<nav class='breadcrumb'><a href='/'>Accueil</a><a href='/mer'>Mer</a></nav>"
    assert read(before=trail, head=stated(articleSection="Économie")).section == "Économie"
    assert read(before=trail, head=stated(articleSection="A la une, Économie")).section == "Économie"
    assert read(before=trail, head=stated(articleSection="/economie/ports/")).section == "Mer"


def test_tag_links_are_the_tags_where_nothing_else_states_any() -> None:
    own = "<div class='tags'><a rel='tag' href='/t/port'>port</a> <a rel='tag' href='/t/peche'>#pêche</a></div>"
    other = "<div class='card'><a rel='tag' href='/t/rugby'>rugby</a></div>"
    assert read(after=own + other).tags == ["port", "pêche"]
    assert read(after=own, head=stated(keywords=["chalut"])).tags == ["chalut"]
    listed = (
        "<ul>" + "".join(f"<li><a rel='tag' href='/t/{name}'>{name}</a></li>" for name in ("port", "mer")) + "</ul>"
    )
    assert read(after=listed + other).tags == ["port", "mer"]


def test_keywords_that_are_the_same_on_every_page_are_no_tags() -> None:
    assert read(head="<meta name='keywords' content='Le Phare, actualité, info'>").tags == []
    assert read(head="<meta name='keywords' content='port, pêche'>").tags == ["port", "pêche"]


def test_a_lone_keyword_may_be_a_list_but_a_name_among_others_keeps_its_comma() -> None:
    assert read(head="<meta property='article:tag' content='port،pêche,quai'>").tags == ["port", "pêche", "quai"]
    assert read(head=stated(keywords=["Mer, pêche et ports", "Sète"])).tags == ["Mer, pêche et ports", "Sète"]
