"""What the nine outlets share: pages made from templates, the truth of an article, feeds' and listings' slices."""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

from archive.records import Outcome
from tests.samplepress.model import Response, Route, Story, Truth
from tests.samplepress.render import render

HTML = "text/html; charset=UTF-8"
XML = "application/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a site is built from.

    Attributes:
        stories: the outlet's own, newest first.
        all: every story of the press by id, oldest first.
        address: permalink of any story.
        today: the day that a header prints.
    """

    stories: list[Story]
    all: dict[str, Story]
    address: Callable[[Story], str]
    today: date


def page(
    template: str, *, encoding: str = "utf-8", content_type: str = HTML, changed: datetime | None = None, **context: Any
) -> Response:
    """A page made from a template.

    Args:
        encoding: of the body; what it lacks is written as character references.
        changed: for Last-Modified.
    """
    headers = {"Content-Type": content_type}
    if changed:
        headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    return Response(200, headers, render(template, **context).encode(encoding, "xmlcharrefreplace"))


def stylesheet(outlet: str) -> Route:
    """The outlet's style.css."""
    return lambda edition: page(f"{outlet}/style.css", content_type="text/css; charset=utf-8")


def text(body: str, content_type: str = "text/plain; charset=utf-8") -> Route:
    """A short text, the same in every edition."""
    return lambda edition: Response(200, {"Content-Type": content_type}, body.encode())


def redirect(target: str, status: int = 301) -> Route:
    """A redirect to an address."""
    return lambda edition: Response(
        status, {"Location": target, "Content-Type": HTML}, f'<a href="{target}">Moved</a>'.encode()
    )


def status(code: int, template: str, **context: Any) -> Route:
    """An error page of the outlet."""

    def answer(edition: int) -> Response:
        made = page(template, **context)
        return Response(code, made.headers, made.body)

    return answer


def gzipped(route: Route) -> Route:
    """The same resource as a .gz file (not as a content-coding)."""

    def answer(edition: int) -> Response:
        plain = route(edition)
        headers = plain.headers | {"Content-Type": "application/x-gzip"}
        return Response(plain.status, headers, gzip.compress(plain.body, mtime=0))

    return answer


def minutes(story: Story) -> int:
    """Minutes from the end of 2022 to the story's publication: a serial number that grows with time and never changes."""
    return int((story.published - datetime(2022, 12, 31, tzinfo=UTC)).total_seconds()) // 60


def arabic_slug(title: str) -> str:
    """The words of a title with hyphens, as WordPress makes them; not yet percent-encoded."""
    plain = "".join(c for c in unicodedata.normalize("NFC", title) if unicodedata.category(c) not in ("Mn", "Cf", "Lm"))
    return "-".join(re.findall(r"\w+", plain.lower()))


def latin_slug(title: str, words: int = 9) -> str:
    """The first words of a French title in ASCII, lower case, with hyphens."""
    plain = title.replace("œ", "oe").replace("’", " ").replace("'", " ")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:words])


def lower_quote(path: str) -> str:
    """Percent-encoding with lower-case hexadecimal digits, as WordPress writes it."""
    return re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), quote(path))


def printed(story: Story, edition: int) -> list[str]:
    """The paragraphs that the page shows: two of them under a paywall."""
    text = list(story.at(edition).paragraphs)
    return text[:2] if story.paywalled else text


def near(stories: list[Story], story: Story, count: int) -> list[Story]:
    """The stories of a list that follow one in it, in a circle: for boxes of related links."""
    if story not in stories:
        return stories[:count]
    place = stories.index(story)
    others = stories[place + 1 :] + stories[:place]
    return others[:count]


def slices(stories: list[Story], size: int) -> list[list[Story]]:
    """The pages of a listing; one empty page where there are no stories."""
    return [stories[start : start + size] for start in range(0, len(stories), size)] or [[]]


def minute_of(instant: datetime) -> datetime:
    """The instant as a page prints it that shows no seconds."""
    return instant.replace(second=0)


def truth_of(
    shelf: Shelf,
    story: Story,
    edition: int,
    *,
    precision: str,
    standfirst: bool = True,
    section: bool = True,
    tags: bool = True,
    modified: bool = True,
    paywalled: bool | None = None,
    aliases: list[str] | None = None,
    note: str = "",
) -> Truth:
    """The truth of an article's page.

    Args:
        precision: of the date that the page shows.
        standfirst, section, tags, modified: whether the page shows them.
        paywalled: what the page says; None where it does not.
        aliases: further addresses that lead to it.
    """
    version = story.at(edition)
    published = story.published
    if precision == "day":
        published = published.replace(hour=0, minute=0, second=0)
    elif precision == "minute":
        published = minute_of(published)
    changed = version.modified if modified and not story.undated else None
    if story.family != "on_topic":
        outcome = Outcome.OFF_TOPIC
    elif story.copy_of:
        outcome = Outcome.COPY
    else:
        outcome = Outcome.STORED
    return Truth(
        url=shelf.address(story),
        outlet=story.outlet,
        outcome=outcome,
        title=version.title,
        standfirst=story.standfirst if standfirst else "",
        paragraphs=printed(story, edition),
        published_at=None if story.undated else published.astimezone(UTC),
        precision=None if story.undated else precision,
        modified_at=changed.astimezone(UTC) if changed else None,
        lang=story.lang,
        authors=list(story.authors),
        section=(story.section or None) if section else None,
        tags=(list(story.tags) or None) if tags else None,
        agency=story.agency or None,
        paywalled=paywalled,
        copy_of=shelf.address(shelf.all[story.copy_of]) if story.copy_of else None,
        copy_kind=story.copy_kind or None,
        aliases=aliases or [],
        event=story.event,
        edited=version.modified is not None,
        note=note,
    )


def special(outlet: str, url: str, outcome: Outcome, note: str, target: str | None = None) -> Truth:
    """The truth of an article-looking URL that is no article."""
    return Truth(url=url, outlet=outlet, outcome=outcome, note=note, target=target)


def changed_at(story: Story, edition: int) -> datetime:
    """When the page last changed: its edit, or its publication."""
    return story.at(edition).modified or story.published


def newest_change(stories: list[Story], edition: int) -> datetime:
    """When a listing or feed last changed."""
    return max((changed_at(story, edition) for story in stories), default=datetime(2023, 1, 1, tzinfo=UTC))
