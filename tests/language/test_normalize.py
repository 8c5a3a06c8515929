from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.normalize import fold, fold_with_offsets, words


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("أَكَّدَ الأمنُ إصابةَ آخرين", "اكد الامن اصابه اخرين"),
        ("مسؤول رئيس", "مسوول رييس"),
        ("مستشفى على المقهى", "مستشفي علي المقهي"),
        ("كـــتـــاب", "كتاب"),
        ("هٰذا", "هذا"),
        ("أڭادير أگادير أڬادير", "اكادير اكادير اكادير"),
        ("ڨفصة ڤيديو پاريس", "قفصه فيديو باريس"),
        ("كیف یمکن", "كيف يمكن"),
        ("L’ÉTÉ à l'Élysée", "l'ete a l'elysee"),
        ("Œuvre, cœur, Læticia", "oeuvre, coeur, laeticia"),
        ("E\u0301te\u0301", "ete"),
        ("İstanbul", "istanbul"),
    ],
)
def test_spellings_of_one_word_become_one(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ﻣﺤﻤﺪ", "محمد"),
        ("ﻷن ﻻ", "لان لا"),
        ("ﷲ", "الله"),
        ("مﹶحﹸمد", "محمد"),
        ("ﷴ", "محمد"),
        ("ﬁnance", "finance"),
        ("Ｐａｒｉｓ", "paris"),
        ("1ᵉʳ", "1er"),
    ],
)
def test_ligatures_and_presentation_forms_are_taken_apart(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    "between",
    [" ", "\n", "\t", "\r\n", "\x0b", "\x0c", "\x1f", "\x85", "\u00a0", "\u2003", "\u2009", "\u200b", "\u2028", "\u2029", "\u202f",
     "\u3000", "\u1680", " \u200f ", "\u06dd"],
)  # fmt: skip
def test_words_are_never_glued_and_spaces_are_one(between: str) -> None:
    assert fold(f"الأمن{between}الوطني") == "الامن الوطني"
    assert fold(f"{between}sûreté{between}{between}nationale{between}") == "surete nationale"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("محمدﷺ رسول", ["محمد", "صلي", "الله", "عليه", "وسلم", "رسول"]),
        ("2½ heures", ["2", "1", "2", "heures"]),
        ("Hammam² 12 km²", ["hammam", "2", "12", "km", "2"]),
        ("Police™", ["police", "tm"]),
        ("N№5", ["n", "no", "5"]),
        ("①②", ["1", "2"]),
    ],
)
def test_a_sign_beside_a_word_is_no_part_of_it(written: str, expected: list[str]) -> None:
    assert words(written) == expected


@pytest.mark.parametrize(
    "invisible",
    ["\u00ad", "\u200c", "\u200d", "\u200e", "\u200f", "\u202b", "\u202c", "\u2060", "\u2067", "\u061c", "\ufeff"],
)
def test_marks_within_a_word_do_not_part_it(invisible: str) -> None:
    assert fold(f"حمو{invisible}شي") == "حموشي"


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "0123456789"])
def test_every_digit_is_ascii(digits: str) -> None:
    assert fold(digits) == "0123456789"


def test_quotes_and_dashes_are_plain() -> None:
    assert fold("«a» “b” „c‟ ‹d› ″e") == '"a" "b" "c" "d" "e'
    assert fold("l’a l‘b lʼc l´d l`e l′f") == "l'a l'b l'c l'd l'e l'f"
    assert fold("a‐b a‑b a–b a—b a−b a―b") == "a-b a-b a-b a-b a-b a-b"
    assert fold("«مغرب»") == '"مغرب"'


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words("L’été, à «Rabat»: 24_نونبر، 2023") == ["l", "ete", "a", "rabat", "24", "نونبر", "2023"]
    assert words("") == []


def test_every_character_folds_to_what_folds_to_itself() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) not in ("Cn", "Co", "Cs"):
            folded = fold(character)
            assert fold(folded) == folded, hex(code)


TEXTS = st.text() | st.text(alphabet="أإآىةؤئءـًٌَّﷺﻻ½²™ \u200b\u200f\u0301éŒ’«»—٣۳aA\n\t´¨")


@given(TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert "  " not in folded
    assert folded == folded.strip()
    assert not any(character.isspace() for character in folded.replace(" ", ""))


@given(TEXTS, TEXTS)
def test_two_texts_with_a_space_between_share_no_word(one: str, other: str) -> None:
    assert words(f"{one} {other}") == words(one) + words(other)


@given(TEXTS)
def test_offsets_lead_back_to_the_text(text: str) -> None:
    folded, offsets = fold_with_offsets(text)
    assert len(folded) == len(offsets)
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)
    assert folded.split() == fold(text).split()
    assert all(
        character in fold_with_offsets(text[offset])[0] for character, offset in zip(folded, offsets, strict=True)
    )
