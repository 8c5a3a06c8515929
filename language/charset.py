"""From bytes to text: charsets declared, undeclared and wrong.

The order is the one of the HTML standard (byte order mark, HTTP header, `<meta>`), except that what is valid UTF-8 is read
as UTF-8 whatever it declares, and that a declared single-byte charset has to fit better than its rivals.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_TAGS = re.compile(rb"<[^<>]*>")

# What the HTML standard (https://encoding.spec.whatwg.org/#names-and-labels) reads these labels as.
_SUPERSETS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
}
# Only what can be mistaken for one another; multi-byte charsets fail on foreign bytes by themselves.
_RIVALS = ("cp1256", "cp1252", "iso8859-6")

_CONTROL_BYTES = bytes([*range(9), 11, *range(14, 32), 127])
# White space for HTML, but no character of XML.
_FORM_FEED = bytes.maketrans(b"\x0c", b" ")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]+")
_TOKEN = re.compile(r"[^\W\d_]+")
_ARABIC_WORD = re.compile("[\u0621-\u063a\u0640-\u0652]+")
_LATIN_WORD = re.compile("[A-Za-z]*(?:[àâäçéèêëîïôöùûüÿœæáíóúñãõß][A-Za-z]*)+|[ÀÂÇÉÈÊËÎÏÔÙÛŒÁÍÓÚÑ]?[A-Za-z]+")
_TWO_SCRIPTS = re.compile("[A-Za-z\u00c0-\u024f][\u0621-\u064a]|[\u0621-\u064a][A-Za-z\u00c0-\u024f]")
_COMMON_ARABIC = frozenset(
    (
        "في",
        "من",
        "على",
        "الى",
        "إلى",
        "أن",
        "ان",
        "عن",
        "مع",
        "التي",
        "الذي",
        "هذا",
        "هذه",
        "بعد",
        "كما",
        "لا",
        "ما",
        "كان",
        "قد",
        "و",
    )
)


def _codec(label: str) -> str:
    """The Python codec of a charset label; "" for an unknown one."""
    try:
        name = codecs.lookup(label.strip()).name
    except (LookupError, ValueError):
        return ""
    if name in ("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "rot13"):
        return ""
    return _SUPERSETS.get(name, name)


def _fit(sample: bytes, codec: str) -> float:
    """How much a text decoded so looks like Arabic or a western language: the share of plausible words, 0..1."""
    try:
        tokens = _TOKEN.findall(sample.decode(codec, "replace"))
    except (LookupError, UnicodeError):
        return 0.0
    # Plain ASCII words read the same in every candidate.
    tokens = [token for token in tokens if not token.isascii()]
    if not tokens:
        return 0.5
    good = 0.0
    for token in tokens:
        if _ARABIC_WORD.fullmatch(token):
            # The article and the particles tell windows-1256 from ISO-8859-6, whose letters are in other places.
            good += 1.0 if token in _COMMON_ARABIC or token[:2] == "ال" or token[1:3] == "ال" else 0.6
        elif _LATIN_WORD.fullmatch(token):
            good += 1.0
        elif _TWO_SCRIPTS.search(token):
            good -= 1.0
    return good / len(tokens)


def _single_byte(body: bytes, declared: list[str]) -> str:
    sample = _TAGS.sub(b" ", body[:300_000])[:60_000]
    candidates = [*declared, *(codec for codec in _RIVALS if codec not in declared)]

    def merit(codec: str) -> float:
        # Western is declared by default and often wrongly; who declares something rarer means it.
        trust = 0.0 if codec not in declared else 0.15 if codec in _RIVALS else 0.5
        return _fit(sample, codec) + trust

    return max(candidates, key=merit)


def text_of(body: bytes, content_type: str = "") -> str:
    """The text of bytes in an unknown charset.

    Args:
        body: HTML, XML or plain text, content-coding undone.
        content_type: the Content-Type header, "" where there was none.
    Returns:
        The text without control characters; bytes that fit no charset become U+FFFD.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _CONTROLS.sub("", body[len(mark) :].decode(codec, "replace"))
    head = body[:400]
    if head.count(b"\0") > len(head) / 4:
        # Markup is ASCII: the zero bytes of its UTF-16 form stand on one side of each letter.
        wide = "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
        return _CONTROLS.sub("", body.decode(wide, "replace"))
    try:
        # A page cut in the middle of a letter is still UTF-8. Control characters are single bytes there.
        text = codecs.getincrementaldecoder("utf-8")().decode(body.translate(_FORM_FEED, _CONTROL_BYTES))
        return text.replace("\ufffe", "").replace("\uffff", "")
    except UnicodeDecodeError:
        pass
    labels = []
    if match := _HEADER_CHARSET.search(content_type):
        labels.append(match[1])
    if found := _META_CHARSET.search(body[:8192]):
        labels.append(found[1].decode("ascii"))
    declared = list(dict.fromkeys(codec for codec in map(_codec, labels) if codec))
    text = body.decode("utf-8", "replace")
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    if text.count("\ufffd") <= foreign * (0.2 if "utf-8" in declared else 0.02):
        return _CONTROLS.sub("", text)
    for codec in declared:
        if not codec.startswith(("cp125", "iso8859", "utf", "mac")):
            try:
                return _CONTROLS.sub("", body.decode(codec))
            except (LookupError, UnicodeError):
                continue
    single = [codec for codec in declared if codec.startswith(("cp125", "iso8859", "mac"))]
    return _CONTROLS.sub("", body.decode(_single_byte(body, single), "replace"))
