"""The download handler keeps what went over the wire, byte by byte, also where Scrapy gives up.

It stands on private classes of Scrapy and Twisted: these tests fail when an update changes them.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.conftest import ROOT, Machine

SCRIPT = """
import json, sys
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from crawler.handler import exchange_of

class Visitor(scrapy.Spider):
    name = "visitor"

    async def start(self):
        for url in json.load(sys.stdin):
            yield scrapy.Request(url, callback=self.fetched, errback=self.failed, dont_filter=True)

    async def fetched(self, response):
        self.tell(response.request, response.body.decode("latin-1"))

    async def failed(self, failure):
        self.tell(failure.request, type(failure.value).__name__)

    def tell(self, request, what):
        exchange = exchange_of(request)
        said = {"url": request.url, "what": what}
        if exchange:
            said |= {"sent": b"".join(exchange.sent).decode("latin-1"), "at": exchange.at.isoformat(),
                     "received": b"".join(exchange.received).decode("latin-1"), "target": exchange.url,
                     "ip": exchange.ip, "truncated": exchange.truncated}
        print(json.dumps(said), flush=True)

settings = Settings()
settings.setmodule("settings.base", priority="project")
settings.setdict({"ITEM_PIPELINES": {}, "SPIDER_LOADER_CLASS": "scrapy.spiderloader.SpiderLoader", "DOWNLOAD_DELAY": 0,
                  "ROBOTSTXT_OBEY": False, "DOWNLOADER_MIDDLEWARES": {}, "RETRY_TIMES": 0, "DOWNLOAD_TIMEOUT": 1,
                  "DOWNLOAD_MAXSIZE": 50_000, "CONCURRENT_REQUESTS": 1, "GUARD_ALLOW": "127.0.0.1"}, priority="cmdline")
process = CrawlerProcess(settings)
process.crawl(Visitor)
process.start()
"""

PAGE = b"<p>" + "نص مقال".encode() * 40 + b"</p>"
HEAD = b"HTTP/1.1 200 Tout va bien\r\nX-ODD-case: \xe9t\xe9\r\ncontent-TYPE: text/html; charset=utf-8\r\n"
CODED = gzip.compress(PAGE, mtime=0)
ANSWERS = {
    "/plain": HEAD + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE,
    "/coded": HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(CODED) + CODED,
    "/chunked": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\nX-End: 1\r\n\r\n"
    % (PAGE[:5], len(PAGE) - 5, PAGE[5:]),
    "/hinted": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nok",
    "/none": b"HTTP/1.1 204 No Content\r\nX-a: 1\r\n\r\n",
    "/cut": HEAD + b"Content-Length: 5000\r\n\r\n" + PAGE,
    "/slow": HEAD + b"Content-Length: 5000\r\n\r\n" + PAGE + b"!",
    "/endless": HEAD + b"\r\n" + PAGE * 300,
    "/large": HEAD + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000,
}


@dataclass
class Wire:
    """A server that answers with given bytes, and what it was asked."""

    port: int = 0
    asked: dict[str, bytes] = field(default_factory=dict)
    connections: int = 0


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    server = Wire()
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    ended = threading.Event()

    def converse(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    data = connection.recv(65536)
                    if not data:
                        return
                    head += data
                path = head.split(b" ")[1].decode()
                server.asked[path] = head
                connection.sendall(ANSWERS[path])
                if path == "/slow":
                    ended.wait(10)
                if path in ("/cut", "/endless", "/slow"):
                    return

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                threading.Thread(target=converse, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield server
    ended.set()
    listener.close()


def visit(urls: list[str], **environment: str) -> dict[str, dict[str, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(urls),
        env=kept | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {said["url"]: said for said in told}


@pytest.fixture(scope="module")
def told(wire: Wire) -> dict[str, dict[str, str]]:
    site = f"http://127.0.0.1:{wire.port}"
    found = visit([site + path for path in ANSWERS if path != "/plain"] + [site + "/plain#part"])
    return {url.removeprefix(site).partition("#")[0]: said for url, said in found.items()}


@pytest.mark.parametrize("path", ["/plain", "/coded", "/chunked", "/hinted", "/none"])
def test_a_whole_exchange_is_kept_to_the_byte(told: dict[str, dict[str, str]], wire: Wire, path: str) -> None:
    said = told[path]
    assert said["received"].encode("latin-1") == ANSWERS[path]
    assert said["sent"].encode("latin-1") == wire.asked[path]
    assert said["ip"] == "127.0.0.1"
    assert said["truncated"] is None
    assert said["target"] == f"http://127.0.0.1:{wire.port}{path}"


def test_a_connection_that_is_used_again_keeps_its_exchanges_apart(told: dict[str, dict[str, str]], wire: Wire) -> None:
    assert wire.connections < len(told)
    assert all(said["sent"].count("HTTP/1.1\r\n") == 1 for said in told.values())


@pytest.mark.parametrize(
    ("path", "why", "error"),
    [
        ("/cut", "disconnect", "ResponseDataLossError"),
        ("/slow", "time", "DownloadTimeoutError"),
        ("/endless", "length", "DownloadCancelledError"),
        ("/large", "length", "DownloadCancelledError"),
    ],
)
def test_what_came_of_a_cut_answer_is_kept_with_the_reason(
    told: dict[str, dict[str, str]], path: str, why: str, error: str
) -> None:
    said = told[path]
    received = said["received"].encode("latin-1")
    assert said["truncated"] == why
    assert said["what"] == error
    assert ANSWERS[path].startswith(received)
    assert len(received) > len(HEAD)


def test_where_no_answer_began_there_is_no_exchange() -> None:
    (said,) = visit(["http://127.0.0.1:9/"]).values()
    assert said["what"] == "DownloadConnectionRefusedError"
    assert "received" not in said


def test_behind_a_proxy_the_exchange_is_the_outlets_and_its_address_unknown(machine: Machine) -> None:
    urls = ["https://www.sadarabat.example/robots.txt", "http://www.carnetsdusud.example/robots.txt"]
    found = visit(urls, **{name: machine.environment[name] for name in ("http_proxy", "https_proxy", "SSL_CERT_FILE")})
    assert found[urls[0]]["sent"].startswith("GET /robots.txt HTTP/1.1\r\n")
    for said in found.values():
        assert said["received"].startswith("HTTP/1.1 ")
        assert "CONNECT" not in said["sent"]
        assert "Connection established" not in said["received"]
        assert said["ip"] is None
