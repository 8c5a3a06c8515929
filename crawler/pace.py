"""How fast one host is asked: the one place that decides a delay. Pure: instants are passed in.

A host's delay is the longest of what the outlet's TOML says, what its robots.txt asks (Crawl-delay), and what its answering
times ask; trouble (429, 503) adds a penalty that doubles with each, and halves with each good answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: Statuses by which a server says that it is asked too much (RFC 6585, 4; RFC 9110, 15.6.4).
BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a host may slow the crawl down; all in seconds.

    Attributes:
        load: the share of a host's time that is asked for at most, 0..1: an answer that took two seconds at a load of one
            half gives a delay of four. 0 takes no heed of answering times.
        crawl_delay: the longest Crawl-delay that is obeyed as it stands; a longer one counts as this.
        penalty: the first one after a 429 or 503.
        longest: what answering times or a penalty may come to.
    """

    load: float = 0.5
    crawl_delay: float = 120.0
    penalty: float = 5.0
    longest: float = 300.0


@dataclass(slots=True)
class Pace:
    """The pace of one host. Instants are seconds of a monotonic clock.

    Attributes:
        busy: requests under way.
        free_at: before this, nothing is asked.
        crawl_delay: what robots.txt asks, bounded.
        throttle: what the answering times ask.
        penalty: what trouble has added.
        troubles: 429 and 503 answers in a row.
    """

    busy: int = 0
    free_at: float = 0.0
    crawl_delay: float = 0.0
    throttle: float = 0.0
    penalty: float = 0.0
    troubles: int = 0

    def delay(self, least: float) -> float:
        """Seconds between the end of an answer and the next request.

        Args:
            least: what the outlet's TOML says.
        """
        return max(least, self.crawl_delay, self.throttle) + self.penalty

    def may_start(self, now: float, concurrency: int) -> bool:
        """Whether a request may be sent now; a Crawl-delay or a penalty leaves one at a time."""
        allowed = 1 if self.crawl_delay or self.penalty else concurrency
        return self.busy < allowed and now >= self.free_at

    def start(self, now: float, least: float) -> None:
        """A request is sent."""
        self.busy += 1
        self.free_at = max(self.free_at, now + self.delay(least))

    def end(self, now: float, least: float, concurrency: int) -> None:
        """It was answered, or failed. With one request at a time the delay counts from here: so the server, too, sees
        no two requests closer than the delay, however long they were on their way."""
        self.busy -= 1
        if concurrency == 1 or self.crawl_delay or self.penalty:
            self.free_at = max(self.free_at, now + self.delay(least))

    def answered(self, status: int, seconds: float, concurrency: int, bounds: Bounds) -> None:
        """Learn from an answer.

        Args:
            status: HTTP status; 0 for none, where the time-out is the answering time.
            seconds: until the answer's head had come.
        """
        if bounds.load:
            # As Scrapy's AutoThrottle: up at once, down by halves, and never down by an error page.
            wanted = min(seconds / (bounds.load * concurrency), bounds.longest)
            if wanted >= self.throttle:
                self.throttle = wanted
            elif 200 <= status < 300:
                self.throttle = (self.throttle + wanted) / 2
        if status in BUSY:
            self.troubles += 1
            self.penalty = min(max(bounds.penalty, 2 * self.penalty), bounds.longest)
        elif 200 <= status < 500:
            self.troubles = 0
            self.penalty = self.penalty / 2 if self.penalty > bounds.penalty / 4 else 0.0

    def hold(self, until: float) -> None:
        """Ask nothing before an instant."""
        self.free_at = max(self.free_at, until)


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds, or a date); None for what is neither.

    Args:
        value: the header's value.
        now: aware; the server's own Date where it gives one, so that a wrong clock of the server's does not matter.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:10]), 10**9))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())


def quiet_until(now: datetime, spans: list[str]) -> datetime | None:
    """When the quiet hours that an instant lies in are over; None outside of them.

    Args:
        now: aware, in the outlet's zone.
        spans: "HH:MM-HH:MM", the second exclusive; "23:00-06:00" goes over midnight.
    """
    minute = now.hour * 60 + now.minute
    ends = []
    for span in spans:
        start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
        inside = start <= minute < end if start < end else minute >= start or minute < end
        if inside:
            day = now + timedelta(days=1 if end <= minute else 0)
            ends.append(day.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0))
    return max(ends, default=None)


def pause(times: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long an outlet is left alone that has turned the crawl away some times in a row: doubling, up to a bound."""
    return min(first * (1 << min(times - 1, 20)), longest)
