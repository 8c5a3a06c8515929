"""The short form of `python -m bench.mutations`."""

from __future__ import annotations

import pytest

from archive.records import Outcome, Rejected
from bench.mutations import INVENTED, run
from pipelines.extract import extract


def test_no_damaged_page_raises() -> None:
    damage = run([INVENTED], 400, seed=7)
    assert damage.faults == []
    assert damage.outcomes["article"] > 100


@pytest.mark.parametrize("filler", [b"<p>x", b"<a href='/x'>x</a> y "], ids=["tags", "links"])
def test_a_page_that_would_take_too_long_is_unreadable(filler: bytes) -> None:
    result = extract(INVENTED.replace(b"</article>", filler * 30_000 + b"</article>"), "https://www.lequai.example/a/1")
    assert isinstance(result, Rejected)
    assert result.outcome is Outcome.UNREADABLE
