"""What has changed between two states of a text, by paragraphs and, within a changed paragraph, by words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["kept", "removed", "added"]

# From this share of equal words on, one paragraph is the other rewritten; below it, it has been replaced.
_ALIKE = 0.4
_TOKEN = re.compile(r"\S+|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a paragraph that was kept, removed or added, as written."""

    kind: Kind
    text: str


Paragraph = list[Piece]


def changes(old: str, new: str) -> list[Paragraph]:
    """The paragraphs of two texts in reading order, each as its pieces; a paragraph that stayed is one kept piece.

    Args:
        old, new: paragraphs separated by line feeds.
    """
    before, after = old.split("\n"), new.split("\n")
    found: list[Paragraph] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [[Piece("kept", paragraph)] for paragraph in before[i:j]]
        else:
            found += _rewritten(before[i:j], after[k:m])
    return found


def _rewritten(before: Sequence[str], after: Sequence[str]) -> Iterator[Paragraph]:
    """The paragraphs between two that stayed: those that are alike are paired, in order, the others were removed or added."""
    done, waiting = 0, []
    for new in after:
        likeness = [(_likeness(old, new), -place) for place, old in enumerate(before[done:], done)]
        best, place = max(likeness, default=(0.0, 0))
        if best < _ALIKE:
            waiting.append(new)
            continue
        yield from _replaced(before[done:-place], waiting)
        yield _words(before[-place], new)
        done, waiting = 1 - place, []
    yield from _replaced(before[done:], waiting)


def _replaced(removed: Sequence[str], added: Sequence[str]) -> Iterator[Paragraph]:
    yield from ([Piece("removed", paragraph)] for paragraph in removed)
    yield from ([Piece("added", paragraph)] for paragraph in added)


def _likeness(old: str, new: str) -> float:
    return SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio()


def _words(old: str, new: str) -> Paragraph:
    """A rewritten paragraph; words that changed one after another are one piece."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    pieces: Paragraph = []

    def add(kind: Kind, tokens: list[str]) -> None:
        if tokens:
            pieces.append(Piece(kind, "".join(tokens)))

    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            add("kept", before[i:j])
        else:
            add("removed", before[i:j])
            add("added", after[k:m])
    return _joined(pieces)


def _joined(pieces: Paragraph) -> Paragraph:
    """Pieces without the lone spaces kept between changed words: "old words" → "new ones" reads better than word by word."""
    out: Paragraph = []
    removed, added = "", ""
    for number, piece in enumerate(pieces):
        changes_around = 0 < number < len(pieces) - 1
        if piece.kind == "kept" and not (changes_around and piece.text.isspace()):
            out += _flushed(removed, added)
            removed, added = "", ""
            out.append(piece)
        else:
            removed += piece.text if piece.kind != "added" else ""
            added += piece.text if piece.kind != "removed" else ""
    return out + _flushed(removed, added)


def _flushed(removed: str, added: str) -> Paragraph:
    pieces: Paragraph = [Piece("removed", removed)] if removed.strip() else []
    return [*pieces, Piece("added", added)] if added.strip() else pieces
