"""Canonical URLs: all forms of one article meet, two articles never do."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest

from sources.model import Identity
from sources.urls import UrlError, canonicalize, same_outlet, settle

SHARED = Path(os.environ.get("MARSAD_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.mark.parametrize(
    "forms",
    [
        [
            "https://journal.example/2023/11/chef-police-rabat-4521",
            "http://www.journal.example/2023/11/chef-police-rabat-4521/",
            "HTTPS://WWW.Journal.Example:443/2023/11/chef-police-rabat-4521",
            "http://journal.example:80/2023/11/chef-police-rabat-4521?utm_source=rss_journal&fbclid=x#commentaires",
            "https://m.journal.example/2023/11/chef-police-rabat-4521",
            "https://mobile.journal.example/2023/11/chef-police-rabat-4521",
            "https://amp.journal.example/2023/11/chef-police-rabat-4521",
            "https://journal.example/2023/11/chef-police-rabat-4521/amp/",
            "https://journal.example/amp/2023/11/chef-police-rabat-4521",
            "https://journal.example/2023/11/chef-police-rabat-4521.amp",
            "https://journal.example/2023/11/chef-police-rabat-4521?amp=1",
            "https://journal.example/2023/11/chef-police-rabat-4521?outputType=amp",
            "https://journal.example/2023/11/chef-police-rabat-4521/print/",
            "https://journal.example/2023/11/chef-police-rabat-4521?print=print",
            "https://journal.example/2023/11/chef-police-rabat-4521?share=facebook&nb=1",
            "https://journal.example/2023/11/chef-police-rabat-4521/comment-page-3/?replytocom=77#respond",
            "https://journal.example/2023/11/chef-police-rabat-4521;jsessionid=A1B2",
            "https://journal.example//2023/./10/../11//chef-police-rabat-4521",
            "https://journal.example/index.php/2023/11/chef-police-rabat-4521",
            "https://journal.example/2023/11/chef%2Dpolice%2drabat-4521",
            "  https://journal.example/2023/11/chef-police-\nrabat-4521 ",
            "https://user:secret@journal.example/2023/11/chef-police-rabat-4521",
            "https://www-journal-example.cdn.ampproject.org/c/s/www.journal.example/2023/11/chef-police-rabat-4521/amp",
            "https://www.google.com/amp/s/www.journal.example/2023/11/chef-police-rabat-4521",
        ],
        [
            "https://jarida.example/%D8%A7%D9%84%D8%A3%D9%85%D9%86-71",
            "https://jarida.example/%d8%a7%d9%84%d8%a3%d9%85%d9%86-71",
            "https://jarida.example/الأمن-71",
            "https://jarida.example/%E2%80%AAالأمن%e2%80%ac-71",
            "https://jarida.example/\u200fالا\u0654من-71",
        ],
        ["https://journal.example/?p=123", "http://www.journal.example/index.php?p=123&amp;utm_medium=x"],
        ["https://journal.example/news.php?cat=4&id=7", "https://journal.example/news.php?id=7&fbclid=a&cat=4"],
        ["https://journal.example/a?q=caf%C3%A9%20noir", "https://journal.example/a?q=cafe\u0301+noir"],
        ["https://xn--bcher-kva.example/7", "https://Bücher.example/7", "https://b%C3%BCcher.example./7"],
    ],
)
def test_all_forms_of_an_article_have_one_canonical_url(forms: list[str]) -> None:
    assert {canonicalize(form) for form in forms} == {forms[0]}


@pytest.mark.parametrize(
    "pair",
    [
        ("https://journal.example/?p=123", "https://journal.example/?p=124"),
        ("https://journal.example/news.php?id=7", "https://journal.example/news.php?id=8"),
        ("https://journal.example/article?print=1207", "https://journal.example/article?print=1208"),
        ("https://journal.example/article?ref=1207", "https://journal.example/article?ref=1208"),
        ("https://journal.example/Police/12", "https://journal.example/police/12"),
        ("https://journal.example/a%2Fb", "https://journal.example/a/b"),
        ("https://journal.example/a%3Fid=1", "https://journal.example/a?id=1"),
        ("https://journal.example/100%25", "https://journal.example/100"),
        ("https://fr.journal.example/12", "https://ar.journal.example/12"),
        ("https://journal.example:8080/12", "https://journal.example/12"),
        ("https://journal.example/a?x=1%2B1", "https://journal.example/a?x=1+1"),
        ("https://journal.example/section/amp/12", "https://journal.example/section/12"),
        ("https://journal.example/%C7%E1%C3-1", "https://journal.example/%C7%E1%C4-1"),
        ("https://jarida.example/سنة-1", "https://jarida.example/سنه-1"),
    ],
)
def test_different_articles_stay_apart(pair: tuple[str, str]) -> None:
    assert canonicalize(pair[0]) != canonicalize(pair[1])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "journal.example/a",
        "//journal.example/a",
        "/a",
        "mailto:a@journal.example",
        "javascript:void(0)",
        "ftp://journal.example/a",
        "https://",
        "https:///",
        "https://journal.example:99999/",
        "https://jour nal.example/",
        "https://journal..example/",
        "https://[::zz]/",
        "https://<journal>.example/",
    ],
)
def test_what_is_no_http_url_is_an_error(url: str) -> None:
    with pytest.raises(UrlError):
        canonicalize(url)


def test_an_outlets_rules_name_hosts_queries_and_rewritings() -> None:
    rules = Identity(
        hosts={"redaction.journal.example": "www.journal.example", "m.annexe.example": "m.annexe.example"},
        keep_query=["id"],
        rewrite=[(r"^/(\w+)/article_amp/", r"/\1/article/"), (r"/(\d+)-[^/]*$", r"/\1"), (r"^/أخبار/", "/news/")],
    )
    expected = "https://journal.example/monde/article/4521?id=3"
    assert (
        canonicalize("https://redaction.journal.example/monde/article_amp/4521-un-titre/?id=3&x=9", rules=rules)
        == expected
    )
    assert canonicalize("https://www.journal.example/monde/article/4521-autre-titre?vu=1&id=3", rules=rules) == expected
    assert canonicalize("https://m.annexe.example/12", rules=rules) == "https://m.annexe.example/12"
    assert (
        canonicalize("https://journal.example/%d8%a3%d8%ae%d8%a8%d8%a7%d8%b1/12", rules=rules)
        == "https://journal.example/news/12"
    )


def test_a_tracker_that_an_outlet_keeps_is_kept() -> None:
    url = "https://journal.example/a?page=2&ref=home&utm_id=4"
    assert canonicalize(url) == "https://journal.example/a?page=2"
    assert canonicalize(url, rules=Identity(keep_query=["ref"])) == "https://journal.example/a?ref=home"
    kept = Identity(keep_query=["ref", "page"])
    assert canonicalize(url, rules=kept) == "https://journal.example/a?page=2&ref=home"


_PIECES = [
    *[
        "http://",
        "HTTPS://",
        "www.",
        "m.",
        "WWW.amp.",
        "journal.example",
        "الأمن.example",
        ":80",
        ":8080",
        "user@",
        "/",
        "//",
    ],
    *[
        "/./",
        "/../",
        "/amp",
        "/print",
        "/index.php",
        "index.html",
        ".amp",
        ".html",
        "?",
        "&",
        "&amp;",
        "amp;",
        "=",
        "+",
        "p=12",
    ],
    *[
        "%69d=1",
        "utm_source=a",
        "UTM%5Fx=1",
        "print=1",
        "ref=home",
        "%20",
        " ",
        "%",
        "%zz",
        "%25",
        "%2541",
        "%2e%2E",
        "%2f",
    ],
    *[
        "%3f",
        "%23",
        "#",
        ";jsessionid=3",
        ";",
        "é",
        "e",
        "\u0301",
        "%cc%81",
        "\u202a",
        "%e2%80%aa",
        "%e2%80",
        "%aa",
        "%C7",
    ],
    *[
        "الأمن",
        "%d8%a7",
        "\u200d",
        "\ufeff",
        "\t",
        "\\",
        "a",
        "B",
        "-",
        "~",
        "'",
        "(",
        ",",
        ":",
        "@",
        "[",
        "|",
        "\ud800",
        "😀",
    ],
    *[
        "/comment-page-2",
        "www.google.com/amp/s/",
        "x.cdn.ampproject.org/c/s/",
        "<",
        "\u0338",
        "\u037e",
        "\u212a",
        "\x00",
        "123",
    ],
]
_HEADS = [
    "http://journal.example",
    "https://www.journal.example/",
    "https://",
    "https://www.google.com/amp/s/",
    "http://a.example/?",
]
_RULES = [
    None,
    Identity(keep_query=["p", "id"]),
    Identity(
        hosts={"m.journal.example": "www.journal.example", "www.journal.example": "www.journal.example"},
        rewrite=[(r"^/(\w+)/print", r"/\1"), (r"-\d+$", "")],
    ),
]


def test_canonicalizing_twice_changes_nothing() -> None:
    rng = random.Random(7)
    accepted = 0
    count = int(os.environ.get("MARSAD_URLS", "10000"))
    for _ in range(count):
        url = rng.choice(_HEADS) + "".join(rng.choices(_PIECES, k=rng.randint(0, 14)))
        rules = rng.choice(_RULES)
        try:
            once = canonicalize(url, rules=rules)
        except UrlError:
            continue
        accepted += 1
        assert canonicalize(once, rules=rules) == once, url
        assert once.isascii()
        assert once.startswith("https://")
    assert accepted > count / 2


def test_no_two_articles_of_the_known_press_are_joined() -> None:
    if not (SHARED / "facts" / "sources.json").is_file():
        pytest.skip(f"{SHARED}: not there; MARSAD_SHARED names the folder that holds facts/ and corpus/")
    outlets = json.loads((SHARED / "facts" / "sources.json").read_text(encoding="utf-8"))
    urls = {url for outlet in outlets for url in outlet["article_examples"]}
    for name in ("texts_ar", "texts_fr"):
        with gzip.open(SHARED / "corpus" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            urls |= {json.loads(line)["url"] for line in lines}
    joined = defaultdict(set)
    for url in urls:
        joined[canonicalize(url)].add(url)
    assert {key: found for key, found in joined.items() if len(found) > 1} == {}


def test_subdomains_belong_to_the_outlet_and_lookalikes_do_not() -> None:
    domains = ["www.journal.example", "gazette.example"]
    assert same_outlet("https://journal.example/a", domains)
    assert same_outlet("http://AR.Gazette.example:8080/a", domains)
    assert not same_outlet("https://notjournal.example/a", domains)
    assert not same_outlet("https://journal.example@thief.example/a", domains)
    assert not same_outlet("mailto:redaction@journal.example", domains)


@pytest.mark.parametrize(
    ("url", "declared", "expected"),
    [
        # believed: the outlet's own better name
        (
            "https://journal.example/?p=4521",
            "https://www.journal.example/police-de-rabat/",
            "https://journal.example/police-de-rabat",
        ),
        ("https://journal.example/4521/police-de-rabat", "/4521", "https://journal.example/4521"),
        ("https://journal.example/police-de-rabat/2", "/police-de-rabat/", "https://journal.example/police-de-rabat"),
        (
            "https://journal.example/police-de-rabat?foo=1",
            "/police-de-rabat",
            "https://journal.example/police-de-rabat",
        ),
        # not believed: another's, the home page, the section, the script without its query, no URL at all
        (
            "https://journal.example/police-de-rabat",
            "https://thief.example/police-de-rabat",
            "https://journal.example/police-de-rabat",
        ),
        ("https://journal.example/a", "https://journal.example/", "https://journal.example/a"),
        ("https://journal.example/maroc/police-de-rabat", "/maroc/", "https://journal.example/maroc/police-de-rabat"),
        ("https://journal.example/maroc/rabat", "/maroc/", "https://journal.example/maroc/rabat"),
        (
            "https://journal.example/coupe-du-monde/les-lions-gagnent",
            "/coupe-du-monde",
            "https://journal.example/coupe-du-monde/les-lions-gagnent",
        ),
        ("https://journal.example/news.php?id=12", "/news.php", "https://journal.example/news.php?id=12"),
        ("https://journal.example/a", "http://[broken", "https://journal.example/a"),
        ("https://journal.example/a", "  ", "https://journal.example/a"),
        ("https://journal.example/a", None, "https://journal.example/a"),
    ],
)
def test_a_declared_address_is_believed_within_the_outlet_where_it_names_an_article(
    url: str, declared: str | None, expected: str
) -> None:
    assert settle(url, declared, ["journal.example"]) == expected
