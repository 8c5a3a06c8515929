"""How well search finds what a reader means: recall and precision over questions with known answers on the sample press.

python -m bench.eval_search
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pymongo
from pymongo.database import Database

from archive import mongo, shelf
from archive.contract import ARTICLES
from archive.records import Outcome
from archive.search import parse_question, search
from tests.samplepress.press import Truth, load_press

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "tests" / "search" / "questions.toml"
_MARKS = re.compile("[\u064b-\u0652\u0670\u0640]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What search gave for one spelling of a question.

    Attributes:
        asked: the question as written.
        wanted, found: titles of the known answers, and of those that were given.
    """

    asked: str
    wanted: frozenset[str]
    found: frozenset[str]

    @property
    def missed(self) -> frozenset[str]:
        """Known answers that were not given."""
        return self.wanted - self.found

    @property
    def wrong(self) -> frozenset[str]:
        """What was given and is no answer."""
        return self.found - self.wanted


def main() -> None:
    """Print what was missed and what was wrong, then both figures."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        **mongo.client_options(mongo.locate("", ROOT / "data"))
    )
    database = client["bench_eval_search"]
    try:
        fill(database)
        answers = list(ask_all(database))
    finally:
        client.drop_database(database.name)
    for answer in answers:
        if answer.missed or answer.wrong:
            print(f"{answer.asked}: missed {sorted(answer.missed)}, wrong {sorted(answer.wrong)}")
    recall, precision = figures(answers)
    print(f"{len(questions())} questions in {len(answers)} spellings: recall {recall:.3f}, precision {precision:.3f}")


def figures(answers: list[Answer]) -> tuple[float, float]:
    """Recall and precision, each the mean over the spellings."""
    recall = [len(answer.wanted & answer.found) / len(answer.wanted) for answer in answers]
    precision = [len(answer.wanted & answer.found) / len(answer.found) if answer.found else 0.0 for answer in answers]
    return sum(recall) / len(recall), sum(precision) / len(precision)


def fill(database: Database[dict[str, Any]]) -> None:
    """The articles of the sample press as it prints them, copies and neighbouring subjects included."""
    database.client.drop_database(database.name)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for number, truth in enumerate(printed()):
        title, text = truth.title, "\n".join([truth.standfirst, *truth.paragraphs])
        topic: dict[str, Any] = {"score": 1.0, "aspects": [], "entities": []}
        published = truth.published_at
        document: dict[str, Any] = {
            "_id": f"{number:020x}",
            "url": truth.url,
            "source": truth.outlet,
            "lang": truth.lang,
            "title": title,
            "text": text,
            "published": {"at": published, "date": f"{published:%Y-%m-%d}"} if published else None,
            "first_seen": now,
            "topic": topic,
            "copy_of": None,
            "gone_at": None,
            "story": None,
            "twins": {},
            "story_keys": [],
        }
        words = shelf.words_of(truth.outlet, title, text, topic)
        database.articles.insert_one(document | {"search": shelf.search_field(document, words)})
    for index in ARTICLES.indexes:
        database.articles.create_index(list(index.keys))


@cache
def printed() -> list[Truth]:
    """The pages of the press that are articles."""
    articles = (Outcome.STORED, Outcome.COPY, Outcome.OFF_TOPIC)
    return [truth for truth in load_press().truth() if truth.outcome in articles and truth.paragraphs]


@cache
def questions() -> list[dict[str, Any]]:
    """The questions and what makes an answer."""
    loaded: list[dict[str, Any]] = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["question"]
    return loaded


def ask_all(database: Database[dict[str, Any]]) -> Iterator[Answer]:
    """Ask every spelling of every question."""
    for question in questions():
        wanted = frozenset(truth.url for truth in printed() if _answers(truth, question))
        assert wanted, f"{question['ask'][0]}: nothing in the press answers it"
        for text in question["ask"]:
            found = search(database, parse_question(text, size=200)).hits
            yield Answer(text, wanted, frozenset(hit.article["url"] for hit in found))


def _answers(truth: Truth, question: dict[str, Any]) -> bool:
    said = _MARKS.sub("", " ".join([truth.title, truth.standfirst, *truth.paragraphs])).replace("\u00a0", " ")
    said = " ".join(said.split())
    return all(re.search(pattern, said, re.IGNORECASE) for pattern in question["has"]) and not any(
        re.search(pattern, said, re.IGNORECASE) for pattern in question.get("lacks", [])
    )


if __name__ == "__main__":
    main()
