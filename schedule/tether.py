"""`python -m schedule.tether PARENT ARGUMENT…`: become `scrapy ARGUMENT…`, to be killed by the kernel when PARENT dies.

A process of its own, as the tie must be made by the child itself before it does anything, and outlives `exec` (prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie, make sure that the parent has not died meanwhile, and go over into the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(sys.argv[1]):
            sys.exit("the parent is gone")
    os.execv(sys.executable, [sys.executable, "-m", "scrapy", *sys.argv[2:]])  # noqa: S606 - our own command


if __name__ == "__main__":
    main()
