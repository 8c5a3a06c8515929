"""Signs of trouble and what they point to. Pure data and plain functions.

A detector sees a sign and names the cause that it points to by itself; several signs of one outlet may have one cause, which
`diagnose` finds by what a cause explains.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Sign:
    """Something out of the ordinary.

    Attributes:
        cause: what it points to by itself, of CAUSES.
        what: what is seen, in words, with numbers.
        since: aware instant of the first run that shows it.
    """

    cause: str
    what: str
    since: datetime


class Cause(NamedTuple):
    """A likely cause.

    Attributes:
        words: for people.
        next: what to do; {source} stands for the outlet's name.
        explains: causes whose signs it explains.
    """

    words: str
    next: str
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: a likely cause, with every sign of it.

    Attributes:
        source: name of the outlet; "" for what concerns all of them.
        cause: of CAUSES.
        what: the sign that tells most.
        since: the earliest sign's.
        signs: all of them in words.
    """

    source: str
    cause: str
    what: str
    since: datetime
    signs: tuple[str, ...]

    @property
    def why(self) -> str:
        """The likely cause in words."""
        return CAUSES[self.cause].words

    @property
    def next(self) -> str:
        """What to do: a command to type."""
        return CAUSES[self.cause].next.replace("{source}", self.source)


_FEW = ("silence", "volume", "gaps")
_PAGES = ("layout", "dates", "field", "language")

#: Causes by name, the strongest first: where signs point to several, the first explains what it can of the others.
CAUSES: dict[str, Cause] = {
    # The machine and all outlets
    "disk": Cause(
        "the disk is full, or will be soon",
        "df -h data; make room (finished WARC files may be moved away: docs/operations.md), then scrapy crawl --all",
        ("storage",),
    ),
    "storage": Cause("MongoDB or the WARC folder refuses what is written", "scrapy verify"),
    "clock": Cause(
        "the clock of this machine is wrong: servers agree on another time",
        "timedatectl status; sudo timedatectl set-ntp true (dates are judged by this clock, and WARC-Date comes from it)",
    ),
    "network": Cause("this machine has no network, or its name servers fail", "scrapy sources check --live {source}"),
    "killed": Cause(
        "crawls are killed: memory, a time limit, or the machine itself", "scrapy runs --last 20; dmesg | tail"
    ),
    "schedule": Cause("nothing is crawled: the schedule does not run", "make schedule"),
    # One outlet
    "moved": Cause(
        "the outlet has moved to another host, or its name is gone",
        "scrapy sources check --live {source}; then domains and entry in its TOML",
        ("wall", "down", "slow", "entry", "frozen", "addresses", "short", "robots", *_FEW, *_PAGES),
    ),
    "wall": Cause(
        "the outlet turns the crawl away: a bot wall or a paywall",
        "scrapy sources check --live {source}; walls are not climbed: write to the outlet (docs/manners.md)",
        ("down", "slow", "entry", "frozen", "addresses", "short", "robots", *_FEW, *_PAGES),
    ),
    "robots": Cause(
        "the outlet now forbids these pages to robots, or reserves them",
        "scrapy sources check --live {source}",
        _FEW,
    ),
    "slow": Cause(
        "the outlet's server has become slow",
        "scrapy runs --last 5 {source}; longer waits may help: manners.delay in its TOML",
        ("down", "entry", *_FEW),
    ),
    "down": Cause(
        "the outlet's server fails or does not answer",
        "scrapy sources check --live {source}",
        ("entry", "frozen", *_FEW),
    ),
    "entry": Cause(
        "an entry point is gone, or no longer what it was",
        "scrapy sources check --live {source}; then entry in its TOML",
        ("frozen", "short", *_FEW),
    ),
    "addresses": Cause(
        "the outlet's addresses have changed: what it names no longer looks like articles",
        "scrapy sources check --live {source}; then articles.match in its TOML",
        ("frozen", "short", *_FEW),
    ),
    "frozen": Cause(
        "an entry point is frozen: it answers and names nothing new (or the outlet rests: its home page tells)",
        "scrapy sources check --live {source}; another feed, sitemap or listing for its TOML",
        _FEW,
    ),
    "short": Cause(
        "an entry point names fewer articles than it used to: part of them may be missing",
        "scrapy coverage --source {source}; another sitemap or listing for its TOML",
        _FEW,
    ),
    "language": Cause(
        "the outlet answers in another language: another edition, or a redirect by region",
        "scrapy articles --source {source}; then domains, entry or languages in its TOML",
        ("layout", "dates", "field"),
    ),
    "layout": Cause(
        "the layout of the outlet's pages has changed",
        "scrapy articles --source {source}; scrapy show URL beside the page; then selectors in its TOML and scrapy reprocess",
        ("dates", "field"),
    ),
    "dates": Cause(
        "the outlet's pages no longer show the date of publication where it stood",
        "scrapy articles --source {source}; then selectors.date in its TOML and scrapy reprocess --source {source}",
    ),
    "field": Cause(
        "the outlet's pages have lost a field, or it stands elsewhere now",
        "scrapy articles --source {source}; then selectors in its TOML and scrapy reprocess --source {source}",
    ),
    "future": Cause(
        "the outlet dates its articles ahead: its clock, or the zone in its TOML, is wrong",
        "scrapy articles --source {source}; then timezone in its TOML",
    ),
    "gaps": Cause(
        "feeds turn over faster than they are visited",
        "scrapy coverage --source {source}; visit it more often, or give a sitemap in its TOML",
    ),
    "idle": Cause("the outlet is not crawled any more", "scrapy crawl {source}"),
    "silence": Cause(
        "the outlet publishes nothing, or nothing that its entry points name",
        "scrapy sources check --live {source}",
        ("volume",),
    ),
    "volume": Cause(
        "the outlet publishes otherwise than it used to, or its entry points name other things",
        "scrapy coverage --source {source}",
    ),
}

_ORDER = {cause: rank for rank, cause in enumerate(CAUSES)}
#: Where the pages have lost this much at once, it is the layout and not one field.
_MANY = 2


def diagnose(source: str, signs: Iterable[Sign]) -> list[Finding]:
    """The likely causes of some signs of one outlet (or of the machine), the strongest first.

    Args:
        source: name of the outlet; "" for the machine.
    """
    left = sorted(signs, key=lambda sign: (_ORDER[sign.cause], sign.since))
    fields = [sign for sign in left if sign.cause in ("field", "dates")]
    if sum(sign.cause == "field" for sign in fields) >= _MANY or len({sign.cause for sign in fields}) >= _MANY:
        left.insert(0, Sign("layout", "several fields are lost at once", min(sign.since for sign in fields)))
        left.sort(key=lambda sign: _ORDER[sign.cause])
    found = []
    while left:
        cause = left[0].cause
        own = [sign for sign in left if sign.cause == cause or sign.cause in CAUSES[cause].explains]
        left = [sign for sign in left if sign not in own]
        told = tuple(dict.fromkeys(sign.what for sign in own))
        since = min(sign.since for sign in own if sign.cause == cause)
        found.append(Finding(source, cause, told[0], since, told))
    return found
