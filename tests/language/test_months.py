"""Month names, Hijri months and number words in the spellings of the press."""

from __future__ import annotations

from datetime import date

import pytest

from language.months import GREGORIAN, WEEKDAYS, from_hijri, hijri_month
from language.normalize import fold

NAMES = {
    1: "يناير جانفي janvier janv January كانون_الثاني كانون_ثاني",
    2: "فبراير فيفري شباط février févr fév fevrier",
    3: "مارس آذار اذار mars",
    4: "أبريل ابريل إبريل أفريل افريل نيسان avril avr",
    5: "ماي مايو أيار ايار mai May",
    6: "يونيو يونيه جوان حزيران juin jui",
    7: "يوليوز يوليو يوليه جويلية جويليه تموز juillet juil",
    8: "غشت أغسطس اغسطس أغشت أوت اوت آب août aout",
    9: "شتنبر شتمبر سبتمبر أيلول ايلول septembre sept",
    10: "أكتوبر اكتوبر تشرين_الأول تشرين_الاول octobre oct",
    11: "نونبر نوفمبر تشرين_الثاني novembre nov",
    12: "دجنبر دجمبر ديسمبر كانون_الأول décembre déc decembre",
}


@pytest.mark.parametrize(
    ("name", "number"), [(name.replace("_", " "), number) for number, names in NAMES.items() for name in names.split()]
)
def test_every_region_of_arabic_and_french_names_its_months(name: str, number: int) -> None:
    assert GREGORIAN[fold(name)] == number


def test_no_name_of_a_month_is_empty_or_a_figure() -> None:
    assert all(name and not name.isdigit() for name in GREGORIAN)
    assert set(GREGORIAN.values()) == set(range(1, 13))


@pytest.mark.parametrize(
    ("name", "number"),
    [("الاثنين", 0), ("الإثنين", 0), ("الأربعاء", 2), ("mercredi", 2), ("ven", 4), ("الأحد", 6), ("dimanche", 6)],
)
def test_weekdays_count_from_monday(name: str, number: int) -> None:
    assert WEEKDAYS[fold(name)] == number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("محرم", 1), ("صفر", 2), ("ربيع الأول", 3), ("ربيع الآخر", 4), ("ربيع الثاني", 4), ("جمادى الأولى", 5), ("جمادى الآخرة", 6), ("جمادى الثانية", 6),
        ("رجب", 7), ("شعبان", 8), ("رمضان", 9), ("شوال", 10), ("ذو القعدة", 11), ("ذي القعدة", 11), ("ذو الحجة", 12), ("ذي الحجة", 12),
        ("moharram", 1), ("safar", 2), ("rabii I", 3), ("rabii al awal", 3), ("rabii II", 4), ("rabii al thani", 4), ("joumada I", 5), ("joumada II", 6),
        ("rajab", 7), ("chaabane", 8), ("ramadan", 9), ("chaoual", 10), ("dou al kiada", 11), ("dhou al hijja", 12),
    ],
)  # fmt: skip
def test_hijri_months_in_arabic_and_french(name: str, number: int) -> None:
    assert hijri_month(fold(name)) == number


def test_a_name_that_is_no_hijri_month_is_an_error() -> None:
    with pytest.raises(ValueError, match="no Hijri month"):
        hijri_month("novembre")


def test_hijri_days_follow_umm_al_qura_unless_a_weekday_says_otherwise() -> None:
    assert from_hijri(1445, 9, 1) == date(2024, 3, 11)
    assert from_hijri(1445, 9, 1, weekday=1) == date(2024, 3, 12)  # Ramadan began on a Tuesday in Morocco
    assert from_hijri(1445, 9, 1, weekday=4) == date(2024, 3, 11)  # no neighbour is a Friday: the weekday is wrong
    assert from_hijri(1445, 9, 31) is None
    assert from_hijri(1600, 1, 1) is None
