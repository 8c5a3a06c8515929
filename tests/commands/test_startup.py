"""What every command waits for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("heavy", ["trafilatura", "dateparser", "py3langid", "crawler.spider"])
def test_a_question_to_the_archive_does_not_wait_for_what_reads_pages(heavy: str) -> None:
    code = "import sys; from scrapy.utils.misc import walk_modules; walk_modules('commands'); print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "commands.articles" in done.stdout.splitlines()
    assert heavy not in done.stdout.splitlines()
