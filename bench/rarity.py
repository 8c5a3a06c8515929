"""Counts language/rarity.tsv anew, over the project's own labelled articles (tests/topic).

    python -m bench.rarity > language/rarity.tsv

Whoever does so derives every story anew: the rarity of a term is part of what ties two articles.
"""

from __future__ import annotations

from collections import Counter

from bench.eval_topic import ROOT, read_lines
from language.lexicon import LEXICON_VERSION
from language.normalize import words
from language.rarity import stem
from pipelines.topic import judge

_LEAST = {"words": 0.008, "shared": 0.008}


def main() -> None:
    """Print the table: a term, a tab, in how many of a thousand articles it stands."""
    stems: dict[str, Counter[str]] = {"ar": Counter(), "fr": Counter()}
    articles: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    relevant = 0
    for path in sorted((ROOT / "tests" / "topic").glob("*.jsonl")):
        for row in read_lines(path):
            language = "fr" if row["lang"] == "fr" else "ar"
            articles[language] += 1
            text = row.get("text", "")
            stems[language].update({stem(word) for word in words(f"{row['title']} {text}")})
            # What is rare is judged among articles of the subject: Morocco is named in each.
            if row["relevant"]:
                relevant += 1
                judgement = judge(row["title"], text, row["lang"])
                named = {mention.id for mention in judgement.evidence if mention.kind != "neighbour"}
                shared.update(named | set(judgement.entities) | {f"aspect:{aspect}" for aspect in judgement.aspects})
    shares = {term: count / relevant for term, count in shared.items()}
    common = {term: share for term, share in shares.items() if share >= _LEAST["shared"]}
    for language, counted in stems.items():
        for term, count in counted.items():
            share = count / articles[language]
            if share >= _LEAST["words"]:
                common[term] = max(share, common.get(term, 0.0))
    print(f"# In how many of a thousand articles a term stands; `python -m bench.rarity`, lexicon {LEXICON_VERSION}.")
    for term, share in sorted(common.items(), key=lambda item: (-item[1], item[0])):
        print(f"{term}\t{round(1000 * share)}")


if __name__ == "__main__":
    main()
