"""Who wrote: bylines read as the names of persons, and the wire agency a byline, a dateline or a credit names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from language.months import WEEKDAYS
from language.normalize import fold, words
from pipelines.extraction import jsonld
from pipelines.extraction.jsonld import Node
from pipelines.extraction.markup import following, lines_after, spaced_text

_BY = re.compile(
    r"^(?:(?:(?:publi[ée]|[ée]crit|r[ée]dig[ée]|propos recueillis|texte|article|posted|written|reporting)\s+)?(?:par|by)\b|de notre correspondante?\b"
    r"|auteur\s*:|author\s*:|avec\b|بقلم|كتبت?\s*[:/-]|كتبه\s*[:/-]?|إعداد|اعداد|تحرير|ترجمة|حاوره|حاورته|الكاتب\s*:|الكاتبة\s*:|المصدر\s*:)\s*[:/\-–]?\s*",
    re.IGNORECASE,
)
# What begins so is a byline wherever it stands; the words above that prose also begins with want a colon here.
_SAYS_WHO = re.compile(
    r"^[\W_]*(?:(?:(?:publié|écrit|rédigé|propos recueillis|posted|written)\s+)?(?:par|by)\s+(?=[^\W\d_])|(?:texte|article|auteure?|author)\s*:"
    r"|بقلم|(?:كتبت?|كتبه|كتبته|إعداد|اعداد|تحرير|ترجمة|حاوره|حاورته|الكاتبة?|عن|المراسلة?)\s*[:/])",
    re.IGNORECASE,
)
_NAME_SPLIT = re.compile(
    r"\s*(?:[,،;|/•·]|\s(?:et|and|avec|with|&|y|en collaboration avec)\s|\s[-–—]\s|\((?=avec|with)|[\n\t])\s*",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\d{3}|^(?:admin\w*|administrat\w+|webmaster|root|user\w*|editor\d*|author|auteur|null|undefined|none|n/?a|unknown|anonyme|"
    r"correspondante?.*|envoy[ée]e? sp[ée]ciale?.*|journaliste.*|r[ée]dactrice?.*|photo\w*.*|partager|suivre|follow|logo|avatar|(?:developed|powered|designed) by.*|.*\s:\s.*|مراسل.*|صحفي.*|صحافي.*)$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\s+(?:auteure?|author|journaliste|rédact(?:eur|rice)|correspondante?|envoyée? spéciale?)$", re.IGNORECASE
)
# Matched against the folded name.
_DESK = re.compile(
    r"(?:(?:la|le|notre|nos) )?(?:redaction|equipe|service|rubrique|pole|cellule|envoyes? speciaux|site)\b.*|.*\b(?:redaction|desk|newsroom|staff|editorial|agences?|web ?team)\b.*|.*\.(?:com|net|org|info|ma|fr|dz|tn|example)"
    r"|(?:هييه|اسره|فريق|طاقم|سكرتاريه|رييس|مدير|ادار[هة]) .*|(?:قسم|القسم|مكتب|موقع|جريده|صحيفه|شبكه|قناه|وكاله|محرر[وي]?|المحرر|متابعه|متابعات|خاص)(?: .*)?|التحرير|وكالات|الوكالات|غرفه الاخبار|ادمين|الادمين"
)
_MARKED = re.compile(
    r"(?:^|[\s_-])(?:authors?|bylines?|by|auteure?s?|writers?|journalist[e]?s?|signatures?|redacteurs?|katib|posted-by)(?:$|[\s_-]|__?(?:name|nom|link))",
    re.IGNORECASE,
)
# Matched against the folded line: a day with its month and year, or a time of day.
_DATED = re.compile(
    r"\b\d{1,2}(?:er)? +[^\W\d]+(?: ?/ ?[^\W\d]+| [^\W\d]+)?,? +(?:19|20)\d\d\b|\b\d{1,4} ?[/.-] ?\d{1,2} ?[/.-] ?\d{2,4}\b|\b\d{1,2} ?[:h] ?\d\d\b"
)
_ARABIC = re.compile("[\u0621-\u064a]")
_PARTICLES = frozenset(
    [
        "de",
        "du",
        "des",
        "d'",
        "l'",
        "la",
        "le",
        "el",
        "al",
        "ben",
        "bin",
        "ibn",
        "bint",
        "ould",
        "ait",
        "van",
        "von",
        "der",
        "da",
        "di",
    ]
)
# Words of rubrics, services and towns that stand beside a date where an author might; folded.
_NO_NAME = frozenset(
    words(
        "maroc france algerie tunisie monde international national politique economie societe culture sport sports actualite"
        " actualites justice securite region regions info infos news accueil publie mis modifie lecture temps partager photo"
        " video edition dossier reportage analyse entretien portrait tribune chronique opinion debat brut exclusif direct"
        " casablanca rabat paris tanger marrakech new york"
        " في من الى على عن مع هذا هذه بعد قبل كل حول بين نشر نشرت تحديث اخر منذ الساعه بتوقيت مشاهده قراءه قراءات تعليق تعليقات"
        " طباعه ارسل مشاركه الرييسيه اخبار الاخبار سياسه السياسه مجتمع المجتمع اقتصاد الاقتصاد رياضه الرياضه ثقافه الثقافه فن فنون"
        " حوادث الحوادث وطنيه دوليه دولي وطني جهات الجهات راي اراء حوارات تحقيقات تقارير تكنولوجيا صحه تعليم منوعات عاجل خاص عدد"
        " الدار البيضاء الرباط طنجه فاس مراكش اكادير وجده تطوان بني ملال باريس تونس الجزاير المغرب فرنسا بيروت القاهره لندن"
        " نيويورك واشنطن مدريد بروكسيل عواصم متابعه صوره صور فيديو"
    )
)
_SHORT = 160
# From the attributes up: conditions on every element cost ten times as much.
_PERHAPS_MARKED = etree.XPath(
    "descendant::*/@class[contains(., 'uth') or contains(., 'yline') or contains(., 'ignature') or contains(., 'edacteur')]/.."
    " | descendant::*/@rel[. = 'author']/.. | descendant::*/@itemprop[. = 'author']/.."
)
_PROSE = 100

AGENCIES: dict[str, str] = {
    "afp": "AFP",
    "agence france presse": "AFP",
    "ا ف ب": "AFP",
    "اف ب": "AFP",
    "فرانس برس": "AFP",
    "وكاله فرانس برس": "AFP",
    "map": "MAP",
    "maghreb arabe presse": "MAP",
    "و م ع": "MAP",
    "ومع": "MAP",
    "لاماب": "MAP",
    "وكاله المغرب العربي للانباء": "MAP",
    "المغرب العربي للانباء": "MAP",
    "reuters": "Reuters",
    "رويترز": "Reuters",
    "efe": "EFE",
    "ايفي": "EFE",
    "إفي": "EFE",
    "وكاله ايفي": "EFE",
    "وكاله افي": "EFE",
    "ap": "AP",
    "associated press": "AP",
    "اسوشيتد برس": "AP",
    "اسوشييتد برس": "AP",
    "europa press": "Europa Press",
    "اوروبا بريس": "Europa Press",
    "aps": "APS",
    "algerie presse service": "APS",
    "tap": "TAP",
    "وكاله تونس افريقيا للانباء": "TAP",
    "anadolu": "Anadolu",
    "agence anadolu": "Anadolu",
    "الاناضول": "Anadolu",
    "وكاله الاناضول": "Anadolu",
    "dpa": "DPA",
    "د ب ا": "DPA",
    "ansa": "ANSA",
    "belga": "Belga",
    "xinhua": "Xinhua",
    "شينخوا": "Xinhua",
    "agence qmi": "QMI",
    "qmi": "QMI",
    "apa": "APA",
    "apanews": "APA",
    "ats": "ATS",
    "agence ecofin": "Ecofin",
    "tass": "TASS",
    "سبوتنيك": "Sputnik",
}
"""Folded names of wire agencies → the name stored. Two and three letters are only trusted where a byline stands."""


def agency_of(wording: str) -> str | None:
    """The agency a byline or credit names, or None."""
    return AGENCIES.get(" ".join(words(wording)))


def _parts(wording: str) -> list[str]:
    """A byline cut where one name ends and another begins; Arabic "و" is a word's first letter."""
    parts: list[str] = []
    for part in _NAME_SPLIT.split(" ".join(wording[:500].split())):
        tokens = part.split()
        cut = next(
            (
                index
                for index in range(2, len(tokens) - 1)
                if len(tokens) <= 8 and len(tokens[index]) > 3 and tokens[index][0] == "و"
            ),
            0,
        )
        if cut:
            parts += [" ".join(tokens[:cut]), " ".join(tokens[cut:])[1:]]
        else:
            parts.append(part)
    return parts


def names_of(wording: str) -> tuple[list[str], str | None]:
    """The persons and the agency a byline names.

    "Par Nadia Idrissi avec AFP" gives (["Nadia Idrissi"], "AFP"); desks ("La rédaction", "هيئة التحرير") are no persons.
    """
    people: list[str] = []
    agency: str | None = None
    wording = re.sub(
        r"\([^()]*\)",
        lambda found: (
            f" avec {found[0][6:-1]} "
            if found[0].startswith("(avec ")
            else f" | {found[0][1:-1]} | "
            if agency_of(found[0])
            else " "
        ),
        wording,
    )
    for part in _parts(wording):
        name = part.strip(" .:;,-–—*•()[]\"'«»")
        while (stripped := _BY.sub("", name).strip(" :-–/")) != name:
            name = stripped
        if not name:
            continue
        if found := agency_of(name):
            agency = agency or found
            continue
        name = _ROLE.sub("", name)
        half = len(name) // 2
        if name[:half] == name[-half:] and (name[half:-half] or "").strip() == "":
            name = name[:half]
        if re.fullmatch(r"(?:\w\.){1,3}\w", name):
            name += "."
        if (
            _NOT_A_NAME.search(name)
            or any(character.isdigit() for character in name)
            or len(name) < 2
            or len(name) > 60
            or len(name.split()) > 7
            or _DESK.fullmatch(fold(name))
        ):
            continue
        # What begins in lower case is a function, not a name; Arabic has no case.
        if name[0].islower() and not re.match(r"(?:de|d'|el|al|ben|bin|van|von)\b", name):
            continue
        people.append(name)
    return people, agency


def is_outlet(name: str, sites: list[str]) -> bool:
    """Whether a name is the outlet's own, whole or with words around it.

    Args:
        name: as written.
        sites: folded names of the outlet.
    """
    compact = "".join(words(name))
    for site in sites:
        known = "".join(words(site))
        if compact == known or (len(known) > 4 and known in compact) or (len(compact) > 4 and compact in known):
            return bool(compact)
    return False


def gather(wordings: Iterable[str], sites: list[str]) -> tuple[list[str], str | None]:
    """The persons and the agency several bylines name, without repetitions and without the outlet itself."""
    people: dict[str, str] = {}
    agency: str | None = None
    for wording in wordings:
        named, found = names_of(wording)
        agency = agency or found
        for name in named:
            if not is_outlet(name, sites):
                people.setdefault(fold(name), name)
    return list(people.values())[:10], agency


def _looks_like_a_person(name: str) -> bool:
    """Whether two to five words can be a name where nothing says that they are one."""
    tokens = name.split()
    if not 2 <= len(tokens) <= 5 or any(word in _NO_NAME for word in words(name)):
        return False
    if _ARABIC.search(name):
        return not re.search(r"[^\w\s.'-]", fold(name)) and all(len(token) < 12 for token in words(name))
    return all(token[0].isupper() or token.lower() in _PARTICLES or token[:2] in ("d'", "d’") for token in tokens)


def _undated(line: str) -> str:
    """A line of a byline and a date, without what follows a date's first figure."""
    parts = []
    for part in re.split(r"\s*[|•·]\s*|\s[-–—]\s|(?<=\w),\s", line):
        before = re.split(r"\d", part)[0]
        kept = [token for token in before.split() if fold(token).strip(":,،") not in WEEKDAYS]
        while kept and fold(kept[-1]).strip(":,،.") in (
            "le",
            "on",
            "يوم",
            "في",
            "بتاريخ",
            "publie",
            "mis",
            "a",
            "jour",
        ):
            kept.pop()
        parts.append(" ".join(kept))
    return " | ".join(part for part in parts if part)


def says_who(line: str) -> bool:
    """Whether a short line says who wrote: "Par …", "بقلم: …", and nothing more than names and a date."""
    return (
        len(line) <= _SHORT
        and _SAYS_WHO.match(line) is not None
        and line.rstrip()[-1:] not in tuple(".!?؟…")
        and any(names_of(_undated(line)))
    )


def is_dateline(line: str) -> bool:
    """Whether a short line is a date with a town, a name or a label beside it, and no sentence."""
    return (
        len(line) <= _SHORT / 2 and line.rstrip()[-1:] not in tuple(".!?؟…") and _DATED.search(fold(line)) is not None
    )


def _below(heading: HtmlElement) -> Iterator[HtmlElement]:
    """The elements between a heading and the article's second long paragraph."""
    long = 0
    for element in following(heading, limit=120):
        long += len(element.text or "") >= _PROSE
        if long == 2:
            return
        yield element


def _after_heading(heading: HtmlElement) -> list[str]:
    """The lines between a heading and the article's second long paragraph: a standfirst may stand before the byline."""
    lines: list[str] = []
    long = 0
    for line in lines_after(heading, limit=200):
        if len(line) >= _PROSE and not _SAYS_WHO.match(line) and not _DATED.search(fold(line)):
            long += 1
            if long == 2:
                break
        lines.append(line)
    return lines


def _visible(
    tree: HtmlElement, heading: HtmlElement | None, sites: list[str], *, anywhere: bool
) -> tuple[list[str], str | None]:
    """The byline a reader sees below the heading: said in words, marked by a class, or a name beside the date.

    Args:
        tree: the page.
        heading: the title's element.
        sites: folded names of the outlet.
        anywhere: look at bylines elsewhere on the page as well; they count where all of them name the same persons, for
            others belong to other articles.
    """
    agency: str | None = None
    lines = _after_heading(heading) if heading is not None else []
    for line in lines:
        if len(line) <= _SHORT and _SAYS_WHO.match(line):
            people, found = gather([_undated(line)], sites)
            agency = agency or found
            people = [name for name in people if words(name)[0] not in _NO_NAME]
            if people:
                return people, agency
    beside = [line for line in lines if len(line) <= _SHORT and _DATED.search(fold(line))]
    marked = islice(_marked(_below(heading)), 1) if heading is not None else ()
    for wording in (*marked, *map(_undated, beside)):
        people, found = _persons(wording, sites)
        agency = agency or found
        if people:
            return people, agency
    if not anywhere:
        return [], agency
    everywhere = [_persons(wording, sites) for wording in islice(_marked(_PERHAPS_MARKED(tree)), 8)]
    named = {tuple(people) for people, _ in everywhere if people}
    return (list(named.pop()) if len(named) == 1 else []), agency


def _persons(wording: str, sites: list[str]) -> tuple[list[str], str | None]:
    people, agency = gather([wording], sites)
    return [name for name in people if _looks_like_a_person(name)], agency


def _marked(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """The texts of the elements that are marked as bylines."""
    for element in elements:
        rel, prop, kind = element.get("rel"), element.get("itemprop"), element.get("class")
        if not (rel or prop or kind):
            continue
        if (
            (rel and "author" in rel.split())
            or prop in ("author", "name author")
            or (kind and _MARKED.search(kind[:200]))
        ):
            wording = spaced_text(element)
            if 2 < len(wording) < 80:
                yield _undated(wording)


def authors(
    tree: HtmlElement, metas: dict[str, list[str]], node: Node | None, heading: HtmlElement | None, sites: list[str]
) -> tuple[list[str], str | None]:
    """The authors as names and the agency their line names.

    JSON-LD is asked first, then meta, then the visible line. Desks and the outlet itself are no authors.

    Args:
        tree: the page.
        metas: lower-case name → contents of its `<meta>`s.
        node: JSON-LD's statement of the article.
        heading: the title's element.
        sites: folded names of the outlet.
    """
    sources: list[list[str]] = []
    if node:
        sources.append(jsonld.names(node.get("author")) or jsonld.names(node.get("creator")))
    sources.append(
        [
            name
            for key in (
                "author",
                "article:author",
                "parsely-author",
                "dc.creator",
                "dcterms.creator",
                "sailthru.author",
                "og:article:author",
                "byl",
            )
            for name in metas.get(key, [])
        ]
    )
    agency: str | None = None
    for wordings in sources:
        people, found = gather(wordings, sites)
        agency = agency or found
        if people:
            return people, agency
    people, found = _visible(tree, heading, sites, anywhere=not any(sources))
    return people, agency or found


_DATELINE_AGENCY = re.compile(r"[(\[（]\s*([^()\[\]]{2,40}?)\s*[)\]）]|[-–—/]\s*([^-–—/()]{2,30}?)\s*[-–—:]")
_CREDIT = re.compile(r"(?:^|\b)(?:avec|source|sources|المصدر|المصادر|عن)\s*:?\s*(.{2,40}?)\s*[.)]?$", re.IGNORECASE)


def agency_in_text(lines: list[str], removed: list[str]) -> str | None:
    """The agency a dateline ("Rabat (MAP) -", "الرباط (و.م.ع)") or a closing credit ("avec AFP") names; None where none does."""
    if not lines:
        return None
    # The first line may be a standfirst, which has no dateline.
    for line in lines[:2]:
        for match in _DATELINE_AGENCY.finditer(line[:120]):
            if found := agency_of(match[1] or match[2]):
                return found
    for line in [*lines[-2:], *removed]:
        if len(line) < 80:
            if found := agency_of(line.strip("()[] .")):
                return found
            if (credit := _CREDIT.search(line)) and (found := agency_of(credit[1])):
                return found
        for match in _DATELINE_AGENCY.finditer(line[-40:]):
            if line.rstrip(". ").endswith(match[0].rstrip(". ")) and (found := agency_of(match[1] or match[2])):
                return found
    return None
