"""When an outlet is visited again: by what it publishes, by day and night, and never so late that a feed overflows."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sources.habit import FLAT, Bounds, Habit, Shape, Visit, due, learn, press_shape, price, shape

RABAT, PARIS = ZoneInfo("Africa/Casablanca"), ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WIDE = Bounds(timedelta(minutes=1), timedelta(days=2))


def habit(daily: int, *, window: int = 0, hours: tuple[int, ...] = tuple(range(24))) -> Habit:
    """Of an outlet that has published so much each day of two weeks, at random in some hours of its day alone."""
    random_ = random.Random(daily)
    made = Habit(MONDAY - timedelta(days=14), window=window)
    for day in range(-14, 0):
        begin = MONDAY + timedelta(days=day)
        instants = [begin + HOUR * (random_.choice(hours) + random_.random()) for _ in range(daily)]
        made = learn(made, Visit(begin + timedelta(days=1), instants, window=window), ZoneInfo("UTC"))
    return made


def wait(made: Habit, patience: float = 1.0, bounds: Bounds = WIDE, press: Shape = FLAT) -> float:
    """Hours until the next visit."""
    return (due(made, patience, ZoneInfo("UTC"), bounds, press) - made.at) / HOUR


def test_the_level_is_what_was_seen_and_forgets() -> None:
    assert habit(48).level == pytest.approx(48, rel=0.05)
    fallen = habit(48)
    for day in range(1, 43):
        fallen = learn(fallen, Visit(MONDAY + timedelta(days=day)), PARIS)
    assert 1 < fallen.level < 48 / 8, "after three half-lives"


def test_one_visit_tells_of_all_the_hours_that_its_feed_covers() -> None:
    items = [MONDAY - HOUR * n for n in range(50)]
    seen = learn(None, Visit(MONDAY, items, window=50, oldest=items[-1]), PARIS)
    assert seen.level == pytest.approx(24, rel=0.1)


def test_what_discovery_learns_of_the_past_is_no_news() -> None:
    before = habit(24)
    old = [MONDAY - timedelta(days=n) for n in range(30, 400)]
    after = learn(before, Visit(MONDAY + HOUR, old), PARIS)
    assert after.level < before.level


def test_who_publishes_more_is_visited_more_often_but_less_so_than_in_proportion() -> None:
    slow, fast = wait(habit(4)), wait(habit(64))
    assert slow / fast == pytest.approx(16 ** (1 / 3), rel=0.15)


def test_nights_are_left_alone_and_the_morning_is_not() -> None:
    """The outlet writes from seven to midnight."""
    day = tuple(range(7, 24))
    night = wait(habit(48, hours=day))
    morning = [MONDAY + HOUR * (7 + n / 2.8) for n in range(14)]
    noon = wait(learn(habit(48, hours=day), Visit(MONDAY + 12 * HOUR, morning), ZoneInfo("UTC")))
    assert night > 4 * noon
    assert night < 9.5, "in the morning it is visited"


def test_hours_are_those_of_the_outlet() -> None:
    noon = [datetime(2026, 7, 1 + n, 12, 30, tzinfo=PARIS) for n in range(14)]
    seen = Habit(noon[0] - HOUR)
    for instant in noon:
        seen = learn(seen, Visit(instant + HOUR, [instant]), PARIS)
    assert max(range(24), key=seen.hours.__getitem__) == 12


def test_a_burst_brings_the_next_visit_nearer_and_a_silence_puts_it_off() -> None:
    usual = habit(24)
    calm, burst, silence = usual, usual, usual
    for n in range(1, 13):
        at = MONDAY + n * HOUR
        calm = learn(calm, Visit(at, [at - HOUR / 2]), PARIS)
        burst = learn(burst, Visit(at, [at - HOUR / 2] * 10), PARIS)
        silence = learn(silence, Visit(at), PARIS)
    assert wait(burst) < 0.6 * wait(calm)
    assert wait(silence) > 1.3 * wait(calm)


def test_undated_news_counts_too() -> None:
    seen = habit(24)
    for n in range(1, 200):
        seen = learn(seen, Visit(MONDAY + n * HOUR, undated=5), PARIS)
    assert seen.level > 60


@pytest.mark.parametrize("daily", [1, 30, 150])
@pytest.mark.parametrize("window", [10, 30, 100])
def test_a_feed_is_read_before_it_can_overflow(daily: int, window: int) -> None:
    """At eight times what is usual, whatever the patience."""
    made = habit(daily, window=window)
    assert wait(made, patience=1e6) <= window / (8 * daily / 24)


def test_the_bounds_hold() -> None:
    bounds = Bounds(timedelta(minutes=10), timedelta(hours=6))
    assert wait(habit(500), 1e-6, bounds) == pytest.approx(1 / 6)
    assert wait(habit(1), 1e6, bounds) == pytest.approx(6)


def test_patience_is_what_the_budget_allows() -> None:
    """Visits spend what may be spent: neither half of it nor twice as much."""
    random_ = random.Random(3)
    habits = [(habit(random_.choice([2, 10, 60])), WIDE) for _ in range(20)]
    for budget in (10.0, 40.0, 160.0):
        patience = price(habits, budget)
        spent = sum(1 / wait(made, patience) for made, _ in habits)
        assert spent == pytest.approx(budget, rel=0.25)
    tight = Bounds(timedelta(minutes=10), timedelta(minutes=30))
    assert math.isfinite(price([(made, tight) for made, _ in habits], 1.0)), "the bounds ask for more than there is"


def test_an_outlet_that_costs_more_requests_is_visited_less_often() -> None:
    cheap = habit(24)
    dear = Habit.from_document(cheap.document() | {"requests": 4.0})
    assert dear is not None
    assert wait(dear) == pytest.approx(2 * wait(cheap), rel=0.1)


def test_who_says_little_has_the_day_of_the_press() -> None:
    press = press_shape([habit(48, hours=tuple(range(8, 20))) for _ in range(30)])
    assert shape(Habit(MONDAY), press).hours[3] < 0.5 / 24
    assert sum(press.hours) == pytest.approx(1)
    own = shape(habit(48, hours=(3,)), press).hours[3]
    assert own > 0.9, "who says much has its own"


def test_a_habit_comes_back_from_the_archive_as_it_went() -> None:
    made = habit(10, window=30)
    assert Habit.from_document(made.document()) == made
    assert Habit.from_document(None) is None
