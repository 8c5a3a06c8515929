"""Hostile answers, redirects, pages and hosts, met through the proxy like the rest of the press."""

from __future__ import annotations

import gzip
import zlib

import brotli
from backports import zstd

from tests.samplepress.hostile.model import Case, answer, endless, moved, page, raw

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MANY = 64 * 2**20
"""Bytes that a bomb unpacks to; three times what is taken."""


def zeros() -> bytes:
    return bytes(MANY)


def packed(times: int) -> bytes:
    body = page("Des roses dans des boîtes")
    for _ in range(times):
        body = gzip.compress(body)
    return body


def nested_json(depth: int) -> str:
    return '<script type="application/ld+json">' + '{"@graph":[' * depth + "]}" * depth + "</script>"


HEADS = [
    Case(name="entetes-sans-fin", tries="header lines without end", outcome="too_large", says="more than 200 lines", play=endless(OK, b"X-A: b\r\n" * 100)),
    Case(name="entete-immense", tries="one header line of a megabyte", outcome="too_large", says="longer than 16 KiB", play=raw(OK + b"X-A: " + b"a" * 2**20)),
    Case(name="entetes-lourds", tries="headers of 15 KiB each", outcome="too_large", says="128 KiB", play=raw(OK + (b"X-A: " + b"a" * 15000 + b"\r\n") * 40)),
    Case(name="interim-sans-fin", tries="interim answers (102 Processing) without end", outcome="too_large", says="more than 200 lines", play=endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 50)),
    Case(name="entetes-goutte", tries="a byte of a header now and then, to hold the connection", outcome="network_error", says="in time", play=endless(OK + b"X-A: ", b"a", 0.2)),
    Case(name="silence", tries="takes the request and says nothing", outcome="network_error", says="in time", play=endless(b"", b"", 0.2)),
    Case(name="charabia", tries="an answer that is no HTTP", outcome="network_error", says="no HTTP", play=raw(b"\x00\xff" * 500 + b"\r\n\r\n")),
    Case(name="version-fausse", tries="a version of HTTP that does not exist", outcome="network_error", says="no HTTP", play=raw(b"HTTP/x.y 200 OK\r\n\r\n")),
    Case(name="deux-longueurs", tries="two Content-Lengths that differ, to smuggle an answer", outcome="network_error", play=raw(OK + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\nabcde")),
    Case(name="longueur-negative", tries="a negative Content-Length", outcome="network_error", play=raw(OK + b"Content-Length: -1\r\n\r\nabc")),
    Case(name="statut-inconnu", tries="a status that does not exist", outcome="http_error", says="999", play=answer(b"", status=999)),
    Case(name="noms-piquants", tries="header names that are MongoDB operators and paths", outcome="off_topic", play=answer(page("Des roses et des dollars"), "$where: 1", "a.b.c: 1", "__proto__: 1")),
]  # fmt: skip

BODIES = [
    Case(name="corps-annonce", tries="announces a body of 99 GB", outcome="too_large", says="larger than", play=raw(OK + b"Content-Length: 99999999999\r\n\r\n", b"a" * 1000)),
    Case(name="corps-sans-fin", tries="a body without length or end", outcome="too_large", says="larger than", play=endless(OK + b"\r\n", b"a" * 2**18)),
    Case(name="morceaux-sans-fin", tries="chunks without end", outcome="too_large", says="larger than", play=endless(CHUNKED, b"10000\r\n" + b"a" * 2**16 + b"\r\n")),
    Case(name="morceau-immense", tries="a chunk that says it is 2^64 bytes long", outcome="network_error", play=raw(CHUNKED + b"FFFFFFFFFFFFFFFFFFFFFFFF\r\nabc")),
    Case(name="extension-longue", tries="a chunk extension of a megabyte", outcome="network_error", play=raw(CHUNKED + b"5;a=" + b"b" * 2**20)),
    Case(name="corps-goutte", tries="a byte of the body now and then", outcome="network_error", says="in time", play=endless(OK + b"Content-Length: 100000\r\n\r\n", b"a", 0.2)),
    Case(name="corps-coupe", tries="hangs up in the middle of the body", outcome="network_error", says="before the page was complete", play=raw(OK + b"Content-Length: 100000\r\n\r\n<html>")),
    Case(name="bombe-gzip", tries="64 MiB of nothing in 64 KB of gzip", outcome="too_large", says="unpack to more", play=answer(lambda: gzip.compress(zeros()), "Content-Encoding: gzip")),
    Case(name="bombe-deflate", tries="the same as deflate", outcome="too_large", says="unpack to more", play=answer(lambda: zlib.compress(zeros()), "Content-Encoding: deflate")),
    Case(name="bombe-brotli", tries="the same as brotli, in 60 bytes", outcome="too_large", says="unpack to more", play=answer(lambda: brotli.compress(zeros(), quality=2), "Content-Encoding: br")),
    Case(name="bombe-zstd", tries="the same as zstd", outcome="too_large", says="unpack to more", play=answer(lambda: zstd.compress(zeros()), "Content-Encoding: zstd")),
    Case(name="bombe-double", tries="a bomb within a bomb: gzip in gzip", outcome="too_large", says="unpack to more", play=answer(lambda: gzip.compress(gzip.compress(zeros())), "Content-Encoding: gzip, gzip")),
    Case(name="poupees", tries="a page packed thirty times over", outcome="undecodable", says="30 times", play=answer(lambda: packed(30), "Content-Encoding: " + ", ".join(["gzip"] * 30))),
    Case(name="fenetre-zstd", tries="zstd that asks for a window of 2 GiB", outcome="undecodable", says="content-coding", play=answer(b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", "Content-Encoding: zstd")),
    Case(name="faux-gzip", tries="says gzip, and is none", outcome="undecodable", says="content-coding", play=answer(b"abc" * 100, "Content-Encoding: gzip")),
    Case(name="faux-brotli", tries="says brotli, and is none", outcome="undecodable", says="content-coding", play=answer(b"abc" * 100, "Content-Encoding: br")),
    Case(name="codage-inconnu", tries="a content-coding that nobody knows", outcome="undecodable", says="unknown", play=answer(b"abc" * 100, "Content-Encoding: x-rot13")),
]  # fmt: skip

REDIRECTS = [
    Case(name="boucle", tries="redirects to itself", outcome="refused", says="max redirections", play=moved("/c/boucle")),
    Case(name="suite-0", tries="redirects on and on", outcome="refused", says="max redirections"),
    Case(name="vers-ftp", tries="redirects to ftp:", outcome="refused", says="redirects to ftp:", play=moved("ftp://nuit.example/a")),
    Case(name="vers-fichier", tries="redirects to a file of this machine", outcome="refused", says="redirects to file:", play=moved("file:///etc/passwd")),
    Case(name="vers-script", tries="redirects to javascript:", outcome="refused", says="no address", play=moved("javascript:alert(1)")),
    Case(name="vers-data", tries="redirects to data:", outcome="refused", says="redirects to data:", play=moved("data:text/html,<h1>a</h1>")),
    Case(name="vers-crochet", tries="redirects to a broken IPv6 address", outcome="refused", says="no address", play=moved("http://[::1/")),
    Case(name="vers-rien", tries="redirects to an address without a host", outcome="gone",  play=moved("http:///c/x")),
    Case(name="vers-port-faux", tries="redirects to port 99999", outcome="refused", says="no address", play=moved("http://nuit.example:99999/")),
    Case(name="vers-ssh", tries="redirects to the port of ssh", outcome="refused", says="port 22", play=moved("http://nuit.example:22/c/x")),
    Case(name="vers-secret", tries="redirects with a user name and a password", outcome="refused", says="password", play=moved("http://marsad:motdepasse@nuit.example/c/x")),
    Case(name="vers-octets", tries="a Location in windows-1252, which Scrapy cannot read", outcome="gone", play=moved("/c/absent-\udce9t\udce9")),
    Case(name="vers-long", tries="a Location of 8,000 bytes", outcome="refused", says="bytes", play=moved("/c/" + "a" * 8000)),
    Case(name="vers-idn", tries="a Location whose host no registry would take", outcome="refused", says="no host name", play=moved("http://\u202e\u0600.example/")),
    Case(name="vers-http", tries="redirects from https down to http", outcome="refused", says="from https to http", play=moved("http://nuit.example/c/x"), url="https://sur.nuit.example/c/vers-http"),
    Case(name="vers-dix", tries="behind a proxy, redirects to a private address", outcome="refused", says="private", play=moved("http://10.0.0.1/")),
    Case(name="vers-localhost", tries="behind a proxy, redirects to localhost", outcome="refused", says="no public name", play=moved("http://localhost/")),
    Case(name="vers-nuage", tries="behind a proxy, redirects to the metadata of a cloud", outcome="refused", says="no public name", play=moved("http://metadata.google.internal/")),
    Case(name="entete-retour", tries="a Location that carries another header (CR and LF, encoded)", outcome="gone", play=moved("/c/absent%0d%0aX-Forged:%201")),
    Case(name="meta-refresh", tries="a meta refresh to a file of this machine", outcome="off_topic", play=answer(page("Des roses qui partent", head='<meta http-equiv="refresh" content="0;url=file:///etc/passwd">'))),
]  # fmt: skip

_XXE = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
_LAUGHS = (
    "<!DOCTYPE html [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)

PAGES = [
    Case(name="boites-profondes", tries="200,000 elements one within the other", outcome="unreadable", says="too many tags", play=answer(lambda: page("Des roses au fond", extra="<div>" * 200_000))),
    Case(name="json-profond", tries="JSON-LD nested 50,000 deep", outcome="off_topic", play=answer(lambda: page("Des roses en JSON", head=nested_json(50_000)))),
    Case(name="json-operateurs", tries="JSON-LD whose values are MongoDB operators", outcome="stored", play=answer(page("Rabat et Marseille contre le cannabis", theme=0, head='<script type="application/ld+json">{"@type":"NewsArticle","headline":{"$gt":""},"author":{"name":{"$where":"sleep(9)"}},"keywords":[{"$ne":1}],"articleSection":{"a.b":1},"image":{"url":{"$regex":"."}}}</script>'))),
    Case(name="langues-piquantes", tries="languages of hreflang that are MongoDB operators and paths", outcome="stored", play=answer(page("Fès, Toulouse et la cellule", theme=1, head='<link rel="alternate" hreflang="$where" href="http://nuit.example/c/a"><link rel="alternate" hreflang="a.b" href="http://nuit.example/c/b"><link rel="alternate" hreflang="__proto__" href="javascript:1">'))),
    Case(name="titre-terminal", tries="a title that steers a terminal and forges lines of a log", outcome="stored", play=answer(page("Extradition\x1b[2J\x1b]0;pwn\x07 vers Rabat\n2025-11-24 ERROR forged \u202eabc", theme=2))),
    Case(name="octets-nuls", tries="NUL bytes all over the page", outcome="off_topic", play=answer(page("Des roses nulles").replace(b" ", b" \x00"))),
    Case(name="entite-externe", tries="XHTML with an external entity (XXE)", outcome="off_topic", play=answer(_XXE.encode() + page("Des roses &secret;", extra="<p>&secret;</p>")[15:], kind="application/xhtml+xml")),
    Case(name="milliard-de-rires", tries="XHTML with entities that grow a billionfold", outcome="off_topic", play=answer(_LAUGHS.encode() + page("Des roses riantes", extra="<p>&a11;</p>")[15:], kind="application/xhtml+xml")),
    Case(name="million-de-liens", tries="300,000 links", outcome="unreadable", says="too many tags", play=answer(lambda: page("Des roses liées", extra='<a href="/x">x</a>' * 300_000))),
    Case(name="attributs", tries="one element with 100,000 attributes", outcome="unreadable", says="took longer", play=answer(lambda: page("Des roses ornées", extra="<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x</p>"))),
    Case(name="titre-immense", tries="a title of 40,000 letters", outcome="off_topic", play=answer(lambda: page("rose " * 8_000))),
    Case(name="dates-sans-fin", tries="50,000 dates", outcome="unreadable", says="too many tags", play=answer(lambda: page("Des roses datées", extra="<time datetime='2024-01-01'>1er janvier 2024</time> " * 50_000))),
    Case(name="espaces", tries="three megabytes of white space and open brackets, for regular expressions", outcome="unreadable", says="too many tags", play=answer(lambda: page("Des roses espacées", extra=" \t" * 750_000 + "<" * 750_000 + "(" * 750_000))),
    Case(name="charset-inconnu", tries="a charset that does not exist", outcome="off_topic", play=answer(page("Des roses chiffrées"), kind="text/html; charset=../../etc/passwd")),
    Case(name="charset-utf7", tries="UTF-7, which hides markup", outcome="off_topic", play=answer(page("Des roses +ADw-script+AD4-"), kind="text/html; charset=utf-7")),
    Case(name="canonique-ailleurs", tries="says that it is an article of another outlet", outcome="off_topic", play=answer(page("Des roses d'ailleurs", head='<link rel="canonical" href="https://www.sadarabat.example/x-800123.html">'))),
    Case(name="binaire", tries="a program instead of a page", outcome="undecodable", play=answer(b"\x7fELF" + bytes(range(256)) * 200)),
    Case(name="chemin", tries="an address that climbs out of a folder", outcome="gone", url="http://nuit.example/c/..%2f..%2f..%2fetc%2fpasswd"),
    Case(name="cles", tries="an address that looks like a query", outcome="gone", url="http://nuit.example/c/$where?a[$ne]=1&b.c=2"),
    Case(name="reserve", tries="reserves itself against text mining", outcome="reserved", says="tdm-reservation", play=answer(page("Rabat et Paris", theme=0), "TDM-Reservation: 1")),
]  # fmt: skip

_ROBOTS_PAGE = answer(page("Des roses permises"))


def _robots(name: str, tries: str, outcome: str, says: str = "") -> Case:
    return Case(
        name=name,
        tries=tries,
        outcome=outcome,
        says=says,
        play=_ROBOTS_PAGE,
        url=f"http://{name}.nuit.example/c/{name}",
    )


ROBOTS = [
    _robots("robots-sans-fin", "a robots.txt without end", "waiting"),
    _robots("robots-bombe", "a robots.txt that is a bomb", "waiting"),
    _robots("robots-boucle", "a robots.txt that redirects to itself", "waiting"),
    _robots("robots-dix", "a robots.txt that redirects to a private address", "refused", "private"),
    _robots("robots-etoiles", "a rule of 2,000 stars, for regular expressions", "off_topic"),
    _robots("robots-nul", "NUL bytes and half a megabyte of one line", "off_topic"),
    _robots("robots-lent", "a Crawl-delay of thirty years", "off_topic"),
    _robots("robots-page", "the home page in place of robots.txt", "off_topic"),
    _robots("tdmrep-profond", "a tdmrep.json nested 100,000 deep", "off_topic"),
    _robots("tdmrep-tout", "a tdmrep.json that reserves everything", "reserved", "tdmrep.json"),
]
RULES = {
    "robots-sans-fin": endless(OK + b"\r\n", b"Disallow: /a\n" * 20_000),
    "robots-bombe": answer(lambda: gzip.compress(zeros()), "Content-Encoding: gzip", kind="text/plain"),
    "robots-boucle": moved("/robots.txt"),
    "robots-dix": moved("http://10.0.0.1/robots.txt"),
    "robots-etoiles": answer(b"User-agent: *\nDisallow: /c/" + b"a*" * 2000 + b"z$\n", kind="text/plain"),
    "robots-nul": answer(b"\x00" * 1000 + b"User-agent: *\nDisallow: /" + b"a" * 500_000, kind="text/plain"),
    "robots-lent": answer(b"User-agent: *\nCrawl-delay: 999999999\nRequest-rate: 1/999999999\n", kind="text/plain"),
    "robots-page": answer(page("Disallow: /")),
    "tdmrep-profond": answer(b"[" * 100_000, kind="application/json"),
    "tdmrep-tout": answer(b'[{"location": "/", "tdm-reservation": 1}]', kind="application/json"),
}
"""Host → its robots.txt, or tdmrep.json."""

TLS = [
    Case(name="autorite", tries="a certificate of an authority that nobody knows", outcome="waiting", url="https://autorite.nuit.example/c/autorite", play=_ROBOTS_PAGE),
    Case(name="perime", tries="a certificate that ran out", outcome="waiting", url="https://perime.nuit.example/c/perime", play=_ROBOTS_PAGE),
    Case(name="autre-nom", tries="the certificate of another host", outcome="waiting", url="https://autre-nom.nuit.example/c/autre-nom", play=_ROBOTS_PAGE),
    Case(name="excepte", tries="a bad certificate of an outlet whose file makes an exception: it is read", outcome="off_topic", url="https://coffre.example/c/excepte", play=_ROBOTS_PAGE),
    Case(name="excepte-ailleurs", tries="the exception of one outlet, used by redirecting to another's bad certificate", outcome="network_error", url="https://coffre.example/c/excepte-ailleurs", play=moved("https://autorite.nuit.example/c/autorite")),
]  # fmt: skip
