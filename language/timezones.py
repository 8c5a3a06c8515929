"""Time zones: the rules of the `tzdata` wheel, and the zones that a line of text names.

Systems ship old rules: they keep Africa/Casablanca at UTC+1 after 2026-09-20 02:00 and do not know its Ramadan weeks of
recent years. Importing this module makes `zoneinfo` read the wheel for the whole process.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from language.normalize import fold

zoneinfo.reset_tzpath(to=[])
zoneinfo.ZoneInfo.clear_cache()


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of an IANA name, with the wheel's rules.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: the name is not in the IANA database.
    """
    return zoneinfo.ZoneInfo(name)


def to_utc(local: datetime, where: tzinfo) -> datetime:
    """The instant of a bare local time.

    A time that the clock shows twice is the first of the two; a time that the clock skips is read with the offset before
    the change (PEP 495 with fold=0), so 02:30 in the night of a one-hour jump is the instant that reads 03:30.

    Args:
        local: naive.
        where: the zone of the clock.
    Returns:
        Aware UTC datetime.
    Raises:
        OverflowError: within a day of year 1 or 9999.
    """
    return local.replace(tzinfo=where, fold=0).astimezone(UTC)


# Fixed offsets in minutes. WET/WEST and the others stand for their offset whatever the season, as RFC 822 dates use them.
# CST, IST, AST, ET and the like have several meanings: a time that carries one of them has no known offset.
_ABBREVIATIONS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "tu": 0,
    "wet": 0, "west": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "eet": 120, "eest": 180,
    "bst": 60, "msk": 180, "trt": 180, "gst": 240,
    "est": -300, "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "hne": -300, "hae": -240,
}  # fmt: skip
_AMBIGUOUS = ("cst", "ist", "ast", "et", "ct", "pt")

_PHRASES = {
    0: (
        "غرينتش", "جرينتش", "غرينيتش", "جرينيتش", "كرينتش", "التوقيت العالمي", "التوقيت العالمي المنسق", "توقيت غرب أوروبا الرسمي",
        "heure de greenwich", "heure moyenne de greenwich", "temps universel", "temps universel coordonne", "heure universelle",
        "heure normale d'europe de l'ouest",
    ),
    60: (
        "توقيت وسط أوروبا الرسمي", "توقيت غرب أوروبا الصيفي",
        "heure normale d'europe centrale", "heure d'ete d'europe de l'ouest", "heure d'afrique de l'ouest",
    ),
    -300: ("heure normale de l'est",),
    -240: ("heure avancee de l'est",),
    120: (
        "توقيت وسط أوروبا الصيفي", "توقيت شرق أوروبا الرسمي",
        "heure d'ete d'europe centrale", "heure normale d'europe de l'est",
    ),
    180: ("توقيت شرق أوروبا الصيفي", "توقيت العربية الرسمي", "التوقيت العربي الرسمي", "heure d'ete d'europe de l'est", "heure normale de l'arabie"),
}  # fmt: skip

_PLACES = {
    "Africa/Casablanca": ("الرباط", "المغرب", "الدار البيضاء", "المملكة المغربية", "rabat", "casablanca", "du maroc", "maroc", "marocaine"),
    "Africa/Algiers": ("الجزائر", "alger", "algerie", "d'alger", "d'algerie", "algerienne"),
    "Africa/Tunis": ("تونس", "tunis", "tunisie", "tunisienne"),
    "Europe/Paris": ("باريس", "فرنسا", "paris", "france", "francaise", "bruxelles", "بروكسل"),
    "Europe/Madrid": ("مدريد", "إسبانيا", "madrid"),
    "Europe/London": ("لندن", "بريطانيا", "londres", "london"),
    "Europe/Berlin": ("برلين", "ألمانيا", "berlin"),
    "Europe/Moscow": ("موسكو", "moscou"),
    "Europe/Istanbul": ("إسطنبول", "أنقرة", "تركيا", "istanbul", "ankara"),
    "Asia/Riyadh": ("مكة", "مكة المكرمة", "السعودية", "الرياض", "المملكة العربية السعودية", "la mecque", "riyad"),
    "Africa/Cairo": ("القاهرة", "مصر", "caire", "du caire"),
    "Asia/Beirut": ("بيروت", "لبنان", "beyrouth"),
    "Asia/Damascus": ("دمشق", "سوريا", "damas"),
    "Asia/Baghdad": ("بغداد", "العراق", "bagdad"),
    "Asia/Jerusalem": ("القدس", "القدس المحتلة", "فلسطين", "jerusalem"),
    "Asia/Dubai": ("أبوظبي", "أبو ظبي", "دبي", "الإمارات", "dubai", "abou dhabi"),
    "Asia/Qatar": ("الدوحة", "قطر", "doha"),
    "Asia/Kuwait": ("الكويت", "koweit"),
    "America/New_York": ("نيويورك", "واشنطن", "new york", "washington"),
}  # fmt: skip
_LOCAL = ("المحلي", "بالتوقيت المحلي", "التوقيت المحلي", "heure locale", "locale")

_FIXED = {fold(phrase): minutes for minutes, phrases in _PHRASES.items() for phrase in phrases}
_NAMED = {fold(place): name for name, places in _PLACES.items() for place in places}


def _alternatives(words: set[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_GREENWICH = _alternatives({fold(word) for word in ("غرينتش", "جرينتش", "غرينيتش", "جرينيتش", "utc", "gmt")})
_END = r"(?![^\W\d_])"

ZONE = (
    rf"(?:(?:ب?(?:ال)?توقيت |heure )?(?P<base>{_GREENWICH}) ?(?P<sign>[+-]) ?(?P<hours>\d{{1,2}})(?::?(?P<minutes>\d{{2}}))?(?!\d)"
    rf"|(?P<offset>[+-]\d{{2}}(?::?\d{{2}})?)(?!\d)"
    rf"|(?:ب?(?:ال)?توقيت |heure )?(?P<phrase>{_alternatives(set(_FIXED))}){_END}"
    rf"|(?:ب?توقيت |heure (?:de |du |d')?(?:la )?)(?P<place>{_alternatives(set(_NAMED))}){_END}"
    rf"|(?:ب?(?:ال)?توقيت |heure )?(?P<local>{_alternatives({fold(word) for word in _LOCAL})}){_END}"
    rf"|(?P<abbreviation>{_alternatives(set(_ABBREVIATIONS) | set(_AMBIGUOUS))}){_END}"
    rf"|(?P<unknown>بتوقيت [^\W\d_]+|heure de [^\W\d_]+))"
)
"""Source of a regular expression for a zone in folded text; its groups are for `named_zone`."""


def named_zone(match: re.Match[str], local: tzinfo) -> tzinfo | None:
    """The zone that a match of `ZONE` means.

    Args:
        match: of an expression that contains `ZONE`.
        local: the outlet's zone, for "heure locale".
    Returns:
        The zone; None where it is not known or an offset beyond 14 hours.
    """
    groups = match.groupdict()
    if groups["base"]:
        minutes = int(groups["hours"]) * 60 + int(groups["minutes"] or 0)
        return _offset(-minutes if groups["sign"] == "-" else minutes)
    if groups["offset"]:
        digits = groups["offset"][1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        return _offset(-minutes if groups["offset"][0] == "-" else minutes)
    if groups["phrase"]:
        return _offset(_FIXED[groups["phrase"]])
    if groups["place"]:
        return zone(_NAMED[groups["place"]])
    if groups["local"]:
        return local
    if groups["abbreviation"] in _ABBREVIATIONS:
        return _offset(_ABBREVIATIONS[groups["abbreviation"]])
    return None


def _offset(minutes: int) -> tzinfo | None:
    if abs(minutes) > 14 * 60:
        return None
    return timezone(timedelta(minutes=minutes))
