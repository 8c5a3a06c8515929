"""robots.txt, the queue of a host and failing fetches as a real crawl meets them: invented hosts behind one proxy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from archive import answers
from crawler.middlewares.robots import MAX_BYTES

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, sys
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from crawler import outcomes

class Visitor(scrapy.Spider):
    name = "visitor"

    async def start(self):
        for url in json.load(sys.stdin):
            yield scrapy.Request(url, callback=self.fetched, errback=self.failed, cb_kwargs={"asked": url})

    async def fetched(self, response, asked):
        print(json.dumps([asked, "fetched", str(response.status)]), flush=True)

    async def failed(self, failure):
        outcome, detail = outcomes.of_failure(failure)
        print(json.dumps([failure.request.cb_kwargs["asked"], outcome, detail]), flush=True)

settings = Settings()
settings.setmodule("settings.base", priority="project")
settings.setdict({"ITEM_PIPELINES": {}, "SPIDER_LOADER_CLASS": "scrapy.spiderloader.SpiderLoader", "DOWNLOAD_DELAY": 0.01,
                  "HOST_LOAD": 0, "SLOWDOWN_SECONDS": 0, "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[1]), "RETRY_TIMES": 0}, priority="cmdline")
process = CrawlerProcess(settings)
process.crawl(Visitor)
process.start()
"""


@dataclass
class Hosts:
    """The hosts of a test.

    Attributes:
        robots: host → (status, body) of its robots.txt, 404 where it has none.
        headers: further headers of that answer.
        moved: URL → where it redirects to.
        raw: URL → bytes to send in place of an answer, before hanging up.
        slow: hosts whose robots.txt takes its time; status 0 in `robots` hangs up without an answer.
        asked: requested URLs in order.
        busy, busiest: requests in progress for each server, now and at most.
    """

    robots: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    busy: Counter[str] = field(default_factory=Counter)
    busiest: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    port: int = 0

    def of(self, host: str) -> list[str]:
        """The paths requested of a host, in order."""
        return [urlsplit(url).path for url in self.asked if urlsplit(url).netloc == host]

    def crawl(self, *urls: str, concurrency: int = 8) -> dict[str, tuple[str, str]]:
        """What became of some URLs: "fetched" and the status, or outcome and detail."""
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(concurrency)],
            input=json.dumps(urls),
            env=os.environ | {"http_proxy": f"http://127.0.0.1:{self.port}", "no_proxy": ""},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(lines) == len(urls), done.stderr
        return {url: (outcome, detail) for url, outcome, detail in lines}


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    served = Hosts()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            server = parts.netloc.removeprefix("www.")
            with lock:
                served.asked.append(self.path)
                served.busy[server] += 1
                served.busiest[server] = max(served.busiest[server], served.busy[server])
            status, body = 200, b"<html>page</html>"
            if parts.path == "/robots.txt":
                status, body = served.robots.get(parts.netloc, (404, b""))
                time.sleep(1 if parts.netloc in served.slow else 0)
            headers = dict(served.headers.get(self.path, {}))
            if self.path in served.moved:
                status, headers["Location"] = 301, served.moved[self.path]
            time.sleep(0.02)
            with lock:
                served.busy[server] -= 1
            if self.path in served.raw:
                self.wfile.write(served.raw[self.path])
                status = 0
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield served
        server.shutdown()
        thread.join()


def test_every_request_waits_for_robots_txt_which_is_asked_once(hosts: Hosts) -> None:
    hosts.robots["lente.example"] = (200, b"User-agent: *\nDisallow: /prive")
    hosts.slow.add("lente.example")
    pages = [f"http://lente.example/{number}" for number in range(6)]
    forbidden = ["http://lente.example/prive/1", "http://lente.example/prive?x=2"]
    told = hosts.crawl(*pages, *forbidden, "http://autre.example/1")
    assert hosts.of("lente.example")[0] == "/robots.txt"
    assert sorted(hosts.of("lente.example")[1:]) == [f"/{number}" for number in range(6)]
    assert [told[page] for page in pages] == [("fetched", "200")] * 6
    for url in forbidden:
        assert told[url] == ("robots", "http://lente.example/robots.txt disallows it")
    # Who is slow holds up nobody else.
    assert hosts.asked.index("http://autre.example/1") < hosts.asked.index("http://lente.example/0")


def test_what_an_answer_means(hosts: Hosts) -> None:
    everything = b"User-agent: *\nDisallow: /"
    answers = {
        "absent": (404, everything), "ferme": (403, everything), "parti": (410, everything), "vide": (200, b""),
        "page": (200, b"\xef\xbb\xbf\n <!DOCTYPE html><html>Disallow: /</html>"),
        "panne": (500, b""), "charge": (429, b""), "relais": (503, b""), "muet": (0, b""), "tout": (200, b"\xef\xbb\xbf" + everything),
    }  # fmt: skip
    hosts.robots = {f"{name}.example": answer for name, answer in answers.items()}
    told = hosts.crawl(*(f"http://{name}.example/1" for name in answers))
    outcome = {name: told[f"http://{name}.example/1"][0] for name in answers}
    allowed = dict.fromkeys(["absent", "ferme", "parti", "vide", "page"], "fetched")
    assert outcome == allowed | {
        "panne": "http_error", "charge": "http_error", "relais": "http_error", "muet": "network_error", "tout": "robots",
    }  # fmt: skip
    for name in ("panne", "charge", "relais", "muet", "tout"):
        assert set(hosts.of(f"{name}.example")) == {"/robots.txt"}
    assert (
        told["http://panne.example/1"][1] == "robots.txt is not to be had: http://panne.example/robots.txt answers 500"
    )


def test_rules_are_read_for_our_name_and_for_arabic_paths(hosts: Hosts) -> None:
    hosts.robots["a.example"] = (
        200,
        b"User-agent: *\nDisallow: /\n\nUser-agent: Marsad\nDisallow: /prive\nAllow: /prive/ouvert$",
    )
    hosts.robots["b.example"] = (200, "User-agent: *\nDisallow: /سياسة\n".encode())
    told = hosts.crawl(
        "http://a.example/1",
        "http://a.example/prive/1",
        "http://a.example/prive/ouvert",
        "http://b.example/%D8%B3%D9%8A%D8%A7%D8%B3%D8%A9/1",
        "http://b.example/%d8%b3%d9%8a%d8%a7%d8%b3%d8%a9/2",
        "http://b.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/1",
    )
    assert [outcome for outcome, _ in told.values()].count("robots") == 3
    assert {url for url, (outcome, _) in told.items() if outcome == "fetched"} == {
        "http://a.example/1",
        "http://a.example/prive/ouvert",
        "http://b.example/%D8%B1%D9%8A%D8%A7%D8%B6%D8%A9/1",
    }


def test_redirects_of_robots_txt_are_followed_and_redirects_to_forbidden_pages_are_not(hosts: Hosts) -> None:
    hosts.moved["http://vieux.example/robots.txt"] = "http://www.vieux.example/robots.txt"
    hosts.robots["www.vieux.example"] = (200, b"User-agent: *\nDisallow: /prive")
    hosts.moved["http://boucle.example/robots.txt"] = "http://boucle.example/robots.txt?encore"
    hosts.moved["http://boucle.example/robots.txt?encore"] = "http://boucle.example/robots.txt"
    hosts.moved["http://vieux.example/1"] = "http://www.vieux.example/prive/1"
    told = hosts.crawl(
        "http://vieux.example/1", "http://vieux.example/prive/2", "http://vieux.example/3", "http://boucle.example/1"
    )
    assert told["http://vieux.example/1"][0] == "robots"
    assert told["http://vieux.example/prive/2"][0] == "robots"
    assert told["http://vieux.example/3"] == ("fetched", "200")
    assert told["http://boucle.example/1"][0] == "network_error"
    assert "http://www.vieux.example/prive/1" not in hosts.asked
    assert "http://boucle.example/1" not in hosts.asked


def test_a_very_long_robots_txt_counts_to_its_last_whole_line_within_the_bound(hosts: Hosts) -> None:
    start = b"User-agent: *\nDisallow: /prive\n"
    last = b"Disallow: /archives\n"
    comment = b"#" * (MAX_BYTES - len(start) - len(b"Disallow: /") - 1) + b"\n"
    hosts.robots["long.example"] = (200, start + comment + last + b"Disallow: /1\n" * 1000)
    told = hosts.crawl("http://long.example/1", "http://long.example/prive/1")
    assert told["http://long.example/1"] == ("fetched", "200")
    assert told["http://long.example/prive/1"][0] == "robots"


def test_all_spellings_of_a_host_share_one_queue(hosts: Hosts) -> None:
    urls = [
        f"http://{host}/{number}" for number in range(5) for host in ("www.a.example", "a.example", "autre.example")
    ]
    told = hosts.crawl(*urls, concurrency=1)
    assert all(outcome == "fetched" for outcome, _ in told.values())
    assert hosts.busiest == {"a.example": 1, "autre.example": 1}


OK = b"HTTP/1.1 200 OK\r\nContent-Length: "


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (b"", "network_error", "closes the connection without an answer"),
        (b"bonjour\r\n\r\n", "network_error", "no HTTP"),
        (OK + b"1000\r\n\r\nabc", "network_error", "broke before the page was complete"),
        (OK + b"3\r\nContent-Encoding: gzip\r\n\r\nabc", "undecodable", "content-coding"),
        (OK + b"99999999\r\n\r\nabc", "too_large", "larger than"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "fetched", "304"),
    ],
)
def test_a_failed_fetch_has_its_outcome_in_words(hosts: Hosts, answer: bytes, outcome: str, says: str) -> None:
    hosts.raw["http://a.example/1"] = answer
    told = hosts.crawl("http://a.example/1")["http://a.example/1"]
    assert told[0] == outcome
    assert says in told[1]
    assert "\n" not in told[1]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(404, "gone"), (410, "gone"), (401, "wall"), (402, "wall"), (403, "wall"), (451, "wall"), (429, "http_error"),
     (500, "http_error"), (503, "http_error"), (999, "http_error")],
)  # fmt: skip
def test_every_status_but_success_is_an_outcome(status: int, outcome: str) -> None:
    settled = answers.of_status(status)
    assert settled is not None
    assert settled[0] == outcome
    assert str(status) in settled[1]
    assert answers.of_status(200) is None
    assert answers.of_status(304) == ("unchanged", "")
