"""`scrapy withdraw`: what is withdrawn is nowhere any more, never comes back, and nothing else is lost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bson import json_util

from archive import captures
from archive.warc import reader
from archive.warc.erase import _readable
from language.normalize import fold
from tests.conftest import Machine
from tests.crawler.test_capture import passes_warcio_check

CRAWL = ("crawl", "sadarabat", "-a", "since=2023-01-01")


def records(machine: Machine) -> list[reader.Record]:
    return [record for path in sorted(machine.warc.iterdir()) for record in reader.records(path)]


def said(record: reader.Record) -> str:
    """Everything that a record says, its payload decoded."""
    head = " ".join(map(str, record.headers.values()))
    return fold(f"{head} {record.block.decode('utf-8', 'replace')} {_readable(record.message)}")


def whole_database(machine: Machine) -> str:
    names = machine.database.list_collection_names()
    return fold(json_util.dumps([machine.database[name].find().to_list() for name in names], ensure_ascii=False))


def newest(machine: Machine) -> dict[str, Any]:
    """An article that the feed quotes whole."""
    found = machine.database.articles.find_one({"copy_of": None}, sort=[("published.at", -1)])
    assert found is not None
    return found


def test_a_withdrawn_article_is_nowhere_any_more_and_never_comes_back(machine: Machine) -> None:
    assert machine.scrapy(*CRAWL).returncode == 0
    article = newest(machine)
    paragraphs = [fold(paragraph) for paragraph in article["text"].split("\n")]
    assert all(any(paragraph in said(record) for record in records(machine)) for paragraph in paragraphs)
    url = machine.database.urls.find_one({"_id": article["url"]})
    assert url is not None
    before = {capture["_id"]: capture for capture in machine.database.captures.find()}
    backup = str(machine.warc.with_name("backup"))
    assert machine.scrapy("backup", backup).returncode == 0

    done = machine.scrapy("withdraw", url["aliases"][0], "--reason", "court of Larmont, 12/2026", "--by", "the desk")
    assert done.returncode == 0, done.stderr
    assert "withdrawn." in done.stdout
    for record in records(machine):
        text = said(record)
        assert not any(paragraph in text for paragraph in paragraphs), record.url
        # The pages of other articles may name it in a box; it is not theirs to lose.
        if record.url in url["found_by"]:
            assert fold(article["title"]) not in text, record.url
        assert record.url not in url["aliases"]
    left = whole_database(machine)
    assert fold(article["title"]) not in left
    assert not any(paragraph in left for paragraph in paragraphs)
    why = machine.scrapy("why", url["aliases"][0])
    assert "It was withdrawn. (withdrawn)" in why.stdout
    assert "withdrawn by the desk: court of Larmont, 12/2026" in why.stdout

    # Whatever else was kept is where it was.
    assert passes_warcio_check(machine.warc)
    kept = machine.database.captures.find().to_list()
    assert len(kept) < len(before)
    for capture in kept:
        assert capture == before[capture["_id"]]
        assert reader.read(machine.warc, capture).id == capture["_id"]
        captures.payload(machine.database, machine.warc, capture)

    # It is named again, and under an address that nobody knew: it is not fetched, or leaves nothing behind.
    machine.database.urls.delete_one({"_id": article["url"]})
    asked = len(machine.press.log)
    machine.scrapy(*CRAWL)
    path = urlsplit(url["aliases"][0]).path
    assert path.lower() not in {entry.path.lower() for entry in machine.press.log[asked:]}
    other = "https://www.sadarabat.example/another-form-99998.html"
    machine.press.misbehave(re.escape(other), status=301, headers={"Location": url["aliases"][0]})
    machine.scrapy("visit", other)
    assert machine.database.articles.count_documents({"title": article["title"]}) == 0
    outcome = machine.database.urls.find_one({"aliases": other})
    assert outcome is not None
    assert outcome["outcome"] == "withdrawn"
    everything = [
        said(record) for record in records(machine) if "another-form" in record.url or record.url.endswith(path)
    ]
    assert not any(paragraph in text for paragraph in paragraphs for text in everything)

    restored = machine.scrapy("restore", backup, "--overwrite")
    assert restored.returncode == 0, restored.stderr
    assert f"{article['url']}: withdrawn after this backup was made, and now again" in restored.stderr
    assert not any(paragraph in whole_database(machine) for paragraph in paragraphs)
    # What its outlet says of it in its feed since then is another capture.
    pages = [record for record in records(machine) if record.url not in url["found_by"]]
    assert not [record.url for record in pages if any(paragraph in said(record) for paragraph in paragraphs)]


def test_copies_are_listed_and_withdrawn_when_told(machine: Machine) -> None:
    machine.scrapy("crawl", "sadarabat", "majmaa", "-a", "since=2023-01-01")
    copy = machine.database.articles.find_one({"copy_of": {"$ne": None}, "source": "majmaa"})
    assert copy is not None
    original = machine.database.articles.find_one({"_id": copy["copy_of"]})
    assert original is not None
    told = machine.scrapy("withdraw", original["url"], "--reason", "a takedown")
    assert "These have its text and stay" in told.stdout
    assert f"{copy['url']} (majmaa, a copy of it)" in told.stdout
    left = machine.database.articles.find_one({"_id": copy["_id"]})
    assert left is not None
    assert left["copy_of"] is None, "it points to nothing that is gone"
    told = machine.scrapy("withdraw", original["url"], "--reason", "a takedown", "--copies")
    assert "barred; no article of the archive was found under it" in told.stdout
    machine.scrapy("withdraw", copy["url"], "--reason", "a takedown", "--copies")
    assert machine.database.articles.count_documents({"text_hash": copy["text_hash"]}) == 0


def test_an_article_of_an_outlet_whose_file_has_gone_is_withdrawn(machine: Machine, tmp_path: Path) -> None:
    machine.scrapy("crawl", "sadarabat", "-a", "since=2023-01-01")
    article = machine.database.articles.find_one({"source": "sadarabat"})
    assert article is not None
    done = machine.scrapy("withdraw", article["url"], "--reason", "a right", "-s", f"SOURCES_DIR={tmp_path}")
    assert done.returncode == 0, done.stderr
    assert machine.database.articles.find_one({"_id": article["_id"]}) is None


def test_a_wrong_call_is_refused(machine: Machine) -> None:
    for arguments, message in (
        (["https://www.sadarabat.example/a-12345.html"], "--reason: missing"),
        (["--reason", "x"], "write one URL"),
        (["https://nowhere.example/a", "--reason", "x"], "belongs to no known outlet"),
    ):
        done = machine.scrapy("withdraw", *arguments)
        assert done.returncode == 2
        assert message in done.stderr
    assert machine.database.verdicts.count_documents({}) == 0
