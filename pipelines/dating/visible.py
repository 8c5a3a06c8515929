"""The date lines that a reader of a page sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from lxml.html import HtmlElement

from language.months import GREGORIAN, WEEKDAYS, alternatives
from language.normalize import fold
from pipelines.dating.boxes import CLOSE, is_out, is_own_side, shares_box, text_of, upwards
from pipelines.dating.evidence import MODIFIED, PUBLISHED, Setting, Statement
from pipelines.dating.lines import DateReading, label_of, read_lines

_INLINE = frozenset(
    (
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "label", "mark", "q", "s", "small", "span", "strike",
        "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "data",
    )
)  # fmt: skip
_DATE_CLASS = re.compile(
    r"date|time|publi|posted|byline|meta|infos?(?:$|[\s_-])|heure|author|tarikh|horodat", re.IGNORECASE
)
_WORTH = re.compile(r"\d|hier|منذ|قبل|أمس|امس|aujourd|اليوم|il y a", re.IGNORECASE)
_PIECE = re.compile(
    rf"[\s,،:|•/-]*(?:\d{{1,4}}|\d{{1,2}} ?[:h] ?\d{{2}}|(?:{alternatives(WEEKDAYS)}|{alternatives(GREGORIAN)})\.?|\d{{1,2}} {alternatives(GREGORIAN)}\.?"
    rf"|{alternatives(GREGORIAN)}\.? \d{{1,4}})[\s,،:|•/-]*"
)
_LONGEST_PIECE, _MOST_PIECES = 16, 5
_MOST_READ = 150
_LABEL_REST, _NAMED_REST, _BARE_REST, _LONGEST_LABEL = 120, 60, 30, 40
_LINES_BELOW, _NEAR_NAMED, _NEAR_BELOW, _NEAR_ABOVE = 400, 14, 6, 5
_LONGEST_DATE_LINE = 240


@dataclass(frozen=True, slots=True)
class _VisibleLine:
    text: str
    element: HtmlElement
    place: int


def from_visible(tree: HtmlElement, setting: Setting, heading: HtmlElement | None) -> Iterator[Statement]:
    """The date lines a reader sees by the title: labelled ones ("Publié le …") anywhere in the article, bare ones beside it.

    A bare line above the title counts only where it shares the title's box, and not with today's date: that is a masthead.
    Where the article's column says nothing, the boxes at its side that belong to it (`aside` in `article`) are read too.
    """
    body = tree if tree.tag == "body" else tree.find(".//body")
    if body is None:
        body = tree
    found = list(_beside(_lines(body, heading, sides=False), setting, heading))
    if heading is not None and not any(statement.says == PUBLISHED for statement in found):
        sides = _beside(_lines(body, heading, sides=True), setting, heading)
        found += [replace(statement, weight=min(statement.weight, 2.0)) for statement in sides]
    yield from found


def _beside(every: Iterable[_VisibleLine], setting: Setting, heading: HtmlElement | None) -> Iterator[Statement]:
    """What the lines about a title say, the best statement of each kind."""
    lines = list(every)
    title_at = next((index for index, line in enumerate(lines) if line.element is heading), None)
    if title_at is not None:
        first = max(0, title_at - 2 * _NEAR_ABOVE)
        lines, title_at = lines[first:], title_at - first
    box = frozenset(list(upwards(heading))[:CLOSE])
    labelled: list[Statement] = []
    far: list[Statement] = []
    bare: list[tuple[int, Statement]] = []
    for index, text, element in islice(_windows(lines), _MOST_READ):
        if index == title_at:
            continue
        distance = None if title_at is None else index - title_at
        for reading in read_lines(text, language=setting.language, local=setting.local, now=setting.now):
            rest = len(fold(text)) - len(fold(reading.raw))
            if reading.says:
                near = distance is not None and -_NEAR_ABOVE <= distance <= _NEAR_NAMED
                if rest < _LABEL_REST:
                    (labelled if near else far).append(_statement(reading, reading.says, 3.5))
                continue
            weight = _bare_weight(reading, text, rest, element, distance, box, setting)
            if weight:
                # Below the title comes before above it, near before far.
                order = index if distance is None else distance if distance >= 0 else 100 - distance
                bare.append((order, _statement(reading, PUBLISHED, weight)))
    for says in (PUBLISHED, MODIFIED):
        alone = [statement for statement in far if statement.says == says]
        one_day = len({statement.reading.instant.date() for statement in alone}) == 1
        if one_day and not any(statement.says == says for statement in labelled):
            # Several labelled dates far from the title are those of other articles or of comments.
            labelled.append(alone[0])
        yield from [statement for statement in labelled if statement.says == says][:1]
    if bare and not any(statement.says == PUBLISHED for statement in labelled):
        yield min(bare, key=lambda pair: pair[0])[1]


def _bare_weight(
    reading: DateReading,
    text: str,
    rest: int,
    element: HtmlElement,
    distance: int | None,
    box: frozenset[HtmlElement],
    setting: Setting,
) -> float:
    """The weight of a date line without label, 0 where it does not stand as an article's date stands.

    Args:
        rest: characters of the line beside the date.
        distance: lines below the title, negative above it, None where the page shows no title.
    """
    named = bool(_DATE_CLASS.search(_names(element)))
    relative_day = reading.method == "relative" and reading.precision == "day"
    if relative_day or rest > (_NAMED_REST if named or _leads(text, reading) else _BARE_REST):
        return 0.0
    if distance is None:
        return 1.5 if named and reading.method != "relative" else 0.0
    if distance >= 0:
        if distance > (_NEAR_NAMED if named else _NEAR_BELOW):
            return 0.0
        return 3.0 if named else 2.5
    masthead = (
        distance < -_NEAR_ABOVE or rest > _BARE_REST or not shares_box(element, box) or _is_today(reading, setting)
    )
    return 0.0 if masthead else 2.5 if named else 2.0


def _statement(reading: DateReading, says: str, weight: float) -> Statement:
    """A visible statement; relative words lean on the moment of fetching being that of writing, which a cache undoes."""
    return Statement(reading, "visible", says, min(weight, 1.8) if reading.method == "relative" else weight)


def _leads(text: str, reading: DateReading) -> bool:
    """Whether a line begins with its date, a weekday apart."""
    return 0 <= text.find(reading.raw) <= 12


def _windows(lines: list[_VisibleLine]) -> Iterator[tuple[int, str, HtmlElement]]:
    """The lines worth reading, and runs of pieces of a date joined: "24", "Nov", "2023" in boxes of their own."""
    for index, line in enumerate(lines):
        if len(line.text) <= _LONGEST_DATE_LINE and _WORTH.search(line.text):
            yield index, line.text, line.element
        elif len(line.text) <= _LONGEST_LABEL and index + 1 < len(lines) and label_of(line.text):
            # "Mise en ligne" in one box, "24 novembre 2023" in the next.
            value = lines[index + 1].text
            if len(value) <= _LONGEST_LABEL and _WORTH.search(value):
                yield index, f"{line.text} {value}", line.element
        run: list[str] = []
        for other in lines[index : index + _MOST_PIECES]:
            if not _is_piece(other.text):
                break
            run.append(other.text)
        if len(run) > 1 and not (index and _is_piece(lines[index - 1].text)):
            yield index, " ".join(run), line.element


def _is_piece(text: str) -> bool:
    return len(text) <= _LONGEST_PIECE and bool(_PIECE.fullmatch(fold(text)))


def _names(element: HtmlElement) -> str:
    parent = element.getparent()
    return " ".join(
        f"{node.get('class') or ''} {node.get('id') or ''}" for node in (element, parent) if node is not None
    )


def _is_today(reading: DateReading, setting: Setting) -> bool:
    return reading.instant.astimezone(setting.local).date() == setting.now.astimezone(setting.local).date()


def _lines(body: HtmlElement, heading: HtmlElement | None, *, sides: bool) -> Iterator[_VisibleLine]:
    """The text of a page in lines as its blocks make them, without the parts that speak of other things.

    Args:
        sides: read the side boxes of the article too.
    """
    keep = frozenset(upwards(heading))
    pieces: list[str] = []
    owner = body
    place = after = 0

    def flush() -> Iterator[_VisibleLine]:
        nonlocal place
        text = " ".join(" ".join(pieces).split())
        pieces.clear()
        if text:
            place += 1
            yield _VisibleLine(text, owner, place)

    stack: list[tuple[HtmlElement, bool]] = [(body, False)]
    while stack:
        element, leaving = stack.pop()
        if not isinstance(element.tag, str):
            if element.tail and not leaving:
                pieces.append(element.tail)
            continue
        block = element.tag not in _INLINE
        if leaving:
            if block:
                yield from flush()
            if element.tail and element is not body:
                owner = element.getparent()
                pieces.append(element.tail)
            continue
        if heading is not None and element is heading:
            yield from flush()
            place += 1
            yield _VisibleLine(text_of(element) or "·", element, place)
            after = place
            if element.tail:
                pieces.append(element.tail)
            continue
        if after and place - after > _LINES_BELOW:
            return
        if element not in keep and element is not body and is_out(element) and not (sides and is_own_side(element)):
            yield from flush()
            if element.tail:
                pieces.append(element.tail)
            continue
        if block:
            yield from flush()
        if element.text:
            owner = element
            pieces.append(element.text)
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))
    yield from flush()
