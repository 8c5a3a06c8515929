from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from archive.records import Article, Outcome, Rejected
from pipelines.extract import extract, read_page
from sources.model import Articles, Entry, Selectors, Source

URL = "https://www.lephare.example/societe/2026/03/le-port-rouvre"
PARAGRAPHS = [
    "Le port de la ville a rouvert mardi matin après trois semaines de travaux, ont annoncé les autorités locales lors d'une visite.",
    "Les premiers bateaux sont entrés dans le bassin peu avant huit heures, sous les applaudissements de quelques dizaines d'habitants.",
    "« Nous attendions ce jour depuis longtemps », a confié un pêcheur, qui a perdu une partie de sa saison pendant la fermeture.",
    "La capitainerie promet que le trafic reviendra à la normale avant la fin du mois et que les contrôles seront renforcés.",
]
TITLE = "Le port rouvre après trois semaines de travaux"


def page(body: str, *, head: str = "", title: str = TITLE, lang: str = "fr") -> bytes:
    return f"<!doctype html><html lang='{lang}'><head><title>{title} - Le Phare</title>{head}</head><body>{body}</body></html>".encode()


def prose(paragraphs: list[str] = PARAGRAPHS) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def story(body: str = "", *, before: str = "", head: str = "", title: str = TITLE) -> bytes:
    return page(
        f"<main><article><h1>{title}</h1>{before}<div class='entry-content'>{body or prose()}</div></article></main>",
        head=head,
        title=title,
    )


def statement(**values: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, **values}
    return f"<script type='application/ld+json'>{json.dumps(node, ensure_ascii=False)}</script>"


def article(body: bytes, url: str = URL, source: Source | None = None) -> Article:
    result = extract(body, url, source=source)
    assert isinstance(result, Article), result
    return result


def rejection(body: bytes, url: str = URL, content_type: str | None = None) -> Outcome:
    result = extract(body, url, content_type=content_type)
    assert isinstance(result, Rejected), result
    return result.outcome


def outlet(selectors: Selectors) -> Source:
    return Source(
        name="lephare", title="Le Phare", languages=["fr"], timezone="Europe/Paris", country="FR", kind="portal",
        domains=["lephare.example"], entry=Entry(), articles=Articles(match=["/"]), selectors=selectors,
    )  # fmt: skip


def test_the_text_is_the_article_and_nothing_else() -> None:
    found = article(story())
    assert found.text.split("\n") == PARAGRAPHS
    assert (found.title, found.lang, found.dialect) == (TITLE, "fr", None)
    assert found.text_hash == ""


def test_words_are_never_glued_by_markup() -> None:
    body = "<div>الرباط<div>وباريس</div>توقعان</div>" + "".join(
        f"<div>تواصل الوفود اجتماعاتها في العاصمة اليوم {n} لبحث ملفات التعاون بين البلدين في مجالات مختلفة.</div>"
        for n in ("الأول", "الثاني", "الثالث", "الرابع")
    )
    text = article(
        page(
            f"<article><h1>الوفود تواصل اجتماعاتها في العاصمة</h1>{body}</article>",
            title="الوفود تواصل اجتماعاتها في العاصمة",
            lang="ar",
        )
    ).text
    assert "الرباطوباريس" not in text
    assert "وباريستوقعان" not in text


def test_line_breaks_part_paragraphs() -> None:
    text = article(story(f"<p>{'<br>'.join(PARAGRAPHS)}</p>")).text
    assert text.split("\n") == PARAGRAPHS


def test_the_standfirst_is_restored_and_kept_as_a_field() -> None:
    lead = "Fermé depuis février pour des travaux d'urgence, le bassin a accueilli ses premiers chalutiers sous bonne garde."
    found = article(story(before=f"<p class='article__chapo'>{lead}</p><p class='meta'>Publié le 3 mars 2026</p>"))
    assert found.standfirst == lead
    assert found.text.split("\n") == [lead, *PARAGRAPHS]


def test_a_standfirst_without_a_telling_class_is_known_by_the_description() -> None:
    lead = "Fermé depuis février pour des travaux d'urgence, le bassin a accueilli ses premiers chalutiers sous bonne garde."
    head = f'<meta name="description" content="{lead[:90]}…">'
    found = article(
        page(f"<div><h1>{TITLE}</h1><h2>{lead}</h2></div><div class='post-content'>{prose()}</div>", head=head)
    )
    assert found.standfirst == lead
    assert found.text.startswith(lead + "\n")


def test_a_standfirst_that_is_in_the_text_is_not_doubled() -> None:
    lead = "Fermé depuis février pour des travaux d'urgence, le bassin a accueilli ses premiers chalutiers sous bonne garde."
    found = article(story(f"<p class='chapo'>{lead}</p>{prose()}"))
    assert found.text.count("premiers chalutiers") == 1


def test_a_class_that_calls_the_whole_body_an_introduction_is_not_believed() -> None:
    found = article(story(before=f"<div class='intro'>{prose()}</div>", body=prose(PARAGRAPHS[2:])))
    assert found.text.count(PARAGRAPHS[2]) == 1


@pytest.mark.parametrize(
    "leak",
    [
        "<p>Lire aussi : <a href='/autre'>Les pêcheurs réclament des aides</a></p>",
        "<p><strong>À lire également</strong></p>",
        "<p><strong>اقرأ أيضا:</strong> <a href='/autre'>خبر آخر عن الميناء</a></p>",
        "<p><a href='/autre'>Trois questions sur la réouverture du bassin</a></p>",
        "<div class='related-posts'><h3>Sur le même thème</h3><p>Une vieille histoire de bateaux et de marées qui revient.</p></div>",
        "<p>Temps de lecture : 4 minutes</p>",
        "<p class='wp-caption-text'>Le bassin vu du ciel, en mars.</p>",
        "<p>© Le Phare / Agence</p>",
        "<p>Ce site utilise des cookies pour améliorer votre expérience.</p>",
        "<p>Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec *</p>",
        "<p>الآراء الواردة في التعليقات لا تعبر عن رأي الموقع</p>",
        "<p>Suivez-nous sur les réseaux sociaux</p>",
        "<blockquote class='twitter-tweet'><p>Le port est ouvert ! #port — Un compte (@compte)</p></blockquote>",
        "<p>Accueil &gt; Société &gt; Le port</p>",
    ],
)
def test_what_surrounds_an_article_is_left_out(leak: str) -> None:
    body = f"<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>{leak}<p>{PARAGRAPHS[2]}</p><p>{PARAGRAPHS[3]}</p>"
    assert article(story(body)).text.split("\n") == PARAGRAPHS


def test_a_policy_on_comments_at_the_end_is_left_out() -> None:
    policy = "Nous accueillons volontiers vos commentaires, qui sont modérés a priori par notre équipe ; en les publiant vous acceptez notre charte et notre politique de confidentialité, dont nous vous recommandons la lecture attentive avant toute contribution au débat."
    assert article(story(prose([*PARAGRAPHS, policy]))).text.split("\n") == PARAGRAPHS


def test_prose_that_begins_like_a_pointer_stays() -> None:
    kept = "Lire aussi bien le passé que le présent de ce port demande de la patience, explique l'historienne, qui a passé dix ans dans ses archives et en a tiré un ouvrage où elle raconte comment les familles de pêcheurs ont tenu tête aux promoteurs, aux tempêtes et aux préfets successifs."
    assert kept in article(story(prose([*PARAGRAPHS, kept]))).text


def test_the_byline_leaves_the_text_and_becomes_authors_and_agency() -> None:
    found = article(
        story(
            f"{prose()}<p>Nadia Idrissi avec AFP</p>",
            head=statement(author={"@type": "Person", "name": "Par Nadia Idrissi avec AFP"}),
        )
    )
    assert found.authors == ["Nadia Idrissi"]
    assert found.agency == "AFP"
    assert "Idrissi" not in found.text


def test_an_agency_in_the_dateline_is_found() -> None:
    found = article(story(f"<p>Rabat (MAP) - {PARAGRAPHS[0]}</p>{prose(PARAGRAPHS[1:])}"))
    assert found.agency == "MAP"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Karim Alaoui et Salma Tazi", ["Karim Alaoui", "Salma Tazi"]),
        ("بقلم: سلمى التازي", ["سلمى التازي"]),
        ("Karim Alaoui, correspondant à Madrid (Espagne)", ["Karim Alaoui"]),
        ("https://www.lephare.example/author/admin", []),
        ("admin", []),
    ],
)
def test_authors_are_names(byline: str, names: list[str]) -> None:
    assert article(story(head=f'<meta name="author" content="{byline}">')).authors == names


@pytest.mark.parametrize(
    "written", [f"{TITLE} | Le Phare", f"Le Phare - {TITLE}", f"{TITLE} – Société – Le Phare", TITLE]
)
def test_the_title_comes_without_the_outlets_name(written: str) -> None:
    head = f'<meta property="og:site_name" content="Le Phare"><meta property="og:title" content="{written}">'
    found = article(
        page(f"<div class='logo'><h1>Le Phare</h1></div><h1>{TITLE}</h1><article>{prose()}</article>", head=head)
    )
    assert found.title == TITLE


def test_the_site_name_in_a_heading_is_not_the_title() -> None:
    head = f'<meta property="og:site_name" content="Le Phare"><meta property="og:title" content="{TITLE} | Le Phare">'
    assert article(page(f"<h1>Le Phare</h1><article>{prose()}</article>", head=head)).title == TITLE


def test_the_title_is_not_the_first_line_of_the_text() -> None:
    assert article(story(f"<h2>{TITLE}</h2>{prose()}")).text.split("\n") == PARAGRAPHS


def test_section_tags_image_canonical_and_twins_are_read() -> None:
    head = (
        statement(articleSection="Société", keywords="port, pêche", image={"url": "/img/bassin.jpg"})
        + "<link rel='canonical' href='/societe/2026/03/le-port-rouvre'>"
        + "<link rel='alternate' hreflang='ar' href='https://www.lephare.example/ar/mina'><link rel='alternate' hreflang='x-default' href='/'>"
    )
    found = article(story(head=head), url=URL + "?utm_source=lettre")
    assert (found.section, found.tags, found.image) == (
        "Société",
        ["port", "pêche"],
        "https://www.lephare.example/img/bassin.jpg",
    )
    assert found.canonical == URL
    assert found.twins == {"ar": "https://www.lephare.example/ar/mina"}


def test_a_canonical_that_names_the_home_page_is_not_believed() -> None:
    assert article(story(head="<link rel='canonical' href='https://www.lephare.example/'>")).canonical is None


def test_a_logo_is_no_lead_image() -> None:
    assert (
        article(story(head='<meta property="og:image" content="https://www.lephare.example/static/logo.png">')).image
        is None
    )


def test_the_paywall_is_told_by_statement_or_by_notice_and_the_notice_removed() -> None:
    notice = "<p>Il vous reste 62.5% de cet article à lire. La suite est réservée aux abonnés.</p>"
    found = article(story(prose() + notice))
    assert found.paywalled is True
    assert found.text.split("\n") == PARAGRAPHS
    assert article(story(head=statement(isAccessibleForFree="False"))).paywalled is True
    assert article(story(head=statement(isAccessibleForFree=True))).paywalled is False
    assert article(story()).paywalled is None


def test_article_body_is_taken_where_the_page_has_only_its_beginning() -> None:
    more = [
        f"{paragraph} Voilà ce que rapporte notre envoyée sur place au soir du jour {day}."
        for day, paragraph in enumerate(PARAGRAPHS * 2, 1)
    ]
    head = statement(articleBody="\n".join([*PARAGRAPHS, *more]))
    assert article(story(prose(PARAGRAPHS[:1]), head=head)).text.split("\n") == [*PARAGRAPHS, *more]


def test_an_article_cut_into_several_blocks_is_read_whole() -> None:
    blocks = [
        f"<div class='article-content'><p>{paragraph} {paragraph}</p><p>{paragraph}</p></div><div class='ad'></div>"
        for paragraph in PARAGRAPHS
    ]
    text = article(page(f"<h1>{TITLE}</h1><div>{''.join(blocks)}</div>")).text
    assert all(paragraph in text for paragraph in PARAGRAPHS)


def test_selectors_of_the_outlet_come_first() -> None:
    body = page(
        f"<h1>Rubrique du jour</h1><p class='t'>{TITLE}</p><p class='who'>Salma Tazi</p><div id='x'>{prose()}<p class='promo'>Notre offre de printemps vous attend.</p></div>"
    )
    source = outlet(Selectors(text="#x", title=".t", authors=".who", drop=[".promo"]))
    found = article(body, source=source)
    assert (found.title, found.authors, found.source) == (TITLE, ["Salma Tazi"], "lephare")
    assert found.text.split("\n") == PARAGRAPHS


def test_quality_is_high_where_the_text_keeps_what_the_title_promises() -> None:
    good = article(story(prose(PARAGRAPHS * 2)))
    other = article(story(prose(PARAGRAPHS * 2), title="Concert annulé faute de public au théâtre municipal"))
    assert 0.8 < good.quality <= 1.0
    assert other.quality < good.quality - 0.3


LISTING = "".join(f"<article class='post'><h2><a href='/a/{n}'>Une nouvelle numéro {n} de la semaine au port</a></h2><p>Les faits se sont produits dans la nuit et l'enquête numéro {n} continue…</p></article>" for n in range(12))  # fmt: skip


@pytest.mark.parametrize(
    ("body", "url", "outcome"),
    [
        (b"", URL, Outcome.EMPTY),
        (page(""), URL, Outcome.EMPTY),
        (page("<div id='root'></div><script>render()</script>"), URL, Outcome.EMPTY),
        (b"%PDF-1.5 ...", URL, Outcome.UNDECODABLE),
        (page(f"<body class='archive category'>{LISTING}</body>", title="Société"), "https://www.lephare.example/societe/", Outcome.NOT_ARTICLE),
        (page(LISTING, title="Actualités"), "https://www.lephare.example/actualites?page=2", Outcome.NOT_ARTICLE),
        (page(LISTING + prose(), title="Le Phare"), "https://www.lephare.example/", Outcome.NOT_ARTICLE),
        (page("<h1>Page introuvable</h1><p>La page que vous cherchez n'existe pas ou plus. Revenez à l'accueil.</p>", title="Page introuvable"), URL, Outcome.NOT_ARTICLE),
        (page("<h1>عذرا، الصفحة غير موجودة</h1><p>ربما تم نقل الصفحة أو حذفها.</p>", title="404", lang="ar"), URL, Outcome.NOT_ARTICLE),
        (page("<h1>Checking your browser</h1><script src='/cdn-cgi/challenge-platform/x.js'></script>", title="Just a moment..."), URL, Outcome.WALL),
        (page("<p>Please enable JS and disable any ad blocker</p><script src='https://ct.captcha-delivery.com/c.js'></script>", title="lephare.example"), URL, Outcome.WALL),
        (page("<h1>Nous respectons votre vie privée</h1><p>Avec votre accord, nos partenaires et nous utilisons des cookies.</p><a href='/ok'>Accepter</a>", title="Nous respectons votre vie privée"), URL, Outcome.WALL),
        (b"<?xml version='1.0'?><rss version='2.0'><channel><title>Le Phare</title></channel></rss>", URL, Outcome.NOT_ARTICLE),
        (b'{"articles": []}', URL, Outcome.NOT_ARTICLE),
        (page("<h1>En images</h1>" + "<figure><img src='/1.jpg'><figcaption>Une vue</figcaption></figure>" * 9), URL, Outcome.NOT_ARTICLE),
    ],
    ids=["no bytes", "no text", "script only", "pdf", "category", "paged listing", "home", "not found", "not found ar", "challenge", "captcha", "consent", "feed", "json", "gallery"],
)  # fmt: skip
def test_what_is_no_article_is_rejected_with_its_outcome(body: bytes, url: str, outcome: Outcome) -> None:
    assert rejection(body, url) is outcome


def test_an_article_about_errors_and_walls_is_an_article() -> None:
    title = "Erreur 404 : ce que les pages introuvables disent du web"
    assert article(story(prose(PARAGRAPHS * 2), title=title, head=statement(headline=title))).title == title


def test_a_short_flash_that_calls_itself_an_article_is_kept() -> None:
    flash = "Urgent : le port de la ville rouvrira mardi matin, annonce la capitainerie."
    assert article(story(f"<p>{flash}</p>", head=statement())).text == flash


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 5000 + prose().encode(),
        b"<ul><li>" * 3000 + prose().encode() + b"</li></ul>" * 3000,
        b"<blockquote>" * 200 + prose().encode() + b"</blockquote>" * 200,
        b"<p>" + b"a" * 5_000_000,
        b"<script>" * 30_000,
        b"<" * 300_000,
        b"\xff<p>" * 20_000,
        story()[:-900],
        story().replace(b" ", b" \0\0"),
        b"<script type='application/ld+json'>" + b'{"a": "' * 20_000 + b"</script>" + story(),
        b"<title>" + b" | " * 100_000 + b"</title>" + prose().encode(),
        b"<p class='" + b"related " * 100_000 + b"'>x</p>" + prose().encode(),
        b"<b>" * 1_000_000,
        ("<div class='s'><p>" + PARAGRAPHS[0] + "</p></div>").encode() * 3000,
    ],
    ids=["divs", "lists", "quotes", "one word", "scripts", "brackets", "bad bytes", "cut", "zeros", "json", "title", "class", "many tags", "many blocks"],
)  # fmt: skip
def test_hostile_pages_are_read_or_rejected(body: bytes) -> None:
    assert isinstance(extract(body, URL), Article | Rejected)


def test_references_to_control_characters_do_not_spoil_the_page() -> None:
    body = f"<p>{PARAGRAPHS[0]}&#1;&#x0C;</p><div class='related-posts'>x</div>&#8;&#xFFFF;{prose(PARAGRAPHS[1:])}"
    assert article(story(body)).text.split("\n") == PARAGRAPHS


def test_the_parsed_page_is_handed_on_unchanged() -> None:
    reading = read_page(
        story(before="<time datetime='2026-03-03'>3 mars</time><script>x()</script>", head=statement()), URL
    )
    assert reading.tree is not None
    assert reading.tree.find(".//time") is not None
    assert sum(1 for _ in reading.tree.iter("script")) == 2
    assert reading.statements[0]["headline"] == TITLE


def test_an_article_can_be_serialised() -> None:
    found = replace(article(story(head=statement())), source="x")
    assert msgspec.json.decode(msgspec.json.encode(found))["title"] == TITLE
