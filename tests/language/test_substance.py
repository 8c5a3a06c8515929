"""What a page prints anew at each visit is no change of its article; a word or a number of its account is."""

from __future__ import annotations

import pytest

from language.substance import substance

FRENCH = "Le port de Larmont rouvre lundi.\nTrois remorqueurs sont attendus, a dit la capitainerie il y a deux jours."
ARABIC = "يعيد ميناء الرملة فتح أبوابه يوم الاثنين.\nوقالت القبطانية قبل يومين إن ثلاث قاطرات ستصل."


@pytest.mark.parametrize(
    "line",
    [
        "Il y a 3 heures",
        "Publié il y a 3 heures",
        "Mis à jour il y a 12 min par la rédaction",
        "1 254 vues",
        "12 commentaires",
        "Aucun commentaire",
        "Lectures : 3.410",
        "Temps de lecture : 4 min",
        "Lire aussi : un autre titre de la semaine",
        "À lire aussi\nLe phare de Pontarrec change de gardien\nLa criée de Larmont perd dix bateaux",
        "منذ 3 ساعات",
        "نشر قبل ساعتين",
        "آخر تحديث: منذ ٥ دقائق",
        "عدد المشاهدات: ٣٤٥",
        "345 مشاهدة",
        "لا تعليقات",
        "مدة القراءة: 3 دقائق",
        "اقرأ أيضا: عنوان آخر من عناوين الأسبوع",
        "مواضيع ذات صلة\nحارس جديد لمنارة الرملة\nعشرة قوارب تغادر سوق السمك",
    ],
)
@pytest.mark.parametrize("text", [FRENCH, ARABIC])
def test_lines_of_service_do_not_count(text: str, line: str) -> None:
    first, second = text.split("\n")
    assert substance(f"{line}\n{text}") == substance(text)
    assert substance(f"{text}\n{line}") == substance(text)
    assert substance(f"{first}\n{line}\n{second}") == substance(text)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (FRENCH, "Trois", "Quatre"),
        (FRENCH, "deux jours", "trois jours"),
        (FRENCH, " il y a deux jours", ""),
        (FRENCH, "Le port de Larmont rouvre lundi.\n", ""),
        (FRENCH, "lundi", "mardi"),
        (FRENCH, "lundi.", "lundi.\nIl y a 3 jours, un mort."),
        (FRENCH, "lundi.", "lundi.\n12 blessés"),
        (ARABIC, "ثلاث", "أربع"),
        (ARABIC, " قبل يومين", ""),
        (ARABIC, "يعيد ميناء الرملة فتح أبوابه يوم الاثنين.\n", ""),
    ],
)
def test_words_and_numbers_of_the_account_count(text: str, old: str, new: str) -> None:
    assert old in text
    assert substance(text.replace(old, new)) != substance(text)
