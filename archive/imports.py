"""WARC and WACZ files from elsewhere: what they hold of known outlets is taken into the WARC folder, record by record.

A file of a news crawl has a gigabyte, of which a few megabytes are ours. The records of articles are copied unchanged,
with their ids, digests and dates and under the foreign warcinfo, into a file of `imported/`, one gzip member each: what an
article points to stays citable when the foreign file is gone, and the rest costs no disk.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from archive import replay
from archive.warc import reader
from archive.warc.reader import IMPORTED, Damage, Record
from archive.warc.records import media_type
from sources import registry
from sources.model import Source
from sources.urls import canonicalize

_KINDS = (".warc", ".warc.gz", ".wacz")
_MAX_HEAD = 2**16
_KEPT = ("response", "revisit", "request", "metadata")
_CHUNK = 2**20


class ImportFault(ValueError):
    """A file cannot be imported; the message names it."""


@dataclass(slots=True)
class Taken:
    """What was taken from a file.

    Attributes:
        files: names of the WARC files that hold its records now, relative to the WARC folder.
        pages: responses taken now.
        known: responses taken earlier.
        others: pages of known outlets whose address is no article's.
        unknown: pages of hosts that belong to no known outlet.
        damage: what cannot be read.
    """

    files: list[str] = field(default_factory=list)
    pages: int = 0
    known: int = 0
    others: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    damage: list[Damage] = field(default_factory=list)

    def add(self, other: Taken) -> None:
        """Count another file's in."""
        self.files += other.files
        self.pages, self.known, self.others = (
            self.pages + other.pages,
            self.known + other.known,
            self.others + other.others,
        )
        self.unknown += other.unknown
        self.damage += other.damage


def check(path: Path) -> None:
    """Whether a file may be imported.

    Raises:
        ImportFault: it does not exist, or is none of a kind that is read.
    """
    if not path.is_file():
        raise ImportFault(f"{path}: no such file")
    if not path.name.endswith(_KINDS):
        raise ImportFault(f"{path}: not a {', '.join(_KINDS)} file")


def take(path: Path, folder: Path, sources: list[Source], barred: frozenset[str] = frozenset()) -> Taken:
    """Take what a file holds of the outlets into the WARC folder; doing it again takes nothing twice.

    Args:
        path: a .warc, .warc.gz or .wacz file.
        folder: the WARC folder.
        sources: the known outlets.
        barred: addresses of what was withdrawn, which does not come in again.
    Raises:
        ImportFault: the file is not what its name says.
        OSError: it cannot be read, or the folder not be written.
    """
    target = folder / IMPORTED
    target.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".wacz":
        return _take_warc(path, path.name, target, sources, barred)
    taken = Taken()
    try:
        with zipfile.ZipFile(path) as wacz:
            names = [name for name in wacz.namelist() if re.fullmatch(r"archive/[^/]+\.warc(\.gz)?", name)]
            if not names:
                raise ImportFault(f"{path}: holds no WARC file under archive/")
            for name in names:
                part = target / f"{os.getpid()}-{Path(name).name}.part"
                try:
                    with wacz.open(name) as packed, part.open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked, _CHUNK)
                    taken.add(_take_warc(part, f"{path.stem}-{Path(name).name}", target, sources, barred))
                finally:
                    part.unlink(missing_ok=True)
    except zipfile.BadZipFile as error:
        raise ImportFault(f"{path}: no WACZ (zip) file: {error}") from error
    return taken


def try_take(path: Path, folder: Path, sources: list[Source], barred: frozenset[str] = frozenset()) -> Taken | str:
    """What `take` gives, or in words why the file cannot be imported; for a worker process."""
    try:
        return take(path, folder, sources, barred)
    except ImportFault as error:
        return str(error)
    except OSError as error:
        return f"{error.filename or path}: {error.strerror}"


def _take_warc(path: Path, name: str, target: Path, sources: list[Source], barred: frozenset[str]) -> Taken:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name.removesuffix(".gz").removesuffix(".warc"))[:100]
    own = f"{stem}-{_digest(path)}"
    before = sorted(target.glob(f"{own}*.warc.gz"))
    known = {capture["_id"] for file in before for capture in replay.content(file).captures}
    taken = Taken(files=[reader.file_name(file) for file in before])
    made = target / f"{own}{f'-{len(before) + 1}' if before else ''}.warc.gz"
    part = made.with_name(made.name + ".part")
    with part.open("wb") as stream:
        for item in _records(path, name):
            if isinstance(item, Damage):
                taken.damage.append(item)
            elif item.type == "warcinfo" or (
                not _is_barred(item.url, sources, barred) and _wanted(item, sources, known, taken)
            ):
                stream.write(_member(path, item))
        stream.flush()
        os.fsync(stream.fileno())
    if taken.pages:
        part.rename(made)
        taken.files.append(reader.file_name(made))
    else:
        part.unlink()
    return taken


def _is_barred(url: str, sources: list[Source], barred: frozenset[str]) -> bool:
    if not barred:
        return False
    try:
        source = registry.owner(url, sources)
        return url in barred or canonicalize(url, rules=source.identity if source else None) in barred
    except ValueError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def _wanted(record: Record, sources: list[Source], known: set[str], taken: Taken) -> bool:
    """Whether a record belongs to an article of a known outlet; counts what it is."""
    if record.type not in _KEPT:
        return False
    url = record.url.removeprefix("urn:discovery:")
    try:
        host = urlsplit(url).hostname or ""
        source = registry.owner(url, sources)
    except ValueError:
        return False
    if not host:
        return False  # a DNS answer
    if record.type not in ("response", "revisit"):
        return source is not None and registry.is_article(url, source)
    answer = record.message
    leads = 300 <= answer.status < 400 and answer.status != 304
    if source is not None and leads:
        return True  # an address that leads to an article is one more name of it
    if answer.status != 200 or media_type(answer) not in ("", "text/html", "application/xhtml+xml"):
        return False
    if source is None:
        taken.unknown[host] += 1
        return False
    if not registry.is_article(url, source):
        taken.others += 1
        return False
    if record.id in known:
        taken.known += 1
        return False
    taken.pages += 1
    return True


# -- reading files of any framing --------------------------------------------------------------------------------------


def _records(path: Path, name: str) -> Iterator[Record | Damage]:
    """The records of a file; those of one without a member for each record have no length."""
    if _is_member_wise(path, name):
        yield from reader.scan(path)
        return
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as stream:
        yield from _sequential(cast(BinaryIO, stream), name)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _is_member_wise(path: Path, name: str) -> bool:
    """Whether each record is a gzip member of its own, judged by the first.

    Raises:
        ImportFault: it is no WARC file.
    """
    with path.open("rb") as stream:
        start = stream.read(_CHUNK)
    packed = start[:2] == b"\x1f\x8b"
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(start, _CHUNK) if packed else start
    except zlib.error as error:
        raise ImportFault(f"{name}: damaged from its first byte on: {error}") from error
    if not plain.startswith(b"WARC/"):
        raise ImportFault(f"{name}: no WARC file: begins with {plain[:12]!r}")
    if not packed:
        return False
    head, _, rest = plain.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    return length is None or len(rest) <= int(length[1]) + 4


def _sequential(stream: BinaryIO, name: str) -> Iterator[Record | Damage]:
    """The records of a plain stream, one after the other; after damage it goes on at the next one."""
    position = 0
    head = b""
    lost: int | None = None
    while True:
        try:
            line = stream.readline(_MAX_HEAD)
        except (EOFError, OSError, zlib.error) as error:
            yield Damage(name, position, position, f"cannot be read on: {error}")
            return
        if not line:
            if lost is not None or head:
                yield Damage(name, position if lost is None else lost, position, "cut off, or no records")
            return
        position += len(line)
        if not head and not line.startswith(b"WARC/"):
            if line.strip() and lost is None:
                lost = position - len(line)
            continue
        head += line
        if line.strip() and len(head) <= _MAX_HEAD:
            continue
        if lost is not None:
            yield Damage(name, lost, position - len(head), "no records")
            lost = None
        length = re.search(rb"(?im)^content-length:\s*(\d+)\s*$", head)
        size = int(length[1]) if length else 0
        block = stream.read(min(size, reader.MAX_RECORD))
        position += len(block)
        if len(block) < size:
            lost = position - len(block) - len(head)
        else:
            try:
                yield reader.parse(
                    head.rstrip(b"\r\n").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                    + b"\r\n\r\n"
                    + block
                    + b"\r\n\r\n"
                )
            except ValueError:
                lost = position - len(block) - len(head)
        head = b""


def _member(path: Path, record: Record) -> bytes:
    """A record as a gzip member: as it lies in the file where it is one there, else packed anew, its bytes unchanged."""
    if record.length:
        with path.open("rb") as stream:
            stream.seek(record.offset)
            return stream.read(record.length)
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(record.raw) + packer.flush()
