"""Settings of a crawl without a proxy that cannot leave this machine, whatever the crawler tries.

Names are resolved by a table, and every connection is written down before it is made; one that would leave the loopback is
not made. Environment: HOSTILE_CONNECTS (the file that is written), HOSTILE_NO_GUARD (switches the guard's check of
addresses off, to prove that the record would show what it lets through).
"""

import errno
import os
import socket
from ipaddress import ip_address
from typing import Any

from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer

from settings.sample import *  # noqa: F403
from tests.samplepress.hostile import addresses

TWISTED_DNS_RESOLVER = "tests.samplepress.hostile.direct.Resolver"

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _stays(own: socket.socket, address: Any) -> bool:
    """Write a connection down; false where it would leave the machine."""
    if own.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host, port = str(address[0]), int(address[1])
    with open(os.environ["HOSTILE_CONNECTS"], "a", encoding="utf-8") as record:
        record.write(f"{host} {port}\n")
    return ip_address(host.partition("%")[0]).is_loopback


def connect(own: socket.socket, address: Any) -> None:
    if not _stays(own, address):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "the test lets nothing leave this machine")
    _connect(own, address)


def connect_ex(own: socket.socket, address: Any) -> int:
    return _connect_ex(own, address) if _stays(own, address) else errno.ECONNREFUSED


def no_lookup(host: Any, *rest: Any, **more: Any) -> Any:
    """Only what is an address already, and this machine: nobody is asked."""
    if host is not None and str(host) != "localhost":
        ip_address(str(host).partition("%")[0])
    return _getaddrinfo(host, *rest, **more)


_getaddrinfo = socket.getaddrinfo
if "HOSTILE_CONNECTS" in os.environ:
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = no_lookup
    if "HOSTILE_NO_GUARD" in os.environ:
        from crawler import guard

        guard.not_public = lambda address: ""


@implementer(IHostnameResolver)
class Resolver:
    """Names by the table of `addresses`, each look-up anew."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.asked: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "Resolver":
        return cls(reactor)

    def install_on_reactor(self) -> None:
        self.reactor.installNameResolver(self)

    def resolveHostName(self, receiver: Any, host: str, port: int = 0, *_: Any, portNumber: int = 0, **__: Any) -> Any:
        receiver.resolutionBegan(HostResolution(host))
        for address in self._addresses(host):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, portNumber or port))
        receiver.resolutionComplete()
        return receiver

    def _addresses(self, host: str) -> list[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        answers = addresses.NAMES.get(host, [[]])
        count = self.asked[host] = self.asked.get(host, 0) + 1
        return answers[min(count, len(answers)) - 1]
