"""What in the last runs of one outlet is out of its ordinary. Pure: each detector is a function over `runs` documents.

Every detector compares the last runs with those before them, by the outlet's own habit, and is silent while too little is
known. The thresholds were chosen on simulated months (bench/health.py) and checked on others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from archive.health import changes
from archive.health.causes import Sign
from archive.health.history import (
    LEARNT_LOOKS,
    MEMORY,
    Span,
    Week,
    crawls,
    fresh,
    is_look,
    known,
    learn,
    outside,
    quantile,
    settled,
    spread,
    trailing,
    weighted_median,
)
from archive.records import Outcome

Document = dict[str, Any]

#: Silence: news missed by the habit, times the longest silence so far, and hours.
_MISSED, _LONGEST, _HOURS = 10.0, 1.6, 30
#: Volume: days looked at together, shares of the usual, and how far from it in units of the usual scatter.
_DAYS = (1, 3, 7, 14)
_LESS, _MORE, _FAR, _FAR_MORE = 0.6, 3.0, 4.5, 8.0

_FAILING = 3
_FAILING_HOURS = timedelta(hours=6)


def signs(runs: Sequence[Document], now: datetime, past: Sequence[Span] = ()) -> list[Sign]:
    """Everything that is out of the ordinary with one outlet.

    Args:
        runs: its documents, oldest first; those of the last weeks are enough.
        now: aware instant.
        past: spans of its alarms, open ones (with an end of None) too: what was broken then teaches no habit.
    """
    began = min([now, *(since for since, until in past if until is None)])
    recent = [run for run in crawls(runs) if began - run["started"] <= MEMORY]
    if not recent:
        return []
    usual = outside(recent, past)
    looks = [run for run in recent if is_look(run)]
    week = learn([run for run in usual if is_look(run)])
    found: list[Sign] = []
    found += turned_away(recent)
    found += entries(recent, usual)
    found += gaps(looks)
    found += future(recent)
    found += changes.outcomes(recent, usual)
    found += slow(recent, usual)
    found += changes.fields(recent, usual)
    found += changes.texts(recent, usual)
    found += idle(recent, now)
    if week is not None and looks:
        found += silence(looks, week)
        found += volume(looks, [run for run in usual if is_look(run)], week)
    return found


# -- being let in ------------------------------------------------------------------------------------------------------


def turned_away(recent: list[Document]) -> Iterator[Sign]:
    """The last crawls but those that a pause left out have all ended at walls, or at a server that asks to wait."""
    last = [run for run in recent if run["reason"] not in ("pause", "quiet hours", "budget")]
    for reasons, cause in ((("walls",), "wall"), (("busy", "asked to wait"), "down")):
        streak = trailing(last, lambda run, reasons=reasons: run["reason"] in reasons)  # type: ignore[misc]
        if len(streak) >= 2:
            yield Sign(
                cause, f"{len(streak)} crawls in a row were turned away: {streak[-1]['detail']}", streak[0]["started"]
            )


def slow(recent: list[Document], usual: list[Document]) -> Iterator[Sign]:
    """Answers take several times as long as they did."""
    answered = [run for run in recent if run["seconds"]["fetch"]["count"]]
    if not known(usual):
        return
    usual = settled(usual, recent[-1]["started"])
    before = sorted(run["seconds"]["fetch"]["p50"] for run in usual if run["seconds"]["fetch"]["count"])
    if not before:
        return
    bound = max(4 * quantile(before, 0.5), 1.5 * quantile(before, 0.95), 2.0)
    streak = trailing(answered, lambda run: run["seconds"]["fetch"]["p50"] > bound)
    if len(streak) >= _FAILING and streak[-1]["started"] - streak[0]["started"] >= _FAILING_HOURS:
        took = weighted_median((run["seconds"]["fetch"]["p50"], run["seconds"]["fetch"]["count"]) for run in streak)
        yield Sign("slow", f"an answer takes {took:.1f} s, {quantile(before, 0.5):.1f} s before", streak[0]["started"])


# -- what entry points give --------------------------------------------------------------------------------------------


def entries(recent: list[Document], usual: list[Document]) -> Iterator[Sign]:
    """Entry points that fail, name less, or name what no longer looks like articles."""
    seen: dict[str, list[tuple[Document, Document]]] = defaultdict(list)
    for run in recent:
        for entry in run["entries"]:
            if entry["kind"] in ("feed", "sitemap", "listing"):
                seen[entry["url"]].append((run, entry))
    learnt = {id(run) for run in settled(usual, recent[-1]["started"])}
    last_look = recent[-1]["started"]
    for url, visits in seen.items():
        # Sitemaps of a month, and the second page of a listing, come and go.
        if visits[-1][0]["started"] < last_look - timedelta(days=2):
            continue
        yield from _failing(url, visits)
        yield from _shorter(url, visits, learnt)
    yield from _frozen(seen, recent)


def _failing(url: str, visits: list[tuple[Document, Document]]) -> Iterator[Sign]:
    streak = trailing(visits, lambda visit: visit[1]["error"] is not None)
    if len(streak) < _FAILING or streak[-1][0]["started"] - streak[0][0]["started"] < _FAILING_HOURS:
        return
    entry = streak[-1][1]
    causes = {
        Outcome.REDIRECTED: "moved",
        Outcome.WALL: "wall",
        Outcome.ROBOTS: "robots",
        Outcome.NETWORK_ERROR: "down",
        Outcome.HTTP_ERROR: "down",
    }
    cause = causes.get(entry["outcome"], "entry")
    if "cannot be resolved" in entry["error"]:
        cause = "moved"
    elif changes.TIME_OUT in entry["error"]:
        cause = "slow"
    elif cause == "down" and any(other["error"] is None for other in streak[-1][0]["entries"]):
        cause = "entry"
    yield Sign(cause, f"{url}: {entry['error']}, {len(streak)} times in a row", streak[0][0]["started"])


def _shorter(url: str, visits: list[tuple[Document, Document]], learnt: set[int]) -> Iterator[Sign]:
    """A feed names far fewer articles than on its poorer days; a sitemap or a listing, none."""
    whole = [visit for visit in visits if visit[1]["error"] is None and visit[1]["status"] == 200]
    before = [entry for run, entry in whole[:-_FAILING] if id(run) in learnt]
    if len(before) < LEARNT_LOOKS:
        return
    least = quantile(sorted(entry["items"] for entry in before), 0.2)
    bound = 0.7 * least if whole[-1][1]["kind"] == "feed" else 0.5
    streak = trailing(whole, lambda visit: visit[1]["items"] < bound)
    if len(streak) < _FAILING or least < 4:
        return
    entry = streak[-1][1]
    usual = quantile(sorted(other["items"] for other in before), 0.5)
    links = quantile(sorted(other["links"] for other in before), 0.5)
    words = f"{url}: {entry['items']} articles named, {usual} before"
    if entry["links"] and entry["items"] / entry["links"] < 0.7 * usual / max(links, 1):
        words += f"; {entry['links'] - entry['items']} addresses there no longer look like articles"
        yield Sign("addresses", words, streak[0][0]["started"])
    else:
        yield Sign("short", words, streak[0][0]["started"])


def _frozen(seen: dict[str, list[tuple[Document, Document]]], recent: list[Document]) -> Iterator[Sign]:
    """A feed names nothing newer for far longer than ever, while the outlet goes on publishing elsewhere."""
    for url, visits in seen.items():
        dated = [(run["started"], entry["newest"]) for run, entry in visits if entry["newest"] is not None]
        if len(dated) < LEARNT_LOOKS or visits[-1][1]["error"] is not None:
            continue
        stalls, began, newest = [], dated[0][0], dated[0][1]
        for moment, now_newest in dated[1:]:
            if now_newest > newest:
                stalls.append(moment - began)
                began, newest = moment, now_newest
        if len(stalls) < _FAILING:
            continue
        stall = visits[-1][0]["started"] - began
        news = sum(fresh(run) for run in recent if run["started"] > began)
        if news >= _MISSED and stall >= max(timedelta(days=1), 2 * max(stalls)):
            yield Sign(
                "frozen", f"{url}: nothing newer than {newest:%Y-%m-%d %H:%M} UTC, while others name news", began
            )


def gaps(looks: list[Document]) -> Iterator[Sign]:
    """Feeds that shared no item with their last visit: gaps that stay open, or that come again and again."""
    # A gap that is closed was no loss; of an open one, the next crawl tries again.
    last = looks[-2:]
    left = [gap for run in last for gap in run["gaps"] if not gap["filled_by"]]
    if len(last) == 2 and all(any(not gap["filled_by"] for gap in run["gaps"]) for run in last):
        feed, since = left[-1]["feed"], min(gap["since"] for gap in left)
        yield Sign(
            "gaps", f"{feed} shares no item with its visit of {since:%Y-%m-%d %H:%M} UTC; nothing fills the gap", since
        )
        return
    week = [run for run in looks if looks[-1]["started"] - run["started"] <= timedelta(days=7)]
    met = {(gap["feed"], gap["since"]) for run in week for gap in run["gaps"]}
    if len(met) >= _FAILING:
        since = min(since for _, since in met)
        yield Sign("gaps", f"{len(met)} times in a week a feed shared no item with its last visit", since)


def future(recent: list[Document]) -> Iterator[Sign]:
    """The outlet dates its articles ahead, in crawl after crawl."""
    named = [run for run in recent if any(entry["new"] for entry in run["entries"])]
    streak = trailing(named, lambda run: run["clock"]["future"] >= 1)
    if len(streak) >= 2 * _FAILING and sum(run["clock"]["future"] for run in streak) >= 10:
        count = sum(run["clock"]["future"] for run in streak)
        yield Sign("future", f"{count} dates of publication lay in the future", streak[0]["started"])


def idle(recent: list[Document], now: datetime) -> Iterator[Sign]:
    """The outlet was crawled again and again, and is no more."""
    started = [run["started"] for run in recent]
    waits = [after - before for before, after in pairwise(started)]
    if len(waits) < LEARNT_LOOKS:
        return
    wait = now - started[-1]
    if wait > max(timedelta(days=2), 3 * max(waits)):
        yield Sign("idle", f"not crawled since {started[-1]:%Y-%m-%d %H:%M} UTC", started[-1])


# -- how much it publishes ---------------------------------------------------------------------------------------------


def silence(looks: list[Document], week: Week) -> Iterator[Sign]:
    """No news for longer than the outlet's habit, its nights and weekends taken into account."""
    news = [look for look in looks if fresh(look)]
    if not news:
        return
    last, latest = news[-1], looks[-1]
    quiet = [look for look in looks if look["started"] > last["started"]]
    missed = week.expected(last["started"], latest["started"])
    bound = max(_MISSED, _LONGEST * max(week.gaps, default=0.0))
    if len(quiet) < _FAILING or missed < bound or latest["started"] - last["started"] < timedelta(hours=_HOURS):
        return
    named = [entry for entry in latest["entries"] if entry["error"] is None]
    words = f"no new article since {last['started']:%Y-%m-%d %H:%M} UTC, where {missed:.0f} are usual"
    if all(not entry["items"] and entry["status"] != 304 for entry in named):
        cause = "addresses" if any(entry["links"] for entry in named) else "entry"
    else:
        cause = "frozen"
    yield Sign(cause, words, last["started"])


def volume(looks: list[Document], usual: list[Document], week: Week) -> Iterator[Sign]:
    """Far fewer, or far more, articles in some days than in any such days before."""
    latest, first = looks[-1]["started"], usual[0]["started"]
    for days in _DAYS:
        width = timedelta(days=days)
        start = latest - width
        seen = sum(fresh(look) for look in looks if look["started"] > start)
        wanted = week.expected(start, latest)
        if wanted < 6:
            continue
        past = _windows(usual, week, first, start, width)
        if len(past) < 12:
            continue
        scatter = spread([count for count, _ in past], [expected for _, expected in past])
        far = (seen - wanted) / math.sqrt(wanted * scatter)
        shares = [count / expected for count, expected in past if expected > 0]
        words = f"{seen} new articles in {days} day{'s' if days > 1 else ''}, where {wanted:.0f} are usual"
        low, high = seen / wanted < min(_LESS, 0.8 * min(shares)), seen / wanted > max(_MORE, 2 * max(shares))
        # A day of rest is no alarm.
        if (low and days > 1 and far < -_FAR) or (high and far > _FAR_MORE):
            yield Sign("volume", words, start)
            return


def _windows(
    usual: list[Document], week: Week, first: datetime, until: datetime, width: timedelta
) -> list[tuple[float, float]]:
    """What past spans of a width brought, and what was expected of them, a day apart."""
    found, end = [], until
    while end - width >= first:
        start = end - width
        count = sum(fresh(look) for look in usual if start < look["started"] <= end)
        found.append((float(count), week.expected(start, end)))
        end -= timedelta(days=1)
    return found
