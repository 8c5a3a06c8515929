"""`scrapy diff URL`: how an article has changed, by paragraphs and words."""

from __future__ import annotations

import argparse

from rich.text import Text
from scrapy.commands import ScrapyCommand

from archive import queries
from commands import bidi, console
from commands.console import UsageFault, guarded, moment
from commands.show import capture_of, find_article
from language.changes import Paragraph, changes
from language.printable import printable

_STYLES = {"kept": "", "removed": "red strike", "added": "green underline"}
# Where there is no colour; the isolates (U+2068, U+2069) keep the marks beside their words in a line of Arabic.
_MARKS = {"kept": ("", ""), "removed": ("[-\u2068", "\u2069-]"), "added": ("{+\u2068", "\u2069+}")}


class Command(ScrapyCommand):
    """Show what has changed between two versions of an article; the last change where none are named."""

    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "URL [--from N] [--to M]"

    def short_desc(self) -> str:
        return "Show how an article has changed"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--from", dest="old", type=int, metavar="N", help="the older version (default: the one before)"
        )
        parser.add_argument(
            "--to", dest="new", type=int, metavar="M", help="the newer version (default: the present one)"
        )
        parser.add_argument("--full", action="store_true", help="print the paragraphs that have not changed too")

    @guarded
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageFault("write one URL: scrapy diff URL [--from N] [--to M]")
        database = console.open_archive(self.settings)
        article = find_article(self, database, args[0])
        if article is None:
            return
        states = {state["n"]: state for state in queries.states_of(database, article)}
        say = console.out.print
        say(article["url"], markup=False, style="bold")
        if len(states) == 1 and opts.old is None and opts.new is None:
            say(f"  It has one version, fetched {moment(article['version_at'])}: nothing has changed.", markup=False)
            return
        new = states.get(article["version"] if opts.new is None else opts.new)
        old = states.get((new["n"] - 1 if new else 0) if opts.old is None else opts.old)
        if old is None or new is None or old["n"] >= new["n"]:
            raise UsageFault(
                f"--from and --to: this article has the versions 1 to {article['version']}, the older first"
            )
        for state in (old, new):
            say(f"  Version {state['n']}, fetched {moment(state['at'])}{capture_of(state)}.", markup=False)
        say()
        show(changes(old["title"], new["title"]), full=True, style="bold")
        say()
        show(changes(old["text"], new["text"]), full=opts.full)


def show(paragraphs: list[Paragraph], *, full: bool = False, style: str = "") -> None:
    """Print paragraphs with their changes; those without are counted."""
    how = bidi.mode(is_terminal=console.out.is_terminal)
    same = 0
    for paragraph in paragraphs:
        unchanged = all(piece.kind == "kept" for piece in paragraph)
        if unchanged and not full:
            same += 1
            continue
        _tell_same(same)
        same = 0
        for line in _rendered(paragraph, style, how):
            console.out.print(line, soft_wrap=True)
    _tell_same(same)


def _tell_same(count: int) -> None:
    if count:
        console.out.print(f"  … {count} paragraph{'s' if count > 1 else ''} unchanged …", style="dim", markup=False)


def _rendered(paragraph: Paragraph, style: str, how: str) -> list[Text]:
    """A paragraph in lines, what pages wrote made safe to print; as it is seen, changes have marks and no colours."""
    whole = Text(style=style)
    for piece in paragraph:
        text = printable(piece.text)
        if console.out.is_terminal and how != "visual":
            whole.append(text, _STYLES[piece.kind])
        else:
            # The spaces around a change stay outside its marks.
            bare = text.strip()
            start = text.index(bare) if bare else 0
            opening, closing = _MARKS[piece.kind]
            if how == "visual":
                # What puts letters in order for such a terminal knows no isolates.
                opening, closing = opening.rstrip("\u2068"), closing.lstrip("\u2069")
            whole.append(f"{text[:start]}{opening}{bare}{closing}{text[start + len(bare) :]}")
    if how == "plain":
        return [whole]
    return [bidi.in_order(line, how) for line in whole.wrap(console.out, console.out.width)]
