from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.archives import expand, may_cover
from crawler.window import read_window

NOW = datetime(2024, 2, 3, 12, tzinfo=UTC)
ZONE = "Africa/Casablanca"
DAY = "https://www.manara.example/{year}/{month}/{day}/"
MONTH = "https://www.manara.example/sitemap-{year}-{month}.xml"
YEAR = "https://www.manara.example/archives/{year}"


def days(*templates: str, since: str, until: str = "", now: datetime = NOW) -> list[str]:
    window = read_window(since, until, ZONE)
    return [url.removeprefix("https://www.manara.example/") for url, _, _ in expand(list(templates), window, now, ZONE)]


def test_days_come_newest_first_and_only_those_of_the_window() -> None:
    assert days(DAY, since="2024-01-30", until="2024-02-02") == ["2024/02/01/", "2024/01/31/", "2024/01/30/"]
    assert days(DAY, since="2023-11-24T18:00", until="2023-11-25T18:00") == ["2023/11/25/", "2023/11/24/"]
    assert days(DAY, since="2023-11-24", until="2023-11-25") == ["2023/11/24/"]


def test_months_and_years_come_once() -> None:
    assert days(MONTH, since="2023-11-24") == [
        f"sitemap-{month}.xml" for month in ("2024-02", "2024-01", "2023-12", "2023-11")
    ]
    assert days(MONTH, since="2023-11", until="2023-12") == ["sitemap-2023-11.xml"]
    assert days(YEAR, since="2021-06") == ["archives/2024", "archives/2023", "archives/2022", "archives/2021"]


def test_nothing_later_than_now_is_asked_for() -> None:
    assert days(DAY, since="2024-02-02", until="2025") == ["2024/02/03/", "2024/02/02/"]
    assert days(DAY, since="2025") == []


def test_today_is_the_outlets_today() -> None:
    late = datetime(2024, 2, 3, 23, 30, tzinfo=UTC)
    assert days(DAY, since="2024-02-03", now=late) == ["2024/02/04/", "2024/02/03/"]


def test_each_template_is_expanded_without_duplicates_and_within_bounds() -> None:
    every = days(DAY, MONTH, YEAR, since="1990")
    assert len(every) == len(set(every))
    assert len([url for url in every if url.count("/") == 3]) == 4000
    assert every[0] == "2024/02/03/"
    odd = days("https://www.manara.example/{year}?jour={day}", since="2023-11")
    assert len(odd) == len(set(odd))


def test_a_span_ends_where_the_next_begins_in_the_outlets_zone() -> None:
    window = read_window("2024-01", "2024-02", ZONE)
    spans = {url: (start, end) for url, start, end in expand([MONTH, DAY], window, NOW, ZONE)}
    month, day = (
        spans["https://www.manara.example/sitemap-2024-01.xml"],
        spans["https://www.manara.example/2024/01/15/"],
    )
    assert month == (datetime(2023, 12, 31, 23, tzinfo=UTC), datetime(2024, 1, 31, 23, tzinfo=UTC))
    assert day == (datetime(2024, 1, 14, 23, tzinfo=UTC), datetime(2024, 1, 15, 23, tzinfo=UTC))


def test_of_the_month_in_which_the_window_begins_only_its_part_counts() -> None:
    window = read_window("2024-01-20", "2024-03", ZONE)
    first = list(expand([MONTH], window, NOW, ZONE))[-1]
    assert first[1:] == (datetime(2024, 1, 19, 23, tzinfo=UTC), datetime(2024, 1, 31, 23, tzinfo=UTC))


def test_braces_of_the_address_itself_do_no_harm() -> None:
    assert days("https://www.manara.example/{year}/a}b", since="2024") == ["2024/a}b"]


NOVEMBER = read_window("2023-11-10", "2023-11-20", ZONE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("post-sitemap2023-11.xml", True),
        ("post-sitemap2023-10.xml", False),
        ("post-sitemap2023-12.xml", False),
        ("sitemap-pt-post-2022-11.xml", False),
        ("sitemap-pt-post-2023-11.xml", True),
        ("2023/11/14.xml", True),
        ("2023/11/24.xml", False),
        ("2023/11/01.xml", False),
        ("articles/2023-11-19.xml", True),
        ("articles/2023-11-09.xml", True),
        ("articles/2021-11-14.xml", False),
        ("sitemap-202311.xml", True),
        ("sitemap-202211.xml", False),
        ("sitemap_20231114.xml.gz", True),
        ("sitemap_20221114.xml.gz", False),
        ("sitemap?date=2022-11-14", False),
        ("sitemap-2022-11-2.xml", False),
        ("2023_11.xml", True),
        ("2023-10-30_2023-11-30.xml", True),
        ("uploads/2016/01/sitemap-2023-11.xml", True),
    ],
)
def test_the_date_in_a_sitemaps_name_tells_whether_it_is_needed(name: str, expected: bool) -> None:
    assert may_cover(f"https://www.manara.example/{name}", NOVEMBER) is expected


@pytest.mark.parametrize(
    "name",
    [
        "post-sitemap.xml",
        "post-sitemap12.xml",
        "sitemap-2016.xml",
        "sitemap.xml?page=201105",
        "sitemap.xml?from=200101&to=200201",
        "sitemap-articles-200101-200201.xml",
        "sitemap-articles-201105-300000.xml",
        "sitemap-1020110512.xml",
        "sitemap-2011051.xml",
        "sitemap-201113.xml",
        "sitemap-2011-13.xml",
        "sitemap-2011-02-30.xml",
        "sitemap-120110.xml",
        "sitemap-news.xml",
    ],
)
def test_a_name_without_a_date_excludes_nothing(name: str) -> None:
    assert may_cover(f"https://www.manara.example/{name}", NOVEMBER)


def test_an_open_side_excludes_nothing() -> None:
    assert may_cover("https://a2011-05.example/x.xml", NOVEMBER)
    assert may_cover("https://www.manara.example/2030-01.xml", read_window("2023", "", ZONE))
    assert may_cover("https://www.manara.example/2001-01.xml", read_window("", "2023", ZONE))
    assert not may_cover("https://www.manara.example/2001-01.xml", read_window("2023", "", ZONE))
