"""One address for one article: the canonical URL.

A canonical URL is a key, the `_id` of `urls`: it need not answer itself, because some hosts answer only at `www.` or
only without TLS. The crawler fetches the address as it was found and keeps it as an alias.

Everything here is cautious in one direction: two forms of an article that stay apart cost a second fetch, and the text
finds the copy; two articles under one key would lose one of them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin

import idna

from sources.model import Identity, in_domains


class UrlError(ValueError):
    """Not an absolute http(s) URL with a usable host; the message says what is wrong."""


_DATA = tomllib.loads(Path(__file__).with_name("trackers.toml").read_text(encoding="utf-8"))
_PREFIXES = frozenset(_DATA["host_prefixes"])
_KEYS = frozenset(_DATA["keys"])
_KEY_PREFIXES = tuple(_DATA["prefixes"])
_VALUES = {key: re.compile(pattern, re.IGNORECASE) for key, pattern in _DATA["values"].items()}
_CACHES = [(re.compile(cache["host"]), re.compile(cache["path"])) for cache in _DATA["caches"]]

_URL = re.compile(r"(?i:https?)://+([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL)
_PORT = re.compile(r":(\d*)$")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")

# The URL standard removes these wherever they stand, and surrounding controls and spaces.
_NEWLINES = str.maketrans("", "", "\t\n\r")
_BLANKS = "".join(map(chr, range(0x21))) + "\u00a0\u2028\u2029"

# Invisible characters that editors' tools leave in Arabic slugs: soft hyphen, Arabic letter mark, zero-width space,
# direction marks, embeddings, word joiner, isolates, byte order mark. ZWNJ and ZWJ stay: they belong to the spelling.
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF]
)

# RFC 3986: unreserved and sub-delims stand for themselves in a path; whether they came encoded makes no difference to
# any press site. In a query "&", "=", "+" and ";" are kept encoded, because they separate.
_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PATH_SAFE = _UNRESERVED + "!$&'()*+,;=:@"
_QUERY_SAFE = _UNRESERVED + "!$'()*,:@/?"
_PLAIN_PATH = re.compile(f"[{re.escape(_PATH_SAFE)}]*")
_PLAIN_QUERY = re.compile(f"[{re.escape(_QUERY_SAFE)}]*")
_UNSAFE_IN_PATH = re.compile(f"[^{re.escape(_PATH_SAFE)}\x80-\U0010ffff]")
_UNSAFE_IN_QUERY = re.compile(f"[^{re.escape(_QUERY_SAFE)}\x80-\U0010ffff]")
_ESCAPED_AMPERSAND = re.compile(r"(^|&)(?:amp;)+", re.IGNORECASE)

# Forms of one article that publishing systems share. An AMP or print segment counts at either end of a path only, and
# only where something is left: in the middle it may be a section.
_FORMS = [
    (re.compile(r";(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE), ""),
    (re.compile(r"/index\.php(?=/.)", re.IGNORECASE), ""),
    (re.compile(r"/index\.(?:php|html?)$", re.IGNORECASE), "/"),
    (re.compile(r"(?<=.)/comment-page-\d+$"), ""),
    (re.compile(r"^/(?:amp|print)(?=/.)", re.IGNORECASE), ""),
    (re.compile(r"(?<=[^/])/(?:amp|amp\.html|print)$", re.IGNORECASE), ""),
    (re.compile(r"(?<=[^/])\.amp(?=$|\.html?$)", re.IGNORECASE), ""),
]
_MAYBE_FORM = re.compile(r"amp|print|index\.|comment-page-|sess", re.IGNORECASE)


def canonicalize(url: str, *, rules: Identity | None = None) -> str:
    """The canonical form of an article's address: the same for all forms under which one outlet shows it.

    Scheme always https; host lower-case ASCII (IDNA, UTS 46) without `www.`, `m.`, `mobile.`, `amp.`; no user, no default
    port, no fragment; dot segments resolved; one percent-encoding (UTF-8, NFC, upper-case, without invisible marks); no
    trailing slash; AMP, print, mobile and session forms undone, AMP caches unwrapped; query without trackers
    (trackers.toml), sorted by key. The letter case of path and query stays.

    Args:
        url: an absolute http(s) URL as found.
        rules: the outlet's own. `hosts` is looked up with the host as found, then without its prefix; a host mapped to
            itself keeps its prefix. `rewrite` sees the percent-decoded path without trailing slash, is searched, and is
            applied until nothing changes. `keep_query` names the only keys that stay, trackers among them; where it
            is empty, all that are no trackers stay.
    Returns:
        The canonical URL; `canonicalize(canonicalize(u)) == canonicalize(u)` for the same rules.
    Raises:
        UrlError: not an http(s) URL, or no usable host.
    """
    rules = rules or _NO_RULES
    authority, path, query = _split(url)
    host, port = _host_and_port(authority)
    path = _readable_path(path)
    while inner := _inside_cache(host, path) or _inside_cache(host, _canonical_path(path, rules)):
        host, port = _host_and_port(inner[0])
        path = _readable_path(inner[1])
    host, path = _canonical_host(host, rules), _canonical_path(path, rules)
    path = quote(path, safe=_PATH_SAFE + "/%")
    query = _canonical_query(query, rules)
    return f"https://{host}{port}{path}?{query}" if query else f"https://{host}{port}{path}"


def same_outlet(url: str, domains: Iterable[str]) -> bool:
    """Whether an address belongs to an outlet: its host is one of the domains or a subdomain; `www.` in them is ignored.

    False for what is not an http(s) URL.
    """
    try:
        host, _ = _host_and_port(_split(url)[0])
    except UrlError:
        return False
    return in_domains(host, [domain.removeprefix("www.") for domain in domains])


def settle(url: str, declared: str | None, domains: Sequence[str], *, rules: Identity | None = None) -> str:
    """The canonical URL of a page that declares one (rel=canonical, og:url) or was redirected.

    A declared address is believed only within the outlet, and only where it still names an article: many a theme declares
    the home page, the section, or the script without its query on every page, and one key would swallow them all.

    Args:
        url: the address of the page.
        declared: what it declares, absolute or relative; None or "" where nothing.
        domains: the outlet's.
        rules: the outlet's.
    Returns:
        The canonical form of `declared` where it is believed, of `url` otherwise.
    Raises:
        UrlError: `url` is not an http(s) URL.
    """
    own = canonicalize(url, rules=rules)
    if not declared or not declared.strip():
        return own
    try:
        other = canonicalize(urljoin(url, declared.strip()), rules=rules)
    except ValueError:
        return own
    if not same_outlet(other, domains) or _says_less(other, own):
        return own
    return other


_NO_RULES = Identity()

# An identifier (three digits or more that are no year) or a slug of at least three words.
_IDENTIFIER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{3,}")
_SLUG = re.compile(r"[^\W_]+(?:[-_][^\W_]+){2,}")


def _says_less(other: str, own: str) -> bool:
    """Whether `other` has lost what names an article in `own`; both canonical."""
    other_path, own_path = (unquote(url.partition("//")[2].partition("/")[2]) for url in (other, own))
    if not other_path:
        return bool(own_path)
    if own_path.startswith((other_path + "/", other_path + "?")):
        lost = own_path[len(other_path) :]
        return not _IDENTIFIER.search(other_path) and (not _SLUG.search(other_path) or _names_article(lost))
    return _names_article(own_path) and not _names_article(other_path)


def _names_article(path: str) -> bool:
    return _IDENTIFIER.search(path) is not None or _SLUG.search(path) is not None


def _split(url: str) -> tuple[str, str, str]:
    """Authority, path and query of an absolute http(s) URL as a browser would cut it."""
    match = _URL.fullmatch(url.strip(_BLANKS).translate(_NEWLINES).replace("\\", "/"))
    if match is None:
        raise UrlError(f"not an absolute http(s) URL: {url[:200]!r}")
    return match[1], match[2], match[3] or ""


@lru_cache(maxsize=4096)
def _host_and_port(authority: str) -> tuple[str, str]:
    """The ASCII host, prefix and all, and ":8080" or "" for a default port."""
    written = authority.rpartition("@")[2]
    match = _PORT.search(written)
    port = match[1].lstrip("0") if match else ""
    if len(port) > 5 or int(port or 0) > 65535:
        raise UrlError(f"no such port: {authority[:200]!r}")
    port = "" if port in ("", "80", "443") else ":" + port
    host = written[: match.start()] if match else written
    if host.startswith("["):
        try:
            return f"[{IPv6Address(host[1:].removesuffix(']')).compressed}]", port
        except ValueError as error:
            raise UrlError(f"not an IPv6 address: {authority[:200]!r}") from error
    host = host.lower().rstrip(".")
    if not _HOST.fullmatch(host):
        host = _ascii_host(host)
    return host, port


def _ascii_host(host: str) -> str:
    """The IDNA form of a host that is not plain ASCII."""
    text = unquote(host).translate(_INVISIBLE)
    try:
        host = idna.encode(text, uts46=True).decode("ascii").rstrip(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise UrlError(f"no usable host: {host[:200]!r}") from error
    if not _HOST.fullmatch(host):
        raise UrlError(f"no usable host: {text[:200]!r}")
    return host


def _inside_cache(host: str, path: str) -> tuple[str, str] | None:
    """Authority and path of the page that an AMP cache wraps, or None."""
    for host_pattern, path_pattern in _CACHES:
        if host_pattern.fullmatch(host) and (match := path_pattern.fullmatch(path)):
            authority, _, rest = match[1].partition("/")
            return authority, "/" + rest
    return None


def _canonical_host(host: str, rules: Identity) -> str:
    seen = set()
    while host not in seen:
        seen.add(host)
        if host in rules.hosts:
            host = rules.hosts[host]
            continue
        prefix, _, rest = host.partition(".")
        if prefix in _PREFIXES and "." in rest:
            host = rest
    return host


def _readable(part: str, unsafe: re.Pattern[str]) -> str:
    """A path segment, key or value in one form: characters where they are safe or beyond ASCII, %XX otherwise.

    Octets that are no UTF-8 (slugs in windows-1256) stay as they are, escaped.
    """
    octets = unquote_to_bytes(part.encode("utf-8", "surrogatepass"))
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
        return "".join(f"%{ord(c):02X}" if c > "\x7f" or unsafe.match(c) else c for c in text)
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return unsafe.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _readable_path(path: str) -> str:
    """The path with readable segments, without empty and dot segments and without a trailing slash; the root is "/"."""
    segments: list[str] = []
    for segment in path.split("/"):
        if not _PLAIN_PATH.fullmatch(segment):
            segment = _readable(segment, _UNSAFE_IN_PATH)
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments)


def _canonical_path(path: str, rules: Identity) -> str:
    """The readable path without AMP, print and session forms, and rewritten by the outlet's rules.

    Both are applied until nothing changes, which makes the result a fixed point; ten rounds bound a rule that grows.
    """
    for _ in range(10):
        before = path
        if _MAYBE_FORM.search(path):
            for pattern, replacement in _FORMS:
                path = pattern.sub(replacement, path)
        for rule, replacement in rules.rewrite:
            path = re.sub(rule, replacement, path)
        if path == before:
            break
        path = _readable_path(path)
    return path


def _canonical_query(query: str, rules: Identity) -> str:
    if not query:
        return ""
    kept: dict[str, str] = {}
    for piece in _ESCAPED_AMPERSAND.sub(r"\1", query).split("&"):
        key, equals, value = piece.partition("=")
        if not _PLAIN_QUERY.fullmatch(key):
            key = _readable(key.replace("+", " "), _UNSAFE_IN_QUERY)
        if not _PLAIN_QUERY.fullmatch(value):
            value = _readable(value.replace("+", " "), _UNSAFE_IN_QUERY)
        if (key or value) and _kept(key, value, rules):
            kept[key + equals + value] = key
    return quote("&".join(sorted(kept, key=kept.__getitem__)), safe=_QUERY_SAFE + "&=%")


def _kept(key: str, value: str, rules: Identity) -> bool:
    """Whether a pair of the query belongs to the identity."""
    if key in rules.keep_query:
        return True
    if rules.keep_query:
        return False
    name = key.lower()
    if name in _KEYS or name.startswith(_KEY_PREFIXES):
        return False
    pattern = _VALUES.get(name)
    return pattern is None or pattern.fullmatch(value) is None
