"""Dates that lean on the moment of reading: "il y a 2 heures", "أمس 18:30", "mercredi 12 mai à 2h01".

A sentence also says "il y a trois ans" and "hier"; so these forms count only where nothing but labels, separators and a time
stands beside them. Months and years ago name no day and are not read; nor are "plus de 2 heures" and "quelques minutes".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from language.months import GREGORIAN, NUMBERS, WEEKDAYS, alternatives
from pipelines.dating.clock import LETTER, Clock, Line, clock_after, clock_before

YEARLESS_DAYS = 183
"""How far back a day without its year may lie; with its weekday, which must be right, it may be a year."""

_YEAR_DAYS = 365
_AHEAD = timedelta(hours=1)

PUBLISHED = (
    r"publi(?:e|ee|es|ees|cation|shed|c)|parution|paru|poste[er]?|posted|creee?|created|redigee?|mise? en ligne|ecrit|diffusee?|ajoutee?|released"
    r"|(?:ال)?نشر(?:ت|ه|ها)?|منشور|صدرت?|حرر[ته]?|كتب[تها]?|اضيفت?|(?:ال)?اضافه|ادرج|ادراج|انشئ"
)
UPDATED = (
    r"mise? a jour|m\.?a\.?j|actualisee?|modifi(?:e|ee|cation)|editee?|corrigee?|rectifiee?|updated?|modified|last update|edited|revisee?"
    r"|(?:ال)?تحديث[ه]?|حدثت?|محدثه?|عدلت?|(?:ال)?تعديله?|(?:ال)?تحيين|حين|محين"
)
_LABELS = rf"(?:{PUBLISHED}|{UPDATED})"
_LEFT = re.compile(
    rf"(?:^|^.{{0,80}}(?:[|•·:»>(\[]| -)|^(?:\S+ ){{0,3}}{_LABELS}(?: (?:le|la|on|في|يوم|بتاريخ))?[ :]*) ?(?:(?:le|يوم|في) )?$"
)
_RIGHT = re.compile(rf" ?[.!]?(?: ?(?:$|[|•·()\[\]<»]|- )|[ ,،]*{_LABELS}(?!{LETTER}))")

_SECOND = r"s(?:ec(?:onde?)?s?)?\.?|ثانيه|ثواني|ثوان"
# "il y a 5 m." is five months in CLDR's short French and five minutes elsewhere: not read.
_MINUTE = r"mi?n(?:ute)?s?\.?|دقيقه|دقائق|دقايق|د"
_HOUR = r"h(?:eure|r|our)?s?\.?|ساعه|ساعات|س"
_DAY = r"j(?:our)?s?\.?|d(?:ay)?s?|يوما?|ايام"
_WEEK = r"sem(?:aine)?s?\.?|w(?:ee)?k?s?\.?|اسبوعا?|اسابيع"
_UNITS = (
    (re.compile(rf"(?:{_SECOND})$"), timedelta(seconds=1)),
    (re.compile(rf"(?:{_MINUTE})$"), timedelta(minutes=1)),
    (re.compile(rf"(?:{_HOUR})$"), timedelta(hours=1)),
    (re.compile(rf"(?:{_DAY})$"), timedelta(days=1)),
    (re.compile(rf"(?:{_WEEK})$"), timedelta(weeks=1)),
)
_UNIT = rf"(?:{_SECOND}|{_MINUTE}|{_HOUR}|{_DAY}|{_WEEK})(?!{LETTER})"
_FIXED = {
    "ثانيتين": timedelta(seconds=2), "ثانيتان": timedelta(seconds=2),
    "دقيقتين": timedelta(minutes=2), "دقيقتان": timedelta(minutes=2),
    "ساعتين": timedelta(hours=2), "ساعتان": timedelta(hours=2),
    "يومين": timedelta(days=2), "يومان": timedelta(days=2),
    "اسبوعين": timedelta(weeks=2), "اسبوعان": timedelta(weeks=2),
    "نصف ساعه": timedelta(minutes=30), "ربع ساعه": timedelta(minutes=15), "ثلث ساعه": timedelta(minutes=20),
    "نصف": timedelta(minutes=30), "ربع": timedelta(minutes=15), "ثلث": timedelta(minutes=20),
    "une demi-heure": timedelta(minutes=30), "une demi heure": timedelta(minutes=30), "half an hour": timedelta(minutes=30),
    "un quart d'heure": timedelta(minutes=15), "trois quarts d'heure": timedelta(minutes=45),
    "demie": timedelta(minutes=30), "quart": timedelta(minutes=15),
    "ثانيه": timedelta(seconds=1), "دقيقه": timedelta(minutes=1), "ساعه": timedelta(hours=1),
    "يوم": timedelta(days=1), "اسبوع": timedelta(weeks=1),
}  # fmt: skip
_NUMBER = "|".join(sorted(map(re.escape, NUMBERS), key=lambda word: (-len(word), word)))
_PART = (
    rf"(?:(?:(?P<n>\d{{1,3}})|(?P<word>{_NUMBER})) ?(?P<unit>{_UNIT})(?: واحده?)?"
    rf"|(?P<fixed>{'|'.join(sorted(_FIXED, key=lambda word: (-len(word), word)))})(?!{LETTER})(?: واحده?)?)"
)
_PART_AGAIN = re.sub(r"\?P<(\w+)>", r"?P<\g<1>2>", _PART)
_SPAN = rf"{_PART}(?:(?: (?:et|and|و) ?| ?و ?| |, )(?:{_PART_AGAIN}|(?P<loose>\d{{2}})(?!\d))|(?<=h)(?P<glued>\d{{2}})(?!\d))?"
_LAST_SPAN = re.sub(r"\?P<(\w+)>", r"?P<\g<1>b>", _SPAN)
_AGO = re.compile(
    rf"(?<!{LETTER})(?:(?:il y a|منذ|مند|قبل) (?:(?:environ|env\.?|a peu pres|pres de|about|حوالي|نحو|تقريبا) )?{_SPAN}(?: (?:مضت|مضي|خلت|تقريبا|من الان|ago))?"
    rf"|(?:(?:مضت|مضي) )?{_LAST_SPAN} (?:مضت|مضي|خلت|ago))(?!{LETTER})"
)
_NOW = re.compile(
    rf"(?<!{LETTER})(?:a l'instant|il y a (?:un instant|quelques (?:instants|secondes)|moins d'une minute)|just now|الان"
    rf"|(?:منذ|مند|قبل) (?:(?:بضع|عده) )?(?:ثواني?|لحظات|لحظه)|(?:منذ|مند|قبل) اقل من (?:ثانيه|دقيقه)(?: واحده)?)(?!{LETTER})"
)
_WRITTEN_BEFORE = re.compile(rf"[^\W\d_] ?-|(?:{LETTER}+\W+){{4}}")
_DAYS = {
    "aujourd'hui": 0, "today": 0, "اليوم": 0,
    "hier": 1, "yesterday": 1, "امس": 1, "يوم امس": 1, "البارحه": 1, "الامس": 1, "بالامس": 1,
    "avant-hier": 2, "avant hier": 2, "اول امس": 2, "امس الاول": 2, "اول البارحه": 2, "قبل امس": 2, "اول من امس": 2,
}  # fmt: skip
_NAMED_DAY = re.compile(
    rf"(?<!{LETTER})(?<!-)(?P<day>{'|'.join(sorted(_DAYS, key=lambda word: (-len(word), word)))})(?!{LETTER})(?!-)"
)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})(?: ?(?:er|st|nd|rd|th)(?!{LETTER}))?(?: ?[-/.,،] ?| (?:de|of|من|شهر) | ?)(?P<mon>{alternatives(GREGORIAN)})\.?(?! ?\d{{1,4}}(?![\d: h]|[:h]|$))"
)
_WEEKDAY_LEFT = re.compile(rf"(?<!{LETTER})(?:(?:يوم|le) )?(?P<weekday>{alternatives(WEEKDAYS)})\.?[ ,،]*(?:le )?$")


@dataclass(frozen=True, slots=True)
class Relative:
    """A relative form: its local day, or its instant where it says hours or minutes, and where it stands in the line."""

    day: date | None
    clock: Clock | None
    instant: datetime | None
    start: int
    end: int
    method: str


def relative(line: Line, now: datetime, local: tzinfo) -> Relative | None:
    """The relative form that a folded line consists of, beside labels and a time.

    Args:
        line: the folded line.
        now: aware; the moment the line was read.
        local: the outlet's zone, whose calendar says what "hier" is.
    """
    text = line.text
    today = now.astimezone(local).date()
    for match in _NOW.finditer(text):
        if _alone(text, match.start(), match.end()) and not _WRITTEN_BEFORE.search(text[: match.start()]):
            return Relative(None, None, now, match.start(), match.end(), "relative")
    for match in _AGO.finditer(text):
        ago = _ago(match)
        if ago is None:
            continue
        length, days_only = ago
        if days_only:
            clock = clock_after(line, match.end(), local)
            end = clock.end if clock else match.end()
            if _alone(text, match.start(), end):
                return Relative(today - length, clock, None, match.start(), end, "relative")
        elif _alone(text, match.start(), match.end()):
            return Relative(None, None, now - length, match.start(), match.end(), "relative")
    for match in _NAMED_DAY.finditer(text):
        day = today - timedelta(days=_DAYS[match["day"]])
        clock = clock_after(line, match.end(), local)
        start, end = match.start(), clock.end if clock else match.end()
        if clock is None:
            clock = clock_before(line, match.start(), local)
            start = clock.start if clock else start
        if not _alone(text, start, end):
            continue
        return Relative(day, clock, None, start, end, "relative")
    return None


def yearless(line: Line, now: datetime, local: tzinfo) -> Relative | None:
    """The day and month that a folded line consists of, of the year that `now` and a weekday leave as the only one.

    Without weekday, time or label ("11 septembre") it is not read: that is as often the name of an event.
    """
    text = line.text
    today = now.astimezone(local).date()
    for match in _DAY_MONTH.finditer(text):
        start, end = match.start(), match.end()
        clock = clock_after(line, end, local)
        if clock:
            end = clock.end
        weekday = _WEEKDAY_LEFT.search(text, max(0, start - 20), start)
        if weekday:
            start = weekday.start()
        if clock is None:
            clock = clock_before(line, start, local)
            start = clock.start if clock else start
        labelled = bool(
            re.search(rf"(?<!{LETTER}){_LABELS}(?: (?:le|في|يوم|بتاريخ))?[ :]*$", text[max(0, start - 30) : start])
        )
        if not (weekday or clock or labelled) or not _alone(text, start, end):
            continue
        day = _latest(int(match["d"]), GREGORIAN[match["mon"]], today)
        if day is None:
            continue
        if weekday:
            if day.weekday() != WEEKDAYS[weekday["weekday"]] or (today - day).days > _YEAR_DAYS:
                continue
        elif (today - day).days > YEARLESS_DAYS:
            continue
        return Relative(day, clock, None, start, end, "yearless")
    return None


def too_far_ahead(instant: datetime, now: datetime) -> bool:
    """Whether a relative form would lie in the future: "aujourd'hui à 20h" in the morning announces something."""
    return instant > now + _AHEAD


def _latest(day: int, month: int, today: date) -> date | None:
    """The last such day up to tomorrow (the outlet's clock may be ahead of ours); None for 29 February of other years."""
    for year in (today.year + 1, today.year, today.year - 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today + timedelta(days=1):
            return found
    return None


def _alone(text: str, start: int, end: int) -> bool:
    """Whether only labels and separators stand beside a span."""
    return bool(_LEFT.match(text[max(0, start - 160) : start]) and _RIGHT.match(text, end))


def _ago(match: re.Match[str]) -> tuple[timedelta, bool] | None:
    """How long ago, and whether the line counts in days and weeks only; None where it says nothing."""
    groups = match.groupdict()
    suffix = "" if groups["unit"] or groups["fixed"] else "b"
    first = _part(groups, suffix)
    if first is None:
        return None
    length, days_only = first
    minutes = groups["loose" + suffix] or groups["glued" + suffix]
    if minutes:
        return None if days_only else (length + timedelta(minutes=int(minutes)), False)
    second = _part(groups, "2" + suffix)
    return (length + second[0], days_only and second[1]) if second else first


def _part(groups: dict[str, str | None], suffix: str) -> tuple[timedelta, bool] | None:
    fixed, unit = groups["fixed" + suffix], groups["unit" + suffix]
    if fixed:
        return _FIXED[fixed], _FIXED[fixed] >= timedelta(days=1)
    if unit is None:
        return None
    count = int(groups["n" + suffix] or 0) or NUMBERS.get(groups["word" + suffix] or "", 0)
    for pattern, length in _UNITS:
        if pattern.match(unit):
            return (count * length, length >= timedelta(days=1)) if count else None
    return None
