"""`scrapy schedule --install` on machines with and without systemd and cron, played by programs of those names."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schedule import install
from tests.conftest import ROOT

CONTACT = "mailto:press@example.org"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a contact, a secret, and nothing else on the path than the tests put there."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("MARSAD_CONTACT", CONTACT)
    monkeypatch.setenv("MONGODB_URI", "mongodb://me:it's secret@db.example/")
    return tmp_path


def program(home: Path, name: str, script: str) -> None:
    path = home / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def said(home: Path, kind: str = "auto", *, dry: bool = False) -> str:
    return "\n".join(install.install(kind, home / "data", dry=dry))


def test_a_dry_run_says_all_and_changes_nothing(home: Path) -> None:
    program(home, "systemctl", f"echo $* >> {home}/called")
    told = said(home, "systemd", dry=True)
    assert "systemctl --user enable --now marsad.service" in told
    assert "Nothing was changed" in told
    assert "secret" not in told
    assert not (home / "config").exists()
    assert not (home / "called").exists()


def test_with_systemd_a_service_of_the_user_is_enabled(home: Path) -> None:
    program(home, "systemctl", f"echo $* >> {home}/called")
    told = said(home)
    assert "secret" not in told
    unit = (home / "config/systemd/user/marsad.service").read_text()
    assert f"WorkingDirectory={ROOT}\n" in unit
    assert f'ExecStart="{sys.executable}" -m scrapy schedule\n' in unit
    environment = home / "config/marsad/environment"
    assert f"EnvironmentFile={environment}\n" in unit
    assert environment.stat().st_mode & 0o077 == 0, "others must not read the password"
    calls = (home / "called").read_text().splitlines()
    assert calls[-2:] == ["--user daemon-reload", "--user enable --now marsad.service"]


def test_the_environment_reads_the_same_in_a_shell(home: Path) -> None:
    program(home, "systemctl", "exit 0")
    said(home, "systemd")
    file = home / "config/marsad/environment"
    shell = shutil.which("sh", path="/bin:/usr/bin")
    assert shell
    script = f'set -a; . {shlex.quote(str(file))}; printf "%s" "$MONGODB_URI"'
    done = subprocess.run([shell, "-c", script], env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "mongodb://me:it's secret@db.example/"


def test_without_systemd_a_line_of_the_crontab_is_kept_once(home: Path) -> None:
    table = home / "table"
    table.write_text("0 4 * * * /usr/bin/other\n")
    cat = shutil.which("cat", path="/bin:/usr/bin")
    program(
        home,
        "crontab",
        f'if [ "$1" = "-l" ]; then {cat} {table}; else {cat} > {table}.new && read -r _ < {table}.new && {shutil.which("mv", path="/bin:/usr/bin")} {table}.new {table}; fi',
    )
    for _ in range(2):
        told = said(home)
    lines = table.read_text().splitlines()
    assert lines[0] == "0 4 * * * /usr/bin/other"
    (own,) = lines[1:]
    assert own.startswith("*/5 * * * * cd ")
    assert "-m scrapy schedule --once" in own
    assert "secret" not in own + told


def test_a_machine_with_neither_says_what_to_do(home: Path) -> None:
    with pytest.raises(install.InstallFault, match=r"apt-get install cron, or run 'make schedule'"):
        said(home)
