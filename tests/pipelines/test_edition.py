"""What made an article is named so that a change of the code can be told from none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import edition


def test_code_that_reads_otherwise_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def code() -> str:
        edition._digest.cache_clear()
        return edition.made_by("1.2")["code"]

    monkeypatch.setattr(edition, "_ROOT", tmp_path)
    for room in ("language", "pipelines", "web"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "a.py").write_text("A = 1\n", encoding="utf-8")
    first = code()
    assert first.startswith("1.2+")
    (tmp_path / "web" / "a.py").write_text("A = 2\n", encoding="utf-8")
    assert code() == first
    (tmp_path / "language" / "a.py").write_text("A = 2\n", encoding="utf-8")
    assert code() != first
    edition._digest.cache_clear()
