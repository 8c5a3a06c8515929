"""Who wrote: persons by name, never the outlet, a desk or a section; and the agency the text names."""

from __future__ import annotations

import json

import pytest

from archive.records import Article
from pipelines.extract import extract
from pipelines.extraction.bylines import agency_in_text, names_of, says_who

URL = "https://www.lequai.example/vie/le-bac-reprend"
TITLE = "Le bac reprend ses traversées après deux mois d'arrêt"
PARAGRAPHS = [
    "Le bac a repris ses traversées lundi matin, au grand soulagement des maraîchers de l'autre rive, qui perdaient une journée par livraison.",
    "La direction du port reconnaît que les travaux ont coûté le double de ce qui était prévu, après la découverte d'une coque rongée.",
    "Un second bateau doit rejoindre la ligne avant l'été prochain si le conseil adopte le budget lors de sa prochaine session.",
]


def read(byline: str = "", *, head: str = "", first: str = PARAGRAPHS[0], end: str = "") -> Article:
    prose = "".join(f"<p>{paragraph}</p>" for paragraph in [first, *PARAGRAPHS[1:]])
    page = f"""<html lang=fr><head><title>{TITLE} - Le Quai du Nord</title>{head}</head><body><header><a href="/">Le Quai du Nord</a></header>
    <main><h1>{TITLE}</h1>{byline}<div class=c>{prose}{end}</div></main></body></html>"""
    result = extract(page.encode(), URL)
    assert isinstance(result, Article), result
    return result


def statement(author: object) -> str:
    node = {"@type": "NewsArticle", "headline": TITLE, "author": author, "publisher": {"name": "Le Quai du Nord"}}
    return f"<script type='application/ld+json'>{json.dumps(node)}</script>"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("<p>Par Salma Tazi et Karim Alaoui | 4 octobre 2025 à 01h40 | Temps de lecture : 3 min</p>", ["Salma Tazi", "Karim Alaoui"]),
        ("<div>Par <span class=n><a href=/a>Salma Tazi</a></span><span class=d>Le 04/10/2025 à 01h40</span></div>", ["Salma Tazi"]),
        ("<div>Par Salma Tazi, le <time>vendredi 24 novembre 2023 à 10:00</time></div>", ["Salma Tazi"]),
        ("<p>بقلم: سلمى التازي</p>", ["سلمى التازي"]),
        ("<p>سلمى التازي - 24 نونبر 2023</p>", ["سلمى التازي"]),
        ("<p>سلمى التازي وكريم العلوي - 24 نونبر 2023</p>", ["سلمى التازي", "كريم العلوي"]),
        ("<div class=info><span class=by>Le Quai du Nord - Salma Tazi</span> <span>24/11/2023 - 22:15</span></div>", ["Salma Tazi"]),
        ("<p>Casablanca - 24 novembre 2023</p>", []),
        ("<p>الدار البيضاء - 24 نونبر 2023</p>", []),
        ("<p>Le Quai du Nord - 24 novembre 2023 à 10:00</p>", []),
        ("<p>La rédaction, le 24 novembre 2023</p>", []),
        ("<p>Par Le Quai du Nord avec agences</p>", []),
        ("<p class=author>هيئة التحرير</p>", []),
    ],
)  # fmt: skip
def test_the_visible_byline_is_read(byline: str, names: list[str]) -> None:
    found = read(byline)
    assert found.authors == names
    assert found.text.split("\n") == PARAGRAPHS


@pytest.mark.parametrize(
    "name", ["Le Quai du Nord", "Quai du Nord", "La rédaction", "lequai", "هيئة التحرير", "Rédaction web"]
)
def test_the_outlet_and_its_desks_are_no_authors(name: str) -> None:
    assert read(head=statement({"@type": "Organization", "name": name})).authors == []
    assert read(head=f'<meta name="author" content="{name}">').authors == []


def test_a_byline_of_another_article_on_the_page_is_not_taken() -> None:
    cards = "".join(f"<div><span class=author>{name}</span></div>" for name in ("Nora Filali", "Youssef Amrani"))
    assert read(end=f"</div><aside>{cards}</aside><div>").authors == []


def test_a_signature_at_the_end_leaves_the_text() -> None:
    found = read(end="<p>Propos recueillis par Salma Tazi</p>")
    assert found.authors == ["Salma Tazi"]
    assert found.text.split("\n") == PARAGRAPHS


def test_prose_that_begins_like_a_byline_is_prose() -> None:
    assert not says_who("Par Rabat passent toutes les routes du nord.")
    assert not says_who("Par ailleurs")
    assert not says_who("تحرير الميناء من قبضة المضاربين")


@pytest.mark.parametrize(
    ("first", "agency"),
    [
        ("الرباط (و م ع) – استأنفت العبارة رحلاتها صباح الاثنين بين ضفتي النهر، وسط ارتياح المزارعين.", "MAP"),
        ("الرباط (ومع) - استأنفت العبارة رحلاتها صباح الاثنين بين ضفتي النهر، وسط ارتياح المزارعين.", "MAP"),
        ("باريس (أ ف ب) - استأنفت العبارة رحلاتها صباح الاثنين بين ضفتي النهر، وسط ارتياح المزارعين.", "AFP"),
        ("Rabat (MAP) – Le bac a repris ses traversées lundi.", "MAP"),
        ("Madrid, (EFE).- Le bac a repris ses traversées lundi.", "EFE"),
        ("Le bac (un MAP de douze mètres) a repris ses traversées lundi.", None),
    ],
)
def test_the_agency_of_the_dateline(first: str, agency: str | None) -> None:
    assert agency_in_text([first, *PARAGRAPHS], []) == agency
    assert agency_in_text([PARAGRAPHS[1], first, *PARAGRAPHS], []) == agency


def test_the_agency_at_the_end() -> None:
    assert agency_in_text([*PARAGRAPHS, "Le trafic reprendra en entier jeudi. (AFP)"], []) == "AFP"
    assert read(end="<p>Le Quai du Nord avec AFP</p>").agency == "AFP"


def test_names_and_agencies_in_one_line() -> None:
    assert names_of("Par Nadia Idrissi (avec MAP)") == (["Nadia Idrissi"], "MAP")
    assert names_of("Salma Tazi, rédactrice") == (["Salma Tazi"], None)
