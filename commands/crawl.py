"""`scrapy crawl NAME…`: crawl outlets, show the progress, and say what came of it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import time
from collections import Counter
from contextlib import nullcontext
from typing import Any

from pymongo.errors import PyMongoError
from rich.live import Live
from rich.table import Table
from scrapy.commands import BaseRunSpiderCommand
from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from archive import mongo, queries
from archive.records import Outcome
from commands import console, logs
from commands.console import UsageFault, guarded
from crawler.loader import spider_of
from crawler.window import WindowError, read_window
from sources import registry
from sources.model import Source

_FAILED = (
    Outcome.ROBOTS,
    Outcome.RESERVED,
    Outcome.WALL,
    Outcome.GONE,
    Outcome.HTTP_ERROR,
    Outcome.NETWORK_ERROR,
    Outcome.REFUSED,
    Outcome.TOO_LARGE,
    Outcome.UNDECODABLE,
    Outcome.UNREADABLE,
)
#: Reasons by which an outlet has ended its crawl, see `MannersMiddleware`; quiet hours and a budget are no fault.
_TURNED_AWAY = ("walls", "busy", "asked to wait")
#: Another crawl has taken the outlet over: this machine was too slow, or away.
_OVERTAKEN = "lease lost"
_NO_ARTICLE = (Outcome.NOT_ARTICLE, Outcome.EMPTY)
_CHECKED = ("outlet", "due", "checked", "unchanged", "changed", "gone", "failed")
_COLUMNS = ("outlet", "discovered", "fetched", "stored", "copies", "off topic", "not articles", "failed")
_RECHECKS = ("yes", "all")
_REFRESH_SECONDS = 0.5
_PLAIN_SECONDS = 30.0


class Command(BaseRunSpiderCommand):
    """Crawl one outlet, several, or with `--all` every enabled one."""

    requires_project = True

    def syntax(self) -> str:
        return "[options] NAME… | --all"

    def short_desc(self) -> str:
        return "Crawl outlets by name"

    def long_desc(self) -> str:
        return (
            "Crawl outlets: read their feeds, sitemaps and listings, fetch what is new, store what is about the topic. "
            "-a since=YYYY[-MM[-DD]] and -a until=… bound the publication; with since, archives are walked too, newest first, on "
            "from where an earlier crawl stopped. -a filter=yes leaves pages unfetched whose address and title name nothing of "
            "the topic ('scrapy coverage' tells what that loses). "
            "-a recheck=yes visits the stored articles that are due again instead, -a recheck=all every one. "
            "Exit codes: 0 good, 1 something needs you, 2 usage, 3 storage, 4 no network, 130 interrupted."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--all", action="store_true", help="every enabled outlet")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        sources = self._chosen(args, everything=opts.all)
        unknown = set(opts.spargs) - {"since", "until", "filter", "recheck"}
        if unknown:
            raise UsageFault(
                f"-a {sorted(unknown)[0]}=…: no such argument; since, until, filter and recheck are allowed"
            )
        if opts.spargs.get("recheck", "yes") not in _RECHECKS:
            raise UsageFault(f"-a recheck={opts.spargs['recheck']}: write yes for the articles that are due, or all")
        if opts.spargs.get("filter", "no") not in ("yes", "no"):
            raise UsageFault(f"-a filter={opts.spargs['filter']}: yes or no is allowed")
        for source in sources:
            try:
                read_window(opts.spargs.get("since", ""), opts.spargs.get("until", ""), source.timezone)
            except WindowError as error:
                raise UsageFault(f"-a {error}") from error
        crawl(self, [(source, opts.spargs) for source in sources])

    def _chosen(self, args: list[str], *, everything: bool) -> list[Source]:
        folder = console.sources_folder(self.settings)
        if everything == bool(args):
            raise UsageFault("name the outlets to crawl, or --all for every enabled one ('scrapy list' shows them)")
        if args:
            named = [registry.find(name, folder) for name in dict.fromkeys(args)]
            for source in named:
                if not source.enabled:
                    console.complain(f"{source.name} is disabled ({source.reason}); crawled because you name it")
            return named
        sources, faults = registry.everything(folder)
        for fault in faults:
            console.complain(fault)
            self.exitcode = console.ATTENTION
        return [source for source in sources if source.enabled and not source.unreviewed]


def crawl(command: BaseRunSpiderCommand, jobs: list[tuple[Source, dict[str, str]]]) -> None:
    """Crawl some outlets side by side in this process and set the command's exit code.

    Args:
        command: the command that runs; its settings and its process are used.
        jobs: each outlet with the arguments of its spider.
    Raises:
        UsageFault: nobody answers for the crawl.
        archive.mongo.ArchiveError: the archive cannot be used; nothing was fetched.
    """
    process, settings = command.crawler_process, command.settings
    assert process is not None
    assert settings is not None
    # Scrapy sets the level of its handler only, and every library goes on making records of each step (measured: 1 ms a page).
    logging.getLogger().setLevel(settings["LOG_LEVEL"])
    console.contact(settings)
    logs.install()
    console.open_archive(settings).client.close()
    crawlers = [process.create_crawler(spider_of(source)) for source, _ in jobs]
    for crawler, (_, arguments) in zip(crawlers, jobs, strict=True):
        process.crawl(crawler, **arguments)
    started = time.monotonic()
    with (
        Live(console=console.out, auto_refresh=False, transient=True)
        if console.out.is_terminal
        else nullcontext() as live
    ):
        following = asyncio.get_event_loop().create_task(_follow(crawlers, live))
        process.start()
        following.cancel()
    if any(crawler.spider is not None and not _ended(crawler) for crawler in crawlers):
        # A second Ctrl-C ends the loop over open crawls: their threads would wait for work for ever. Workers end with us.
        console.complain("Stopped at once. What was not acknowledged waits for the next crawl.")
        sys.stdout.flush()
        os._exit(console.INTERRUPTED)
    _recount(crawlers, settings)
    _summarise(crawlers, settings, time.monotonic() - started)
    command.exitcode = max(command.exitcode, _exit_code(crawlers, failed=process.bootstrap_failed))


async def _follow(crawlers: list[Crawler], live: Live | None) -> None:
    """A table that follows the crawl on a terminal; elsewhere a line for each outlet that ends, and one now and then."""
    said = time.monotonic()
    running = set(crawlers)
    while running:
        await asyncio.sleep(_REFRESH_SECONDS)
        ended = [crawler for crawler in crawlers if crawler in running and _ended(crawler)]
        running.difference_update(ended)
        if live is not None:
            live.update(_progress(crawlers), refresh=True)
            continue
        for crawler in ended:
            if not _unreached(crawler):
                console.out.print(_line(crawler), markup=False)
        if running and time.monotonic() - said > _PLAIN_SECONDS:
            said = time.monotonic()
            for crawler in running:
                console.out.print(_line(crawler), markup=False)


def _ended(crawler: Crawler) -> bool:
    """Whether a crawl has come to its end; `crawling` is false from the first Ctrl-C on."""
    spider: Any = crawler.spider
    return bool(spider is not None and spider.close_reason) or (spider is None and not crawler.crawling)


def _counters(crawler: Crawler) -> Counter[str]:
    spider: Any = crawler.spider
    return spider.run.counters if spider is not None else Counter()


def _columns(crawler: Crawler) -> tuple[str, ...]:
    return _CHECKED if _is_recheck(crawler) else _COLUMNS


def _is_recheck(crawler: Crawler) -> bool:
    spider: Any = crawler.spider
    return spider is not None and bool(spider.recheck)


def _row(crawler: Crawler) -> list[int]:
    counters = _counters(crawler)
    if _is_recheck(crawler):
        checked = sum(counters[outcome] for outcome in Outcome)
        same, changed = counters[Outcome.UNCHANGED], counters[Outcome.UPDATED] + counters[Outcome.STORED]
        gone = counters[Outcome.GONE]
        return [counters["due"], checked, same, changed, gone, checked - same - changed - gone]
    return [
        counters["discovered"],
        counters["fetched"],
        counters[Outcome.STORED] + counters[Outcome.UPDATED],
        counters[Outcome.COPY],
        counters[Outcome.OFF_TOPIC],
        sum(counters[outcome] for outcome in _NO_ARTICLE),
        sum(counters[outcome] for outcome in _FAILED) + counters["storage_error"],
    ]


def _line(crawler: Crawler) -> str:
    name = crawler.spidercls.name
    columns = _columns(crawler)[1:]
    numbers = ", ".join(f"{number} {column}" for column, number in zip(columns, _row(crawler), strict=True))
    return f"{name}: {'done:' if _ended(crawler) else '…'} {numbers}"


def _progress(crawlers: list[Crawler]) -> Table:
    columns = _columns(crawlers[0]) if crawlers else _COLUMNS
    grid = console.table(*columns, right=columns[1:])
    rows = [_row(crawler) for crawler in crawlers]
    for crawler, row in zip(crawlers, rows, strict=True):
        grid.add_row(str(crawler.spidercls.name), *map(str, row))
    if len(rows) > 1:
        grid.add_section()
        grid.add_row("all", *(str(sum(column)) for column in zip(*rows, strict=True)), style="bold")
    return grid


def _recount(crawlers: list[Crawler], settings: BaseSettings) -> None:
    """Count originals and copies as the archive stands when all crawls have ended; each may have shown another's text
    to be a copy."""
    try:
        database = console.open_archive(settings)
        for crawler in crawlers:
            spider: Any = crawler.spider
            if spider is not None and (spider.run.counters[Outcome.STORED] or spider.run.counters[Outcome.COPY]):
                stored, copies = queries.stored_and_copies(database, spider.run.id)
                spider.run.counters[Outcome.STORED], spider.run.counters[Outcome.COPY] = stored, copies
    except (mongo.ArchiveError, PyMongoError):
        return  # the crawl's own counters stand; that the archive is lost has been said


def _summarise(crawlers: list[Crawler], settings: BaseSettings, seconds: float) -> None:
    """The table of what came of it, and a line for each thing that was wrong."""
    if not all(_unreached(crawler) for crawler in crawlers):
        console.out.print(_progress(crawlers))
    for crawler in crawlers:
        for entry in _failed_entries(crawler)[: 1 if _unreached(crawler) else None]:
            what = "no entry point answers" if _unreached(crawler) else f"entry point {entry['url']}".strip()
            console.complain(f"{crawler.spidercls.name}: {what}: {entry['error']}")
    for crawler in crawlers:
        for gap in _gaps(crawler):
            console.complain(f"{crawler.spidercls.name}: {gap_in_words(gap)}")
    if all(_unreached(crawler) for crawler in crawlers):
        console.complain(
            f"None of {len(crawlers)} outlets could be reached: is there a network? (after {seconds:.0f} s)"
        )
        return
    _tell_of_the_stopped(crawlers, settings)
    if crawlers and all(_is_recheck(crawler) for crawler in crawlers):
        _, checked, same, changed, gone, failed = (sum(column) for column in zip(*map(_row, crawlers), strict=True))
        told = f"{same} unchanged, {changed} changed, {gone} gone, {failed} failed"
        console.out.print(
            f"{checked} article{'s' if checked > 1 else ''} checked in {seconds:.1f} s: {told}."
            if checked
            else "No stored article is due; '-a recheck=all' visits those that are not due too."
        )
        return
    outside = sum(_counters(crawler)[Outcome.OUTSIDE_WINDOW] for crawler in crawlers)
    if outside:
        console.out.print(f"{outside} page{'s' if outside > 1 else ''} outside the window, left for a wider one.")
    left = sum(_counters(crawler)["filtered"] for crawler in crawlers)
    if left:
        console.out.print(
            f"{left} page{'s' if left > 1 else ''} left unfetched by the filter; 'scrapy coverage' tells what that loses."
        )
    stored = sum(_row(crawler)[2] + _row(crawler)[3] for crawler in crawlers)
    if stored:
        console.out.print(f"{stored} new article{'s' if stored > 1 else ''} in {seconds:.1f} s.")
    else:
        console.out.print(f"Nothing new in {seconds:.1f} s.")


def _tell_of_the_stopped(crawlers: list[Crawler], settings: BaseSettings) -> None:
    """A line for each outlet whose crawl good manners have ended, with what it left for the next one."""
    spiders: list[Any] = [crawler.spider for crawler in crawlers if crawler.spider is not None]
    stopped = [spider for spider in spiders if spider.stopped]
    if not stopped:
        return
    try:
        database = console.open_archive(settings)
        waiting = {spider.name: queries.waiting(database, spider.name) for spider in stopped}
    except (mongo.ArchiveError, PyMongoError):
        waiting = {}
    for spider in stopped:
        if spider.close_reason == "held":
            console.complain(f"{spider.name}: {spider.stopped}.")
            continue
        left = waiting.get(spider.name, 0)
        console.complain(
            f"{spider.name}: {spider.stopped}; {left} address{'es' if left != 1 else ''} wait{'' if left != 1 else 's'}."
        )


def _failed_entries(crawler: Crawler) -> list[dict[str, Any]]:
    spider: Any = crawler.spider
    if spider is None:
        return []
    if _lost(crawler):
        error = f"none answers; 'scrapy sources check --live {spider.name}' tells why"
        return [{"url": "", "error": error}]
    return [entry for entry in spider.run.entries if entry["error"]]


def _lost(crawler: Crawler) -> bool:
    """Whether an outlet has unconfirmed entry points only, and none of them is there."""
    spider: Any = crawler.spider
    return not (spider.run.entries or spider.urls or spider.recheck) and spider.close_reason == "finished"


def _gaps(crawler: Crawler) -> list[dict[str, Any]]:
    spider: Any = crawler.spider
    return spider.run.gaps if spider is not None else []


def gap_in_words(gap: dict[str, Any]) -> str:
    """A line about a feed that shared no item with its last visit."""
    since = f"{gap['since']:%Y-%m-%d %H:%M} UTC"
    if gap["filled_by"]:
        return f"{gap['feed']} shares no item with its last visit on {since}; the gap was filled from {', '.join(gap['filled_by'])}"
    return f"{gap['feed']} shares no item with its last visit on {since}, and nothing reaches back so far: articles may be missing; the next crawl tries again"


def _unreached(crawler: Crawler) -> bool:
    """Whether an outlet has entry points and none of them gave an answer."""
    spider: Any = crawler.spider
    if spider is not None and spider.recheck:
        counters = spider.run.counters
        return bool(counters[Outcome.NETWORK_ERROR]) and counters[Outcome.NETWORK_ERROR] == counters["due"]
    if spider is None or not spider.run.entries:
        return False
    return bool(spider.run.counters["entry_unreachable"] == len(spider.run.entries))


def _exit_code(crawlers: list[Crawler], *, failed: bool) -> int:
    spiders: list[Any] = [crawler.spider for crawler in crawlers if crawler.spider is not None]
    if any(spider.storage_failed for spider in spiders):
        return console.STORAGE
    if any(spider.close_reason == "shutdown" for spider in spiders):
        return console.INTERRUPTED
    if crawlers and all(_unreached(crawler) for crawler in crawlers):
        return console.NO_NETWORK
    open_gaps = any(not gap["filled_by"] for spider in spiders for gap in spider.run.gaps)
    if failed or open_gaps or any(_lost(crawler) for crawler in crawlers if crawler.spider is not None):
        return console.ATTENTION
    if any(spider.run.counters["entry_failed"] for spider in spiders):
        return console.ATTENTION
    if any(spider.close_reason in (*_TURNED_AWAY, _OVERTAKEN) for spider in spiders):
        return console.ATTENTION
    # A person who asked for pages by hand has not got them.
    if any(spider.urls and spider.close_reason == "held" for spider in spiders):
        return console.ATTENTION
    return console.GOOD
