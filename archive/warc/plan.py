"""Where the WARC files are and what each says of itself, by the settings."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from archive.warc.records import CONFORMS_TO

#: Settings that tell a reader how the pages were asked for.
_TOLD = (
    "ROBOTSTXT_OBEY",
    "ROBOTSTXT_USER_AGENT",
    "DOWNLOAD_DELAY",
    "CONCURRENT_REQUESTS",
    "CONCURRENT_REQUESTS_PER_DOMAIN",
    "RETRY_TIMES",
    "REDIRECT_MAX_TIMES",
    "COOKIES_ENABLED",
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "DOWNLOAD_MAXSIZE",
    "DOWNLOAD_TIMEOUT",
    "DEFAULT_REQUEST_HEADERS",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How files are written.

    Attributes:
        folder: where.
        prefix: the first word of their names.
        bytes: size after which a new file begins.
        info: the fields of their warcinfo records.
    """

    folder: Path
    prefix: str
    bytes: int
    info: Mapping[str, str]


def folder_of(settings: Mapping[str, Any]) -> Path:
    """The folder of the WARC files: WARC_DIR, or warc/ in DATA_DIR."""
    return Path(settings["WARC_DIR"] or Path(settings["DATA_DIR"]) / "warc")


def plan_of(settings: Mapping[str, Any]) -> Plan:
    """How the settings want the files written; WARC_BYTES is the size."""
    told = {name: settings[name] for name in _TOLD}
    info = {
        "software": f"Marsad/{settings['MARSAD_VERSION']} Scrapy/{version('scrapy')} warcio/{version('warcio')}",
        "format": "WARC File Format 1.1",
        "conformsTo": CONFORMS_TO,
        "hostname": socket.gethostname(),
        "operator": settings["MARSAD_CONTACT"],
        "isPartOf": settings["MONGODB_DATABASE"],
        "robots": "obey" if settings["ROBOTSTXT_OBEY"] else "ignore",
        "http-header-user-agent": settings["USER_AGENT"],
        "settings": json.dumps(told, ensure_ascii=False, default=dict),
    }
    return Plan(folder_of(settings), settings["BOT_NAME"], int(settings["WARC_BYTES"]), info)
