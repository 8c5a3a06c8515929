"""The date window of a crawl: since inclusive, until exclusive, in the outlet's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from language.timezones import to_utc
from language.timezones import zone as zone_of

#: Feeds and sitemaps state zones carelessly and dates of change for dates of publication.
SLACK = timedelta(days=2)

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
# Where dates still can be added to and subtracted from.
_YEARS = range(1800, 3000)


class WindowError(ValueError):
    """`since` or `until` cannot be read; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of publication instants (aware UTC); None leaves that side open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Whether an instant of publication lies within."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)

    def said(self) -> dict[str, str | None]:
        """The window, fit for JSON: since and until as ISO 8601 instants, null for an open side."""
        sides = {"since": self.since, "until": self.until}
        return {name: moment.isoformat() if moment else None for name, moment in sides.items()}

    def may_hold(self, published: datetime | None, modified: datetime | None = None) -> bool:
        """Whether an article may lie within, by what discovery says of it; true where it says nothing."""
        if published is not None:
            low = self.since is None or published >= self.since - SLACK
            return low and (self.until is None or published < self.until + SLACK)
        if modified is not None and self.since is not None:
            return modified >= self.since - SLACK
        return True


def hours(moment: datetime) -> int:
    """Hours since 1970, the priority of what is that old: the newest comes first."""
    return int(moment.timestamp() // 3600)


def read_window(since: str, until: str, timezone: str) -> Window:
    """The window of two arguments of a crawl.

    Args:
        since, until: YYYY, YYYY-MM, YYYY-MM-DD (local midnight of the outlet) or an ISO 8601 instant; "" leaves the side open.
        timezone: IANA zone of the outlet.
    Raises:
        WindowError: an argument cannot be read, or since is not before until.
    """
    zone = zone_of(timezone)
    window = Window(_instant(since, "since", zone), _instant(until, "until", zone))
    if window.since and window.until and window.since >= window.until:
        raise WindowError(f"since={since} is not before until={until}")
    return window


def _instant(text: str, name: str, zone: tzinfo) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    partial = _PARTIAL.fullmatch(text)
    try:
        if partial:
            year, month, day = (int(part) if part else 1 for part in partial.groups())
            moment = datetime(year, month, day)  # noqa: DTZ001 - the outlet's zone follows
        else:
            moment = datetime.fromisoformat(text)
        if moment.year in _YEARS:
            return moment.astimezone(UTC) if moment.tzinfo else to_utc(moment, zone)
        reason = f"the year must lie between {_YEARS.start} and {_YEARS.stop - 1}"
    except ValueError as error:
        reason = str(error)
    raise WindowError(
        f"{name}={text}: write YYYY, YYYY-MM, YYYY-MM-DD or an ISO 8601 instant such as 2023-11-24T18:00:00+01:00 ({reason})"
    )
