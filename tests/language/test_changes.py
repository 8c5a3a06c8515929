"""What has changed between two versions is told by paragraphs and words, and nothing is lost or invented."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from language.changes import Paragraph, changes

OLD = "Trois remorqueurs sont attendus lundi à Larmont.\nLa capitainerie ne dit rien.\nLe port rouvre mardi."


def side(found: list[Paragraph], kind: str) -> str:
    """One of the two texts, put together again."""
    lines = ["".join(piece.text for piece in paragraph if piece.kind in ("kept", kind)) for paragraph in found]
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, []),
        (OLD.replace("Trois", "Quatre"), [("removed", "Trois"), ("added", "Quatre")]),
        (OLD.replace("\nLa capitainerie ne dit rien.", ""), [("removed", "La capitainerie ne dit rien.")]),
        (f"{OLD}\nUn pilote témoigne.", [("added", "Un pilote témoigne.")]),
        (
            OLD.replace("attendus lundi à", "restés hier devant"),
            [("removed", "attendus lundi à"), ("added", "restés hier devant")],
        ),
        ("Rien de tel.", [*(("removed", line) for line in OLD.split("\n")), ("added", "Rien de tel.")]),
        (OLD.replace("rien.\n", "rien. "), None),
    ],
)
def test_the_change_and_nothing_else_is_told(new: str, expected: list[tuple[str, str]] | None) -> None:
    found = changes(OLD, new)
    told = [(piece.kind, piece.text) for paragraph in found for piece in paragraph if piece.kind != "kept"]
    if expected is not None:
        assert told == expected
    assert side(found, "removed").split() == OLD.split()
    assert side(found, "added").split() == new.split()


def test_arabic_words_are_told_as_french_ones_are() -> None:
    old = "وضم الوفد ستة من كبار المسؤولين.\nوانتهى اللقاء مساء."
    found = changes(old, old.replace("ستة", "ثمانية"))
    assert [(piece.kind, piece.text) for piece in found[0]] == [
        ("kept", "وضم الوفد "),
        ("removed", "ستة"),
        ("added", "ثمانية"),
        ("kept", " من كبار المسؤولين."),
    ]


@given(st.lists(st.text("ab \n", max_size=30), min_size=2, max_size=2))
@example(["aa a", "aa  a"])
@example(["aa a a", "aa  a"])
@example(["a b", "a  x  b"])
def test_both_texts_can_be_read_from_their_changes(texts: list[str]) -> None:
    found = changes(*texts)
    assert side(found, "removed").split() == texts[0].split()
    assert side(found, "added").split() == texts[1].split()


@pytest.mark.parametrize("unit", ["a b ", "a\nb\n", "a b c\n"])
def test_hostile_texts_are_told_apart_all_the_same(unit: str) -> None:
    # Every word of one stands everywhere in the other: pair by pair, that took minutes.
    texts = unit * 10_000, (unit * 10_000)[::-1]
    found = changes(*texts)
    assert side(found, "removed").split() == texts[0].split()
    assert side(found, "added").split() == texts[1].split()
