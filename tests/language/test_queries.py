"""What search pages are asked for belongs to the topic."""

from __future__ import annotations

from language import lexicon
from language.queries import queries


def test_every_query_holds_a_name_or_word_of_security() -> None:
    found = lexicon.load()
    for query in [*queries(["ar"]), *queries(["fr"])]:
        # A country beside it gives a name its company, as an article would.
        hits = found.find(f"{query} المغرب فرنسا" if query in queries(["ar"]) else f"{query} Maroc France")
        assert any(hit.entry.security >= 0.3 for hit in hits), query


def test_an_outlet_is_asked_in_its_own_languages_and_seldom() -> None:
    assert queries(["ar", "fr"]) == queries(["ar"]) + queries(["fr"])
    assert queries(["en"]) == []
    assert 3 <= len(queries(["ar"])) <= 10
    assert 3 <= len(queries(["fr"])) <= 10
