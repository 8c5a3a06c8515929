"""Outlets of the sample press are broken after a month of good runs and crawled for real, and the cause is named from what these
crawls wrote. `python -m bench.breakages` has all ten breakages."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.breakages import BROKEN, Months, play
from tests.conftest import Machine, new_machine

OUTLETS = ("carnetsdusud", "pharedetroit", "sadarabat")


@pytest.fixture(scope="module")
def told(crawled: Machine, mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Months:
    good = {run["source"]: run for run in crawled.database.runs.find({"kind": "crawl"})}
    with new_machine(mongodb_uri, data_folder, tmp_path_factory.mktemp("ca")) as machine:
        return play(machine, OUTLETS, good, hours=(13, 1))


def test_nothing_is_wrong_in_the_month_before(told: Months) -> None:
    assert told.before == []


@pytest.mark.parametrize("outlet", OUTLETS)
def test_what_breaks_is_reported_once_and_by_its_cause(told: Months, outlet: str) -> None:
    found = [(alarm.cause, alarm.signs) for alarm in told.broken if alarm.source == outlet]
    assert [cause for cause, _ in found if cause == BROKEN[outlet][0]] == [found[0][0]], found


def test_a_wrong_clock_is_told_once_for_all_outlets(told: Months) -> None:
    assert told.general == {"clock": ["clock"]}
