"""Which outlets there are, which one an address belongs to, and whether it looks like an article of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from sources import registry
from sources.model import Articles, Entry, Source, SourceError


def outlet(name: str, domains: list[str], match: str = r"/\d+", ignore: str = "") -> Source:
    return Source(
        name=name,
        title=name,
        languages=["ar"],
        timezone="Africa/Casablanca",
        country="MA",
        kind="portal",
        domains=domains,
        entry=Entry(feeds=[f"https://{domains[0]}/feed"]),
        articles=Articles(match=[match], ignore=[ignore] if ignore else []),
    )


def folder_of(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / f"{name}.toml").write_text(
            f'title = "{name}"\nlanguages = ["fr"]\ntimezone = "Europe/Paris"\ncountry = "FR"\nkind = "portal"\n'
            f'domains = ["{name}.example"]\nentry.feeds = ["https://{name}.example/feed"]\narticles.match = [\'/\\d+\']\n',
            encoding="utf-8",
        )
    return folder


def test_names_are_in_alphabetical_order(tmp_path: Path) -> None:
    assert registry.names(folder_of(tmp_path, "sada", "alofok", "manara")) == ["alofok", "manara", "sada"]


def test_missing_folder_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="SOURCES_DIR") as caught:
        registry.names(tmp_path / "absent")
    assert str(tmp_path / "absent") in str(caught.value)


def test_outlet_is_found_by_name(tmp_path: Path) -> None:
    assert registry.find("manara", folder_of(tmp_path, "manara")).domains == ["manara.example"]


def test_unknown_outlet_suggests_near_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "manara-ar", "manara-fr", "sada")
    with pytest.raises(registry.UnknownSource) as caught:
        registry.find("manara", folder)
    message = str(caught.value)
    assert "'manara'" in message
    assert "manara-ar, manara-fr" in message
    assert "sada" not in message


def test_unknown_outlet_without_near_names_suggests_some(tmp_path: Path) -> None:
    with pytest.raises(registry.UnknownSource, match="sada"):
        registry.find("xyz", folder_of(tmp_path, "sada"))


def test_broken_file_costs_only_itself(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "alofok", "sada")
    (folder / "manara.toml").write_text("title = ", encoding="utf-8")
    sources, faults = registry.everything(folder)
    assert [source.name for source in sources] == ["alofok", "sada"]
    assert len(faults) == 1
    assert str(folder / "manara.toml") in faults[0]


def test_longest_domain_owns_an_address() -> None:
    whole, edition = outlet("whole", ["manara.example"]), outlet("edition", ["short.example", "fr.manara.example"])
    for sources in ([whole, edition], [edition, whole]):
        for url, owner in (
            ("https://manara.example/1", whole),
            ("https://www.manara.example/1", whole),
            ("http://FR.Manara.example:8080/1", edition),
            ("https://m.fr.manara.example/1", edition),
        ):
            assert registry.owner(url, sources) is owner


@pytest.mark.parametrize(
    "url", ["https://notmanara.example/1", "https://manara.example.org/1", "https://example/1", "/1"]
)
def test_neighbouring_host_belongs_to_nobody(url: str) -> None:
    assert registry.owner(url, [outlet("manara", ["manara.example"])]) is None


def test_patterns_see_the_decoded_address() -> None:
    source = outlet("manara", ["manara.example"], match=r"/أخبار/[^/?#]+-\d{4,}")
    address = "https://manara.example/" + quote("أخبار") + "/" + quote("حموشي-في-باريس") + "-4821"
    assert registry.is_article(address, source)
    assert registry.is_article(address.lower(), source)
    assert registry.is_article("https://manara.example/أخبار/حموشي-في-باريس-4821", source)
    assert not registry.is_article("https://manara.example/" + quote("رياضة") + "/x-4821", source)


def test_address_in_another_encoding_is_no_fault() -> None:
    source = outlet("manara", ["manara.example"], match=r"-\d{4,}\.html")
    assert registry.is_article("https://manara.example/%C7%E1%E3%DB%D1%C8-4821.html", source)


def test_ignore_wins_over_match() -> None:
    source = outlet("manara", ["manara.example"], ignore=r"^https?://fr\.")
    assert registry.is_article("https://www.manara.example/4821", source)
    assert not registry.is_article("https://fr.manara.example/4821", source)


@pytest.mark.parametrize(
    "url", ["https://share.example/?u=https://manara.example/4821", "http://[broken/4821", "/4821", ""]
)
def test_only_own_hosts_have_articles(url: str) -> None:
    assert not registry.is_article(url, outlet("manara", ["manara.example"]))
