"""The grammar of a question: words that must all occur, "phrases", and -exclusions of either."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from language.tokens import Token, tokens

#: Of a question; a longer one is a mistake or an attack.
LONGEST, MOST_WORDS = 1000, 30

_OPENING = '"“”„«»‟″＂'
# A quoted run up to the next quotation mark or the end, or a run without blanks; each with its minus sign.
_PART = re.compile(
    rf"(?P<minus>[-−–])?(?:[{_OPENING}](?P<phrase>[^{_OPENING}]*)[{_OPENING}]?|(?P<word>[^\s{_OPENING}]+))"
)


_HAMZA = re.compile("[أإآ]")
# Where less is left, the word stands under its fuller form: والي is no إلى.
_ALIF = re.compile(r"^([وفبكل]{0,2})ا(?=ل(?:\W*\w){3})")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question.

    Attributes:
        stems: under which it stands.
        doubtful: under which it stands too, unless the first are surely words: زير for وزير.
    """

    stems: tuple[str, ...]
    doubtful: tuple[str, ...] = ()

    def meets(self, token: Token) -> bool:
        """Whether a word of a text may be this one."""
        return any(stem in self.stems or stem in self.doubtful for stem in token.stems)


@dataclass(frozen=True, slots=True)
class Asked:
    """One part of a question: a word, or several that stand side by side.

    Attributes:
        words: in order.
        written: as the person wrote it.
        excluded: whether no article may have it.
    """

    words: tuple[Word, ...]
    written: str
    excluded: bool = False

    @property
    def is_phrase(self) -> bool:
        """Whether its words must stand side by side."""
        return len(self.words) > 1

    def runs(self, spoken: Sequence[Token]) -> Iterator[Sequence[Token]]:
        """Where it stands in a text: the words of a phrase side by side."""
        for at in range(len(spoken) - len(self.words) + 1):
            run = spoken[at : at + len(self.words)]
            if all(word.meets(token) for word, token in zip(self.words, run, strict=True)):
                yield run


class QuestionError(ValueError):
    """A question that cannot be asked.

    Attributes:
        code: "wordless", "lengthy" or "wordy".
        values: what the sentence in another language says: `given` or `most`.
    """

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message)
        self.code, self.values = code, values


def read_question(text: str) -> list[Asked]:
    """The parts of a question.

    A word written with a hyphen or an apostrophe inside (porte-parole) is a phrase. A quotation mark that is not closed
    closes at the end.

    Raises:
        QuestionError: it is too long, or holds no word at all; the message is for the person who asked.
    """
    if len(text) > LONGEST:
        raise QuestionError("lengthy", f"the question is longer than {LONGEST} characters", most=str(LONGEST))
    parts = []
    for match in _PART.finditer(text):
        written = match["phrase"] if match["phrase"] is not None else match["word"]
        found = tuple(_asked(token, written) for token in tokens(written))
        if found:
            parts.append(Asked(found, written.strip(), excluded=match["minus"] is not None))
    if sum(len(part.words) for part in parts) > MOST_WORDS:
        raise QuestionError("wordy", f"the question has more than {MOST_WORDS} words", most=str(MOST_WORDS))
    if text.strip() and not parts:
        given = text.strip()[:80]
        raise QuestionError("wordless", f"“{given}” holds no word that could be looked for", given=given)
    return list(dict.fromkeys(parts))


def _asked(token: Token, text: str) -> Word:
    """A word of a question; people leave the hamza out, and a leading ال may then be the article or not: ألعاب, العاب."""
    first, *others = token.stems
    written = text[token.start : token.end]
    forms = (_HAMZA.sub("ا", written), _ALIF.sub(r"\1أ", written))
    stems = {first, *(form.stems[0] for spelled in forms for form in tokens(spelled))}
    return Word(tuple(sorted(stems)), tuple(stem for stem in others if stem not in stems))
