"""Scores risk at once, where a command has brought news."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from db.people import Progress, quiet


def scored(
    work: Engine,
    districts: Sequence[int] | None,
    *,
    everything: bool = False,
    progress: Progress = quiet,
) -> list[dict[str, Any]]:
    """Scores the risk of whoever has news, and says what came of it."""
    from db.risk.daily import bring_scores  # here: the models take a second that no other needs

    done = bring_scores(
        work,
        now=datetime.now(UTC),
        districts=districts,
        everything=everything,
        progress=progress,
    )
    return [asdict(one) for one in done]
