"""What an article says, without what a page prints anew at each visit: relative times, counters, related titles.

Two states of one article are compared by it. Inside a sentence every word and number counts: only lines that are nothing
but service are left out.
"""

from __future__ import annotations

import re

from language.boilerplate import is_service
from language.normalize import fold, words

# Left of a line when its times, counters and dates are taken out, in folded words: "Publié … par la rédaction".
_FEW = 3
# A title in a box; a longer line without a full stop is a paragraph that lacks one.
_TITLE = 25


def _any(listed: str) -> str:
    """A pattern for any of some words, as `fold` leaves them."""
    return "(?:" + "|".join(fold(word) for word in listed.split()) + ")"


_NUMBER = r"\d+(?:[.,٫٬ ]\d+)*(?: ?[km]\b)?"
_UNITS = _any(
    "seconde secondes minute minutes min mins mn heure heures hour hours h jour jours day days semaine semaines mois an ans "
    "ثانية ثواني ثوان دقيقة دقائق دقيقتين ساعة ساعات ساعتين يوم أيام يومين يوما أسبوع أسابيع أسبوعين شهر أشهر شهور شهرين سنة سنوات"
)
_THINGS = _any(
    "vue vues lecture lectures lecteur lecteurs partage partages commentaire commentaires réaction réactions like likes "
    "view views share shares comment comments "
    "مشاهدة مشاهدات قراءة قراءات تعليق تعليقات تعليقا مشاركة مشاركات زيارة زيارات إعجاب إعجابات"
)
_SINCE = _any("منذ قبل مند")
_ABOUT = _any("نحو حوالي")
_READING = _any("مدة وقت")
_FLEETING = re.compile(
    rf"\b(?:il y a|depuis) (?:{_NUMBER}|une?|quelques|moins d'une?) {_UNITS}\b(?: et (?:demie?|{_NUMBER} {_UNITS}))?"
    rf"|\b{_SINCE} (?:{_ABOUT} )?(?:{_NUMBER} )?{_UNITS}\b(?: واحده?)?"
    rf"|\b{_NUMBER} {_UNITS} ago\b"
    rf"|\ba l'instant\b|\b{_any('الآن')}\b"
    rf"|\b{_NUMBER} ?{_THINGS}\b|\b(?:ال)?{_THINGS} ?:? ?\(?{_NUMBER}\)?|\b(?:aucun|pas de|no|لا) (?:ال)?{_THINGS}\b"
    rf"|\b(?:(?:temps|duree) de lecture|{_READING} {_any('القراءة')}) ?:? ?(?:{_NUMBER} ?{_UNITS}?)?"
)
_LABELS = re.compile(
    r"\b(?:publie[es]?|mis[es]? a jour|modifie[es]?|actualise[es]?|derniere|updated|published|"
    + _any("عدد نشر نشرت آخر تحديث تم النشر تاريخ")
    + r")\b"
)
_END = re.compile(r"[.!?؟…:;»\"]\s*$")


def substance(text: str) -> list[str]:
    """The folded words of a text that belong to its account.

    Left out are lines that are a relative time, a counter or a reading time ("Publié il y a 3 heures", "1 234 vues",
    "المشاهدات: 345"), service lines ("Lire aussi : …", boilerplate.toml), and the titles under such a line that
    is a heading.

    Args:
        text: paragraphs separated by line feeds.
    """
    kept: list[str] = []
    in_box = False
    for line in text.split("\n"):
        found = words(line)
        if not found:
            continue
        if is_service(found):
            # With a title behind it the line is the box; alone it is the heading of one.
            in_box = len(found) <= _FEW + 1
            continue
        if in_box and len(found) <= _TITLE and not _END.search(line):
            continue
        in_box = False
        if not _is_fleeting(line):
            kept += found
    return kept


def _is_fleeting(line: str) -> bool:
    rest, count = _FLEETING.subn(" ", fold(line))
    rest, labels = _LABELS.subn(" ", rest)
    # "Il y a 3 jours, deux morts" tells something; "Publié il y a 3 jours par la rédaction" does not.
    return count > 0 and len(words(rest)) <= (_FEW if labels else 1)
