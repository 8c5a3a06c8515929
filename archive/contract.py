"""The field contract: every collection and every stored field, defined once.

The `$jsonSchema` validators, the indexes, docs/fields.md and the contract test come from this module
(`python -m archive.contract` prints the page).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archive.health.causes import CAUSES
from archive.records import Outcome
from archive.runs import FIELDS, KINDS

#: Raised when a stored field changes its meaning; `schema` in MongoDB remembers which one a database has.
SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One stored field.

    Attributes:
        name: as stored.
        type: BSON type: "string", "date", "int", "long", "double", "bool", "object", "array", "objectId".
        meaning: what it says, for people.
        source: where the value comes from.
        unit: unit or form of the value, "" where there is none.
        nullable: may be null.
        optional: may be absent.
        values: the closed list of allowed values, where there is one.
        items: type of an array's items.
        fields: fields of an object, or of an array's objects.
        free: an object whose keys are data.
    """

    name: str
    type: str
    meaning: str
    source: str
    unit: str = ""
    nullable: bool = False
    optional: bool = False
    values: tuple[str, ...] = ()
    items: str = ""
    fields: tuple[Field, ...] = ()
    free: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """An index: its keys in order, and MongoDB's options."""

    keys: tuple[tuple[str, int | str], ...]
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: what one document is, its fields and indexes."""

    name: str
    meaning: str
    fields: tuple[Field, ...]
    indexes: tuple[Index, ...]


def _index(*keys: str | tuple[str, int | str], **options: Any) -> Index:
    pairs = tuple((key, 1) if isinstance(key, str) else key for key in keys)
    return Index(pairs, tuple(options.items()))


_OUTCOMES = tuple(str(outcome) for outcome in Outcome)


def _date_field(name: str, meaning: str) -> Field:
    return Field(
        name,
        "object",
        meaning,
        "pipelines/dates.py: ranked evidence of page, feed and sitemap",
        nullable=True,
        fields=(
            Field(
                "at", "date", "the instant; local midnight of the outlet when only the day is known", "reading", "UTC"
            ),
            Field("date", "string", "calendar day in the outlet's zone", "reading", "YYYY-MM-DD"),
            Field("precision", "string", "what the words tell", "reading", values=("day", "minute", "second")),
            Field("approximate", "bool", "true for a Hijri date alone: its day may be off by one", "reading"),
            Field("raw", "string", "the words read", "page, feed or sitemap"),
            Field("where", "string", "where the words stood", "reading"),
            Field("method", "string", "how they were read", "reading"),
            Field("trust", "double", "lowered where other evidence disagrees by more than a day", "reading", "0..1"),
        ),
    )


_CAPTURE = Field(
    "capture",
    "object",
    "where the page's bytes are kept",
    "archive/warc.py",
    nullable=True,
    fields=(
        Field("file", "string", "WARC file, relative to the WARC folder", "writer"),
        Field("offset", "long", "start of the response record", "writer", "bytes"),
        Field("length", "long", "length of the compressed record", "writer", "bytes"),
    ),
)

URLS = Collection(
    "urls",
    "One document for each article address: the ledger of outcomes and, while `outcome` is null, the frontier.",
    (
        Field("_id", "string", "canonical URL", "sources/urls.py"),
        Field("source", "string", "name of the outlet", "sources/outlets"),
        Field(
            "aliases",
            "array",
            "every form of the address that was met, fetchable as it stands",
            "discovery, redirects",
            items="string",
        ),
        Field("found_by", "array", "feeds, sitemaps and listings that named it", "discovery", items="string"),
        Field(
            "evidence",
            "array",
            "what these said of its dates",
            "discovery",
            fields=(
                Field("text", "string", "the words", "discovery"),
                Field("where", "string", "feed, api, sitemap, listing or url", "discovery"),
                Field("says", "string", "which date", "discovery", values=("published", "modified")),
            ),
        ),
        Field("title_hint", "string", "the title that discovery gave it", "discovery"),
        Field("rank", "date", "instant by which the frontier is sorted, newest first", "discovery", "UTC"),
        Field("first_seen", "date", "when it was discovered", "clock", "UTC"),
        Field(
            "outcome", "string", "what became of it; null while it waits", "the crawl", nullable=True, values=_OUTCOMES
        ),
        Field("outcome_at", "date", "when that was settled", "clock", "UTC", nullable=True),
        Field(
            "next_at",
            "date",
            "when it is due again; null when never. An address with an article is visited again by `recheck` alone",
            "the crawl",
            "UTC",
            nullable=True,
        ),
        Field("attempts", "int", "attempts that failed since the last success", "the crawl"),
        Field(
            "answered",
            "string",
            "the address that last gave its article, and to which alone the validators are sent",
            "the crawl",
            nullable=True,
            optional=True,
        ),
        Field("etag", "string", "validator of the article's last page", "HTTP ETag", nullable=True),
        Field("last_modified", "string", "validator of the article's last page", "HTTP Last-Modified", nullable=True),
        Field("article", "string", "`_id` of the article it led to", "the crawl", nullable=True),
        Field("detail", "string", "the reason in words", "the crawl"),
        Field(
            "filter",
            "string",
            "what a filtered crawl made of it: left unfetched, or fetched to measure what the filter loses",
            "crawler/sieve.py",
            optional=True,
            values=("left", "sample"),
        ),
    ),
    (
        _index("aliases"),
        _index("source", "outcome", "next_at"),
        _index("source", "outcome", ("rank", -1)),
        _index("article"),
    ),
)

VISITS = Collection(
    "visits",
    "One document for each attempt at an address; append-only.",
    (
        Field("_id", "objectId", "identifier of the attempt", "the crawl"),
        Field("url", "string", "canonical URL", "sources/urls.py"),
        Field("requested", "string", "the address that was asked for", "the crawl"),
        Field("run", "objectId", "the run it belongs to", "the crawl"),
        Field("at", "date", "when it was answered or given up", "clock", "UTC"),
        Field("status", "int", "HTTP status; 0 without an answer", "HTTP"),
        Field("outcome", "string", "what became of the attempt", "the crawl", values=_OUTCOMES),
        Field("detail", "string", "the reason in words", "the crawl"),
        Field(
            "topic",
            "object",
            "score and evidence of the topic decision, where the page was judged",
            "pipelines/topic.py",
            nullable=True,
            free=True,
        ),
        _CAPTURE,
    ),
    (_index("url", "at"), _index("run", "outcome")),
)

CAPTURES = Collection(
    "captures",
    "One document for each response in a WARC file.",
    (
        Field("_id", "string", "WARC-Record-ID", "writer", "urn:uuid:…"),
        Field("url", "string", "address as requested", "the crawl"),
        Field("at", "date", "WARC-Date: when the request was sent", "clock", "UTC"),
        Field("status", "int", "HTTP status", "HTTP"),
        Field("type", "string", "media type", "HTTP Content-Type"),
        Field("digest", "string", "payload digest; of a 304, that of what was not modified", "writer", "sha1:BASE32"),
        Field("file", "string", "WARC file, relative to the WARC folder", "writer"),
        Field("offset", "long", "start of the record", "writer", "bytes"),
        Field("length", "long", "length of the compressed record", "writer", "bytes"),
        Field("revisit_of", "string", "`_id` of the capture that holds the payload", "writer", nullable=True),
        Field(
            "truncated",
            "string",
            "why the payload is cut; null when whole; `unspecified` in files from elsewhere only",
            "the crawl",
            nullable=True,
            values=("length", "time", "disconnect", "unspecified"),
        ),
    ),
    (_index("url", "at"), _index("digest"), _index("file", "offset", unique=True)),
)

_SEARCH = (
    Field(
        "tokens",
        "array",
        "stems of the words of title and text (`^` before those of the title, `?` behind what a word may be and may not), "
        "identifiers of the lexicon, `aspect:…`, `source:…`",
        "language/tokens.py",
        items="string",
    ),
    Field(
        "sequence",
        "binData",
        "words of title and text one after another, four bytes a stem, in which phrases are looked for",
        "language/tokens.py",
    ),
    Field(
        "shelf",
        "binData",
        "instant, identity, outlet, language and score, so that marks sort by instant",
        "archive/shelf.py",
    ),
    Field(
        "facts",
        "binData",
        "codes of its aspects and of the entities it names most, and which of the commonest words it has",
        "archive/shelf.py",
    ),
    Field(
        "keys",
        "binData",
        "its telling terms as numbers of four bytes: which articles of some days share them is seen in an index alone",
        "archive/shelf.py",
    ),
    Field("rules", "int", "by which version of the rules tokens and sequence were made", "language/tokens.py"),
)

_MADE_BY = (
    Field("code", "string", "version of Marsad + hash of the code that reads pages", "pipelines/edition.py"),
    Field("lexicon", "string", "version of the topic lexicon", "language/lexicon"),
)

ARTICLES = Collection(
    "articles",
    "One document for each article of an outlet, copies included.",
    (
        Field("_id", "string", "identity of the article", "SHA-256 of the first canonical URL", "20 hex digits"),
        Field("url", "string", "canonical URL", "sources/urls.py"),
        Field("source", "string", "name of the outlet", "sources/outlets"),
        Field("lang", "string", "language of the text", "language/detect.py", "BCP 47"),
        Field("dialect", "string", '"ary" where the text is Darija', "language/detect.py", "ISO 639-3", nullable=True),
        Field("title", "string", "headline, without the outlet's name", "page"),
        Field("standfirst", "string", "the summary between headline and text", "page"),
        Field(
            "text",
            "string",
            "the article's text as written, the standfirst first, paragraphs separated by a line feed",
            "trafilatura and JSON-LD",
        ),
        Field("authors", "array", "names of persons", "JSON-LD, meta, byline", items="string"),
        Field("section", "string", "the outlet's section", "JSON-LD, meta, breadcrumb", nullable=True),
        Field("tags", "array", "the outlet's keywords", "JSON-LD, meta, tag links", items="string"),
        Field("agency", "string", "wire agency that the text names", "page", nullable=True),
        Field("image", "string", "address of the lead image", "JSON-LD, meta", "URL", nullable=True),
        Field(
            "paywalled",
            "bool",
            "true where the page says that the text is not free; null where it says nothing",
            "JSON-LD, page",
            nullable=True,
        ),
        Field(
            "restrictions",
            "array",
            "what the page asks of those who keep it: noarchive, its copy is not to be shown",
            "page",
            optional=True,
            items="string",
        ),
        Field("quality", "double", "how much the text looks like the whole article", "pipelines/extract.py", "0..1"),
        Field(
            "twins", "object", "the same article in other languages: language → canonical URL", "hreflang", free=True
        ),
        _date_field("published", "when it was first published; null when the page does not say"),
        _date_field("modified", "when it was last changed, by its own word"),
        Field(
            "topic",
            "object",
            "the topic decision",
            "pipelines/topic.py",
            fields=(
                Field("score", "double", "how surely it is about Franco-Moroccan security", "judge", "0..1"),
                Field("aspects", "array", "terrorism, drugs, migration …", "judge", items="string"),
                Field(
                    "entities",
                    "array",
                    "identifiers of the lexicon, one query for both languages",
                    "judge",
                    items="string",
                ),
                Field(
                    "parts",
                    "object",
                    "what the score is made of: title, lead, body, theme, countries, breadth",
                    "judge",
                    "0..1",
                    free=True,
                ),
                Field(
                    "evidence",
                    "array",
                    "the words that decided",
                    "judge",
                    fields=(
                        Field("id", "string", "identifier of the lexicon's entry", "language/lexicon"),
                        Field(
                            "kind",
                            "string",
                            "person, service, place, event, concept, demonym or neighbour",
                            "language/lexicon",
                        ),
                        Field(
                            "side",
                            "string",
                            "the side it stands for",
                            "language/lexicon",
                            values=("FR", "MA", "both", "other", "none"),
                        ),
                        Field("field", "string", "where it stands", "judge", values=("title", "text")),
                        Field("start", "int", "offset in that field", "judge", "code points"),
                        Field("end", "int", "offset of its end, exclusive", "judge", "code points"),
                        Field("words", "string", "what stands there", "page"),
                    ),
                ),
            ),
        ),
        Field("text_hash", "string", "hash of the normalised text: equal for equal texts", "pipelines/identity.py"),
        Field(
            "sketch",
            "array",
            "3-word shingle hashes for finding copies",
            "pipelines/identity.py",
            "signed 64-bit",
            items="long",
        ),
        Field(
            "copy_of",
            "string",
            "`_id` of the earliest article with this text; null for an original",
            "derived after the write",
            nullable=True,
        ),
        Field(
            "copy_kind",
            "string",
            "what differs from that article",
            "derived after the write",
            nullable=True,
            values=("same", "shortened", "extended", "edited"),
        ),
        Field(
            "reuses",
            "array",
            "`_id`s of earlier articles whose text stands inside this one",
            "derived after the write",
            items="string",
        ),
        Field(
            "terms",
            "object",
            "what it speaks of: identifier of the lexicon, `aspect:…`, number or stem of a word → weight, of how often and how "
            "far up it stands, and how rare it is",
            "pipelines/ties.py",
            free=True,
        ),
        Field(
            "story_keys",
            "array",
            "its telling terms and addresses, for finding articles on the same event",
            "pipelines/ties.py",
            items="string",
        ),
        Field(
            "ties",
            "array",
            "the earlier articles, copies left out, that tell the same event",
            "derived after the write",
            fields=(
                Field("with", "string", "`_id` of the earlier article", "pipelines/stories.py"),
                Field("score", "double", "how surely; tied from 0.5 on", "pipelines/ties.py", "0..1"),
                Field(
                    "why",
                    "array",
                    "what they have in common, the weightiest first",
                    "pipelines/ties.py",
                    fields=(
                        Field("what", "string", "a term, or twin or reuse", "pipelines/ties.py"),
                        Field("part", "double", "its part of the score", "pipelines/ties.py", "0..1"),
                    ),
                ),
            ),
        ),
        Field(
            "story",
            "string",
            "`_id` of the first report of its story, in Arabic and French; its own for a first report",
            "derived after the write",
            nullable=True,
        ),
        Field(
            "follows",
            "string",
            "`_id` of the earlier article through which it came to its story, or, for a first report, to the story before",
            "derived after the write",
            nullable=True,
        ),
        Field(
            "through",
            "string",
            "`_id` of the later article that tells the same event as both, where these two are not tied themselves",
            "derived after the write",
            nullable=True,
        ),
        Field("version", "int", "1, and one more for each change of title or text", "the crawl"),
        Field("version_at", "date", "when the present version was fetched", "clock", "UTC"),
        Field("first_seen", "date", "when it was first stored", "clock", "UTC"),
        Field("last_checked", "date", "when it was last fetched", "clock", "UTC"),
        Field("gone_at", "date", "when it was found to have vanished", "clock", "UTC", nullable=True),
        _CAPTURE,
        Field("made_by", "object", "what made this document", "the crawl", fields=_MADE_BY),
        Field("search", "object", "what it is found by: docs/search.md", "archive/shelf.py", fields=_SEARCH),
    ),
    (
        _index(("published.at", -1), ("first_seen", -1)),
        _index("source", ("published.at", -1)),
        _index("topic.entities", ("published.at", -1)),
        _index("url", unique=True),
        _index("text_hash"),
        _index("sketch"),
        # A question counts in indexes that end with the shelf mark, and fetches what it shows.
        _index("copy_of", "search.shelf"),
        _index("gone_at", "search.shelf"),
        _index("search.tokens", "search.shelf"),
        _index("search.shelf", "search.facts"),
        _index("search.shelf", "search.keys"),
        _index("search.rules"),
        _index("reuses"),
        _index("story_keys", "published.at"),
        _index("ties.with"),
        _index("story"),
        _index("follows"),
        _index("through"),
    ),
)

VERSIONS = Collection(
    "versions",
    "The states of an article that has changed since, the oldest first.",
    (
        Field("_id", "objectId", "identifier", "the crawl"),
        Field("article", "string", "`_id` of the article", "the crawl"),
        Field("n", "int", "1 for the first state", "the crawl"),
        Field("title", "string", "headline of that state", "page"),
        Field("text", "string", "text of that state", "page"),
        Field("at", "date", "when that state was fetched", "clock", "UTC"),
        _CAPTURE,
        Field("made_by", "object", "what made this document", "the crawl", optional=True, fields=_MADE_BY),
        Field("search", "object", "what that state is found by", "archive/shelf.py", optional=True, fields=_SEARCH),
    ),
    (
        _index("article", "n", unique=True),
        _index("search.tokens", "search.shelf"),
        _index("search.shelf", "search.facts"),
    ),
)


def _quantiles(name: str, meaning: str, unit: str) -> Field:
    numbers = ("p10", "p50", "p90", "max")
    of = [
        Field(
            number,
            "double",
            f"{number.replace('p', '')} % lie below it" if number != "max" else "the largest",
            "the run",
            nullable=True,
        )
        for number in numbers
    ]
    return Field(
        name,
        "object",
        meaning,
        "the run",
        unit,
        fields=(Field("count", "int", "how many", "the run"), Field("total", "double", "their sum", "the run"), *of),
    )


RUNS = Collection(
    "runs",
    "One document for each run of an outlet: what was done, and what came of it. Written when it starts, every half minute, and "
    "at its end; one that was killed has no end.",
    (
        Field("_id", "objectId", "identifier of the run", "the run"),
        Field("source", "string", "name of the outlet", "sources/outlets"),
        Field(
            "kind",
            "string",
            "crawl: entry points and what is new; recheck: stored articles again; visit: addresses by hand; reprocess and "
            "import: captured pages",
            "the command",
            values=KINDS,
        ),
        Field("asked", "object", "what it was asked for: since, until, filter, recheck", "the command", free=True),
        Field("started", "date", "when it started", "clock", "UTC"),
        Field("seen", "date", "when it last wrote this document", "clock", "UTC"),
        Field(
            "ended", "date", "when it ended; null while it runs, or when it was killed", "clock", "UTC", nullable=True
        ),
        Field("reason", "string", "why it ended: finished, shutdown, storage, walls …", "the run", nullable=True),
        Field("detail", "string", "the same in words, where it did not come to its end", "the run"),
        Field(
            "counters",
            "object",
            "discovered: addresses nobody had named; fresh: those of them published less than three days before, or without a date; "
            "fetched; and one counter for each outcome",
            "the run",
            free=True,
        ),
        Field(
            "details",
            "array",
            "the most frequent reasons of the outcomes that brought no article",
            "the run",
            fields=(
                Field("outcome", "string", "the outcome", "the run", values=_OUTCOMES),
                Field("detail", "string", "the reason in words", "the run"),
                Field("count", "int", "how many pages", "the run"),
            ),
        ),
        Field(
            "requests",
            "object",
            "what was asked of servers, robots.txt, redirects and repeated attempts included",
            "crawler/middlewares/account.py",
            fields=(
                Field("sent", "int", "how many", "the crawl"),
                Field("bytes", "long", "of their answers, as they came", "the crawl"),
                Field("statuses", "object", "HTTP status → how many; 0 without an answer", "HTTP", free=True),
            ),
        ),
        Field(
            "seconds",
            "object",
            "how long things took",
            "the run",
            fields=(
                _quantiles("fetch", "from a request to the end of its answer", "seconds"),
                _quantiles("read", "reading a page, the hop to the worker included", "seconds"),
                _quantiles("store", "writing a batch of pages", "seconds"),
            ),
        ),
        Field(
            "entries",
            "array",
            "what each feed, sitemap and listing gave",
            "discovery",
            fields=(
                Field("url", "string", "its address", "sources/outlets"),
                Field("kind", "string", "feed, sitemap, listing, archive or api", "sources/outlets"),
                Field("status", "int", "HTTP status; 0 without an answer", "HTTP"),
                Field("links", "int", "addresses that it named", "discovery"),
                Field("items", "int", "those of them that look like articles", "discovery"),
                Field("new", "int", "those of them that nobody had named before", "discovery"),
                Field("newest", "date", "the latest publication that it names", "discovery", "UTC", nullable=True),
                Field("error", "string", "what was wrong; null when nothing", "discovery", nullable=True),
                Field(
                    "outcome", "string", "the same, of the closed list", "discovery", nullable=True, values=_OUTCOMES
                ),
            ),
        ),
        Field(
            "gaps",
            "array",
            "feeds that shared no item with their last visit",
            "crawler/gaps.py",
            optional=True,
            fields=(
                Field("feed", "string", "its address", "sources/outlets"),
                Field("since", "date", "its last visit", "clock", "UTC"),
                Field("until", "date", "this visit", "clock", "UTC"),
                Field(
                    "filled_by",
                    "array",
                    "entry points that were walked back so far; none: the gap is open",
                    "discovery",
                    items="string",
                ),
            ),
        ),
        Field(
            "articles",
            "object",
            "what was read from the pages that were articles, whatever became of them",
            "pipelines/read.py",
            fields=(
                Field("count", "int", "how many", "the run"),
                Field(
                    "fields",
                    "object",
                    "how many of them had each field; on_page: a date of publication that stands on the page itself; timed: with an hour",
                    "the run",
                    fields=tuple(
                        Field(name, "int", "how many had it", "the run") for name in (*FIELDS, "on_page", "timed")
                    ),
                ),
                Field(
                    "dates",
                    "object",
                    "place of the date of publication → how many; none without one",
                    "the run",
                    free=True,
                ),
                Field("languages", "object", "language → how many", "language/detect.py", free=True),
                _quantiles("lengths", "length of the text", "code points"),
                _quantiles("quality", "how much they look like whole articles", "0..1"),
            ),
        ),
        Field(
            "clock",
            "object",
            "what servers said of the time",
            "crawler/middlewares/account.py",
            fields=(
                Field("answers", "int", "answers of the outlet's own hosts with a date", "HTTP Date, Age"),
                Field(
                    "offset",
                    "double",
                    "by how much their clock is ahead of ours: the median",
                    "HTTP Date, Age",
                    "seconds",
                    nullable=True,
                ),
                Field("future", "int", "dates of discovery that lie in the future", "discovery"),
            ),
        ),
        Field(
            "space",
            "object",
            "free and total bytes of the disks: warc, mongodb; empty before the end",
            "the machine",
            "bytes",
            free=True,
        ),
        Field(
            "made_by",
            "object",
            "versions that did it",
            "the run",
            fields=(
                Field("code", "string", "of Marsad, and a hash of the code", "pipelines/edition.py"),
                Field("lexicon", "string", "of the lexicon", "language/lexicon"),
            ),
        ),
        Field(
            "machine",
            "object",
            "where it ran",
            "the machine",
            fields=(
                Field("host", "string", "its name", "the machine"),
                Field("pid", "int", "the process", "the machine"),
            ),
        ),
    ),
    (_index("source", ("started", -1)), _index(("started", -1))),
)

ALARMS = Collection(
    "alarms",
    "What is wrong with an outlet or with the machine, found from the runs: once for each cause, from its first sign until it is mended.",
    (
        Field("_id", "objectId", "identifier of the alarm", "archive/health"),
        Field("source", "string", 'name of the outlet; "" for what concerns all of them', "archive/health"),
        Field("cause", "string", "the likely cause", "archive/health", values=tuple(CAUSES)),
        Field(
            "state", "string", "open, or closed when no sign of it is left", "archive/health", values=("open", "closed")
        ),
        Field("what", "string", "what is seen, in words", "archive/health"),
        Field("why", "string", "the likely cause in words", "archive/health"),
        Field("next", "string", "what to do: a command to type", "archive/health"),
        Field("signs", "array", "every sign of it, in words", "archive/health", items="string"),
        Field("since", "date", "the run in which it began", "archive/health", "UTC"),
        Field("opened", "date", "when it was found", "clock", "UTC"),
        Field("checked", "date", "when it was last found", "clock", "UTC"),
        Field("closed", "date", "when it was found mended", "clock", "UTC", nullable=True),
        Field("accepted", "date", "when a person said that it is to stay so", "a person", "UTC", nullable=True),
        Field("told", "object", "way out → when the opening was told there", "archive/health", "UTC", free=True),
        Field("told_closed", "object", "way out → when the mending was told there", "archive/health", "UTC", free=True),
    ),
    (
        _index("source", "cause", unique=True, partialFilterExpression={"state": "open"}),
        _index("state", ("opened", -1)),
    ),
)

SOURCES = Collection(
    "sources",
    "The state of an outlet; its configuration is the TOML.",
    (
        Field("_id", "string", "name of the outlet", "sources/outlets"),
        Field(
            "due_at",
            "date",
            "when it should be crawled again; null where that is to be reckoned from its habit",
            "the schedule",
            "UTC",
            nullable=True,
        ),
        Field(
            "tries",
            "int",
            "crawls that the schedule began since the last that succeeded",
            "the schedule",
            optional=True,
        ),
        Field(
            "idle_at",
            "date",
            "when the schedule last did work of lower rank on it",
            "the schedule",
            "UTC",
            optional=True,
        ),
        Field(
            "filled", "string", "how far back its past has been walked for the schedule", "the schedule", optional=True
        ),
        Field(
            "lease",
            "object",
            "who crawls it; null while nobody ever has",
            "archive/lease.py",
            nullable=True,
            fields=(
                Field(
                    "fence",
                    "int",
                    "how many times the outlet was taken; writes of an earlier taking are refused",
                    "the crawl",
                ),
                Field("holder", "string", "the taking; null when it was let go", "the crawl", nullable=True),
                Field("host", "string", "name of its machine", "the crawl"),
                Field("pid", "int", "its process", "the crawl"),
                Field("born", "double", "when that process began", "the system", "seconds since 1970"),
                Field("machine", "string", "its boot and its space of process numbers", "the system"),
                Field("since", "date", "when it was taken", "MongoDB's clock", "UTC"),
                Field("until", "date", "when it is free unless it is renewed", "MongoDB's clock", "UTC", nullable=True),
            ),
        ),
        Field(
            "cursor",
            "object",
            "how far each listing and sitemap has been walked, and the validators of entry points",
            "discovery",
            free=True,
        ),
        Field("habit", "object", "how often it publishes, see `Habit`", "sources/habit.py", nullable=True, free=True),
        Field(
            "spent",
            "object",
            "what is spent of the day's budget, where the outlet has one",
            "crawler/middlewares/manners.py",
            optional=True,
            fields=(
                Field("day", "string", "the outlet's day", "clock", "YYYY-MM-DD"),
                Field("requests", "int", "requests sent that day", "the crawl"),
            ),
        ),
        Field(
            "pause",
            "object",
            "the outlet turned the crawl away and is left alone for a while",
            "crawler/middlewares/manners.py",
            optional=True,
            fields=(
                Field("until", "date", "before this, it is not crawled", "clock", "UTC"),
                Field("times", "int", "crawls turned away in a row; each doubles the pause", "the crawl"),
                Field("reason", "string", "what stood in the way", "the crawl"),
            ),
        ),
    ),
    (_index("due_at"),),
)

VERDICTS = Collection(
    "verdicts",
    "What people decided; survives rebuilding.",
    (
        Field("_id", "objectId", "identifier", "a person"),
        Field("url", "string", "canonical URL", "a person"),
        Field("relevant", "bool", "overrules the topic decision", "a person", nullable=True, optional=True),
        Field("withdrawn", "bool", "text and captures are removed, for good", "a person", optional=True),
        Field(
            "addresses",
            "array",
            "of a withdrawn article: every form of its address, none of which is fetched again",
            "the ledger",
            items="string",
            optional=True,
        ),
        Field("by", "string", "who decided", "a person"),
        Field("reason", "string", "why", "a person"),
        Field("at", "date", "when", "clock", "UTC"),
    ),
    (_index("url"), _index("addresses")),
)

RULES = Collection(
    "rules",
    "What hosts ask of robots: robots.txt and tdmrep.json, kept for a day (RFC 9309, 2.4) so that each crawl need not ask.",
    (
        Field("_id", "string", "address of the file", "the crawl"),
        Field("at", "date", "when it was fetched", "clock", "UTC"),
        Field("status", "int", "HTTP status", "HTTP"),
        Field("text", "string", "its text; empty where there is none", "HTTP"),
    ),
    (_index("at", expireAfterSeconds=86400),),
)

COMMONS = Collection(
    "commons",
    "Shingles that so many articles share that they nominate no copy: learnt from look-ups, and learnt again where lost.",
    (Field("_id", "long", "the hash, as in `articles.sketch`", "pipelines/nominate.py", "signed 64-bit"),),
    (),
)

LOCKS = Collection(
    "locks",
    "One document for what only one crawl may do at a time, while one does it.",
    (
        Field("_id", "string", "what is done: stories", "archive/lock.py"),
        Field("holder", "string", "the process", "archive/lock.py"),
        Field("until", "date", "when it is free again, should that process have died", "MongoDB's clock", "UTC"),
    ),
    (),
)

COLLECTIONS = (URLS, VISITS, CAPTURES, ARTICLES, VERSIONS, RUNS, ALARMS, SOURCES, VERDICTS, RULES, COMMONS, LOCKS)


def validator(collection: Collection) -> dict[str, Any]:
    """The `$jsonSchema` validator of a collection: no field that the contract does not name."""
    return {"$jsonSchema": _object_schema(collection.fields)}


def _object_schema(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "bsonType": "object",
        "required": [field.name for field in fields if not field.optional],
        "properties": {field.name: _schema(field) for field in fields},
        "additionalProperties": False,
    }


def _schema(field: Field) -> dict[str, Any]:
    if field.type == "object" and not field.free:
        schema = _object_schema(field.fields)
    elif field.type == "array":
        items = _object_schema(field.fields) if field.fields else {"bsonType": field.items}
        schema = {"bsonType": "array", "items": items}
    else:
        schema = {"bsonType": field.type}
    if field.nullable:
        schema["bsonType"] = [schema["bsonType"], "null"]
    if field.values:
        schema["enum"] = [*field.values, None] if field.nullable else list(field.values)
    return schema


def markdown() -> str:
    """docs/fields.md: a table for each collection."""
    lines = [
        "# Stored fields",
        "",
        "Generated from `archive/contract.py` by `python -m archive.contract > docs/fields.md`; a test fails when it is stale.",
        "",
        f"Schema version {SCHEMA_VERSION}. Every instant is UTC. A field marked *may be null* is always present.",
    ]
    for collection in COLLECTIONS:
        lines += ["", f"## {collection.name}", "", collection.meaning, ""]
        lines += ["| field | type | meaning | unit or values | source |", "|---|---|---|---|---|"]
        lines += _rows(collection.fields, "")
        indexes = ", ".join("`" + " + ".join(key for key, _ in index.keys) + "`" for index in collection.indexes)
        if indexes:
            lines += ["", f"Indexes: {indexes}."] if indexes else []
    return "\n".join(lines) + "\n"


def _rows(fields: tuple[Field, ...], prefix: str) -> list[str]:
    rows = []
    for field in fields:
        kind = f"array of {field.items or 'object'}" if field.type == "array" else field.type
        if field.nullable:
            kind += ", may be null"
        if field.optional:
            kind += ", optional"
        unit = field.unit or ", ".join(field.values)
        rows.append(f"| `{prefix}{field.name}` | {kind} | {field.meaning} | {unit} | {field.source} |")
        if field.fields:
            rows += _rows(field.fields, f"{prefix}{field.name}{'[]' if field.type == 'array' else ''}.")
    return rows


if __name__ == "__main__":
    print(markdown(), end="")
