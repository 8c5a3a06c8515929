"""The sample press: its own outlets and its own database, beside the live archive."""

import os

from settings.base import *  # noqa: F403
from settings.base import _ROOT, DATA_DIR

SOURCES_DIR = str(_ROOT / "tests" / "samplepress" / "outlets")
MONGODB_DATABASE = os.environ.get("MONGODB_DATABASE", "marsad_demo")
WARC_DIR = os.environ.get("MARSAD_WARC", os.path.join(DATA_DIR, "warc-demo"))
DOWNLOAD_DELAY = 0  # the server is ours
