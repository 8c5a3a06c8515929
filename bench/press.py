"""A generated press for measurements: any number of pages of 60–150 kB, made from the sample press's sentences.

Each page tells of one of its stories, an hour after the page before, so that names and places come together as they do in news.
The words of every paragraph are shuffled with a seed, so that no two pages share a shingle by chance and none is a copy.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import random
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.samplepress.tables import load_stories

HOST = "bench.example"
SITE = f"http://{HOST}"
_NEWEST = datetime(2025, 12, 31, tzinfo=UTC)
_APART = timedelta(hours=1)


def make_pages(count: int, seed: int = 7) -> list[bytes]:
    """HTML pages, half Arabic and half French, each an article of 300–900 words inside the markup of a news site."""
    random_ = random.Random(seed)  # noqa: S311 - reproducible, not secret
    texts: dict[str, list[list[str]]] = {"ar": [], "fr": []}
    for story in load_stories().values():
        texts[story.lang].append(story.versions[0].paragraphs)
    return [_page(number, random_, "ar" if number % 2 else "fr", texts) for number in range(count)]


def _page(number: int, random_: random.Random, lang: str, texts: dict[str, list[list[str]]]) -> bytes:
    def shuffled(text: str) -> str:
        words = text.split()
        random_.shuffle(words)
        return html.escape(" ".join(words))

    own = random_.choice(texts[lang])
    title = shuffled(random_.choice(own))[:90]
    day = _NEWEST - _APART * number
    paragraphs = "\n".join(f"<p>{shuffled(random_.choice(own))}</p>" for _ in range(random_.randint(8, 24)))
    related = "\n".join(
        f'<li class="card"><a href="/news/{random_.randrange(10**6)}"><img src="/i/{n}.jpg" alt=""><span>{shuffled(random_.choice(random_.choice(texts[lang])))[:80]}'
        f"</span></a><time>{day:%d/%m/%Y}</time></li>"
        for n in range(random_.randint(60, 140))
    )
    data = json.dumps(
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": day.isoformat()},
        ensure_ascii=False,
    )
    head = (
        f'<!doctype html><html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"><head><meta charset="utf-8">'
        f'<meta property="og:type" content="article">'
        f'<title>{title} - Bench</title><meta property="og:title" content="{title}">'
        f'<script type="application/ld+json">{data}</script>'
    )
    body = (
        f'<body><nav><ul>{related[:4000]}</ul></nav><main><article><h1>{title}</h1><time datetime="{day.isoformat()}"></time>'
        f'<div class="article-body">{paragraphs}</div></article></main><aside><ul>{related}</ul></aside>'
        "<footer><p>© 2021 Bench</p></footer></body></html>"
    )
    filler = max(0, random_.randint(60_000, 150_000) - len((head + body).encode()))
    script = f"<script>var layout = {json.dumps('x' * filler)};</script></head>"
    return (head + script + body).encode()


def sitemap(count: int) -> bytes:
    """The sitemap of all pages, newest first."""
    rows = "".join(
        f"<url><loc>http://{HOST}/article/{n}.html</loc><lastmod>{_NEWEST - _APART * n:%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        for n in range(count)
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def serve(pages: list[bytes], ready: Any) -> None:
    """Serve the pages as a forward proxy on loopback until killed; puts the port into the queue `ready`."""
    site = sitemap(len(pages))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            path = request.split(b" ")[1].decode().removeprefix(f"http://{HOST}")
            while (await reader.readline()).strip():
                pass
            kind, status, body = "text/html; charset=utf-8", "200 OK", b""
            if path == "/robots.txt":
                kind, body = "text/plain", f"User-agent: *\nAllow: /\nSitemap: {SITE}/sitemap.xml\n".encode()
            elif path == "/sitemap.xml":
                kind, body = "application/xml", site
            elif path in ("", "/"):
                body = b"<!doctype html><title>Bench</title>"
            elif path.startswith("/article/"):
                body = pages[int(path[9:-5])]
            else:
                status = "404 Not Found"
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=2**20)
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def start(pages: list[bytes]) -> tuple[Any, int]:
    """The serving process and its port; `kill()` ends it."""
    global _pid
    context = get_context("fork")
    ready = context.Queue()
    process = context.Process(target=serve, args=(pages, ready), daemon=True)
    process.start()
    _pid = process.pid or 0
    return process, ready.get(timeout=60)


_pid = 0
_TICK = os.sysconf("SC_CLK_TCK")


def cpu() -> float:
    """CPU seconds of the serving process so far."""
    return cpu_of(_pid)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, 0 where it is gone (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def memory_of(pid: int) -> int:
    """Resident bytes of a process, 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def children_of(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
