"""The model of an outlet: one TOML file, completed by its publishing system and checked when it is loaded.

Every error names the file and the field and says what is allowed.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

import msgspec

from sources import systems
from sources.ages import read_ages

Kind = Literal["national daily", "weekly", "magazine", "agency", "portal", "aggregator", "official", "broadcaster"]
Topic = Literal["lexicon", "all"]


class SourceError(ValueError):
    """An outlet's TOML is wrong; the message names the file, the field and what is allowed."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where an outlet says what it published.

    Attributes:
        feeds: RSS, Atom or JSON feeds.
        sitemaps: sitemaps, sitemap indexes and news sitemaps.
        listings: pages of links, newest first; "{page}" stands for 1, 2, 3 …
        archives: sitemaps or listings of the past; "{year}", "{month}", "{day}" (two digits for the last two) stand for a date.
        api: WordPress's JSON API of posts ("…/wp-json/wp/v2/posts"), asked page by page for a span of time.
        search: the outlet's own search, newest first; "{query}" stands for a name of the lexicon, "{page}" for 1, 2, 3 …
        links: CSS selector of the article links in a listing; all links where it is absent.
    """

    feeds: list[str] = []
    sitemaps: list[str] = []
    listings: list[str] = []
    archives: list[str] = []
    api: list[str] = []
    search: list[str] = []
    links: str = ""


class Articles(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an article's address looks like.

    Attributes:
        match: regular expressions, searched in the percent-decoded canonical URL; one is enough.
        ignore: regular expressions that exclude.
        examples: addresses that must match; `scrapy sources check` tries them.
        counterexamples: addresses that must not.
        unconfirmed: no article's address has been seen, and `match` is a guess; `scrapy sources check --live` tells whether it
            holds.
    """

    match: list[str] = []
    ignore: list[str] = []
    examples: list[str] = []
    counterexamples: list[str] = []
    unconfirmed: bool = False


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which part of an address is the article's identity; what `canonicalize` needs to know of one outlet.

    Attributes:
        hosts: other host → the canonical one ("m.example.com" → "www.example.com").
        keep_query: the query keys that carry the identity ("p", "id"), the others are dropped; where it is empty, every key
            that is no known tracker is kept.
        rewrite: pairs [regular expression, replacement] applied to the path, for an outlet's own AMP, mobile and print forms.
    """

    hosts: dict[str, str] = {}
    keep_query: list[str] = []
    rewrite: list[tuple[str, str]] = []


class Selectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """CSS selectors, only where the general way fails.

    Attributes:
        text, title, date, authors: where each stands.
        drop: what to cut from the page before it is read.
    """

    text: str = ""
    title: str = ""
    date: str = ""
    authors: str = ""
    drop: list[str] = []


class Manners(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How this outlet wants to be visited.

    Attributes:
        delay: seconds between two requests to one host.
        concurrency: requests at a time to one host.
        quiet: spans of the outlet's day in which it is not asked, "HH:MM-HH:MM" in its zone; they may go over midnight.
        budget: requests of one day, in its zone; 0 for as many as the delay allows.
        ports: those it uses besides 80 and 443.
        http_redirects: it redirects from https to http, and may.
        insecure_tls: why its certificate is not verified, on its own domains; "" verifies it.
        permission: who allowed, and when, to keep pages that it reserves against text mining; "" obeys the reservation.
    """

    delay: float = 2.0
    concurrency: int = 1
    quiet: list[str] = []
    budget: int = 0
    ports: list[int] = []
    http_redirects: bool = False
    insecure_tls: str = ""
    permission: str = ""

    def exceptions(self) -> list[str]:
        """What is not done as with any other outlet, in words: a person should see it."""
        said = []
        if self.insecure_tls:
            said.append(f"TLS not verified: {self.insecure_tls}")
        if self.http_redirects:
            said.append("redirects to http allowed")
        if self.ports:
            said.append(f"ports {', '.join(map(str, self.ports))} allowed")
        if self.permission:
            said.append(f"reserved pages kept: {self.permission}")
        return said


class Visits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often the schedule may visit this outlet; "" for what the settings say.

    Attributes:
        shortest: no two visits begin closer than that ("10m", "2h").
        longest: nor are they farther apart.
    """

    shortest: str = ""
    longest: str = ""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One outlet.

    Attributes:
        name: the file's name without ".toml"; what `scrapy crawl` takes.
        title: the outlet's name for people.
        languages: BCP 47 codes of what it publishes: "ar", "fr" …
        timezone: IANA zone of the times on its pages.
        country: ISO 3166-1 alpha-2.
        kind: what sort of publisher it is.
        domains: registered hosts; their subdomains belong to the outlet too.
        entry, articles, identity, selectors, manners, visits: the tables above.
        unconfirmed: entry points that nobody has seen answer. They are asked for the past, for a gap, and where `entry` has
            nothing; one that is missing is no fault, and is left alone for a month.
        system: its publishing system, a table of systems.toml that gives what the outlet does not say itself; "" for one of
            its own.
        topic: "lexicon" keeps what the topic lexicon judges relevant, "all" keeps every article.
        threshold: topic score (0..1) from which an article of this outlet is kept, to widen or narrow the lexicon's own.
        recheck: ages at which its articles are visited again ("2h", "3d", "1w", ascending), in place of the setting
            RECHECK_AGES; an empty list for never.
        enabled: false keeps it out of `make crawl`; `reason` then says why.
        reason: why it is disabled.
        unreviewed: it was proposed by a machine, and no person has looked at it; `scrapy sources check` fails until one
            has and takes the line away.
        notes: what a maintainer should know.
    """

    name: str = ""
    title: str
    languages: list[str]
    timezone: str
    country: str
    kind: Kind
    domains: list[str]
    entry: Entry = Entry()
    unconfirmed: Entry = Entry()
    articles: Articles = Articles()
    identity: Identity = Identity()
    selectors: Selectors = Selectors()
    manners: Manners = Manners()
    visits: Visits = Visits()
    system: str = ""
    topic: Topic = "lexicon"
    threshold: float | None = None
    recheck: list[str] | None = None
    enabled: bool = True
    reason: str = ""
    unreviewed: bool = False
    notes: str = ""


# Prepared while no other thread can be at it: two at once would end the process (msgspec 0.22).
msgspec.json.Decoder(Source)


class Point(NamedTuple):
    """An entry point as configured: its field of `Entry`, its address, and whether somebody has seen it answer."""

    field: str
    url: str
    confirmed: bool


def points(source: Source, *fields: str) -> Iterator[Point]:
    """The entry points of some fields, the confirmed ones first; one that is named twice counts once."""
    seen = set()
    for table, confirmed in ((source.entry, True), (source.unconfirmed, False)):
        for field in fields or FIELDS:
            for url in getattr(table, field):
                if (field, url) not in seen:
                    seen.add((field, url))
                    yield Point(field, url, confirmed)


def load(path: Path) -> Source:
    """Read one outlet's TOML.

    Args:
        path: the file; its name without ".toml" becomes the source's name.
    Raises:
        SourceError: the file cannot be read, is no TOML, or breaks the model.
    """
    if not _NAME.fullmatch(path.stem):
        raise SourceError(f"{path}: the file name must be lower-case letters, digits and '-', such as le360-fr.toml")
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        source = msgspec.convert(systems.complete(written), type=Source)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise SourceError(f"{path}: {_explain(str(error))}") from error
    except systems.UnknownSystem as error:
        raise SourceError(f"{path}: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: not valid TOML: {error}") from error
    faults = list(_faults(source))
    if faults:
        raise SourceError("\n".join(f"{path}: {fault}" for fault in faults))
    return msgspec.structs.replace(source, name=path.stem)


FIELDS = ("feeds", "sitemaps", "listings", "archives", "api", "search")

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SPAN = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_TABLES = {
    "entry": Entry,
    "unconfirmed": Entry,
    "articles": Articles,
    "identity": Identity,
    "selectors": Selectors,
    "manners": Manners,
    "visits": Visits,
}


_CHOICES = {"kind": get_args(Kind), "topic": get_args(Topic)}
_NEEDED = {
    "title": "write the outlet's name as people know it",
    "languages": 'write at least one, such as ["ar", "fr"]',
    "timezone": "write the IANA zone of the times on its pages, such as Africa/Casablanca, Europe/Paris",
    "country": "write an ISO 3166 code, such as MA, FR",
    "kind": f"write one of {', '.join(_CHOICES['kind'])}",
    "domains": 'write the outlet\'s hosts, such as ["example.com"]',
}


def _explain(message: str) -> str:
    """msgspec's message with the field first, and the allowed names where one is unknown."""
    reason, _, where = message.partition(" - at `$")
    field = where.rstrip("`").lstrip(".")
    if "unknown field" in reason:
        allowed = _TABLES.get(field, Source).__struct_fields__
        return f"{field or 'top level'}: {reason}; allowed are {', '.join(n for n in allowed if n != 'name')}"
    if missing := re.search("missing required field `(.+)`", reason):
        name = f"{field}.{missing[1]}" if field else missing[1]
        return f"{name}: missing; {_NEEDED[name]}"
    if field in _CHOICES:
        return f"{field}: {reason}; allowed are {', '.join(_CHOICES[field])}"
    return f"{field or 'top level'}: {reason}"


def _faults(source: Source) -> list[str]:
    """What the types alone cannot say, each as "field: what is wrong; what is allowed"."""
    faults = []
    if source.name:
        faults.append("name: remove it; the file's name is the outlet's name")
    if not source.title.strip():
        faults.append("title: empty; write the outlet's name as people know it")
    if not source.languages:
        faults.append('languages: empty; write at least one, such as ["ar", "fr"]')
    for language in source.languages:
        if not _LANGUAGE.fullmatch(language):
            faults.append(f"languages: {language!r} is no language code; write one such as ar, fr, en")
    if source.timezone not in _ZONES:
        faults.append(
            f"timezone: {source.timezone!r} is no IANA zone; write one such as Africa/Casablanca, Europe/Paris"
        )
    if not re.fullmatch("[A-Z]{2}", source.country):
        faults.append(f"country: {source.country!r} is no ISO 3166 code; write one such as MA, FR")
    if not source.domains:
        faults.append('domains: empty; write the outlet\'s hosts, such as ["example.com"]')
    for domain in source.domains:
        if not _HOST.fullmatch(domain):
            faults.append(f"domains: {domain!r} is no lower-case host name without scheme and path")
        elif domain.startswith("www."):
            faults.append(f"domains: {domain!r}: leave out 'www.'; subdomains belong to a domain")
    if not source.enabled and not source.reason:
        faults.append("reason: missing; an outlet with enabled = false says why")
    if source.enabled and source.reason:
        faults.append("reason: given, but the outlet is enabled; remove one of the two")
    if source.threshold is not None and not 0 < source.threshold <= 1:
        faults.append(f"threshold: {source.threshold} is no topic score; write one above 0 and up to 1, such as 0.7")
    if source.threshold is not None and source.topic == "all":
        faults.append('threshold: given, but topic = "all" keeps every article; remove one of the two')
    try:
        read_ages(source.recheck or [])
    except ValueError as error:
        faults.append(f"recheck: {error}")
    faults += _entry_faults(source)
    faults += _pattern_faults(source)
    faults += _manners_faults(source.manners)
    faults += _visits_faults(source.visits)
    return faults


def _visits_faults(visits: Visits) -> list[str]:
    faults = []
    for name in ("shortest", "longest"):
        try:
            read_ages([written] if (written := getattr(visits, name)) else [])
        except ValueError as error:
            faults.append(f"visits.{name}: {error}")
    if not faults and visits.shortest and visits.longest:
        shortest, longest = (read_ages([written])[0] for written in (visits.shortest, visits.longest))
        if shortest > longest:
            faults.append(f"visits.shortest: {visits.shortest} is above visits.longest, {visits.longest}")
    return faults


def _manners_faults(manners: Manners) -> list[str]:
    faults = []
    if not 0 <= manners.delay < math.inf:
        faults.append(f"manners.delay: {manners.delay} is no delay; write seconds, such as 2.0")
    if manners.concurrency < 1:
        faults.append(f"manners.concurrency: {manners.concurrency} is below 1")
    for span in manners.quiet:
        found = _SPAN.fullmatch(span)
        if not found or found[1] == found[2]:
            faults.append(f'manners.quiet: {span!r} is no span of the day; write one such as "08:00-10:30"')
    if manners.budget < 0:
        faults.append(f"manners.budget: {manners.budget} is below 0; write requests a day, or 0 for no budget")
    for port in manners.ports:
        if not 0 < port < 65536:
            faults.append(f"manners.ports: {port} is no port; write one such as 8080")
    return faults


def _entry_faults(source: Source) -> list[str]:
    faults = []
    if source.enabled and not any(points(source)):
        faults.append("entry: no feed, sitemap, listing or archive; an enabled outlet needs one")
    for name, url, confirmed in points(source):
        field = f"{'entry' if confirmed else 'unconfirmed'}.{name}"
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            faults.append(f"{field}: {url!r} is no http(s) URL")
        elif source.domains and not in_domains(parts.hostname, source.domains):
            faults.append(f"{field}: {url!r} is on none of the outlet's domains ({', '.join(source.domains)})")
        elif _port_of(url) not in (None, 80, 443, *source.manners.ports):
            faults.append(f"{field}: {url!r} needs its port in manners.ports; only 80 and 443 go without")
        needed, allowed = _PLACEHOLDERS.get(name, ((), ()))
        placed = re.findall(r"\{([^}]*)\}?", url)
        if set(placed) - set(allowed) or set(needed) - set(placed) or len(set(placed)) < len(placed):
            faults.append(f"{field}: {url!r}: {_placeholders(needed, allowed)}")
    return faults


_PLACEHOLDERS = {
    "listings": ((), ("page",)),
    "archives": (("year",), ("year", "month", "day")),
    "search": (("query",), ("query", "page")),
}


def _placeholders(needed: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    """What may stand in braces, in words."""
    free = [f"{{{name}}}" for name in allowed if name not in needed]
    words = [f"needs {{{name}}}" for name in needed] + ([f"may have {' and '.join(free)}"] if free else [])
    return f"{', '.join(words)}, each once, and no other placeholder" if words else "no placeholder is allowed"


def _pattern_faults(source: Source) -> list[str]:
    faults = []
    if source.enabled and not source.articles.match:
        faults.append("articles.match: empty; write at least one regular expression of an article's address")
    named = [("articles.match", source.articles.match), ("articles.ignore", source.articles.ignore)]
    named.append(("identity.rewrite", [pattern for pattern, _ in source.identity.rewrite]))
    for field, patterns in named:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                faults.append(f"{field}: {pattern!r} is no regular expression: {error}")
                continue
            if field != "identity.rewrite" and re.search(pattern, ""):
                faults.append(f"{field}: {pattern!r} matches every address; write what only articles have")
    for pattern, replacement in source.identity.rewrite:
        try:
            compiled = re.compile(pattern)
        except re.error:
            continue
        try:
            compiled.sub(replacement, "")
        except (re.error, IndexError) as error:
            faults.append(f"identity.rewrite: {replacement!r} does not fit {pattern!r}: {error}")
    return faults


def _port_of(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return -1


def in_domains(host: str, domains: list[str]) -> bool:
    """Whether a host is one of the domains or a subdomain of one."""
    host = host.lower().rstrip(".")
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _zones() -> frozenset[str]:
    """The zones of the tzdata wheel, which also reads the dates; the machine's own list may be older."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


_ZONES = _zones()
