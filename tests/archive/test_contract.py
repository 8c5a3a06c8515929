"""The field contract: what is stored is what the page in docs says, and MongoDB refuses anything else."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import WriteError

from archive import contract, mongo
from archive.records import Article, DateField
from tests.conftest import ROOT, Machine

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def verdict(**changes: Any) -> dict[str, Any]:
    return {"url": "https://sadarabat.example/a-1.html", "by": "an analyst", "reason": "off topic", "at": NOW} | changes


def test_the_page_in_docs_is_fresh() -> None:
    assert (ROOT / "docs/fields.md").read_text(encoding="utf-8") == contract.markdown()


def test_every_attribute_of_an_article_is_a_stored_field() -> None:
    named = {field.name for field in contract.ARTICLES.fields}
    assert {field.name for field in fields(Article)} - named == {"canonical"}
    published = next(field for field in contract.ARTICLES.fields if field.name == "published")
    assert {field.name for field in fields(DateField)} == {field.name for field in published.fields}


def test_preparing_twice_changes_nothing(database: Database[dict[str, Any]]) -> None:
    def state() -> str:
        options = {info["name"]: info["options"] for info in database.list_collections()}
        stored = database.list_collection_names(filter={"type": "collection"})
        indexes = {name: database[name].index_information() for name in stored}
        return json.dumps([options, indexes], sort_keys=True, default=str)

    before = state()
    mongo.prepare(database)
    assert state() == before


def test_an_older_validator_and_index_are_migrated(database: Database[dict[str, Any]]) -> None:
    database.command("collMod", "verdicts", validator={"$jsonSchema": {"required": ["colour"]}})
    database.articles.drop_index([("url", 1)])
    database.articles.create_index([("url", 1)])
    database.verdicts.drop_indexes()
    mongo.prepare(database)
    database.verdicts.insert_one(verdict())
    assert "url_1" in database.verdicts.index_information()
    assert database.articles.index_information()["url_1"].get("unique") is True


def test_an_archive_of_an_older_contract_opens(database: Database[dict[str, Any]]) -> None:
    for name in ("runs", "versions"):
        database.command("collMod", name, validator={})
    database.runs.insert_one({"_id": ObjectId(), "source": "sadarabat", "counters": {"stored": 2}})
    database.versions.insert_one({"article": "0" * 20, "n": 1, "title": "Un titre", "text": "Un texte."})
    mongo.prepare(database)
    mongo.prepare(database)
    assert database.runs.find_one({}, {"counters": 1}) is not None
    assert database.versions.find_one({}, {"text": 1})["text"] == "Un texte."  # type: ignore[index]


def test_a_field_that_the_contract_does_not_name_is_refused(database: Database[dict[str, Any]]) -> None:
    with pytest.raises(WriteError):
        database.verdicts.insert_one(verdict(mood="grim"))


def test_a_field_of_the_wrong_type_is_refused(database: Database[dict[str, Any]]) -> None:
    with pytest.raises(WriteError):
        database.verdicts.insert_one(verdict(at="2025-06-01"))


def test_a_missing_field_is_refused(database: Database[dict[str, Any]]) -> None:
    incomplete = verdict()
    del incomplete["reason"]
    with pytest.raises(WriteError):
        database.verdicts.insert_one(incomplete)


def test_every_stored_document_has_only_fields_of_the_contract(crawled: Machine) -> None:
    for collection in contract.COLLECTIONS:
        broken = crawled.database[collection.name].count_documents({"$nor": [contract.validator(collection)]})
        assert broken == 0, collection.name
