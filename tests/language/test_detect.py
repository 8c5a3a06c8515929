from __future__ import annotations

import pytest

from language.detect import Language, detect, is_darija

ARABIC = "أعلنت المديرية العامة أن المصالح الأمنية تمكنت من توقيف ثلاثة أشخاص يشتبه في تورطهم في قضية تتعلق بترويج المخدرات بين مدينتين."
DARIJA = "هادشي اللي وقع البارح بزاف ديال الناس ماعرفوش علاش، واش دابا غادي يبدلو القانون ولا لا؟ كيفاش بغينا نديرو وحنا ماعندوش والو، راه خاصنا نفهمو شنو كاين."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ARABIC, "ar"),
        (
            "Le préfet a reçu une délégation marocaine pour préparer la sécurité des Jeux, selon une source proche du dossier.",
            "fr",
        ),
        (
            "The minister said that the two countries would share more of their data with each other after the summit.",
            "en",
        ),
        (
            "El ministro dijo que los dos países van a compartir más datos entre sus policías después de la cumbre.",
            "es",
        ),
        ("پلیس اعلام کرد که چهار نفر در ارتباط با این پرونده در شهر بازداشت شده‌اند و گفت‌وگوها ادامه دارد.", "fa"),
        ("ⵜⵓⵙⵏⴰ ⵏ ⵜⵎⴰⵣⵉⵖⵜ ⴳ ⵓⵙⵉⵏⴰⴳ ⴰⴳⵍⴷⴰⵏ", "zgh"),
        ("Полиция сообщила о задержании трёх человек после встречи министров двух стран.", "ru"),
    ],
)
def test_the_language_of_prose_is_told_from_its_words(text: str, code: str) -> None:
    assert detect(text).code == code


def test_an_arabic_article_that_names_a_french_paper_stays_arabic() -> None:
    assert detect(f"{ARABIC} وذلك وفق صحيفة Le Courrier du Détroit الصادرة في باريس").code == "ar"


def test_a_wrong_declaration_does_not_outweigh_the_text() -> None:
    assert detect(ARABIC, "fr-FR").code == "ar"


def test_a_declaration_decides_where_there_are_no_letters() -> None:
    assert detect("2026 - 17:30", "fr_FR") == Language("fr")
    assert detect("") == Language("")


def test_darija_is_arabic_with_a_mark() -> None:
    assert detect(DARIJA) == Language("ar", "ary")


def test_standard_arabic_with_a_quotation_in_darija_has_no_mark() -> None:
    quoting = f"{ARABIC} {ARABIC} {ARABIC} {ARABIC} وقال أحدهم «واش كاين شي حاجة» قبل أن يضيف أنه لا يعلم شيئا عن الموضوع. {ARABIC}"
    assert not is_darija(quoting)
