"""Search finds what was asked for and nothing else, counts it, and shows where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from archive import matching, mongo, postings, shelf
from archive.search import Found, parse_question, search
from language.tokens import RULES

START = datetime(2023, 11, 20, 8, tzinfo=UTC)
COUNTRIES = {"alpha": "MA", "beta": "FR"}


def article(number: int, lang: str, title: str, text: str, **more: Any) -> dict[str, Any]:
    """An article as the archive would hold it, as far as search looks at it."""
    at = START + timedelta(days=number)
    document = {
        "_id": f"{number:020x}",
        "url": f"https://outlet.example/{number}",
        "source": "alpha" if lang == "ar" else "beta",
        "lang": lang,
        "title": title,
        "text": text,
        "published": {"at": at, "date": f"{at:%Y-%m-%d}", "precision": "minute"},
        "first_seen": at,
        "topic": {"score": 0.5 + number / 100, "aspects": ["events"], "entities": ["person:hammouchi"]},
        "copy_of": None,
        "gone_at": None,
        "story": None,
        "story_keys": [],
        "twins": {},
        "version": 1,
        "version_at": at,
    } | more
    words = shelf.words_of(document["source"], title, text, document["topic"])
    return document | {"search": shelf.search_field(document, words)}


@pytest.fixture(scope="module")
def library(mongodb_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """A few articles of ours, in both languages."""
    made: Database[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(mongodb_uri))["test_search"]
    mongo.prepare(made)
    for name in ("articles", "versions"):
        made.command("collMod", name, validator={})
    made.articles.insert_many(
        [
            article(0, "ar", "حموشي في باريس", "استقبل المدير العام للأمن الوطني وفدا. وقال إن التعاون ممتاز.", story="s"),
            article(1, "fr", "Hammouchi à Paris", "L’accord de sécurité nationale signé par la D.G.S.N.", story="s"),
            article(2, "ar", "وزير الداخلية", "تحدث الوزير عن الأمن في باريس، وعن الوطني والدولي.", gone_at=START),
            article(3, "ar", "حموشي في باريس", "استقبل المدير العام للأمن الوطني وفدا.", copy_of=f"{0:020x}"),
            article(4, "fr", "Un arrêté", "La police nationale veille sur la sécurité à Rabat.", topic={
                "score": 0.1, "aspects": ["terrorism"], "entities": ["place:rabat"]}),
            article(5, "fr", "Sans date", "Un accord sans date.", published=None),
            article(6, "ar", "قرية الزير", "يباع الزير في السوق."),
        ]
    )  # fmt: skip
    state = article(4, "fr", "Un décret", "La gendarmerie veille.")
    made.versions.insert_one(
        {"article": f"{4:020x}", "n": 1} | {name: state[name] for name in ("title", "text", "search")}
    )
    yield made
    made.client.drop_database("test_search")


def ask(library: Database[dict[str, Any]], text: str, **filters: Any) -> Found:
    return search(library, parse_question(text, **filters), countries=COUNTRIES)


def numbers(found: Found) -> list[int]:
    return [int(hit.article["_id"], 16) for hit in found.hits]


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
@pytest.mark.parametrize(
    ("text", "filters", "wanted"),
    [
        ("حموشي باريس", {}, [0]),
        ("باريس", {"sort": "newest"}, [2, 0]),
        ("باريس", {"sort": "oldest"}, [0, 2]),
        ("باريس", {}, [0, 2]),  # the title's words first
        ("باريس", {"copies": True, "sort": "newest"}, [3, 2, 0]),
        ('"الأمن الوطني"', {}, [0]),
        ("الأمن الوطني", {"sort": "newest"}, [2, 0]),
        ("الوطني", {"sort": "newest"}, [2, 0]),
        ('"العام للأمن الوطني"', {}, [0]),
        ('الأمن -"الأمن الوطني"', {}, [2]),
        ("باريس -حموشي", {}, [2]),
        ('باريس -"الأمن الوطني"', {}, [2]),
        ("-باريس", {"languages": ("ar",)}, [6]),
        ("وزير", {}, [2]),  # زير is another word, and وزير stands in the archive with its article
        ("زير", {"sort": "newest"}, [6, 2]),
        ("accord", {"sort": "newest"}, [1, 5]),
        ("accord", {"since": START}, [1]),
        ("dgsn", {}, [1]),
        ("securite nationale", {"sort": "newest"}, [4, 1]),
        ('"securites nationales"', {}, [1]),
        ('"police nationale"', {}, [4]),
        ('"police nationale veille"', {}, [4]),
        ('securite -"police nationale"', {}, [1]),
        ("", {"outlets": ("beta",), "sort": "newest"}, [4, 1, 5]),
        ("", {"countries": ("MA",), "gone": False, "sort": "newest"}, [6, 0]),
        ("", {"countries": ("MA",), "outlets": ("beta",)}, []),
        ("", {"gone": True}, [2]),
        ("", {"entities": ("person:hammouchi",), "languages": ("fr",), "sort": "newest"}, [1, 5]),
        ("", {"aspects": ("terrorism",)}, [4]),
        ("", {"relevance": 0.53, "sort": "newest"}, [6, 5]),
        ("", {"since": START + timedelta(days=1), "until": START + timedelta(days=4), "sort": "newest"}, [2, 1]),
        ("gendarmerie", {}, []),
        ("gendarmerie", {"versions": True}, [4]),
        ("xylophone", {}, []),
    ],
)
def test_a_question_finds_what_it_asks_for(
    library: Database[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    filters: dict[str, Any],
    wanted: list[int],
    many: bool,
) -> None:
    if many:  # as an archive is asked in which these words are frequent; a title tells nothing of them there
        wanted = wanted if "sort" in filters else sorted(wanted, reverse=True)
        filters = {"sort": "newest"} | filters
        monkeypatch.setattr(matching, "_COUNTED", 1)
        monkeypatch.setattr(matching, "FEW", 1)
        monkeypatch.setattr(matching, "MANY", 3)
        monkeypatch.setattr(postings, "FEW", 1)
    found = ask(library, text, **filters)
    assert (numbers(found), found.total) == (wanted, len(wanted))


def test_what_was_asked_for_is_shown_where_it_stands(library: Database[dict[str, Any]]) -> None:
    (hit,) = ask(library, "hammouchi securite").hits
    assert [hit.title.text[start:end] for start, end in hit.title.spans] == ["Hammouchi"]
    (excerpt,) = hit.excerpts
    assert [excerpt.text[start:end] for start, end in excerpt.spans] == ["sécurité"]
    assert hit.article["text"][excerpt.at :].startswith(excerpt.text)
    (earlier,) = ask(library, "gendarmerie", versions=True).hits
    assert (earlier.version, earlier.title.text, earlier.article["title"]) == (1, "Un décret", "Un arrêté")


def test_a_phrase_is_shown_as_a_whole_and_where_it_stands(database: Database[dict[str, Any]]) -> None:
    database.command("collMod", "articles", validator={})
    filler = "La sûreté veille, le port est calme, la police passe. " * 20
    database.articles.insert_one(article(1, "fr", "La police", f"{filler} Or la sûreté du port a changé. {filler}"))
    (hit,) = ask(database, '"sûreté du port" police').hits
    marks = {piece.text[start:end] for piece in hit.excerpts for start, end in piece.spans}
    assert marks == {"sûreté du port", "police"}
    assert [hit.title.text[start:end] for start, end in hit.title.spans] == ["police"]


def test_an_article_comes_with_the_other_language_of_its_story(library: Database[dict[str, Any]]) -> None:
    (hit,) = ask(library, "hammouchi accord").hits
    assert [(twin["lang"], twin["title"], twin["twin"]) for twin in hit.twins] == [("ar", "حموشي في باريس", False)]


def test_facets_and_timeline_count_what_was_found(library: Database[dict[str, Any]]) -> None:
    found = ask(library, "", copies=True)
    assert found.facets["outlet"] == [("alpha", 4), ("beta", 3)]
    assert found.facets["country"] == [("MA", 4), ("FR", 3)]
    assert found.facets["language"] == [("ar", 4), ("fr", 3)]
    assert found.facets["entity"] == [("person:hammouchi", 6), ("place:rabat", 1)]
    assert found.facets["aspect"] == [("events", 6), ("terrorism", 1)]
    assert found.timeline[:2] == [("2023-11-20", "ar", 1), ("2023-11-21", "fr", 1)]
    assert sum(number for _, _, number in found.timeline) == 6  # one has no date


def test_pages_follow_one_another(library: Database[dict[str, Any]]) -> None:
    pages = [numbers(ask(library, "", sort="newest", size=3, page=page)) for page in (1, 2, 3)]
    assert pages == [[6, 4, 2], [1, 0, 5], []]


@pytest.mark.parametrize(
    "filters",
    [
        {"sort": "best"}, {"page": 0}, {"size": 1000}, {"relevance": 7.0}, {"aspects": ("sport",)}, {"entities": ("person:nobody",)},
        {"since": START, "until": START},
    ],
)  # fmt: skip
def test_a_wrong_filter_is_refused_in_words(filters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"write|before|identifier"):
        parse_question("accord", **filters)


def test_articles_stored_by_other_rules_are_indexed_anew(database: Database[dict[str, Any]]) -> None:
    database.command("collMod", "articles", validator={})
    database.articles.insert_one(article(1, "ar", "حموشي", "نص") | {"search": "حموشي نص"})
    database.command("collMod", "versions", validator={})
    database.versions.insert_one({"article": f"{1:020x}", "n": 1, "title": "عنوان", "text": "قديم"})
    assert shelf.upgrade(database, lambda *_: None) == 1
    assert numbers(ask(database, "حموشي")) == [1]
    assert numbers(ask(database, "قديم", versions=True)) == [1]
    assert database.articles.count_documents({"search.rules": {"$ne": RULES}}) == 0


def test_a_phrase_stands_in_one_text_of_one_article(database: Database[dict[str, Any]]) -> None:
    database.command("collMod", "articles", validator={})
    filler = "Rien d’autre. " * 300
    database.articles.insert_many(
        [
            article(1, "fr", "La carrière de schiste", f"Ardoise et schiste. {filler} Basalte"),
            article(2, "fr", "Ardoise bleue et basalte", f"Ardoise encore. {filler} Schiste"),
            article(3, "fr", "Carrières", f"{filler} Le basalte, ardoise exceptée, y domine."),
            article(4, "ar", "مقلع", "قال وزير الطاقة إن الوزارة"),
        ]
    )
    assert numbers(ask(database, '"basalte ardoise"')) == [3]
    assert numbers(ask(database, '"schiste ardoise"')) == []
    assert numbers(ask(database, '"rien autre ardoise"')) == []
    assert numbers(ask(database, '"ardoise bleue et basalte"')) == [2]
    assert numbers(ask(database, 'basalte -"basalte ardoise"')) == [2, 1]
    assert numbers(ask(database, '"وزير الطاقه"')) == [4]  # the first word may also be و + زير


def test_many_articles_are_counted_as_few_are(database: Database[dict[str, Any]], monkeypatch: Any) -> None:
    database.command("collMod", "articles", validator={})
    database.articles.insert_many(
        [article(n, "ar" if n % 2 else "fr", f"Titre {n % 7}", f"mot {n % 5}", source=f"s{n % 3}") for n in range(200)]
    )
    questions = ["mot", "mot 3", "mot -3", '"mot 4"', "titre 6 mot 2", ""]
    few = [ask(database, text, size=200) for text in questions]
    monkeypatch.setattr("archive.postings.FEW", 10)
    monkeypatch.setattr("archive.matching.FEW", 10)
    monkeypatch.setattr("archive.matching._COUNTED", 50)
    many = [ask(database, text, size=200) for text in questions]
    assert [numbers(found) for found in many] == [numbers(found) for found in few]
    assert [(found.facets, found.timeline) for found in many] == [(found.facets, found.timeline) for found in few]
    three = sum(n % 7 == 3 or n % 5 == 3 for n in range(200))
    assert [found.total for found in few] == [200, three, 200 - three, 40, sum(n % 35 == 27 for n in range(200)), 200]


def test_a_frequent_phrase_is_found_without_reading_articles(
    library: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any) -> None:
        raise AssertionError("an article was read")

    monkeypatch.setattr(matching, "_having_phrase", read)
    assert numbers(ask(library, '"الأمن الوطني"')) == [0]
    assert numbers(ask(library, 'باريس -"الأمن الوطني"')) == [2]


def state_of(made: Database[dict[str, Any]], n: int, of: dict[str, Any], text: str, **more: Any) -> None:
    """Enter an earlier state of an article, with the marks it had then."""
    state = article(int(of["_id"], 16), of["lang"], of["title"], text, **more)
    made.versions.insert_one(
        {"article": of["_id"], "n": n} | {name: state[name] for name in ("title", "text", "search")}
    )


@pytest.fixture
def edited(mongodb_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """Three articles that were changed: one stands, one vanished, one is a copy."""
    made: Database[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(mongodb_uri))["test_search_edited"]
    mongo.prepare(made)
    for name in ("articles", "versions"):
        made.command("collMod", name, validator={})
    stands = article(0, "fr", "La foire", "La foire ferme.")
    gone = article(1, "fr", "Le marché", "Le marché ouvre.", gone_at=START)
    copy = article(2, "fr", "La foire", "La foire ferme.", copy_of=stands["_id"])
    made.articles.insert_many([stands, gone, copy])
    # Two states under one mark, and states whose topic score was another.
    state_of(made, 1, stands, "La foire attend les potiers.")
    state_of(made, 2, stands, "La foire attend les vanniers.")
    then = {"topic": {"score": 0.9, "aspects": [], "entities": []}}
    state_of(made, 1, gone, "Le marché attend les potiers.", **then)
    state_of(made, 1, copy, "La foire attend les tonneliers.", **then)
    yield made
    made.client.drop_database("test_search_edited")


@pytest.mark.parametrize(
    ("text", "filters", "wanted"),
    [
        ("potiers", {"sort": "newest"}, [(1, 1), (0, 1)]),
        ("vanniers", {}, [(0, 2)]),
        ("potiers", {"gone": True}, [(1, 1)]),
        ("potiers", {"gone": False}, [(0, 1)]),
        ("potiers vanniers", {"relevance": 0.8}, []),
        ("tonneliers", {}, []),  # of a copy
        ("tonneliers", {"copies": True}, [(2, 1)]),
        ("foire", {"sort": "newest"}, [(0, None)]),
    ],
)
def test_earlier_states_lead_to_their_articles_as_they_are_now(
    edited: Database[dict[str, Any]], text: str, filters: dict[str, Any], wanted: list[tuple[int, int | None]]
) -> None:
    found = ask(edited, text, versions=True, **filters)
    assert [(int(hit.article["_id"], 16), hit.version) for hit in found.hits] == wanted
    assert sum(number for _, number in found.facets["outlet"]) == found.total == len(wanted)


def test_a_day_is_the_outlets_own(mongodb_uri: str) -> None:
    made: Database[dict[str, Any]] = pymongo.MongoClient(**mongo.client_options(mongodb_uri))["test_search_days"]
    try:
        mongo.prepare(made)
        made.command("collMod", "articles", validator={})
        # The first of July in Paris begins on the thirtieth of June in London.
        at = datetime(2023, 6, 30, 22, tzinfo=UTC)
        made.articles.insert_one(
            article(0, "fr", "Le bal", "On danse.", published={"at": at, "date": "2023-07-01", "precision": "day"})
        )
        assert numbers(ask(made, "", since=date(2023, 7, 1), until=date(2023, 7, 2))) == [0]
        assert numbers(ask(made, "", until=date(2023, 7, 1))) == []
        assert numbers(ask(made, "", since=at, until=at + timedelta(hours=1))) == [0]
        assert numbers(ask(made, "", since=at + timedelta(hours=1))) == []
    finally:
        made.client.drop_database("test_search_days")
