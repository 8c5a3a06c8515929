"""The lexicon: its data is sound, and names are found however Arabic and French write them."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from language.lexicon import DIRECTORY, LEXICON_VERSION, Entry, Lexicon, LexiconError, load, read_entries

ENTRIES = read_entries()


def found(text: str) -> list[str]:
    return [hit.entry.id for hit in load().find(text)]


def test_the_lexicon_is_large_enough_and_covers_every_kind() -> None:
    assert len(ENTRIES) >= 250
    assert {entry.kind for entry in ENTRIES} >= {"person", "service", "place", "event", "concept"}
    assert {entry.side for entry in ENTRIES} >= {"FR", "MA", "both", "other"}


def test_every_entry_has_names_and_weights_in_range() -> None:
    for entry in ENTRIES:
        assert entry.ar or entry.fr, entry.id
        assert all(0 <= weight <= 1 for weight in (entry.strength, entry.security, entry.link)), entry.id
        assert all(office.until is None or office.since < office.until for office in entry.offices), entry.id


def test_every_name_is_found_whole_under_its_own_identifier() -> None:
    lost = []
    for entry in ENTRIES:
        alone = Lexicon([msgspec.structs.replace(entry, needs=())])
        for name in (*entry.ar, *entry.fr):
            hits = alone.find(name)
            if len(hits) != 1 or name[hits[0].start : hits[0].end] != name.rstrip("+"):
                lost.append((entry.id, name))
    assert lost == []


def test_concepts_hold_no_name_of_a_side() -> None:
    """A phrase hides the names inside it: "recherché par la France" as a concept would hide France."""
    sides = Lexicon(e for e in ENTRIES if e.kind in ("place", "demonym") and e.side in ("FR", "MA", "both"))
    hidden = [(e.id, n) for e in ENTRIES if e.kind == "concept" for n in (*e.ar, *e.fr, *e.short) if sides.find(n)]
    assert hidden == []


@pytest.mark.parametrize(
    "text",
    [
        "حموشي",
        "الحموشي",
        "والحموشي",
        "لحموشي",
        "وبالحموشي",
        "حمّوشي",
        "حمـــوشي",
        "عبداللطيف الحموشي",
        "عبد اللّطيف حموشي",
        "Hammouchi",
        "HAMMOUCHI",
        "d’Abdellatif Hammouchi",
        "M. Hammouchi",
    ],
)
def test_one_identifier_for_every_spelling_of_a_person(text: str) -> None:
    assert found(text) == ["person:hammouchi"]


@pytest.mark.parametrize("text", ["روتايو", "ريتايو", "وريتايو", "Retailleau", "RETAILLEAU"])
def test_transliterations_meet_in_one_identifier(text: str) -> None:
    assert found(text) == ["person:retailleau"]


@pytest.mark.parametrize(
    "text",
    ["فرنسا", "بفرنسا", "وفرنسا", "لفرنسا", "فبفرنسا", "la France", "l'Hexagone", "L’HEXAGONE", "lHexagone"],
)
def test_clitics_and_elisions_leave_a_country_recognisable(text: str) -> None:
    assert "place:france" in found(text)


@pytest.mark.parametrize("text", ["الرباط", "بالرباط", "والرباط", "للرباط", "وبالرباط", "Rabat", "à Rabat"])
def test_a_capital_with_its_article_and_prepositions(text: str) -> None:
    assert found(text) == ["place:rabat"]


@pytest.mark.parametrize("text", ["رباط", "رباط الصليبي", "برباط", "عبد اللطيف", "Abdellatif", "قال عبد اللطيف"])
def test_a_common_noun_or_a_bare_first_name_is_nobody(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "المديرية العامة لمراقبة التراب الوطني",
        "وللمديرية العامة لمراقبة التراب الوطني",
        "الديستي",
        "DGST",
        "D.G.S.T.",
        "la dgst",
    ],
)
def test_a_service_by_name_nickname_and_acronym(text: str) -> None:
    assert found(text) == ["service:dgst"]


def test_the_longest_name_wins_and_hides_what_is_inside_it() -> None:
    assert found("Le Paris Saint-Germain") == ["neighbour:sport-names"]
    assert found("وكالة الصحافة الفرنسية") == ["neighbour:agencies"]
    assert found("l'Accord de Paris") == ["neighbour:not-the-place"]
    assert found("دول المغرب العربي") == ["neighbour:not-the-place"]


def test_plural_feminine_and_glued_elision() -> None:
    assert found("extraditions") == found("l'extradition") == found("lextradition") == ["concept:extradition"]
    assert found("interpellées") == ["concept:arrest"]
    assert found("الفرنسيين") == found("فرنسية") == ["demonym:french"]


def test_a_surname_that_others_bear_needs_the_full_name_or_company() -> None:
    assert found("Lerner est né à Vienne.") == []
    assert found("Nicolas Lerner était à Rabat. Lerner y a vu son homologue.").count("person:lerner") == 2
    assert "person:berthon" in found("La DGSI et sa directrice Berthon")


def test_names_shared_by_several_countries_need_company() -> None:
    assert "demonym:kingdom" not in found("المملكة ترحب بالحجاج")
    assert "demonym:kingdom" in found("المغرب: المملكة ترحب بضيوفها")
    assert "service:dgsn" not in found("La DGSN algérienne à Alger")
    assert "service:dgsn" in found("La DGSN a publié son bilan")


def test_company_may_stand_in_another_part_of_the_article() -> None:
    title, text = load().find_all(("Le Maroc en fête", "Le Royaume se prépare."))
    assert [hit.entry.id for hit in text] == ["demonym:kingdom"]
    assert [hit.entry.id for hit in title] == ["place:morocco"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("الأَمْنُ: قال حمّوشي إنّ", "حمّوشي"),
        ("À l’Élysée, œuvre d’État", "Élysée"),
        ("ﷺ بــاريــس", "بــاريــس"),
        ("عملية\u200f وبالرِّباط\u200f اليوم", "وبالرِّباط\u200f"),
    ],
)
def test_offsets_point_into_the_text_as_written(text: str, words: str) -> None:
    assert words in [text[hit.start : hit.end] for hit in load().find(text)]


def test_hits_are_in_order_and_never_overlap() -> None:
    text = "Le directeur général de la sûreté nationale, Abdellatif Hammouchi, à Paris avec la DGSI et la Police nationale française."
    hits = load().find(text)
    assert all(a.end <= b.start for a, b in pairwise(hits))


def test_offices_have_a_first_day_and_a_first_day_out_of_office() -> None:
    darmanin = load().entries["person:darmanin"]
    assert darmanin.in_office(date(2020, 7, 6))
    assert not darmanin.in_office(date(2024, 9, 21))
    assert darmanin.in_office(date(2025, 3, 10))
    assert load().entries["place:rabat"].in_office(date(1990, 1, 1))


def test_a_wrong_entry_is_named_with_its_file(tmp_path: Path) -> None:
    for path in DIRECTORY.glob("*.toml"):
        (tmp_path / path.name).write_text("")
    (tmp_path / "persons.toml").write_text('[someone]\nside = "XX"\nfr = ["Someone"]\n')
    with pytest.raises(LexiconError, match=r"persons\.toml: \[someone\].*side"):
        read_entries(tmp_path)


def test_a_name_belongs_to_one_entry() -> None:
    one = Entry(id="person:one", kind="person", fr=("Jean Exemple",))
    two = Entry(id="person:two", kind="person", fr=("JEAN EXEMPLE",))
    with pytest.raises(LexiconError, match=r"person:two.*person:one"):
        Lexicon([one, two])


def test_the_version_is_short_and_stable() -> None:
    assert len(LEXICON_VERSION) == 12
    assert load().version == LEXICON_VERSION
