"""Other crawlers on the same press, each at its best: run by the Python of an environment that holds them, not by ours.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install news-please "newspaper4k[nlp]" fundus "curl_cffi<0.14"
    python -m bench.throughput --peers /tmp/peers/bin/python

news-please crawls by its sitemap crawler with 16 requests at once and writes JSON files; fundus gets a parser made for the
press (its way: one a publisher) and writes nothing. Only the time of the crawl itself counts, not the start.
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_NEWS_PLEASE = {
    "working_path": "{folder}",
    "number_of_parallel_crawlers": "1",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "16",
    "LOG_LEVEL": "INFO",
}


def news_please(site: str) -> tuple[int, float]:
    """(articles, seconds) of a crawl of a site by news-please, as its own statistics tell them."""
    package = Path(importlib.import_module("newsplease").__file__ or "").parent
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitelist.hjson").write_text(
            json.dumps({"base_urls": [{"url": f"{site}/", "crawler": "SitemapCrawler"}]})
        )
        for name in ("config.cfg", "config_lib.cfg"):
            text = (package / "config" / name).read_text()
            for key, value in _NEWS_PLEASE.items():
                text = re.sub(rf"^{key} *=.*$", f"{key} = {value.format(folder=folder)}", text, flags=re.MULTILINE)
            (Path(folder) / name).write_text(text)
        command = [sys.executable, "-m", "newsplease", "-c", folder]
        said = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    told = said.stdout + said.stderr
    articles, seconds = (
        re.search(rf"'{key}': ([\d.]+)", told) for key in ("item_scraped_count", "elapsed_time_seconds")
    )
    if not articles or not seconds:
        raise SystemExit(f"news-please crawled nothing:\n{told[-2000:]}")
    return int(articles[1]), float(seconds[1])


def fundus(site: str) -> tuple[int, float]:
    """(articles, seconds) of a crawl of a site by fundus."""
    from datetime import date

    from fundus import Crawler, Sitemap
    from fundus.parser import BaseParser, ParserProxy, attribute
    from fundus.parser.utility import extract_article_body_with_selector, generic_date_parsing
    from fundus.publishers.base_objects import Publisher, PublisherGroup
    from lxml.etree import XPath

    class Parser(ParserProxy):  # type: ignore[misc]
        class V1(BaseParser):  # type: ignore[misc]
            VALID_UNTIL = date.today()  # noqa: DTZ011 - fundus compares it with a local day
            paragraphs = XPath("//div[@class='article-body']/p")

            @attribute  # type: ignore[untyped-decorator]
            def body(self) -> object:
                return extract_article_body_with_selector(self.precomputed.doc, paragraph_selector=self.paragraphs)

            @attribute  # type: ignore[untyped-decorator]
            def title(self) -> object:
                return self.precomputed.meta.get("og:title")

            @attribute  # type: ignore[untyped-decorator]
            def publishing_date(self) -> object:
                return generic_date_parsing(self.precomputed.ld.bf_search("datePublished"))

    class Press(metaclass=PublisherGroup):
        Bench = Publisher(name="Bench", domain=site, parser=Parser, sources=[Sitemap(f"{site}/sitemap.xml")])

    started = time.monotonic()
    count = sum(1 for _ in Crawler(Press, delay=0.0).crawl(only_complete=False))
    return count, time.monotonic() - started


if __name__ == "__main__":
    crawl = {"news-please": news_please, "fundus": fundus}[sys.argv[1]]
    print(json.dumps(crawl(sys.argv[2])))
