"""Readers find what they mean on the sample press: the bars of the project."""

from __future__ import annotations

import pymongo

from archive import mongo
from bench import eval_search


def test_recall_and_precision_of_questions_with_known_answers(mongodb_uri: str) -> None:
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(**mongo.client_options(mongodb_uri))
    database = client["test_eval_search"]
    try:
        eval_search.fill(database)
        answers = list(eval_search.ask_all(database))
    finally:
        client.drop_database(database.name)
    recall, precision = eval_search.figures(answers)
    assert len(eval_search.questions()) >= 40
    assert recall >= 0.98, [(answer.asked, answer.missed) for answer in answers if answer.missed]
    assert precision >= 0.95, [(answer.asked, answer.wrong) for answer in answers if answer.wrong]
