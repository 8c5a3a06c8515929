"""`articles.search`: what an article is found, sorted and counted by, kept in the article itself.

`tokens` holds the stems of its words (`language.tokens`), the identifiers of the lexicon, its aspects and its outlet; `sequence` its
words in their order, for phrases. `shelf` and `facts` say the same in a fixed number of bytes, and `keys` what a story is found by:
indexes end with them, so that a question reads indexes alone and never fetches the articles that it merely counts. All of them
say what the page says; who copies whom and what has vanished are asked of their own fields.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from language.tokens import COMMON, RULES, UNSURE, indexed, stem_number

Document = dict[str, Any]

#: A shelf mark: seconds since 1970 (0: undated), 32 bits of the article's `_id`, by how many days the outlet's calendar day is
#: off the UTC day (plus one), the outlet's code, the language, the topic score in ten thousandths. Big-endian, so that marks
#: sort by instant.
MARK = struct.Struct(">IIBI3sH")
NAMED = 24
"""How many aspects and entities of an article are counted, the most often named first."""
KEYS = 24
"""Telling terms of an article, at most."""
WORDS = 32
"""Bytes that hold a bit for each of `language.tokens.COMMON`, the first in the lowest bit of the first byte."""
#: Fields that no reader of an article wants.
UNREAD = ("search.tokens", "search.sequence", "search.facts", "search.keys", "search.rules")
_CODE = 3
_BITS = {token: 1 << number for number, stem in enumerate(COMMON) for token in (stem, stem + UNSURE)}
assert len(COMMON) <= 8 * WORDS
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 2**32 - 1
_AT_ONCE = 500


def words_of(source: str, title: str, text: str, topic: Mapping[str, Any]) -> Document:
    """`search.tokens` and `search.sequence` of an article."""
    marks = [f"source:{source}", *(f"aspect:{aspect}" for aspect in topic["aspects"]), *topic["entities"]]
    tokens, sequence = indexed(title, text)
    return {"tokens": tokens + marks, "sequence": sequence}


def search_field(document: Mapping[str, Any], words: Mapping[str, Any]) -> Document:
    """`search` of an article.

    Args:
        document: with `_id`, `source`, `lang`, `published`, `topic` and `story_keys`.
        words: `words_of` it.
    """
    tokens, sequence = words["tokens"], words["sequence"]
    topic = document["topic"]
    names = [f"aspect:{aspect}" for aspect in topic["aspects"]] + list(topic["entities"])
    facts = _names(names) + _common(tokens)
    keys = keys_mark(document["story_keys"])
    return {
        "tokens": tokens,
        "sequence": sequence,
        "shelf": _shelf(document),
        "facts": facts,
        "keys": keys,
        "rules": RULES,
    }


def keys_mark(story_keys: Iterable[str]) -> bytes:
    """The telling terms of an article as numbers (`language.tokens.stem_number`), little-endian, without its addresses; 0 fills up."""
    terms = [stem_number(key) for key in story_keys if "://" not in key][:KEYS]
    return struct.pack(f"<{KEYS}I", *terms, *[0] * (KEYS - len(terms)))


def _shelf(document: Mapping[str, Any]) -> bytes:
    published = document["published"]
    at, shift = 0, 1
    if published is not None:
        instant: datetime = published["at"]
        at = seconds(instant)
        shift = 1 + (date.fromisoformat(published["date"]) - instant.astimezone(UTC).date()) // _DAY
    score = int(document["topic"]["score"] * 10_000)
    mark = int(hashlib.sha256(document["_id"].encode()).hexdigest()[:8], 16)
    lang = document["lang"].encode("ascii", "replace")[:3]
    return MARK.pack(at, mark, min(max(shift, 0), 2), code(document["source"], 4), lang, score)


def _names(names: Iterable[str]) -> bytes:
    codes = b"".join(code(name, _CODE).to_bytes(_CODE, "big") for name in list(names)[:NAMED])
    return codes.ljust(NAMED * _CODE, b"\0")


def _common(tokens: Collection[str]) -> bytes:
    """A bit for each of the commonest stems."""
    bits = 0
    for token in _BITS.keys() & tokens:
        bits |= _BITS[token]
    return bits.to_bytes(WORDS, "little")


def code(name: str, size: int = _CODE) -> int:
    """The code of an outlet's name (four bytes) or of an identifier (three)."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=size).digest(), "big")


def seconds(instant: datetime) -> int:
    """The instant as in a shelf mark: those before 1970 are its first second."""
    return min(max(int((instant - _EPOCH).total_seconds()), 1), _LATEST)


def between(since: datetime, until: datetime) -> Document:
    """The range of the marks of some instants, inclusive, to the second."""
    end = seconds(until)
    return {"$gte": least(seconds(since))} | ({"$lt": least(end + 1)} if end < _LATEST else {})


def least(at: int) -> bytes:
    """Below every mark of an instant (in seconds)."""
    return at.to_bytes(4, "big").ljust(MARK.size, b"\0")


def upgrade(database: Database[Document], progress: Callable[[int, int], None]) -> int:
    """Give articles and earlier states that were indexed by other rules, or by none, the tokens and marks of today.

    It may be killed and called again, and crawls may go on meanwhile.

    Args:
        progress: told how many are done, and how many there are.
    Returns:
        How many were indexed anew.
    """
    outdated = {"search.rules": {"$ne": RULES}}
    total = database.articles.count_documents(outdated)
    done = 0
    fields = dict.fromkeys(("source", "lang", "title", "text", "published", "topic", "story_keys", "version_at"), 1)
    while articles := database.articles.find(outdated, fields).limit(_AT_ONCE).to_list():
        updates = []
        for article in articles:
            seen = {"_id": article["_id"], "version_at": article["version_at"]}
            updates.append(UpdateOne(seen, {"$set": {"search": _anew(article, article)}}))
        by_id = {article["_id"]: article for article in articles}
        states = database.versions.find(
            {"article": {"$in": list(by_id)}}, {"article": 1, "title": 1, "text": 1}
        ).to_list()
        earlier = [
            UpdateOne({"_id": state["_id"]}, {"$set": {"search": _anew(by_id[state["article"]], state)}})
            for state in states
        ]
        if earlier:
            database.versions.bulk_write(earlier, ordered=False)
        database.articles.bulk_write(updates, ordered=False)
        done += len(articles)
        progress(done, max(total, done))
    return done


def _anew(article: Document, state: Document) -> Document:
    """`search` of a state of an article."""
    return search_field(article, words_of(article["source"], state["title"], state["text"], article["topic"]))
