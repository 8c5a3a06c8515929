"""The sample press: its own outlets and its own database, beside the live archive."""

import os

from settings.base import *  # noqa: F403
from settings.base import _ROOT, DATA_DIR

SOURCES_DIR = str(_ROOT / "tests" / "samplepress" / "outlets")
MONGODB_DATABASE = os.environ.get("MONGODB_DATABASE", "marsad_demo")
WARC_DIR = os.environ.get("MARSAD_WARC", os.path.join(DATA_DIR, "warc-demo"))
# The server is ours: no delay, and no contact needed.
DOWNLOAD_DELAY = HOST_LOAD = CRAWL_DELAY_MAX = SLOWDOWN_SECONDS = 0
CONTACT_REQUIRED = False
