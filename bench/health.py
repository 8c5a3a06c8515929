"""Simulated months of 60 outlets: alarms where nothing is wrong, and ten injected breakages, each in every class of volume.

    python -m bench.health [--seeds 101 102 103] [--each 15] [--hours 6]

The thresholds of archive/health were chosen on seeds below 100; the figures are of others. The breakages as a real crawl writes
them are in tests/archive/test_breakages.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from archive import health
from archive.health.causes import Finding
from bench import months

Document = dict[str, Any]

_GOOD_DAYS, _BROKEN_DAYS = 30, 14
_MACHINE = ("clock", "disk")


def checks(month: months.Month, hours: float, since: datetime) -> Iterator[tuple[datetime, list[Finding]]]:
    """What is found at each moment, as a schedule would look: an outlet after its crawls, at most every so many hours.

    Yields:
        (instant, findings).
    """
    last: dict[str, datetime] = {}
    everything = month.everything()
    at = dict.fromkeys(month.runs, 0)
    first = 0
    for number, run in enumerate(everything):
        source, moment = run["source"], run["started"] + timedelta(minutes=2)
        at[source] += 1
        while moment - everything[first]["started"] > timedelta(days=8):
            first += 1
        if moment < since or moment - last.get(source, since - timedelta(days=9)) < timedelta(hours=hours):
            continue
        last[source] = moment
        yield moment, health.find({source: month.runs[source][: at[source]]}, everything[first : number + 1], moment)


def false_alarms(seed: int, each: int, hours: float) -> tuple[int, Counter[tuple[str, str]], list[Finding]]:
    """A month in which nothing is wrong: how often was looked, and what was found all the same."""
    month = months.month(seed, _GOOD_DAYS, each)
    looks, found = 0, []
    for _, findings in checks(month, hours, months.START):
        looks += 1
        found += findings
    return looks, Counter((finding.source, finding.cause) for finding in found), found


def injected(
    seed: int,
    each: int,
    hours: float,
    chosen: Iterable[str] = (),
    volumes: Iterable[int] = months.CLASSES,
) -> dict[tuple[str, int], list[tuple[str, float | None, set[str]]]]:
    """Breakages in outlets after a good month: (breakage, volume) → (cause first named, hours until then, all causes named) of
    each outlet.

    Args:
        seed, each: as of `months.month`.
        hours: between two looks at an outlet.
        chosen: breakages; all where it is empty.
        volumes: of the outlets.
    """
    since = months.START + timedelta(days=_GOOD_DAYS)
    told: dict[tuple[str, int], list[tuple[str, float | None, set[str]]]] = defaultdict(list)
    for name, trouble in months.breakages(since).items():
        if chosen and name not in chosen:
            continue
        names = months.outlets(seed, each, volumes)
        broken = months.month(seed, _GOOD_DAYS + _BROKEN_DAYS, each, dict.fromkeys(names, trouble), volumes)
        first: dict[str, tuple[str, float]] = {}
        causes: dict[str, set[str]] = defaultdict(set)
        general: tuple[str, float] | None = None
        for moment, findings in checks(broken, hours, since):
            for finding in findings:
                delay = (moment - since) / timedelta(hours=1)
                if not finding.source:
                    general = general or (finding.cause, delay)
                    continue
                first.setdefault(finding.source, (finding.cause, delay))
                causes[finding.source].add(finding.cause)
        for outlet in names.values():
            cause, delay = first.get(outlet.name, ("", None))
            if name in _MACHINE:
                cause, delay = general or ("", None)
            told[name, outlet.volume].append((cause, delay, causes[outlet.name]))
    return told


def main() -> int:
    """Print the tables; exit code 1 where an alarm is false."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--each", type=int, default=15, help="outlets of each of the four volumes")
    parser.add_argument("--hours", type=float, default=6.0, help="hours between two looks at an outlet, at least")
    parser.add_argument("--broken", type=int, default=2, help="outlets of each volume that are broken, in each way")
    options = parser.parse_args()
    false = 0
    print("A month in which nothing is wrong")
    for seed in options.seeds:
        started = time.process_time()
        looks, found, told = false_alarms(seed, options.each, options.hours)
        false += len(found)
        print(
            f"  seed {seed}: {4 * options.each} outlets, {looks} looks, {len(found)} false alarms, {time.process_time() - started:.0f} s"
        )
        for finding in {(finding.source, finding.cause): finding for finding in told}.values():
            print(f"    {finding.source} {finding.cause} {finding.since:%m-%d %H:%M}: {'; '.join(finding.signs)}")
        sys.stdout.flush()
    print(
        "\nInjected breakages: reported and rightly named, of all; hours until then (median); other names given first"
    )
    print(f"  {'breakage':10}" + "".join(f"{volume:>20} a day" for volume in months.CLASSES))
    together: dict[tuple[str, int], list[tuple[str, float | None, set[str]]]] = defaultdict(list)
    for seed in options.seeds[:1]:
        for key, outcomes in injected(seed, options.broken, options.hours).items():
            together[key] += outcomes
    since = months.START
    for name, trouble in months.breakages(since).items():
        cells = []
        for volume in months.CLASSES:
            outcomes = together[name, volume]
            reported = [outcome for outcome in outcomes if outcome[0]]
            right = [outcome for outcome in reported if outcome[0] == trouble.cause]
            delays = sorted(delay for _, delay, _ in reported if delay is not None)
            middle = f"{delays[len(delays) // 2]:.0f} h" if delays else "-"
            others = ",".join(sorted({outcome[0] for outcome in reported if outcome[0] != trouble.cause}))
            cells.append(f"{len(reported)}/{len(right)} of {len(outcomes)} {middle} {others}")
        print(f"  {name:10}" + "".join(f"{cell:>26}" for cell in cells))
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
