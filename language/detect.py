"""The language of a text, and whether an Arabic text is written in Moroccan Arabic (Darija).

Arabic and French, which nearly every text is in, are told from one another and from their neighbours by script and by
function words; py3langid is asked only where these do not decide.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import py3langid

from language.normalize import words

SAMPLE = 3000
"""Characters looked at; the language of a longer text shows in its beginning."""

_SCRIPTS = {
    "arab": re.compile("[\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\ufb50-\ufdff\ufe70-\ufefc]"),
    "latn": re.compile("[A-Za-z\u00c0-\u024f]"),
    "tfng": re.compile("[\u2d30-\u2d7f]"),
    "cyrl": re.compile("[\u0400-\u04ff]"),
    "hebr": re.compile("[\u05d0-\u05ea]"),
    "hani": re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"),
    "grek": re.compile("[\u0370-\u03ff]"),
}

# Letters Arabic does not write. Their share in Persian and Urdu prose is above 3 %, in Arabic names and loans far below.
_NOT_ARABIC = re.compile("[پچژگکیےہھٹڈڑںۆێڕڵە]")
_URDU = re.compile("[ٹڈڑںےہھ]")
_KURDISH = re.compile("[ۆێڕڵە]")

# The commonest function words, in their folded form (language.normalize.fold), without those two languages share.
_FUNCTION_WORDS = {
    "fr": frozenset(
        words(
            "le la les des du un une et est dans pour par sur avec qui que au aux ce cette ces son ses leur leurs sont ont "
            "ete etait plus pas ne se il elle ils elles nous vous mais ou donc dont comme entre apres selon aussi sans sous "
            "chez d l s n qu c j"
        )
    ),
    "en": frozenset(
        words(
            "the of and to in is that for on with as was were by at from are be this it an has have had not but they their "
            "which who will would its after said his her been more than about"
        )
    ),
    "es": frozenset(
        words(
            "el los las del una y en que por para con no se su sus es al lo como mas pero fue ha han esta este entre desde "
            "sobre tras segun tambien ser o cuando donde hasta"
        )
    ),
    "it": frozenset(
        words(
            "il lo gli della dei delle degli di e che un una per con non si del nel nella alla al dal dalla sono ha hanno "
            "anche piu ma come questo questa dopo tra"
        )
    ),
    "de": frozenset(
        words(
            "der die das und ist in den von zu mit sich des auf fur nicht ein eine einen dem als auch es an werden aus er "
            "hat dass sie nach wird bei einer um am sind noch wie"
        )
    ),
    "pt": frozenset(
        words(
            "o os as do da dos das em no na nos nas um uma e que para com nao por se ao foi mais como mas seu sua pelo pela "
            "sao entre depois tambem ja sobre segundo"
        )
    ),
}

# Words of Moroccan Arabic that standard Arabic prose does not use, folded.
_DARIJA = frozenset(
    words(
        "ديال ديالو ديالها ديالهم ديالي ديالك ديالنا ديالكم دابا واش هادشي هادا هاد هادو هادي كاين كاينه كاينين بزاف شنو شنا شنهو "
        "علاش كيفاش فاش فين منين شحال شكون حيت حيتاش باش ماشي غادي غاديه غاديين راه راها راهم كنت كانو بغا بغيت بغات بغينا "
        "خاصنا خاصك خاصو خاصها كيقول كيقولو كتقول كيدير كيديرو ندير نديرو داير دايره دارو دار جاو مشا مشات مشاو شاف شافو "
        "كيبان كنقول كيبغي كنبغي كيكون كتكون كيكونو مكاينش ماكاينش مابغاش مابقاش معندوش ماعندوش معرفتش ماعرفتش مزيان مزيانه "
        "ولا غير بحال بحالو حتا ديك داك هداك هديك هادوك ليه ليها ليهم عندو عندها عندهم عندنا وخا يالاه تاني بلا والو "
        "شويه دراري العيالات الدري بنادم زوينه زوين كلشي حاجه"
    )
)
# Of those, the words standard Arabic also knows: alone they prove nothing.
_DARIJA_WEAK = frozenset(
    words("كنت دار ولا غير ليه ليها ليهم بلا حاجه هادي هاد عندها عندهم عندنا راه شاف باش تاني فين منين")
)


class Language(NamedTuple):
    """The language of a text.

    Attributes:
        code: ISO 639-1 code, or 639-3 where there is none ("zgh"); "" where the text has too few letters to tell.
        dialect: "ary" for an Arabic text written in Darija, else None.
    """

    code: str
    dialect: str | None = None


def _script(text: str) -> str:
    """The script most letters of a text belong to; "" where there are fewer than three."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    name = max(counts, key=lambda key: counts[key])
    return name if counts[name] > 2 else ""


def _arabic_script(text: str, declared: str) -> str:
    letters = max(1, sum(1 for _ in _SCRIPTS["arab"].finditer(text)))
    foreign = sum(1 for _ in _NOT_ARABIC.finditer(text)) / letters
    if foreign < 0.03:
        return "ar"
    if sum(1 for _ in _KURDISH.finditer(text)) / letters > 0.03:
        return "ckb"
    if sum(1 for _ in _URDU.finditer(text)) / letters > 0.03:
        return "ur"
    # Some keyboards write Arabic with the Persian yeh and kaf: its article then tells the language.
    tokens = words(text)
    if sum(1 for token in tokens if token.startswith("ال")) > len(tokens) / 10:
        return "ar"
    return declared if declared in ("fa", "ps", "ug") else "fa"


def _latin_script(text: str) -> str:
    tokens = words(text)
    if not tokens:
        return ""
    shares = sorted(
        ((sum(map(known.__contains__, tokens)) / len(tokens), code) for code, known in _FUNCTION_WORDS.items()),
        reverse=True,
    )
    (best, code), (second, _) = shares[0], shares[1]
    if best >= 0.2 and best >= 1.5 * second:
        return code
    if len(tokens) < 8 and best > 0 and best >= 1.5 * second:
        return code
    guess, _ = py3langid.classify(text)
    return str(guess)


def is_darija(text: str) -> bool:
    """Whether an Arabic text is written in Darija.

    True where at least four different words that only Darija has occur and they and their weaker companions make up 3 %
    of the text: a quotation in Darija inside standard prose stays below.
    """
    tokens = words(text[:SAMPLE])
    if not tokens:
        return False
    counts = Counter(token for token in tokens if token in _DARIJA)
    strong = [token for token in counts if token not in _DARIJA_WEAK]
    return len(strong) >= 4 and sum(counts.values()) >= 0.03 * len(tokens)


def detect(text: str, declared: str = "") -> Language:
    """The language a text is written in.

    Args:
        text: prose, as extracted.
        declared: what the page says of itself (`<html lang>`), any form; only asked where the text does not decide.
    Returns:
        The language; `Language("")` for a text without letters and without a declaration.
    """
    hint = declared.strip().lower().replace("_", "-").split("-")[0]
    hint = hint if re.fullmatch("[a-z]{2,3}", hint) else ""
    sample = text[:SAMPLE]
    script = _script(sample[:600]) or _script(sample)
    if script == "arab":
        code = _arabic_script(sample, hint)
        return Language(code, "ary" if code == "ar" and is_darija(sample) else None)
    if script == "tfng":
        return Language("zgh")
    if script == "hebr":
        return Language("he")
    if script == "grek":
        return Language("el")
    if script == "latn":
        return Language(_latin_script(sample[:1200]))
    if script:
        guess, _ = py3langid.classify(sample)
        return Language(str(guess))
    return Language(hint)
