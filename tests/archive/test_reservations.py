"""Reservations against text and data mining, as headers, pages and tdmrep.json state them."""

from __future__ import annotations

import time

import pytest

from archive.reservations import read_rules, reserved, reserves, restrictions

PAGE = b"<html><head><title>t</title>%s</head><body>...</body></html>"


@pytest.mark.parametrize(
    ("headers", "meta", "says"),
    [
        ({"tdm-reservation": "1"}, b"", "tdm-reservation"),
        ({"tdm-reservation": "0"}, b"", ""),
        ({"x-robots-tag": "noarchive"}, b"", "noarchive"),
        ({"x-robots-tag": "index, NOAI"}, b"", "noai"),
        ({"x-robots-tag": "googlebot: noarchive"}, b"", ""),
        ({"x-robots-tag": "marsad: noarchive"}, b"", "noarchive"),
        ({"x-robots-tag": "noindex, nofollow, max-snippet: 20"}, b"", ""),
        ({}, b'<meta name="tdm-reservation" content="1">', "tdm-reservation"),
        ({}, b"<META CONTENT='1' NAME='TDM-Reservation'/>", "tdm-reservation"),
        ({}, b"<meta name=tdm-reservation content=0>", ""),
        ({}, b'<meta name="robots" content="index, noai, noimageai">', "noai"),
        ({}, b'<meta name="marsad" content="noai">', "noai"),
        ({}, b'<meta name="googlebot" content="noai">', ""),
        ({}, b'<meta name="robots" content="index, follow, noarchive">', ""),
        ({}, b'<meta name="description" content="noai noarchive">', ""),
    ],
)
def test_what_reserves_a_page(headers: dict[str, str], meta: bytes, says: str) -> None:
    reason = reserved(headers, PAGE % meta)
    assert (says in reason) if says else reason == ""


def test_noarchive_in_the_page_is_recorded() -> None:
    assert restrictions(PAGE % b'<meta name="robots" content="index, noarchive">') == ["noarchive"]
    assert restrictions(PAGE % b'<meta name="robots" content="index">') == []


def test_the_longest_location_of_a_tdmrep_counts() -> None:
    rules = read_rules(
        '[{"location": "/", "tdm-reservation": 1}, {"location": "/libre/*", "tdm-reservation": 0},'
        ' {"location": "/*.pdf$", "tdm-reservation": 1, "tdm-policy": "https://a.example/policy"}]'
    )
    assert reserves(rules, "https://a.example/article-1.html")
    assert not reserves(rules, "https://a.example/libre/article-2.html")
    assert not reserves(read_rules('[{"location": "/*.pdf$", "tdm-reservation": 1}]'), "https://a.example/a.pdf?x=1")
    assert reserves(
        read_rules('{"location": "/سياسة/", "tdm-reservation": 1}'),
        "https://a.example/%D8%B3%D9%8A%D8%A7%D8%B3%D8%A9/1",
    )


@pytest.mark.parametrize(
    "text", ["", "<html>", "[", "[1, null, {}]", '{"location": 5}', "[" * 100_000, '[{"location": "/a"}]']
)
def test_what_is_no_tdmrep_reserves_nothing(text: str) -> None:
    assert not reserves(read_rules(text), "https://a.example/a")


def test_a_hostile_location_costs_no_time() -> None:
    rules = read_rules('[{"location": "/' + "a*" * 900 + 'b$", "tdm-reservation": 1}]')
    started = time.process_time()
    assert not reserves(rules, "https://a.example/" + "a" * 4000)
    assert time.process_time() - started < 1
