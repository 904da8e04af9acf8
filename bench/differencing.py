"""The differencing attack on the demo itself: all exact figures of two weeks, every metric, group.

`python -m bench.differencing` makes the small demo on a server of its own, asks all there is, lets
a week pass in which learners go and are marked otherwise, asks again, and removes it. It tries
every k that a district may set. The control is the same attack where only small groups are hidden.
"""

import os
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from bench.home import Home, opened
from db import embedded
from db.refresh import refresh
from privacy import Viewer
from privacy.exact.deciding import LEVELS
from privacy.metrics import METRICS
from tests import attack

LEFT: Final = 0.04  # of the learners, in the week between
SCORED: Final = 0.25  # of the marks are another by then


def main() -> None:
    """Prints a line a metric and level: published, hidden, fallen, and what falls unprotected."""
    with tempfile.TemporaryDirectory(prefix="chalkline-differencing-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        os.environ["CHALKLINE_BENCH_HOME"] = folder
        with opened("small", print) as home:
            viewer = _teacher(home)
            weeks, names = [], attack.exact_metrics()
            for number in range(2):
                if number:
                    _week_later(home, viewer)
                began = process_time()
                weeks.append(_ask(home, viewer, names))
                print(f"week {number + 1}: asked in {process_time() - began:.1f} s of our CPU")
            _attack(viewer, names, weeks)
        embedded.stop(home.server)


def _ask(home: Home, viewer: Viewer, names: list[str]) -> dict[str, dict[int, list[Any]]]:
    """The figures of every k that a district may set; the first question decides them all."""
    found: dict[str, dict[int, list[Any]]] = {}
    for k in LEVELS:
        _set(home, "least_group", k)
        for name, by_k in attack.ask_all(viewer, names).items():
            found.setdefault(name, {}).update(by_k)
    return found


def _attack(viewer: Viewer, names: list[str], weeks: list[Any]) -> None:
    shown = hidden = fallen = bare = 0
    for name in names:
        for one in attack.attack(viewer, METRICS[name], weeks):
            print(
                f"{name}, k = {one.k}: {one.shown} published, {one.hidden} hidden, "
                f"{len(one.fallen)} recovered; with small groups hidden alone "
                f"{one.fallen_unprotected}"
            )
            for cell in one.fallen:
                print(f"    {cell}")
            shown, hidden = shown + one.shown, hidden + one.hidden
            fallen, bare = fallen + len(one.fallen), bare + one.fallen_unprotected
    print(
        f"in all: {shown:,} figures published, {hidden:,} hidden, {fallen} recovered; "
        f"{bare} with small groups hidden alone"
    )


def _teacher(home: Home) -> Viewer:
    with home.raw.begin() as db:
        row = db.execute(
            text(
                "SELECT r.staff_id, i.name, coalesce(i.clock_on, current_date) AS today"
                " FROM chalkline.staff_roles r"
                " JOIN chalkline.institutions i ON i.district_id = r.district_id"
                "  AND i.kind = 'district'"
                " WHERE r.district_id = :d AND r.role = 'teacher'"
                "  AND NOT EXISTS (SELECT FROM chalkline.staff_roles o"
                "   WHERE o.staff_id = r.staff_id AND o.role = 'administrator') LIMIT 1"
            ),
            {"d": home.district_id},
        ).one()
    return Viewer(
        district_id=home.district_id,
        staff_id=row.staff_id,
        account_id=UUID(int=0),
        role="teacher",
        name="bench",
        district_name=row.name,
        generated=True,
        today=row.today,
    )


def _set(home: Home, column: str, value: int | date) -> None:
    with home.raw.begin() as db:
        db.execute(
            text(
                f"UPDATE chalkline.institutions SET {column} = :value"
                " WHERE district_id = :d AND kind = 'district'"
            ),
            {"d": home.district_id, "value": value},
        )


def _week_later(home: Home, viewer: Viewer) -> None:
    """The clock goes on by a week; some learners are gone and some marks are others."""
    _set(home, "clock_on", viewer.today + timedelta(weeks=1))
    with home.raw.begin() as db:
        db.execute(text("CREATE TABLE public.bench_left (learner_id uuid)"))
        db.execute(
            text(
                "INSERT INTO public.bench_left SELECT learner_id FROM chalkline.learners"
                " WHERE district_id = :d AND abs(hashtext(learner_id::text)) % 1000 < :left"
            ),
            {"d": home.district_id, "left": int(1000 * LEFT)},
        )
        for change in _CHANGES:
            db.execute(text(change), {"d": home.district_id, "scored": int(1000 * SCORED)})
    refresh(home.jobs, now=datetime.now(UTC) + timedelta(weeks=1), full=True)


_WHOSE = "district_id = :d AND learner_id IN (SELECT learner_id FROM public.bench_left)"
_SCORED = "district_id = :d AND abs(hashtext(learner_id::text || 'b')) % 1000 < :scored"
_CHANGES: Final = (
    f"UPDATE chalkline.enrollments SET status = 'withdrawn', left_on = enrolled_on WHERE {_WHOSE}"
    " AND status = 'enrolled'",
    f"UPDATE chalkline.assessment_attempts SET percent = greatest(0, percent - 20) WHERE {_SCORED}",
)

if __name__ == "__main__":
    main()
