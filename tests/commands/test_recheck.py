"""`recheck`: stored articles are followed through edits, take-downs and returns, and nothing else is touched."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from archive.records import Outcome
from tests.conftest import Machine
from tests.samplepress.model import Response, Truth

WINDOW = ("-a", "since=2023-01-01")
CLOCKS = {"last_checked"}
PAST = datetime(2020, 1, 1, tzinfo=UTC)


def articles(machine: Machine) -> dict[str, dict[str, Any]]:
    return {
        document["url"]: {name: value for name, value in document.items() if name not in CLOCKS}
        for document in machine.database.articles.find()
    }


def ledger(machine: Machine) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document for document in machine.database.urls.find()}


def page_of(machine: Machine, url: str) -> Response:
    answer = machine.press.press.respond(url)
    assert answer is not None
    return answer


def serve(machine: Machine, url: str, change: tuple[str, str]) -> None:
    """The press shows a page with that change."""
    body = page_of(machine, url).body.decode()
    assert change[0] in body, url
    machine.press.misbehave(re.escape(url), body=body.replace(*change).encode())


def lasting(machine: Machine, outlet: str) -> list[Truth]:
    """An outlet's originals that are the same in every edition."""
    fickle = {truth.url for truth in machine.press.press.truth(2) if truth.edited or truth.outcome is Outcome.GONE}
    return [
        truth
        for truth in machine.press.press.truth()
        if truth.outlet == outlet and truth.outcome is Outcome.STORED and truth.url not in fickle
    ]


def key(truth: Truth) -> str:
    return truth.url.rstrip("/").replace("://www.", "://")


def test_an_article_is_followed_through_edits_take_downs_and_returns(machine: Machine) -> None:
    outlets = ("carnetsdusud", "pharedetroit")
    assert machine.scrapy("crawl", *outlets, *WINDOW).returncode in (0, 1)
    first, addresses = articles(machine), ledger(machine)
    truths = {key(truth): truth for truth in machine.press.press.truth(2)}
    vanished = {url for url in first if truths[url].outcome is Outcome.GONE}
    edited = {url for url in first if truths[url].edited}
    assert len(vanished) == 2
    assert edited

    machine.press.edition = 2
    asked = len(machine.press.log)
    done = machine.scrapy("crawl", *outlets, "-a", "recheck=all")
    assert done.returncode == 0, done.stderr
    same = len(first) - len(edited) - 2
    told = f"{len(first)} articles checked in .* s: {same} unchanged, {len(edited)} changed, 2 gone, 0 failed"
    assert re.search(told, done.stdout), done.stdout
    second = articles(machine)
    for url, article in second.items():
        if url in vanished:
            assert article["gone_at"] is not None
            assert {**article, "gone_at": None} == first[url], "a vanished article loses nothing"
        elif url in edited:
            assert article["version"] == 2
            assert article["text"] != first[url]["text"]
            kept = machine.database.versions.find_one({"article": article["_id"]})
            assert kept is not None
            assert [kept[name] for name in ("n", "title", "text")] == [1, first[url]["title"], first[url]["text"]]
            assert kept["at"] == first[url]["version_at"] < article["version_at"]
        else:
            assert article == first[url]
    answers = {entry.status for entry in machine.press.log[asked:] if entry.path != "/robots.txt"}
    assert 304 in answers
    checked = [document["last_checked"] for document in machine.database.articles.find({"gone_at": None})]
    assert all(moment > max(document["version_at"] for document in first.values()) for moment in checked)
    clocks = {"outcome_at", "next_at", "attempts", "detail", "outcome"}
    for url, document in ledger(machine).items():
        if url in first and url not in vanished | edited:
            assert {k: v for k, v in document.items() if addresses[url][k] != v}.keys() <= clocks
    assert {url for url, document in ledger(machine).items() if document["outcome"] == "gone"} == vanished

    # They are asked for again without a crawl's help, and an ordinary crawl leaves them alone.
    machine.database.urls.update_many({"outcome": "gone"}, {"$set": {"next_at": PAST}})
    machine.press.edition = 3
    noisy, corrected, shorter = lasting(machine, "carnetsdusud")[:3]
    lines = "<p>Mis à jour il y a 3 heures</p><p>1 254 vues</p>"
    serve(machine, noisy.url, ('<div class="article">', f'<div class="article">{lines}'))
    word = max(corrected.paragraphs[1].split(), key=len)
    serve(machine, corrected.url, (corrected.paragraphs[1], corrected.paragraphs[1].replace(word, "17", 1)))
    told = next(paragraph for paragraph in shorter.paragraphs if ". " in paragraph)
    serve(machine, shorter.url, (told, told[told.index(". ") + 2 :]))
    machine.database.urls.update_many(
        {"_id": {"$in": [key(noisy), key(corrected), key(shorter)]}}, {"$set": {"next_at": PAST}}
    )
    asked = len(machine.press.log)
    machine.scrapy("crawl", *outlets, *WINDOW)
    assert not {entry.path for entry in machine.press.log[asked:]} & {urlsplit(url).path for url in first}
    done = machine.scrapy("crawl", *outlets, "-a", "recheck=yes")
    assert "5 articles checked in" in done.stdout, done.stdout + done.stderr
    assert "3 unchanged, 2 changed, 0 gone" in done.stdout
    third = articles(machine)
    for url in vanished:
        assert third[url] == first[url], "back as it was"
        assert ledger(machine)[url]["outcome"] == "stored"
    assert third[key(noisy)] == first[key(noisy)]
    for truth in (corrected, shorter):
        assert third[key(truth)]["version"] == 2
    again = machine.scrapy("crawl", *outlets, "-a", "recheck=yes")
    assert "No stored article is due" in again.stdout
