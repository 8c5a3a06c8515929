"""The quarter as a whole: every case, who answers for it, and the page of docs that lists them all."""

from __future__ import annotations

import asyncio
import datetime
import re
import ssl
import time
from contextlib import suppress
from dataclasses import replace

import trustme

from tests.samplepress.hostile import addresses, entries, pages
from tests.samplepress.hostile.model import Case, Play, answer, moved, page
from tests.samplepress.server import Guest, Logged, SamplePress

GROUPS: dict[str, list[Case]] = {
    "Heads of answers": pages.HEADS,
    "Bodies": pages.BODIES,
    "Redirects": pages.REDIRECTS,
    "Pages": pages.PAGES,
    "robots.txt and tdmrep.json": pages.ROBOTS,
    "Certificates": pages.TLS,
    "Entry points": entries.ENTRIES,
    "Walls": [*entries.WALLS, *entries.BUSY_CASES],
    "Names that lead to addresses": [*addresses.BY_NAME, *addresses.OTHERS],
    "Redirects to addresses": addresses.REDIRECTED,
}
CASES = [replace(case, group=group) for group, cases in GROUPS.items() for case in cases]

_PLAYS: dict[str, Play] = {f"/c/{case.name}": case.play for case in CASES if case.play}
_ENTRIES: dict[str, Play] = {f"/{case.name}": case.play for case in entries.ENTRIES if case.play}
_NOT_FOUND = answer(b"", status=404)


def address(case: Case) -> str:
    """Where a page case lives."""
    return case.url or f"http://nuit.example/c/{case.name}"


def feed_of(cases: list[Case]) -> bytes:
    """A feed that names the cases."""
    items = (entries.item(address(case).replace("&", "&amp;"), place=place) for place, case in enumerate(cases))
    return entries.feed("".join(items))


async def visit(logged: Logged, writer: asyncio.StreamWriter) -> None:
    """What the quarter's hosts answer."""
    play = _play(logged.host, logged.path, writer)
    with suppress(OSError):  # the crawler hangs up, as it should
        await play(writer)
    logged.status, logged.ended = 200, time.monotonic()


def _play(host: str, path: str, writer: asyncio.StreamWriter) -> Play:
    if path in ("/robots.txt", "/.well-known/tdmrep.json"):
        name = host.partition(".")[0]
        ours = path.endswith("json") == name.startswith("tdmrep")
        return pages.RULES[name] if name in pages.RULES and ours else _NOT_FOUND
    if path == "/feed":
        proxied = [case for case in CASES if case.group in PROXIED and "coffre" not in case.url]
        # Those that hold a connection come first, and are waited for while the others are met.
        by_host = {"nuit.example": sorted(proxied, key=lambda case: case.says != "in time")}
        by_host["coffre.example"] = [case for case in pages.TLS if "coffre" in case.url]
        walled = [replace(entries.WALLS[0], url=f"http://mur.example/c/mur?n={n}") for n in range(12)]
        by_host |= {
            "mur.example": walled,
            "occupe.example": [replace(entries.BUSY_CASES[0], url="http://occupe.example/c/occupe")],
        }
        return answer(feed_of(by_host[host]), kind=entries.XML)
    if found := re.match(r"/c/suite-(\d+)", path):
        return moved(f"/c/suite-{int(found[1]) + 1}")
    if path.startswith("/plan-en-abyme"):
        return lambda writer: entries.endless_index(writer, path)
    if found := re.match(r"/liste-sans-fin/(\d+)", path):
        return lambda writer: entries.endless_listing(writer, int(found[1]))
    if path.startswith("/liste-meme"):
        path = "/liste-meme"
    if path == "/plan-cercle-2":
        path = "/plan-cercle"
    return _PLAYS.get(path.partition("?")[0]) or _ENTRIES.get(path) or _NOT_FOUND


#: Chapters whose cases are pages of nuit.example and coffre.example, met through the proxy.
PROXIED = ("Heads of answers", "Bodies", "Redirects", "Pages", "robots.txt and tdmrep.json", "Certificates")


def outlets() -> dict[str, str]:
    """The TOML of each hostile outlet that is met through the proxy."""
    kinds = {"feed": "feeds", "plan": "sitemaps", "liste": "listings"}
    points: dict[str, list[str]] = {kind: [] for kind in kinds.values()}
    for case in entries.ENTRIES:
        number = "/{page}" if case.name.startswith("liste") else ""
        points[kinds[case.name.partition("-")[0]]].append(f"{entries.ROOT}/{case.name}{number}")
    return {
        "nuit": entries.outlet("nuit", feeds=["http://nuit.example/feed"]),
        "coffre": entries.outlet(
            "coffre", feeds=["https://coffre.example/feed"], manners='insecure_tls = "the test says so"'
        ),
        "dedale": entries.outlet("dedale", **points),
        "mur": entries.outlet("mur", feeds=["http://mur.example/feed"]),
        "occupe": entries.outlet("occupe", feeds=["http://occupe.example/feed"]),
    }


def move_in(server: SamplePress) -> None:
    """Let the quarter's hosts answer beside the press."""
    hosts = {"nuit.example", "sur.nuit.example", "coffre.example", "dedale.example", "mur.example", "occupe.example"}
    hosts |= {f"{name}.nuit.example" for name in (*pages.RULES, "autorite", "perime", "autre-nom")}
    guests: dict[str, Guest] = dict.fromkeys(hosts, visit)
    server.guests.update(guests)
    stranger, good = trustme.CA(organization_name="Somebody else"), server.authority
    assert good is not None
    expired = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    server.certificates.update(
        {
            "sur.nuit.example": _context(good.issue_cert("sur.nuit.example")),
            "perime.nuit.example": _context(good.issue_cert("perime.nuit.example", not_after=expired)),
            "autre-nom.nuit.example": _context(good.issue_cert("www.sadarabat.example")),
            "coffre.example": _context(stranger.issue_cert("coffre.example")),
            "autorite.nuit.example": _context(stranger.issue_cert("autorite.nuit.example")),
        }
    )


def move_in_without_proxy(server: SamplePress, victim: int) -> str:
    """Let the hosts of the addresses answer, asked directly; the TOML of their outlet.

    Args:
        victim: a port of this machine that must not be asked.
    """
    cases = [*addresses.BY_NAME, *addresses.REDIRECTED, *(case for case in addresses.OTHERS if case.outcome != "entry")]
    own = f"http://adresses.example:{server.port}"
    named = feed_of([replace(case, url=case.url.replace("PORT", str(server.port))) for case in cases])

    async def answer_it(logged: Logged, writer: asyncio.StreamWriter) -> None:
        logged.status = 200
        if logged.path == "/feed":
            await answer(named, kind=entries.XML)(writer)
        elif logged.path == "/robots.txt" and logged.host.startswith("robots-moved"):
            await moved("http://10.0.0.5/robots.txt")(writer)
        elif logged.path in addresses.MOVED:
            target = addresses.MOVED[logged.path].replace("VICTIM", str(victim))
            await moved(target)(writer)
        elif logged.path.startswith("/c/"):
            await answer(page("Des roses à l'adresse"))(writer)
        else:
            await _NOT_FOUND(writer)

    server.guests.update(dict.fromkeys(addresses.NAMES, answer_it))
    private = [case.url for case in addresses.OTHERS if case.outcome == "entry"]
    ports = f"ports = [{server.port}, {victim}]"
    return entries.outlet("adresses", feeds=[f"{own}/feed", *private], manners=ports)


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def markdown() -> str:
    """docs/hostile-web.md."""
    lines = [
        "# The hostile web",
        "",
        "Generated by `python -m tests.samplepress.hostile > docs/hostile-web.md`; a test fails when it is stale.",
        "",
        f"{len(CASES)} attacks that the crawler meets in `tests/crawler/test_hostile.py`: on loopback, by the real crawler, beside outlets",
        "that mean no harm, whose every article must arrive. A case's outcome is what the ledger says of its address afterwards;",
        "*waiting* means that it was not asked for, *entry point* that what is readable of a feed, sitemap or listing was read.",
        "The rules behind it are in [manners.md](manners.md).",
    ]
    for group, cases in GROUPS.items():
        lines += ["", f"## {group}", "", "| case | what it tries | what becomes of it |", "|---|---|---|"]
        for case in cases:
            became = "entry point" if case.outcome == "entry" else case.outcome
            lines.append(f"| {case.name} | {case.tries} | {became}{f': … {case.says} …' if case.says else ''} |")
    return "\n".join(lines) + "\n"
