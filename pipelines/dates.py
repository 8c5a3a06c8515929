"""The dates of an article: right, or silent.

`read_date` reads a line (`pipelines.dating.lines` says how). `published` reads a page (`pipelines.dating.markup` and
`pipelines.dating.visible` find the statements) together with what feeds, sitemaps and addresses said of it.

Precedence of the evidence, heaviest first. Of the publication date is believed:

1. the outlet's selector: a person set it because the general way fails (10);
2. JSON-LD, the statement about this article: its headline or address is this page's (6);
3. meta elements that name a publication date (5); JSON-LD about the page, `WebPage` (4);
4. `time` elements and `datePublished` items that say what they are (4); labelled visible lines, "Publié le", "نشر في" (3.5);
5. the day in the address (3.4, without separators 2.4); the feed (3.2); the sitemap's publication date (3); a `time` element or a
   date line beside the title without label (3, without a telling class 2.5, above the title 2 to 2.5);
6. a listing and the article's side boxes (2); "il y a 2 heures" (1.8); weak meta names, `date`, `created` (1.5); JSON-LD about
   something else (1.2).

Visible lines are read where the page has no machine-written publication time of the first three ranks. The heaviest
statement stands unless it is outvoted: statements of two or more other kinds, which agree within a day with one another but
not with it, and weigh more together. Among those that agree on the local day a time beats a bare day. A disagreement of more
than a day lowers `trust` and is written into `method`.

Never taken: the moment of the crawl (to five seconds), anything beyond `now` + 26 hours, 1970-01-01, a masthead's date above
the title, a footer's year, dates in comments and in teasers of other articles. A modification before the day of publication
is dropped. A page that only says when it was modified has no publication date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from lxml.html import HtmlElement

from archive.records import DateField, Evidence
from language.timezones import zone
from pipelines.dating.boxes import article_heading, page_address, page_titles
from pipelines.dating.evidence import MODIFIED, PUBLISHED, Setting, Statement, from_outside, from_url, is_crawl_time
from pipelines.dating.lines import DateReading, read_lines
from pipelines.dating.markup import from_jsonld, from_meta, from_selector, from_times
from pipelines.dating.visible import from_visible

__all__ = ["DateReading", "published", "read_date"]

_STRONG = 4.0
_DAY = timedelta(days=1)
_TRUST = (
    (9.0, 0.97),
    (6.0, 0.95),
    (5.0, 0.93),
    (4.0, 0.9),
    (3.5, 0.85),
    (3.0, 0.8),
    (2.3, 0.75),
    (1.9, 0.65),
    (0.0, 0.5),
)
_AGREED, _OPPOSED, _LEAST = 0.03, 0.3, 0.1


def read_date(text: str, *, language: str, timezone: str, now: datetime) -> DateReading | None:
    """The publication date that a line states.

    Args:
        text: a line as it stands on a page.
        language: BCP 47 code of the line.
        timezone: IANA zone of the outlet, for bare local times.
        now: aware; the moment the line was seen.
    Returns:
        The reading; None where the line does not state a full date for certain. Where it states only an update, that.
    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    readings = read_lines(text, language=language, local=zone(timezone), now=now)
    return readings[0] if readings else None


def published(
    tree: HtmlElement,
    evidence: Sequence[Evidence],
    *,
    timezone: str,
    now: datetime,
    selector: str = "",
    language: str = "",
) -> tuple[DateField | None, DateField | None]:
    """The publication and the modification date of a page.

    Args:
        tree: the page, by lxml.html.
        evidence: what was said of the page outside it.
        timezone: IANA zone of the outlet.
        now: aware; the moment the page was fetched.
        selector: CSS of the outlet's date element, "" for none.
        language: BCP 47 code of the page.
    Returns:
        (published, modified), each None where nothing is certain.
    Raises:
        ValueError: the selector is no CSS.
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    local = zone(timezone)
    setting = Setting(language, local, now)
    titles, address = page_titles(tree), page_address(tree)
    found: list[Statement] = []
    if selector:
        found += from_selector(tree, setting, selector)
    found += from_jsonld(tree, setting, titles, address)
    found += from_meta(tree, setting)
    found += from_outside([(item.text, item.where, item.says) for item in evidence], setting)
    if address and not any(statement.where == "url" for statement in found):
        in_address = from_url(address, setting)
        if in_address:
            found.append(in_address)
    if not any(s.weight >= _STRONG and s.says == PUBLISHED and s.reading.precision != "day" for s in found):
        heading = article_heading(tree, titles)
        found += from_times(tree, setting, heading)
        found += from_visible(tree, setting, heading)
    found = [statement for statement in found if not is_crawl_time(statement, now)]
    found = _without_afterthoughts(found)
    first = _settle([statement for statement in found if statement.says == PUBLISHED], local)
    last = _settle([statement for statement in found if statement.says == MODIFIED], local)
    if first and last and last.date < first.date:
        last = None
    return first, last


def _without_afterthoughts(statements: list[Statement]) -> list[Statement]:
    """The statements less those light ones that put publication more than a day after a heavier one's modification.

    A date line below the title that is younger than the article's last change speaks of something else.
    """
    changes = [statement for statement in statements if statement.says == MODIFIED]
    return [
        statement
        for statement in statements
        if statement.says == MODIFIED
        or not any(
            change.weight > statement.weight and statement.reading.instant > change.reading.instant + _DAY
            for change in changes
        )
    ]


def _settle(statements: list[Statement], local: tzinfo) -> DateField | None:
    """The field that statements of one kind support best."""
    if not statements:
        return None
    heaviest = max(statements, key=lambda statement: statement.weight)
    camp = [statement for statement in statements if _agree(statement, heaviest, local)]
    against = [statement for statement in statements if not _agree(statement, heaviest, local)]
    if against:
        rival = max(against, key=lambda statement: _weight([s for s in against if _agree(s, statement, local)]))
        rivals = [statement for statement in against if _agree(statement, rival, local)]
        if len({s.where for s in rivals}) > 1 and heaviest.where != "selector" and _weight(rivals) > _weight(camp):
            camp = rivals
            against = [statement for statement in statements if not _agree(statement, rival, local)]
            heaviest = max(camp, key=lambda statement: statement.weight)
    chosen = heaviest
    if heaviest.reading.precision == "day":
        timed = [s for s in camp if s.reading.precision != "day" and _date(s, local) == _date(heaviest, local)]
        chosen = max(timed, key=lambda statement: statement.weight, default=heaviest)
    reading = chosen.reading
    trust = next(trust for weight, trust in _TRUST if heaviest.weight >= weight)
    if len({statement.where for statement in camp}) > 1:
        trust = min(1.0, trust + _AGREED)
    method = reading.method
    if against:
        trust = max(_LEAST, trust - _OPPOSED)
        method += "; against " + ", ".join(sorted({f"{s.where} {_date(s, local)}" for s in against}))
    if reading.approximate:
        trust = min(trust, 0.6)
    return DateField(
        at=reading.instant,
        date=_date(chosen, local),
        precision=reading.precision,
        approximate=reading.approximate,
        raw=reading.raw,
        where=chosen.where,
        method=method,
        trust=round(trust, 2),
    )


def _weight(statements: list[Statement]) -> float:
    """The weight of a camp: of each place its heaviest statement."""
    heaviest: dict[str, float] = {}
    for statement in statements:
        heaviest[statement.where] = max(heaviest.get(statement.where, 0.0), statement.weight)
    return sum(heaviest.values())


def _agree(one: Statement, other: Statement, local: tzinfo) -> bool:
    """Whether two statements lie within a day; of those that know only the day, the days are compared."""
    if "day" in (one.reading.precision, other.reading.precision):
        return abs(date.fromisoformat(_date(one, local)) - date.fromisoformat(_date(other, local))) <= _DAY
    return abs(one.reading.instant - other.reading.instant) <= _DAY


def _date(statement: Statement, local: tzinfo) -> str:
    return statement.reading.instant.astimezone(local).date().isoformat()
