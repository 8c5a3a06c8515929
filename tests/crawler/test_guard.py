"""Addresses as they are written, and what is allowed in one's own house; what they lead to is proved in test_hostile.py."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import Refused
from crawler.guard import Allowed, check_url, not_public
from language.printable import printable, without_credentials


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "193.0.6.139", "2606:4700::1111", "2002:808:808::1", "64:ff9b::808:808"]
)
def test_public_addresses_pass(address: str) -> None:
    assert not_public(ip_address(address)) == ""


@given(st.ip_addresses(v=4))
def test_an_address_is_no_safer_in_any_ipv6_form(address: IPv4Address) -> None:
    number = int(address)
    forms = [number | 0xFFFF << 32, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number]
    for form in forms:
        assert bool(not_public(address)) == bool(not_public(IPv6Address(form)))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://user@a.example/", "user name"),
        ("http://@a.example/", "user name"),
        ("gopher://a.example/", "gopher"),
        ("http://a.example:25/", "port 25"),
        ("http://a.example:0/", "port 0"),
        ("http://a.example:port/", "no address"),
        ("http://.../", "no public name"),
        ("http://imprimante/", "no public name"),
        ("http://a.HOME.arpa/", "no public name"),
        ("http://0x/", "no host"),
        ("http://127.0.0.1.:80/", "loopback"),
        ("http://4294967296/", "no host"),
    ],
)
def test_what_is_refused_as_it_is_written(url: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        check_url(url)


@given(st.text(max_size=60))
def test_no_text_is_a_fault(text: str) -> None:
    for url in (text, f"http://{text}", f"http://a.example{text}"):
        with suppress(Refused):
            check_url(url)


def test_an_allowed_address_passes_at_its_port_only() -> None:
    allowed = Allowed(["127.0.0.1:8080", "10.1.0.0/16", "[::1]:9000"])
    check_url("http://127.0.0.1:8080/", allowed=allowed)
    check_url("http://[::1]:9000/", allowed=allowed)
    check_url("http://10.1.255.1:99/", allowed=allowed)
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8081/", "http://10.2.0.1/", "http://[::1]/"):
        with pytest.raises(Refused):
            check_url(url, allowed=allowed)
    with pytest.raises(ValueError, match="GUARD_ALLOW: 'localhost'"):
        Allowed(["localhost"])


def test_words_of_strangers_are_printed_without_effect() -> None:
    assert printable("a\x1b[31m\nb\r\u202e\u2028\x9bc") == "a\\x1b[31m\\x0ab\\x0d\\u202e\\u2028\\x9bc"
    assert printable("عنوان\u200f مقال\tx") == "عنوان\u200f مقال\tx", "Arabic keeps its direction marks"
    assert (
        without_credentials("no answer from mongodb://me:se@cret@db:27017/x, a@b")
        == "no answer from mongodb://db:27017/x, a@b"
    )
