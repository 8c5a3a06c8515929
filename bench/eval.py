"""`make eval`: quality on the shared corpus, and on our own labelled articles."""

from __future__ import annotations

import sys

from bench import eval_dates, eval_identity, eval_stories, eval_text, eval_topic, eval_verdicts


def main() -> int:
    """Print every table; the highest exit code of its parts."""
    codes = []
    for title, part in (
        ("Dates", eval_dates),
        ("Text", eval_text),
        ("Topic", eval_topic),
        ("Verdicts", eval_verdicts),
        ("Copies", eval_identity),
        ("Stories", eval_stories),
    ):
        print(f"\n== {title} {'=' * (100 - len(title))}\n", flush=True)
        codes.append(part.main() or 0)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
