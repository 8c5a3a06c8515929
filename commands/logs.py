"""Log records that page text cannot forge: one line each, without escape sequences, without passwords."""

from __future__ import annotations

import io
import logging
import traceback
from typing import Any

from archive.patience import StorageLost
from language.printable import printable, without_credentials


class PlainRecord(logging.LogRecord):
    """A record that is safe whichever handler and format writes it; a traceback keeps its lines, indented."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            written = io.StringIO()
            traceback.print_exception(*self.exc_info, file=written)
            self.exc_text = printable(without_credentials(written.getvalue().rstrip("\n")), keep="\n").replace(
                "\n", "\n    "
            )

    def getMessage(self) -> str:
        """The message on one line."""
        return printable(without_credentials(super().getMessage()))


def install() -> None:
    """Make every record of this process plain."""
    logging.setLogRecordFactory(PlainRecord)
    logging.getLogger("scrapy.core.scraper").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a callback's failure has not been told yet: that the archive is lost, the crawl has said in one line."""
    return not (record.exc_info and isinstance(record.exc_info[1], StorageLost))
