"""HTTP validators (RFC 9110, 8.8): which of a server's words are kept, to be sent back to it with the next request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

# Real ones stay under 100 characters; a header that grows with each visit would be somebody's experiment.
_LONGEST = 256
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_DATE = re.compile(r"[A-Za-z]{3,9}, ?[0-9A-Za-z: -]{10,40}")


def read(headers: Mapping[str, str]) -> dict[str, str | None]:
    """The validators of an answer, as stored in `urls` and sent again as they stand.

    What is no entity tag (8.8.3) or no HTTP date (5.6.7), or longer than 256 characters, is dropped: nothing that a server
    invents can break a request of ours apart or grow in the archive.

    Args:
        headers: lower-case names, values as received in Latin-1.
    Returns:
        {"etag": …, "last_modified": …}, each None where there is none that is usable.
    """
    etag, changed = headers.get("etag", "").strip(" \t"), headers.get("last-modified", "").strip(" \t")
    return {
        "etag": etag if len(etag) <= _LONGEST and _ETAG.fullmatch(etag) else None,
        "last_modified": changed if _DATE.fullmatch(changed) and _is_date(changed) else None,
    }


def _is_date(words: str) -> bool:
    try:
        return parsedate_to_datetime(words).year >= 1990  # before that there was no web; databases write 1970
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
