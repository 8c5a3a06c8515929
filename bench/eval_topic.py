"""How well the topic is told: precision, recall and F1 by language and family, false alarms on general news, time.

    python bench/eval_topic.py [--hits] [--shared DIRECTORY] [LABELLED.jsonl …]

Reads the project's own labelled sets (tests/topic/*.jsonl) and, where it lies, the shared directory (MARSAD_SHARED, by
default ../shared beside the project): facts/topic_labels.jsonl (slugs and titles, a lower bound: many slugs do not say what
their article says) and the general news of corpus/. Prints tables; --hits prints every error, and every article of the
general news that was judged relevant, with the grounds. The errors of unseen.jsonl are printed only where it is named:
once they have been read and mended, it measures nothing any more.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from language.lexicon import LEXICON_VERSION
from pipelines.topic import THRESHOLD, explain, judge

ROOT = Path(__file__).resolve().parent.parent
UNSEEN = "unseen: written by someone who has not seen the lexicon"


@dataclass(slots=True)
class Tally:
    """Right and wrong judgements of one group."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def add(self, *, expected: bool, judged: bool) -> None:
        if expected:
            self.tp, self.fn = self.tp + judged, self.fn + (not judged)
        else:
            self.fp, self.tn = self.fp + judged, self.tn + (not judged)

    @property
    def precision(self) -> float | None:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f1(self) -> float | None:
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp + self.fp + self.fn else None


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _share(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.3f}"


def _print_scores(groups: dict[str, Tally]) -> None:
    print(f"{'group':28} {'n':>5} {'tp':>4} {'fp':>4} {'fn':>4} {'tn':>4}  prec. recall    F1")
    for name, t in groups.items():
        n = t.tp + t.fp + t.fn + t.tn
        shares = f"{_share(t.precision)}  {_share(t.recall)} {_share(t.f1)}"
        print(f"{name:28} {n:5} {t.tp:4} {t.fp:4} {t.fn:4} {t.tn:4}  {shares}")


def measure(heading: str, rows: Iterable[dict[str, Any]], *, hits: bool) -> None:
    """Judge labelled articles and print the table.

    Args:
        heading: of the table.
        rows: objects with `title`, `lang`, `relevant`; `text` and `family` where there are any.
        hits: print every error with its grounds.
    """
    languages: defaultdict[str, Tally] = defaultdict(Tally)
    families: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    errors = []
    for row in rows:
        judgement = judge(row["title"], row.get("text", ""), row["lang"])
        expected = bool(row["relevant"])
        for group in ("all", "ar" if row["lang"] == "ary" else row["lang"]):
            languages[group].add(expected=expected, judged=judgement.relevant)
        right = judgement.relevant == expected
        if "family" in row:
            side = "on topic" if expected else "neighbour"
            families[f"{side}: {row['family']}"][0] += right
            families[f"{side}: {row['family']}"][1] += 1
        if not right:
            errors.append((row, judgement))
    print(f"\n## {heading}\n")
    _print_scores(dict(sorted(languages.items())))
    if families:
        print(f"\n{'family':34} {'right':>6} {'of':>4}")
        for name, counts in sorted(families.items()):
            print(f"{name:34} {counts[0]:6} {counts[1]:4}")
    if hits:
        for row, judgement in errors:
            print(
                f"\n{'MISSED' if row['relevant'] else 'FALSE ALARM'} {row.get('id', row.get('url', ''))}: {row['title']}"
            )
            print("\n".join(explain(judgement.stored())))


def alarm(path: Path, language: str, *, hits: bool) -> None:
    """Judge general news, nearly all of it off topic, and print how many were taken for relevant."""
    rows = read_lines(path)
    words = sum(len(row["text"].split()) for row in rows)
    started = time.process_time()
    judgements = [judge(row["title"], row["text"], language) for row in rows]
    seconds = time.process_time() - started
    found = [(row, j) for row, j in zip(rows, judgements, strict=True) if j.relevant]
    print(
        f"{path.name:24} {len(rows):6} articles, {len(found):3} judged relevant ({1000 * len(found) / len(rows):.2f} ‰),",
        end=" ",
    )
    print(f"{1000 * seconds / words * 800:.2f} ms per 800 words")
    for row, judgement in found:
        print(f"   {judgement.score:.2f} {row['id']}: {row['title']}")
        if hits:
            print("\n".join(explain(judgement.stored())))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="*", type=Path, help="labelled sets (default: tests/topic/*.jsonl)")
    parser.add_argument("--hits", action="store_true", help="print every error and every hit with its grounds")
    default = Path(os.environ.get("MARSAD_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--shared", type=Path, default=default, help="other people's corpora")
    options = parser.parse_args()
    print(f"# The topic: lexicon {LEXICON_VERSION}, relevant from {THRESHOLD}")
    for path in options.labelled or sorted((ROOT / "tests" / "topic").glob("*.jsonl")):
        if path.stem == "unseen":
            measure(UNSEEN, read_lines(path), hits=options.hits and bool(options.labelled))
        else:
            measure(f"{path.stem}: the lexicon was tuned on it", read_lines(path), hits=options.hits)
    labels = options.shared / "facts" / "topic_labels.jsonl"
    if labels.exists():
        rows = [r for r in read_lines(labels) if r["title_kind"] in ("slug", "title") and r["relevant"] is not None]
        measure("slugs and titles of topic_labels.jsonl, without their texts", rows, hits=options.hits)
    else:
        print(f"\nskipped: {labels} is not there")
    print("\n## false alarms on general news\n")
    for language in ("ar", "fr"):
        path = options.shared / "corpus" / f"texts_{language}.jsonl.gz"
        if path.exists():
            alarm(path, language, hits=options.hits)
        else:
            print(f"skipped: {path} is not there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
