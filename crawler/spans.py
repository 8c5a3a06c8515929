"""Spans of time that an archive has been walked over, so that a walk goes on where an earlier one stopped."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


class Spans:
    """A set of spans, merged where they touch.

    Attributes:
        spans: pairs of aware instants (from, to), newest first, none touching another.
    """

    def __init__(self, spans: Iterable[Iterable[datetime]] = ()) -> None:
        self.spans: list[tuple[datetime, datetime]] = []
        for low, high in spans:
            self.add(low, high)

    def add(self, low: datetime, high: datetime) -> None:
        """Take a span in; one that is empty or turned round is none."""
        if low >= high:
            return
        apart = []
        for other_low, other_high in self.spans:
            if other_low <= high and low <= other_high:
                low, high = min(low, other_low), max(high, other_high)
            else:
                apart.append((other_low, other_high))
        self.spans = sorted([*apart, (low, high)], reverse=True)

    def below(self, moment: datetime) -> datetime:
        """The latest instant not after `moment` before which something may be missing: `moment` itself where no span reaches it."""
        return next((low for low, high in self.spans if low < moment <= high), moment)

    def holds(self, low: datetime, high: datetime) -> bool:
        """Whether one span covers all of another."""
        return any(own_low <= low and high <= own_high for own_low, own_high in self.spans)

    def stored(self) -> list[list[datetime]]:
        """As kept in the cursor of an outlet."""
        return [[low, high] for low, high in self.spans]
