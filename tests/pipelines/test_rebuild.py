"""The archive made anew from WARC files: the same from nothing, nothing where nothing differs, and otherwise the difference."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.database import Database

from archive import ledger, merge, mongo, withdrawal
from archive.records import Outcome
from archive.warc import reader
from pipelines import batch, rebuild
from pipelines.survey import Choice, choose, survey
from pipelines.workers import Workers
from sources.model import load
from tests.warcs import START, warc

OUTLET = """
title = "Le Banc"
languages = ["fr"]
timezone = "Europe/Paris"
country = "FR"
kind = "national daily"
domains = ["banc.example"]
entry.feeds = ["https://banc.example/feed"]
articles.match = ['/\\d+\\.html']
"""
MADE_BY = {"code": "9.9", "lexicon": "test"}


def html(title: str, *paragraphs: str, day: str = "2026-02-27T09:00:00+01:00") -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<html lang=fr><head><title>{title}</title><meta property='article:published_time' content='{day}'></head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    ).encode()


BREAD = (
    "Le boulanger de la rue des Acacias a rouvert jeudi ses portes après trois mois de travaux, et la file allait jusqu'au canal.",
    "On y trouve le même pain de seigle, deux tables de plus et un four qui consomme un tiers de moins que l'ancien, dit-il.",
    "Les habitants, qui avaient signé une pétition, ont apporté des fleurs ; la mairie annonce une rue piétonne pour le printemps.",
)
CHEESE = (
    "La fromagerie du marché couvert ferme samedi, faute de repreneur, après quarante ans passés entre les mêmes carreaux bleus.",
    "Sa patronne a formé onze apprentis, dont trois tiennent aujourd'hui boutique dans les villages de la vallée voisine.",
    "Le local ira à un réparateur de bicyclettes, que le conseil de quartier a choisi parmi sept candidats en fin de semaine.",
)


class Bench:
    """An archive, a WARC folder and one outlet, to be made anew again and again."""

    def __init__(self, database: Database[dict[str, Any]], folder: Path, uri: str) -> None:
        self.database, self.folder, self.uri = database, folder, uri
        self.outlet = OUTLET + 'topic = "all"\n'

    def page(self, number: int, body: bytes, *, hours: int = 0, file: str = "", **changes: Any) -> None:
        at = START + timedelta(hours=hours)
        with warc(self.folder / (file or f"a-{hours:04}-{number}.warc.gz")) as made:
            made.page(f"https://banc.example/{number}.html", body, "banc", at=at, **changes)

    def rebuild(self, choice: Choice | None = None, progress: Any = None) -> rebuild.Remade:
        return asyncio.run(self._rebuild(choice or Choice(), progress or (lambda *_: None)))

    async def _rebuild(self, choice: Choice, progress: Any) -> rebuild.Remade:
        path = self.folder / "banc.toml"
        path.write_text(self.outlet, encoding="utf-8")
        sources = {"banc": load(path)}
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(**mongo.client_options(self.uri))
        archive = client[self.database.name]
        workers = Workers.open(1, 20)
        try:
            found = await survey(workers, self.folder, archive, sources, progress)
            captures = await choose(archive, found.captures, choice)
            verdicts = await ledger.relevance_verdicts(archive)
            setting = rebuild.Setting(client, archive.name, self.folder, sources, verdicts, MADE_BY, (), workers)
            return await rebuild.rebuild(setting, captures, progress)
        finally:
            await workers.close()
            await client.close()

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        names = ("articles", "versions", "urls", "visits", "captures")
        return {name: list(self.database[name].find().sort("_id", 1)) for name in names}

    def article(self, number: int) -> dict[str, Any]:
        found = self.database.articles.find_one({"url": f"https://banc.example/{number}.html"})
        assert found is not None
        return found


@pytest.fixture(scope="module", autouse=True)
def _pool() -> Iterator[None]:
    """One reading process for all these tests: who opens the workers shares it."""
    workers = Workers.open(1, 20)
    yield
    asyncio.run(workers.close())


def shuffled(seed: int) -> str:
    """A text of its own."""
    words = " ".join(BREAD + CHEESE).split()
    random.Random(seed).shuffle(words)
    return " ".join(words)


@pytest.fixture
def bench(database: Database[dict[str, Any]], mongodb_uri: str, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(database, tmp_path, mongodb_uri)
    database.client.drop_database(f"{database.name}_rebuild")


def test_an_empty_archive_is_filled_from_the_warc_files_with_every_version(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=1)
    bench.page(1, html("Le pain est de retour", *BREAD[:2], "Corrigé : la rue sera piétonne en automne."), hours=2)
    bench.page(1, html("LE PAIN EST DE RETOUR", *BREAD[:2], "Corrigé : la rue sera piétonne en automne."), hours=3)
    done = bench.rebuild()
    assert (done.pages, done.changes.came, done.faults) == (4, 2, [])
    bread = bench.article(1)
    assert bread["version"] == 2
    assert bread["text"].endswith("Corrigé : la rue sera piétonne en automne.")
    assert bread["title"] == "Le pain est de retour"
    assert (bread["first_seen"], bread["version_at"]) == (START, START + timedelta(hours=2))
    assert bread["last_checked"] == START + timedelta(hours=3)
    assert bread["made_by"] == MADE_BY
    (before,) = bench.database.versions.find()
    assert (before["n"], before["text"], before["at"]) == (1, "\n".join(BREAD), START)
    visits = [visit["outcome"] for visit in bench.database.visits.find({"url": bread["url"]}).sort("at", 1)]
    assert visits == ["stored", "updated", "unchanged"]
    assert bench.database.captures.count_documents({}) == 4
    # Once more, there is nothing to change, and nothing is written.
    stands = bench.dump()
    again = bench.rebuild()
    assert again.changes.nothing
    assert again.changes.same == 2
    assert bench.dump() == stands


def test_what_other_code_made_is_made_anew_under_its_version_and_its_copies_are_found(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(1, html("Le pain est de retour", *BREAD, "Il a vendu mille pains."), hours=2)
    bench.page(2, html("Encore du pain", *BREAD, "Il a vendu mille pains.", day="2026-02-28T09:00:00+01:00"), hours=3)
    bench.rebuild()
    stands = bench.dump()
    assert bench.article(2)["copy_of"] == bench.article(1)["_id"]
    other = {"text": "Il a vendu. Lire aussi : la météo.", "text_hash": "0", "sketch": [], "made_by.code": "0.1"}
    bench.database.articles.update_many({}, {"$set": other | {"copy_of": None, "copy_kind": None}})
    bench.database.articles.update_one(
        {"_id": bench.article(1)["_id"]}, {"$set": {"first_seen": START - timedelta(days=9)}}
    )
    bench.database.versions.update_many({}, {"$set": {"text": "Lire aussi : la météo."}})
    done = bench.rebuild(Choice(made_by="0.1"))
    assert (done.changes.remade, done.changes.came, done.changes.versions) == (2, 0, 1)
    assert done.changes.fields == {"text": 2, "text_hash": 2, "sketch": 2, "made_by": 2}
    assert bench.article(1)["first_seen"] == START - timedelta(days=9), "what no capture knows is kept"
    bench.database.articles.update_one({"_id": bench.article(1)["_id"]}, {"$set": {"first_seen": START}})
    assert bench.dump() == stands


def test_what_the_topic_takes_comes_in_and_what_it_drops_goes_but_for_verdicts(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=1)
    bench.page(3, html("Encore du pain", *BREAD, day="2026-02-28T09:00:00+01:00"), hours=2)
    bench.rebuild()
    assert bench.article(3)["copy_of"] == bench.article(1)["_id"]
    for number, relevant in ((2, True), (3, True)):
        url = f"https://banc.example/{number}.html"
        verdict = {"url": url, "relevant": relevant, "by": "a reader", "reason": "bread matters", "at": START}
        bench.database.verdicts.insert_one(verdict)
    bench.outlet = OUTLET
    done = bench.rebuild()
    assert (done.changes.left, done.changes.same) == ({"off_topic": 1}, 2)
    assert bench.database.articles.count_documents({}) == 2
    assert bench.article(3)["copy_of"] is None, "its original has left"
    url = bench.database.urls.find_one({"_id": "https://banc.example/1.html"})
    assert url is not None
    assert (url["outcome"], url["article"]) == ("off_topic", None)
    assert "topic score" in url["detail"]
    bench.outlet += 'topic = "all"\n'
    done = bench.rebuild(Choice(outcome=Outcome.OFF_TOPIC))
    assert (done.pages, done.changes.came) == (1, 1)
    assert bench.article(3)["copy_of"] == bench.article(1)["_id"]


def test_a_page_that_lay_outside_the_window_of_its_crawl_stays_outside(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD), said={"since": "2026-02-28T00:00:00+00:00", "until": None})
    bench.page(2, html("Une fromagerie ferme", *CHEESE), said={"since": None, "until": None})
    bench.rebuild()
    assert [article["title"] for article in bench.database.articles.find()] == ["Une fromagerie ferme"]
    url = bench.database.urls.find_one({"_id": "https://banc.example/1.html"})
    assert url is not None
    assert url["outcome"] == "outside_window"


def test_an_article_whose_captures_cannot_all_be_read_is_left(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(1, html("Le pain est de retour", *BREAD, "Il a vendu mille pains."), hours=2)
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=3)
    bench.rebuild()
    stands = bench.dump()
    next(bench.folder.glob("a-0000-*")).write_bytes(b"lost")
    done = bench.rebuild()
    assert (done.changes.kept, done.changes.same) == (1, 1)
    assert bench.dump()["articles"] == stands["articles"]
    assert bench.dump()["versions"] == stands["versions"]


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", ["read", "compare", "copies"])
def test_it_may_be_killed_and_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(rebuild, "_BATCH", 2)
    monkeypatch.setattr(batch, "HOP", 2)
    for number in range(6):
        bench.page(number, html(f"Le pain de la rue numéro {number}", shuffled(number)), hours=number)
    bench.page(9, html("Encore du pain", shuffled(3)), hours=9)

    def killer(told: str, done: int, total: int) -> None:
        if told == step:
            raise Killed

    with pytest.raises(Killed):
        bench.rebuild(progress=killer)
    told: list[tuple[str, int, int]] = []
    done = bench.rebuild(progress=lambda *step: told.append(step))
    assert bench.database.articles.count_documents({}) == 7
    assert bench.article(9)["copy_of"] == bench.article(3)["_id"]
    read = [done for step, done, _ in told if step == "read"]
    assert (read[0] > 2) if step == "read" else not read, "what was read is not read again"
    assert f"{bench.database.name}_rebuild" not in bench.database.client.list_database_names()
    assert done.faults == []
    assert bench.rebuild().changes.nothing


def test_only_what_is_chosen_is_read_with_every_capture_of_its_articles(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=1)
    bench.page(1, html("Le pain est de retour", *BREAD, "Il a vendu mille pains."), hours=5)
    assert bench.rebuild(Choice(until=START + timedelta(hours=1))).pages == 2
    assert bench.article(1)["version"] == 2
    assert bench.database.articles.count_documents({}) == 1
    assert bench.rebuild(Choice(since=START + timedelta(hours=1), until=START + timedelta(hours=2))).pages == 1
    assert bench.rebuild(Choice(sources=frozenset({"another"}))).pages == 0


def test_what_a_crawl_writes_meanwhile_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=1)
    bench.rebuild()
    bench.database.articles.update_many({}, {"$set": {"text": "Lire aussi : la météo."}})
    later = {"title": "Le pain manque", "version": 2, "last_checked": START + timedelta(days=9)}
    touch = merge.touch

    async def crawled_meanwhile(made: Any, ids: Any) -> None:
        bench.database.articles.update_one({"url": bench.article(1)["url"]}, {"$set": later})
        await touch(made, ids)

    monkeypatch.setattr(merge, "touch", crawled_meanwhile)
    done = bench.rebuild()
    assert {name: bench.article(1)[name] for name in later} == later
    assert bench.article(2)["text"] == "\n".join(CHEESE)
    assert done.changes.kept == 1


def test_a_withdrawn_article_under_another_address_leaves_the_warc_files_too(bench: Bench) -> None:
    bench.page(1, html("Le pain est de retour", *BREAD))
    bench.page(2, html("Une fromagerie ferme", *CHEESE), hours=1)
    bench.rebuild()
    url, other = (f"https://banc.example/{number}.html" for number in (1, 7))
    withdrawal.withdraw(bench.database, bench.folder, url, url, by="the desk", reason="a court", at=START)
    canonical = f'<link rel="canonical" href="{url}"></head>'.encode()
    bench.page(7, html("Le pain, encore", *BREAD).replace(b"</head>", canonical), hours=5)
    bench.rebuild()
    assert [article["title"] for article in bench.database.articles.find()] == ["Une fromagerie ferme"]
    records = [record for path in bench.folder.glob("*.warc.gz") for record in reader.records(path)]
    assert not [record.url for record in records if b"boulanger" in record.block or b"7.html" in record.raw]
    assert any(b"fromagerie" in record.block for record in records)
    assert not bench.database.captures.find_one({"url": other})
    verdict = bench.database.verdicts.find_one()
    assert verdict is not None
    assert other in verdict["addresses"]
