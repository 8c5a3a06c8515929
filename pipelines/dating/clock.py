"""The time of day that stands beside a date in a folded line: "14h05", "على الساعة 2:06 م", "12:24 pm", "18:45 (GMT+1)"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from language.months import WEEKDAYS
from language.normalize import fold_with_offsets
from language.timezones import ZONE, named_zone

LETTER = r"[^\W\d_]"
_END = rf"(?!{LETTER})"


class Line:
    """A folded line and the way back to the words it was folded from.

    Attributes:
        text: the folded line.
    """

    __slots__ = ("_offsets", "_original", "text")

    def __init__(self, original: str, folded: str) -> None:
        self.text = folded
        self._original = original
        self._offsets: list[int] | None = None

    def raw(self, start: int, end: int) -> str:
        """The original words of a span of the folded text."""
        if self._offsets is None:
            self._offsets = _offsets(self._original)
        if end <= start or end > len(self._offsets):
            return ""
        return self._original[self._offsets[start] : self._offsets[end - 1] + 1]


def _offsets(original: str) -> list[int]:
    """For each character of `fold(original)` the index in `original` it came from."""
    folded, places = fold_with_offsets(original)
    offsets: list[int] = []
    spaced = True
    for character, place in zip(folded, places, strict=True):
        if character == " ":
            if not spaced:
                offsets.append(place)
            spaced = True
        else:
            offsets.append(place)
            spaced = False
    return offsets


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day.

    Attributes:
        hour, minute, second: of the 24-hour clock; second is None where the line has none.
        zone: the zone that the line names, None for the outlet's.
        start, end: where it stands in the folded line.
    """

    hour: int
    minute: int
    second: int | None
    zone: tzinfo | None
    start: int
    end: int


_HALF_WORDS = (
    r"a\.? ?m\.?|p\.? ?m\.?|ص\.?|م\.?|صباحا?|مساءا?|ظهرا|زوالا|ليلا|عصرا|فجرا|بعد (?:ال)?(?:ظهر|زوال)|قبل (?:ال)?(?:ظهر|زوال)"
    r"|du matin|du soir|de l'apres-midi|de la nuit"
)
_TIME = (
    rf"(?P<time>(?:(?P<before>{_HALF_WORDS}){_END} ?)?(?P<h>\d{{1,2}})(?:"
    r" ?: ?(?P<m1>\d{2})(?: ?: ?(?P<s>\d{2})(?:[.,]\d{1,9})?)?(?!\d)"
    rf"| ?(?:h(?:eures?|rs?)?|سا|س){_END} ?(?:(?P<m2>\d{{2}})(?!\d)(?: ?(?:min(?:utes)?|mn|د){_END}(?: ?(?P<s2>\d{{2}}) ?s(?:econdes)?{_END})?)?)?"
    r"|\.(?P<m3>\d{2})(?![\d.]))?"
    rf"(?: ?(?P<half>{_HALF_WORDS}){_END})?)"
    rf"(?P<zoned>[ ,،]{{0,2}}[(\[]? ?(?:{ZONE})\)?)?"
)
# Between a date and its time stand only these; any other word parts them.
_LINK = (
    r"(?:[\s,،:;|•·*~()\[\]/>»\-.@]|(?:a|at|le|la|t|علي|الساعه|ساعه|عند|في|بتمام|تمام|حدود|بحدود|حوالي|نحو|vers|س|و|et|de|on|توقيت|التوقيت|time|heure|يوم|gmt|utc"
    rf"|م|ميلادي|ميلاديه|{'|'.join(sorted(map(re.escape, WEEKDAYS), key=len, reverse=True))}){_END})*"
)
_AFTER = re.compile(rf"(?P<link>{_LINK}){_TIME}")
_BEFORE = re.compile(rf"(?<![\d.,/+-]){_TIME}(?P<link>{_LINK})$")
_START = re.compile(rf"(?<![\d.,/:+]){_TIME}")
_ANNOUNCED = re.compile(r"(?<![^\W\d_])(?:الساعه|ساعه|علي|عند|في|س|a|at|vers)[ :]*$")
_HOUR_ANNOUNCED = re.compile(r"(?:الساعه|ساعه)[ :]*$")
_ZONE_BEFORE = re.compile(rf"(?:{ZONE})[ :]*$")
_MALFORMED = re.compile(r"[+-]\d")
_DURATION = re.compile(r" ?(?:de lecture|min de lecture|read)")


def clock_after(line: Line, place: int, local: tzinfo) -> Clock | None:
    """The time that follows a place of the line, parted from it by connecting words only.

    Args:
        line: the folded line.
        place: end of the date.
        local: the outlet's zone, for "heure locale".
    """
    match = _AFTER.match(line.text, place, min(len(line.text), place + 100))
    return _read(line, match, match["link"], local) if match else None


def clock_before(line: Line, place: int, local: tzinfo) -> Clock | None:
    """The time that precedes a place of the line, parted from it by connecting words only."""
    start = max(0, place - 60)
    for match in _START.finditer(line.text, start, place):
        whole = _BEFORE.match(line.text, match.start(), place)
        if whole:
            return _read(line, whole, line.text[start : whole.start("time")], local)
    return None


def _read(line: Line, match: re.Match[str], link: str, local: tzinfo) -> Clock | None:
    """The time of a match; None where the clock has no such time or the form is too weak for where it stands."""
    half = (match["half"] or match["before"] or "").strip()
    hour = int(match["h"])
    minute = match["m1"] or match["m2"] or match["m3"]
    second = match["s"] or match["s2"]
    hours_only = minute is None and not _has_h(match)
    if hours_only and len(half.rstrip(".")) < 2 and not ((half or hour > 12) and _HOUR_ANNOUNCED.search(link)):
        return None
    if match["m3"] and not _ANNOUNCED.search(link):
        return None
    if _DURATION.match(line.text, match.end()) or hour > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        return None
    if half:
        in_day = _in_half(hour, half)
        if in_day is None:
            return None
        hour = in_day
    start, end = match.span("time")
    zone = None
    if match["zoned"] and _is_zone(line, match):
        zone = named_zone(match, local)
        if zone is None:
            return None
        end = match.end("zoned")
    elif second and _MALFORMED.match(line.text, end):
        # "14:05:00+1:00": an offset that cannot be read leaves the hour unknown.
        return None
    else:
        # "GMT 17:27 17.03.2020"
        prefix = _ZONE_BEFORE.search(line.text, max(0, start - 24), start)
        if prefix and prefix["offset"] is None and _is_zone(line, prefix):
            zone = named_zone(prefix, local)
            if zone is None:
                return None
            start = prefix.start()
    return Clock(hour, int(minute or 0), int(second) if second else None, zone, start, end)


def _has_h(match: re.Match[str]) -> bool:
    return match.string[match.end("h") : match.end("h") + 2].strip().startswith(("h", "س"))


def _in_half(hour: int, half: str) -> int | None:
    """The hour of the day for an hour and a half-day word; None where they contradict one another."""
    if half.startswith(("a", "ص", "قبل", "فجر")) or half in ("du matin", "de la nuit"):
        return None if hour > 12 else hour % 12
    if hour > 12:
        return hour
    if half == "ليلا":
        return hour % 12 if hour < 6 or hour == 12 else hour + 12
    if half == "ظهرا" and hour in (10, 11):
        return hour
    return hour % 12 + 12


def _is_zone(line: Line, match: re.Match[str]) -> bool:
    """Whether what follows a time is a zone: not "est" or "cet" of a sentence, not the end of "10:00-12:00"."""
    if match["abbreviation"]:
        return (
            match["abbreviation"] == "z" or line.raw(match.start("abbreviation"), match.end("abbreviation")).isupper()
        )
    offset = match["offset"]
    if offset and len(offset) == 3:
        return match["s"] is not None and match["zoned"] == offset
    if offset and match["s"] is None and offset[0] == "-":
        return ":" not in offset and match["zoned"].startswith(" ")
    return True


def nearest(line: Line, ends: Iterable[int], starts: Iterable[int], local: tzinfo) -> Clock | None:
    """The time after any of the ends, else the time before any of the starts."""
    for place in ends:
        clock = clock_after(line, place, local)
        if clock:
            return clock
    for place in starts:
        clock = clock_before(line, place, local)
        if clock:
            return clock
    return None
