"""How well pages are read: text, title, authors and language against the shared corpus, and what it costs.

    python -m bench.eval_text [--all] [--speed]

The text is compared as a multiset of white-space tokens in NFC. "Good" truth are the kinds css-gold, manual and full; the
others are shown with --all and count for nothing: the truth of xpath-noisy holds undecoded character references and whole
menus, that of segments only says what must and must not occur. The corpus is looked for in MARSAD_SHARED, else ../shared.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import os
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urlsplit

from archive.records import Article, Rejected
from language.normalize import fold
from pipelines import extract
from pipelines.extraction import content, decode
from pipelines.extraction.bylines import gather

GOOD = ("css-gold", "manual", "full")
SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@dataclass
class Score:
    """One page, measured; None where the truth says nothing."""

    page: str
    lang: str
    kind: str
    precision: float = 0.0
    recall: float = 0.0
    f1: float | None = None
    title: bool | None = None
    authors: bool | None = None
    language: bool | None = None
    notes: list[str] = field(default_factory=list)


def tokens(text: str) -> Counter[str]:
    """The multiset of a text's white-space tokens, in NFC."""
    return Counter(unicodedata.normalize("NFC", text).split())


def overlap(found: str, true: str) -> tuple[float, float, float]:
    """Precision, recall and F1 of a text."""
    have, want = tokens(found), tokens(true)
    common = (have & want).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / have.total(), common / want.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def same_title(a: str, b: str) -> bool:
    """Whether two titles are equal but for white space, character references and the form of apostrophes."""
    return " ".join(html.unescape(a).replace("’", "'").split()) == " ".join(html.unescape(b).replace("’", "'").split())


def same_authors(article: Article, true: list[str]) -> bool:
    """Whether each person the truth names was found; its wording ("Par X avec AFP") is read as a byline, agencies count.

    The outlet's own name, which some truths give, is no author in the archive's sense.
    """
    labels = (urlsplit(article.url).hostname or "").removeprefix("www.").split(".")
    sites = [" ".join(labels[:-1]), *labels[:-1]]
    found = {fold(name) for name in [*article.authors, article.agency or ""]}
    wanted: set[str] = set()
    for wording in true:
        people, agency = gather([html.unescape(wording)], sites)
        wanted |= {fold(name) for name in [*people, agency or ""] if name}
    return wanted <= found


def _lost(article: Article, true: str) -> str:
    """The truth's longest line that was not found."""
    have = tokens(article.text)
    lines = [
        line for line in true.split("\n") if line.strip() and (tokens(line) - have).total() > tokens(line).total() / 2
    ]
    return max(lines, key=len, default="")


def _added(article: Article, true: str) -> str:
    want = tokens(true)
    lines = [line for line in article.text.split("\n") if (tokens(line) - want).total() > tokens(line).total() / 2]
    return max(lines, key=len, default="")


def measure(row: dict[str, Any]) -> tuple[Score, str]:
    """One row of the corpus' index, and the outcome of its page where it is no article."""
    score = Score(Path(row["page"]).name.removesuffix(".html.gz"), row["lang"], row["truth_kind"])
    body = gzip.decompress((SHARED / "corpus" / row["page"]).read_bytes())
    article = extract.extract(body, row["url"] or "https://charset.example/page")
    if isinstance(article, Rejected):
        return score, f"{article.outcome.value}: {article.reason}"
    truth = row["truth"]
    score.language = article.lang == row["lang"]
    if truth.get("title"):
        score.title = same_title(article.title, truth["title"])
    if truth.get("authors"):
        score.authors = same_authors(article, truth["authors"])
    if truth.get("text"):
        score.precision, score.recall, score.f1 = overlap(article.text, truth["text"])
        if score.f1 < 0.9:
            if "&eacute;" in truth["text"]:
                score.notes.append("the truth holds undecoded character references")
            else:
                if lost := _lost(article, truth["text"]):
                    score.notes.append(f"only in the truth: {lost[:90]}")
                if added := _added(article, truth["text"]):
                    score.notes.append(f"only in ours: {added[:90]}")
    score.notes += [f"missing: {part[:60]}" for part in truth.get("with", ()) if part not in article.text]
    score.notes += [f"wrongly there: {part[:60]}" for part in truth.get("without", ()) if part in article.text]
    return score, ""


def _share(values: list[bool]) -> str:
    return f"{sum(values) / len(values):.3f} of {len(values)}" if values else "-"


def text_tables(*, everything: bool) -> None:
    """Prints the table of pages and the summary by language."""
    rows = [json.loads(line) for line in (SHARED / "corpus" / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    scores: list[Score] = []
    print(f"{'page':42} {'lang':4} {'truth':20} {'prec':>5} {'rec':>5} {'F1':>5}  title author lang")
    mark = {True: "yes", False: "NO", None: "-"}
    for row in rows:
        score, rejected = measure(row)
        if rejected:
            print(f"{score.page:42} {score.lang:4} {row['page_type']:20} {rejected}")
            continue
        scores.append(score)
        if everything or score.kind in GOOD:
            figures = (
                f"{score.precision:5.3f} {score.recall:5.3f} {score.f1:5.3f}" if score.f1 is not None else " " * 17
            )
            print(
                f"{score.page:42} {score.lang:4} {score.kind:20} {figures}  {mark[score.title]:5} {mark[score.authors]:6} {mark[score.language]}"
            )
            for note in score.notes:
                print(f"    {note}")
    for lang in ("fr", "ar"):
        own = [score for score in scores if score.lang == lang]
        good = [score for score in own if score.kind in GOOD and score.f1 is not None]
        if not good:
            continue
        f1 = [score.f1 or 0.0 for score in good]
        print(
            f"\n{lang}: {len(good)} pages with good truth: precision {mean(score.precision for score in good):.3f}, "
            f"recall {mean(score.recall for score in good):.3f}, F1 {mean(f1):.3f} (lowest {min(f1):.3f})"
        )
        print(
            f"    title equal {_share([s.title for s in own if s.title is not None])}, "
            f"authors found {_share([s.authors for s in own if s.authors is not None])}, "
            f"language right {_share([s.language for s in own if s.language is not None])}"
        )


def _cost(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest of three runs."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        work()
        costs.append(time.process_time() - start)
    return min(costs)


def speed_table() -> None:
    """Prints what reading costs a page beside trafilatura alone on the same pages."""
    from trafilatura import bare_extraction, load_html

    pages = [gzip.decompress(path.read_bytes()) for path in sorted((SHARED / "corpus" / "pages").glob("*.html.gz"))]
    url = "https://speed.example/a/page"
    inside = [0.0]
    namespace = vars(content)
    inner = namespace["bare_extraction"]

    def timed(*args: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return inner(*args, **options)
        finally:
            inside[0] = time.process_time() - start

    def alone(body: bytes) -> object:
        tree = load_html(body)
        return bare_extraction(tree, url=url, fast=True, include_comments=False) if tree is not None else None

    def parsed(body: bytes) -> object:
        text = decode.decode(body)
        return extract.parse(text) if isinstance(text, str) else None

    whole = parse = core = rival = 0.0
    namespace["bare_extraction"] = timed
    try:
        for body in pages:
            inside[0] = 0.0
            whole += _cost(lambda body=body: extract.extract(body, url))  # type: ignore[misc]
            core += inside[0]
            parse += _cost(lambda body=body: parsed(body))  # type: ignore[misc]
            rival += _cost(lambda body=body: alone(body))  # type: ignore[misc]
    finally:
        namespace["bare_extraction"] = inner
    count = len(pages) / 1000
    own = whole - core - parse
    print(f"\nCPU a page over {len(pages)} pages of {sum(map(len, pages)) / count / 1e6:.0f} kB on average, in ms:")
    for name, value in (
        ("trafilatura alone (decode, parse, extract)", rival),
        ("extract(): whole", whole),
        ("  decode and parse", parse),
        ("  trafilatura inside, on the prepared tree", core),
        ("  our own stages", own),
    ):
        print(f"  {name:44} {value / count:6.2f}   {value / rival:4.0%} of trafilatura alone")


def main() -> int:
    """Prints the tables; 0 also where the corpus is not there, with a notice."""
    parser = argparse.ArgumentParser(description="text, title, authors and language against the shared corpus")
    parser.add_argument("--all", action="store_true", help="show pages without good truth as well")
    parser.add_argument("--speed", action="store_true", help="measure CPU a page beside trafilatura alone")
    options = parser.parse_args()
    if not (SHARED / "corpus" / "index.jsonl").exists():
        print(f"no corpus at {SHARED / 'corpus'}: set MARSAD_SHARED to measure", file=sys.stderr)
        return 0
    text_tables(everything=options.all)
    if options.speed:
        speed_table()
    return 0


if __name__ == "__main__":
    sys.exit(main())
