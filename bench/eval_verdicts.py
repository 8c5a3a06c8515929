"""The topic judge against what people decided: `scrapy judge` and the score that each address last had."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from archive import mongo, verdicts
from pipelines.topic import THRESHOLD


def main() -> int:
    """Print how many verdicts the judge agrees with, and those it does not; 0 also where there is no archive."""
    uri, data = os.environ.get("MONGODB_URI", ""), Path(os.environ.get("MARSAD_DATA", "data"))
    if not uri and not (data / "mongodb" / "server.json").exists():
        print("no archive here: nothing to compare with (MONGODB_URI names one)")
        return 0
    try:
        name = os.environ.get("MONGODB_DATABASE", "marsad")
        pairs = verdicts.agreement(mongo.connect(mongo.locate(uri, data), name))
    except mongo.ArchiveError as error:
        print(error, file=sys.stderr)
        return 3
    right = [pair for pair in pairs if (pair[1] >= THRESHOLD) == pair[0]["relevant"]]
    print(f"{len(pairs)} verdicts, {len(right)} as the judge decides now")
    for verdict, score in pairs:
        if (score >= THRESHOLD) != verdict["relevant"]:
            print(
                f"   {score:.2f}, but {'yes' if verdict['relevant'] else 'no'}: {verdict['url']} ({verdict['reason']})"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
