"""What reading dates costs: a table of lines, hostile inputs, mutated strings and pages.

    python -m bench.dates            the table
    python -m bench.dates 100000     with so many random and mutated strings (default 20000)

Pages come from `corpus/pages` under MARSAD_SHARED (default: ../shared beside the repository); without it that row is left out.
"""

from __future__ import annotations

import gzip
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from lxml import etree, html

from bench.eval_dates import corpus, shared
from pipelines.dates import published, read_date

NOW = datetime(2026, 6, 15, 12, 34, tzinfo=UTC)
ZONE = "Africa/Casablanca"

LINES = (
    "الجمعة 24 نونبر 2023 - 22:15",
    "Publié le ven. 24 nov. 2023 à 14 h 05, mis à jour à 16 h",
    "آخر تحديث: الخميس 5 يونيو 2025 - 8:17 مساءً",
    "2023-11-24T14:05:00+01:00",
    "Fri, 24 Nov 2023 13:05:09 GMT",
    "10 جمادى الأولى 1445 هـ الموافق 24 نوفمبر 2023 الساعة 14:05",
    "il y a 2 heures",
    "منذ ساعتين ونصف",
    "24/11/2023 على الساعة 14:05",
    "مصالح الأمن توقف شخصين للاشتباه في تورطهما في قضية تتعلق بالاتجار الدولي في المخدرات",
    "La DGSN et la préfecture de police de Paris signent un accord de coopération",
    "Tél. : 05 37 11 12 20",
)
_PIECES = (
    "24", "11", "2023", "/", "-", ".", ":", " ", "نونبر", "novembre", "nov.", "h", "à", "م", "ص", "هـ", "رمضان", "1445", "il y a", "منذ", "قبل", "heures", "ساعات",
    "GMT", "+0100", "T", "Z", "Publié le", "نشر في", "mis à jour", "hier", "أمس", "\u200f", "\xa0", "ـ", "َ", "٢٤", "²", "½", "\x00", "\ud800", "𝟚", "�", "0", "99999999",
)  # fmt: skip


def hostile() -> Iterator[tuple[str, str]]:
    """Inputs of up to 100 kB that make careless expressions slow."""
    size = 100_000
    for piece in (
        "1",
        " ",
        "24/11/",
        "24 nov ",
        "il y a ",
        "منذ ",
        "\u200f",
        "ـ",
        "à ",
        "((((",
        "24-",
        "من ",
        "a m ",
        "و ",
        "2023 ",
        "1:",
        "h",
        ".",
        "\n",
        "ربيع ",
        "ذو ",
        "Publié le ",
    ):
        yield f"{piece!r} repeated", (piece * size)[:size]
        yield f"{piece!r} to the limit", "24 novembre 2023" + (piece * 2000)[:1900] + "14:05"


def hostile_pages() -> Iterator[tuple[str, str]]:
    """Pages of about 100 kB that make careless searches slow."""
    title = "<title>un deux trois quatre</title>"
    parts = {
        "time elements": "<div class=k><time>24/11/2023</time></div>",
        "time elements in one link": "<a href=/>mot mot mot mot mot <time>x</time></a>",
        "nested boxes": "<div class=title><span>",
        "short lines": "<p>24<p>nov<p>2023",
        "date lines": "<p class=date>24/11/2023 14:05 mot mot</p>",
        "labels": "<p>Publié le 24/11/2023, mis à jour à 16 h</p>",
        "classes": f"<p class='{'date related ' * 20}'>24/11/2023</p>",
        "headings": "<h2>un deux trois 24/11/2023</h2>",
        "first headings": "<h1>un deux trois</h1>",
        "meta elements": "<meta name=date content='24/11/2023 14:05'>",
        "half JSON": '<script type=\'application/ld+json\'>{"datePublished":"2023-11-24",</script>',
        "deep JSON": f"<script type='application/ld+json'>{'[' * 400}</script>",
        "items": "<b itemprop=datePublished content=2023-11-24>x</b>",
    }
    for name, part in parts.items():
        for heading in ("", "<h1>un deux trois quatre</h1>", "<h3 class=title>un deux trois quatre</h3>"):
            yield (
                f"{name} {heading[:3]}",
                f"<html><head>{title}</head><body>{heading}{part * (100_000 // len(part))}</body></html>",
            )


def mutated(seed: int = 7) -> Iterator[str]:
    """Endless strings: pieces of date lines in any order, and date lines with characters dropped, doubled and replaced."""
    source = random.Random(seed)  # noqa: S311 - strings for a test
    while True:
        if source.random() < 0.5:
            yield "".join(source.choice(_PIECES) for _ in range(source.randint(1, 25)))
        else:
            line = list(source.choice(LINES))
            for _ in range(source.randint(1, 8)):
                place = source.randrange(len(line))
                line[place] = source.choice(
                    (
                        "",
                        line[place] * 2,
                        chr(source.randrange(0x20, 0x2FFF)),
                        chr(source.randrange(0x110000)),
                        source.choice(_PIECES),
                    )
                )
            yield "".join(line)


T = TypeVar("T")


def measured(action: Callable[[T], object], inputs: Iterable[T]) -> tuple[int, float, float]:
    """(number, mean, worst) of an action, in milliseconds."""
    number, total, worst = 0, 0.0, 0.0
    for item in inputs:
        start = time.perf_counter()
        action(item)
        spent = (time.perf_counter() - start) * 1000
        number, total, worst = number + 1, total + spent, max(worst, spent)
    return number, total / max(1, number), worst


def row(name: str, figures: tuple[int, float, float]) -> None:
    number, mean, worst = figures
    print(f"{name:<28}{number:>9}{mean:>12.3f}{worst:>12.3f}")


def read(text: str) -> object:
    return read_date(text, language="ar", timezone=ZONE, now=NOW)


def read_tree(tree: html.HtmlElement) -> object:
    return published(tree, [], timezone=ZONE, now=NOW)


def trees() -> Iterator[html.HtmlElement]:
    """The pages of the corpus; parsing them is not measured."""
    for entry in corpus():
        try:
            yield html.fromstring(gzip.decompress((shared() / "corpus" / entry["page"]).read_bytes()))
        except etree.ParserError:
            continue


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    read(LINES[0])
    print(f"{'':<28}{'number':>9}{'mean ms':>12}{'worst ms':>12}")
    row("lines", measured(read, LINES * 200))
    row("hostile lines, 100 kB", measured(read, (text for _, text in hostile())))
    row("hostile pages, 100 kB", measured(read_tree, (html.fromstring(text) for _, text in hostile_pages())))
    source = mutated()
    row("random and mutated strings", measured(read, (next(source) for _ in range(count))))
    row("pages (corpus)", measured(read_tree, trees()))


if __name__ == "__main__":
    main()
