"""Addresses that a crawler of the public web must not ask, met without a proxy; names are resolved by the test."""

from __future__ import annotations

from tests.samplepress.hostile.model import Case

#: Name → the addresses that it is resolved to, one list for each time that it is looked up; the last one stays.
NAMES: dict[str, list[list[str]]] = {"adresses.example": [["127.0.0.1"]]}
#: Path on adresses.example → where it redirects to. PORT is the test server's.
MOVED: dict[str, str] = {}


def _name(name: str, tries: str, *addresses: str, says: str = "") -> Case:
    host = f"{name}.adresses.example"
    NAMES[host] = [list(addresses)]
    return Case(
        name=name, tries=f"a name that leads to {tries}", outcome="refused", says=says, url=f"http://{host}/c/{name}"
    )


def _moved(name: str, tries: str, target: str, says: str = "") -> Case:
    MOVED[f"/c/{name}"] = target
    return Case(
        name=name,
        tries=f"a redirect to {tries}",
        outcome="refused",
        says=says,
        url=f"http://adresses.example:PORT/c/{name}",
    )


BY_NAME = [
    _name("prive-10", "10.0.0.0/8", "10.0.0.5", says="private"),
    _name("prive-172", "172.16.0.0/12", "172.16.0.1", says="private"),
    _name("prive-192", "192.168.0.0/16", "192.168.1.1", says="private"),
    _name("boucle-locale", "loopback", "127.0.0.1", says="loopback"),
    _name("boucle-autre", "another loopback address", "127.8.8.8", says="loopback"),
    _name("lien-local", "link-local, where clouds keep their metadata", "169.254.169.254", says="link-local"),
    _name("operateur", "the shared addresses of operators (CGNAT)", "100.64.0.1", says="no public"),
    _name("zero", "the unspecified address", "0.0.0.0", says="unspecified"),
    _name("multicast", "multicast", "224.0.0.251", says="multicast"),
    _name("diffusion", "broadcast", "255.255.255.255"),
    _name("futur", "class E", "240.0.0.1"),
    _name("banc", "benchmarking addresses", "198.18.0.1"),
    _name("documents", "documentation addresses", "192.0.2.1"),
    _name("relais-6to4", "the relays of 6to4", "192.88.99.1"),
    _name("v6-boucle", "IPv6 loopback", "::1", says="loopback"),
    _name("v6-prive", "IPv6 unique local addresses", "fd00::1", says="private"),
    _name("v6-lien", "IPv6 link-local", "fe80::1", says="link-local"),
    _name("v6-multicast", "IPv6 multicast", "ff02::1", says="multicast"),
    _name("v6-site", "IPv6 site-local (deprecated)", "fec0::1"),
    _name("v6-documents", "IPv6 documentation addresses", "2001:db8::1"),
    _name("v4-mappe", "a private address, IPv4-mapped", "::ffff:10.0.0.5", says="written as"),
    _name("v4-compatible", "a private address, IPv4-compatible", "::10.0.0.5", says="written as"),
    _name("six-a-quatre", "a private address within 6to4", "2002:a00:5::1", says="written as"),
    _name("teredo", "Teredo", "2001:0:a00:5::1", says="Teredo"),
    _name("nat64", "a private address behind NAT64", "64:ff9b::10.0.0.5", says="written as"),
    _name("nat64-local", "a private address behind a local NAT64", "64:ff9b:1::10.0.0.5", says="written as"),
    _name("toutes-mauvaises", "several addresses, none of them public", "10.0.0.5", "192.168.1.1", "::1"),
]
REDIRECTED = [
    _moved("r-prive", "a private address", "http://10.0.0.5/", "private"),
    _moved("r-decimal", "an address in decimal", "http://2130706433/", "loopback"),
    _moved("r-hexadecimal", "an address in hexadecimal", "http://0x7f000001/", "loopback"),
    _moved("r-octal", "an address in octal", "http://0177.0.0.01/", "loopback"),
    _moved("r-melange", "an address in mixed forms", "http://0x7f.0.1/", "loopback"),
    _moved("r-court", "a short form of an address", "http://127.1/", "loopback"),
    _moved("r-chiffres", "an address in circled digits", "http://①②⑦.⓪.⓪.①/", "loopback"),
    _moved("r-point", "an address with ideographic full stops", "http://127。0。0。1/", "loopback"),
    _moved("r-v6", "an IPv6 literal", "http://[::1]/", "loopback"),
    _moved("r-v6-mappe", "an IPv4-mapped literal", "http://[::ffff:169.254.169.254]/", "link-local"),
    _moved("r-v6-zone", "a literal with a zone", "http://[fe80::1%25eth0]/"),
    _moved("r-nom", "a name that leads to a private address", "http://prive-10.adresses.example/c/x", "private"),
    _moved("r-deux-pas", "a private address, by way of another redirect", "/c/r-prive", "private"),
    _moved("r-local", "localhost", "http://localhost/", "no public name"),
    _moved("r-voisin", "a service of this machine, on a port of its own", "http://127.0.0.1:VICTIM/"),
    _moved("r-nombre", "a host that ends in a number and is no address", "http://1.2.3.4.5/", "no host"),
]
#: Looked up anew for robots.txt, for tdmrep.json, and for each page: at the fourth time it leads elsewhere.
NAMES["rebond.adresses.example"] = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"], ["10.0.0.5"]]
NAMES["mixte.adresses.example"] = [["10.0.0.5", "127.0.0.1"]]
NAMES["robots-moved.adresses.example"] = [["127.0.0.1"]]
OTHERS = [
    Case(name="rebond-1", tries="a name that is resolved to an allowed address first (DNS rebinding): the page is read …", outcome="off_topic", url="http://rebond.adresses.example:PORT/c/rebond-1"),
    Case(name="rebond-2", tries="… and to a private one between check and use: the next page is not", outcome="refused", says="private", url="http://rebond.adresses.example:PORT/c/rebond-2"),
    Case(name="mixte", tries="a name with a private and a good address: only the good one is connected to", outcome="off_topic", url="http://mixte.adresses.example:PORT/c/mixte"),
    Case(name="robots-moved", tries="a robots.txt that redirects to a private address", outcome="refused", says="private", url="http://robots-moved.adresses.example:PORT/c/robots-moved"),
    Case(name="flux-prive", tries="a feed on a private address", outcome="entry", says="private", url="http://prive-10.adresses.example/feed"),
]  # fmt: skip
