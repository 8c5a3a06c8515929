"""Templates and date forms of the sample press."""

from __future__ import annotations

from datetime import date, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"

MAGHREB = ["يناير", "فبراير", "مارس", "أبريل", "ماي", "يونيو", "يوليوز", "غشت", "شتنبر", "أكتوبر", "نونبر", "دجنبر"]
LEVANT = [
    "كانون الثاني/يناير",
    "شباط/فبراير",
    "آذار/مارس",
    "نيسان/أبريل",
    "أيار/مايو",
    "حزيران/يونيو",
    "تموز/يوليو",
    "آب/أغسطس",
    "أيلول/سبتمبر",
    "تشرين الأول/أكتوبر",
    "تشرين الثاني/نوفمبر",
    "كانون الأول/ديسمبر",
]
FRENCH = [
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
]
ARABIC_DAYS = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"]
FRENCH_DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def maghreb_day(day: date) -> str:
    """ "24 نونبر 2023" """
    return f"{day.day} {MAGHREB[day.month - 1]} {day.year}"


def maghreb_weekday(day: date) -> str:
    """ "الجمعة 24 نونبر 2023" """
    return f"{ARABIC_DAYS[day.weekday()]} {maghreb_day(day)}"


def levant_weekday(day: date) -> str:
    """ "الجمعة 24 تشرين الثاني/نوفمبر 2023" """
    return f"{ARABIC_DAYS[day.weekday()]} {day.day} {LEVANT[day.month - 1]} {day.year}"


def arabic_indic(text: str) -> str:
    """The text with Arabic-Indic digits."""
    return text.translate(ARABIC_INDIC)


def french_day(day: date) -> str:
    """ "24 novembre 2023", "1er mars 2024" """
    return f"{'1er' if day.day == 1 else day.day} {FRENCH[day.month - 1]} {day.year}"


def french_weekday(day: date) -> str:
    """ "vendredi 24 novembre 2023" """
    return f"{FRENCH_DAYS[day.weekday()]} {french_day(day)}"


def utc(instant: datetime) -> str:
    """ "2023-11-24T21:15:00Z" """
    return instant.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc822(instant: datetime) -> str:
    """ "Fri, 24 Nov 2023 22:15:00 +0100" """
    return format_datetime(instant)


def utc_rfc822(instant: datetime) -> str:
    """ "Fri, 24 Nov 2023 21:15:00 +0000" """
    return format_datetime(instant.astimezone(ZoneInfo("UTC")))


@cache
def environment() -> jinja2.Environment:
    """The templates' environment, with the date forms as filters."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "maghreb_day": maghreb_day,
        "maghreb_weekday": maghreb_weekday,
        "levant_weekday": levant_weekday,
        "arabic_indic": arabic_indic,
        "french_day": french_day,
        "french_weekday": french_weekday,
        "utc": utc,
        "rfc822": rfc822,
        "utc_rfc822": utc_rfc822,
        "raw": Markup,
    }
    return made


def render(template: str, **context: Any) -> str:
    """A template ("<outlet>/<file>") filled."""
    return environment().get_template(template).render(**context)
