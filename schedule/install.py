"""Starting the schedule with the machine, for the present user: a systemd service, or a line of the crontab.

Nothing here needs root. What is written is said; secrets of the environment go into a file that only the user can read.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = SYSTEMD, CRON = ("systemd", "cron")
UNIT = "marsad.service"
_MARK = "# marsad: crawl what is due"
#: Variables of the environment that a crawl goes by.
_KEPT = re.compile(r"MARSAD_\w+|MONGODB_\w+|DASK_\w+|https?_proxy|SSL_CERT_FILE|SCRAPY_PROJECT")


class InstallFault(RuntimeError):
    """It cannot be installed; the message says what to do instead."""


def install(kind: str, data: Path, *, dry: bool) -> Iterator[str]:
    """Install it, and say each step.

    Args:
        kind: one of KINDS, or "auto" for systemd where the user has one.
        data: the data folder.
        dry: only say what would be done.
    Raises:
        InstallFault: the machine lacks what it takes.
    """
    if kind == "auto":
        kind = SYSTEMD if has_systemd() else CRON
    kept = {name: value for name, value in sorted(os.environ.items()) if _KEPT.fullmatch(name) and value}
    environment = config_folder() / "marsad" / "environment"
    yield f"{environment}: what crawls go by: {', '.join(kept) or 'nothing is set'} (readable by you alone)"
    if not dry:
        environment.parent.mkdir(parents=True, exist_ok=True)
        environment.touch(mode=0o600)
        environment.chmod(0o600)
        environment.write_text(written(kept), encoding="utf-8")
    yield from _systemd(environment, dry) if kind == SYSTEMD else _cron(environment, data, dry)
    if dry:
        yield "Nothing was changed (--dry-run)."


def has_systemd() -> bool:
    """Whether the user has a systemd of their own."""
    if shutil.which("systemctl") is None:
        return False
    asked = subprocess.run(["systemctl", "--user", "show-environment"], capture_output=True, check=False)
    return asked.returncode == 0


def config_folder() -> Path:
    """The folder of the user's configuration (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def written(variables: Mapping[str, str]) -> str:
    """Variables as both a shell and systemd read them."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def unit(environment: Path) -> str:
    """The service, for systemd.service(5)."""
    quoted = [str(path).replace("%", "%%") for path in (ROOT, environment, sys.executable)]
    return f"""[Unit]
Description=Marsad: crawl what is due
After=network-online.target

[Service]
Type=exec
WorkingDirectory={quoted[0]}
EnvironmentFile={quoted[1]}
ExecStart="{quoted[2]}" -m scrapy schedule
# The schedule asks its crawls to end and waits for them.
KillMode=mixed
TimeoutStopSec=90
Restart=always
RestartSec=30
# A wrong call or configuration does not mend itself.
RestartPreventExitStatus=2
Nice=10

[Install]
WantedBy=default.target
"""


def crontab_line(environment: Path, data: Path) -> str:
    """The line of the crontab: what is due, every five minutes. One that still runs lets the next one go."""
    root, file, python, log = (
        shlex.quote(str(path)) for path in (ROOT, environment, sys.executable, data / "schedule.log")
    )
    command = f"cd {root} && set -a && . {file} && set +a && {python} -m scrapy schedule --once >> {log} 2>&1"
    # A per cent sign ends a command of the crontab (crontab(5)).
    return f"*/5 * * * * {command} {_MARK}".replace("%", r"\%")


def _systemd(environment: Path, dry: bool) -> Iterator[str]:
    path = config_folder() / "systemd" / "user" / UNIT
    yield f"{path}: the service:\n{unit(environment)}"
    commands = [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", UNIT]]
    if not dry:
        if shutil.which("systemctl") is None:
            raise InstallFault("this machine has no systemd: use --install cron")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(unit(environment), encoding="utf-8")
    for command in commands:
        yield shlex.join(command)
        if not dry:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise InstallFault(f"{shlex.join(command)}: {done.stderr.strip()}; or use --install cron")
    yield f"It runs while you are logged in; 'loginctl enable-linger' keeps it running. 'journalctl --user -u {UNIT}' shows it."


def _cron(environment: Path, data: Path, dry: bool) -> Iterator[str]:
    line = crontab_line(environment, data)
    yield f"crontab: {line}"
    if dry:
        return
    if shutil.which("crontab") is None:
        raise InstallFault("this machine has no crontab: apt-get install cron, or run 'make schedule' in a terminal")
    data.mkdir(parents=True, exist_ok=True)
    present = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    others = [other for other in present.stdout.splitlines() if not other.endswith(_MARK)]
    done = subprocess.run(
        ["crontab", "-"], input="\n".join([*others, line]) + "\n", capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InstallFault(f"crontab: {done.stderr.strip()}")
    yield f"'crontab -e' changes it; {data / 'schedule.log'} shows what it did."
