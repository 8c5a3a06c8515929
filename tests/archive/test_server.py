"""The embedded MongoDB: shared, surviving, and clear about what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest

from archive import mongo, server
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "mongodb"
    server.stop(tmp_path / "mongodb")


def test_it_survives_its_starter_and_keeps_its_data(folder: Path) -> None:
    uri = server.ensure(folder)
    pymongo.MongoClient(uri).archive.things.insert_one({"_id": 1})
    assert server.stop(folder) is True
    assert server.stop(folder) is False
    again = server.ensure(folder)
    assert again == uri
    assert pymongo.MongoClient(again).archive.things.count_documents({}) == 1


def test_two_starters_at_once_share_one_server(folder: Path) -> None:
    code = f"from pathlib import Path; from archive import server; print(server.ensure(Path({str(folder)!r})))"
    starters = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    uris = {starter.communicate(timeout=60)[0] for starter in starters}
    assert len(uris) == 1
    assert uris.pop().startswith("mongodb://127.0.0.1:")


def test_it_moves_when_its_port_was_taken(folder: Path) -> None:
    uri = server.ensure(folder)
    with pymongo.MongoClient(uri) as client:
        client.archive.things.insert_one({"_id": 1})
    server.stop(folder)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        taken = stranger.getsockname()[1]
        (folder / "server.json").write_text(json.dumps({"port": taken}))
        moved = server.ensure(folder)
        assert f":{taken}/" not in moved
        # It takes writes as a replica set under its new name.
        with pymongo.MongoClient(moved, w="majority") as client:
            client.archive.things.insert_one({"_id": 2})
            assert client.archive.things.count_documents({}) == 2


def test_it_listens_on_loopback_only(folder: Path) -> None:
    options = pymongo.MongoClient(server.ensure(folder)).admin.command("getCmdLineOpts")["parsed"]
    assert options["net"]["bindIp"] == "127.0.0.1"


def test_data_in_use_by_another_server_is_said(folder: Path) -> None:
    server.ensure(folder)
    state = (folder / "server.json").read_text()
    (folder / "server.json").unlink()
    with pytest.raises(server.ServerError, match="in use by another mongod"):
        server.ensure(folder)
    (folder / "server.json").write_text(state)


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(mongo.ArchiveError, match=r"file.*cannot be written.*MARSAD_DATA"):
        mongo.locate("", tmp_path / "file")


def test_a_full_disk_is_said_before_mongod_dies_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50 * 2**20))
    with pytest.raises(server.ServerError, match=r"only 50 MB free on this disk; mongod needs 200 MB"):
        server.ensure(folder)


def test_a_missing_library_is_said_with_the_package(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = tmp_path / "mongod"
    loader.write_text(
        "#!/bin/sh\necho 'mongod: error while loading shared libraries: libcurl.so.4: cannot open' >&2\nexit 127\n"
    )
    loader.chmod(0o755)
    monkeypatch.setattr(server, "binary", lambda: loader)
    with pytest.raises(server.ServerError, match=r"libcurl\.so\.4.*apt-get install .*libcurl4"):
        server.ensure(folder)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("mongodb://127.0.0.1:9/", "no answer within"),
        ("http://127.0.0.1/", "not usable"),
        ("mongodb://user:secret@127.0.0.1:9/", "no answer within"),
        ("mongodb://127.0.0.1:70000/", "not usable"),
    ],
)
def test_a_wrong_uri_is_named_without_its_password(uri: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo, "SELECTION_SECONDS", 0.2)
    with pytest.raises(mongo.ArchiveError, match=message) as caught:
        mongo.connect(uri, "archive")
    assert "MONGODB_URI" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_command_line_stops_it(folder: Path) -> None:
    server.ensure(folder)
    environment = os.environ | {"MARSAD_DATA": str(folder.parent)}
    run = [sys.executable, "-m", "archive.server", "stop"]
    first = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    second = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stdout) == (0, "MongoDB stopped.\n")
    assert (second.returncode, second.stdout) == (0, "MongoDB was not running.\n")
