"""Pages as old, hand-made and aggregating outlets lay them out: the article is found, and nothing of what surrounds it."""

from __future__ import annotations

import pytest

from archive.records import Article, Outcome, Rejected
from pipelines.extract import extract

URL = "https://www.alminbar.example/news/4711.html"
TITLE = "عودة العبارة إلى ضفتي النهر بعد شهرين من التوقف"
PARAGRAPHS = [
    "استأنفت العبارة رحلاتها صباح الاثنين بين ضفتي النهر، وسط ارتياح المزارعين الذين كانوا يخسرون يوما كاملا مع كل شحنة.",
    "وأكدت إدارة المرفأ أن أشغال الصيانة كلفت ضعف ما كان متوقعا، بعدما اكتشف الغواصون تآكلا في هيكل المركب.",
    "وقال أحد الركاب إن السكان تدبروا أمرهم بقوارب الصيد الصغيرة، رغم ما في ذلك من خطر على الأطفال والمسنين.",
    "وينتظر أن تنضم عبارة ثانية إلى الخط خلال الصيف المقبل، إذا صادق المجلس على الميزانية في دورته القادمة.",
]
BREAKS = "<br><br>\n".join(PARAGRAPHS)
OTHERS = [
    f"خبر آخر رقم {n} عن موضوع لا علاقة له بالنهر ولا بالعبارة إطلاقا"
    for n in ("واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية")
]


def read(body: str, *, head: str = "", url: str = URL, codec: str = "utf-8") -> Article:
    result = extract(f"<html dir=rtl><head>{head}</head><body>{body}</body></html>".encode(codec), url)
    assert isinstance(result, Article), result
    return result


def grid(cell: str, *, title: str = TITLE) -> str:
    """A page of the year 2004: a table as its frame, a menu, prayer times, a poll, a form for comments, a footer."""
    return f"""<table width=980><tr><td colspan=3><a href="/">صحيفة المنبر</a></td></tr>
    <tr><td colspan=3><a href="/">الرئيسية</a> | <a href="/archive">الأرشيف</a> | <a href="/guests">سجل الزوار</a></td></tr>
    <tr><td width=150><b>مواقيت الصلاة</b><br>الصبح 05:42<br>الظهر 12:31<br><b>استطلاع</b><br>هل تستعمل العبارة كل أسبوع؟<br><input type=radio> نعم</td>
    <td><font size=5><b>{title}</b></font><br><table><tr><td><font>سعاد المريني - 12 ماي 2024</font></td><td><a href="/p">طباعة</a> | <a href="/s">أرسل لصديق</a> | قراءات: 675</td></tr></table><hr>
    {cell}<hr><b>أضف تعليقك</b><br>نرجو احترام آداب النقاش، وكل تعليق مسيء لن ينشر.<form><textarea></textarea></form></td>
    <td><b>أخبار ذات صلة</b><br>- <a href="/1">{OTHERS[0]}</a><br>- <a href="/2">{OTHERS[1]}</a></td></tr>
    <tr><td colspan=3><font size=1>جميع الحقوق محفوظة لصحيفة المنبر 2004<br>عدد الزوار الآن: 12 - تصميم شركة النهر</font></td></tr></table>"""


def test_a_table_as_the_page_in_an_undeclared_charset() -> None:
    found = read(
        grid(f"<div class=t>{BREAKS}</div>"), head=f"<title>صحيفة المنبر :: {TITLE}</title>", codec="windows-1256"
    )
    assert found.title == TITLE
    assert found.text.split("\n") == PARAGRAPHS
    assert found.authors == ["سعاد المريني"]
    assert found.standfirst == ""


def test_text_that_stands_bare_in_a_table_cell() -> None:
    page = grid("").replace(
        "<hr>\n", f"<hr>\n</td></tr><tr><td></td><td><font size=3>{BREAKS}</font></td></tr><tr><td></td><td>"
    )
    assert read(page, head=f"<title>صحيفة المنبر :: {TITLE}</title>").text.split("\n") == PARAGRAPHS


def test_a_table_of_figures_stays_in_the_text() -> None:
    rows = "".join(f"<tr><td>الرحلة {n}</td><td>{n}0</td></tr>" for n in (3, 4, 5))
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    text = read(f"<article><h1>{TITLE}</h1><div>{body}<table>{rows}</table></div></article>").text
    assert "الرحلة 4" in text


@pytest.mark.parametrize(
    "body",
    [BREAKS, "".join(f"<div>{line}</div><div>&nbsp;</div>" for line in PARAGRAPHS), "".join(f"<span>{line}</span><br/>" for line in PARAGRAPHS)],
    ids=["breaks", "divs", "spans"],
)  # fmt: skip
def test_paragraphs_without_the_tag(body: str) -> None:
    page = f"""<div id=menu><a href=/>الرئيسية</a><a href=/tv>مباشر</a></div><div class=col><h1>{TITLE}</h1>
    <div class=info>المنبر - ١٢ ماي ٢٠٢٤ - ٢٢:١٥ ٣٤ مشاهدة</div><div id=body>{body}</div>
    <div class=keys>كلمات مفتاحية: <a href=/t>النهر</a></div></div>
    <div class=bar><h4>شريط الأخبار</h4><div><b>10:00</b> <a href=/3>{OTHERS[2]}</a></div></div><div id=foot>كل الحقوق محفوظة</div>"""
    assert read(page, head=f"<title>{TITLE} | المنبر</title>").text.split("\n") == PARAGRAPHS


def ticker(titles: list[str]) -> str:
    return "".join(f"<div class=t><a href='/x/{n}'>{title}</a></div>" for n, title in enumerate(titles))


def test_tickers_around_an_article_are_not_its_text() -> None:
    body = "".join(f"<div>{line}</div><br>" for line in PARAGRAPHS)
    page = f"""<div>{ticker(OTHERS[:4])}</div><div class=mid><h1>{TITLE}</h1><div class=pub>نشر في <a href=/p>المنبر</a> يوم 12 - 05 - 2024</div>
    <div class=txt>{body}</div><div class=src>انقر <a href=/o>هنا</a> لقراءة الخبر من مصدره.</div></div><div>{ticker(OTHERS[4:])}</div>"""
    assert read(page, head=f"<title>المنبر : {TITLE}</title>").text.split("\n") == PARAGRAPHS


def test_a_list_of_headlines_under_an_articles_address_is_no_article() -> None:
    items = "".join(f"<li><a href='/x/{n}'>{title}</a></li>" for n, title in enumerate(OTHERS * 3))
    page = f"<html><head><title>عناوين المنبر</title></head><body><div>مجمع الصحف كل الصحف في موقع واحد</div><h1>عناوين المنبر</h1><ul>{items}</ul><div>مجمع الصحف موقع يعرض آليا ما تنشره الصحف، وكل الحقوق محفوظة لأصحابها.</div></body></html>"
    result = extract(page.encode(), URL)
    assert isinstance(result, Rejected)
    assert result.outcome is Outcome.NOT_ARTICLE


def test_a_gallery_is_no_article() -> None:
    slides = "".join(
        f"<figure><img src='/{n}.jpg'><figcaption>{n} / 20 (وكالات)</figcaption></figure>" for n in range(20)
    )
    page = f"<html><head><title>بالصور: العبارة</title></head><body><article><h1>بالصور: العبارة</h1><div>الأحد 12 ماي 2024 | 10:00</div>{slides}</article></body></html>"
    result = extract(page.encode(), URL)
    assert isinstance(result, Rejected)
    assert result.outcome is Outcome.NOT_ARTICLE


def test_lines_around_the_body_stay_outside() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = f"""<main><article><p class=rub>مجتمع</p><h1>{TITLE}</h1><p class=sig>المنبر</p><p>12 ماي 2024</p><div class=c>{body}</div>
    <p class=s>المصدر: المنبر</p><p class=k>مواضيع: <a href=/n>النهر</a></p></article></main>"""
    assert read(page).text.split("\n") == PARAGRAPHS


def test_a_first_paragraph_that_the_description_repeats_is_no_standfirst() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    found = read(
        f"<article><h1>{TITLE}</h1><div class=c>{body}</div></article>",
        head=f"<meta name=description content='{PARAGRAPHS[0][:90]}…'>",
    )
    assert found.standfirst == ""
    assert found.text.split("\n") == PARAGRAPHS


def test_a_bold_first_paragraph_is_the_standfirst() -> None:
    lead = "شهران من الانتظار انتهيا صباح الاثنين على إيقاع الزغاريد، وهذه تفاصيل العودة."
    found = read(
        grid(f"<div class=t><b>{lead}</b><br><br>{BREAKS}</div>"), head=f"<title>صحيفة المنبر :: {TITLE}</title>"
    )
    assert found.standfirst == lead
    assert found.text.split("\n") == [lead, *PARAGRAPHS]


def test_a_pictures_caption_is_no_standfirst() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    caption = "<figure class='lead-art'><img src=/1.jpg><figcaption>العبارة عند الغروب كما تبدو من الضفة الأخرى للنهر</figcaption></figure>"
    assert read(f"<main><h1>{TITLE}</h1>{caption}<article>{body}</article></main>").text.split("\n") == PARAGRAPHS


def test_white_space_of_every_kind_becomes_one_plain_space() -> None:
    spaced = PARAGRAPHS[0].replace(" ", "\u00a0", 2).replace(" ", " \u202f\n\t", 1)
    body = "".join(f"<p>{paragraph}</p>" for paragraph in [spaced, *PARAGRAPHS[1:]])
    found = read(f"<article><h1>{TITLE.replace(' ', chr(160), 1)}</h1><div>{body}</div></article>")
    assert found.text.split("\n") == PARAGRAPHS
    assert found.title == TITLE
