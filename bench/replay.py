"""Replays the sample press from its WARC files with pywb in a real browser.

    python -m bench.replay [--articles N] [--shots FOLDER]

The sample press is crawled, its WARC files are indexed by `scrapy captures --cdxj`, and pywb, in an environment of its own that is
made at the first time, serves them on loopback. Headless Chromium opens every stored article there; its title has to be on the page.
Wants `chromium` on the path (apt-get install chromium).
"""

from __future__ import annotations

import argparse
import html
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo

from archive import mongo, server
from tests.samplepress.demo import SINCE, crawl_environment
from tests.samplepress.server import running

ROOT = Path(__file__).resolve().parents[1]
PYWB = "pywb==2.10.0"
_SPACE = re.compile(r"\s+")


def main() -> int:
    """0 where every article page replays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, help="keep a screenshot of one article in each language here")
    parser.add_argument("--articles", type=int, default=0, help="so many only, spread over the press (default: all)")
    arguments = parser.parse_args()
    shots: Path | None = arguments.shots
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        uri = server.ensure(work / "mongodb")
        try:
            _crawl(work, uri)
            with pymongo.MongoClient[dict[str, Any]](**mongo.client_options(uri)) as client:
                articles = client["replay"]["articles"].find().sort("_id", 1).to_list()
                asked = {
                    visit["capture"]["offset"]: visit["requested"]
                    for visit in client["replay"]["visits"].find({"capture": {"$ne": None}})
                }
        finally:
            server.stop(work / "mongodb")
        if arguments.articles:
            articles = articles[:: max(1, len(articles) // arguments.articles)][: arguments.articles]
        with _pywb(work) as site:
            failed = _replay(chromium, site, articles, asked, work, shots)
    print(f"{len(articles) - len(failed)} of {len(articles)} article pages replay in Chromium.")
    for url in failed:
        print(f"  {url}")
    return 1 if failed or not articles else 0


def _crawl(work: Path, uri: str) -> None:
    """Crawl the sample press and index its WARC files."""
    with running(ca=work / "ca.pem") as press:
        environment = crawl_environment(press.proxy, press.ca) | {
            "MONGODB_URI": uri,
            "MONGODB_DATABASE": "replay",
            "MARSAD_DATA": str(work),
            "MARSAD_WARC": str(work / "warc"),
        }
        crawl = [sys.executable, "-m", "scrapy", "crawl", "--all", "-a", f"since={SINCE}"]
        subprocess.run(crawl, env=environment, cwd=ROOT, check=False)
        subprocess.run([sys.executable, "-m", "scrapy", "captures", "--cdxj"], env=environment, cwd=ROOT, check=True)


@contextmanager
def _pywb(work: Path) -> Iterator[str]:
    """pywb over the WARC folder; the address under which it replays."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "marsad" / PYWB.replace("==", "-")
    if not (home / "bin" / "wayback").exists():
        print(f"making an environment for {PYWB} in {home} …", flush=True)
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", PYWB], check=True)
    archive = work / "collections" / "marsad" / "archive"
    indexes = work / "collections" / "marsad" / "indexes"
    indexes.mkdir(parents=True)
    archive.symlink_to(work / "warc")
    lines = sorted(line for path in (work / "warc").glob("*.cdxj") for line in path.read_text().splitlines())
    (indexes / "index.cdxj").write_text("\n".join(lines) + "\n")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    wayback = subprocess.Popen(
        [home / "bin" / "wayback", "-b", "127.0.0.1", "-p", str(port), "-d", str(work)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/marsad"
    finally:
        wayback.terminate()
        wayback.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def _replay(
    chromium: str, site: str, articles: list[dict[str, Any]], asked: dict[int, str], work: Path, shots: Path | None
) -> list[str]:
    """The addresses of the articles whose title does not stand on their replayed page."""
    failed = []
    pictured: set[str] = set()
    for number, article in enumerate(articles, 1):
        page = (
            f"{site}/{article['version_at']:%Y%m%d%H%M%S}mp_/{asked.get(article['capture']['offset'], article['url'])}"
        )
        if _plain(article["title"]) not in _plain(html.unescape(_browse(chromium, work, "--dump-dom", page))):
            failed.append(article["url"])
        if shots is not None and article["lang"] not in pictured:
            pictured.add(article["lang"])
            shots.mkdir(parents=True, exist_ok=True)
            _browse(chromium, work, f"--screenshot={shots.resolve() / article['lang']}.png", page)
        print(f"\r{number} of {len(articles)}", end="", flush=True)
    print()
    return failed


def _browse(chromium: str, work: Path, *what: str) -> str:
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1200,1600",
        f"--user-data-dir={work / 'chromium'}",
    ]
    done = subprocess.run([chromium, *options, *what], capture_output=True, timeout=120, check=False)
    return done.stdout.decode(errors="replace")


def _plain(text: str) -> str:
    return _SPACE.sub(" ", re.sub(r"<[^>]*>", "", text))


if __name__ == "__main__":
    sys.exit(main())
