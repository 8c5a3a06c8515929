"""Outlets of the sample press are broken after a month of good runs and crawled for real, and the cause is named from what these
crawls wrote. `python -m bench.breakages` has all ten breakages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.breakages import BROKEN, Months, play
from tests.conftest import new_machine

OUTLETS = ("carnetsdusud", "pharedetroit", "sadarabat", "annahda")


@pytest.fixture(scope="module")
def told(mongodb_uri: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Months]:
    with new_machine(mongodb_uri, data_folder, tmp_path_factory.mktemp("ca")) as machine:
        yield play(machine, OUTLETS)


def test_nothing_is_wrong_in_the_month_before(told: Months) -> None:
    assert told.before == []


@pytest.mark.parametrize("outlet", OUTLETS)
def test_what_breaks_is_reported_once_and_by_its_cause(told: Months, outlet: str) -> None:
    found = [(alarm.cause, alarm.signs) for alarm in told.broken if alarm.source == outlet]
    assert [cause for cause, _ in found] == [BROKEN[outlet][0]], found


@pytest.mark.parametrize("cause", ["clock", "disk"])
def test_what_is_wrong_with_the_machine_is_told_once_for_all_outlets(told: Months, cause: str) -> None:
    assert told.general[cause] == [cause]
