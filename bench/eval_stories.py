"""How well articles on one event are told: pairs that people scored, and the events of the sample press.

    python -m bench.eval_stories [--pairs]

`corpus/same_story_pairs.jsonl.gz` (MARSAD_SHARED) has pairs in one language with human scores, 1 for one story to 4 for unrelated.
Average precision is that of a ranking by `ties.compare`, days left out, for "one story" taken as a score of at most 1 and of at
most 2. The pairs of one half, chosen by a hash of their `id`, were never read; their figures were. The rows say what carries it: the bare
share of title words, all words without rarity, words alone, what the lexicon and numbers alone find. The sample press says what
the lexicon does across languages; the bars of a tie were fitted on it, so its figures are a regression test and no more.
`--pairs` prints the pairs of the half that may be looked at, ranked.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

from language.normalize import words
from language.rarity import is_shared
from pipelines.settling import SPAN
from pipelines.ties import NOMINATED, TIED, WINDOW, Told, compare, keys, terms
from pipelines.topic import judge
from tests.samplepress.tables import load_stories

PAIRS = (
    Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[2] / "shared")) / "corpus" / "same_story_pairs.jsonl.gz"
)
_TITLE_WORDS = 12
_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def told(name: str, title: str, text: str, lang: str, at: datetime = _DAY, copy_of: str | None = None) -> Told:
    """An article as far as its ties go."""
    return Told(name, lang, at, terms(title, text, judge(title, text, lang, at).stored()), copy_of=copy_of)


def average_precision(ranked: Iterable[tuple[float, bool]]) -> float:
    """Mean over the positives of the precision at their rank; equal scores count against it."""
    hits, total = 0, 0.0
    for rank, (_, positive) in enumerate(sorted(ranked, key=lambda item: (-item[0], item[1])), 1):
        if positive:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def title_words(text: str) -> set[str]:
    """The words of the headline, which stands first in these texts: of the first line, at most twelve."""
    return set(words(text.strip().partition("\n")[0])[:_TITLE_WORDS])


def overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


def only(article: Told, keep: Callable[[str], bool], *, even: bool = False) -> Told:
    """The article with some of its terms, or with all of one weight."""
    kept = {term: 1.0 if even else weight for term, weight in article.terms.items() if keep(term)}
    return Told(article.id, article.lang, article.at, kept)


def scored_pairs(*, show: bool) -> None:
    if not PAIRS.exists():
        print(f"no {PAIRS}: pairs that people scored are left out")
        return
    with gzip.open(PAIRS, "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    both = [tuple(told(f"{row['id']}-{side}", "", row[f"text{side}"], row["lang"]) for side in (1, 2)) for row in rows]
    texts = [tuple(set(words(row[f"text{side}"])) for side in (1, 2)) for row in rows]
    rankings = {
        "shared title words": [overlap(title_words(row["text1"]), title_words(row["text2"])) for row in rows],
        "shared words of the text": [overlap(a, b) for a, b in texts],
        "lexicon, numbers": [compare(only(a, is_shared), only(b, is_shared)).score for a, b in both],
        "words": [compare(only(a, is_word), only(b, is_word)).score for a, b in both],
        "all terms, of one weight": [
            compare(only(a, bool, even=True), only(b, bool, even=True)).score for a, b in both
        ],
        "ties.compare": [compare(a, b).score for a, b in both],
    }
    unseen = [sha256(row["id"].encode()).digest()[0] & 1 == 1 for row in rows]
    groups = {
        "all": [True] * len(rows),
        "seen": [not half for half in unseen],
        "unseen": unseen,
        "ar": [row["lang"] == "ar" for row in rows],
        "fr": [row["lang"] == "fr" for row in rows],
    }
    for most in (2.0, 1.0):
        positives = [row["overall"] <= most for row in rows]
        print(f"\naverage precision, one story = scored at most {most:g} ({sum(positives)} of {len(rows)} pairs)")
        print(f"{'':28}" + "".join(f"{name:>9}" for name in groups))
        for name, scores in rankings.items():
            cells = []
            for members in groups.values():
                chosen = zip(scores, positives, members, strict=True)
                cells.append(average_precision((score, positive) for score, positive, member in chosen if member))
            print(f"{name:28}" + "".join(f"{cell:9.3f}" for cell in cells))
    if show:
        ranked = sorted(zip(rankings["ties.compare"], rows, unseen, strict=True), key=lambda item: -item[0])
        for score, row, hidden in ranked:
            if not hidden:
                print(f"{score:.2f} {row['overall']:.0f} {row['lang']} {row['text1'][:70]!r} {row['text2'][:70]!r}")


def is_word(term: str) -> bool:
    return not is_shared(term)


def sample_press() -> None:
    """Pairs of the press within the window: tied or not, nominated or not."""
    articles, events = [], {}
    for story in load_stories().values():
        if story.family == "on_topic" and not story.copy_of:
            version = story.versions[0]
            text = "\n".join([story.standfirst, *version.paragraphs]).strip()
            articles.append(told(story.id, version.title, text, story.lang, story.published))
            events[story.id] = story.event or story.id
    print(f"\nsample press, pairs of originals at most {WINDOW.days} days apart (a story spans at most {SPAN.days})")
    print(f"{'':16}{'pairs':>7}{'one event':>11}{'tied':>6}{'prec.':>7}{'recall':>8}{'found by key':>14}")
    for name, across in (("Arabic–French", True), ("one language", False)):
        right = wrong = missed = pairs = found = 0
        for a, b in combinations(articles, 2):
            if abs(a.at - b.at) > WINDOW or (a.lang != b.lang) is not across:
                continue
            pairs += 1
            tied, same = compare(a, b).score >= TIED, events[a.id] == events[b.id]
            right, wrong, missed = right + (tied and same), wrong + (tied and not same), missed + (same and not tied)
            found += tied and len(set(keys(a.terms)) & set(keys(b.terms))) >= NOMINATED
        share = f"{right / (right + wrong):7.3f}{right / (right + missed):8.3f}"
        print(f"{name:16}{pairs:7}{right + missed:11}{right + wrong:6}{share}{found:8} of {right + wrong}")


def main() -> int:
    """Print both tables."""
    scored_pairs(show="--pairs" in sys.argv[1:])
    sample_press()
    return 0


if __name__ == "__main__":
    sys.exit(main())
