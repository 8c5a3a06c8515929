"""Why a fetch failed, in words for people."""

from __future__ import annotations

import re

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)

_WORDS: dict[type[Exception], str] = {
    CannotResolveHostError: "the host name cannot be resolved",
    DownloadConnectionRefusedError: "the server refuses the connection",
    DownloadTimeoutError: "the server does not answer in time",
    ResponseDataLossError: "the connection broke before the page was complete",
}
# What Twisted and OpenSSL say within a DownloadFailedError.
_CAUSES = (
    ("certificate verify failed", "the server's certificate is not trusted"),
    ("SSL", "the server speaks no TLS that we accept"),
    ("ParseError", "the server's answer is no HTTP"),
    ("BadResponseVersion", "the server's answer is no HTTP"),
    ("Connection", "the server closes the connection without an answer"),
)
_REPR = re.compile(r"<twisted\.python\.failure\.Failure (.*?)>", re.DOTALL)


def is_network_error(error: BaseException) -> bool:
    """Whether an error comes from the network or the server at its other end, and not from a fault of ours."""
    return isinstance(error, (*_WORDS, DownloadFailedError, OSError))


def explain(error: BaseException) -> str:
    """One line about an error of the downloader."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    said = " ".join(_REPR.sub(r"\1", str(error)).split())
    if isinstance(error, DownloadFailedError):
        for sign, words in _CAUSES:
            if sign in said:
                return f"{words} ({said[:200]})"
    return f"{type(error).__name__}: {said[:300]}"
