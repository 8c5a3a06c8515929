"""`scrapy browse`: the reading room, for a browser on this machine."""

from __future__ import annotations

import argparse
import os
import socket

from scrapy.commands import ScrapyCommand

from archive.warc.plan import folder_of
from commands import console
from commands.console import UsageFault, guarded
from sources import registry

PORT = 8465
_ADDRESS = "127.0.0.1"


class Command(ScrapyCommand):
    """Serve read-only pages of the archive, on this machine alone, until Ctrl-C."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--port N]"

    def short_desc(self) -> str:
        return "Read the archive in a browser: search, timeline, stories, articles, archived pages"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--port", type=int, default=PORT, metavar="N", help=f"port on 127.0.0.1, 0 for a free one (default: {PORT})"
        )

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        # Only this command serves pages: the others need not wait for the libraries.
        import uvicorn

        from web.app import application
        from web.visit import Room

        if args:
            raise UsageFault("write no argument: scrapy browse [--port N]")
        if not 0 <= opts.port < 65536:
            raise UsageFault(f"--port {opts.port}: write a port, such as {PORT}, or 0 for a free one")
        database = console.open_archive(self.settings)
        outlets, faults = registry.everything(console.sources_folder(self.settings))
        for fault in faults:
            console.complain(str(fault))
        assert self.settings is not None
        room = Room(database, {source.name: source for source in outlets}, folder_of(self.settings))
        try:
            listening = socket.create_server((_ADDRESS, opts.port))
        except OSError as error:
            raise UsageFault(
                f"--port {opts.port}: {_ADDRESS} does not give it: {os.strerror(error.errno or 0)}; name another, or 0 for a free one"
            ) from error
        held = database.articles.estimated_document_count()
        console.out.print(
            f"{held} articles of {database.name}, for reading: http://{_ADDRESS}:{listening.getsockname()[1]}/   (Ctrl-C ends it)",
            markup=False,
        )
        if not held:
            console.out.print(
                "It is empty: 'make demo', then 'make browse DEMO=yes'; or 'make crawl' for the live outlets."
            )
        config = uvicorn.Config(
            application(room),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=64,
        )
        with listening:
            uvicorn.Server(config).run(sockets=[listening])
        # Only a signal ends it; that uvicorn raises it once more has been seen to get lost.
        self.exitcode = console.INTERRUPTED
