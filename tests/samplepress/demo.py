"""`make demo`: serve the sample press, crawl all of it, and show what the archive holds then."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from archive import mongo
from archive.search import parse_question, search
from commands import articles, console
from tests.samplepress.server import serve

SINCE = "2023-01-01"
_ROOT = Path(__file__).resolve().parents[2]


async def run() -> int:
    """Crawl the press in a process of its own; the exit code of the crawl."""
    with tempfile.TemporaryDirectory() as folder:
        async with serve(ca=Path(folder) / "ca.pem") as press:
            environment = crawl_environment(press.proxy, press.ca)
            crawl = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "scrapy", "crawl", "--all", "-a", f"since={SINCE}"), env=environment, cwd=_ROOT
            )
            try:
                return await crawl.wait()
            except asyncio.CancelledError:
                # Ctrl-C has reached the crawl too; it ends in good order.
                return await crawl.wait()


def crawl_environment(proxy: str, ca: Path) -> dict[str, str]:
    """The environment of a crawl that meets the press behind a proxy and trusts its throw-away authority."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in ("no_proxy", "all_proxy")}
    return kept | {
        "SCRAPY_PROJECT": "sample",
        "http_proxy": proxy,
        "https_proxy": proxy,
        "SSL_CERT_FILE": str(ca),
    }


def show(seconds: float) -> None:
    """The newest articles, and the lines to type next."""
    data = Path(os.environ.get("MARSAD_DATA", _ROOT / "data"))
    name = os.environ.get("MONGODB_DATABASE", "marsad_demo")
    uri = mongo.ready(os.environ.get("MONGODB_URI", ""), name, data)
    database = mongo.connect(uri, name)
    say = console.out.print
    say("\nThe five newest articles:", style="bold")
    articles.show(search(database, parse_question("", sort="newest", size=5)).hits)
    total, copies = database.articles.count_documents({}), database.articles.count_documents({"copy_of": {"$ne": None}})
    address = mongo.redact(uri).rstrip("/")
    say(
        f"\nThe archive holds {total} articles, {copies} of them copies. The demo took {seconds:.0f} s. Go on with:",
        style="bold",
    )
    say(f'  mongosh "{address}/{name}?directConnection=true"', markup=False, soft_wrap=True)
    chosen = "DEMO=yes" if name == "marsad_demo" else f"DEMO=yes DB={name}"
    say(f'  make query {chosen} Q="حموشي باريس"')
    say(f'  make query {chosen} Q="Hammouchi Jeux"')
    told = database.articles.aggregate([{"$sortByCount": "$story"}, {"$limit": 1}]).to_list()
    if told:
        say(f"  MONGODB_DATABASE={name} .venv/bin/scrapy story {told[0]['_id']}", markup=False, soft_wrap=True)
    say("  make browse DEMO=yes               read it in a browser")
    say("  make crawl SINCE=2025-01-01        the live outlets (needs the internet)")
    say("  make db-stop                       stop the embedded MongoDB")


def main() -> int:
    """The demo; exit code 0 unless the crawl could not be stored or was interrupted."""
    started = time.monotonic()
    code = asyncio.run(run())
    if code not in (console.GOOD, console.ATTENTION):
        return code
    try:
        show(time.monotonic() - started)
    except mongo.ArchiveError as error:
        console.complain(str(error))
        return console.STORAGE
    return console.GOOD


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(console.INTERRUPTED)
