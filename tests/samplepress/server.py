"""The sample press on loopback: an HTTP/1.1 server that acts as forward proxy for the hosts of the press.

`http://` goes to it in absolute form, `https://` by CONNECT, answered with certificates of a throw-away authority.
It misbehaves on demand.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import ssl
import tempfile
import threading
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

import trustme

from tests.samplepress.model import Response
from tests.samplepress.press import Press, load_press

IDLE = 30.0
MAX_HEAD = 64 * 1024


@dataclass(slots=True)
class Misbehaviour:
    """A fault on demand.

    Attributes:
        pattern: regular expression, searched in the whole URL as requested.
        status: answer with this status and an empty page instead.
        delay: seconds before the answer.
        truncate: cut the connection after so many bytes of the body, which Content-Length promises whole.
        headers: set or, with the value None, taken away.
        body: answer with this body instead.
        times: how many more requests it meets; None for all.
        lies: answer 304 to whoever sends validators, whatever they are.
        rewrite: changes the body of a 200.
    """

    pattern: re.Pattern[str]
    status: int | None = None
    delay: float = 0.0
    truncate: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    times: int | None = None
    lies: bool = False
    rewrite: Callable[[bytes], bytes] | None = None


@dataclass(slots=True)
class Logged:
    """One request that was answered.

    Attributes:
        method, scheme, host, path: as requested; the path with its query.
        headers: lower-case names.
        status: what was answered, 0 before that.
        started, ended: seconds of time.monotonic() when the request was read and when its answer was ready; 0 before that.
    """

    method: str
    scheme: str
    host: str
    path: str
    headers: dict[str, str]
    started: float
    status: int = 0
    ended: float = 0.0

    @property
    def url(self) -> str:
        """The address as requested."""
        return f"{self.scheme}://{self.host}{self.path}"


Guest = Callable[[Logged, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class SamplePress:
    """A running press.

    Attributes:
        press: what it serves.
        ca: PEM file of the authority that a client must trust.
        port: on 127.0.0.1.
        edition: 1, or 2 … for the pages as later edited; may be set while it runs.
        log: the requests, in the order of their arrival.
        faults: see `misbehave`.
        guests: further host names, each with what answers its requests and then hangs up.
        certificates: host names of guests that speak TLS, each with its own.
        authority: signs the press's certificates; None before it runs.
    """

    press: Press
    ca: Path
    port: int = 0
    edition: int = 1
    log: list[Logged] = field(default_factory=list)
    faults: list[Misbehaviour] = field(default_factory=list)
    guests: dict[str, Guest] = field(default_factory=dict)
    certificates: dict[str, ssl.SSLContext] = field(default_factory=dict)
    authority: trustme.CA | None = None

    @property
    def proxy(self) -> str:
        """URL for http_proxy and https_proxy."""
        return f"http://127.0.0.1:{self.port}"

    def misbehave(
        self,
        pattern: str,
        *,
        status: int | None = None,
        delay: float = 0.0,
        truncate: int | None = None,
        headers: dict[str, str | None] | None = None,
        body: bytes | None = None,
        times: int | None = None,
        lies: bool = False,
        rewrite: Callable[[bytes], bytes] | None = None,
    ) -> Misbehaviour:
        """Makes the addresses that match a pattern misbehave; the newest fault that matches counts.

        Args: see `Misbehaviour`.
        """
        fault = Misbehaviour(re.compile(pattern), status, delay, truncate, headers or {}, body, times, lies, rewrite)
        self.faults.insert(0, fault)
        return fault

    def behave(self) -> None:
        """Takes every misbehaviour back."""
        self.faults.clear()


def fault_for(server: SamplePress, url: str) -> Misbehaviour | None:
    """The misbehaviour that meets a request, its `times` counted down."""
    for fault in server.faults:
        if fault.times != 0 and fault.pattern.search(url):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]] | None:
    """The request line and the headers (lower-case names), None where the client has gone or says nothing."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
        return None
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (part.partition(":") for part in rest if part)}
    return line, headers


def not_modified(asked: dict[str, str], etag: str, changed: str) -> bool:
    """Whether the client has this version already (RFC 9110, 13.2.2: If-None-Match before If-Modified-Since)."""
    if "if-none-match" in asked:
        known = [tag.strip().removeprefix("W/") for tag in asked["if-none-match"].split(",")]
        return etag.removeprefix("W/") in known or "*" in known
    if "if-modified-since" in asked and changed:
        try:
            return parsedate_to_datetime(changed) <= parsedate_to_datetime(asked["if-modified-since"])
        except (TypeError, ValueError):
            return False
    return False


def finish(response: Response, asked: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body on the wire: validators, 304 and gzip as the client allows."""
    headers = dict(response.headers)
    body = response.body
    if response.status == 200:
        # Only what knows when it changed has validators: the scripts of 2006 have none.
        changed = headers.get("Last-Modified", "")
        if changed:
            headers["ETag"] = etag = f'W/"{zlib.crc32(body):08x}-{len(body):x}"'
            if not_modified(asked, etag, changed):
                return 304, {"ETag": etag, "Last-Modified": changed}, b""
        if "gzip" in asked.get("accept-encoding", "") and len(body) > 500 and "gzip" not in headers["Content-Type"]:
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            body = gzip.compress(body, 4, mtime=0)
    return response.status, headers, body


async def answer(server: SamplePress, logged: Logged, writer: asyncio.StreamWriter) -> bool:
    """Answers one request; false where the connection ends with it."""
    fault = fault_for(server, logged.url)
    if fault and fault.delay:
        await asyncio.sleep(fault.delay)
    response = server.press.respond(logged.url, server.edition)
    if response is None:
        status, headers, body = 502, {"Content-Type": "text/plain"}, b"no such host in the sample press\n"
    elif logged.method not in ("GET", "HEAD"):
        status, headers, body = 405, {"Allow": "GET, HEAD", "Content-Type": "text/plain"}, b""
    elif fault and fault.lies and {"if-none-match", "if-modified-since"} & logged.headers.keys():
        status, headers, body = 304, {}, b""
    elif fault and (fault.status is not None or fault.body is not None):
        plain = Response(fault.status or response.status, dict(response.headers), fault.body or b"")
        status, headers, body = finish(plain, logged.headers)
    else:
        if fault and fault.rewrite and response.status == 200:
            response = Response(200, response.headers, fault.rewrite(response.body))
        status, headers, body = finish(response, logged.headers)

    headers["Date"] = formatdate(usegmt=True)
    if status != 304:
        headers["Content-Length"] = str(len(body))
    if logged.headers.get("connection", "").lower() == "close":
        headers["Connection"] = "close"
    for name, value in (fault.headers if fault else {}).items():
        if value is None:
            headers.pop(name, None)
        else:
            headers[name] = value
    keep = headers.get("Connection") != "close" and ("Content-Length" in headers or status == 304)
    if logged.method == "HEAD":
        body = b""
    if fault and fault.truncate is not None:
        body, keep = body[: fault.truncate], False
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Other"
    head = f"HTTP/1.1 {status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    # Before the client can know of the answer, so that it never meets an unfinished entry of its own request.
    logged.status, logged.ended = status, time.monotonic()
    writer.write(head.encode("latin-1") + b"\r\n" + body)
    await writer.drain()
    return keep


async def converse(
    server: SamplePress, tls: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection of a client, with its CONNECT and its requests."""
    scheme, tunnel = "http", ""
    while head := await read_head(reader):
        line, headers = head
        try:
            method, target, _ = line.split(" ")
        except ValueError:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        if method == "CONNECT" and not tunnel:
            host, _, port = target.partition(":")
            site = server.press.sites.get(host)
            if host not in server.certificates and (site is None or site.schemes == "http" or port != "443"):
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                continue
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(server.certificates.get(host, tls))
            scheme, tunnel = "https", host
            continue
        if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
            # No page of the press takes a body: answer, and do not read on.
            headers["connection"] = "close"
        if tunnel or target.startswith("/"):
            host, path = tunnel or headers.get("host", "").partition(":")[0], target
        else:
            rest = target.partition("://")[2]
            host, slash, path = rest.partition("/")
            host, path = host.partition(":")[0], slash + path or "/"
        logged = Logged(method, scheme, host, path, headers, time.monotonic())
        server.log.append(logged)
        if host in server.guests:
            await server.guests[host](logged, writer)
            return
        if not await answer(server, logged, writer):
            return


@asynccontextmanager
async def serve(*, port: int = 0, ca: Path | None = None, press: Press | None = None) -> AsyncIterator[SamplePress]:
    """Runs the press in this event loop.

    Args:
        port: on 127.0.0.1; 0 for a free one.
        ca: where to write the authority's certificate (PEM); a new temporary folder where it is absent.
        press: what to serve; everything where it is absent.
    Raises:
        OSError: the port is taken, or the certificate cannot be written.
    """
    served = press or load_press()
    with tempfile.TemporaryDirectory(prefix="samplepress-") as folder:
        server = SamplePress(served, ca or Path(folder) / "ca.pem")
        authority = trustme.CA(organization_name="Sample press", organization_unit_name="throw-away")
        authority.cert_pem.write_to_path(str(server.ca))
        server.authority = authority
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*served.sites).configure_cert(tls)
        clients: set[asyncio.Task[None]] = set()

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            clients.add(task)
            try:
                await converse(server, tls, reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                # The client has gone or does not trust the authority, or the press closes. Streams report a cancelled
                # handler as a fault, so it ends quietly here.
                pass
            finally:
                clients.discard(task)
                writer.close()

        listener = await asyncio.start_server(client, "127.0.0.1", port, limit=MAX_HEAD, backlog=256)
        server.port = listener.sockets[0].getsockname()[1]
        try:
            yield server
        finally:
            listener.close()
            for task in clients:
                task.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            await listener.wait_closed()


@contextmanager
def running(*, port: int = 0, ca: Path | None = None, press: Press | None = None) -> Iterator[SamplePress]:
    """Runs the press in a thread of its own, for tests without an event loop; arguments as for `serve`."""
    served = press or load_press()
    started: list[SamplePress | OSError] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def main() -> None:
        try:
            async with serve(port=port, ca=ca, press=served) as server:
                started.append(server)
                ready.set()
                await stop.wait()
        except OSError as error:
            started.append(error)
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), name="samplepress", daemon=True)
    thread.start()
    ready.wait()
    try:
        first = started[0]
        if isinstance(first, OSError):
            raise first
        yield first
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
