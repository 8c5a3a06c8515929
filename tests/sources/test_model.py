"""A contributor's mistakes in an outlet's TOML: each is told with the file, the field and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.model import Source, SourceError, load, points

GOOD = {
    "title": '"La Lumière du Rif"',
    "languages": '["fr", "ar"]',
    "timezone": '"Africa/Casablanca"',
    "country": '"MA"',
    "kind": '"portal"',
    "domains": '["lumiere.example"]',
    "entry.feeds": '["https://www.lumiere.example/feed"]',
    "articles.match": r"['/\d{4,8}-[^/]+\.html']",
    "articles.examples": '["https://www.lumiere.example/48213-rabat-paris.html"]',
}


def written(folder: Path, changes: dict[str, str | None] | None = None, name: str = "lumiere.toml") -> Path:
    """The good file with some fields changed, or left out where None."""
    fields = {**GOOD, **(changes or {})}
    path = folder / name
    path.write_text(
        "".join(f"{key} = {value}\n" for key, value in fields.items() if value is not None), encoding="utf-8"
    )
    return path


def complaint(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        load(path)
    return str(caught.value)


def test_outlet_takes_its_name_from_its_file_and_is_polite_by_default(tmp_path: Path) -> None:
    source = load(written(tmp_path))
    assert isinstance(source, Source)
    assert (source.name, source.title, source.languages) == ("lumiere", "La Lumière du Rif", ["fr", "ar"])
    assert (source.manners.delay, source.manners.concurrency) == (2.0, 1)
    assert source.enabled


def test_tables_and_dotted_names_are_the_same(tmp_path: Path) -> None:
    dotted = load(written(tmp_path))
    top = [key for key in GOOD if "." not in key]
    lines = [f"{key} = {GOOD[key]}" for key in top]
    for table in ("entry", "articles"):
        lines.append(f"[{table}]")
        lines += [
            f"{key.removeprefix(table + '.')} = {value}" for key, value in GOOD.items() if key.startswith(table + ".")
        ]
    path = tmp_path / "lumiere.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert load(path) == dotted


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"timezone": None}, ["timezone: missing", "Africa/Casablanca"]),
        ({"articles.match": None}, ["articles.match: empty", "regular expression"]),
        ({"topic": '"some"'}, ["topic", "lexicon, all"]),
        ({"timezone": '"Europe/Rabat"'}, ["timezone: 'Europe/Rabat'", "Africa/Casablanca"]),
        ({"timezone": '"+01:00"'}, ["timezone: '+01:00'", "IANA"]),
        ({"title": '" "'}, ["title", "empty"]),
        ({"languages": "[]"}, ["languages", '["ar", "fr"]']),
        ({"languages": '["français"]'}, ["languages: 'français'", "ar, fr"]),
        ({"languages": '"fr"'}, ["languages", "array"]),
        ({"country": '"Maroc"'}, ["country: 'Maroc'", "MA"]),
        ({"kind": '"blog"'}, ["kind", "'blog'", "national daily"]),
        ({"domains": "[]"}, ["domains", '["example.com"]']),
        (
            {"domains": '["lumiere.example", "https://rif.example"]'},
            ["domains: 'https://rif.example'", "without scheme"],
        ),
        ({"entry.feeds": "[]"}, ["entry", "feed, sitemap, listing or archive"]),
        ({"entry.feeds": '["/feed"]'}, ["entry.feeds: '/feed'", "http(s) URL"]),
        ({"entry.feeds": '["https://www.autre.example/feed"]'}, ["entry.feeds", "autre.example", "lumiere.example"]),
        ({"entry.listings": '["https://lumiere.example/{n}"]'}, ["entry.listings", "{page}"]),
        ({"entry.listings": '["https://lumiere.example/{page}/{page}"]'}, ["entry.listings", "{page}", "once"]),
        ({"entry.feeds": '["https://lumiere.example/{page}"]'}, ["entry.feeds", "no placeholder"]),
        ({"entry.search": '["https://lumiere.example/?s="]'}, ["entry.search", "needs {query}", "may have {page}"]),
        ({"unconfirmed.search": '["https://lumiere.example/?s={q}"]'}, ["unconfirmed.search", "needs {query}"]),
        ({"unconfirmed.feeds": '["https://autre.example/feed"]'}, ["unconfirmed.feeds", "autre.example"]),
        ({"unconfirmed.feed": '["https://lumiere.example/feed"]'}, ["unconfirmed", "`feed`", "feeds, sitemaps"]),
        ({"system": '"WordPress"'}, ["system: 'WordPress'", "allowed are wordpress, arc-xp"]),
        ({"entry.archives": '["https://lumiere.example/{month}"]'}, ["entry.archives", "{year}"]),
        ({"articles.match": "[]"}, ["articles.match", "regular expression"]),
        ({"articles.match": r"['/(\d+']"}, ["articles.match", r"/(\\d+", "unterminated"]),
        ({"articles.ignore": "['[']"}, ["articles.ignore", "'['"]),
        ({"articles.match": r"'/\d+'"}, ["articles.match", "array"]),
        ({"identity.rewrite": "[['(', '']]"}, ["identity.rewrite", "'('"]),
        ({"identity.rewrite": "[['^/amp']]"}, ["identity.rewrite", "length 2"]),
        ({"articles.match": "['']"}, ["articles.match: ''", "every address"]),
        ({"identity.rewrite": r"[['^/(a)', '\2']]"}, ["identity.rewrite", "invalid group reference"]),
        ({"threshold": "1.5"}, ["threshold: 1.5", "up to 1"]),
        ({"threshold": "0.7", "topic": '"all"'}, ["threshold", "remove one"]),
        ({"manners.delay": "nan"}, ["manners.delay", "seconds"]),
        ({"manners.delay": "-1.0"}, ["manners.delay", "seconds"]),
        ({"manners.delay": '"slow"'}, ["manners.delay", "float"]),
        ({"manners.concurrency": "0"}, ["manners.concurrency", "below 1"]),
        ({"enabled": "false"}, ["reason", "enabled = false"]),
        ({"reason": '"walled"'}, ["reason", "enabled"]),
        ({"name": '"lumiere"'}, ["name", "file's name"]),
        ({"colour": '"blue"'}, ["colour", "timezone, country"]),
        ({"entry.feed": '"https://lumiere.example/feed"'}, ["entry", "`feed`", "feeds, sitemaps, listings"]),
        ({"manners.pause": "1"}, ["manners", "`pause`", "delay, concurrency"]),
    ],
)
def test_fault_names_file_field_and_what_is_allowed(
    tmp_path: Path, changes: dict[str, str | None], told: list[str]
) -> None:
    path = written(tmp_path, changes)
    message = complaint(path)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    for words in told:
        assert words in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, {"timezone": '"Europe/Rabat"', "articles.match": "['(']", "country": '"Maroc"'})
    lines = complaint(path).splitlines()
    assert [line.removeprefix(f"{path}: ").partition(":")[0] for line in lines] == [
        "timezone",
        "country",
        "articles.match",
    ]


def test_disabled_outlet_needs_no_entry_point(tmp_path: Path) -> None:
    path = written(tmp_path, {"enabled": "false", "reason": '"walled"', "entry.feeds": "[]", "articles.examples": "[]"})
    assert not load(path).enabled


def test_disabled_outlet_needs_no_pattern(tmp_path: Path) -> None:
    path = written(
        tmp_path, {"enabled": "false", "reason": '"dead"', "articles.match": None, "articles.examples": None}
    )
    assert load(path).articles.match == []


def test_system_gives_what_the_outlet_does_not_say(tmp_path: Path) -> None:
    source = load(written(tmp_path, {"system": '"wordpress"'}))
    assert source.entry.feeds == ["https://www.lumiere.example/feed"]
    assert source.unconfirmed.feeds == []
    assert source.unconfirmed.api == ["https://www.lumiere.example/wp-json/wp/v2/posts"]
    assert source.articles.ignore
    assert source.articles.match == [r"/\d{4,8}-[^/]+\.html"]


def test_own_fields_win_over_those_of_the_system_even_when_empty(tmp_path: Path) -> None:
    changes = {"system": '"wordpress"', "entry.feeds": None, "unconfirmed.api": "[]", "articles.ignore": "['/video/']"}
    source = load(written(tmp_path, {**changes, "unconfirmed.sitemaps": '["https://lumiere.example/s.xml"]'}))
    assert source.unconfirmed.api == []
    assert source.articles.ignore == ["/video/"]
    assert source.unconfirmed.sitemaps == ["https://lumiere.example/s.xml"]
    assert source.unconfirmed.feeds == ["https://lumiere.example/feed/"]


def test_each_entry_point_is_named_once_and_the_confirmed_first(tmp_path: Path) -> None:
    path = written(tmp_path, {"unconfirmed.feeds": '["https://lumiere.example/b", "https://www.lumiere.example/feed"]'})
    assert [(point.url, point.confirmed) for point in points(load(path))] == [
        ("https://www.lumiere.example/feed", True),
        ("https://lumiere.example/b", False),
    ]


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "lumiere.toml"
    path.write_text('title = "La Lumière"\nlanguages = ["fr"\ncountry = "MA"\n', encoding="utf-8")
    message = complaint(path)
    assert message.startswith(f"{path}: not valid TOML")
    assert "line 3" in message


def test_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lumiere.toml"
    path.write_bytes('title = "La Lumière"\n'.encode("cp1252"))
    message = complaint(path)
    assert message.startswith(f"{path}: ")
    assert "utf-8" in message


def test_missing_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lumiere.toml"
    assert complaint(path) == f"{path}: cannot be read: No such file or directory"


@pytest.mark.parametrize("name", ["Lumiere.toml", "la_lumiere.toml", "-lumiere.toml", "مرصد.toml"])
def test_file_name_must_do_as_a_crawl_argument(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name=name)
    message = complaint(path)
    assert message.startswith(f"{path}: ")
    assert "lower-case letters, digits and '-'" in message
