"""The figures of the simulated month in short: fewer outlets, fewer days."""

from __future__ import annotations

from bench.schedule import VOLUMES, compare, mean_delay


def test_visits_by_habit_beat_fixed_intervals_and_miss_nothing() -> None:
    ways = compare(count=12, days=8, seed=5, requests=24)
    adapted, fixed = ways["by habit"], ways["one interval"]
    visits = [sum(outcome.visits for outcome in outcomes) for outcomes in ways.values()]
    assert max(visits) < 1.01 * min(visits), "the same number of requests"
    assert mean_delay(adapted) < 0.7 * mean_delay(fixed)
    busiest = slice(len(VOLUMES) - 1, None, len(VOLUMES))
    assert mean_delay(adapted[busiest]) < 0.7 * mean_delay(fixed[busiest])
    assert sum(outcome.unseen for outcome in adapted) == 0
    assert sum(outcome.overlaps for outcome in adapted) == 0
    seen = [len(outcome.delays) for outcome in adapted]
    assert all(seen)
