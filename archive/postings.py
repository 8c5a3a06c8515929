"""Which articles have something, read from indexes alone: a word, an identifier, a copy's mark.

A posting is the shelf marks (`archive.shelf`) of the articles that an index entry leads to, as a numpy array in the order of
their instants. MongoDB sends them as documents of one fixed size, which are read where they lie: a hundred thousand marks
would take half a second to decode one by one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from bson import Binary, CodecOptions, Int64, decode
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.collection import Collection

from archive.shelf import KEYS, MARK, NAMED, WORDS

Document = dict[str, Any]
Rows = npt.NDArray[Any]
Keys = npt.NDArray[np.uint64]

#: `archive.shelf.MARK` as columns.
ROW = np.dtype([("at", ">u4"), ("id", ">u4"), ("shift", "u1"), ("source", ">u4"), ("lang", "S3"), ("score", ">u2")])
assert ROW.itemsize == MARK.size

#: So many marks are looked up one by one, in one question; of a word, more of them cost less as a run through the index.
FEW = 1500
_WHOLE = 2**31 - 1
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_INT32 = struct.Struct("<i")
_ARRAY = 4
# {"search": {"shelf": Binary}} and {"search": {"shelf": Binary, "facts": Binary}} (bsonspec.org): lengths, types, names.
# "keys", which may stand in the place of "facts", is a byte shorter.
_HEAD = 4 + 1 + len("search\0") + 4
_FIELD = 1 + len("shelf\0") + 4 + 1
_FACTS = NAMED * 3 + WORDS
_ENDS = 2
_MARKS = np.dtype(
    {"names": ["row"], "formats": [ROW], "offsets": [_HEAD + _FIELD], "itemsize": _HEAD + _FIELD + MARK.size + _ENDS}
)
#: A mark with the codes of what is named, and the bits of the commonest words.
TABLE = np.dtype(
    {
        "names": ["row", "codes", "words"],
        "formats": [ROW, ("u1", (NAMED, 3)), ("u1", (WORDS,))],
        "offsets": [_HEAD + _FIELD, _HEAD + 2 * _FIELD + MARK.size, _HEAD + 2 * _FIELD + MARK.size + NAMED * 3],
        "itemsize": _HEAD + 2 * _FIELD + MARK.size + _FACTS + _ENDS,
    }
)
#: A mark with the telling terms of its article as numbers (`archive.shelf.keys_mark`).
KEYED = np.dtype(
    {
        "names": ["row", "keys"],
        "formats": [ROW, ("<u4", (KEYS,))],
        "offsets": [_HEAD + _FIELD, _HEAD + 2 * _FIELD - 1 + MARK.size],
        "itemsize": _HEAD + 2 * _FIELD - 1 + MARK.size + 4 * KEYS + _ENDS,
    }
)


def rows(
    collection: Collection[Document], field: str, value: Any, bounds: Mapping[str, Any], among: Rows | None = None
) -> Rows:
    """The marks of the articles with a value, in order.

    Args:
        field: the first of an index whose second is `search.shelf`; "" for all articles.
        value: what the field is, or a range of it.
        bounds: of the marks, such as {"$gte": …}.
        among: only of these, which are few.
    """
    query: Document = {field: value} if field else {}
    query["search.shelf"] = {"$in": marks(among)} if among is not None else dict(bounds)
    hint = [(field, 1), ("search.shelf", 1)] if field else [("search.shelf", 1), ("search.facts", 1)]
    found = _read(collection, query, {"search.shelf": 1}, hint, _MARKS)["row"]
    # A range of values comes in their order, not in that of the marks.
    return np.sort(found, order=("at", "id")) if isinstance(value, dict) else found


def table(collection: Collection[Document], bounds: Mapping[str, Any], among: Rows | None = None) -> Rows:
    """Marks with their facts (`TABLE`), in order: of all articles within some bounds, or of a few."""
    query = {"search.shelf": {"$in": marks(among)} if among is not None else dict(bounds)}
    hint = [("search.shelf", 1), ("search.facts", 1)]
    return _read(collection, query, {"search.shelf": 1, "search.facts": 1}, hint, TABLE)


async def keyed(collection: AsyncCollection[Document], several: Iterable[Mapping[str, Any]]) -> Rows:
    """Marks with telling terms (`KEYED`), in order: of all articles within any of some bounds, which do not overlap."""
    hint = [("search.shelf", 1), ("search.keys", 1)]
    query = {"$or": [{"search.shelf": dict(bounds)} for bounds in several]}
    find = _find(collection.name, query, {"search.shelf": 1, "search.keys": 1}, hint)
    found = []
    async with collection.database.client.start_session() as session:
        number, batch = _batch(await collection.database.command(find, codec_options=_RAW, session=session))
        found += _documents(batch, KEYED)
        while number:
            more = _more(collection.name, number)
            number, batch = _batch(await collection.database.command(more, codec_options=_RAW, session=session))
            found += _documents(batch, KEYED)
    marked = np.concatenate(found, dtype=KEYED) if found else np.empty(0, KEYED)
    return marked[np.argsort(marked["row"]["at"], kind="stable")]


def halves(collection: Collection[Document], bounds: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Some bounds in two parts of like length, to be read at once: mongod reads one index in one thread."""
    if collection.estimated_document_count() < 5 * FEW:
        return [dict(bounds)]
    query = {"search.shelf": dict(bounds)}
    hint = [("search.shelf", 1), ("search.facts", 1)]
    ends = [
        collection.find_one(query, {"_id": 0, "search.shelf": 1}, sort=[("search.shelf", way)], hint=hint)
        for way in (1, -1)
    ]
    if None in ends:
        return [dict(bounds)]
    low, high = (int.from_bytes(bytes(end["search"]["shelf"])[:4], "big") for end in ends if end)
    middle = ((low + high) // 2).to_bytes(4, "big").ljust(MARK.size, b"\0")
    return [{**bounds, "$lt": middle}, {**bounds, "$gte": middle}]


def count(collection: Collection[Document], field: str, value: Any, most: int) -> int:
    """How many articles have a value, counted up to `most`."""
    return collection.count_documents({field: value}, limit=most, hint=[(field, 1), ("search.shelf", 1)])


def keys(of: Rows) -> Keys:
    """What tells the articles of some marks apart: instant and identity."""
    return (of["at"].astype(np.uint64) << np.uint64(32)) | of["id"].astype(np.uint64)


def days(of: Rows) -> npt.NDArray[np.int64]:
    """The calendar days of some dated marks in their outlets' zones, since 1970."""
    return of["at"].astype(np.int64) // 86400 + of["shift"].astype(np.int64) - 1


def none() -> Rows:
    """No mark."""
    return np.empty(0, ROW)


def joined(several: Sequence[Rows]) -> Rows:
    """Marks one after another. Left to itself, numpy would turn their bytes into the order of the machine."""
    return np.concatenate(several, dtype=ROW)


def ordered(of: Rows) -> Rows:
    """Marks in order, each once."""
    _, first = np.unique(keys(of), return_index=True)
    return of[first]


def within(one: Rows, other: Rows) -> npt.NDArray[np.bool_]:
    """Which marks are among others, which are in order."""
    if not len(other):
        return np.zeros(len(one), bool)
    sought, known = keys(one), keys(other)
    same: npt.NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, sought), len(known) - 1)] == sought
    return same


def both(one: Rows, other: Rows) -> Rows:
    """The marks of one that are in another, which is in order."""
    return one[within(one, other)]


def either(postings: Iterable[Rows]) -> Rows:
    """The marks in any, each once; in order."""
    several = [posting for posting in postings if len(posting)]
    if not several:
        return none()
    if len(several) == 1:
        return several[0]
    return ordered(joined(several))


def without(one: Rows, other: Rows) -> Rows:
    """The marks of one that are not in another, which is in order."""
    return one[~within(one, other)]


def marks(of: Rows) -> list[Binary]:
    """Some marks as they are stored."""
    return [Binary(row.tobytes()) for row in of]


def _read(
    collection: Collection[Document],
    query: Document,
    projection: Document,
    hint: list[tuple[str, int]],
    layout: np.dtype[Any],
) -> Rows:
    """What a query finds, as an array of a layout. pymongo would make an object of each document, even of raw batches."""
    database, find = collection.database, _find(collection.name, query, projection, hint)
    found = []
    with database.client.start_session() as session:
        number, batch = _batch(database.command(find, codec_options=_RAW, session=session))
        found += _documents(batch, layout)
        while number:
            number, batch = _batch(
                database.command(_more(collection.name, number), codec_options=_RAW, session=session)
            )
            found += _documents(batch, layout)
    return np.concatenate(found, dtype=layout) if found else np.empty(0, layout)


def _find(name: str, query: Document, projection: Document, hint: list[tuple[str, int]]) -> Document:
    projected = {"_id": 0, **projection}
    return {"find": name, "filter": query, "projection": projected, "hint": dict(hint), "batchSize": _WHOLE}


def _more(name: str, number: int) -> Document:
    return {"getMore": Int64(number), "collection": name, "batchSize": _WHOLE}


def _batch(reply: RawBSONDocument) -> tuple[int, memoryview]:
    """The cursor's number, 0 where there is no more, and the BSON array of its documents."""
    cursor = reply["cursor"].raw
    head = bytes(cursor[:32]).find(b"Batch\0") + len(b"Batch\0")
    if cursor[4] != _ARRAY or head < len(b"Batch\0"):
        raise ValueError("MongoDB answers a query in another form than 7.0 and 8.0 do")
    (size,) = _INT32.unpack_from(cursor, head)
    rest = bytes(cursor[head + size :])
    number = decode(_INT32.pack(4 + len(rest)) + rest)["id"]
    return int(number), memoryview(cursor)[head : head + size]


def _documents(array: memoryview, layout: np.dtype[Any]) -> list[Rows]:
    """The documents of a BSON array, which all have one size: a run for each number of digits that their indexes have."""
    fields = {name: int(place[1]) for name, place in (layout.fields or {}).items()}
    found = []
    at, end, digits, most = 4, len(array) - 1, 1, 10
    while at < end:
        before = 1 + digits + 1
        stride = before + layout.itemsize
        number = min(most, (end - at) // stride)
        spread: Any = {
            "names": [*fields, "size"],
            "formats": [layout[name] for name in fields] + ["<i4"],
            "offsets": [before + offset for offset in fields.values()] + [before],
            "itemsize": stride,
        }
        run = np.frombuffer(array, np.dtype(spread), number, at)
        at += number * stride
        if not number or (run["size"] != layout.itemsize).any() or (number < most and at != end):
            raise ValueError("the search index holds marks of another form: 'scrapy reprocess' makes them anew")
        made = np.empty(number, layout)
        for name in fields:
            made[name] = run[name]
        found.append(made)
        digits, most = digits + 1, 9 * 10**digits
    return found
