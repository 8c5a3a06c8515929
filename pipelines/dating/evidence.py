"""Statements about the dates of a page: what one is, how its value is read, and those that come from outside the page.

Each statement keeps its place and a weight. The weights order the places (see `pipelines.dates`); they are no probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import unquote, urlsplit

from language.timezones import to_utc
from pipelines.dating.lines import FUTURE, DateReading, read_lines

MODIFIED = "modified"
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Statement:
    """A date and who says it.

    Attributes:
        reading: the date.
        where: "jsonld", "meta", "time", "selector", "visible", "url", "feed", "api", "sitemap" or "listing".
        says: "published" or "modified".
        weight: of the place; the heaviest is believed unless others outvote it.
    """

    reading: DateReading
    where: str
    says: str
    weight: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What reading a date needs to know: the outlet's language and zone, and the moment the page was seen."""

    language: str
    local: tzinfo
    now: datetime


_EPOCH = re.compile(r"\s*(1\d{9})(?:\.\d+|\d{3})?\s*")
_MIDNIGHT_UTC = re.compile(r"\s*(\d{4})-(\d\d)-(\d\d)T00:00(?::00(?:\.0+)?)?\s?(?:Z|[+-]00:?00)\s*", re.IGNORECASE)
_UNSET = (datetime(1969, 12, 31, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC))
LONGEST_VALUE = 200


def read_value(value: object, setting: Setting) -> DateReading | None:
    """The date of an attribute or a JSON value: anything a line may be, and seconds or milliseconds since 1970.

    "2023-11-24T00:00:00Z" is the day, not one o'clock in Rabat: systems that keep days only write them so. The zero of a clock
    (1970-01-01) is a value that was never set.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(int(value)) if abs(value) < 1e14 else None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_VALUE:
        return None
    epoch = _EPOCH.fullmatch(value)
    if epoch:
        instant = datetime.fromtimestamp(int(epoch[1]), UTC)
        return DateReading(instant, "second", value.strip(), "epoch") if instant <= setting.now + FUTURE else None
    midnight = _MIDNIGHT_UTC.fullmatch(value)
    if midnight:
        value = "-".join(midnight.groups())
    for reading in read_lines(value, language=setting.language, local=setting.local, now=setting.now)[:1]:
        if not _UNSET[0] <= reading.instant < _UNSET[1]:
            return reading
    return None


_URL_DATES = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\d])"),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-_.](?P<m>\d\d)[-_.](?P<d>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<d>\d\d)[-_/](?P<m>\d\d)[-_/](?P<y>(?:19|20)\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:|\d{4}|\d{6}|\d{12})(?!\d)"),
)
_OLDEST_URL = 1995


def from_url(address: str, setting: Setting) -> Statement | None:
    """The day in an address: /2023/11/24/, /2023-11-24-, -20231124, 24-11-2023; None where two days stand in it.

    Times in addresses are not read: their zone is not known. Eight digits without separators weigh little: they may be a number.
    """
    try:
        parts = urlsplit(unquote(address[:2000]))
    except ValueError:
        return None
    path = f"{parts.path}?{parts.query}"
    days: dict[date, str] = {}
    for pattern in _URL_DATES:
        for match in pattern.finditer(path):
            try:
                day = date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                continue
            if day.year >= _OLDEST_URL and day <= (setting.now + FUTURE).date():
                days.setdefault(day, match[0])
        if days:
            break
    if len(days) != 1:
        return None
    day, raw = days.popitem()
    reading = DateReading(to_utc(datetime.combine(day, time()), setting.local), "day", raw, "url")
    return Statement(reading, "url", PUBLISHED, 2.4 if raw.isdigit() else 3.4)


_OUTSIDE_WEIGHTS = {"api": 2.4, "feed": 2.4, "sitemap": 2.3, "listing": 1.9}
_FRESH = timedelta(seconds=5)


def from_outside(evidence: Iterable[tuple[str, str, str]], setting: Setting) -> Iterator[Statement]:
    """What feeds, sitemaps, listings and the address say: triples (text, where, says)."""
    for text, where, says in evidence:
        in_address = from_url(text, setting) if where == "url" else None
        if in_address:
            yield in_address
        elif "://" not in text and (reading := read_value(text, setting)):
            reading = _without_padding(reading, setting.local)
            yield Statement(reading, where, says or reading.says or PUBLISHED, _OUTSIDE_WEIGHTS.get(where, 2.0))


_MIDNIGHT = time()


def _without_padding(reading: DateReading, local: tzinfo) -> DateReading:
    """A feed's or sitemap's date without what its form made it add: these forms have no shape for a bare day or minute.

    Midnight, in the outlet's zone or in UTC, stands for the day; seconds of zero for the minute.
    """
    if reading.precision == "day" or reading.instant.second:
        return reading
    for stated in (local, UTC):
        moment = reading.instant.astimezone(stated)
        if moment.time() == _MIDNIGHT:
            midnight = to_utc(datetime.combine(moment.date(), _MIDNIGHT), local)
            return replace(reading, instant=midnight, precision="day")
    return replace(reading, precision="minute")


def is_crawl_time(statement: Statement, now: datetime) -> bool:
    """Whether a statement is the moment of the answer itself: a clock of the server, not a date of the article."""
    return statement.reading.precision == "second" and abs(statement.reading.instant - now) <= _FRESH
