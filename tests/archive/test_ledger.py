"""When an address is asked for again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archive.ledger import recheck_at, retry_at
from archive.records import Outcome
from settings import base
from sources.ages import read_ages

AGES = read_ages(base.RECHECK_AGES)
PUBLISHED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_article_is_visited_after_hours_then_days_then_weeks_and_then_no_more() -> None:
    moment: datetime | None = PUBLISHED + timedelta(minutes=10)
    visits = []
    while moment is not None and (moment := recheck_at(PUBLISHED, moment, AGES)) is not None:
        visits.append(moment - PUBLISHED)
    assert tuple(visits) == AGES
    assert visits[0] < timedelta(hours=12)
    assert visits[-1] > timedelta(weeks=8)


def test_an_age_that_is_almost_there_is_passed_over() -> None:
    found = PUBLISHED + timedelta(hours=23)
    assert recheck_at(PUBLISHED, found, AGES) == PUBLISHED + timedelta(days=3)
    assert recheck_at(PUBLISHED, PUBLISHED + timedelta(days=4000), AGES) is None
    assert recheck_at(PUBLISHED, found, ()) is None


def test_a_vanished_article_is_looked_for_some_days_and_a_dead_link_never() -> None:
    assert retry_at(Outcome.GONE, 1, PUBLISHED) is None
    assert retry_at(Outcome.GONE, 1, PUBLISHED, stored=True) == PUBLISHED + timedelta(days=1)
    assert retry_at(Outcome.GONE, 6, PUBLISHED, stored=True) is None


@pytest.mark.parametrize(
    ("written", "message"),
    [(["2 hours"], "'2 hours' is no age"), (["1d", "24h"], "'24h' is not above"), (["0d"], "is no age")],
)
def test_ages_written_otherwise_are_refused(written: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_ages(written)
