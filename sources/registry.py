"""All outlets of a folder, by name, and which of them an address belongs to."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sources.model import Source, SourceError, in_domains, load

OUTLETS = Path(__file__).parent / "outlets"


class UnknownSource(KeyError):
    """No outlet has that name; the message lists near ones."""

    def __str__(self) -> str:
        return str(self.args[0])


def names(folder: Path = OUTLETS) -> list[str]:
    """The outlets' names in alphabetical order, without reading their files.

    Raises:
        SourceError: the folder does not exist.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder}: no such folder; the setting SOURCES_DIR names the outlets' folder")
    return sorted(path.stem for path in folder.glob("*.toml"))


def find(name: str, folder: Path = OUTLETS) -> Source:
    """One outlet by name.

    Raises:
        UnknownSource: no such outlet.
        SourceError: its file is wrong.
    """
    known = names(folder)
    if name not in known:
        near = [other for other in known if other[:3] == name[:3].lower()] or known
        raise UnknownSource(f"no outlet is called {name!r}; try {', '.join(near[:8])} ('scrapy list' shows all)")
    return load(folder / f"{name}.toml")


def everything(folder: Path = OUTLETS) -> tuple[list[Source], list[str]]:
    """Every outlet that loads, and the messages of those that do not: a broken file costs only itself."""
    sources, faults = [], []
    for name in names(folder):
        try:
            sources.append(load(folder / f"{name}.toml"))
        except SourceError as error:
            faults.append(str(error))
    return sources, faults


def owner(url: str, sources: list[Source]) -> Source | None:
    """The outlet whose domains hold an address; the longest domain wins. None of what is no address at all."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    owners = [source for source in sources if in_domains(host, source.domains)]
    return max(owners, key=lambda source: max(len(d) for d in source.domains if in_domains(host, [d])), default=None)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def is_article(url: str, source: Source) -> bool:
    """Whether an address looks like an article of the outlet.

    The patterns are searched in the percent-decoded address, on the outlet's own hosts only.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if not in_domains(host, source.domains):
        return False
    decoded = unquote(url)
    articles = source.articles
    return any(_compiled(p).search(decoded) for p in articles.match) and not any(
        _compiled(p).search(decoded) for p in articles.ignore
    )
