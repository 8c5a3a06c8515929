"""How well near copies are found and told from follow-ups: recall and precision on real articles.

    python -m bench.eval_identity [--texts N] [--hits FILE]

Makes copies of the texts of the shared corpus (edits, cuts, added lines, briefs) and looks each up as the archive does:
candidates that share a hash, nominated by `containment`, decided by `compare`. Makes follow-ups that paste old background
too, none of which may be called a copy. Then looks up every real article among the others, and writes what it calls a copy
to FILE, for reading.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

from language.normalize import words
from pipelines.identity import NOMINATED, Comparison, compare, containment, sketch, text_hash

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[2] / "shared"))

# Invented lines of the sort that outlets put around an agency's text.
_UNDATED = "Thu, 01 Jan 1970 00:00:00 GMT"

ADDED = {
    "fr": [
        "Lire aussi : notre dossier complet sur le sujet",
        "Recevez chaque matin notre lettre d'information et retrouvez les articles de la rédaction.",
        "La rédaction, avec les agences. Toute reproduction est interdite sans l'accord écrit du journal.",
    ],
    "ar": [
        "اقرأ أيضا: ملفنا الكامل حول هذا الموضوع",
        "تابعوا جميع مستجدات جريدتنا على تطبيق الهاتف وعلى قناتنا",
        "هيئة التحرير مع الوكالات. يمنع نسخ المقال دون إذن مكتوب من إدارة الجريدة.",
    ],
}


@dataclass
class Archive:
    """Texts in order of arrival, found by the hashes of their sketches."""

    texts: list[str] = field(default_factory=list)
    sketches: list[list[int]] = field(default_factory=list)
    places: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text: str) -> None:
        hashes = sketch(text)
        for value in hashes:
            self.places[value].append(len(self.texts))
        self.texts.append(text)
        self.sketches.append(hashes)

    def nominated(self, text: str, before: int | None = None) -> Iterator[int]:
        """The numbers of the texts worth comparing, of those that came before."""
        hashes = sketch(text)
        shared = Counter(place for value in hashes for place in self.places.get(value, ()))
        for place in shared:
            if (before is None or place < before) and containment(hashes, self.sketches[place]) >= NOMINATED:
                yield place


def load(name: str, count: int | None = None) -> list[dict[str, str]]:
    """Records of a file of the corpus."""
    with gzip.open(SHARED / "corpus" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines][:count]


def edited(text: str, rate: float, rng: random.Random, vocabulary: list[str]) -> str:
    """A text with that share of its words replaced, removed or followed by a foreign one."""
    out: list[str] = []
    for word in text.split():
        if rng.random() >= rate:
            out.append(word)
            continue
        change = rng.choice(("replace", "replace", "remove", "insert"))
        if change == "insert":
            out.append(word)
        if change != "remove":
            out.append(rng.choice(vocabulary))
    return " ".join(out)


def cut(text: str, start: float, end: float) -> str:
    """The part of a text between two shares of its words."""
    parts = text.split()
    return " ".join(parts[int(len(parts) * start) : int(len(parts) * end)])


def with_lines(text: str, language: str, rng: random.Random) -> str:
    """A text with an outlet's lines before and after."""
    lines = rng.sample(ADDED[language], len(ADDED[language]))
    return "\n".join([lines[0], text, *lines[1:]])


def brief(text: str, rng: random.Random) -> str:
    """The first 40 to 80 words."""
    return " ".join(text.split()[: rng.randint(40, 80)])


def shuffled(text: str, rng: random.Random) -> str:
    """The same sentences in another order."""
    sentences = text.replace("\n", " ").split(". ")
    rng.shuffle(sentences)
    return ". ".join(sentences)


def changes(language: str, vocabulary: list[str], rng: random.Random) -> dict[str, Callable[[str], str]]:
    """What other outlets do to a text."""
    return {
        "edits of 5 %": lambda text: edited(text, 0.05, rng, vocabulary),
        "edits of 10 %": lambda text: edited(text, 0.10, rng, vocabulary),
        "edits of 20 %": lambda text: edited(text, 0.20, rng, vocabulary),
        "first half": lambda text: cut(text, 0, 0.5),
        "second half": lambda text: cut(text, 0.5, 1),
        "70 % cut, the beginning left": lambda text: cut(text, 0, 0.3),
        "70 % cut, the middle left": lambda text: cut(text, 0.35, 0.65),
        "half, edits of 5 %": lambda text: edited(cut(text, 0, 0.5), 0.05, rng, vocabulary),
        "70 % cut, edits of 5 %": lambda text: edited(cut(text, 0, 0.3), 0.05, rng, vocabulary),
        "lines added": lambda text: with_lines(text, language, rng),
        "lines added, edits of 5 %": lambda text: with_lines(edited(text, 0.05, rng, vocabulary), language, rng),
        "paragraphs in another order": lambda text: shuffled(text, rng),
        "brief of 40-80 words": lambda text: brief(text, rng),
        "brief, edits of 5 %": lambda text: edited(brief(text, rng), 0.05, rng, vocabulary),
    }


def recall(language: str, texts: list[str], rng: random.Random) -> None:
    archive = Archive()
    for text in texts:
        archive.add(text)
    vocabulary = [word for text in texts for word in text.split()]
    # The lower bound of what counts as an article: a cut of a shorter text is a line.
    sources = [number for number, text in enumerate(texts) if len(text.split()) >= 80]
    print(f"\n{language}: recall of copies among {len(texts)} texts, {len(sources)} of 80 words or more")
    print(f"{'':32}{'copies':>8}{'nominated':>11}{'found':>8}   kinds")
    for name, change in changes(language, vocabulary, rng).items():
        nominated = found = 0
        kinds: Counter[str] = Counter()
        for number in sources:
            later = change(texts[number])
            if number not in set(archive.nominated(later)):
                continue
            nominated += 1
            comparison = compare(texts[number], later)
            kinds[str(comparison.kind)] += 1
            found += comparison.is_copy
        total = len(sources)
        shown = " ".join(f"{kind} {count / total:.3f}" for kind, count in kinds.most_common())
        print(f"{name:32}{total:8}{nominated / total:11.4f}{found / total:8.4f}   {shown}")


def follow_ups(language: str, texts: list[str], rng: random.Random) -> None:
    """New reporting with old background pasted in: linked at best, never a copy."""
    print(f"\n{language}: follow-ups that paste an older article")
    print(f"{'share of the follow-up that is old':40}{'pairs':>7}{'copy':>8}{'reuses':>8}{'none':>8}")
    sources = [text for text in texts if len(text.split()) >= 80]
    for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75):
        kinds: Counter[str] = Counter()
        for old, new in zip(sources, rng.sample(sources, len(sources)), strict=True):
            if old is new:
                continue
            pasted = old.split()[: int(len(new.split()) * share / (1 - share))]
            news = new.split()[: int(len(pasted) * (1 - share) / share)]
            comparison = compare(old, " ".join(news + pasted))
            kinds["copy" if comparison.is_copy else str(comparison.kind)] += 1
        _print_rates(f"{share:<40}", kinds)
    print("words of a new lead before the old text, its own lead gone")
    for count in (10, 15, 20, 30, 40, 60):
        kinds = Counter()
        for old, new in zip(sources, rng.sample(sources, len(sources)), strict=True):
            if old is not new:
                comparison = compare(old, " ".join(new.split()[:count] + old.split()[count:]))
                kinds["copy" if comparison.is_copy else str(comparison.kind)] += 1
        _print_rates(f"{count:<40}", kinds)


def _print_rates(name: str, kinds: Counter[str]) -> None:
    rates = "".join(f"{kinds[kind] / kinds.total():8.4f}" for kind in ("copy", "reuses", "None"))
    print(f"{name}{kinds.total():7}{rates}")


def real_hits(language: str, records: list[dict[str, str]]) -> list[tuple[dict[str, str], dict[str, str], Comparison]]:
    """Every pair of real articles that is nominated and not of one text."""
    archive = Archive()
    hits = []
    records = sorted(records, key=lambda record: parsedate_to_datetime(record.get("published", _UNDATED)))
    started = time.perf_counter()
    kinds: Counter[str] = Counter()
    for number, record in enumerate(records):
        same = text_hash(record["text"])
        for place in archive.nominated(record["text"], before=number):
            comparison = compare(records[place]["text"], record["text"])
            exact = same == text_hash(records[place]["text"])
            kinds["one hash" if exact else str(comparison.kind)] += 1
            if not exact:
                hits.append((records[place], record, comparison))
        archive.add(record["text"])
    spent = (time.perf_counter() - started) / len(records) * 1000
    shown = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
    print(f"\n{language}: {len(records)} real articles, {spent:.2f} ms each; nominated pairs: {shown}")
    return hits


def near_copies(records: list[dict[str, str]]) -> None:
    """The listed pairs by the share of 4-word shingles that the shorter has in the longer."""
    texts = {record["id"]: record["text"] for record in records}
    rows: dict[int, Counter[str]] = defaultdict(Counter)
    for pair in load("near_copies_ar"):
        one, other = texts.get(pair["id1"]), texts.get(pair["id2"])
        if one is None or other is None:
            continue
        nominated = containment(sketch(one), sketch(other)) >= NOMINATED
        # The listing has no order in time: ask both ways, and take the stronger answer.
        both = [compare(one, other), compare(other, one)]
        kind = next((c.kind for c in both if c.is_copy), both[0].kind)
        rows[min(9, int(float(pair["containment4"]) * 10))][str(kind)] += 1
        rows[min(9, int(float(pair["containment4"]) * 10))]["nominated"] += nominated
    print("\nnear_copies_ar, by shared 4-word shingles")
    names = ["nominated", "same", "shortened", "extended", "edited", "reuses", "None"]
    print(f"{'containment':14}" + "".join(f"{name:>11}" for name in names))
    for row, counts in sorted(rows.items()):
        print(f"{row / 10:.1f}-{(row + 1) / 10:.1f}{'':7}" + "".join(f"{counts[name]:11}" for name in names))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1500, help="how many texts of each language to make copies of")
    parser.add_argument("--hits", type=Path, help="write the real pairs found, as JSON lines")
    arguments = parser.parse_args()
    if not (SHARED / "corpus").is_dir():
        print(f"{SHARED / 'corpus'}: not there; set MARSAD_SHARED to the folder that holds corpus/", file=sys.stderr)
        return 2
    rng = random.Random(20231101)  # noqa: S311
    hits = []
    for language, name in (("ar", "texts_ar"), ("fr", "texts_fr")):
        records = load(name)
        texts = list(dict.fromkeys(record["text"] for record in records))
        sample = rng.sample(texts, min(arguments.texts, len(texts)))
        recall(language, sample, rng)
        follow_ups(language, sample, rng)
        hits += real_hits(language, records)
    near_copies(load("texts_ar"))
    if arguments.hits:
        with arguments.hits.open("w", encoding="utf-8") as out:
            for earlier, later, comparison in hits:
                row = {
                    "kind": comparison.kind,
                    "of_later": comparison.of_later,
                    "of_earlier": comparison.of_earlier,
                    "words": [len(words(earlier["text"])), len(words(later["text"]))],
                    "earlier": earlier,
                    "later": later,
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
