"""What has changed between two states of a text, by paragraphs and, within a changed paragraph, by words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import Indel

Kind = Literal["kept", "removed", "added"]

# From this share of equal words on, one paragraph is the other rewritten; below it, it has been replaced.
_ALIKE = 0.4
# Among so many paragraphs the one that was rewritten is looked for: all pairs of a hostile text would take minutes.
_NEAR = 40
# Pairs of parts, an eighth of a byte each while they are compared; where there are more, all has been replaced.
_MOST = 1_000_000_000


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
    for is_equal, removed, added in _runs(before, after):
        found += [[Piece("kept", paragraph)] for paragraph in removed] if is_equal else _rewritten(removed, added)
    return found


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """Two sequences as runs that are equal or not, by turns; as much as can be is equal."""
    if len(before) * len(after) > _MOST:
        yield False, before, after
        return
    for is_equal, steps in groupby(Indel.opcodes(before, after), lambda step: step.tag == "equal"):
        run = list(steps)
        yield is_equal, before[run[0].src_start : run[-1].src_end], after[run[0].dest_start : run[-1].dest_end]


def _rewritten(before: Sequence[str], after: Sequence[str]) -> Iterator[Paragraph]:
    """The paragraphs between two that stayed: those that are alike are paired, in order, the others were removed or added."""
    done, waiting = 0, []
    spoken = [old.split() for old in before]
    for new in after:
        said = new.split()
        likeness = [(_likeness(old, said), -place) for place, old in enumerate(spoken[done : done + _NEAR], done)]
        best, place = max(likeness, default=(0.0, 0))
        if best < _ALIKE:
            waiting.append(new)
            continue
        yield from _replaced(before[done:-place], waiting)
        if pieces := _words(before[-place], new):
            yield pieces
        done, waiting = 1 - place, []
    yield from _replaced(before[done:], waiting)


def _replaced(removed: Sequence[str], added: Sequence[str]) -> Iterator[Paragraph]:
    yield from ([Piece("removed", paragraph)] for paragraph in removed)
    yield from ([Piece("added", paragraph)] for paragraph in added)


def _likeness(old: Sequence[str], new: Sequence[str]) -> float:
    # Most pairs differ too much in length for anything else to matter.
    if 2 * min(len(old), len(new)) < _ALIKE * (len(old) + len(new)):
        return 0.0
    return float(Indel.normalized_similarity(old, new))


def _words(old: str, new: str) -> Paragraph:
    """A rewritten paragraph; words that changed one after another are one piece, and the spaces around it are kept."""
    runs = list(_runs(_split(old), _split(new)))
    pieces: Paragraph = []
    for number, (is_equal, removed, added) in enumerate(runs, 1):
        if is_equal:
            before, after = " " * (number > 1), " " * (number < len(runs))
            pieces.append(Piece("kept", f"{before}{' '.join(added)}{after}"))
        else:
            pieces += [Piece("removed", " ".join(removed))] if removed else []
            pieces += [Piece("added", " ".join(added))] if added else []
    return pieces


def _split(paragraph: str) -> list[str]:
    # At plain spaces alone: what a no-break space holds together changes together.
    return [word for word in paragraph.split(" ") if word]
