"""What every kind of entry point yields, and the addresses and dates in it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urldefrag, urljoin, urlsplit

#: Scrapy drops longer ones (URLLENGTH_LIMIT); real addresses with Arabic slugs stay under 2,000.
_LONGEST_URL = 4096
_LONGEST_TITLE = 500
_LONGEST_DATE = 100
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")


class EntryError(ValueError):
    """An entry point is not what it should be; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address named by a feed, a sitemap or a listing.

    Attributes:
        url: absolute http(s) address as written, without its fragment.
        title: the title given with it, "" where none.
        published: the words that date its publication, "" where none.
        modified: the words that date its last change, "" where none.
    """

    url: str
    title: str = ""
    published: str = ""
    modified: str = ""


def absolute(base: str, written: str) -> str:
    """An address as written, made absolute.

    Args:
        base: absolute address of the document, or what it declares as its base.
        written: absolute or relative, perhaps hostile.
    Returns:
        An http(s) address without its fragment; "" for any other scheme and for what is no address.
    """
    written = written.strip()
    if not written or len(written) > _LONGEST_URL:
        return ""
    try:
        url = urldefrag(urljoin(base, written)).url
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if usable and len(url) <= _LONGEST_URL else ""


def title_of(words: str) -> str:
    """A title for people: one line of bounded length, without the markup that many put there escaped."""
    plain = _MARKUP.sub(" ", html.unescape(words[: 4 * _LONGEST_TITLE]))
    return " ".join(plain.split())[:_LONGEST_TITLE]


def date_of(words: str) -> str:
    """The words of a date, of bounded length."""
    return " ".join(words[: 2 * _LONGEST_DATE].split())[:_LONGEST_DATE]


def instant(words: str) -> datetime | None:
    """The instant of a machine-readable date, for ordering and windows only.

    ISO 8601 and RFC 822 forms as feeds and sitemaps write them; a date without a zone is taken as UTC, hence good to
    half a day. The stored date is read by the date reader, from the page first.

    Returns:
        An aware UTC datetime; None for other words and for the zero dates of databases (year 1, 1970-01-01 00:00).
    """
    words = words.strip()
    if len(words) > _LONGEST_DATE:
        return None
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        try:
            moment = parsedate_to_datetime(words)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return None if moment.year < 1900 or moment.timestamp() == 0 else moment
