"""`scrapy list` and `scrapy crawl NAME` without a class for each outlet: a spider made of each TOML."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from sources import registry
from sources.model import Source

if TYPE_CHECKING:
    from crawler.spider import SourceSpider


class SourceSpiderLoader:
    """Scrapy's SPIDER_LOADER_CLASS over the folder that SOURCES_DIR names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls(Path(settings["SOURCES_DIR"]))

    def list(self) -> list[str]:
        return registry.names(self.folder)

    def load(self, spider_name: str) -> type[Spider]:
        return spider_of(registry.find(spider_name, self.folder))

    def find_by_request(self, request: Request) -> builtins.list[str]:
        owner = registry.owner(request.url, registry.everything(self.folder)[0])
        return [owner.name] if owner else []


def spider_of(source: Source) -> type[SourceSpider]:
    """The spider class of an outlet, with the outlet's manners as its settings."""
    # Scrapy imports every command to run one; only those that crawl need what makes a spider. And it searches the whole stack
    # for each class that it deprecates, which costs a quarter of a second further in.
    import scrapy.core.downloader.contextfactory  # noqa: F401

    from crawler.spider import SourceSpider

    members = {"name": source.name, "source": source, "custom_settings": manners_of(source)}
    return type(f"{source.name.title().replace('-', '')}Spider", (SourceSpider,), members)


def manners_of(source: Source) -> dict[str, Any]:
    """The settings with which every crawl of an outlet keeps to its manners."""
    return {
        "DOWNLOAD_DELAY": source.manners.delay,
        "CONCURRENT_REQUESTS_PER_DOMAIN": source.manners.concurrency,
    }
