"""The guard: which addresses a crawler of the public web may ask, and how much it takes of an answer.

An address is looked at twice: as it is written, before anything is sent (`check_url`), and as it is connected to, when its
name has been resolved (`watch`). Only the second is sure: a name may be resolved to another address each time.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser
from twisted.web.client import Agent
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import directlyProvides, implementer, providedBy

from crawler.errors import Refused, TooLarge
from sources.model import in_domains

Address = IPv4Address | IPv6Address

#: Header lines and bytes of one answer's head; the fullest real one seen has 60 lines and 12 kB.
MAX_HEAD_LINES, MAX_HEAD_BYTES = 200, 128 * 1024

_USUAL_PORTS = (None, 80, 443)
# RFC 6761, RFC 6762, RFC 8375, RFC 9476, and what ICANN has set aside for private use: names that mean something at home only.
_PRIVATE_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
    "onion",
    "alt",
)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|\d+", re.ASCII)
# Forms that carry an IPv4 address inside an IPv6 one: RFC 4291 (compatible), RFC 6052 and RFC 8215 (NAT64), SIIT.
_CARRIERS = [ip_network(net) for net in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Python 3.11 takes these for global: multicast, the relays of 6to4 (RFC 7526), addresses for documentation (RFC 9637).
_RELAYS = IPv4Network("192.88.99.0/24")
_DOCUMENTATION = IPv6Network("3fff::/20")


def not_public(address: Address) -> str:
    """Why an address is none of the public Internet, in words; "" where it is.

    By the registries of special-purpose addresses (RFC 6890); an IPv4 address within an IPv6 one counts as itself.
    """
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        if inner is not None:
            reason = not_public(inner)
            return reason and f"{reason}, written as {address}"
        if address.teredo is not None:
            return f"{address} is a Teredo address"
        if address.is_global and address in _GLOBAL_UNICAST and address not in _DOCUMENTATION:
            return ""
    elif address.is_global and not address.is_multicast and address not in _RELAYS:
        return ""
    kinds = {
        "the unspecified address": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "a private address": address.is_private,
    }
    return f"{address} is {next((kind for kind, holds in kinds.items() if holds), 'no public address')}"


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address within an IPv4-mapped, 6to4, NAT64 or IPv4-compatible one."""
    if address.is_unspecified or address.is_loopback:
        return None
    within = address.ipv4_mapped or address.sixtofour
    if within is None and any(address in net for net in _CARRIERS):
        within = IPv4Address(int(address) & 0xFFFFFFFF)
    return within


class Allowed:
    """Addresses that may be connected to though they are not public: of tests, and of servers within one's own house."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Args:
            entries: "127.0.0.1:8080", "[::1]:8080", "10.1.2.3" or "10.1.0.0/16"; without a port, every port.
        Raises:
            ValueError: an entry is none of these.
        """
        self.entries: list[tuple[IPv4Network | IPv6Network, int | None]] = []
        for entry in entries:
            found = re.fullmatch(
                r"\[?([0-9a-fA-F:.]+?)\]?(/\d+)?(?::(\d+))?"
                if entry[:1] == "[" or entry.count(":") < 2
                else r"(.*?)(/\d+)?()",
                entry,
            )
            if not found:
                raise ValueError(f"GUARD_ALLOW: {entry!r}: write an address, an address with its port, or a network")
            try:
                self.entries.append((ip_network(found[1] + (found[2] or "")), int(found[3]) if found[3] else None))
            except ValueError as error:
                raise ValueError(f"GUARD_ALLOW: {entry!r}: {error}") from error

    def holds(self, address: Address, port: int) -> bool:
        """Whether an address and port are allowed."""
        return any(
            address.version == net.version and address in net and only in (None, port) for net, only in self.entries
        )


def check_url(url: str, ports: Iterable[int] = (), allowed: Allowed | None = None) -> None:
    """Let an address pass as it is written.

    Args:
        url: absolute.
        ports: those that the outlet uses besides 80 and 443.
    Raises:
        Refused: it is no http(s) address, carries a password, or names a host or port that is not asked.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused(f"it is no address: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise Refused(f"only http and https are asked, not {parts.scheme[:20]}")
    if "@" in parts.netloc:
        raise Refused("the address carries a user name or a password")
    if not host:
        raise Refused("the address names no host")
    literal = _literal(host)
    if literal is not None and allowed and allowed.holds(literal, port or (443 if parts.scheme == "https" else 80)):
        return
    if port not in (*_USUAL_PORTS, *ports):
        raise Refused(f"port {port} is none of the web's; the outlet's file may name it in manners.ports")
    if literal is not None:
        if reason := not_public(literal):
            raise Refused(reason)
        return
    name = host.rstrip(".")
    if not name.isascii():
        raise Refused(f"{name[:100]} is no host name")
    if "." not in name or any(name == private or name.endswith("." + private) for private in _PRIVATE_NAMES):
        raise Refused(f"{name[:100]} is no public name")


def _literal(host: str) -> Address | None:
    """The address that a host is, in any form that resolvers read: decimal, octal, hexadecimal, short; None for a name.

    Raises:
        Refused: it ends in a number, as an IPv4 address does, and is none (as the URL standard has it).
    """
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    host = host.rstrip(".")
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError) as error:
        raise Refused(f"{host[:100]} is no host") from error


def watch(agent: Agent, request: Request, allowed: Allowed) -> Agent:
    """Make an agent connect to public addresses only; one that goes through a proxy connects to the proxy, as configured."""
    if not request.meta.get("proxy"):
        factory = agent._endpointFactory
        factory._reactor = _Reactor(factory._reactor, allowed)
    return agent


class _Reactor:
    """A reactor that refuses connections. It sees the resolved address, so that no answer of a resolver passes it by."""

    def __init__(self, reactor: Any, allowed: Allowed) -> None:
        self._reactor = reactor
        self._allowed = allowed
        directlyProvides(self, providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def connectTCP(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        """As the reactor's.

        Raises:
            Refused: the address is not public, or no address.
        """
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError as error:
            raise Refused(f"{host[:100]!r} is not resolved") from error
        reason = not_public(address)
        if reason and not self._allowed.holds(address, port):
            raise Refused(f"its name leads to {reason.replace(' is ', ', ', 1)}")
        return self._reactor.connectTCP(host, port, *args, **kwargs)


@implementer(IPolicyForHTTPS)
class TlsPolicy:
    """Verifies certificates, but for the domains of an outlet whose file says why not."""

    def __init__(self, verifying: Any, unverified: list[str]) -> None:
        self._verifying = verifying
        self._unverified = unverified
        self._lax = _ScrapyClientContextFactory(verify_certificates=False)

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        """As Twisted's."""
        lax = in_domains(hostname.decode("ascii", "replace"), self._unverified)
        return (self._lax if lax else self._verifying).creatorForNetloc(hostname, port)


class BoundedParser(_LenientHTTPClientParser):
    """Reads the head of an answer, and no more of it than a head may have; interim answers (1xx) count as well."""

    _lines = 0
    _bytes = 0

    def lineReceived(self, line: bytes) -> None:
        self._lines += 1
        self._bytes += len(line)
        if self._lines > MAX_HEAD_LINES or self._bytes > MAX_HEAD_BYTES:
            raise TooLarge(f"the answer's head has more than {MAX_HEAD_LINES} lines or {MAX_HEAD_BYTES // 1024} KiB")
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        raise TooLarge(f"a line of the answer's head is longer than {self.MAX_LENGTH // 1024} KiB")


def clear_reason(error: BaseException) -> TooLarge | None:
    """The bound that stands behind an error of the downloader, if it is one."""
    for failure in getattr(error.__cause__, "reasons", []):
        if isinstance(failure.value, TooLarge):
            return failure.value
    return None
