"""Who runs the jobs: processes of this machine, or the workers of a Dask cluster. The same function runs either way."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import urlsplit

from schedule import job
from schedule.job import Done, Job

#: Where the scheduler of the Dask cluster is.
VARIABLE = "DASK_SCHEDULER"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_CONNECT_SECONDS = 15


class ClusterFault(ValueError):
    """The cluster cannot be used; the message says what to mend."""


class Hands(Protocol):
    """What runs jobs."""

    @property
    def slots(self) -> int:
        """Jobs that may run at once, now."""

    def submit(self, task: Job) -> Future[Done]:
        """Run a job; the future has how it ended."""

    def close(self) -> None:
        """Let go: crawls of this machine are asked to end and waited for, those of others go on."""


class Local:
    """Processes of this machine."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.pool = ThreadPoolExecutor(slots, thread_name_prefix="job")

    def submit(self, task: Job) -> Future[Done]:
        return self.pool.submit(job.run, task)

    def close(self) -> None:
        job.stop()
        self.pool.shutdown(cancel_futures=True)


class Cluster:
    """The workers of a Dask cluster; a job whose worker dies is given to another one."""

    def __init__(self, address: str) -> None:
        """Join a cluster as its client.

        Raises:
            ClusterFault: it does not answer, or would carry orders unencrypted.
        """
        self.client = connect(address)
        self.pool = self.client.get_executor(pure=False)

    @property
    def slots(self) -> int:
        return sum(self.client.nthreads().values())

    def submit(self, task: Job) -> Future[Done]:
        future: Future[Done] = self.pool.submit(job.run, task)
        return future

    def close(self) -> None:
        self.client.close()


def open_hands(slots: int) -> Hands:
    """The cluster that DASK_SCHEDULER names, else this machine.

    Args:
        slots: crawls that may run at once on this machine.
    Raises:
        ClusterFault: the cluster cannot be used.
    """
    address = os.environ.get(VARIABLE, "")
    return Cluster(address) if address else Local(slots)


def check_address(address: str) -> None:
    """Whether a scheduler may be used: whoever can speak to it runs code on all machines, so that TLS is a must.

    Raises:
        ClusterFault: it may not.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("tls", "tcp") or not host or not port:
        raise ClusterFault(f"{VARIABLE}={address}: write tls://HOST:PORT")
    if parts.scheme == "tcp" and host not in _LOOPBACK:
        raise ClusterFault(
            f"{VARIABLE}={address}: unencrypted, and whoever reaches it runs code on every machine; "
            "use tls:// with certificates (docs/scale.md)"
        )


def security(address: str, role: str = "client") -> Any:
    """What a connection to the scheduler is secured by: the certificates that Dask's configuration names.

    Args:
        role: "client" or "worker".
    Raises:
        ClusterFault: it is to be secured, and they are missing or cannot be read.
    """
    from distributed import Security

    check_address(address)
    if not address.startswith("tls:"):
        return None
    secured = Security(require_encryption=True)  # type: ignore[no-untyped-call]
    for name in ("tls_ca_file", f"tls_{role}_cert", f"tls_{role}_key"):
        path = getattr(secured, name)
        if not path or not os.path.isfile(path):
            raise ClusterFault(
                f"{VARIABLE}={address}: {name} is {path or 'not set'}: name the certificates in "
                f"DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__{role.upper()}__CERT and …__{role.upper()}__KEY (docs/scale.md)"
            )
    return secured


def connect(address: str) -> Any:
    """A client of a Dask scheduler.

    Raises:
        ClusterFault: it does not answer, or may not be used.
    """
    from distributed import Client

    secured = security(address)
    try:
        return Client(address, security=secured, timeout=_CONNECT_SECONDS, name="marsad")  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterFault(f"{VARIABLE}={address}: no answer within {_CONNECT_SECONDS} s: {error}") from error
