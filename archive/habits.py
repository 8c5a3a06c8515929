"""What the crawl learns of its outlet's habit, kept with the outlet's state."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from archive.lease import Lease
from archive.ledger import Database
from sources.habit import Habit, Visit, learn


async def keep(db: Database, lease: Lease, visit: Visit, zone: ZoneInfo) -> None:
    """Learn from a visit; when the outlet is due again is then to be reckoned anew.

    Args:
        lease: on the source, which only its holder may write.
        zone: the outlet's.
    Raises:
        archive.lease.LeaseLost: another crawl has it.
    """
    state = await db.sources.find_one({"_id": lease.source}, {"habit": 1})
    before = Habit.from_document(state["habit"] if state else None)
    if before is not None and before.at >= visit.at:
        return  # kept already, before the connection was lost
    habit = learn(before, visit, zone)
    done = await db.sources.update_one(
        lease.own, {"$set": {"habit": habit.document(), "due_at": None}, "$unset": {"tries": ""}}
    )
    lease.demand(done.matched_count)


async def wait(db: Database, lease: Lease, until: datetime) -> None:
    """Have an outlet that was closed visited when it opens: it is due then, and nothing has failed.

    Raises:
        archive.lease.LeaseLost: another crawl has it.
    """
    done = await db.sources.update_one(lease.own, {"$set": {"due_at": until}, "$unset": {"tries": ""}})
    lease.demand(done.matched_count)
