"""Copies are found and named, follow-ups and formula communiqués are not taken for them."""

from __future__ import annotations

import random

import pytest

from pipelines.identity import NOMINATED, compare, containment, sketch, text_hash

FRENCH = [
    "Une délégation de la police portuaire de Larmont s'est rendue mardi à Tanaga pour préparer la sécurité du tournoi.",
    "Les deux parties ont passé en revue les accès aux stades, le contrôle des tribunes et l'accueil des supporters.",
    "Selon le commissaire Aurélien Vasseur, quarante agents suivront une formation commune dès le mois de mars.",
    "La ville hôte attend près de deux cent mille visiteurs sur trois semaines, dont un tiers venu de l'étranger.",
    "Un centre de coordination ouvrira dans l'ancienne gare maritime, à deux rues du stade principal.",
    "Il réunira les pompiers, les secours en mer et les équipes chargées de la lutte contre la revente de billets.",
    "Les hôteliers demandent de leur côté que les navettes circulent toute la nuit pendant les demi-finales.",
    "La municipalité a répondu qu'elle financerait douze lignes supplémentaires, sans en préciser le coût.",
    "Les associations de riverains craignent, elles, que le bruit des essais de sonorisation ne dure tout l'été.",
    "Une nouvelle réunion est prévue en septembre afin d'arrêter le plan de circulation définitif.",
]
ARABIC = [
    "عقد مسؤولو شرطة الميناء في مدينة الرملة اجتماعا مع نظرائهم من تاناغا للتحضير لتأمين البطولة المقبلة.",
    "وناقش الجانبان مداخل الملاعب ومراقبة المدرجات واستقبال الجماهير القادمة من خارج البلاد.",
    "وقال العميد سليم الوردي إن أربعين شرطيا سيخضعون لتدريب مشترك ابتداء من شهر مارس.",
    "وتنتظر المدينة المضيفة حوالي مائتي ألف زائر خلال ثلاثة أسابيع، ثلثهم من الأجانب.",
    "وسيفتح مركز للتنسيق أبوابه داخل المحطة البحرية القديمة على بعد شارعين من الملعب الكبير.",
    "ويضم المركز رجال الإطفاء وفرق الإنقاذ البحري والمكلفين بمحاربة السوق السوداء للتذاكر.",
    "ويطالب أرباب الفنادق من جهتهم بأن تعمل الحافلات طوال الليل خلال مباريات نصف النهائي.",
    "وردت البلدية بأنها ستمول اثني عشر خطا إضافيا دون أن تكشف عن الكلفة.",
    "وتخشى جمعيات السكان أن تستمر ضوضاء تجارب مكبرات الصوت طيلة فصل الصيف.",
    "ومن المقرر عقد اجتماع جديد في شتنبر للمصادقة على مخطط السير النهائي.",
]
OTHER_FRENCH = [
    "Le chantier naval de Pontarrec a livré jeudi son premier remorqueur électrique à la compagnie des Phares.",
    "Long de trente mètres, le bateau peut tirer pendant cinq heures sans recharger ses batteries.",
    "Son équipage de six marins a appris à le conduire sur un simulateur installé dans la halle aux grains.",
    "L'ingénieure Maud Kerlan y voit une réponse aux plaintes des habitants du quai, lassés des fumées.",
    "Deux autres navires du même type sortiront des cales avant la fin de l'année prochaine.",
    "La compagnie espère réduire de moitié sa facture de carburant et former dix mécaniciens de plus.",
]
OTHER_ARABIC = [
    "سلم حوض بناء السفن في بونتاريك الخميس أول قاطرة كهربائية لشركة المنارات.",
    "ويبلغ طول المركب ثلاثين مترا ويستطيع الجر خمس ساعات دون إعادة شحن بطارياته.",
    "وتعلم طاقمه المكون من ستة بحارة قيادته على جهاز محاكاة نصب داخل سوق الحبوب.",
    "وترى المهندسة مها القرلاني أن القاطرة جواب عن شكاوى سكان الرصيف من الأدخنة.",
    "وستخرج سفينتان أخريان من النوع نفسه قبل نهاية السنة القادمة.",
    "وتأمل الشركة خفض فاتورة الوقود إلى النصف وتكوين عشرة ميكانيكيين آخرين.",
]
LANGUAGES = [(FRENCH, OTHER_FRENCH), (ARABIC, OTHER_ARABIC)]


def text(sentences: list[str]) -> str:
    return "\n".join(sentences)


def edited(original: str, every: int) -> str:
    """The text with each n-th word replaced by another."""
    out = original.split(" ")
    out[every - 1 :: every] = [f"{word[::-1]}x" for word in out[every - 1 :: every]]
    return " ".join(out)


def nominated(one: str, other: str) -> bool:
    return containment(sketch(one), sketch(other)) >= NOMINATED


@pytest.mark.parametrize(("news", "other"), LANGUAGES)
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda s: text(s).upper().replace(",", " ،").replace("ا", "اـ"), "same"),
        (lambda s: text(s[:5]), "shortened"),
        (lambda s: text(s[:3]), "shortened"),
        (lambda s: text(s[5:]), "shortened"),
        (lambda s: text(s[5:] + s[:5]), "same"),
        (lambda s: edited(text(s), 10), "edited"),
        (lambda s: edited(text(s), 6), "edited"),
        (lambda s: edited(text(s[:4]), 12), "edited"),
    ],
)
def test_a_copy_is_nominated_and_named(news: list[str], other: list[str], change, kind: str) -> None:  # type: ignore[no-untyped-def]
    copy = change(news)
    assert nominated(text(news), copy)
    comparison = compare(text(news), copy)
    assert comparison.kind == kind
    assert comparison.is_copy


@pytest.mark.parametrize(("news", "other"), LANGUAGES)
def test_a_copy_with_a_closing_sentence_of_its_own_is_extended(news: list[str], other: list[str]) -> None:
    assert compare(text(news), text([*news, other[1]])).kind == "extended"


@pytest.mark.parametrize(("news", "other"), LANGUAGES)
def test_new_reporting_over_old_background_reuses_it_and_is_no_copy(news: list[str], other: list[str]) -> None:
    for follow_up in (
        text(other + news),
        text(other[:3] + news),
        text(other[:2] + news[1:]),
        text([*other[:2], *news[2:]]),
        text(other + news[4:]),
    ):
        comparison = compare(text(news), follow_up)
        assert comparison.kind == "reuses"
        assert not comparison.is_copy


@pytest.mark.parametrize(("news", "other"), LANGUAGES)
def test_unrelated_texts_have_nothing_in_common(news: list[str], other: list[str]) -> None:
    assert not nominated(text(news), text(other))
    assert compare(text(news), text(other)).kind is None


@pytest.mark.parametrize(
    ("news", "lines"),
    [
        (
            FRENCH,
            ["Lire aussi : notre dossier sur le tournoi", "Abonnez-vous à notre newsletter", "© Tous droits réservés"],
        ),
        (
            ARABIC,
            ["اقرأ أيضا: ملفنا الكامل عن البطولة", "تابعونا على صفحتنا في فيسبوك", "جميع الحقوق محفوظة لجريدة الرملة"],
        ),
    ],
)
def test_an_outlets_service_lines_do_not_make_a_copy_another_text(news: list[str], lines: list[str]) -> None:
    brief = news[:4]
    assert compare(text(brief), text([lines[0], *brief, *lines[1:]])).kind == "same"
    assert sketch(text(lines * 8)) == []


COMMUNIQUES = [
    # (where, who, what): invented; around them stand the formulas of every such communiqué
    (
        "Les éléments de la police judiciaire ont interpellé mercredi à {0} {1}, soupçonnés {2}. Le suspect a été placé en "
        "garde à vue à la disposition de l'enquête judiciaire menée sous la supervision du parquet compétent, afin d'élucider "
        "les tenants et aboutissants de cette affaire et d'identifier l'ensemble des complices, précise la même source. Cette "
        "opération s'inscrit dans le cadre des efforts intenses et continus déployés par les services de sécurité.",
        (
            "Larmont",
            "deux pêcheurs de la jetée nord",
            "d'avoir caché des montres volées dans une barque à moteur repeinte",
        ),
        (
            "Tanaga",
            "un vendeur de téléphones du marché couvert",
            "de tenir un faux guichet de change sur une messagerie",
        ),
    ),
    (
        "تمكنت عناصر الشرطة القضائية بمدينة {0} من توقيف {1}، للاشتباه في {2}. وقد تم الاحتفاظ بالمشتبه فيه تحت تدبير "
        "الحراسة النظرية رهن إشارة البحث القضائي الذي يجري تحت إشراف النيابة العامة المختصة، وذلك للكشف عن جميع ظروف "
        "وملابسات هذه القضية، فيما لا تزال الأبحاث والتحريات جارية بغرض توقيف جميع المتورطين. وتندرج هذه العملية في سياق "
        "الجهود المكثفة والمتواصلة التي تبذلها مصالح الأمن الوطني.",
        ("الرملة", "صيادين اثنين من الرصيف الشمالي", "إخفائهما ساعات مسروقة داخل قارب صغير أعيد طلاؤه"),
        ("تاناغا", "بائع هواتف من السوق المغطى", "إدارته شباكا وهميا للصرف عبر تطبيق للمراسلة"),
    ),
]


@pytest.mark.parametrize(("formula", "one", "other"), COMMUNIQUES)
def test_the_formulas_of_communiques_tie_no_two_events(
    formula: str, one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    first, second = formula.format(*one), formula.format(*other)
    assert not nominated(first, second)
    assert compare(first, second).kind is None
    assert compare(first, first).kind == "same"


def test_the_next_bulletin_of_a_series_is_no_copy_and_a_reprint_is() -> None:
    bulletin = (
        "Le Trésor de Larmont a placé {} un excédent de {} millions de couronnes sur le marché. L'opération s'est faite au taux "
        "moyen de {} % pour une durée de {} jours, contre {} % la semaine précédente. Les banques avaient demandé {} millions, "
        "un volume jugé ordinaire par les courtiers de la place, qui s'attendent à une fin de mois calme sur ce compartiment."
    )
    monday = bulletin.format("lundi", "3.650", "1,97", "7", "2,05", "2.850")
    friday = bulletin.format("vendredi", "2.700", "1,75", "4", "1,97", "1.700")
    assert not compare(monday, friday).is_copy
    assert compare(monday, monday.replace("lundi", "le 3 mars")).is_copy


def test_captions_and_empty_texts_prove_nothing() -> None:
    for short in ("", "  \n", "…", FRENCH[4], ARABIC[4]):
        assert sketch(short) == []
        assert compare(short, short).kind is None
    assert containment([], sketch(text(FRENCH))) == 0.0


def test_a_sketch_is_stable_ordered_and_fits_bson() -> None:
    # Stored sketches are compared with new ones for years: these numbers may only change together with a migration.
    hashes = sketch(text(FRENCH))
    assert hashes[:2] == [-9172665997420883661, -9157481041942859274]
    assert hashes == sorted(set(hashes))
    assert all(-(2**63) <= value < 2**63 for value in hashes)
    assert len(hashes) >= 24


def test_a_sketch_stays_small_for_a_book() -> None:
    rng = random.Random(3)
    book = " ".join(f"mot{rng.randrange(10_000)}" for _ in range(60_000))
    assert len(sketch(book)) == 256
    assert containment(sketch(book), sketch(book)) == 1.0
    assert compare(book, book).kind == "same"


def test_the_hash_sees_words_and_nothing_else() -> None:
    body = text(ARABIC)
    assert text_hash(body) == text_hash(body.replace("أ", "ا").replace("\n", "  ").replace("،", ","))
    assert text_hash(body) != text_hash(body.replace("أربعين", "خمسين"))
    assert text_hash(body, title="عنوان") != text_hash(body, title="عنوان آخر")
    assert text_hash(" … ") == ""
