"""`python -m tests.samplepress --port N --ca FILE`: runs the press until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from tests.samplepress.server import serve


async def run(port: int, ca: Path | None, edition: int) -> None:
    """Serves, says that it is ready, and stops at SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with serve(port=port, ca=ca) as server:
        server.edition = edition
        print(f"ready proxy={server.proxy} ca={server.ca}", flush=True)
        await stop.wait()


def main() -> int:
    """Reads the command line; exit code 2 where the port or the file cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.samplepress", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; a free one where it is absent")
    parser.add_argument("--ca", type=Path, help="where to write the throw-away authority's certificate (PEM)")
    parser.add_argument("--edition", type=int, default=1, help="2: the pages as later edited")
    options = parser.parse_args()
    try:
        asyncio.run(run(options.port, options.ca, options.edition))
    except OSError as error:
        print(f"sample press: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
