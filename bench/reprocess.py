"""The speed of `scrapy reprocess` beside its bounds, in one run.

    python -m bench.reprocess [--pages 2000]

A generated press lies in a WARC file. In the same run: trafilatura alone on all cores, as it is and without its second opinions
(which our reading does without too), reading alone on all cores, an empty MongoDB filled from the file, and the same once more
with nothing to change. The share that counts is that of the CPU:
what a page costs in all processes, mongod included, because other work on the machine falsifies seconds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import server
from bench import press
from bench.throughput import CORES, OUTLET, ROOT, by_turns, quick_trafilatura, read_page, trafilatura


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    count = parser.parse_args().pages
    print(f"making {count} pages …", flush=True)
    pages = press.make_pages(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "warc").mkdir()
        (folder / "outlets").mkdir()
        (folder / "outlets" / "bench.toml").write_text(OUTLET)
        write_warc(folder / "warc" / "bench.warc.gz", pages)
        uri = server.ensure(folder / "mongodb")
        mongod = json.loads((folder / "mongodb" / "server.json").read_text())["pid"]
        try:
            print("trafilatura alone and reading alone, by turns …", flush=True)
            works = by_turns(pages, (trafilatura, quick_trafilatura, read_page))
            rows = {
                name: (rate, {"all": cpu})
                for name, (rate, cpu) in zip(
                    ("trafilatura alone", "  in its fast mode", "reading alone"), works, strict=True
                )
            } | {
                "an empty archive filled": _reprocess(folder, uri, mongod, count),
                "nothing to change": _reprocess(folder, uri, mongod, count),
            }
        finally:
            server.stop(folder / "mongodb")
    _print(count, rows)


def write_warc(path: Path, pages: list[bytes]) -> None:
    """A WARC file of pages as a crawl captures them: response and metadata records, the payload gzipped by the server."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        for number, page in enumerate(pages):
            url = f"{press.SITE}/article/{number}.html"
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
            headers = {"WARC-Date": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
            fields = [("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip")]
            http = StatusAndHeaders("200 OK", fields, protocol="HTTP/1.1")
            record = writer.create_warc_record(
                url, "response", BytesIO(gzip.compress(page, 6)), http_headers=http, warc_headers_dict=headers
            )
            writer.write_record(record)
            said = {"source": "bench", "key": url.replace("http:", "https:"), "requested": url}
            said |= {"found_by": [], "evidence": [], "title_hint": "", "aliases": [], "run": "0" * 24, "capture": {}}
            headers["WARC-Concurrent-To"] = record.rec_headers.get_header("WARC-Record-ID")
            metadata = writer.create_warc_record(
                url,
                "metadata",
                BytesIO(json.dumps(said).encode()),
                warc_content_type="application/json",
                warc_headers_dict=headers,
            )
            writer.write_record(metadata)


def _reprocess(folder: Path, uri: str, mongod: int, count: int) -> tuple[float, dict[str, float]]:
    """Pages a second of a whole call, and CPU seconds a page of its processes."""
    print("reprocess …", flush=True)
    environment = os.environ | {"MONGODB_URI": uri, "MONGODB_DATABASE": "bench", "MARSAD_DATA": str(folder)}
    before, server_before = resource.getrusage(resource.RUSAGE_CHILDREN), press.cpu_of(mongod)
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "reprocess", "-s", f"SOURCES_DIR={folder / 'outlets'}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    own = 0.0
    while process.poll() is None:
        own = max(own, press.cpu_of(process.pid))
        time.sleep(0.05)
    seconds = time.monotonic() - started
    output = process.stdout.read() if process.stdout else ""
    print(output, end="", flush=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    server_spent = press.cpu_of(mongod) - server_before
    parts = {"all": spent + server_spent, "own": own, "workers": spent - own, "mongod": server_spent}
    return count / seconds, {name: value / count for name, value in parts.items()}


def _print(count: int, rows: dict[str, tuple[float, dict[str, float]]]) -> None:
    whole, quick, reading = (cpu["all"] for _, cpu in list(rows.values())[:3])
    print(f"\n{count} pages, {CORES} cores; CPU in ms a page; the last three columns: how fast beside\n")
    columns = ("pages/s", "CPU", "own", "workers", "mongod", "trafilatura", "its fast mode", "reading")
    print(f"{'':32}" + "".join(f"{column:>15}" for column in columns))
    for name, (rate, cpu) in rows.items():
        parts = [f"{cpu[part] * 1000:.2f}" if part in cpu else "" for part in ("all", "own", "workers", "mongod")]
        shares = [f"{alone_cpu / cpu['all']:.0%}" for alone_cpu in (whole, quick, reading)]
        print(f"{name:32}" + "".join(f"{cell:>15}" for cell in (f"{rate:.1f}", *parts, *shares)))


if __name__ == "__main__":
    main()
