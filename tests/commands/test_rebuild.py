"""The archive from its WARC files alone, from a backup, and with pages from elsewhere: `scrapy reprocess`, `import`, `verify`,
`backup`, `restore`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from archive.warc.records import digest
from tests.conftest import Machine
from tests.samplepress.press import load_press
from tests.warcs import START, instant, warc

#: What a capture cannot know of an address: when and where else it was found, how it was ranked without a date, how often it was
#: tried.
DISCOVERY = {"first_seen", "found_by", "evidence", "aliases", "rank", "attempts"}


def documents(
    database: Database[dict[str, Any]], name: str, but: frozenset[str] | set[str] = frozenset()
) -> dict[Any, Any]:
    return {
        document["_id"]: {field: value for field, value in document.items() if field not in but}
        for document in database[name].find()
    }


@pytest.fixture
def another(crawled: Machine, tmp_path: Path) -> Iterator[tuple[Database[dict[str, Any]], dict[str, str]]]:
    """An empty database beside the crawled one, and the environment that chooses it and a WARC folder of its own."""
    database = crawled.database.client[f"{crawled.database.name}_another"]
    yield database, {"MONGODB_DATABASE": database.name, "MARSAD_WARC": str(tmp_path / "warc")}
    database.client.drop_database(database.name)


def test_an_empty_mongodb_and_the_warc_files_give_the_same_archive(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]]
) -> None:
    database, environment = another
    done = crawled.scrapy("reprocess", MONGODB_DATABASE=environment["MONGODB_DATABASE"])
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("articles", "versions", "captures"):
        assert documents(database, name) == documents(crawled.database, name), name
    found, made = (documents(archive, "urls", DISCOVERY) for archive in (crawled.database, database))
    asked = {url for url, document in found.items() if document["outcome"] not in ("robots", "network_error")}
    assert made == {url: found[url] for url in asked}
    assert attempts(database) == attempts(crawled.database)
    verified = crawled.scrapy("verify", MONGODB_DATABASE=environment["MONGODB_DATABASE"])
    assert verified.returncode == 0, verified.stderr
    assert "All is well" in verified.stdout


def attempts(database: Database[dict[str, Any]]) -> dict[Any, Any]:
    """The attempts that were answered. Which of two equal texts is the copy may show after the visit."""
    return {
        (visit["url"], visit["at"]): (
            visit["status"],
            visit["outcome"].replace("copy", "stored"),
            visit["topic"],
            visit["capture"],
        )
        for visit in database.visits.find({"capture": {"$ne": None}})
    }


def test_where_nothing_is_to_change_nothing_is_written(crawled: Machine) -> None:
    # The run of the reprocessing itself is all that is new.
    names = ("articles", "versions", "captures", "urls", "visits")
    stands = {name: documents(crawled.database, name) for name in names}
    done = crawled.scrapy("reprocess")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Nothing to change: \d+ captured pages give the archive as it stands", done.stdout, re.MULTILINE)
    for name in names:
        assert documents(crawled.database, name) == stands[name], name
    for crawl in crawled.database.runs.find({"kind": "crawl"}):
        run = crawled.database.runs.find_one({"kind": "reprocess", "source": crawl["source"]})
        assert run is not None, crawl["source"]
        assert (run["reason"], run["articles"]["count"]) == ("finished", crawl["articles"]["count"])
        assert run["articles"]["fields"] == crawl["articles"]["fields"]


def test_an_archive_that_was_lost_comes_back_from_its_backup(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]], tmp_path: Path
) -> None:
    database, elsewhere = another
    verdict = {"url": "https://x.example/", "relevant": True, "by": "a", "reason": "b", "at": START}
    crawled.database.verdicts.insert_one(verdict)
    try:
        made = crawled.scrapy("backup", str(tmp_path / "backup"))
        assert made.returncode == 0, made.stderr
        # Views are made by whoever opens an archive, and name their database.
        filled = crawled.database.list_collection_names(filter={"type": "collection"})
        names = [name for name in filled if not name.startswith("system.")]
        stands = {name: documents(crawled.database, name) for name in names}
    finally:
        crawled.database.verdicts.delete_many({})
    done = crawled.scrapy("restore", str(tmp_path / "backup"), **elsewhere)
    assert done.returncode == 0, done.stderr
    assert {name: documents(database, name) for name in names} == stands
    for name in names:
        assert database[name].index_information().keys() == crawled.database[name].index_information().keys(), name
    files = {path.name: path.read_bytes() for path in crawled.warc.glob("*.warc.gz*")}
    assert {path.name: path.read_bytes() for path in Path(elsewhere["MARSAD_WARC"]).glob("*.warc.gz*")} == files
    again = crawled.scrapy("restore", str(tmp_path / "backup"), **elsewhere)
    assert again.returncode == 1
    assert "documents; restore into another MONGODB_DATABASE, or say --overwrite" in again.stderr
    (dump,) = (tmp_path / "backup").glob("*/*/articles.bson.gz")
    dump.write_bytes(dump.read_bytes()[:-9])
    damaged = crawled.scrapy("restore", str(tmp_path / "backup"), "--overwrite", **elsewhere)
    assert damaged.returncode == 1
    assert "articles.bson.gz: missing or damaged; use another backup" in damaged.stderr
    assert database.articles.count_documents({}) == len(stands["articles"]), "nothing is dropped for a damaged backup"


def test_pages_from_elsewhere_come_in_through_everything(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]], tmp_path: Path
) -> None:
    database, environment = another
    press = load_press()
    wanted = [
        truth for truth in press.truth() if truth.outlet == "sadarabat" and truth.outcome in ("stored", "off_topic")
    ][:12]
    with warc(tmp_path / "foreign.warc.gz") as made:
        for truth in wanted:
            answer = press.respond(truth.url)
            assert answer is not None
            made.response(truth.url, answer.body, headers=tuple(answer.headers.items()))
        made.response("https://nobody.example/1.html", b"<p>Rien.</p>")
    done = crawled.scrapy("import", str(tmp_path / "foreign.warc.gz"), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(wanted)} pages of known outlets taken in" in done.stdout
    assert "1 pages belong to no known outlet: nobody.example 1." in done.stdout
    stored = {truth.title for truth in wanted if truth.outcome == "stored"}
    assert stored
    articles = list(database.articles.find())
    assert {article["title"] for article in articles} == stored
    own = crawled.database.articles.find_one({"_id": articles[0]["_id"]})
    assert own is not None
    assert (articles[0]["text"], articles[0]["published"]["at"]) == (own["text"], own["published"]["at"])
    assert articles[0]["first_seen"] == START
    shutil.move(tmp_path / "foreign.warc.gz", tmp_path / "away")
    verified = crawled.scrapy("verify", **environment)
    assert verified.returncode == 0, verified.stderr
    again = crawled.scrapy("import", str(tmp_path / "away"), **environment)
    assert again.returncode == 2
    assert "not a .warc, .warc.gz, .wacz file" in again.stderr


def test_a_foreign_page_that_was_cut_for_whatever_reason_does_not_stop_the_import(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]], tmp_path: Path
) -> None:
    database, environment = another
    press = load_press()
    truths = [truth for truth in press.truth() if truth.outlet == "sadarabat" and truth.outcome == "stored"]
    reasons = ("unspecified", "the wind", "length", None)
    with warc(tmp_path / "foreign.warc.gz") as made:
        for truth, reason in zip(truths, reasons, strict=False):
            answer = press.respond(truth.url)
            assert answer is not None
            said: dict[str, Any] = {} if reason is None else {"WARC_Truncated": reason}
            made.response(truth.url, answer.body, headers=tuple(answer.headers.items()), **said)
    done = crawled.scrapy("import", str(tmp_path / "foreign.warc.gz"), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    cut = {capture["url"]: capture["truncated"] for capture in database.captures.find()}
    expected = ("unspecified", "unspecified", "length", None)
    assert cut == {truth.url: reason for truth, reason in zip(truths, expected, strict=False)}
    assert [article["title"] for article in database.articles.find()] == [truths[3].title]


def test_foreign_revisits_that_name_no_record_have_the_page_that_they_repeat_or_are_passed_over(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]], tmp_path: Path
) -> None:
    database, environment = another
    press = load_press()
    dated, alike, lost = [
        truth for truth in press.truth() if truth.outlet == "sadarabat" and truth.outcome == "stored"
    ][:3]
    later, elsewhere = START + timedelta(days=1), START - timedelta(days=9)

    def answer(url: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
        made = press.respond(url)
        assert made is not None
        return made.body, tuple(made.headers.items())

    # As browsertrix and pywb write them; the file of the revisits is read first.
    with warc(tmp_path / "a.warc.gz") as made:
        for truth, said in (
            (dated, {"Target-URI": dated.url, "Date": instant(START)[:19] + "Z"}),
            (alike, {}),
            (lost, {"Target-URI": lost.url, "Date": instant(elsewhere)}),
        ):
            body, headers = answer(truth.url)
            refers: dict[str, Any] = {f"WARC-Refers-To-{name}": value for name, value in said.items()}
            refers["WARC-Payload-Digest"] = digest(body)
            made.response(truth.url, b"", at=later, headers=headers, kind="revisit", **refers)
    with warc(tmp_path / "b.warc.gz") as made:
        for truth in (dated, alike):
            body, headers = answer(truth.url)
            made.response(truth.url, body, at=START, headers=headers)
    done = crawled.scrapy("import", str(tmp_path / "a.warc.gz"), str(tmp_path / "b.warc.gz"), **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"^imported/a-.*: 1 revisit records are passed over: they do not name", done.stderr, re.MULTILINE)
    assert {article["title"] for article in database.articles.find()} == {dated.title, alike.title}
    assert database.versions.count_documents({}) == 0, "the page had the same text again"
    visits = [(visit["url"], visit["at"], visit["outcome"]) for visit in database.visits.find()]
    pages = {article["url"] for article in database.articles.find()}
    assert sorted(visits) == sorted((url, *how) for url in pages for how in ((START, "stored"), (later, "unchanged")))
    originals = {capture["url"]: capture["_id"] for capture in database.captures.find({"revisit_of": None})}
    repeats = {capture["url"]: capture["revisit_of"] for capture in database.captures.find({"at": later})}
    assert repeats == originals
    assert originals.keys() == {dated.url, alike.url}
    verified = crawled.scrapy("verify", **environment)
    assert verified.returncode == 0, verified.stderr
    # The file that was missing comes.
    with warc(tmp_path / "c.warc.gz") as made:
        body, headers = answer(lost.url)
        made.response(lost.url, body, at=elsewhere, headers=headers)
    done = crawled.scrapy("import", str(tmp_path / "c.warc.gz"), **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert database.captures.count_documents({"revisit_of": {"$ne": None}}) == 3
    assert database.articles.count_documents({}) == 3


def test_articles_that_point_to_what_is_not_there_are_named_and_mended(
    crawled: Machine, another: tuple[Database[dict[str, Any]], dict[str, str]]
) -> None:
    database, environment = another
    environment = {"MONGODB_DATABASE": environment["MONGODB_DATABASE"]}
    for name in ("articles", "versions", "urls", "visits", "captures"):
        crawled.database[name].aggregate([{"$out": {"db": database.name, "coll": name}}])
    tied = database.articles.find({"ties": {"$ne": []}, "follows": {"$ne": None}}).sort("_id", 1).limit(4).to_list()
    assert len(tied) == 4
    whole = documents(database, "articles")
    for article, spoilt in zip(
        tied,
        ({"story": "gone-1"}, {"follows": "gone-2"}, {"through": "gone-3"}, {"ties.0.with": "gone-4"}),
        strict=True,
    ):
        database.articles.update_one({"_id": article["_id"]}, {"$set": spoilt})
    verified = crawled.scrapy("verify", **environment)
    named = re.findall(r"points to article (\S+ \(\w+\)), which is not there; 'scrapy reprocess'", verified.stderr)
    assert sorted(named) == ["gone-1 (story)", "gone-2 (follows)", "gone-3 (through)", "gone-4 (ties)"]
    done = crawled.scrapy("reprocess", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    verified = crawled.scrapy("verify", **environment)
    assert verified.returncode == 0, verified.stderr
    mended = documents(database, "articles")
    assert {name: mended[name]["story"] for name in whole} == {name: whole[name]["story"] for name in whole}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("reprocess", "--outcome", "nonsense"), "--outcome nonsense: no such outcome; allowed are stored"),
        (("reprocess", "--since", "soon"), "--since=soon: write YYYY, YYYY-MM, YYYY-MM-DD"),
        (("reprocess", "--source", "hespres"), "no outlet is called 'hespres'"),
        (("reprocess",), "no WARC file; 'scrapy crawl' captures pages, 'scrapy import' takes files from elsewhere"),
        (("import", "/nowhere.warc"), "/nowhere.warc: no such file"),
        (("restore", "/nowhere"), "/nowhere: no backup here; 'make backup' makes one"),
    ],
)
def test_a_wrong_call_is_one_line(crawled: Machine, arguments: tuple[str, ...], message: str) -> None:
    done = crawled.scrapy(*arguments, MARSAD_WARC="/nowhere/warc")
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_one_version_made_is_made_again_and_an_unknown_one_is_told(crawled: Machine) -> None:
    code = crawled.database.articles.distinct("made_by.code")[0]
    version = code.partition("+")[0]
    done = crawled.scrapy("reprocess", "--source", "sadarabat", "--made-by", version)
    assert re.search(r"^Nothing to change: [1-9]\d* captured pages", done.stdout, re.MULTILINE), (
        done.stdout + done.stderr
    )
    wrong = crawled.scrapy("reprocess", "--made-by", version[:-1])
    assert wrong.returncode == 2
    assert f"--made-by {version[:-1]}: made none of the chosen articles; there are {code}" in wrong.stderr
