"""The five Scrapy pipelines. They ask `decide` what becomes of a page; what costs time runs in worker processes, what is
stored goes through `archive`.

The item is a `Page`, from its fetch to its end: a stage either settles its outcome or fills its article. A page whose
outcome is settled passes the later stages untouched, into the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from itemadapter import ItemAdapter
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem

from archive import captures, habits, ledger, mongo, recovery, runs, writer
from archive.lease import Held, Lease
from archive.patience import StorageLost
from archive.records import Outcome, Page
from archive.warc import plan
from archive.warc.erase import erase
from archive.warc.writer import Writer
from pipelines import decide, store
from pipelines.comparing import comparing
from pipelines.derived import finish
from pipelines.edition import made_by
from pipelines.reading import Reading, read
from pipelines.workers import WorkerLost, Workers
from sources.model import Source

logger = logging.getLogger(__name__)

#: Scrapy's word for a crawl that a signal ended.
_INTERRUPTED = "shutdown"


class Stage:
    """What every pipeline knows: its crawler, hence the spider, its outlet and its archive."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def spider(self) -> Any:
        """The running `SourceSpider`; its class belongs to the crawler's room, which this one does not import."""
        return self.crawler.spider

    @property
    def source(self) -> Source:
        """The outlet that is crawled."""
        source: Source = self.spider.source
        return source


class Read(Stage):
    """100: the page becomes an article, or gets the outcome that says why not."""

    async def open_spider(self) -> None:
        settings = self.crawler.settings
        self.workers = Workers.open(settings.getint("READ_WORKERS"), settings.getfloat("READ_SECONDS"))
        self.crawler.signals.connect(self._expect, signal=signals.request_scheduled)

    def _expect(self, request: Request) -> None:
        """The processes load what they need while the first page is on its way."""
        if request.callback == self.spider.read_article:
            self.workers.start()

    async def process_item(self, item: Page) -> Page:
        page = ItemAdapter(item)
        if page["outcome"] is not None:
            return item
        started = time.monotonic()
        try:
            reading = await self.workers.run(read, item, self.source, page["fetched_at"])
        except WorkerLost as error:
            logger.warning("%s: %s: %s", self.source.name, page["url"], error)
            reading = Reading(outcome=Outcome.UNREADABLE, detail=str(error))
        decide.take(item, reading)
        self.spider.run.note_read(item.article, time.monotonic() - started)
        return item

    async def close_spider(self) -> None:
        await self.workers.close()


class Dates(Stage):
    """200: what lies outside the crawl's window is not stored; what has no date is."""

    async def process_item(self, item: Page) -> Page:
        decide.window(item, self.spider.window)
        return item


class Topic(Stage):
    """300: what is not about Franco-Moroccan security stays out, unless the outlet's TOML or a person says otherwise."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.verdicts: decide.Verdicts | None = None

    async def process_item(self, item: Page) -> Page:
        if self.verdicts is None:
            verdicts: decide.Verdicts = await self.spider.storage(
                lambda: ledger.relevance_verdicts(self.spider.database)
            )
            self.verdicts = verdicts
        decide.topic(item, self.source, self.verdicts)
        return item


class Deduplicate(Stage):
    """400: which article the page is, under all its addresses."""

    async def process_item(self, item: Page) -> writer.Entry:
        return decide.identity(item, self.source)


class Store(Stage):
    """500: pages are written in batches; each is let go when MongoDB has acknowledged it.

    It takes the lease on the outlet and opens the database and the WARC files for the whole crawl, before the spider's `start`,
    and closes them and the run's account at its end.
    """

    BATCH = 100
    SECONDS = 0.2

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.queue: asyncio.Queue[tuple[writer.Entry, asyncio.Future[None]]] = asyncio.Queue()
        self.made_by = {"code": "", "lexicon": ""}
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    async def open_spider(self) -> None:
        settings = self.crawler.settings
        self.made_by = await asyncio.to_thread(made_by, settings["MARSAD_VERSION"])
        self.spider.run.made_by = self.made_by
        try:
            uri = await asyncio.to_thread(
                mongo.ready, settings["MONGODB_URI"], settings["MONGODB_DATABASE"], Path(settings["DATA_DIR"])
            )
        except mongo.ArchiveError as error:
            logger.error("%s", error)
            self.spider.storage_failed = True
            raise CloseSpider("storage") from error
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(uri))
        self.spider.database = self.client[settings["MONGODB_DATABASE"]]
        await self._take_lease()
        await self.spider.storage(lambda: self._keep_run(None, None))
        await self._recover(uri)
        self.spider.warc = Writer.open(plan.plan_of(settings), self.spider.stop_storing)
        self.workers = Workers.open(settings.getint("READ_WORKERS"), settings.getfloat("READ_SECONDS"))
        self.heart = asyncio.create_task(self._beat())
        self.flusher = asyncio.create_task(self._flush_for_ever())
        self.flusher.add_done_callback(self._writer_ended)
        await self.spider.storage(lambda: finish(self.spider.database, comparing(self.workers)))

    async def _take_lease(self) -> None:
        """Be the only crawl of the outlet from here on."""
        database = self.spider.database
        lease = Lease(self.source.name, self.crawler.settings.getfloat("LEASE_SECONDS"))
        try:
            await self.spider.storage(lambda: lease.take(database))
        except Held as held:
            self.spider.stopped = f"skipped, as it is {held}"
            raise CloseSpider("held") from held
        self.spider.lease = lease
        renew = self.spider.storage
        self.keeping = asyncio.create_task(lease.keep(lambda: renew(lambda: lease.renew(database))))

    async def _recover(self, uri: str) -> None:
        """Finish what an earlier process left open, before anything is asked for again."""
        settings = self.crawler.settings
        folder = plan.folder_of(settings)
        if not recovery.left_open(folder):
            return
        try:
            await self.spider.storage(
                lambda: asyncio.to_thread(recovery.recover, uri, settings["MONGODB_DATABASE"], folder)
            )
        except (OSError, mongo.ArchiveError) as error:
            logger.error("WARC folder %s: what an earlier crawl left open cannot be finished: %s", folder, error)
            self.spider.storage_failed = True
            raise CloseSpider("storage") from error

    async def process_item(self, item: writer.Entry) -> Page:
        written = asyncio.get_running_loop().create_future()
        self.queue.put_nowait((item, written))
        await asyncio.wait({written, self.flusher}, return_when=asyncio.FIRST_COMPLETED)
        if not written.done():
            raise DropItem(f"not stored, the writer has ended: {item.url}", log_level="DEBUG")
        written.result()
        if item.error:
            logger.error("%s: %s: MongoDB refuses it: %s", self.source.name, item.url, item.error)
            self.spider.storage_failed = True
            raise DropItem(f"not stored: {item.url}", log_level="DEBUG")
        return item.page

    async def _flush_for_ever(self) -> None:
        while True:
            batch = [await self.queue.get()]
            with suppress(TimeoutError):
                async with asyncio.timeout(self.SECONDS):
                    while len(batch) < self.BATCH:
                        batch.append(await self.queue.get())
            await self._flush(batch)

    async def _beat(self) -> None:
        """Keep the account of the run up to date, so that a killed one shows how far it had come."""
        while True:
            await asyncio.sleep(runs.HEARTBEAT.total_seconds())
            with suppress(PyMongoError):  # what pages need is waited for; this comes again
                await self._keep_run(None, None)

    def _writer_ended(self, flusher: asyncio.Task[None]) -> None:
        """A fault of the writer itself ends the crawl: pages that nobody writes must not be taken for stored."""
        if not flusher.cancelled():
            logger.error("%s: the writer failed; the crawl stops", self.source.name, exc_info=flusher.exception())
            self.spider.storage_failed = True
            self.ending = asyncio.create_task(self.crawler.engine.close_spider_async(reason="storage"))

    async def _flush(self, batch: list[tuple[writer.Entry, asyncio.Future[None]]]) -> None:
        entries = [entry for entry, _ in batch]
        started = time.monotonic()
        try:
            await self.spider.storage(lambda: self._write(entries))
        except StorageLost as error:
            # Any other fault is ours, and ends the writer loudly.
            for _, written in batch:
                if not written.done():
                    written.set_exception(DropItem(f"not stored: {error}", log_level="DEBUG"))
            return
        self.spider.run.note_stored(time.monotonic() - started)
        for entry, written in batch:
            self._count(entry)
            if not written.done():
                written.set_result(None)

    async def _write(self, entries: list[writer.Entry]) -> None:
        database, lease, run, ages = self.spider.database, self.spider.lease, self.spider.run.id, self.spider.ages

        async def check() -> None:
            await lease.check(database)

        await check()
        await self._index(database)
        await store.write(database, entries, self.made_by, run, comparing(self.workers), ages=ages, check=check)
        await self._erase([entry.page for entry in entries if entry.page.outcome is Outcome.WITHDRAWN])

    async def _erase(self, pages: list[Page]) -> None:
        """A withdrawn article that came under an address unknown till now leaves nothing in the WARC files either."""
        places = [page.capture for page in pages if page.capture]
        if not places:
            return
        await self.spider.warc.flush()
        await self._index(self.spider.database)
        kept = await self.spider.database.captures.find({"$or": places}).to_list()
        folder = plan.folder_of(self.crawler.settings)
        await asyncio.to_thread(erase, folder, kept, [page.url for page in pages])
        await self.spider.database.captures.delete_many({"_id": {"$in": [capture["_id"] for capture in kept]}})

    async def _index(self, database: ledger.Database) -> None:
        """Enter the captures that are on disk into the index, before what points to them."""
        documents = self.spider.captured[:]
        if documents:
            await database.captures.bulk_write(captures.writes(documents), ordered=False)
            del self.spider.captured[: len(documents)]

    def _count(self, entry: writer.Entry) -> None:
        run: runs.Run = self.spider.run
        if entry.page.status:
            run.counters["fetched"] += 1
        if entry.error:
            run.counters["storage_error"] += 1
        else:
            run.note_outcome(entry.page)

    async def close_spider(self) -> None:
        if hasattr(self, "flusher"):
            self.flusher.cancel()
            self.heart.cancel()
            await self.workers.close()

    async def spider_closed(self, reason: str) -> None:
        """Write the end of the run, after everything else has ended."""
        if not hasattr(self, "client"):
            return
        try:
            if hasattr(self.spider, "lease"):
                await self._end(reason)
        except StorageLost as error:
            logger.error("%s: the end of the run is not recorded: %s", self.source.name, error)
        finally:
            await self.client.close()

    async def _end(self, reason: str) -> None:
        database, lease = self.spider.database, self.spider.lease
        try:
            await self._close_warc()
            await self._settle_run()
            await self.spider.storage(lambda: self._keep_run(datetime.now(UTC), reason))
            if not (self.spider.urls or lease.lost):
                cursor = self.spider.kept_cursor(reason)
                await self.spider.storage(lambda: ledger.write_cursor(database, lease, cursor))
                await self._learn(reason)
        finally:
            lease.waking.set()
            await self.keeping
        await self.spider.storage(lambda: lease.release(database))

    async def _learn(self, reason: str) -> None:
        """Keep what the crawl tells of the outlet's habit; one that was interrupted has seen a part, and is tried again."""
        if reason == _INTERRUPTED:
            return
        database, lease = self.spider.database, self.spider.lease
        visit, reopens_at = self.spider.news.visit(), self.spider.reopens_at
        if visit is not None:
            zone = ZoneInfo(self.source.timezone)
            await self.spider.storage(lambda: habits.keep(database, lease, visit, zone))
        elif reopens_at is not None:
            await self.spider.storage(lambda: habits.wait(database, lease, reopens_at))

    async def _close_warc(self) -> None:
        if not hasattr(self.spider, "warc"):
            return
        indexed = False
        try:
            with suppress(StorageLost):
                await self.spider.warc.flush()
            await self.spider.storage(lambda: self._index(self.spider.database))
            indexed = True
        finally:
            await self.spider.warc.close(indexed=indexed)

    async def _settle_run(self) -> None:
        """What is known at the end of a run only: why it ended, and what the disks have left."""
        run, warc = self.spider.run, getattr(self.spider, "warc", None)
        run.detail = run.detail or self.spider.stopped or (str(warc.failure) if warc and warc.failure else "")
        folder = plan.folder_of(self.crawler.settings)
        stats: dict[str, Any] = await self.spider.storage(lambda: self.spider.database.command("dbStats"))
        run.space = {"warc": await asyncio.to_thread(runs.disk, folder), "mongodb": runs.database_disk(stats)}

    async def _keep_run(self, ended: datetime | None, reason: str | None) -> None:
        run: runs.Run = self.spider.run
        await self.spider.database.runs.replace_one({"_id": run.id}, run.document(ended, reason), upsert=True)
