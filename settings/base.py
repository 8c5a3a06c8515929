"""Settings of the crawl, each with Scrapy 2.19's default and the reason for leaving it.

Environment: MARSAD_CONTACT (who answers for the crawl), MARSAD_DATA (data folder), MARSAD_WARC (folder of the WARC files),
MONGODB_URI, MONGODB_DATABASE, MARSAD_ALARMS and MARSAD_ALARMS_FILE (where alarms are told), http_proxy and https_proxy.
"""

import os
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_VERSION = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# -- who we are ------------------------------------------------------------------------------------------------------
BOT_NAME = "marsad"
MARSAD_VERSION = _VERSION
MARSAD_CONTACT = os.environ.get("MARSAD_CONTACT", "")
# Default names Scrapy. A webmaster must be able to see who comes, and to write to them.
USER_AGENT = f"Marsad/{_VERSION} (press archive for research{'; ' + MARSAD_CONTACT if MARSAD_CONTACT else ''})"
ROBOTSTXT_USER_AGENT = "Marsad"  # default: the whole user agent; robots.txt groups name a product (RFC 9309, 2.2.1)

# -- where things are ------------------------------------------------------------------------------------------------
SPIDER_LOADER_CLASS = "crawler.loader.SourceSpiderLoader"  # a spider for each outlet's TOML instead of a class
COMMANDS_MODULE = "commands"
SOURCES_DIR = str(_ROOT / "sources" / "outlets")
DATA_DIR = os.environ.get("MARSAD_DATA", str(_ROOT / "data"))
WARC_DIR = os.environ.get("MARSAD_WARC", "")  # empty: warc/ in DATA_DIR
MONGODB_URI = os.environ.get("MONGODB_URI", "")  # empty: the embedded server
MONGODB_DATABASE = os.environ.get("MONGODB_DATABASE", "marsad")

# Where alarms go besides the terminal: apprise's URLs, separated by blanks (they hold passwords), and a file.
ALARMS = os.environ.get("MARSAD_ALARMS", "")
ALARMS_FILE = os.environ.get("MARSAD_ALARMS_FILE", "")

# -- the house -------------------------------------------------------------------------------------------------------
ITEM_PIPELINES = {
    "pipelines.stages.Read": 100,
    "pipelines.stages.Dates": 200,
    "pipelines.stages.Topic": 300,
    "pipelines.stages.Deduplicate": 400,
    "pipelines.stages.Store": 500,
}
READ_WORKERS = int(os.environ.get("MARSAD_WORKERS") or os.cpu_count() or 1)
READ_SECONDS = 20.0  # a page that takes longer is unreadable; the mean is 0.02 s
FRESH_DAYS = 30  # how far back a crawl without `since` looks
# Since its publication, at which an article is visited again by `recheck`; an outlet's TOML may say otherwise. Most
# corrections come within hours, take-downs within weeks.
RECHECK_AGES = ["2h", "6h", "1d", "3d", "1w", "4w", "13w"]
LISTING_PAGES = 500  # pages of one listing in one crawl, a bound for listings without end
WARC_BYTES = 10**9  # a WARC file that is larger is followed by another; the field's usual size
LEASE_SECONDS = 30.0  # after which an outlet is free whose crawl died with its machine; renewed three times as often
STORAGE_SECONDS = 60.0  # how long a crawl waits for a lost MongoDB before it gives up

# -- the schedule ----------------------------------------------------------------------------------------------------
SCHEDULE_REQUESTS = 600  # an hour, on feeds and other entry points of all outlets: what the pace of visits follows from
SCHEDULE_SHORTEST, SCHEDULE_LONGEST = "10m", "6h"  # between two visits of an outlet, where its TOML says nothing
SCHEDULE_SLOTS = 4  # crawls at once on one machine, each with one reading process: 250 MB
SCHEDULE_SECONDS = 3600  # that one crawl may last; the next goes on
SCHEDULE_MEMORY = 1500  # MB of RAM that one crawl may hold, its reading process included
SCHEDULE_SINCE = os.environ.get("MARSAD_SINCE", "")  # how far back idle hands walk the past; empty: not at all
SCHEDULE_PORT = 9410  # figures for Prometheus, on loopback; 0: any free one
WORKER_PORT = 9411  # those of a worker

# -- manners ---------------------------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True  # default False
DOWNLOAD_DELAY = 2.0  # default 0; an outlet's TOML may say otherwise; counted from the end of an answer by our own gate
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8; the same
HOST_LOAD = 0.5  # share of a host's time that is asked for at most: slow answers make longer delays; 0 takes no heed
CRAWL_DELAY_MAX = 120.0  # seconds; a longer Crawl-delay counts as this: an outlet would not be crawled in a day
SLOWDOWN_SECONDS = 5.0  # added to a host's delay after a 429, a 503 or a time-out; doubled by each further one
SLOWDOWN_MAX = 300.0  # what slow answers and trouble may make of a delay
RETRY_AFTER_MAX = (
    300.0  # seconds that a crawl waits for a Retry-After; a longer one ends the crawl of the outlet until then
)
TURNED_AWAY_TIMES = 5  # so many walls, or 429 and 503 answers, in a row end the crawl of an outlet for a growing while
CONTACT_REQUIRED = True  # live outlets are not crawled by nobody
CONCURRENT_REQUESTS = 4  # default 16; what waits in a slot is no longer sorted newest first
DOWNLOAD_DELAY_JITTER = 0  # default 0.5 makes the delay shorter at times; a delay is a promise
RETRY_TIMES = 1  # default 2; the ledger tries again hours later
RETRY_EXCEPTIONS = [  # default has CannotResolveHostError too: asking again at once gives the same answer, slowly
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.DownloadTimeoutError",
    "scrapy.exceptions.ResponseDataLossError",
]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # default ERROR; the outcome is in the ledger
DEFAULT_REQUEST_HEADERS = {  # default "en"
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "ar,fr;q=0.9,*;q=0.5",
}
REFERER_ENABLED = True  # the default, with a policy that says nothing: where we come from is nobody's business
REFERRER_POLICY = "no-referrer"  # default: the full address within a site
COOKIES_ENABLED = False  # default True; a press page needs none, and tldextract fetches a list by a blocking call

# -- defence ---------------------------------------------------------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
DOWNLOAD_HANDLERS = {
    "http": "crawler.handler.DownloadHandler",  # Scrapy's own, which also keeps the exact bytes of every exchange
    "https": "crawler.handler.DownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # on by default; http and https are enough
}
DOWNLOAD_MAXSIZE = 20 * 2**20  # default 1 GiB; the largest real page seen has 5 MB
DOWNLOAD_WARNSIZE = 0  # default 32 MiB, above the maximum
DOWNLOAD_TIMEOUT = 30  # default 180; from the connection to the last byte, so that a drip is cut
GUARD_ALLOW = os.environ.get(
    "MARSAD_GUARD_ALLOW", ""
)  # addresses that may be asked though they are not public, by comma
SITEMAP_FILES = 2000  # sitemaps of one outlet in one crawl, a bound for indexes without end
ADDRESSES = 500_000  # article addresses that one outlet may name in one crawl, a bound for outlets without end
DNS_TIMEOUT = 10  # default 60
REDIRECT_MAX_TIMES = 8  # default 20
METAREFRESH_ENABLED = False  # default True; a page's text must not steer the crawl
HTTPERROR_ALLOW_ALL = True  # default False; the spider gives every status its outcome
URLLENGTH_LIMIT = 4096  # default 2083; an Arabic slug takes six characters a letter
REMOTE_CONTROL_ENABLED = False  # default True
TELNETCONSOLE_ENABLED = False  # default True

# -- the machine -----------------------------------------------------------------------------------------------------
CONCURRENT_ITEMS = 2  # default 100; Scrapy starts that many tasks for every response (measured: a tenth of the loop)
WARN_ON_GENERATOR_RETURN_VALUE = False  # default True; parses the source of every callback again and again
REACTOR_THREADPOOL_MAXSIZE = 30  # default 10; name look-ups that hang must not hold up the other outlets
LOG_LEVEL = "WARNING"  # default DEBUG; what happened is in `runs` and `visits`
STATS_DUMP = False  # default True; the same
EXTENSIONS = {"scrapy.extensions.feedexport.FeedExporter": None}  # articles leave by MongoDB and `scrapy export`
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # lets requests pass while robots.txt loads
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.middlewares.guard.GuardMiddleware": 20,  # before robots.txt is asked
    "crawler.middlewares.archived.ArchivedMiddleware": 50,
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    "crawler.middlewares.compression.BoundedCompression": 590,  # where Scrapy's own stood
    "crawler.middlewares.conditional.ConditionalMiddleware": 595,  # sees each redirect, and a 304 before it is decoded
    "crawler.middlewares.guard.GuardedRedirects": 600,  # where Scrapy's own stood
    "crawler.middlewares.capture.CaptureMiddleware": 950,  # nearest to the wire: redirects and retried errors too
    "crawler.middlewares.manners.MannersMiddleware": 960,  # whatever is sent passes it
    "crawler.middlewares.account.AccountMiddleware": 970,  # next to the downloader: waiting is no answering time
}
