"""`scrapy browse`: starts, answers, ends; and says what a wrong call should have been."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request

from tests.conftest import ROOT, Machine


def test_it_says_where_it_answers_until_it_is_interrupted(crawled: Machine) -> None:
    command = [sys.executable, "-m", "scrapy", "browse", "--port", "0"]
    with subprocess.Popen(command, env=crawled.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as room:
        assert room.stdout is not None
        said = room.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert address, said
        with urllib.request.urlopen(f"{address[0]}en/", timeout=30) as answer:
            assert "Reading room" in answer.read().decode()
        room.send_signal(signal.SIGINT)
        assert room.wait(20) == 130


def test_a_wrong_call_is_one_line(crawled: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, message in (
            (("--port", str(port)), f"--port {port}: 127.0.0.1 does not give it: Address already in use"),
            (("--port", "99999"), "--port 99999: write a port"),
            (("demo",), "scrapy browse [--port N]"),
        ):
            done = crawled.scrapy("browse", *arguments)
            assert done.returncode == 2
            assert message in done.stderr
            assert len(done.stderr.strip().splitlines()) == 1
