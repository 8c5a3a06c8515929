"""Two texts compared in a worker process, whatever becomes of it."""

from __future__ import annotations

import logging

from pipelines.copies import Compare
from pipelines.identity import UNRELATED, Comparison, compare
from pipelines.workers import WorkerLost, Workers

logger = logging.getLogger(__name__)


def comparing(workers: Workers) -> Compare:
    """`identity.compare` in worker processes. Two texts over which one dies twice count as unrelated."""

    async def compared(earlier: str, later: str) -> Comparison:
        lost = ""
        for _ in range(2):
            try:
                return await workers.run(compare, earlier, later)
            except WorkerLost as error:
                lost = str(error)
        logger.warning("two texts cannot be compared, and count as unrelated: %s", lost)
        return UNRELATED

    return compared
