"""`make` on a machine that lacks something says what to install."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


def make(target: str, *variables: str) -> subprocess.CompletedProcess[str]:
    # `make test` runs these tests: its own flags are not ours.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", target, *variables], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def python_that(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('case "$2" in *version_info*) exit 1;; esac; exit 0', "Marsad needs Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1;; esac; exit 0', "apt-get install python3-venv"),
    ],
)
def test_a_missing_python_or_venv_is_named(tmp_path: Path, script: str, message: str) -> None:
    done = make("demo", f"VENV={tmp_path / 'venv'}", python_that(tmp_path, script))
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "venv").exists()


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = (line for line in makefile.splitlines() if line.startswith(".PHONY:"))
    shown = make("help").stdout
    listed = {line.split()[1] for line in shown.splitlines()}
    assert listed == set(phony.removeprefix(".PHONY:").split())


def test_a_query_of_the_demo_takes_its_database_and_its_outlets() -> None:
    asked = make("-n", "query", "DEMO=yes", "OPTS=--country MA").stdout
    assert re.search(r"SCRAPY_PROJECT=sample +\S+ -m scrapy articles --country MA", asked)
    named = make("-n", "query", "DEMO=yes", "DB=other").stdout
    assert re.search(r"SCRAPY_PROJECT=sample MONGODB_DATABASE=other \S+ -m scrapy articles", named)
    assert "SCRAPY_PROJECT" not in make("-n", "query").stdout
