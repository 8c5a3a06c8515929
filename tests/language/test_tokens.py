"""Search must find a word in whatever form and spelling a reader knows it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language.question import read_question
from language.tokens import TITLE, UNSURE, indexed, tokens


def finds(question: str, text: str) -> bool:
    """Whether an article of this text is found, its words being attested nowhere else."""
    stored = set(indexed("", text).tokens)
    return all(
        any({form, form + UNSURE} & stored for form in (*word.stems, *word.doubtful))
        for part in read_question(question)
        for word in part.words
    )


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("حموشي", "والحموشي"),
        ("حموشي", "لحموشي"),
        ("حَمّــوشي", "حموشي"),
        ("الأمن", "للأمن"),
        ("امن", "وبالأمنِ"),
        ("أمن", "أمنية"),
        ("وزير", "الوزير"),
        ("الله", "والله"),
        ("الله", "لله"),
        ("بالله", "الله"),
        ("الوزير", "وزيرا"),
        ("وقال", "قال"),
        ("قال", "فقال"),
        ("باريس", "بباريس"),
        ("لجنة", "للجنة"),
        ("مدينة", "مدينته"),
        ("شرطه", "الشرطة"),
        ("مغربي", "المغربيتين"),
        ("فرنسا", "الفرنسيين"),
        ("مخدرات", "المخدّرات"),
        ("ألعاب", "العاب"),
        ("العاب", "ألعاب"),
        ("العاب", "الألعاب"),
        ("إلغاء", "الغاء"),
        ("مستشفى", "مستشفي"),
        ("کتاب", "كتاب"),
        ("2024", "٢٠٢٤"),
        ("securite", "Sécurité"),
        ("SÉCURITÉ", "securites"),
        ("accord", "l’accord"),
        ("l'accord", "accords"),
        ("arrete", "arrêtées"),
        ("national", "nationaux"),
        ("marocaine", "marocains"),
        ("policières", "policier"),
        ("DGSN", "D.G.S.N."),
        ("d.g.s.n", "la DGSN"),
        ("oeuvre", "œuvre"),
        ("qu'Hammouchi", "Hammouchi"),
        ("journal", "journaux"),
        ("visa", "visas"),
        ("première", "premiers"),
        ("لقاء", "لقائه"),
        ("قضاء", "القضائية"),
        ("حماية", "حمايتهم"),
        ("الحكم", "فالحكم"),
        ("الأمن", "بالأمن"),
        ("بالله", "وبالله"),
        ("الآن", "والآن"),
        ("الأم", "والأم"),
        ("والي", "الوالي"),
        ("والي", "واليا"),
        ("والد", "الوالد"),
        ("والدة", "والدتها"),
        ("الوالد", "والده"),
        ("بالغ", "بالغة"),
        ("وكالة", "الوكالة"),
        ("وكالة", "وكالتها"),
        ("إلى", "وإلى"),
        ("ألعاب", "وألعاب"),
        ("ألعاب", "بألعاب"),
    ],
)
def test_a_word_is_found_in_its_other_forms(question: str, text: str) -> None:
    assert finds(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("وزير", "زيارة"),
        ("أمن", "زمن"),
        ("رد", "ورد"),
        ("police", "politique"),
        ("Rabat", "rabais"),
        ("قانون", "قناة"),
        ("تعاون", "تعب"),
        ("ministre", "administration"),
        ("visa", "viser"),
        ("قضاة", "قضائية"),
        ("الله", "له"),
        ("الآن", "أن"),
        ("الوالي", "إلى"),
        ("الوالي", "وإلى"),
        ("والدة", "ألدّ"),
    ],
)
def test_other_words_are_not(question: str, text: str) -> None:
    assert not finds(question, text)


def test_what_may_be_a_conjunction_is_stored_as_doubtful() -> None:
    stored = indexed("", "زار الوزير وزير الداخلية").tokens
    assert "وزير" in stored
    assert "وزير" + UNSURE not in stored
    assert "زير" + UNSURE in stored


@pytest.mark.parametrize(("written", "other"), [("والي", "إلى"), ("وكالة", "اله"), ("بالغة", "غة")])
def test_where_an_article_would_leave_no_word_the_fuller_form_is_asked_for(written: str, other: str) -> None:
    """It stands in the archive with its article (الوالي), so what else it might be is not asked for at all."""
    ((word,),) = (part.words for part in read_question(written))
    assert not set(word.stems) & set(indexed("", other).tokens)
    assert set(word.stems) & set(indexed("", f"ال{written}").tokens)


def test_words_of_the_title_are_marked() -> None:
    stored = indexed("Accord", "La police").tokens
    assert {TITLE + "accord", "accord", "polic"} <= set(stored)
    assert TITLE + "polic" not in stored


def test_tokens_keep_their_place_in_the_text() -> None:
    text = "قال إنَّ «الأمنَ» بـباريس"
    assert [text[token.start : token.end] for token in tokens(text)] == ["قال", "إنَّ", "الأمنَ", "بـباريس"]


def test_a_question_has_words_phrases_and_exclusions() -> None:
    parts = read_question('حموشي «الأمن الوطني» -باريس -"jeux olympiques" porte-parole')
    assert [(part.written, part.is_phrase, part.excluded) for part in parts] == [
        ("حموشي", False, False),
        ("الأمن الوطني", True, False),
        ("باريس", False, True),
        ("jeux olympiques", True, True),
        ("porte-parole", True, False),
    ]


@pytest.mark.parametrize("text", ["- ", "“”", "… !", "x" * 1001, "mot " * 31])
def test_what_is_no_question_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"holds no word|longer than|more than"):
        read_question(text)


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_any_text_has_tokens_within_it_and_any_question_an_answer(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert all(token.stems)
    with suppress(ValueError):
        assert all(part.words for part in read_question(text))
