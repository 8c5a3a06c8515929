"""What a crawl of years may leave unfetched: pages whose address and title name nothing of the topic (`-a filter=yes`).

One page in a hundred of those is fetched all the same, always the same ones, so that what the filter loses can be measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from language import lexicon
from sources.model import Source

Verdict = Literal["fetch", "left", "sample"]

_ONE_IN = 100
_LEAST_WORDS = 3
#: A concept that says less of security than this ("enquête" 0.3, "police" 0.35) needs the other country beside it.
_SECURITY = 0.3
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_ARABIC = re.compile("[\u0620-\u064a]")


def sift(documents: Iterable[dict[str, Any]], source: Source) -> dict[str, list[str]]:
    """Which addresses need not be fetched: canonical URLs, under "left" and "sample".

    Args:
        documents: of the ledger, with `_id`, `aliases` and `title_hint`.
        source: their outlet.
    """
    found: dict[str, list[str]] = {"left": [], "sample": []}
    for document in documents:
        verdict = judge(document["_id"], [document["title_hint"], *map(slug, document["aliases"])], source)
        if verdict != "fetch":
            found[verdict].append(document["_id"])
    return found


def judge(url: str, texts: list[str], source: Source) -> Verdict:
    """Whether a page may be about the topic, by its title and its slugs.

    Generous: a person, an event or a word of security is enough, and so is the other country. What says nothing, a number or
    an Arabic outlet's English slug, is fetched.
    """
    told = [text for text in texts if _speaks(text, source)]
    if not told or any(_tells(text, source) for text in told):
        return "fetch"
    return "sample" if int(sha256(url.encode()).hexdigest()[:8], 16) % _ONE_IN == 0 else "left"


def slug(url: str) -> str:
    """The words of an address's path."""
    return re.sub(r"[-_/.+,]+", " ", unquote(urlsplit(url).path)).strip()


def _speaks(text: str, source: Source) -> bool:
    words = _LETTERS.findall(text)
    arabic = any(_ARABIC.search(word) for word in words)
    return len(words) >= _LEAST_WORDS and (arabic or "fr" in source.languages)


def _tells(text: str, source: Source) -> bool:
    abroad = {"FR", "MA", "both"} - {source.country}
    for hit in lexicon.load().find(text):
        entry = hit.entry
        if entry.kind in ("person", "event") or entry.security >= _SECURITY or entry.crosses or entry.side in abroad:
            return True
    return False
