"""What has changed in the pages: shares of outcomes, fields and languages, lengths and quality. Pure, over `runs` documents.

A share has changed when the last runs differ from those before them beyond chance, and beyond the outlet's own ups and downs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from archive.health.causes import Sign
from archive.health.history import chance, chunks, known, settled, split, trailing, weighted_median
from archive.records import Outcome
from archive.runs import FIELDS

Document = dict[str, Any]

#: How unlikely by chance a share must be. Each outlet is looked at a few hundred times a month, in a few dozen ways.
_UNLIKELY = 1e-5
_POOLS = (6, 12, 30, 80)
#: Articles, or attempts, before them that make a share usual.
_LEAST = 20

#: Texts: articles looked at together, and how far beyond the extremes of as many before: shorter, longer, quality less.
_SHIFTS = ((12, 2.2, 3.0, 0.2), (24, 1.6, 2.0, 0.12))


_WORDS = {
    "published": "date of publication",
    "authors": "authors",
    "section": "section",
    "standfirst": "standfirst",
    "image": "image",
    "tags": "tags",
    "modified": "date of change",
    "on_page": "date of publication on the page itself",
    "timed": "hour of publication",
}
_DATES = ("published", "modified", "on_page", "timed")
#: Groups of outcomes whose share may rise, and what it points to.
_RISING: dict[str, tuple[tuple[Outcome, ...], str]] = {
    "walls": ((Outcome.WALL,), "wall"),
    "pages forbidden to robots or reserved": ((Outcome.ROBOTS, Outcome.RESERVED), "robots"),
    "pages that lead to another host": ((Outcome.REDIRECTED, Outcome.REFUSED), "moved"),
    "errors of the server": ((Outcome.HTTP_ERROR, Outcome.NETWORK_ERROR), "down"),
    "missing pages": ((Outcome.GONE,), "short"),
    "pages without an article": (
        (Outcome.EMPTY, Outcome.NOT_ARTICLE, Outcome.UNREADABLE, Outcome.UNDECODABLE, Outcome.TOO_LARGE),
        "layout",
    ),
}
TIME_OUT = "does not answer in time"
_OUTCOMES = frozenset(map(str, Outcome))


def outcomes(recent: list[Document], usual: list[Document]) -> Iterator[Sign]:
    """A kind of failure has become frequent among the pages asked for."""
    asked = {id(run): _attempts(run) for run in recent}
    pools = _pools(recent, usual, lambda run: asked[id(run)])
    for words, (group, cause) in _RISING.items():

        def hits(run: Document, group: tuple[Outcome, ...] = group) -> int:
            return sum(run["counters"].get(outcome, 0) for outcome in group)

        risen = _changed(pools, hits, lambda run: asked[id(run)], rising=True)
        if risen is not None:
            share, before, since = risen
            detail = _most_frequent(recent, since, group)
            kind = "slow" if cause == "down" and TIME_OUT in detail else cause
            yield Sign(kind, f"{words}: {share:.0%} of what was asked for, {before:.0%} before{_said(detail)}", since)


def _attempts(run: Document) -> int:
    return sum(number for name, number in run["counters"].items() if name in _OUTCOMES)


def _most_frequent(runs: Sequence[Document], since: datetime, group: tuple[Outcome, ...]) -> str:
    said: Counter[str] = Counter()
    for run in runs:
        if run["started"] >= since:
            for detail in run["details"]:
                if detail["outcome"] in group:
                    said[detail["detail"]] += detail["count"]
    return said.most_common(1)[0][0] if said else ""


def _said(detail: str) -> str:
    return f" ({detail})" if detail else ""


# -- what the pages hold -----------------------------------------------------------------------------------------------


def fields(recent: list[Document], usual: list[Document]) -> Iterator[Sign]:
    """Fields that fewer articles have, and languages that fewer are in."""
    pools = _pools(recent, usual, _read)
    for name in (*FIELDS, "on_page", "timed"):
        fallen = _changed(pools, lambda run, name=name: run["articles"]["fields"][name], _read)  # type: ignore[misc]
        if fallen is not None:
            share, before, since = fallen
            cause = "dates" if name in _DATES else "field"
            yield Sign(cause, f"{_WORDS[name]}: {share:.0%} of the articles have it, {before:.0%} before", since)
    for language in sorted({language for run in usual for language in run["articles"]["languages"]}):
        fallen = _changed(
            pools,
            lambda run, language=language: run["articles"]["languages"].get(language, 0),  # type: ignore[misc]
            _read,
        )
        if fallen is not None:
            share, before, since = fallen
            yield Sign("language", f"{share:.0%} of the articles are in {language!r}, {before:.0%} before", since)


def texts(recent: list[Document], usual: list[Document]) -> Iterator[Sign]:
    """The articles have become much shorter or longer, or look less like whole articles."""
    if not known(usual):
        return
    for name, words, digits in (("lengths", "characters", 0), ("quality", "quality", 2)):
        moved = _moved(recent, usual, name)
        if moved is not None:
            now, before, since = moved
            yield Sign("layout", f"the middle article has {now:.{digits}f} {words}, {before:.{digits}f} before", since)


def _moved(recent: list[Document], usual: list[Document], name: str) -> tuple[float, float, datetime] | None:
    for least, fallen, grown, worse in _SHIFTS:
        last, before = _last_and_before(recent, usual, _read, least)
        if sum(map(_read, last)) < least or len(last) < 2:
            return None
        groups = [_middle(group, name) for group in chunks(before, _read, least)]
        now, past = _middle(last, name), _middle(before, name)
        ordered = [group for group in groups if group is not None]
        if now is None or past is None or len(ordered) < 6:
            return None
        low, high = min(ordered) / fallen, max(ordered) * grown
        if name == "quality":
            low, high = min(ordered) - worse, math.inf
        halfway = (now + past) / 2
        latest = _middle(split(recent, _read, _POOLS[0])[0], name)
        if not low <= now <= high and latest is not None and (latest < halfway) == (now < halfway):
            return now, past, _began(recent, lambda run, half=halfway: _middle([run], name) or half, past, now)  # type: ignore[misc]
    return None


def _middle(runs: Sequence[Document], name: str) -> float | None:
    return weighted_median(
        (run["articles"][name]["p50"], _read(run)) for run in runs if run["articles"][name]["p50"] is not None
    )


def _read(run: Document) -> int:
    return int(run["articles"]["count"])


# -- what they share ---------------------------------------------------------------------------------------------------


def _last_and_before(
    recent: list[Document], usual: list[Document], count: Callable[[Document], int], least: int
) -> tuple[list[Document], list[Document]]:
    """The last runs that count enough together, and the usual ones before them."""
    last, _ = split(recent, count, least)
    before = settled([run for run in usual if run["started"] < last[0]["started"]], recent[-1]["started"])
    return [run for run in last if count(run)], before


class _Pool(NamedTuple):
    """The last runs that together count enough, and the usual ones before them, of all; runs that count nothing are left out."""

    runs: list[Document]
    last: list[Document]
    before: list[Document]
    number: int
    past: int


def _pools(recent: list[Document], usual: list[Document], count: Callable[[Document], int]) -> list[_Pool]:
    """The pools of growing size in which a share is looked at; none while too little is known."""
    pools: list[_Pool] = []
    asked = [run for run in recent if count(run)]
    for least in _POOLS if known(usual) else ():
        last, before = _last_and_before(recent, usual, count, least)
        before = [run for run in before if count(run)]
        pool = _Pool(asked, last, before, sum(map(count, last)), sum(map(count, before)))
        if pool.number < least:
            break
        if len(last) > 1 and pool.past >= _LEAST:
            pools.append(pool)
    return pools


def _changed(
    pools: list[_Pool],
    hits: Callable[[Document], int],
    count: Callable[[Document], int],
    *,
    rising: bool = False,
) -> tuple[float, float, datetime] | None:
    """Whether a share has changed for the worse beyond chance and beyond its own ups and downs: now, before, since when."""
    for pool in pools:
        share, usually = sum(map(hits, pool.last)) / pool.number, sum(map(hits, pool.before)) / pool.past
        if (share - usually if rising else usually - share) < 0.3:
            continue
        groups = chunks(pool.before, count, min(pool.number, pool.past))
        parts = [sum(map(hits, group)) / sum(map(count, group)) for group in groups]
        extreme = (max if rising else min)([usually, *parts])
        # What is usual is itself known only so well.
        doubt = 3 * math.sqrt(max(usually * (1 - usually), 0.02) / pool.past)
        middle = (usually + extreme) / 2
        bound = max(middle, usually + doubt) if rising else min(middle, usually - doubt)
        beyond = share - extreme if rising else extreme - share
        far = share > bound if rising else share < bound
        # One strange run is none of its kind, and what was mended is over.
        halfway = (share + usually) / 2
        shown = sum((hits(run) / count(run) > halfway) == rising for run in pool.last)
        latest, _ = split(pool.last, count, _POOLS[0])
        lasting = (sum(map(hits, latest)) / sum(map(count, latest)) > halfway) == rising
        if not (beyond > 0.05 and far and shown > 1 and lasting):
            continue
        if chance(round(share * pool.number), pool.number, bound) < _UNLIKELY:
            return share, usually, _began(pool.runs, lambda run: hits(run) / count(run), usually, share)
    return None


def _began(runs: list[Document], value: Callable[[Document], float], before: float, now: float) -> datetime:
    """The first of the last runs that all lie nearer to what is now than to what was before."""
    halfway = (before + now) / 2
    streak = trailing(runs, lambda run: (value(run) < halfway) == (now < halfway) or value(run) == halfway)
    return (streak or runs[-1:])[0]["started"]  # type: ignore[no-any-return]
