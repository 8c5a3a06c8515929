from __future__ import annotations

import pytest
from lxml.html import document_fromstring

from pipelines.extraction import jsonld


@pytest.mark.parametrize(
    "script",
    [
        '{"headline": "Le "grand" jour", "x": "y"}',
        '{"headline": "Le \\"grand\\" jour",}',
        '<!-- {"headline": "Le \\"grand\\" jour"} -->',
        '//<![CDATA[\n{"headline": "Le \\"grand\\" jour"}\n//]]>',
        '{"headline": "Le \\"grand\\" jour"};',
        '{"headline": "Le \\"grand\\" jour"}{"second": 1}',
    ],
)
def test_broken_scripts_are_repaired_without_changing_what_they_say(script: str) -> None:
    value = jsonld.parse(script)
    assert isinstance(value, dict)
    assert value["headline"] == 'Le "grand" jour'


def test_line_breaks_and_wrong_escapes_in_values_are_read() -> None:
    assert jsonld.parse('{"a": "un\ndeux", "b": "l\\\'eau"}') == {"a": "un\ndeux", "b": "l'eau"}


@pytest.mark.parametrize("script", ["", "not json", "{" * 100_000, '{"a": ' * 5000, "[" * 50_000 + "]" * 50_000])
def test_what_cannot_be_read_is_nothing(script: str) -> None:
    assert jsonld.parse(script) is None


def test_the_article_is_found_in_a_graph_and_behind_a_page() -> None:
    tree = document_fromstring(
        """<html><script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "Le Phare"},
        {"@type": "WebPage", "mainEntity": {"@type": ["NewsArticle"], "headline": "Un pont ouvre"}}]}</script><p>x</p></html>"""
    )
    node = jsonld.article(jsonld.nodes(tree))
    assert node is not None
    assert node["headline"] == "Un pont ouvre"


def test_an_article_comes_before_the_video_that_illustrates_it() -> None:
    statements: list[jsonld.Node] = [
        {"@type": "VideoObject", "name": "clip"},
        {"@type": "Article", "headline": "Le texte"},
    ]
    node = jsonld.article(statements)
    assert node is not None
    assert node["headline"] == "Le texte"


def test_values_come_without_markup_and_character_references() -> None:
    assert jsonld.text("L&amp;#039;&eacute;t&eacute; <b>arrive</b>") == "L'été arrive"
    assert jsonld.names([{"@type": "Person", "name": "Salma Tazi"}, "Karim Alaoui"]) == ["Salma Tazi", "Karim Alaoui"]
    assert jsonld.paragraphs("<p>Un.</p><p>Deux.</p>") == "Un.\nDeux."


@pytest.mark.parametrize(
    ("value", "truth"),
    [(True, True), ("False", False), ("http://schema.org/True", True), ("peut-être", None), (None, None)],
)
def test_truth_values_are_read_in_every_spelling(value: object, truth: bool | None) -> None:
    assert jsonld.boolean(value) is truth
