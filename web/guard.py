"""The door of the reading room: who may ask, what may be asked, and what a browser may do with an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Names of this machine. Any other name in the Host header is a page elsewhere whose name was made to lead here (DNS rebinding).
HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
METHODS = ("GET", "HEAD")
MAX_TARGET = 8192

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "private, no-cache",
}

Refusal = Callable[[Request, int, str], Awaitable[Response]]


class Guard:
    """ASGI middleware: refuses foreign hosts, other methods and endless addresses, and sets the headers of every answer.

    Args:
        app: what it guards.
        refuse: makes the page for a refusal from the request, a status and the key of a text.
    """

    def __init__(self, app: ASGIApp, refuse: Refusal) -> None:
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        status, reason = _fault(scope)
        if status:
            refused = await self.refuse(Request(scope), status, reason)
            if status == 405:
                refused.headers["Allow"] = ", ".join(METHODS)
            await refused(scope, receive, sending)
        else:
            await self.app(scope, receive, sending)


def _fault(scope: Scope) -> tuple[int, str]:
    """Status and text of what is wrong with a request; (0, "") when nothing is."""
    hosts = Headers(scope=scope).getlist("host")
    if len(hosts) != 1 or _name(hosts[0]) not in HOSTS:
        return 421, "problem.host"
    if scope["method"] not in METHODS:
        return 405, "problem.method"
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET:
        return 414, "problem.long"
    return 0, ""


def _name(host: str) -> str:
    """The name in a Host header, without its port; "" where it is no host."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.netloc == host and "@" not in host else ""
