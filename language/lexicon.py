"""The lexicon of the topic and how it is found in a text: persons, services, places, demonyms, events, concepts,
neighbours.

The entries are data, in language/lexicon/*.toml: one file a kind, one table an entry; README.md beside them says what each
field means. Matching works on words. Each word of a text is folded once and mapped to the forms it may stand for (an Arabic
word without its clitics and endings, a French one without its plural, feminine or glued elision); phrases are then walked in
a trie, longest match first. One pass, one trie for both scripts: an Arabic page that writes "DGSN" is read like a French one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from language.normalize import fold

Kind = Literal["person", "service", "place", "demonym", "event", "concept", "neighbour"]
Side = Literal["FR", "MA", "both", "other", "none"]
Aspect = Literal["terrorism", "drugs", "migration", "intelligence", "judicial", "cyber", "events", "diplomacy"]

DIRECTORY = Path(__file__).with_name("lexicon")
_FILES: dict[str, Kind] = {
    "persons": "person",
    "services": "service",
    "places": "place",
    "demonyms": "demonym",
    "events": "event",
    "concepts": "concept",
    "neighbours": "neighbour",
}

# A word with whatever a writer may put inside it that is no letter: harakat and tatweel, combining accents, joiners and
# direction marks.
_WORD = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufeff])*")
_ARABIC = re.compile("[\u0620-\u064a]")
# Conjunctions, then prepositions: the chains Arabic writes onto a word, before the article.
_CLITICS = ("وف", "بكل")
_ENDINGS = ("هما", "تين", "تان", "ين", "ون", "ات", "ان", "ها", "هم", "نا", "ه", "ا", "و")
_PRONOUNS = ("هما", "ها", "هم", "نا", "ه")
_JOINED = frozenset({"عبد", "الدار", "ابو", "ابا", "نور", "بو"})
_GLUED = re.compile("(?:qu|[cdjlmns])(?=[aeiouyh])")
_ACRONYM = re.compile("[A-Z]{3,6}")


class LexiconError(ValueError):
    """The lexicon's data is wrong; the message names the file and the entry."""


class Office(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What a person was, and when.

    Attributes:
        title: the office in words.
        since: first day ("from" in the TOML).
        until: first day no longer in office; None while it lasts.
    """

    title: str
    since: date
    until: date | None = None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry of the lexicon. The README beside the data says how the weights are read.

    Attributes:
        id: "<kind>:<key>", never reused for anything else.
        kind: from the file.
        side: whose it is; "other" for third countries, "none" for what takes no side.
        ar, fr: names; the longest one found counts.
        short: names too common to count alone: they count where a full name of the entry stands in the text too, or where
            `needs` is met.
        needs: what else the text must hold: "FR", "MA", "security", an aspect, a country's code; "-DZ" what it must not;
            "MA|-DZ" one of the two. It speaks of `short` where there are short names, of all names otherwise. Names that
            need company are nobody's company.
        strength: 0..1, how surely the name stands for the side.
        security: 0..1, how surely it says that a text is about security.
        link: 0..1, how surely it says that two parties have to do with each other.
        crosses: of concepts that concern two states by their nature (extradition, readmission): with them, where a person
            comes from tells which state.
        body: the name of a kind of body (police, court, customs): with a country, a town or a demonym right after it, it is
            one that acts for that side.
        person_only: the name says where a person is from, not which state acts.
        country: ISO 3166-1 alpha-2 of third countries.
        stands_for: of demonyms, the entries that are found with them: "marocain" is a mention of Morocco.
        theme: what a neighbour is about.
        aspects: of the closed list.
        offices: of a person, in time.
    """

    id: str
    kind: Kind
    side: Side = "none"
    ar: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    strength: float = 1.0
    security: float = 0.0
    link: float = 0.0
    crosses: bool = False
    body: bool = False
    person_only: bool = False
    country: str = ""
    stands_for: tuple[str, ...] = ()
    theme: str = ""
    aspects: tuple[Aspect, ...] = ()
    offices: tuple[Office, ...] = ()

    def in_office(self, day: date) -> bool:
        """Whether a person held one of the offices that day; true for whatever has no offices."""
        return not self.offices or any(o.since <= day and (o.until is None or day < o.until) for o in self.offices)


# msgspec prepares a type at its first use, and dies of a segmentation fault where two threads do so at once (0.22, measured);
# nobody else can be at it while a module is imported.
msgspec.json.Decoder(Entry)


class Hit(NamedTuple):
    """An entry found in a text.

    Attributes:
        entry: what was found.
        start, end: offsets in the text as given, end exclusive.
        word: number of the first word, from 0.
    """

    entry: Entry
    start: int
    end: int
    word: int


class _Node:
    """A word on the way through the phrases."""

    __slots__ = ("children", "entry", "needy")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.entry: Entry | None = None
        self.needy = False


def _arabic_forms(word: str) -> Iterator[str]:
    """What an Arabic word may stand for: without its clitics, with and without its article, then without its ending."""
    stems = [word]
    rest = word
    for clitics in _CLITICS:
        if len(rest) > 3 and rest[0] in clitics:
            # "لل" is ل with an article that lost its alif.
            if rest.startswith("لل"):
                stems.append("ال" + rest[2:])
            rest = rest[1:]
            stems.append(rest)
    stems += [stem[2:] for stem in stems if len(stem) > 4 and stem.startswith("ال")]
    yield from stems
    for stem in stems:
        if not stem.endswith(_ENDINGS):
            continue
        for ending in _ENDINGS:
            if stem.endswith(ending) and len(stem) - len(ending) >= 3:
                base = stem[: -len(ending)]
                yield base
                # ة is written ت before a pronoun: شرطتها is شرطة with ها.
                if ending in _PRONOUNS and base.endswith("ت"):
                    yield base[:-1] + "ه"


def _french_forms(word: str) -> Iterator[str]:
    """What a French word may stand for: itself, its singular, its masculine; then the same without a glued elision."""
    glued = _GLUED.match(word) if len(word) >= 6 else None
    for form in (word, word[glued.end() :]) if glued else (word,):
        yield form
        if len(form) > 3 and form[-1] in "sx":
            yield form[:-1]
        if len(form) > 5 and form.endswith("es"):
            yield form[:-2]
        elif len(form) > 4 and form.endswith("e"):
            yield form[:-1]


class Lexicon:
    """The entries, ready to be found.

    Attributes:
        entries: by id.
        version: twelve hexadecimal digits that change with the data.
    """

    def __init__(self, entries: Iterable[Entry], version: str = "") -> None:
        self.entries: dict[str, Entry] = {}
        self.version = version
        self._root = _Node()
        self._vocabulary: set[str] = set()
        for entry in entries:
            if entry.id in self.entries:
                raise LexiconError(f"{entry.id}: the identifier is given twice")
            self.entries[entry.id] = entry
            for name in (*entry.ar, *entry.fr):
                self._add(entry, name, needy=bool(entry.needs) and not entry.short)
            for name in entry.short:
                self._add(entry, name, needy=True)
        self._forms = lru_cache(maxsize=1 << 16)(self._read_word)

    def _add(self, entry: Entry, name: str, *, needy: bool) -> None:
        phrases = [[fold(match.group()) for match in _WORD.finditer(name)]]
        if _ACRONYM.fullmatch(name):
            phrases.append(list(name.lower()))
        # عبد اللطيف and the like, and الدار البيضاء, are as often written in one word.
        for i, word in enumerate(phrases[0][:-1]):
            if word in _JOINED:
                phrases.append([*phrases[0][:i], word + phrases[0][i + 1], *phrases[0][i + 2 :]])
        for phrase in phrases:
            if not phrase:
                raise LexiconError(f"{entry.id}: the name {name!r} has no words")
            node = self._root
            for word in phrase:
                self._vocabulary.add(word)
                node = node.children.setdefault(word, _Node())
            if node.entry is not None and node.entry is not entry:
                raise LexiconError(f"{entry.id}: the name {name!r} belongs to {node.entry.id} already")
            if node.entry is None:
                node.entry, node.needy = entry, needy

    def _read_word(self, word: str) -> tuple[str, ...]:
        """The words of the lexicon that a word of a text may stand for, nearest first."""
        folded = fold(word)
        forms = _arabic_forms(folded) if _ARABIC.search(folded) else _french_forms(folded)
        return tuple(dict.fromkeys(form for form in forms if form in self._vocabulary))

    def _longest(self, words: list[tuple[str, ...]], at: int) -> tuple[_Node | None, int]:
        """The longest phrase that begins at a word: its last node and the number after its last word.

        The words end with one that stands for nothing.
        """
        best: tuple[_Node | None, int] = (None, at)
        first = self._root.children
        level = [first[form] for form in words[at] if form in first]
        position = at + 1
        while level:
            for node in level:
                if node.entry is not None:
                    best = (node, position)
                    break
            forms = words[position]
            if not forms:
                break
            position += 1
            level = [node.children[form] for node in level if node.children for form in forms if form in node.children]
        return best

    def find(self, text: str) -> list[Hit]:
        """Every entry in a text, in order, none inside another; names that need company only where they have it.

        Args:
            text: as written.
        Returns:
            The hits. Linear in the text.
        """
        return self.find_all((text,))[0]

    def find_all(self, texts: Iterable[str]) -> list[list[Hit]]:
        """`find` in the parts of one article: a part keeps its own offsets, company may stand in any of them."""
        found: list[list[tuple[Hit, bool]]] = [self._walk(text) for text in texts]
        sure: set[str] = set()
        for part in found:
            for hit, needy in part:
                if not needy:
                    sure.add(hit.entry.id)
                    sure.update(_tags(hit.entry))
        return [[hit for hit, needy in part if not needy or _has_company(hit.entry, sure)] for part in found]

    def _walk(self, text: str) -> list[tuple[Hit, bool]]:
        """Every entry in a text, with whether its name needs company."""
        forms = self._forms
        first = self._root.children
        opens_no_phrase = first.keys().isdisjoint
        matches = list(_WORD.finditer(text))
        words = [forms(match[0]) for match in matches]
        words.append(())
        found = []
        skip = 0
        for number, word in enumerate(words):
            if not word or number < skip or opens_no_phrase(word):
                continue
            node: _Node | None
            if len(word) == 1 and not (words[number + 1] and first[word[0]].children):
                node, end = first[word[0]], number + 1
            else:
                node, end = self._longest(words, number)
            if node is not None and node.entry is not None:
                hit = Hit(node.entry, matches[number].start(), matches[end - 1].end(), number)
                found.append((hit, node.needy))
                skip = end
        return found


@cache
def _tags(entry: Entry) -> tuple[str, ...]:
    """What an entry gives to names that need company."""
    tags: list[str] = list(entry.aspects)
    if entry.side == "both":
        tags += ["FR", "MA"]
    elif entry.side in ("FR", "MA") and not entry.person_only:
        tags.append(entry.side)
    elif entry.side == "other":
        tags.append(entry.country)
    if entry.security >= 0.5:
        tags.append("security")
    return tuple(tags)


def _has_company(entry: Entry, sure: set[str]) -> bool:
    """Whether what a needy name needs stands in the text."""
    if entry.short and entry.id in sure:
        return True
    if not entry.needs:
        return False
    for need in entry.needs:
        if not any(tag[1:] not in sure if tag.startswith("-") else tag in sure for tag in need.split("|")):
            return False
    return True


def read_entries(directory: Path = DIRECTORY) -> list[Entry]:
    """The entries of a directory of TOML files, checked.

    Raises:
        LexiconError: naming the file and the entry.
    """
    entries = []
    for stem, kind in _FILES.items():
        path = directory / f"{stem}.toml"
        for key, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            fields: dict[str, Any] = {**table, "id": f"{kind}:{key}", "kind": kind}
            try:
                entries.append(msgspec.convert(fields, Entry))
            except msgspec.ValidationError as error:
                raise LexiconError(f"{path.name}: [{key}]: {error}") from error
    known = {entry.id for entry in entries}
    for entry in entries:
        for identifier in entry.stands_for:
            if identifier not in known:
                raise LexiconError(f"{entry.id}: stands_for names {identifier}, which is not in the lexicon")
    return entries


def _version(directory: Path = DIRECTORY) -> str:
    digest = sha256()
    for stem in sorted(_FILES):
        digest.update((directory / f"{stem}.toml").read_bytes())
    return digest.hexdigest()[:12]


@cache
def load() -> Lexicon:
    """The lexicon of the topic, read once a process."""
    return Lexicon(read_entries(), LEXICON_VERSION)


LEXICON_VERSION = _version()
