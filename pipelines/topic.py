"""Whether an article is about Franco-Moroccan security, and why.

Three threads must be tied together: France, Morocco, and a matter of security. The lexicon finds the words; here they are
weighed sentence by sentence. A sentence ties them in the measure in which both sides stand in it (or in the one before, or
are what the article is about), it speaks of security, and something links the two: a visit, an extradition, "in
coordination with", two services side by side. Ties in the title and the lead weigh more than in the body, where a single
one is a passing mention; bodies of both sides that act in different sentences add up. Other themes (sport, economy …) and
third countries pull the score down in the measure in which they outweigh the threads.

Pure and deterministic; one pass over the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from math import exp
from typing import Any

from language.lexicon import Entry, Hit, Lexicon, load

THRESHOLD = 0.5
"""Score from which an article is relevant."""

_LEAD = (1.0, 0.95, 0.8, 0.65, 0.5)
"""What a tie in the first, second … sentence weighs as part of the lead; later ones are body."""
_LONG = 45
"""Words after which a sentence is cut: some outlets write whole articles without a full stop."""
_FULL_TIE = 0.42
"""A tie this strong counts in full: both countries named, a security word of weight .75, an ordinary link."""
_TITLE, _LEAD_WEIGHT, _BODY, _WHOLE = 0.75, 0.72, 0.76, 0.68
"""How surely a full tie there, alone, makes an article relevant; they combine like independent pieces of evidence."""
_TITLE_ALONE = 0.85
"""The same for a title without a text."""
_ADJACENT = 8
"""Characters that part a body from whose it is, at most: "police de la Ville", "juges à Paris"."""
_CARRIED = 0.7
"""What is left of a side from one sentence to the next: what an article speaks of is not named in each."""
_RELAY = 0.4
"""How surely a body of one side has to do with a body of the other that acted in the sentence before."""
_OF_A_THING = 0.35
"""What is left of a side where its adjective goes with a school, a company, a film: الثانوية الفرنسية is no French state."""
_CO_HOSTS = frozenset({"ES", "PT"})
"""With whom Morocco stages the World Cup of 2030: named together beside an event, they are its hosts and no third party."""
_KEPT = 60
"""Mentions kept as evidence."""
_KEPT_EACH = 4
"""Mentions of one entry kept as evidence, per field."""

# The end of a sentence, but not the full stop of "M. Dupont".
_BREAK = re.compile(
    r"[.!?؟…](?<!\bM\.)(?<!\bMM\.)(?<!\bMe\.)(?<!\bDr\.)(?=[\s\"»”)\]]|$)[\s\"»”)\]]*|[\n\r\u2028\u2029]\s*|؛"
)
# Links to other articles that extraction left in the text: a line of its own that begins so.
_SEE_ALSO = re.compile(
    r"^\W*(?:[àa] lire|lire (?:aussi|[ée]galement)|voir (?:aussi|[ée]galement)|sur le m[êe]me sujet|[àa] voir"
    r"|[إا]قر[أا] [أا]يض[اًا]+|شاهد [أا]يض[اًا]+|مواضيع ذات صلة|[إا]قر[أا] المزيد|طالع [أا]يض[اًا]+)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A word or name of the lexicon, found in an article.

    Attributes:
        id: identifier of the entry, "person:hammouchi".
        kind: person, service, place, event, concept or neighbour.
        side: "FR", "MA", "both", "other" or "none".
        field: "title" or "text".
        start, end: offsets in that field as written, end exclusive.
        words: what stands there.
    """

    id: str
    kind: str
    side: str
    field: str
    start: int
    end: int
    words: str

    def stored(self) -> dict[str, Any]:
        """As kept in `topic.evidence`; `asdict` takes ten times as long, and there are many."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided about an article and on what grounds.

    Attributes:
        relevant: score ≥ THRESHOLD.
        score: 0..1: how strongly the article ties France, Morocco and a matter of security together. 0: never; below .5: in
            passing, or another theme or country outweighs it; from .5: it is what the title, the lead or a good part of the
            body is about; from .8: title, lead and body agree.
        evidence: what was found, title first; at most 60.
        aspects: of terrorism, drugs, migration, intelligence, judicial, cyber, events, diplomacy; strongest first.
        entities: identifiers of the persons, services, places and events found, most often named first.
        parts: the score's parts, for explaining: title, lead, body, whole, theme, countries, breadth.
    """

    relevant: bool
    score: float
    evidence: list[Mention] = field(default_factory=list)
    aspects: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """The field `topic` of an article."""
        return {
            "score": self.score,
            "parts": dict(self.parts),
            "aspects": list(self.aspects),
            "entities": list(self.entities),
            "evidence": [mention.stored() for mention in self.evidence],
        }


@dataclass(slots=True)
class _Sentence:
    """What one sentence says. Strengths are 0..1 and combine like independent pieces of evidence (noisy or).

    `france` and `morocco` are the countries and whoever acts for them; `french` and `moroccan` include persons of whom only
    the origin is told. `play`: it speaks of sport, where "France-Maroc" is a match; `play_link` then leaves such pairs out.
    """

    france: float = 0.0
    morocco: float = 0.0
    french: float = 0.0
    moroccan: float = 0.0
    security: float = 0.0
    link: float = 0.0
    play: bool = False
    play_link: float = 0.0
    crosses: bool = False
    french_actor: bool = False
    moroccan_actor: bool = False
    others: set[str] = field(default_factory=set)
    aspects: dict[str, float] = field(default_factory=dict)
    empty: bool = True


def _join(a: float, b: float) -> float:
    return 1.0 - (1.0 - a) * (1.0 - b)


def _security(entry: Entry, day: date | None) -> float:
    """An office-holder out of office says less about security: a former minister is often just a politician."""
    return entry.security if day is None or entry.in_office(day) else entry.security * 0.5


def _read_sentence(hits: Iterable[Hit], day: date | None) -> _Sentence:
    sentence = _Sentence(empty=False)
    body_end = -_ADJACENT
    thing_end = -2
    for hit in hits:
        entry = hit.entry
        if entry.kind == "neighbour":
            sentence.play |= entry.theme == "sport"
            # The security of stadiums and supporters is a matter of the topic.
            thing_end = hit.end if entry.theme not in ("sport", "name") else -2
            continue
        # "la police de Tanger", شرطة مرسيليا: a body and whose it is.
        whose = hit.start - body_end <= _ADJACENT
        body_end = hit.end if entry.body else -_ADJACENT
        weight = _security(entry, day)
        if weight:
            sentence.security = _join(sentence.security, weight)
        if entry.link:
            sentence.link = _join(sentence.link, entry.link)
            if entry.kind != "demonym":
                sentence.play_link = _join(sentence.play_link, entry.link)
        if entry.crosses:
            sentence.crosses = True
        for aspect in entry.aspects:
            # Words that say little about security alone (a diplomatic crisis) still say which aspect a security text has.
            sentence.aspects[aspect] = sentence.aspects.get(aspect, 0.0) + max(weight, 0.4)
        if entry.side == "none":
            continue
        strength = entry.strength
        if entry.kind == "demonym" and entry.side != "both" and hit.start - thing_end <= 1:
            strength *= _OF_A_THING
        acts = whose or (entry.kind in ("person", "service") and strength >= 0.7)
        if entry.side in ("FR", "both"):
            sentence.french = _join(sentence.french, strength)
            if acts or not entry.person_only:
                sentence.france = _join(sentence.france, strength)
                sentence.french_actor |= acts
        if entry.side in ("MA", "both"):
            sentence.moroccan = _join(sentence.moroccan, strength)
            if acts or not entry.person_only:
                sentence.morocco = _join(sentence.morocco, strength)
                sentence.moroccan_actor |= acts
        if entry.side == "other" and entry.country:
            sentence.others.add(entry.country)
    if (sentence.play or "events" in sentence.aspects) and sentence.others >= _CO_HOSTS:
        sentence.others -= _CO_HOSTS
    return sentence


def _without_links(text: str, hits: list[Hit]) -> list[Hit]:
    """The hits that do not stand in a link to another article."""
    spans = [match.span() for match in _SEE_ALSO.finditer(text)]
    if not spans:
        return hits
    return [hit for hit in hits if not any(start <= hit.start < end for start, end in spans)]


def _split(text: str, hits: list[Hit], day: date | None) -> list[_Sentence]:
    """The sentences of a text; those without a hit are empty."""
    breaks = [match.end() for match in _BREAK.finditer(text)]
    groups: list[list[Hit]] = []
    key = (-1, 0)
    for hit in hits:
        number = bisect_right(breaks, hit.start)
        if number != key[0]:
            # Sentences in which nothing was found still count in how dense the ties are.
            groups.extend([] for _ in range(min(number - key[0] - 1, 50)))
            key = (number, hit.word)
            groups.append([])
        elif hit.word - key[1] > _LONG:
            key = (number, hit.word)
            groups.append([])
        groups[-1].append(hit)
    last = bisect_right(breaks, len(text.rstrip()) - 1) if text.strip() else 0
    groups.extend([] for _ in range(min(max(last - key[0], 0), 200)))
    return [_read_sentence(group, day) if group else _Sentence() for group in groups]


def _carry(sentence: _Sentence, before: _Sentence) -> _Sentence:
    """What the next sentence takes over: what this one says, and what is left of those before it."""
    # Of one name in a list of countries the next sentence hardly speaks.
    alone = (1.0, 1.0, 0.5, 0.3)[min(len(sentence.others), 3)]
    return _Sentence(
        france=max(alone * sentence.france, _CARRIED * before.france),
        morocco=max(alone * sentence.morocco, _CARRIED * before.morocco),
        french=max(alone * sentence.french, _CARRIED * before.french),
        moroccan=max(alone * sentence.moroccan, _CARRIED * before.moroccan),
        security=max(sentence.security, _CARRIED * before.security),
        link=max(sentence.link, _CARRIED * before.link),
        crosses=sentence.crosses and not sentence.others,
        french_actor=sentence.french_actor and not sentence.others,
        moroccan_actor=sentence.moroccan_actor and not sentence.others,
    )


def _tie(sentence: _Sentence, before: _Sentence, about: tuple[float, float], *, headline: bool = False) -> float:
    """How strongly a sentence ties both sides and security, 0..1.

    Args:
        sentence: the sentence.
        before: what is carried over from those before it (`_carry`), of which a part counts.
        about: how much the article as a whole is about France and about Morocco, 0..1.
        headline: whether it is one.
    """
    bound = _join(
        sentence.play_link if sentence.play else sentence.link,
        (_CARRIED if before.crosses else 0.4) * before.link,
    )
    if sentence.french_actor and sentence.moroccan_actor:
        bound = 1.0
    elif (sentence.french_actor and before.moroccan_actor) or (sentence.moroccan_actor and before.french_actor):
        bound = _join(bound, _RELAY)
    elif sentence.france and sentence.morocco and not sentence.play:
        # Side by side in a headline they have to do with each other; in a long sentence, less surely.
        actor = sentence.french_actor or sentence.moroccan_actor
        bound = _join(bound, (0.5 if actor else 0.35) if headline else (0.3 if actor else 0.15))
    # Where a person comes from is no relation between states, unless the sentence speaks of one.
    crowd = len(sentence.others)
    person = 0.9 if sentence.crosses and not crowd else 0.35 + 0.65 * bound
    french = max(sentence.france, sentence.french * person)
    moroccan = max(sentence.morocco, sentence.moroccan * person)
    french = max(french, _CARRIED * (before.french if before.crosses else before.france), 0.6 * about[0])
    moroccan = max(moroccan, _CARRIED * (before.moroccan if before.crosses else before.morocco), 0.6 * about[1])
    if not (sentence.french or sentence.moroccan):
        # Neither side is named here: a sentence about security in general.
        french *= 0.5
    security = max(sentence.security, 0.6 * before.security)
    # In a list of countries none has much to do with another.
    thin = (1.0, 0.6 if headline else 0.85, 0.25 if headline else 0.4, 0.2)[min(crowd, 3)]
    return french * moroccan * security * (0.2 + 0.8 * bound) * thin


def _about(sentences: list[_Sentence], title: _Sentence) -> tuple[float, float]:
    """How much the article as a whole is about France and about Morocco: named in the title or in many sentences."""
    named = [s for s in sentences if not s.empty]
    total = max(len(named), 5)
    france = sum(1 for s in named if s.france) / total
    morocco = sum(1 for s in named if s.morocco) / total
    alone = 1.0 if len(title.others) < 2 else 0.5
    return max(alone * title.france, _slope(france, 0.15, 0.5)), max(alone * title.morocco, _slope(morocco, 0.15, 0.5))


def _slope(share: float, none: float, full: float) -> float:
    """0 at or below `none`, 1 from `full` on, straight between."""
    return min(1.0, max(0.0, (share - none) / (full - none)))


def _factor(share: float, none: float, full: float) -> float:
    """The same from 0.15 to 1: what doubts an article never takes all."""
    return 0.15 + 0.85 * _slope(share, none, full)


def _theme(title: list[Hit], text: list[Hit], day: date | None) -> float:
    """The security words' share among those of security and of other themes, as a factor; the title counts fourfold."""
    security = neighbours = 0.0
    # Where the security of an event or the work of two services is the matter, words of sport are to be expected.
    event = any(
        hit.entry.security >= 0.5 and ("events" in hit.entry.aspects or hit.entry.link >= 0.8)
        for hit in (*title, *text)
    )
    for hits, times in ((title, 4.0), (text, 1.0)):
        for hit in hits:
            if hit.entry.kind == "neighbour":
                neighbours += hit.entry.strength * times * (0.6 if event and hit.entry.theme == "sport" else 1.0)
            else:
                security += _security(hit.entry, day) * times
    return _factor(security / (security + neighbours), 0.2, 0.55) if security else 0.0


def _countries(title: list[Hit], text: list[Hit]) -> float:
    """What the weaker side weighs against the strongest third country, as a factor; the title counts fourfold."""
    weights: defaultdict[str, float] = defaultdict(float)
    for hits, heaviness in ((title, 4.0), (text, 1.0)):
        for hit in hits:
            entry = hit.entry
            # Where a person comes from brings a country in less than what acts there.
            times = heaviness * (0.35 if entry.person_only else 1.0)
            if entry.side == "both":
                weights["FR"] += times
                weights["MA"] += times
            elif entry.side in ("FR", "MA"):
                weights[entry.side] += times
            elif entry.side == "other" and entry.country:
                weights[entry.country] += times
    weaker = min(weights["FR"], weights["MA"])
    rival = max((weight for code, weight in weights.items() if code not in ("FR", "MA")), default=0)
    return _factor(weaker / (weaker + rival), 0.12, 0.4) if weaker else 0.0


def _breadth(headline: _Sentence, sentences: list[_Sentence]) -> float:
    """How much of the article the rarer side is part of, as a factor: 1 where the headline names both."""
    named = [s for s in sentences if not s.empty]
    if not named:
        return 1.0
    rarer = 1.0
    for in_headline, flags in (
        (headline.french, [s.french > 0 for s in named]),
        (headline.moroccan, [s.moroccan > 0 for s in named]),
    ):
        if not in_headline:
            # The first sentences say what an article is about.
            weight = sum((3, 2)[i] if i < 2 else 1 for i, flag in enumerate(flags) if flag)
            rarer = min(rarer, weight / len(named))
    return _factor(rarer, 0.03, 0.22)


def _body(ties: list[float], sentences: int) -> float:
    """What the ties of a whole text amount to: their sum, saturating, unless they are thin in a long text."""
    total = sum(ties)
    return (1.0 - exp(-total / 1.6)) * min(1.0, (total / max(sentences, 4)) / 0.15)


def _whole(headline: _Sentence, sentences: list[_Sentence]) -> float:
    """What an article says as a whole that no sentence says alone: bodies or officials of both sides act in it, it speaks of
    security throughout, something links the two, and no third country has part in it. 0..1."""
    told = [s for s in sentences if not s.empty]
    every = [headline, *told]
    if not (any(s.french_actor for s in every) and any(s.moroccan_actor for s in every)):
        return 0.0
    total = max(len(told), 3)
    france = max(0.5 * headline.france, sum(s.france for s in told) / total)
    morocco = max(0.5 * headline.morocco, sum(s.morocco for s in told) / total)
    security = (headline.security + sum(s.security for s in told)) / (total + 1)
    link = min(1.0, 0.5 + sum(s.link for s in told) / total)
    alone = 1.0 - sum(1 for s in every if s.others) / (total + 1)
    return _slope(france, 0.05, 0.3) * _slope(morocco, 0.05, 0.3) * _slope(security, 0.15, 0.5) * link * alone


def _mentions(parts: Iterable[tuple[str, str, list[Hit]]]) -> list[Mention]:
    """The evidence to keep, of (field, its text, its hits)."""
    mentions: list[Mention] = []
    for where, text, hits in parts:
        seen: Counter[str] = Counter()
        for hit in hits:
            entry = hit.entry
            if entry.theme == "name":
                continue
            seen[entry.id] += 1
            if seen[entry.id] <= _KEPT_EACH:
                words = text[hit.start : hit.end]
                mentions.append(Mention(entry.id, entry.kind, entry.side, where, hit.start, hit.end, words))
                if len(mentions) == _KEPT:
                    return mentions
    return mentions


def _entities(hits: Iterable[Hit]) -> list[str]:
    counted: Counter[str] = Counter()
    for hit in hits:
        if hit.entry.kind in ("person", "service", "place", "event"):
            counted[hit.entry.id] += 1
        counted.update(hit.entry.stands_for)
    return [identifier for identifier, _ in counted.most_common()]


def _aspects(title: _Sentence, sentences: list[_Sentence], ties: list[float]) -> list[str]:
    """The aspects of the sentences that tie, and of the title twice, where they are more than a touch."""
    weights: dict[str, float] = {}
    for sentence, tie, times in [(title, 1.0, 2.0), *((s, t, 1.0) for s, t in zip(sentences, ties, strict=True))]:
        for aspect, weight in sentence.aspects.items():
            weights[aspect] = weights.get(aspect, 0.0) + times * min(1.0, weight) * (0.5 + 0.5 * tie)
    most = max(weights.values(), default=0)
    return [
        a for a, weight in sorted(weights.items(), key=lambda kv: (-kv[1], kv[0])) if weight >= max(0.3, 0.15 * most)
    ]


def judge(
    title: str,
    text: str,
    language: str,
    published: datetime | date | None = None,
    *,
    lexicon: Lexicon | None = None,
) -> Judgement:
    """Decide whether an article is about relations between France and Morocco in matters of security.

    Args:
        title: the headline.
        text: the article's own text, standfirst included, without related links; may be empty: then the title decides.
        language: BCP 47 code. The lexicon reads Arabic and Latin script at once; other languages have only its names.
        published: when, to weigh persons by the office they held; None weighs them in full.
        lexicon: another than the project's own.
    Returns:
        The judgement. The same arguments give the same judgement.
    """
    book = lexicon or load()
    day = published.date() if isinstance(published, datetime) else published
    title_hits, text_hits = book.find_all((title, text))
    text_hits = _without_links(text, text_hits)
    headline = _read_sentence(title_hits, day)
    sentences = _split(text, text_hits, day)
    about = _about(sentences, headline)

    title_tie = min(1.0, _tie(headline, _Sentence(), (0.0, 0.0), headline=True) / _FULL_TIE)
    ties = []
    before = _carry(headline, _Sentence())
    for sentence in sentences:
        ties.append(0.0 if sentence.empty else min(1.0, _tie(sentence, before, about) / _FULL_TIE))
        before = _carry(sentence, before)
    told = [tie for tie, sentence in zip(ties, sentences, strict=True) if not sentence.empty]
    lead = max((tie * weight for tie, weight in zip(told, _LEAD, strict=False)), default=0.0)
    body = _body(ties, len(ties))
    whole = _whole(headline, sentences)
    theme = _theme(title_hits, text_hits, day)
    countries = _countries(title_hits, text_hits)

    breadth = _breadth(headline, sentences)
    # What a headline or a lead ties together, the rest of a long text does not undo.
    if not headline.others:
        countries = max(countries, title_tie, 0.6 * lead)
    if not headline.play:
        theme = max(theme, 0.7 * title_tie)
    doubt = (
        (1.0 - (_TITLE if text_hits else _TITLE_ALONE) * title_tie)
        * (1.0 - _LEAD_WEIGHT * lead)
        * (1.0 - _BODY * body)
        * (1.0 - _WHOLE * whole)
    )
    score = round((1.0 - doubt) * theme * countries * breadth, 3)
    return Judgement(
        relevant=score >= THRESHOLD,
        score=score,
        evidence=_mentions((("title", title, title_hits), ("text", text, text_hits))),
        aspects=_aspects(headline, sentences, ties),
        entities=_entities([*title_hits, *text_hits]),
        parts={
            "title": round(title_tie, 3),
            "lead": round(lead, 3),
            "body": round(body, 3),
            "whole": round(whole, 3),
            "theme": round(theme, 3),
            "countries": round(countries, 3),
            "breadth": round(breadth, 3),
        },
    )


def explain(decision: Mapping[str, Any]) -> list[str]:
    """A stored judgement (`Judgement.stored`) in words, a few lines, for `scrapy why`."""
    score, parts, evidence = decision["score"], decision["parts"], decision["evidence"]
    verdict = "on the topic" if score >= THRESHOLD else "off topic"
    lines = [f"Topic: {verdict}, score {score:.2f} (from {THRESHOLD:.2f} on it belongs to the archive)."]
    if parts:
        lines.append(
            f"  Both sides tied to security: title {parts['title']:.2f}, lead {parts['lead']:.2f},"
            f" body {parts['body']:.2f}, as a whole {parts.get('whole', 0.0):.2f}"
        )
        if parts["theme"] < 1:
            lines.append(f"  lowered by other themes: × {parts['theme']:.2f}")
        if parts["countries"] < 1:
            lines.append(f"  lowered because a side is missing or third countries prevail: × {parts['countries']:.2f}")
        if parts["breadth"] < 1:
            lines.append(f"  lowered because one side is named in passing: × {parts['breadth']:.2f}")
    for heading, chosen in (
        ("France", [m for m in evidence if m["side"] in ("FR", "both")]),
        ("Morocco", [m for m in evidence if m["side"] in ("MA", "both")]),
        ("security and relation", [m for m in evidence if m["side"] == "none" and m["kind"] != "neighbour"]),
        ("third countries", [m for m in evidence if m["side"] == "other"]),
        ("other themes", [m for m in evidence if m["kind"] == "neighbour"]),
    ):
        if chosen:
            words = dict.fromkeys(f"“{m['words']}” ({m['field']} {m['start']})" for m in chosen)
            lines.append(f"  {heading}: " + ", ".join(list(words)[:8]))
    if decision["aspects"]:
        lines.append("  aspects: " + ", ".join(decision["aspects"]))
    return lines
