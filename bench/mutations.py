"""Does any damaged page crash the reading of pages, or hold it up?

    python -m bench.mutations [--pages 20000] [--seed 1] [--limit 3.0]

Takes pages (those of the shared corpus where it lies, MARSAD_SHARED, else an invented one), damages them by a seeded
generator (cut, nested, wrong bytes, null bytes, blown up to 5 MB …) and reads each in this process. Exits 1 where one raised an
exception or took longer than the limit.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive.records import Rejected
from pipelines.extract import extract

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).resolve().parents[2] / "shared"))
BIG = 5_000_000
"""Bytes of a page that is blown up: the most a response may have is not far above."""

_PARAGRAPHS = (
    "Le bac a repris ses traversées lundi matin, au grand soulagement des maraîchers de l'autre rive, qui perdaient une journée par livraison.",
    "استأنفت العبارة رحلاتها صباح الاثنين، وسط ارتياح مزارعي الضفة الأخرى الذين كانوا يخسرون يوما كاملا مع كل شحنة.",
)
INVENTED = (
    "<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>Le bac reprend ses traversées - Le Quai</title>"
    '<script type=\'application/ld+json\'>{"@type": "NewsArticle", "headline": "Le bac reprend ses traversées"}</script></head>'
    "<body><nav><a href='/'>Le Quai</a></nav><article><h1>Le bac reprend ses traversées</h1><p class='chapo'>Après deux mois d'arrêt.</p>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in _PARAGRAPHS * 4)
    + "<table><tr><td>1</td><td>2</td></tr></table></article><footer>© Le Quai</footer></body></html>"
).encode()
"""A page of our own, for where there is no corpus."""

_MARKUP = (
    b"<div>", b"</div>", b"<p>", b"<br>", b"<table>", b"<td>", b"</table>", b"<a href='/x'>", b"<!--", b"-->", b"<script>", b"</script>",
    b"<style>", b"<svg>", b"<h1>", b"<b>", b"<font>", b"&#0;", b"&#xD800;", b"&amp", b"<![CDATA[", b"<?", b"\"", b"'", b">", b"<",
    b"<article class='author related'>", b"<p class='chapo'>", b"<template>", b"<noscript>", b"<frameset>", b"<math>", b"</body>", b"</html>",
)  # fmt: skip
_FILLERS = (
    b"<p>Une phrase de remplissage, ni longue ni courte, qui finit par un point.</p>",
    b"<div class='card'><a href='/a'>Un titre parmi tant d'autres dans la colonne</a></div>",
    b"Une phrase sans fin ni balise, ",
    "كلمات كثيرة بلا علامات ولا فواصل ".encode(),
    b"ligne apres ligne, sans paragraphe.<br>",
    b"<tr><td>1</td><td>une cellule</td></tr>",
    b"<div><span>",
    b"a",
    b"\x00",
    b"\xe9\xff\xc0",
    b"&nbsp;",
    b"<script>var x = '</p>';</script>",
    b"<li><a href='/b'>Un lien</a></li>",
    b"<font size=2><b>Gras</b><br>",
    b"<p>Par Nadia Idrissi | ",
)


def _place(page: bytes, rng: random.Random) -> int:
    return rng.randrange(len(page) + 1)


def cut(page: bytes, rng: random.Random) -> bytes:
    """The page without its end."""
    return page[: _place(page, rng)]


def hole(page: bytes, rng: random.Random) -> bytes:
    """The page without a piece from its middle."""
    start = _place(page, rng)
    return page[:start] + page[start + rng.randrange(20_000) :]


def nested(page: bytes, rng: random.Random) -> bytes:
    """A thousand and more elements, each inside the one before, somewhere in the page."""
    start, tag = _place(page, rng), rng.choice(_MARKUP)
    return page[:start] + tag * rng.randrange(1000, 5000) + page[start:]


def wrong_bytes(page: bytes, rng: random.Random) -> bytes:
    """The page with bytes replaced by others."""
    damaged = bytearray(page)
    for _ in range(rng.randrange(1, 400)):
        if damaged:
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def null_bytes(page: bytes, rng: random.Random) -> bytes:
    """The page with zero bytes strewn in."""
    for _ in range(rng.randrange(1, 50)):
        start = _place(page, rng)
        page = page[:start] + b"\0" * rng.randrange(1, 200) + page[start:]
    return page


def markup(page: bytes, rng: random.Random) -> bytes:
    """The page with tags, quotes and references where they do not belong."""
    for _ in range(rng.randrange(1, 60)):
        start = _place(page, rng)
        page = page[:start] + rng.choice(_MARKUP) + page[start:]
    return page


def charset(page: bytes, rng: random.Random) -> bytes:
    """The page in another charset than it says."""
    text = page.decode("utf-8", "replace")
    return text.encode(rng.choice(("cp1256", "cp1252", "utf-16", "iso8859-6", "utf-32", "gb18030")), "replace")


def repeated(page: bytes, rng: random.Random) -> bytes:
    """A piece of the page, many times."""
    start = _place(page, rng)
    piece = page[start : start + rng.randrange(1, 3000)]
    return page[:start] + piece * rng.randrange(2, 60) + page[start:]


def big(page: bytes, rng: random.Random) -> bytes:
    """The page blown up to 5 MB by one filler."""
    start, filler = _place(page, rng), rng.choice(_FILLERS)
    return page[:start] + filler * (BIG // len(filler)) + page[start:]


Mutation = Callable[[bytes, random.Random], bytes]
COMMON: tuple[Mutation, ...] = (cut, hole, nested, wrong_bytes, null_bytes, markup, charset, repeated)
"""`big` is taken once in two hundred pages: it costs as much as all others together."""


@dataclass(slots=True)
class Damage:
    """What became of the damaged pages.

    Attributes:
        outcomes: "article" or the outcome → how many pages.
        faults: what raised, with the mutation and its number.
        slowest: (CPU seconds, mutation, number, bytes), the slowest first; at most ten.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str, int, int]] = field(default_factory=list)


def run(pages: list[bytes], count: int, seed: int) -> Damage:
    """Damages and reads so many pages; the same seed gives the same damage."""
    damage = Damage()
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)  # noqa: S311 - for repetition, not for secrets
        page = rng.choice(pages)
        mutation = big if number % 200 == 199 else rng.choice(COMMON)
        damaged = mutation(page, rng)
        if mutation is not big and rng.random() < 0.3:
            damaged = rng.choice(COMMON)(damaged, rng)
        start = time.process_time()
        try:
            result = extract(
                damaged,
                "https://www.lequai.example/a/1",
                content_type=rng.choice((None, "text/html", "text/html; charset=windows-1256")),
            )
            damage.outcomes[result.outcome.value if isinstance(result, Rejected) else "article"] += 1
        except Exception as error:  # any exception is the finding
            damage.faults.append(f"{mutation.__name__} {number}: {type(error).__name__}: {error}")
        damage.slowest.append((time.process_time() - start, mutation.__name__, number, len(damaged)))
        if len(damage.slowest) > 1000:
            damage.slowest = sorted(damage.slowest, reverse=True)[:10]
    damage.slowest = sorted(damage.slowest, reverse=True)[:10]
    return damage


def main() -> int:
    """Prints the table; 1 where a page raised or took too long."""
    parser = argparse.ArgumentParser(description="damaged pages against the reading of pages")
    parser.add_argument("--pages", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (1)")
    parser.add_argument("--limit", type=float, default=3.0, help="CPU seconds a page may take (3.0)")
    options = parser.parse_args()
    files = sorted((SHARED / "corpus" / "pages").glob("*.html.gz"))
    pages = [INVENTED, *(gzip.decompress(path.read_bytes()) for path in files)]
    start = time.monotonic()
    damage = run(pages, options.pages, options.seed)
    print(f"{options.pages} damaged pages made of {len(pages)}, seed {options.seed}, {time.monotonic() - start:.0f} s")
    for outcome, count in damage.outcomes.most_common():
        print(f"  {outcome:14} {count:6}")
    print(f"  {'raised':14} {len(damage.faults):6}")
    print("the slowest (CPU seconds, damage, number, bytes):")
    for seconds, name, number, size in damage.slowest:
        print(f"  {seconds:6.2f}  {name:12} {number:6}  {size:8}")
    print("\n".join(damage.faults[:20]))
    return 1 if damage.faults or (damage.slowest and damage.slowest[0][0] > options.limit) else 0


if __name__ == "__main__":
    sys.exit(main())
