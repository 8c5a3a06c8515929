"""Pages out of WARC files: what a file holds, and the `Page` that each of its responses was for the crawl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from bson import Int64

from archive import payload
from archive.records import Evidence, Outcome, Page
from archive.warc import reader
from archive.warc.reader import Damage, Record, Repeated, WarcError
from archive.warc.records import digest

Document = dict[str, Any]


@dataclass(slots=True)
class Content:
    """What a WARC file holds.

    Attributes:
        captures: a `captures` document for each response.
        repeats: for each revisit that does not name the record that it repeats, what it says of it, by its `_id`.
        said: for each page that discovery named, what it said and where the record lies that says it.
        redirects: address → the addresses that led to it.
        damage: what cannot be read.
    """

    captures: list[Document] = field(default_factory=list)
    repeats: dict[str, Repeated] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    redirects: dict[str, list[str]] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """What discovery said of a page, in short.

    Attributes:
        key, source: canonical URL and outlet.
        capture: `_id` of the page's capture.
        file, offset: the metadata record.
    """

    key: str
    source: str
    capture: str
    file: str
    offset: int


def content(path: Path) -> Content:
    """What a file holds, read from one end to the other.

    Raises:
        OSError: it cannot be opened.
    """
    name = reader.file_name(path)
    found = Content()
    for item in reader.scan(path):
        if isinstance(item, Damage):
            found.damage.append(item)
        elif item.type in ("response", "revisit"):
            try:
                capture = item.capture(name)
                status, target = item.message.status, item.message.header("location")
            except ValueError as error:
                found.damage.append(Damage(name, item.offset, item.offset + item.length, str(error)))
                continue
            if capture is None or not status:
                continue  # an answer of another protocol, such as DNS
            capture["digest"] = capture["digest"] or digest(item.message.payload)
            found.captures.append(capture)
            if (repeated := item.repeated) is not None:
                found.repeats[capture["_id"]] = repeated
            if target:
                found.redirects.setdefault(urljoin(item.url, target), []).append(item.url)
        elif said := item.discovery():
            found.said.append(Said(said["key"], said["source"], item.concurrent_to, name, item.offset))
    return found


def originals(repeats: Mapping[str, Repeated], captures: Iterable[Document]) -> dict[str, str]:
    """The captures that revisits repeat without naming them: of that address, second and payload, else of that payload.

    Args:
        repeats: what revisits say of the records that they repeat.
        captures: `captures` documents among which they may be.
    Returns:
        `_id` of the original by that of the revisit; those of which there is none are left out.
    """
    placed: dict[tuple[str, datetime], list[Document]] = {}
    held: dict[str, Document] = {}
    for capture in captures:
        if capture["revisit_of"] is None and capture["truncated"] is None and 200 <= capture["status"] < 300:
            placed.setdefault((capture["url"], capture["at"].replace(microsecond=0)), []).append(capture)
            held.setdefault(capture["digest"].lower(), capture)
    found: dict[str, str] = {}
    for name, repeated in repeats.items():
        # WARC 1.0 knows whole seconds only.
        moment = repeated.at and repeated.at.replace(microsecond=0)
        there = placed.get((repeated.url, moment), []) if moment else []
        agreeing = [capture for capture in there if not _differ(capture["digest"], repeated.digest)]
        original = agreeing[0] if agreeing else held.get(repeated.digest.lower()) if repeated.digest else None
        if original is not None:
            found[name] = original["_id"]
    return found


def _differ(digest: str, other: str) -> bool:
    """Whether two digests are of different payloads, as far as one algorithm and one spelling tell."""
    one, two = digest.lower(), other.lower()
    return one.partition(":")[0] == two.partition(":")[0] and len(one) == len(two) and one != two


def page(record: Record, file: str, said: Document | None = None, *, held: Record | None = None) -> Page:
    """The page that a response was, as the crawl had it.

    Args:
        record: response or revisit.
        file: name of the WARC file, relative to the WARC folder.
        said: what discovery said of it; None where nothing, as in foreign files: `key` and `source` are "" then.
        held: for a revisit, the record that holds the payload.
    Returns:
        A page whose `outcome` is settled where the bytes alone decide it: cut off, or not in the declared content-coding.
    Raises:
        WarcError: it is no HTTP, or has no date.
    """
    http = record.message
    whole = http if held is None else held.message
    try:
        at = record.at
    except ValueError as error:
        raise WarcError(f"{file}: record at {record.offset}: no WARC-Date: {error}") from error
    if not http.status:
        raise WarcError(f"{file}: record at {record.offset}: no HTTP status line")
    heard = said or {}
    made = Page(
        key=heard.get("key", ""),
        url=record.url,
        requested=heard.get("requested") or record.url,
        source=heard.get("source", ""),
        fetched_at=at,
        status=http.status,
        headers=payload.headers(whole) | payload.headers(http),
        found_by=list(heard.get("found_by", [])),
        evidence=[Evidence(item["text"], item["where"], item["says"]) for item in heard.get("evidence", [])],
        title_hint=heard.get("title_hint", ""),
        aliases=list(heard.get("aliases", [])),
        capture={"file": file, "offset": Int64(record.offset), "length": Int64(record.length)},
    )
    cut = record.truncated
    if cut:
        made.outcome = Outcome.TOO_LARGE if cut == "length" else Outcome.NETWORK_ERROR
        made.detail = f"the answer was cut ({cut})"
        return made
    try:
        made.body = payload.body(whole, strict=said is not None)
    except payload.TooLarge as error:
        made.outcome, made.detail = Outcome.TOO_LARGE, str(error)
    except payload.BadCoding as error:
        made.outcome, made.detail = Outcome.UNDECODABLE, str(error)
    return made
