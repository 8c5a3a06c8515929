"""`scrapy coverage`: what the archive has of each outlet and day."""

from __future__ import annotations

from datetime import UTC, date, datetime

from archive.records import Outcome
from commands.coverage import by_day, every_day
from sources import registry
from tests.conftest import ROOT, Machine

SADARABAT = registry.find("sadarabat", ROOT / "tests/samplepress/outlets")


def test_each_outlet_and_day_has_its_line(crawled: Machine) -> None:
    done = crawled.scrapy("coverage", "--source", "sadarabat", "--since", "2023", "--until", "2024")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("sadarabat")]
    truths = [truth for truth in crawled.press.press.truth() if truth.outlet == "sadarabat" and truth.published_at]
    days = {
        f"{truth.published_at:%Y-%m-%d}" for truth in truths if truth.published_at and truth.published_at.year == 2023
    }
    assert days <= {line[1] for line in lines} | {line[3] for line in lines if len(line) > 3}
    assert any("…" in line for line in lines), "days without anything stand out"


def test_the_total_adds_up(crawled: Machine) -> None:
    done = crawled.scrapy("coverage", "--since", "2023", "--total")
    for line in done.stdout.splitlines():
        name = line.partition(" ")[0]
        if crawled.database.urls.count_documents({"source": name}):
            number = crawled.database.urls.count_documents(
                {"source": name, "rank": {"$gte": datetime(2023, 1, 1, tzinfo=UTC)}}
            )
            assert f" {number} " in line


def test_an_outlet_of_which_nothing_is_known_is_named(crawled: Machine) -> None:
    done = crawled.scrapy("coverage", "--source", "sadarabat", "--since", "2019", "--until", "2020")
    assert "Nothing discovered in that time: sadarabat." in done.stdout


def test_wrong_words_are_told(crawled: Machine) -> None:
    for arguments, told in (
        (["--since", "soon"], "since=soon"),
        (["sadarabat"], "--source sadarabat"),
        (["--source", "x"], "'x'"),
    ):
        done = crawled.scrapy("coverage", *arguments)
        assert done.returncode == 2
        assert told in done.stderr


def test_a_day_is_the_outlets_own() -> None:
    late = datetime(2023, 11, 23, 23, tzinfo=UTC)
    found = {"source": "sadarabat", "hour": late, "outcome": Outcome.STORED, "left": False, "count": 2}
    assert by_day([found], SADARABAT) == {date(2023, 11, 24): {"discovered": 2, "fetched": 2, "stored": 2}}


def test_what_was_not_fetched_is_not_counted_as_fetched() -> None:
    hour = datetime(2023, 11, 23, 12, tzinfo=UTC)
    states = [(None, False), (Outcome.OFF_TOPIC, True), (Outcome.ROBOTS, False), (Outcome.OFF_TOPIC, False)]
    progress = [{"hour": hour, "outcome": outcome, "left": left, "count": 1} for outcome, left in states]
    (tally,) = by_day(progress, SADARABAT).values()
    assert tally == {"discovered": 4, "waiting": 1, "unfetched": 1, "fetched": 1, "off topic": 1, "other": 1}


def test_days_without_anything_in_a_row_make_one_span() -> None:
    days = {date(2024, 1, 2): by_day([], SADARABAT), date(2024, 1, 9): by_day([], SADARABAT)}
    spans = [(first.day, last.day) for first, last, _ in every_day(days, date(2024, 1, 10))]  # type: ignore[arg-type]
    assert spans == [(10, 10), (9, 9), (8, 3), (2, 2)]
