"""Reads the tables of stories: tests/samplepress/stories/*.toml."""

from __future__ import annotations

import tomllib
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.samplepress.model import Story, Version

STORIES = Path(__file__).parent / "stories"

ZONES = {
    "sadarabat": "Africa/Casablanca",
    "annahda": "Africa/Casablanca",
    "manbar24": "Africa/Casablanca",
    "alofok": "Asia/Beirut",
    "majmaa": "Africa/Casablanca",
    "pharedetroit": "Africa/Casablanca",
    "gazetteoriental": "Africa/Casablanca",
    "seinematin": "Europe/Paris",
    "carnetsdusud": "Africa/Casablanca",
}
"""Outlet → IANA zone of the times on its pages."""

LANGUAGES = {
    "sadarabat": "ar",
    "annahda": "ar",
    "manbar24": "ar",
    "alofok": "ar",
    "majmaa": "ar",
    "pharedetroit": "fr",
    "gazetteoriental": "fr",
    "seinematin": "fr",
    "carnetsdusud": "fr",
}


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text, which blank lines separate; line breaks within one become spaces."""
    return tuple(" ".join(part.split("\n")).strip() for part in text.strip().split("\n\n") if part.strip())


def local(text: str, outlet: str) -> datetime:
    """An ISO local time of an outlet as an aware instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONES[outlet]))


def with_seconds(instant: datetime, story_id: str) -> datetime:
    """The instant with the seconds that a newsroom's clock would have added: always the same for one story."""
    return instant + timedelta(seconds=zlib.crc32(story_id.encode()) % 60) if instant.second == 0 else instant


def load_stories(folder: Path = STORIES) -> dict[str, Story]:
    """All stories by id, in order of publication: articles, and copies with the text they carry.

    Raises:
        ValueError: an id is used twice, a copy, an edit or a vanishing names none, an outlet is unknown, a copy is older than its
            original; the message names the id.
    """
    tables: dict[str, list[dict[str, Any]]] = {"article": [], "copy": [], "edit": [], "vanished": []}
    for file in sorted(folder.glob("*.toml")):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, table in tables.items():
            table.extend(document.get(name, []))

    edits: dict[str, list[dict[str, Any]]] = {}
    for edit in tables["edit"]:
        edits.setdefault(edit["of"], []).append(edit)

    gone: dict[str, list[tuple[int, str]]] = {}
    for entry in tables["vanished"]:
        gone.setdefault(entry["of"], []).extend((edition, entry["how"]) for edition in entry["editions"])

    found: dict[str, Story] = {}

    def add(story: Story) -> None:
        if story.id in found:
            raise ValueError(f"{story.id}: the id is used twice")
        found[story.id] = story

    def versions(entry: dict[str, Any], text: tuple[str, ...]) -> tuple[Version, ...]:
        changes = [Version(entry["title"], text)]
        for edit in sorted(edits.pop(entry["id"], []), key=lambda edit: str(edit["modified"])):
            title = edit["title"] or changes[-1].title
            changes.append(Version(title, paragraphs(edit["text"]), local(edit["modified"], entry["outlet"])))
        return tuple(changes)

    for entry in tables["article"]:
        if entry["outlet"] not in ZONES:
            raise ValueError(f"{entry['id']}: no outlet {entry['outlet']!r}; known: {', '.join(ZONES)}")
        add(
            Story(
                id=entry["id"],
                outlet=entry["outlet"],
                published=with_seconds(local(entry["published"], entry["outlet"]), entry["id"]),
                lang=LANGUAGES[entry["outlet"]],
                versions=versions(entry, paragraphs(entry["text"])),
                standfirst=entry.get("standfirst", ""),
                authors=tuple(entry.get("authors", [])),
                section=entry.get("section", ""),
                tags=tuple(entry.get("tags", [])),
                agency=entry.get("agency", ""),
                family=entry.get("family", "on_topic"),
                event=entry.get("event", ""),
                paywalled=entry.get("paywalled", False),
                undated=entry.get("undated", False),
                vanished=tuple(gone.pop(entry["id"], [])),
            )
        )

    for entry in tables["copy"]:
        if entry["of"] not in found:
            raise ValueError(f"{entry['id']}: a copy of {entry['of']!r}, which is no article")
        original = found[entry["of"]]
        if original.copy_of:
            raise ValueError(f"{entry['id']}: a copy of the copy {original.id}; name the original")
        body = original.versions[0].paragraphs
        keep, tail = entry.get("keep", 0), entry.get("tail", "")
        kept = (body[:keep] if keep else body) + paragraphs(tail)
        published = with_seconds(local(entry["published"], entry["outlet"]), entry["id"])
        if published < original.published:
            raise ValueError(f"{entry['id']}: older than {original.id}, which it copies")
        add(
            Story(
                id=entry["id"],
                outlet=entry["outlet"],
                published=published,
                lang=original.lang,
                versions=versions(entry, kept),
                section=entry.get("section", original.section),
                tags=tuple(entry.get("tags", [])),
                agency=original.agency,
                family=original.family,
                event=original.event,
                copy_of=original.id,
                copied_from=original.outlet,
                copy_kind="extended" if tail else "cut" if 0 < keep < len(body) else "whole",
            )
        )

    if edits or gone:
        raise ValueError(f"{', '.join([*edits, *gone])}: an edit or the vanishing of what is no article")
    return dict(sorted(found.items(), key=lambda item: (item[1].published, item[0])))
