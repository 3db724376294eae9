"""Times as the protocol writes them, as datetimes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def read_time(told: Any) -> datetime:
    """Return an ISO-8601 time, such as ``2024-01-15T10:30:00.000Z``, as an aware datetime in UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(str(told).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
