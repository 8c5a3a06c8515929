"""The sample press as data: for every URL of every host the response, and the truth of every article-looking URL."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from archive.records import Outcome
from tests.samplepress.model import Response, Site, Story, Truth, resource_key
from tests.samplepress.sites import (
    alofok,
    annahda,
    carnetsdusud,
    gazetteoriental,
    majmaa,
    manbar24,
    pharedetroit,
    sadarabat,
    seinematin,
)
from tests.samplepress.sites.base import Shelf
from tests.samplepress.tables import STORIES, load_stories

__all__ = ["OUTLETS", "Press", "Response", "Truth", "load_press"]

OUTLETS: dict[str, ModuleType] = {
    module.OUTLET: module
    for module in (
        sadarabat,
        annahda,
        manbar24,
        alofok,
        majmaa,
        pharedetroit,
        gazetteoriental,
        seinematin,
        carnetsdusud,
    )
}
"""Outlet → the module that makes its site."""


@dataclass(slots=True)
class Press:
    """Every host of the press.

    Attributes:
        stories: by id, oldest first.
        sites: by host name; one site stands under each of its hosts.
        vanished: (host, resource key) of an article → edition → how it is gone then, see `Story`.
    """

    stories: dict[str, Story]
    sites: dict[str, Site]
    vanished: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    _made: dict[tuple[str, str, int], Response] = field(default_factory=dict)

    def respond(self, url: str, edition: int = 1) -> Response | None:
        """What an address answers.

        Args:
            url: absolute; the scheme matters, the fragment does not.
            edition: 1, or 2 … for the pages as later edited.
        Returns:
            None where the press has no such host, or the host does not speak the scheme.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        site = self.sites.get(host)
        if site is None or (site.schemes == "http" and parts.scheme == "https"):
            return None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if host != site.host and host not in site.host_routes:
            return moved(f"{parts.scheme}://{site.host}{target}")
        if parts.scheme == "http" and site.schemes == "https":
            return moved(f"https://{host}{target}")
        key = resource_key(target)
        if how := self.vanished.get((site.host, key), {}).get(edition):
            gone = site.fallback(f"{key}-gone", edition)
            return moved(f"{parts.scheme}://{host}/") if how == "home" else Response(int(how), gone.headers, gone.body)
        made = self._made.get((host, key, edition))
        if made is None:
            route = site.host_routes.get(host, site.routes).get(key)
            if route is None and key.endswith((".jpg", ".webp")):
                return picture(key)
            if route is None:
                # Not remembered: a crawler may ask for any number of addresses that do not exist.
                return site.fallback(key, edition)
            made = self._made[host, key, edition] = route(edition)
        return made

    def truth(self, edition: int = 1) -> list[Truth]:
        """The truth of each article-looking URL that a crawl from the entry points meets.

        Args:
            edition: as for `respond`; the outcomes are those of a first crawl of that edition.
        """
        seen: dict[str, Site] = {site.outlet: site for site in self.sites.values()}
        found = [truth for site in seen.values() for truth in site.truths(edition)]
        for truth in found:
            if self.vanished.get(place(truth.url), {}).get(edition):
                truth.outcome = Outcome.GONE
        return found


def place(url: str) -> tuple[str, str]:
    """Host and resource key of an address."""
    parts = urlsplit(url)
    return parts.hostname or "", resource_key((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def picture(key: str) -> Response:
    """A drawing in place of a photograph: two colours that the address decides."""
    hue = zlib.crc32(key.encode()) % 360
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 675"><defs><linearGradient id="g" y2="1">'
        f'<stop stop-color="hsl({hue},45%,78%)"/><stop offset="1" stop-color="hsl({(hue + 40) % 360},40%,45%)"/>'
        '</linearGradient></defs><path fill="url(#g)" d="M0 0h1200v675H0z"/>'
        '<path fill="#0003" d="M0 675V480l260-150 240 130 220-190 280 210 200-90v285z"/></svg>'
    )
    return Response(200, {"Content-Type": "image/svg+xml"}, drawing.encode())


def moved(target: str) -> Response:
    """A permanent redirect."""
    return Response(301, {"Location": target, "Content-Type": "text/html"}, b"")


def load_press(stories: Path = STORIES, today: date | None = None) -> Press:
    """The press made from its stories.

    Args:
        stories: folder of the tables.
        today: what one outlet prints in its header; the real day where it is absent.
    Raises:
        ValueError: the stories are inconsistent, or two of one outlet share an address.
    """
    loaded = load_stories(stories)
    permalinks: dict[str, Callable[[Story], str]] = {name: module.address for name, module in OUTLETS.items()}

    def address(story: Story) -> str:
        return permalinks[story.outlet](story)

    taken: dict[str, str] = {}
    for story in loaded.values():
        other = taken.setdefault(address(story), story.id)
        if other != story.id:
            raise ValueError(f"{story.id} and {other} share the address {address(story)}: change a title or a time")

    sites: dict[str, Site] = {}
    for name, module in OUTLETS.items():
        own = [story for story in reversed(loaded.values()) if story.outlet == name]
        if not own:
            raise ValueError(f"{name}: the outlet has no story")
        site: Site = module.build(
            Shelf(own, loaded, address, today or datetime.now(ZoneInfo("Africa/Casablanca")).date())
        )
        for host in site.hosts:
            sites[host] = site
    vanished = {place(address(story)): dict(story.vanished) for story in loaded.values() if story.vanished}
    return Press(loaded, sites, vanished)
