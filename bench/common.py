"""Counts language/common.txt anew: the commonest stems of the project's own labelled articles (tests/topic).

    python -m bench.common > language/common.txt

Whoever does so raises `language.tokens.RULES`: archives are then indexed anew.
"""

from __future__ import annotations

from collections import Counter

from bench.eval_topic import ROOT, read_lines
from language.tokens import tokens

_KEPT = 128
"""Of each language."""


def main() -> None:
    """Print the stems, those of the most articles of their language first."""
    counted: dict[str, Counter[str]] = {"ar": Counter(), "fr": Counter()}
    articles: Counter[str] = Counter()
    for path in sorted((ROOT / "tests" / "topic").glob("*.jsonl")):
        for row in read_lines(path):
            language = "fr" if row["lang"] == "fr" else "ar"
            articles[language] += 1
            text = f"{row['title']} {row.get('text', '')}"
            counted[language].update({token.stems[0] for token in tokens(text)})
    shares = {
        stem: max(counts[stem] / articles[language] for language, counts in counted.items())
        for counts in counted.values()
        for stem, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_KEPT]
    }
    print("# The commonest stems, see language/tokens.py; `python -m bench.common` counts them.")
    for stem, _ in sorted(shares.items(), key=lambda item: (-item[1], item[0])):
        print(stem)


if __name__ == "__main__":
    main()
