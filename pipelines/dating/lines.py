"""Reading the date in one line of text.

A line is folded (`language.normalize.fold`), then searched for date forms by a closed grammar: a day with a month name, a
numeric date, a Hijri date, a relative form. Nothing is filled in from `now` except what the line says in words ("hier",
"منذ ساعتين") and the year of a line like "mercredi 12 mai à 2h01". Three sieves stand behind the grammar:

- the neighbourhood: a file number, a phone number, a range, "loi du …", "depuis le …", "attentats du …" do not say when the
  line was published, and a date that stands there is passed over;
- the calendar: an impossible date is no date, and never becomes a smaller one ("31/04/2024" is not "1/04/2024");
- the clock: beyond `now` + 26 hours, as far as the zones of the earth lie apart, nothing is published.

Order is day before month, always; a published date before an updated one, a Gregorian before a Hijri one, the first before
the second. dateparser gives the names of months (`language.months`) and reads lines of languages other than Arabic, French
and English, strictly; for these three its parser is not asked, because it fills gaps from the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from dateparser.date import DateDataParser

from language.months import GREGORIAN, HIJRI_MONTH, WEEKDAYS, alternatives, from_hijri, hijri_month
from language.normalize import fold
from language.timezones import ZONE, named_zone, to_utc
from pipelines.dating.clock import LETTER, Clock, Line, nearest
from pipelines.dating.relative import PUBLISHED, UPDATED, relative, too_far_ahead, yearless

LONGEST_LINE = 2000
"""Characters of a line that are read; a line that states a date is shorter by far."""

FUTURE = timedelta(hours=26)
FIRST_YEAR = 1900
_GRAMMAR_LANGUAGES = ("", "ar", "fr", "en", "ary", "arz", "und")
_FOREIGN_LINE = 80


@dataclass(frozen=True, slots=True)
class DateReading:
    """A date as one line states it.

    Attributes:
        instant: aware UTC; for precision "day" local midnight of the outlet.
        precision: "day", "minute" or "second".
        raw: the words read, as they stand in the line.
        method: "iso", "named", "numeric", "compact", "hijri", "relative", "yearless" or "dateparser".
        approximate: true for a Hijri date alone, whose day may be off by one.
        says: "published", "modified", or "" where the line does not say which.
    """

    instant: datetime
    precision: str
    raw: str
    method: str
    approximate: bool = False
    says: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A date form at a place of the folded line; `day` is None where the calendar has no such day.

    `padded` marks "24-11-2023 14:05:00": a database field printed as it is, whose seconds of 00 mean that none are kept.
    """

    start: int
    end: int
    day: date | None
    method: str
    hijri: bool = False
    clock: Clock | None = None
    says: str = ""
    padded: bool = False


_MONTH = alternatives(GREGORIAN)
_WEEKDAY = rf"(?<!{LETTER}){alternatives(WEEKDAYS)}\.?"
_LABEL = re.compile(
    rf"(?<!{LETTER})(?:(?P<updated>{UPDATED})|(?P<published>{PUBLISHED}))(?!{LETTER})"
    rf"|(?<=\d)(?:(?P<glued_update>{UPDATED})|(?P<glued>{PUBLISHED}))"
)

_YEAR = r"(?P<y>\d{4})(?=\d{1,2} ?[:h] ?\d{2}|\D|$)"
_ORDINAL = rf"(?: ?(?:er|eme|st|nd|rd|th)(?!{LETTER})|°)?"
_FIRST_DAY = rf"(?<!{LETTER})(?:(?:ال)?فاتح|premier)"
_TWIN = rf"(?: ?[/(\-،,] ?(?P<twin>{_MONTH})\.? ?\)?)?"
_TO_MONTH = r"(?: ?[-/.,،\\] ?| (?:de|of|من|شهر|من شهر) | ?)"
_TO_YEAR = r"(?: ?[-/.,،\\] ?| (?:de|of|سنه|عام|من سنه|من عام|لسنه|لعام) | ?)"

_DMY = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}}|{_FIRST_DAY}){_ORDINAL}{_TO_MONTH}(?P<mon>{_MONTH})(?P<dot>\.?){_TWIN}"
    rf"(?:{_TO_YEAR}{_YEAR}|[ '-]{{1,2}}(?P<y2>\d{{2}})(?!\d| ?h| ?[:/]|[.,]\d))"
)
_MDY = re.compile(rf"(?<!{LETTER})(?P<mon>{_MONTH})\.?{_TWIN} ?(?P<d>\d{{1,2}}){_ORDINAL}(?: ?[,،] ?| ){_YEAR}")
_UNIX = re.compile(
    rf"(?<!{LETTER})(?P<mon>{_MONTH}) (?P<d>\d{{1,2}}) (?P<h>\d{{2}}):(?P<mi>\d{{2}}):(?P<s>\d{{2}}) (?:(?P<zoned>{ZONE}) )?{_YEAR}"
)
_NUMERIC_DMY = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}}) ?(?P<sep>[./\\_-]) ?(?P<m>\d{{1,2}}) ?(?P=sep) ?(?:{_YEAR}|(?P<y2>\d{{2}})(?!\d))"
)
_NUMERIC_YMD = re.compile(
    r"(?<!\d)(?P<y>\d{4}) ?(?P<sep>[./\\_-]) ?(?P<m>\d{1,2}) ?(?P=sep) ?(?P<d>\d{2}|\d(?!\d))(?=\d{1,2}:\d{2}|\D|$)"
)
_HIJRI_NAMED = re.compile(rf"(?<!\d)(?P<d>\d{{1,2}}){_TO_MONTH}(?P<mon>{HIJRI_MONTH}){_TO_YEAR}(?P<y>1[345]\d\d)(?!\d)")
_HIJRI_MARK = re.compile(rf" ?(?:ه(?:جري(?:ه)?)?|h(?:egire)?|a\.?h)(?!{LETTER})\.?")
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[t ]?(?P<h>\d{2}):?(?P<mi>\d{2})(?::?(?P<s>\d{2})(?:\.\d+)?)?(?P<zoned>z|[+-]\d{2}:?\d{2})?)?"
)

_DAY_WORDS = rf"(?:(?:{_WEEKDAY}|يوم|تاريخ|بتاريخ|في|من|le|la|the|on|شهر)[ ,،]+|ل ?)*"
_NOT_PUBLISHED = re.compile(
    r"(?<![^\W_])(?:nee?s?|morte?s?|decedee?s?|deces|depuis|avant|apres|jusqu'(?:au|a|en)|jusque|des|pour|a partir(?: du)?|a compter(?: du)?|prevue?s?|expire|echeance"
    r"|valable|sortie?s?(?: en| le)?|date limite|naissance|cloture|fin|au|until|till|since|before|after|born|died|due|deadline|from|to"
    r"|المولوده?|ولدت?|مواليد|الازدياد|ازدياد|المزداده?|الميلاد|توفيت?|منذ|قبل|بعد|حتي|الي|غايه|لغايه|ابتداء|اعتبارا|انطلاقا|بدءا|بدايه|المقرر|مقرر|المرتقب|مرتقب|المزمع"
    r"|احداث|ثوره|احتجاجات|مظاهرات|انقلاب|مءتمر|موءتمر|هجمات|هجوم|تفجيرات|تفجير|اعتداءات|زلزال|انتخابات|اقتراع|ظهير|القانون|قانون|مرسوم|المرسوم|الصادره?|المورخه?|دستور|خطاب|اتفاق|اتفاقيه|معاهده"
    rf"|موعد|اجل) ?:? ?{_DAY_WORDS}$"
)
_LAW = re.compile(
    rf"(?<!{LETTER})(?:loi|decret|dahir|arrete|ordonnance|circulaire|decision|directive|reglement|jugement|arret)(?!{LETTER})[^|•]*$"
)
_OF_DAY = re.compile(rf"(?:^|[^\w'])(?P<word>[^\W_]*)[ ,:]*(?<!{LETTER})du (?:{_WEEKDAY}[ ,]+)?$")
_OF_DAY_GOOD = frozenset(
    ("", "jour", "edition", "numero", "journal", "jt", "article", "publication", "parution", "actualite", "actualites", "actu", "presse",
     "date", "bulletin", "communique", "depeche", "billet", "note", "post", "nouvelles", "matinale", "information", "infos", "live")
)  # fmt: skip
_NUMBERED = re.compile(
    rf"(?:(?<!{LETTER})(?:no|num|numero|رقم|عدد|العدد|ملف|الملف|dossier|ref|reference|art|articles?|loi|decret|dahir|قانون|القانون|مرسوم"
    r"|المرسوم|ظهير|الفصل|فصل|الماده|ماده|version|ver|v|ip|isbn|issn|tel|telephone|phone|mobile|whatsapp|fax|gsm|هاتف|الهاتف|تلفون|الجوال|فاكس"
    r"|الفاكس|iban|rib|score|prix|pages?|الصفحه|صفحه|chapitre|id|code|ice|rc|cin|بطاقه|البطاقه|حساب|الحساب|compte)|n°|#)[ :.°#]*$"
)
_COUNTED = re.compile(
    rf" ?(?:[%٪€$£]|(?:dhs?|mad|eur|درهما?|دينارا?|ريالا?|دولارا?|يورو|dirhams?|euros?|dollars?|kg|km|points?|pts|نقطه)(?!{LETTER}))"
)
_SHORT_LEFT = re.compile(
    rf"(?:^|[|•·:,،(\[>»–/-] ?|(?<!{LETTER})(?:le|du|في|يوم|بتاريخ|on|{PUBLISHED}|{UPDATED}) ?|{_WEEKDAY}[ ,،]*|[:h]\d{{2}} )$"
)
_SHORT_RIGHT = re.compile(rf" ?(?:$|[|•·,،;:)\]<>»/(-]|(?:a|at|علي|الساعه|في|م)(?!{LETTER})|\d{{1,2}} ?[:h])")
_RANGE_LEFT = re.compile(
    r"(?<![\d.:h/_-])(?<![h:] )\d{1,2}(?:er)? ?(?:-|/|,|،|(?:et|و|a|au|الي|to)(?: (?:le |ال)?)?) ?$"
)
_RANGE_RIGHT = re.compile(rf" ?(?:au|jusqu'au|الي|حتي|لغايه|until|to) (?:(?:{_WEEKDAY}|يوم|le) )?\d")
_LONGER_LEFT = re.compile(r"(?:\d[./\\_+-]|(?<!\d)\d{1,3} [./\\_+-] ?|\+ ?)$")
_LONGER_RIGHT = re.compile(r"(?:[./\\_-]\d+(?![\d:h])| [./\\_-] ?\d+(?= ?[./\\_-] ?\d| ?$))")
_FILE_NAME = re.compile(r"[a-z][_-]$")
_CLOCK_LEFT = re.compile(r"[:h] ?\d{2} ?[./-] ?$")
_DATE_RIGHT = re.compile(
    r" ?[./\\_-] ?(?:\d{1,2} ?[./-] ?\d{1,2} ?[./-] ?\d{2,4}|\d{4} ?[./-] ?\d{1,2} ?[./-] ?\d{1,2})(?!\d)"
)
_DASH_ONLY = re.compile(r" ?(?:-|–|→|>) ?$")
_TWIN_GAP = 24


def read_lines(text: str, *, language: str, local: tzinfo, now: datetime) -> list[DateReading]:
    """Every date that a line states about itself, the best first.

    Args:
        text: a line as it stands on a page; beyond `LONGEST_LINE` characters it is not read.
        language: BCP 47 code; only one other than ar, fr and en makes a difference.
        local: zone of the outlet.
        now: aware; the moment the page was seen.
    Returns:
        At most one reading for each of "published", "" and "modified"; empty where nothing is certain.
    """
    if len(text) > LONGEST_LINE:
        cut = max(text.rfind(" ", 0, LONGEST_LINE), text.rfind("\n", 0, LONGEST_LINE), 0)
        text = text[: cut or LONGEST_LINE]
    line = Line(text, fold(text))
    if not line.text:
        return []
    compact = _COMPACT.fullmatch(line.text)
    if compact:
        reading = _compact(line, compact, local, now)
        return [reading] if reading else []
    found = _settle_twins(
        _without_overlaps(sorted(_date_forms(line.text, now), key=lambda form: (form.start, -form.end)))
    )
    if found:
        return _best(line, found, local, now)
    reading = _leaning(line, now, local) or _foreign(text, language, local, now)
    return [reading] if reading else []


def _best(line: Line, found: list[_Found], local: tzinfo, now: datetime) -> list[DateReading]:
    """The first certain reading of each kind among date forms of one line."""
    candidates: list[_Found] = []
    previous = 0
    for form in found:
        says = form.says or _says(line.text[previous : form.start])
        others = [other for other in found if other.hijri != form.hijri]
        ends = [form.end, *(other.end for other in others if form.end <= other.start <= form.end + _TWIN_GAP)]
        starts = [form.start, *(other.start for other in others if other.end <= form.start <= other.end + _TWIN_GAP)]
        clock = form.clock or nearest(line, ends, starts, local)
        if clock and any(other.start < clock.end and clock.start < other.end for other in found):
            clock = form.clock
        form = replace(form, says=says, clock=clock)
        previous = max(form.end, clock.end if clock else 0)
        if not _vetoed(line.text, form):
            candidates.append(form)
    if _is_range(line.text, candidates):
        return []
    candidates.sort(key=lambda form: (form.says == "modified", form.hijri, form.says == "", form.start))
    readings: dict[str, DateReading] = {}
    for form in candidates:
        if form.says in readings:
            continue
        if form.clock is None:
            # "01 mai 2026 | 01/05/2026 18:01": one day written twice, once with its time.
            form = next(
                (twin for twin in candidates if twin.clock and twin.day == form.day and twin.says == form.says), form
            )
        reading = _reading(line, form, local, now)
        if reading is None:
            # What stands first is impossible or in the future; what stands behind it would be a guess.
            break
        readings[form.says] = reading
    return list(readings.values())


def label_of(before: str) -> str:
    """What the last label before a date says of it: "published", "modified" or "".

    Args:
        before: any text, folded or not.
    """
    return _says(fold(before)) if before else ""


def _says(before: str) -> str:
    says = ""
    for match in _LABEL.finditer(before):
        says = "modified" if match["updated"] or match["glued_update"] else "published"
    return says


def _reading(line: Line, form: _Found, local: tzinfo, now: datetime) -> DateReading | None:
    if form.day is None:
        return None
    clock = form.clock
    instant = _instant(form.day, clock, local)
    if instant is None or instant > now + FUTURE or form.day.year < FIRST_YEAR:
        return None
    start = min(form.start, clock.start) if clock else form.start
    end = max(form.end, clock.end) if clock else form.end
    return DateReading(
        instant=instant,
        precision=_precision(form),
        raw=line.raw(start, end),
        method=form.method,
        approximate=form.hijri,
        says=form.says,
    )


def _precision(form: _Found) -> str:
    clock = form.clock
    if clock is None:
        return "day"
    return "minute" if clock.second is None or (form.padded and clock.second == 0 and clock.zone is None) else "second"


def _instant(day: date, clock: Clock | None, local: tzinfo) -> datetime | None:
    moment = time(clock.hour, clock.minute, clock.second or 0) if clock else time()
    try:
        return to_utc(datetime.combine(day, moment), clock.zone if clock and clock.zone else local)
    except (OverflowError, ValueError):
        return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _compact(line: Line, match: re.Match[str], local: tzinfo, now: datetime) -> DateReading | None:
    """A line that is nothing but "20231124", "202311241405" or "20231124T140500Z"."""
    day = _day(int(match["y"]), int(match["m"]), int(match["d"]))
    clock = None
    if match["h"]:
        hour, minute = int(match["h"]), int(match["mi"])
        second = int(match["s"]) if match["s"] else None
        if hour > 23 or minute > 59 or (second or 0) > 59:
            return None
        zone = re.fullmatch(ZONE, match["zoned"]) if match["zoned"] else None
        clock = Clock(hour, minute, second, named_zone(zone, local) if zone else None, 0, len(line.text))
    if day is None or day.year < 1990:
        return None
    return _reading(line, _Found(0, len(line.text), day, "compact", clock=clock), local, now)


def _leaning(line: Line, now: datetime, local: tzinfo) -> DateReading | None:
    """A relative or a yearless form."""
    form = relative(line, now, local) or yearless(line, now, local)
    if form is None:
        return None
    says = _says(line.text[: form.start])
    if form.instant is not None:
        instant, precision = form.instant.astimezone(UTC).replace(second=0, microsecond=0), "minute"
    else:
        if form.day is None:
            return None
        found = _instant(form.day, form.clock, local)
        if found is None or too_far_ahead(found, now):
            return None
        instant, precision = found, "day" if form.clock is None else "minute" if form.clock.second is None else "second"
    return DateReading(instant, precision, line.raw(form.start, form.end), form.method, says=says)


# ---------------------------------------------------------------- date forms


def _date_forms(line: str, now: datetime) -> Iterator[_Found]:
    """Every date form of a folded line."""
    newest = (now + FUTURE).year
    for match in _UNIX.finditer(line):
        clock = None
        hour, minute, second = int(match["h"]), int(match["mi"]), int(match["s"])
        zone = named_zone(match, UTC) if match["zoned"] else None
        if hour < 24 and minute < 60 and second < 60 and (zone or not match["zoned"]):
            clock = Clock(hour, minute, second, zone, match.start(), match.end())
        yield _Found(
            match.start(),
            match.end(),
            _day(int(match["y"]), GREGORIAN[match["mon"]], int(match["d"])),
            "named",
            clock=clock,
        )
    for match in (*_NUMERIC_YMD.finditer(line), *_NUMERIC_DMY.finditer(line)):
        if _part_of_number(line, match):
            continue
        short = match.groupdict().get("y2")
        if short and not _good_short(line, match, 2000 + int(short), newest):
            continue
        year, month, day = 2000 + int(short) if short else int(match["y"]), int(match["m"]), int(match["d"])
        if 1300 <= year < 1500:
            mark = _HIJRI_MARK.match(line, match.end())
            weekday = _weekday_before(line, match.start())
            yield _Found(
                match.start(),
                mark.end() if mark else match.end(),
                from_hijri(year, month, day, weekday),
                "hijri",
                hijri=True,
            )
        else:
            iso = match.re is _NUMERIC_YMD and match["sep"] == "-"
            padded = not iso and match["sep"] == "-"
            yield _Found(match.start(), match.end(), _day(year, month, day), "iso" if iso else "numeric", padded=padded)
    for match in _DMY.finditer(line):
        if match["y"]:
            yield _named(match, int(match["y"]))
        elif 2000 + int(match["y2"]) <= newest and (match["dot"] or (len(match["mon"]) < 5 and match["mon"].isascii())):
            yield _named(match, 2000 + int(match["y2"]))
    for match in _MDY.finditer(line):
        yield _named(match, int(match["y"]))
    for match in _HIJRI_NAMED.finditer(line):
        mark = _HIJRI_MARK.match(line, match.end())
        day_found = from_hijri(
            int(match["y"]), hijri_month(match["mon"]), int(match["d"]), _weekday_before(line, match.start())
        )
        yield _Found(match.start(), mark.end() if mark else match.end(), day_found, "hijri", hijri=True)


def _named(match: re.Match[str], year: int) -> _Found:
    month, twin = GREGORIAN[match["mon"]], match["twin"]
    same = twin is None or GREGORIAN[twin] == month
    number = int(match["d"]) if match["d"].isdigit() else 1
    return _Found(match.start(), match.end(), _day(year, month, number) if same else None, "named")


_WEEKDAY_LEFT = re.compile(rf"(?<!{LETTER})(?P<name>{alternatives(WEEKDAYS)})\.?[ ,،]*$")


def _weekday_before(line: str, start: int) -> int | None:
    match = _WEEKDAY_LEFT.search(line, max(0, start - 20), start)
    return WEEKDAYS[match["name"]] if match else None


def _without_overlaps(found: list[_Found]) -> list[_Found]:
    kept: list[_Found] = []
    for form in found:
        if not kept or form.start >= kept[-1].end:
            kept.append(form)
    return kept


def _settle_twins(found: list[_Found]) -> list[_Found]:
    """Gregorian forms beside a Hijri one inherit what stands before the pair; a line of Hijri forms alone keeps them."""
    settled: list[_Found] = []
    for index, form in enumerate(found):
        if not form.hijri and index and found[index - 1].hijri and form.start - found[index - 1].end <= _TWIN_GAP:
            form = replace(form, says=found[index - 1].says)
        settled.append(form)
    return settled


# ---------------------------------------------------------------- neighbourhoods


def _part_of_number(line: str, match: re.Match[str]) -> bool:
    """Whether a numeric form is a piece of a longer number: a phone number, an address, an account, a file."""
    left = line[max(0, match.start() - 32) : match.start()]
    if _NUMBERED.search(left) or _COUNTED.match(line, match.end()):
        return True
    if match["sep"] in "-_" and _FILE_NAME.search(left):
        return True
    if _LONGER_LEFT.search(left) and not _CLOCK_LEFT.search(left):
        return True
    return bool(_LONGER_RIGHT.match(line, match.end()) and not _DATE_RIGHT.match(line, match.end()))


def _good_short(line: str, match: re.Match[str], year: int, newest: int) -> bool:
    """Whether a numeric form with a year of two digits is a date: written as one, alone or behind a label, and possible."""
    padded = len(match["d"]) == len(match["m"]) == 2
    return (
        year <= newest
        and (padded or match["sep"] == "/")
        and _day(year, int(match["m"]), int(match["d"])) is not None
        and bool(_SHORT_LEFT.search(line[max(0, match.start() - 40) : match.start()]))
        and bool(_SHORT_RIGHT.match(line, match.end()))
    )


def _vetoed(line: str, form: _Found) -> bool:
    """Whether the words around a date say that it is not the day of publication."""
    left = line[max(0, form.start - 60) : form.start]
    if _NOT_PUBLISHED.search(left) or _RANGE_LEFT.search(left) or _RANGE_RIGHT.match(line, form.end):
        return True
    if form.method == "named" and _NUMBERED.search(left):
        return True
    of_day = _OF_DAY.search(left)
    if of_day is None:
        return False
    numbered = of_day["word"].isdigit()
    return bool(_LAW.search(left)) if numbered else of_day["word"] not in _OF_DAY_GOOD


def _is_range(line: str, forms: list[_Found]) -> bool:
    """Whether two Gregorian dates without label or time are the ends of a period: "24/11/2023 - 26/11/2023"."""
    plain = [form for form in forms if not form.hijri]
    for first, second in pairwise(plain):
        bare = not (first.says or second.says or first.clock or second.clock)
        if bare and first.day != second.day and _DASH_ONLY.fullmatch(line[first.end : second.start]):
            return True
    return False


# ---------------------------------------------------------------- other languages


@lru_cache(maxsize=16)
def _foreign_parser(language: str) -> DateDataParser:
    return DateDataParser(
        languages=[language],
        settings={
            "DATE_ORDER": "DMY",
            "STRICT_PARSING": True,
            "REQUIRE_PARTS": ["day", "month", "year"],
            "PARSERS": ["absolute-time"],
            "RETURN_AS_TIMEZONE_AWARE": False,
        },
    )


def _foreign(text: str, language: str, local: tzinfo, now: datetime) -> DateReading | None:
    """A line of another language that is a date from end to end, read by dateparser; None in a language it does not know."""
    short = language.split("-")[0].lower()
    if short in _GRAMMAR_LANGUAGES or len(text) > _FOREIGN_LINE or not re.search(r"\d{4}", text):
        return None
    try:
        found = _foreign_parser(short).get_date_data(text).date_obj
    except ValueError:
        return None
    if found is None:
        return None
    timed = bool(re.search(r"\d[:h.]\d{2}(?!\d)", text)) and found.time() != time()
    instant = to_utc(found if timed else datetime.combine(found.date(), time()), local)
    if instant > now + FUTURE or found.year < FIRST_YEAR:
        return None
    return DateReading(instant, "minute" if timed else "day", text.strip(), "dateparser")
