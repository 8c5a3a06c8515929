"""Arabic on a terminal: some put right-to-left text in order by themselves, some print letters as they come.

A terminal that knows the bidirectional algorithm gets each line of a cell as a run of its own (isolates, UAX 9), so that an
Arabic title does not carry the date beside it along. One that does not gets the line as it is to be seen, its letters joined.
A file or a pipe gets plain text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from commands.console import UsageFault
from language.printable import printable

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_QUOTED = re.compile("(?<=“)([^“”]+)(?=”)")
_MODES = ("terminal", "visual", "plain")
# Where there is no terminal, lines are not broken.
_ENDLESS = 1000
# Terminals that print letters as they come, by what they say of themselves.
_SIMPLE = ("ALACRITTY_WINDOW_ID", "KITTY_WINDOW_ID", "WT_SESSION", "XTERM_VERSION", "WEZTERM_PANE", "ITERM_SESSION_ID")


def mode(environment: Mapping[str, str] = os.environ, *, is_terminal: bool = True) -> str:
    """How right-to-left text is to be printed: "terminal" (it orders by itself), "visual" (as seen) or "plain".

    Raises:
        UsageFault: MARSAD_BIDI is none of these.
    """
    chosen = environment.get("MARSAD_BIDI", "")
    if chosen and chosen not in _MODES:
        raise UsageFault(f"MARSAD_BIDI={chosen}: write {', '.join(_MODES)}")
    if chosen or not is_terminal:
        return chosen or "plain"
    simple = environment.get("TERM") == "linux" or any(name in environment for name in _SIMPLE)
    return "visual" if simple else "terminal"


def shown(line: str, how: str) -> str:
    """One line of a cell as it is sent to the terminal."""
    if how == "plain" or not _RIGHT_TO_LEFT.search(line):
        return line
    if how == "terminal":
        return f"{_FIRST_STRONG_ISOLATE}{line}{_POP_ISOLATE}"
    import arabic_reshaper
    from bidi.algorithm import get_display

    return str(get_display(arabic_reshaper.reshape(line), base_dir=_direction(line)))


def lines(text: str, spans: Sequence[tuple[int, int]], console: Console, width: int, how: str) -> list[Text]:
    """A text in lines of a width, each put in order for itself: a run that a line's end cuts would lose its direction.

    Args:
        text: of a page; what could steer a terminal is written out.
        spans: of `text`, to be set off.
    """
    whole = Text(text)
    for start, end in spans:
        whole.stylize("bold", start, end)
    made = []
    for line in whole.wrap(console, width) if width < _ENDLESS else [whole]:
        plain = printable(line.plain.rstrip())
        # What had to be written out has moved the marks.
        own = [(span.start, span.end) for span in line.spans] if plain == line.plain.rstrip() else []
        made.append(_marked(plain, own, how))
    return made or [Text("")]


def sentence(how: str, *parts: str) -> Text:
    """A line of ours with words of pages in it: each part is made safe to print, and put in order for itself."""
    return Text("".join(shown(printable(part), how) for part in parts))


def quoting(how: str, line: str) -> Text:
    """A line of ours in which whatever pages say stands between “ and ”."""
    return sentence(how, *_QUOTED.split(line))


def in_order(line: Text, how: str) -> Text:
    """One coloured line, safe to print already; as it is seen it has no colours, for its letters have moved."""
    sent = shown(line.plain, how)
    if sent == line.plain:
        return line
    return Text(sent) if how == "visual" else Text.assemble(_FIRST_STRONG_ISOLATE, line, _POP_ISOLATE)


def _marked(line: str, spans: Sequence[tuple[int, int]], how: str) -> Text:
    """One line with its marks; as seen, whole words are marked."""
    text = Text(shown(line, how))
    if how == "visual" and text.plain != line:
        for start, end in spans:
            text.highlight_words([shown(line[start:end], how)], "bold")
        return text
    offset = int(text.plain != line)
    for start, end in spans:
        text.stylize("bold", start + offset, end + offset)
    return text


def _direction(line: str) -> str:
    """Of the first letter that has one (UAX 9, P2)."""
    letters = (character for character in line if character.isalpha())
    return "R" if _RIGHT_TO_LEFT.match(next(letters, "")) else "L"
