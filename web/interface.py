"""The words of the interface: texts, plurals, numbers and dates in a reader's language.

The texts are data, one TOML a language; plural categories, number and date forms are Babel's (Unicode CLDR).
"""

from __future__ import annotations

import string
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers
from markupsafe import Markup, escape

from language.timezones import zone

TEXTS = Path(__file__).with_name("texts")

#: Language of the interface → CLDR's locale: Moroccan month names in Arabic (غشت, نونبر).
LOCALES = {"ar": "ar_MA", "fr": "fr_FR", "en": "en_GB"}
DEFAULT = "fr"
#: Every instant is shown in the zone of the archive's subject.
ZONE = "Africa/Casablanca"

Text = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Interface:
    """One language of the interface.

    Attributes:
        language: "ar", "fr" or "en".
        texts: key → the text, or for what is counted: plural category → the text.
    """

    language: str
    texts: dict[str, Text] = field(repr=False)

    @property
    def locale(self) -> Locale:
        """Babel's locale."""
        return _locale(self.language)

    @property
    def direction(self) -> str:
        """Direction of the language's script: "rtl" or "ltr"."""
        return direction(self.language)

    def text(self, key: str, **values: Any) -> Markup:
        """A text with its blanks filled; what fills them is escaped.

        Raises:
            KeyError: there is no such text.
        """
        found = self.texts[key]
        assert isinstance(found, str), f"{key} is counted"
        return escape(found).format(**values) if values else escape(found)

    def named(self, key: str, fallback: str) -> str:
        """A text for a value of the archive that may be newer than the interface; the fallback where it has none."""
        found = self.texts.get(key)
        return found if isinstance(found, str) else fallback

    def count(self, key: str, number: int, **values: Any) -> Markup:
        """A number of things, in the plural form that the language wants.

        Raises:
            KeyError: there is no such text.
        """
        found = self.texts[key]
        assert isinstance(found, dict), f"{key} is not counted"
        return escape(found[self.locale.plural_form(number)]).format(n=self.number(number), **values)

    def number(self, number: float) -> str:
        """A number with the language's separators."""
        return str(numbers.format_decimal(number, locale=self.locale))

    def percent(self, share: float) -> str:
        """A share (0..1) in percent."""
        return str(numbers.format_percent(share, locale=self.locale))

    def day(self, day: date | datetime, form: str = "long") -> str:
        """A calendar day; of an instant, the day in the zone of the archive's subject."""
        return str(dates.format_date(_local(day), form, locale=self.locale))

    def month(self, day: date) -> str:
        """A month with its year."""
        return str(dates.format_skeleton("yMMM", _local(day), locale=self.locale))

    def short(self, day: date) -> str:
        """A day and its month."""
        return str(dates.format_skeleton("MMMd", day, locale=self.locale))

    def moment(self, at: datetime) -> str:
        """An instant to the minute."""
        return f"{self.day(at)}, {self.clock(at)}" if self.language != "ar" else f"{self.day(at)}، {self.clock(at)}"

    def clock(self, at: datetime) -> str:
        """The time of day of an instant."""
        return str(dates.format_time(at.astimezone(zone(ZONE)), "HH:mm", locale=self.locale))

    def lasted(self, span: timedelta) -> str:
        """A span of time, rounded to its largest unit."""
        return str(dates.format_timedelta(span, threshold=1.5, locale=self.locale))

    def territory(self, code: str) -> str:
        """The name of a country."""
        return str(self.locale.territories.get(code, code))

    def tongue(self, code: str) -> str:
        """The name of a language."""
        return str(self.locale.languages.get(code, code))


def direction(language: str) -> str:
    """Direction of a language's script: "rtl" or "ltr"."""
    return "rtl" if language in ("ar", "ary", "arz", "fa", "he", "ur") else "ltr"


def _local(day: date | datetime) -> date:
    return day.astimezone(zone(ZONE)).date() if isinstance(day, datetime) else day


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


@cache
def load(language: str) -> Interface:
    """The interface in one of the languages.

    Raises:
        KeyError: no such language.
    """
    LOCALES[language]
    written = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    return Interface(language, dict(_flat(written, "")))


def blanks(text: str) -> set[str]:
    """The names of a text's blanks."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def choose(accepted: str) -> str:
    """The best language for an Accept-Language header (RFC 9110, 12.5.4)."""
    best, weight = DEFAULT, 0.0
    for item in accepted[:1000].split(","):
        code, _, parameter = item.strip().partition(";")
        language = code.strip().lower().partition("-")[0]
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language in LOCALES and weight < quality <= 1:
            best, weight = language, quality
    return best


def _flat(table: dict[str, Any], prefix: str) -> list[tuple[str, Text]]:
    """The texts under dotted keys; those of the table `count` are in their plural forms."""
    found: list[tuple[str, Text]] = []
    for name, value in table.items():
        if isinstance(value, str) or prefix == "count.":
            found.append((prefix + name, value))
        else:
            found += _flat(value, f"{prefix}{name}.")
    return found
