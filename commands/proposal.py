"""`scrapy sources add URL`: visit a home page and write a proposal for its outlet, which a person must look at."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from commands import console
from commands.console import UsageFault
from crawler.discovery.links import Link, instant
from crawler.survey import Survey, SurveySpider
from sources import registry
from sources.derive import Derived, derive
from sources.model import Identity, in_domains, load
from sources.systems import SYSTEMS
from sources.urls import UrlError, canonicalize

#: Sections, tags and authors among the links of a home page, to be offered as counterexamples.
_SECTION = re.compile(r"/[^/?#.]{3,40}/?$")


def add(url: str, folder: Path, settings: Settings | None) -> int:
    """Write NAME.toml into the outlets' folder and say what to do next.

    Returns:
        The exit code.
    Raises:
        UsageFault: no address of a home page, or one of an outlet that is known.
    """
    assert settings is not None
    try:
        host = urlsplit(canonicalize(url)).hostname or ""
    except UrlError as error:
        raise UsageFault(str(error)) from error
    if known := registry.owner(url, registry.everything(folder)[0]):
        raise UsageFault(f"{host} belongs to the outlet {known.name}: see {folder / known.name}.toml")
    survey = _visit(url, settings)
    if not survey.links:
        for trouble in survey.troubles:
            console.complain(trouble)
        console.complain(f"{url} could not be visited; nothing is written.")
        return console.ATTENTION
    name = name_of(urlsplit(survey.home).hostname or host)
    path = folder / f"{name}.toml"
    if path.exists():
        raise UsageFault(f"{path} exists already")
    text, derived = propose(survey)
    path.write_text(text, encoding="utf-8")
    load(path)
    console.out.print(text, markup=False)
    for trouble in survey.troubles:
        console.out.print(f"did not serve: {trouble}", markup=False)
    for language, address in survey.editions.items():
        if not in_domains(urlsplit(address).hostname or "", [_domain(survey)]):
            console.out.print(f"another edition, {language}: scrapy sources add {address}", markup=False)
    fit = f"the patterns fit {derived.share} of 100 addresses seen" if derived.match else "no pattern could be derived"
    console.out.print(
        f"Written to {path}; {fit}. Look at each line, above all those marked 'guessed'; then remove 'unreviewed', and try\n"
        f"  scrapy sources check --live {name}\n"
        f"Until then 'scrapy sources check' fails, and 'scrapy crawl --all' leaves it out.",
        markup=False,
    )
    return console.GOOD if derived.match else console.ATTENTION


def _visit(url: str, settings: Settings) -> Survey:
    logging.getLogger().setLevel(settings["LOG_LEVEL"])
    process = AsyncCrawlerProcess(settings)
    console.contact(settings)
    crawler = process.create_crawler(SurveySpider)
    process.crawl(crawler, home=url)
    process.start()
    spider: Any = crawler.spider
    survey: Survey = spider.survey if spider is not None else Survey(url)
    return survey


def name_of(host: str) -> str:
    """The name of an outlet's file, from its host: "www.manara.example" is manara, "fr.manara.example" manara-fr."""
    labels = host.removeprefix("www.").split(".")[:-1]
    while len(labels) > 1 and labels[-1] in ("co", "com", "gov", "gouv", "press", "net", "org"):
        labels.pop()
    return re.sub(r"[^a-z0-9]+", "-", "-".join(reversed(labels))).strip("-") or "outlet"


def propose(survey: Survey) -> tuple[str, Derived]:
    """The text of a TOML for an outlet that was visited, and what was derived of its addresses."""
    domain = _domain(survey)
    named = [
        link for links in (*survey.feeds.values(), *survey.sitemaps.values()) for link in links if _is_own(link, domain)
    ]
    # A sitemap of sections is no help where a feed names articles.
    certain = [link for links in survey.feeds.values() for link in links if _is_own(link, domain)] or named
    derived = derive(link.url for link in certain)
    if not derived.match:
        derived = derive(link.url for link in survey.links if _is_own(link, domain) and len(link.title) > 25)
    languages = _languages(survey, certain)
    country, zone = _place(domain)
    lines = [
        "unreviewed = true",
        f"title = {_quoted(survey.title or domain)}  # guessed",
        f"languages = {_quoted(languages)}",
        f'timezone = "{zone}"  # guessed{_offsets(certain)}',
        f'country = "{country}"  # guessed',
        'kind = "portal"  # guessed',
        f"domains = {_quoted([domain])}",
    ]
    if survey.system in SYSTEMS:
        lines.append(f'system = "{survey.system}"')
    for field, found in (("feeds", survey.feeds), ("sitemaps", survey.sitemaps)):
        if urls := [url for url in found if in_domains(urlsplit(url).hostname or "", [domain])]:
            lines.append(f"entry.{field} = {_quoted(urls)}")
    if not survey.feeds and not survey.sitemaps:
        lines.append(f"entry.listings = {_quoted([survey.home])}")
    lines.append(
        f"articles.match = [{', '.join(_literal(pattern) for pattern in derived.match) or _literal('^never')}]"
    )
    lines.append(f"articles.examples = {_quoted(_examples(derived))}")
    lines.append(f"articles.counterexamples = {_quoted(_sections(survey, derived, domain))}")
    if derived.keep_query:
        lines.append(f"identity.keep_query = {_quoted(derived.keep_query)}")
    if survey.delay:
        lines.append(f"manners.delay = {survey.delay}  # robots.txt")
    return "\n".join(lines) + "\n", derived


def _domain(survey: Survey) -> str:
    return (urlsplit(survey.home).hostname or "").removeprefix("www.")


def _is_own(link: Link, domain: str) -> bool:
    return in_domains(urlsplit(link.url).hostname or "", [domain])


def _languages(survey: Survey, links: list[Link]) -> list[str]:
    """The declared language, and those of a tenth of the titles at least."""
    from language.detect import detect

    titles = [link.title for link in links or survey.links if len(link.title) > 20]
    told = Counter(detect(title).code for title in titles)
    found = [
        language for language, number in told.most_common() if 10 * number >= len(titles) and language in ("ar", "fr")
    ]
    declared = [survey.language] if re.fullmatch("[a-z]{2,3}", survey.language) else []
    return found or declared or ["ar"]


def _place(domain: str) -> tuple[str, str]:
    """Country and zone: from the domain's ending, Morocco where it tells nothing."""
    code = domain.rpartition(".")[2].upper().replace("UK", "GB")
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        fields = line.split("\t")
        if fields[0] == code:
            return code, fields[2]
    return "MA", "Africa/Casablanca"


def _offsets(links: list[Link]) -> str:
    """A remark on the offsets that the feed's dates carry, which say more of the zone than the domain does."""
    told = Counter(found[0] for link in links[:50] if (found := re.search(r"[+-]\d\d:?\d\d$|Z$|GMT$", link.published)))
    return (
        f"; the feed's dates carry {told.most_common(1)[0][0]}"
        if told and any(instant(link.published) for link in links)
        else ""
    )


def _examples(derived: Derived) -> list[str]:
    """The addresses without trackers, each once."""
    rules = Identity(keep_query=derived.keep_query)
    shown: dict[str, str] = {}
    for url in derived.examples:
        canonical = canonicalize(url, rules=rules)
        shown.setdefault(canonical, canonical if derived.keep_query else url.partition("?")[0])
    return list(shown.values())


def _sections(survey: Survey, derived: Derived, domain: str) -> list[str]:
    """A section or two of the home page that the patterns do not fit."""
    found = []
    for link in survey.links:
        fits = any(re.search(pattern, unquote(link.url)) for pattern in derived.match)
        if not fits and _is_own(link, domain) and _SECTION.search(urlsplit(link.url).path):
            found.append(link.url)
    return found[:2] or [survey.home]


def _quoted(value: str | list[str]) -> str:
    """As a TOML string, or an array of them; TOML's basic strings escape as JSON's do."""
    return json.dumps(value, ensure_ascii=False)


def _literal(pattern: str) -> str:
    return f"'{pattern}'" if "'" not in pattern else json.dumps(pattern)
