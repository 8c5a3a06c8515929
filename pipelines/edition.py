"""Which code and which lexicon a stored article was made by."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from language.lexicon import LEXICON_VERSION

_ROOT = Path(__file__).resolve().parent.parent
_ROOMS = ("language", "pipelines")
_CODE = frozenset((".py", ".toml", ".tsv", ".txt"))


def made_by(version: str) -> dict[str, str]:
    """`articles.made_by` of what this code makes.

    Args:
        version: of the package.
    Returns:
        "code": the version and a hash of the files by which pages are read, judged and compared (a version of the package lasts
        longer than they do); "lexicon": the lexicon's own version.
    """
    return {"code": f"{version}+{_digest()}", "lexicon": LEXICON_VERSION}


@cache
def _digest() -> str:
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*")):
            if path.suffix in _CODE:
                digest.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:10]
