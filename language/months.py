"""Names of months, weekdays and small numbers in Arabic, French and English, folded for comparing.

The Gregorian names are those of dateparser's locale data (CLDR), all regions of Arabic and French merged, which dateparser
itself cannot do in one call; the lists here add the spellings of the press that CLDR lacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from dateparser.data.date_translation_data import ar, en, fr
from hijridate import Hijri

from language.normalize import fold

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# What the press writes beyond CLDR: Levantine forms without the article or as figures, Maghrebi and Egyptian spellings,
# French abbreviations of four letters.
_MORE_MONTHS: dict[int, tuple[str, ...]] = {
    1: ("كانون ثاني", "كانون ثان", "ك2", "ك 2"),
    2: ("فيبراير",),
    5: ("مايس",),
    7: ("جويليا", "جولية", "juill"),
    9: ("سيبتمبر",),
    10: ("تشرين أول", "ت1", "ت 1", "أوكتوبر"),
    11: ("تشرين ثاني", "تشرين ثان", "ت2", "ت 2"),
    12: ("كانون أول", "ك1", "ك 1", "دسمبر"),
}


def _names(key: str) -> set[str]:
    """The folded names that dateparser's Arabic, French and English data give one month or weekday."""
    found: set[str] = set()
    for module in (ar, fr, en):
        info: Mapping[str, Any] = module.info
        for names in (info, *info["locale_specific"].values()):
            found.update(fold(name) for name in names.get(key, ()))
    return found


GREGORIAN: dict[str, int] = {
    name: number
    for number, key in enumerate(_MONTHS, 1)
    for name in _names(key) | {fold(name) for name in _MORE_MONTHS.get(number, ())}
}
"""Folded month name → 1..12."""

_MORE_WEEKDAYS = {
    0: ("الاثنين", "الإتنين", "الأثنين", "اثنين", "الإثنين"),
    1: ("الثلاثاء", "الثلاتاء", "ثلاثاء", "الثلثاء", "الثلاثا"),
    2: ("الأربعاء", "الإربعاء", "الاربعا", "أربعاء", "merc"),
    3: ("الخميس", "خميس", "jeud"),
    4: ("الجمعة", "جمعة", "vend", "vendr"),
    5: ("السبت", "سبت", "same"),
    6: ("الأحد", "أحد", "الاحد", "dima"),
}
_TWO_LETTERS = 2

WEEKDAYS: dict[str, int] = {
    name: number
    for number, key in enumerate(_WEEKDAYS)
    for name in _names(key) | {fold(name) for name in _MORE_WEEKDAYS[number]}
    if len(name) > _TWO_LETTERS
}
"""Folded weekday name → 0 (Monday) .. 6. "mar" is Tuesday here and March in `GREGORIAN`: where it stands decides."""

_FIRST = r"(?:الا?ول[يه]?|اول[يه]?|1|i)"
_SECOND = r"(?:الثاني[ه]?|ثاني[ه]?|ثان|الاخره?|الاخر[يه]|اخره?|2|ii)"
_HAMZA = "['ʻʿʾ’]"
_AL = rf"(?:[ -]?(?:al?[tdsr]?[th]?|el|l|ul|'l)?[ -]){_HAMZA}?"
_LATIN_FIRST = rf"(?:[ -](?:i|1)|{_AL}(?:aww?[ae]l|[ao]*u?la|1er))(?![a-z])"
_LATIN_SECOND = rf"(?:[ -](?:ii|2)|{_AL}(?:t?h?ani[aey]*h?|akh[ie]ra?h?|2))(?![a-z])"
_RABI = rf"rabi[ae]?{_HAMZA}?[iae]?"
_JUMADA = r"(?:dj|j)(?:ou|u|o)mada"
_DHU = rf"d[h]?(?:ou|u){_HAMZA}?(?:[ -]?(?:al|el|l)?[ -]?)"
_HIJRI = {
    1: r"(?:ال)?محرم(?: الحرام)?|m(?:ou|u|o)harr?am",
    2: r"صفر(?: الخير)?|safar",
    3: rf"ربيع {_FIRST}|{_RABI}{_LATIN_FIRST}",
    4: rf"ربيع {_SECOND}|{_RABI}{_LATIN_SECOND}",
    5: rf"جماد[ياه]* {_FIRST}|{_JUMADA}{_LATIN_FIRST}",
    6: rf"جماد[ياه]* {_SECOND}|{_JUMADA}{_LATIN_SECOND}",
    7: r"رجب(?: الفرد)?|raj[ae]b",
    8: rf"شعبان|(?:c|s)ha?a?{_HAMZA}?a?ba+ne?",
    9: r"رمضان(?: المبارك| الابرك| المعظم)?|ramadh?ane?",
    10: r"شوال|(?:c|s)h[ao]+u?w*[ae]+l",
    11: rf"ذ[ويا] ?القعده|{_DHU}(?:k|q)[aei]{{1,2}}{_HAMZA}?da?h?(?![a-z])",
    12: rf"ذ[ويا] ?الحجه|{_DHU}hij+[ae]h?(?![a-z])",
}
_HIJRI_NAMES = [(number, re.compile(rf"(?:{source})")) for number, source in _HIJRI.items()]
HIJRI_MONTH = "(?:" + "|".join(f"(?:{source})" for source in _HIJRI.values()) + ")"
"""Source of a regular expression for the name of a Hijri month in folded Arabic or French."""


def hijri_month(name: str) -> int:
    """The number (1..12) of a folded name that `HIJRI_MONTH` matched.

    Raises:
        ValueError: no Hijri month.
    """
    for number, pattern in _HIJRI_NAMES:
        if pattern.fullmatch(name):
            return number
    raise ValueError(f"no Hijri month: {name!r}")


def from_hijri(year: int, month: int, day: int, weekday: int | None = None) -> date | None:
    """The Gregorian day of a Hijri date in the Umm al-Qura calendar.

    Countries that see the moon a day earlier or later differ by one day; a weekday in the line settles it.

    Args:
        year, month, day: of the Hijri date.
        weekday: 0 (Monday) .. 6, where the line names one.
    Returns:
        The day; None where the calendar has no such date or it lies outside the table (1343..1500).
    """
    try:
        gregorian = Hijri(year, month, day).to_gregorian()
    except (ValueError, OverflowError):
        return None
    found = date(gregorian.year, gregorian.month, gregorian.day)
    if weekday is not None:
        for shift in (0, 1, -1):
            if (found + timedelta(days=shift)).weekday() == weekday:
                return found + timedelta(days=shift)
    return found


def alternatives(names: Mapping[str, int]) -> str:
    """A regular expression source for any of the names, the longest first; a letter may not follow."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return rf"(?:{'|'.join(re.escape(name) for name in ordered)})(?![^\W\d_])"


_UNITS: dict[int, tuple[str, ...]] = {
    1: ("un", "une", "a", "an", "one", "واحدة", "واحد", "إحدى"),
    2: ("deux", "two", "اثنين", "اثنان", "اثنتين"),
    3: ("trois", "three", "ثلاث", "ثلاثة"),
    4: ("quatre", "four", "أربع", "أربعة"),
    5: ("cinq", "five", "خمس", "خمسة"),
    6: ("six", "ست", "ستة"),
    7: ("sept", "seven", "سبع", "سبعة"),
    8: ("huit", "eight", "ثمان", "ثماني", "ثمانية"),
    9: ("neuf", "nine", "تسع", "تسعة"),
    10: ("dix", "ten", "عشر", "عشرة"),
    11: ("onze", "eleven", "إحدى عشرة", "أحد عشر"),
    12: ("douze", "twelve", "اثنتي عشرة", "اثنتا عشرة", "اثني عشر", "اثنا عشر"),
    13: ("treize", "ثلاث عشرة", "ثلاثة عشر"),
    14: ("quatorze", "أربع عشرة", "أربعة عشر"),
    15: ("quinze", "خمس عشرة", "خمسة عشر"),
    16: ("seize", "ست عشرة", "ستة عشر"),
    17: ("dix-sept", "سبع عشرة", "سبعة عشر"),
    18: ("dix-huit", "ثماني عشرة", "ثمانية عشر"),
    19: ("dix-neuf", "تسع عشرة", "تسعة عشر"),
}
_TENS: dict[int, tuple[str, ...]] = {
    20: ("vingt", "twenty", "عشرين", "عشرون"),
    30: ("trente", "thirty", "ثلاثين", "ثلاثون"),
    40: ("quarante", "forty", "أربعين", "أربعون"),
    50: ("cinquante", "fifty", "خمسين", "خمسون"),
}


def _numbers() -> dict[str, int]:
    """1 to 59 in words: "vingt-cinq", "vingt et une", "خمس وعشرين"."""
    found = {fold(word): number for number, words in (_UNITS | _TENS).items() for word in words}
    for ten, tens in _TENS.items():
        for unit in range(1, 10):
            for ten_word in tens:
                for word in _UNITS[unit]:
                    joined = (
                        f"{word} و{ten_word}"
                        if ten_word > "z"
                        else f"{ten_word} et {word}"
                        if unit == 1
                        else f"{ten_word}-{word}"
                    )
                    found[fold(joined)] = ten + unit
    return found


NUMBERS = _numbers()
"""Folded number words of "il y a trois heures" and "منذ عشر دقائق"."""
