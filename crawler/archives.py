"""Archives by date: the addresses of past days, months or years, newest first, and what span an address covers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from crawler.window import SLACK, Window
from language.timezones import to_utc, zone

# Far enough for ten years of daily archives.
_MAX_ADDRESSES = 4000

_YEAR, _MONTH, _DAY = r"(20\d\d|19\d\d)", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_SEPARATED = re.compile(rf"(?<!\d){_YEAR}[-_/.]{_MONTH}(?:[-_/.]{_DAY})?(?!\d)")
# Without separators it may as well be an article's number.
_COMPACT = re.compile(rf"(?<!\d){_YEAR}{_MONTH}{_DAY}?(?!\d)")
_LONG_NUMBER = re.compile(r"\d{5,}")


def expand(
    templates: list[str], window: Window, now: datetime, timezone: str
) -> Iterator[tuple[str, datetime, datetime]]:
    """The archive addresses that cover a window, newest first, each once.

    Args:
        templates: addresses with {year}, and perhaps {month} and {day}, which stand for the outlet's local date.
        window: with `since` set.
        now: aware; nothing later is asked for.
        timezone: the outlet's.
    Yields:
        (address, beginning and end of what it covers of the window as aware UTC instants), at most 4,000 for each template.
    """
    assert window.since is not None
    local = zone(timezone)
    first = window.since.astimezone(local).date()
    # `until` is exclusive: its own day counts only where it is later than midnight.
    last = (min(window.until or now, now) - timedelta(microseconds=1)).astimezone(local).date()
    for template in templates:
        day, given = last, set[str]()
        while day >= first and len(given) < _MAX_ADDRESSES:
            url = template.replace("{year}", f"{day:%Y}").replace("{month}", f"{day:%m}").replace("{day}", f"{day:%d}")
            if url not in given:
                given.add(url)
                month, number = (
                    (day.month, day.day) if "{day}" in template else (day.month, 1) if "{month}" in template else (1, 1)
                )
                start = to_utc(datetime(day.year, month, number), local)  # noqa: DTZ001
                end = to_utc(datetime(day.year, day.month, day.day) + timedelta(days=1), local)  # noqa: DTZ001
                yield url, max(start, window.since), end
            day -= timedelta(days=1)


def may_cover(url: str, window: Window) -> bool:
    """Whether a sitemap whose address names months or days may hold articles of the window; true where it names none.

    2023-11, 2023/11/24 and the like are dates wherever they stand; 202311 and 20231124 only in the path, and where no
    other long number stands beside them, which would make them one of a range of identifiers.
    """
    parts = urlsplit(url)
    dates = list(_SEPARATED.finditer(f"{parts.path}?{parts.query}"))
    if not dates and len(_LONG_NUMBER.findall(parts.path)) == 1:
        dates = list(_COMPACT.finditer(parts.path))
    spans = [span for found in dates if (span := _span(int(found[1]), int(found[2]), int(found[3] or 0)))]
    if not spans:
        return True
    start, end = min(start for start, _ in spans), max(end for _, end in spans)
    if window.since is not None and end < window.since - SLACK:
        return False
    return window.until is None or start < window.until + SLACK


def _span(year: int, month: int, day: int) -> tuple[datetime, datetime] | None:
    """The first instant of a day, or of a month where the day is 0, and the first after it; None for 30 February."""
    try:
        start = datetime(year, month, day or 1, tzinfo=UTC)
    except ValueError:
        return None
    return start, start + timedelta(days=1 if day else 31)
