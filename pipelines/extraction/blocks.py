"""The blocks of a page: paragraphs for pages that have them only for the eye, and the block that holds most prose."""

from __future__ import annotations

from lxml import etree
from lxml.html import HtmlElement

from pipelines.extraction.markup import INLINE, link_share, spaced_text, text_length

Line = tuple[str, str]
"""A tag ("head", "p", "row" …) and the text of a line."""

_TEXT_TAGS = ("p", "h2", "h3", "h4", "li", "blockquote", "pre")
GLUED = 400
"""Characters; a longer line may be several in one."""
_LINE_TAGS = {"h2": "head", "h3": "head", "h4": "head", "tr": "row"}
_SENTENCE_END = ".!?…؟:;،"
_CLOSING = "\"'»”’)] "

# Half a line of a newspaper's column; shorter runs of text are menus, labels and dates.
_LONG_TEXT = "string-length(.) > 60"
_ANY_PROSE = etree.XPath(f"descendant::text()[{_LONG_TEXT}][not(ancestor::a)]", smart_strings=False)
_MARKED_PROSE = etree.XPath(
    f"descendant::text()[{_LONG_TEXT}][not(ancestor::a)][ancestor::p or ancestor::li or ancestor::blockquote or ancestor::h2]",
    smart_strings=False,
)
_IN_LINE = INLINE | {"img", "input", "label"}
_GRID = frozenset(["table", "tbody", "thead", "tfoot", "tr", "td", "th"])
_HOLDERS = _GRID | frozenset(
    [
        "div",
        "section",
        "article",
        "main",
        "body",
        "center",
        "form",
        "fieldset",
        "blockquote",
        "dd",
        "dl",
        "dt",
        "font",
        "span",
        "b",
    ]
)
_LONG_CELL = 150
_MANY_LINES = 400


def ends_like_a_sentence(line: str) -> bool:
    """Whether a line's last mark, closing quotes and brackets aside, is one that sentences end with."""
    return line.rstrip(_CLOSING)[-1:] in tuple(_SENTENCE_END)


def _is_sentence(line: str) -> bool:
    return len(line) >= 50 and ends_like_a_sentence(line)


def prose(lines: list[Line]) -> int:
    """Characters of the lines that end like sentences."""
    return sum(len(line) for _, line in lines if ends_like_a_sentence(line))


def lacks_paragraphs(work: HtmlElement) -> bool:
    """Whether less than a third of a page's running text stands in paragraphs, so that others than `<p>` part it."""
    everything = sum(map(len, _ANY_PROSE(work)))
    return everything > 0 and sum(map(len, _MARKED_PROSE(work))) < 0.33 * everything


def _is_grid(table: HtmlElement) -> bool:
    """Whether a table lays out a page, rather than holding data: prose or blocks in its cells, or a single row."""
    if next(table.iterdescendants("table", "div", "p", "form", "h1", "h2", "hr", "img"), None) is not None:
        return True
    rows = list(table.iter("tr"))
    return len(rows) < 2 or any(text_length(cell) > _LONG_CELL for cell in table.iter("td"))


def _wrap_runs(holder: HtmlElement) -> None:
    """Makes a paragraph of each run of text and inline elements inside a holder; line breaks and blocks part runs."""
    children = list(holder)
    first, holder.text = holder.text, None
    for child in children:
        holder.remove(child)
    paragraph: HtmlElement | None = None

    def add(text: str | None) -> None:
        nonlocal paragraph
        if not text or (paragraph is None and text.isspace()):
            return
        if paragraph is None:
            paragraph = etree.SubElement(holder, "p")
        if len(paragraph):
            paragraph[-1].tail = (paragraph[-1].tail or "") + text
        else:
            paragraph.text = (paragraph.text or "") + text

    add(first)
    for child in children:
        tail, child.tail = child.tail, None
        if child.tag == "br":
            paragraph = None
        elif child.tag in _IN_LINE:
            if paragraph is None:
                paragraph = etree.SubElement(holder, "p")
            paragraph.append(child)
        else:
            paragraph = None
            holder.append(child)
        add(tail)


def give_paragraphs(work: HtmlElement) -> None:
    """Turns the grid tables of a page into blocks and its runs of bare text into paragraphs, in place.

    For pages whose paragraphs are parted by `<br>` or stand in plain `<div>`s or table cells: what finds the main text
    counts paragraphs.
    """
    for table in list(work.iter("table")):
        if _is_grid(table):
            for element in list(table.iter()):
                if element.tag in _GRID and next(element.iterancestors("table"), table) is table:
                    element.tag = "div"
    # Children come before their parents, so that what breaks inside an inline element makes it a block for its parent.
    for element in reversed(list(work.iter())):
        if element.tag not in _HOLDERS or element.tag in _GRID:
            continue
        blocks = any(child.tag not in _IN_LINE for child in element)
        if element.tag in _IN_LINE or element.tag == "center":
            if not blocks:
                continue
            element.tag = "div"
        elif not blocks and element.tag in ("div", "center", "dd", "dt"):
            element.tag = "p"
            continue
        if blocks or element.text:
            _wrap_runs(element)


def lines_of(blocks: list[HtmlElement], *, bare: bool = True) -> list[Line]:
    """The paragraphs, headings, list items and rows of figures of blocks; with `bare`, a block without any is one line."""
    lines: list[Line] = []
    for block in blocks:
        parts = [
            element
            for element in block.iter(*_TEXT_TAGS, "tr")
            if next(element.iterancestors(*_TEXT_TAGS), None) is None
            and (element.tag != "tr" or next(element.iterdescendants(*_TEXT_TAGS, "div", "table"), None) is None)
        ]
        for element in parts or [block] * bare:
            text = spaced_text(element)
            if text and link_share(element) < 0.6:
                lines.append((_LINE_TAGS.get(element.tag, "p"), text))
    return lines


def densest(work: HtmlElement) -> list[Line]:
    """The lines of the block that holds most prose, by the lengths of its paragraphs; [] where there is little.

    A paragraph counts for its parent in full and for its grandparent by half, as readability (Arc90, 2009) had it.
    """
    scores: dict[HtmlElement, float] = {}
    for paragraph in work.iter("p"):
        length = text_length(paragraph)
        parent = paragraph.getparent()
        if length < 40 or parent is None:
            continue
        length -= sum(text_length(link) for link in paragraph.iter("a"))
        if length < 40:
            continue
        scores[parent] = scores.get(parent, 0.0) + length
        if (above := parent.getparent()) is not None:
            scores[above] = scores.get(above, 0.0) + length / 2
    if not scores:
        return []
    top = max(scores, key=lambda element: scores[element])
    if scores[top] < 400:
        return []
    # An article cut into sections by advertisements is in several blocks of one kind.
    kind = (top.tag, top.get("class"))
    blocks = (
        [top]
        if not kind[1]
        else [
            element
            for element in work.iter(top.tag)
            if element is top or (element in scores and element.get("class") == kind[1])
        ]
    )
    chosen = set(blocks)
    return lines_of([block for block in blocks if not any(ancestor in chosen for ancestor in block.iterancestors())])


def within(rendered: list[Line], block: list[Line]) -> list[Line]:
    """The lines a block holds and those between them, for lines of which the block holds most.

    What stands before the block is kept where it is prose (a standfirst, a first paragraph above an image), what stands
    after it where it is so much prose that the article goes on there.
    """
    own = {line for _, line in block}
    # What was parted otherwise by the two is looked for in the whole, on pages of a size where that costs nothing.
    whole = "\n".join(line for _, line in block) if len(rendered) < _MANY_LINES else ""
    inside = [index for index, (_, line) in enumerate(rendered) if line in own or line in whole]
    if not inside or 2 * sum(len(rendered[index][1]) for index in inside) < prose(rendered):
        return rendered
    first, last = inside[0], inside[-1] + 1
    long = [index for index, (_, line) in enumerate(rendered[:first]) if len(line) >= 80 or _is_sentence(line)]
    # Of three and more the rest goes between them: an article in blocks, a summary in points.
    before = rendered[long[0] : first] if len(long) > 2 else [rendered[index] for index in long]
    after = rendered[last:]
    goes_on = sum(len(line) for _, line in after if len(line) >= 80 and ends_like_a_sentence(line))
    return before + rendered[first:last] + (after if goes_on > 0.15 * prose(block) else [])


def is_glued(rendered: list[Line], block: list[Line]) -> bool:
    """Whether one of the long lines holds several of a block's paragraphs."""
    own = {line for _, line in block}
    paragraphs = [line for _, line in block[:40] if len(line) >= 40]
    long = [line for _, line in rendered if len(line) > GLUED and line not in own]
    return any(sum(paragraph in line for paragraph in paragraphs) > 1 for line in long[:10])
