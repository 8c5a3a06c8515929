"""Marked text, and what may not reach a browser."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web.marks import Span, cleaned, clip, paragraphs, pieces

SPANS = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)))


@given(st.text(max_size=30), SPANS)
def test_pieces_together_are_the_text_whatever_the_spans(text: str, spans: list[tuple[int, int]]) -> None:
    assert "".join(piece.text for piece in pieces(text, spans)) == text


def test_a_part_is_marked_where_it_stands_and_one_that_overlaps_it_is_not() -> None:
    found = pieces("Hammouchi à Paris", [(12, 17, "place"), (0, 9, "person"), (4, 14, "x")])
    assert [(piece.text, piece.mark) for piece in found] == [("Hammouchi", "person"), (" à ", None), ("Paris", "place")]


def test_spans_of_a_text_fall_into_its_paragraphs() -> None:
    found = list(paragraphs("un\n\nà Rabat\nfin", [Span(6, 11, "place")]))
    assert [[tuple(piece) for piece in paragraph] for paragraph in found] == [
        [("un", None)],
        [("à ", None), ("Rabat", "place")],
        [("fin", None)],
    ]


def test_a_text_is_cut_with_an_ellipsis_and_marks_beyond_the_cut_go() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert [piece.text for piece in pieces("abcdef", [(1, 2), (4, 6)], 4)] == ["a", "b", "c…"]


def test_controls_and_direction_overrides_go_and_plain_direction_marks_stay() -> None:
    assert cleaned("a\u202eb\u2066c\x00d\x1b[1m\u200f\n") == "abcd[1m\u200f\n"
