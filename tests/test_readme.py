"""The README's examples do what it says they do."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from bson import json_util

from tests.conftest import ROOT, Machine
from tests.test_make import make

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def extended_json(shell: str) -> Any:
    """The arguments of a mongosh call as Python values: the few forms that the README uses."""
    quoted = re.sub(r"([{,]\s*)([$\w]+):", r'\1"\2":', shell)
    dated = re.sub(r'ISODate\("([^"]+)"\)', r'{"$date": "\1"}', quoted)
    return json_util.loads(f"[{dated}]", json_options=json_util.JSONOptions(tz_aware=True))


def shell_examples() -> list[str]:
    (block,) = blocks("js")
    return [example for example in re.split(r"\n(?=// \d)", block) if example.strip()]


@pytest.mark.parametrize("example", shell_examples())
def test_the_mongosh_examples_find_articles(crawled: Machine, example: str) -> None:
    call = re.sub(r"^//.*\n", "", example).strip()
    find = re.fullmatch(r"db\.articles\.find\((.*?)\)((?:\.\w+\(.*?\))*)", call, re.DOTALL)
    aggregate = re.fullmatch(r"db\.articles\.aggregate\((.*)\)", call, re.DOTALL)
    if find:
        cursor: Any = crawled.database.articles.find(*extended_json(find[1]))
        for method, argument in re.findall(r"\.(\w+)\((.*?)\)", find[2]):
            cursor = getattr(cursor, method)(*extended_json(argument))
        assert list(cursor)
    else:
        assert aggregate, call
        assert list(crawled.database.articles.aggregate(*extended_json(aggregate[1])))


def test_the_pymongo_examples_run_and_print(crawled: Machine) -> None:
    (code,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", code], env=crawled.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "majmaa" in done.stdout
    assert "off_topic" in done.stdout


def test_every_make_target_of_the_readme_is_in_make_help() -> None:
    shown = make("help").stdout
    for target in set(re.findall(r"^ {4}make ([a-z-]+)|`make ([a-z-]+)`", README, re.MULTILINE)):
        assert re.search(rf"^  make {''.join(target)}\b", shown, re.MULTILINE), target


def test_every_command_of_the_readme_exists(crawled: Machine) -> None:
    shown = crawled.scrapy().stdout
    for command in set(re.findall(r"`scrapy ([a-z]+)", README)):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE), command
