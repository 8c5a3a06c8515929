"""What a hostile case is, and the bytes that it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Answers one request in its own way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attack.

    Attributes:
        name: unique; part of its address.
        tries: what it tries, for people.
        outcome: what becomes of the address: an outcome, "waiting" where nothing is asked, or "entry" for an entry point.
        says: words that the detail, or the entry point's error, holds.
        group: chapter of docs/hostile-web.md.
        play: the answer; None where nothing is ever asked.
        url: its address, where that is not the ordinary one of its group.
    """

    name: str
    tries: str
    outcome: str
    says: str = ""
    group: str = ""
    play: Play | None = None
    url: str = ""


def raw(*pieces: bytes) -> Play:
    """Some bytes, then the end of the connection."""

    async def play(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return play


def answer(
    body: bytes | Callable[[], bytes], *headers: str, status: int = 200, kind: str = "text/html; charset=utf-8"
) -> Play:
    """A whole answer; a body that costs memory is made when it is asked for."""

    async def play(writer: asyncio.StreamWriter) -> None:
        made = body() if callable(body) else body
        head = [
            f"HTTP/1.1 {status} X",
            f"Content-Type: {kind}",
            f"Content-Length: {len(made)}",
            "Connection: close",
            *headers,
        ]
        writer.write("\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + made)
        await writer.drain()

    return play


def moved(location: str, status: int = 302) -> Play:
    """A redirect; a surrogate escape in the address is a raw octet."""
    return answer(b"", f"Location: {location}", status=status)


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Play:
    """A beginning, then the same again for as long as anybody listens, but no longer than half a minute."""

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        until = asyncio.get_running_loop().time() + 30
        while asyncio.get_running_loop().time() < until and not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return play


THEMES = (
    "La direction générale de la sûreté nationale marocaine et la police nationale française ont démantelé à Marseille un "
    "réseau de trafic de cannabis venu du Rif. Sept suspects ont été présentés au parquet de Rabat et au tribunal de Paris. "
    "Les enquêteurs saluent un échange de renseignements rapide entre les deux pays.",
    "Le bureau central d'investigations judiciaires du Maroc a transmis à la DGSI française des éléments sur une cellule "
    "terroriste qui projetait un attentat à Lyon. Deux hommes ont été arrêtés à Fès, un troisième à Toulouse. Les services "
    "de Rabat et de Paris travaillent ensemble depuis le printemps.",
    "La France a remis au Maroc un homme recherché pour blanchiment et escroquerie, en vertu de la convention d'extradition "
    "entre Paris et Rabat. Le ministère marocain de la Justice remercie le parquet de Bordeaux. Abdellatif Hammouchi avait "
    "reçu le directeur de la police judiciaire française la semaine passée.",
)


def page(title: str, *, theme: int | None = None, head: str = "", extra: str = "") -> bytes:
    """An article on one of the themes, or on gardening."""
    text = (
        THEMES[theme]
        if theme is not None
        else "Les roses anciennes demandent une terre légère et peu d'eau. On les taille au début du mois de mars, quand le "
        "gel n'est plus à craindre. Le jardin botanique ouvre ses serres au public chaque dimanche matin."
    )
    paragraphs = "".join(f"<p>{part.strip()}.</p>" for part in text.split(". ") if part.strip())
    return (
        f'<!doctype html><html lang="fr"><head><title>{title}</title>{head}'
        '<meta property="article:published_time" content="2025-11-20T09:00:00+01:00"></head>'
        f"<body><article><h1>{title}</h1>{paragraphs}{extra}</article></body></html>"
    ).encode()
