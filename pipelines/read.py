"""Everything that can be read from one page, in one hop to a worker process: parse once, then extract, dates, topic and
sketch. Pure: the same page and the same `now` give the same reading."""

from __future__ import annotations

from datetime import UTC, datetime

from archive import reservations
from archive.records import Evidence, Outcome, Page, Rejected
from archive.shelf import words_of
from pipelines import dates, ties, topic
from pipelines.extract import read_page
from pipelines.identity import sketch, text_hash
from pipelines.reading import Reading
from sources.model import Articles, Entry, Source


def read(page: Page, source: Source, now: datetime) -> Reading:
    """Read a page.

    Args:
        page: a fetched page, with what discovery said of it.
        source: its outlet.
        now: aware instant of the fetch, against which relative and future dates are judged.
    Returns:
        An article with dates, topic, hash and sketch, or an outcome.
    """
    reason = "" if source.manners.permission else reservations.reserved(page.headers, page.body)
    if reason:
        return Reading(outcome=Outcome.RESERVED, detail=reason)
    extracted = read_page(page.body, page.url, content_type=page.headers.get("content-type"), source=source)
    article = extracted.result
    if isinstance(article, Rejected):
        return Reading(outcome=article.outcome, detail=article.reason)
    evidence = [*page.evidence, Evidence(page.url, "url")]
    article.restrictions = reservations.restrictions(page.body)
    article.published, article.modified = dates.published(
        extracted.tree,
        evidence,
        timezone=source.timezone,
        now=now,
        selector=source.selectors.date,
        language=article.lang,
    )
    judgement = topic.judge(
        article.title,
        article.text,
        article.lang,
        published=article.published.at if article.published else None,
    )
    article.topic = judgement.stored()
    article.text_hash = text_hash(article.text)
    article.sketch = sketch(article.text)
    article.terms = ties.terms(article.title, article.text, article.topic)
    article.story_keys = ties.keys(article.terms)
    article.search = words_of(page.source, article.title, article.text, article.topic)
    return Reading(article=article)


def warm_up() -> None:
    """Read a page of no account, so that the first real one finds lexicon, months and models loaded."""
    paragraph = "<p>Le ministre reçoit son homologue à Rabat. استقبل الوزير نظيره الفرنسي بالرباط.</p>" * 20
    body = f"<html lang='fr'><h1>Une rencontre</h1><article>{paragraph}</article></html>".encode()
    now = datetime.now(UTC)
    source = Source(
        title="",
        languages=["fr"],
        timezone="UTC",
        country="MA",
        kind="portal",
        domains=[],
        entry=Entry(),
        articles=Articles(match=[]),
    )
    url = "https://warm-up.example/"
    read(Page(url, url, url, "", now, 200, {}, body), source, now)
