"""The table of outlets: docs/outlets.md, and what `scrapy sources` says of their entry points.

`python -m sources.table > docs/outlets.md` writes the page anew; a test fails when it is stale.
"""

from __future__ import annotations

from collections import Counter

from sources import registry, systems
from sources.model import Source, points

_KINDS = {
    "feeds": "feed",
    "sitemaps": "sitemap",
    "listings": "listing",
    "archives": "archive",
    "api": "API",
    "search": "search",
}


def entry_points(source: Source) -> str:
    """How many entry points an outlet has of each kind, such as "1 feed, 2 sitemaps?"; "?" where none of a kind is confirmed."""
    kinds: dict[str, list[bool]] = {}
    for point in points(source):
        kinds.setdefault(point.field, []).append(point.confirmed)
    return ", ".join(
        f"{len(sure)} {_KINDS[field]}{'s' if len(sure) > 1 and field not in ('api', 'search') else ''}{'' if any(sure) else '?'}"
        for field, sure in kinds.items()
    )


def markdown(sources: list[Source]) -> str:
    """docs/outlets.md: a table of the outlets that are crawled, one of those that are not, and how many publish in each
    language."""
    enabled = [source for source in sources if source.enabled]
    languages = Counter(language for source in enabled for language in source.languages)
    countries = Counter(source.country for source in enabled)
    lines = [
        "# Outlets",
        "",
        "Generated from `sources/outlets/` by `python -m sources.table > docs/outlets.md`; a test fails when it is stale.",
        "",
        f"{len(sources)} outlets are described, {len(enabled)} of them enabled. Editions on hosts of their own count each; of the"
        f" enabled ones {_counted(languages)} (some in both), from {_counted(countries)}.",
        "A question mark: nobody has seen an entry point of that kind answer; it is asked for the past, and where there is no other.",
        "",
        "| name | outlet | languages | country | zone | kind | system | entry points |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for source in enabled:
        cells = (
            f"`{source.name}`",
            source.title,
            " ".join(source.languages),
            source.country,
            source.timezone,
            source.kind,
            systems.title(source.system),
            entry_points(source),
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Not crawled",
        "",
        "| name | outlet | languages | country | kind | reason |",
        "|---|---|---|---|---|---|",
    ]
    for source in sources:
        if not source.enabled:
            languages_of = " ".join(source.languages)
            row = (f"`{source.name}`", source.title, languages_of, source.country, source.kind, source.reason)
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def _counted(counter: Counter[str]) -> str:
    return ", ".join(
        f"{number} {name}" for name, number in sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    )


if __name__ == "__main__":
    print(markdown(registry.everything()[0]), end="")
