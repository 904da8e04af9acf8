"""The differencing attack on the demo itself: all exact figures of five weeks, every metric, group.

`python -m bench.differencing` makes the small demo on a server of its own, leaves some of its
groups few learners, asks all there is in five weeks in which learners go, come back and are marked
otherwise, few or many, attacks it, and removes it. It tries every k that a district may set.
"""

import os
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Final
from uuid import UUID

from sqlalchemy import text

from bench.home import Home, opened
from db import embedded
from db.refresh import refresh
from privacy import Viewer
from privacy.exact.deciding import LEVELS
from privacy.metrics import METRICS
from tests import attack

# Learners left in the first groups by school and grade; the others keep theirs.
SIZES: Final = (3, 14, 1, 19, 9)
# Of each week after the first: thousandths of the learners who leave and of the marks that change;
# whether those who left two weeks before, and the marks of the week before, come back.
CHANGES: Final = ((6, 20, False), (40, 250, False), (0, 250, True), (80, 250, False))


def main() -> None:
    """Prints a line a metric and level, and the sums over all."""
    with tempfile.TemporaryDirectory(prefix="chalkline-differencing-", dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        os.environ["CHALKLINE_BENCH_HOME"] = folder
        with opened("small", print) as home:
            viewer = _teacher(home)
            weeks, names = [], attack.exact_metrics()
            _thinned(home, viewer)
            for number in range(1 + len(CHANGES)):
                if number:
                    _week_later(home, viewer, number)
                began = process_time()
                weeks.append(_ask(home, viewer, names))
                print(f"week {number + 1}: asked in {process_time() - began:.1f} s of our CPU")
            _attack(viewer, names, weeks)
        embedded.stop(home.server)


def _ask(home: Home, viewer: Viewer, names: list[str]) -> attack.Published:
    """The figures of every k that a district may set; the first question decides them all."""
    found: attack.Published = {}
    for k in LEVELS:
        _set(home, "least_group", k)
        for name, by_k in attack.ask_all(viewer, names).items():
            found.setdefault(name, {}).update(by_k)
    return found


def _attack(viewer: Viewer, names: list[str], weeks: list[attack.Published]) -> None:
    every = []
    for name in names:
        for one in attack.attack(viewer, METRICS[name], weeks):
            every.append(one)
            print(f"{name}, k = {one.k}: {_words(one)}", flush=True)
            for cell in one.fallen:
                print(f"    {cell}")
    together = attack.attack_together(viewer, weeks)
    new, stood, hidden, alone, single = (
        sum(getattr(one, name) for one in every)
        for name in ("new", "stood", "hidden", "fallen_unprotected", "fallen_week_by_week")
    )
    print(
        f"in all, {len(weeks)} weeks: {new:,} new, {stood:,} standing, {hidden:,} hidden; "
        f"{sum(len(one.fallen) for one in every)} recovered, and {len(together)} from all metrics "
        f"together; {alone:,} with small groups hidden alone, {single:,} with each week by itself"
    )
    for cell in together:
        print(f"    together: {cell}")


def _words(one: attack.Attack) -> str:
    return (
        f"{one.new} new, {one.stood} standing, {one.hidden} hidden, {len(one.fallen)} recovered; "
        f"{one.fallen_unprotected} with small groups hidden alone, "
        f"{one.fallen_week_by_week} with each week by itself"
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


def _thinned(home: Home, viewer: Viewer) -> None:
    """The week before the first that is asked for: some groups are left with few learners."""
    with home.raw.begin() as db:
        db.execute(text("CREATE TABLE public.bench_left (learner_id uuid, week integer)"))
        db.execute(text(_THIN), {"d": home.district_id, "sizes": list(SIZES)})
    _refreshed(home, viewer, 0)


def _week_later(home: Home, viewer: Viewer, number: int) -> None:
    """The clock goes on by a week; some learners are gone and some marks are others."""
    leave, scored, back = CHANGES[number - 1]
    given = {"d": home.district_id, "week": number, "leave": leave, "scored": scored}
    with home.raw.begin() as db:
        for change in (*(_BACK if back else ()), _LEAVE, _SCORE):
            db.execute(text(change), given)
    _refreshed(home, viewer, number)


def _refreshed(home: Home, viewer: Viewer, number: int) -> None:
    since = timedelta(weeks=1 + number)
    _set(home, "clock_on", viewer.today + since)
    with home.raw.begin() as db:
        db.execute(text(_GONE), {"d": home.district_id, "week": number})
    refresh(home.jobs, now=datetime.now(UTC) + since, full=True)


_THIN = """
INSERT INTO public.bench_left
SELECT learner_id, 0 FROM (
    SELECT learner_id, dense_rank() OVER (ORDER BY school_id, grade_level) AS of,
           row_number() OVER (PARTITION BY school_id, grade_level ORDER BY learner_id) AS place
    FROM chalkline.learners WHERE district_id = :d) l
WHERE place > (CAST(:sizes AS integer[]))[of]
"""
_LEAVE = """
INSERT INTO public.bench_left
SELECT learner_id, :week FROM chalkline.learners
WHERE district_id = :d AND abs(hashtext(learner_id::text || CAST(:week AS text))) % 1000 < :leave
"""
_GONE = """
UPDATE chalkline.enrollments SET status = 'withdrawn', left_on = enrolled_on
WHERE district_id = :d AND status = 'enrolled'
  AND learner_id IN (SELECT learner_id FROM public.bench_left WHERE week = :week)
"""
_SCORED = "abs(hashtext(learner_id::text || 'marks' || ({week})::text)) % 1000 < {scored}"
_SCORE = f"""
UPDATE chalkline.assessment_attempts SET percent = greatest(0, percent - 20)
WHERE district_id = :d AND {_SCORED.format(week="CAST(:week AS integer)", scored=":scored")}
"""
# Those who left two weeks before are there again, and some marks are as they were.
_BACK = (
    """
UPDATE chalkline.enrollments SET status = 'enrolled', left_on = NULL
WHERE district_id = :d AND status = 'withdrawn'
  AND learner_id IN (SELECT learner_id FROM public.bench_left WHERE week = :week - 2)
""",
    f"""
UPDATE chalkline.assessment_attempts SET percent = least(100, percent + 20)
WHERE district_id = :d AND {_SCORED.format(week="CAST(:week AS integer) - 1", scored="250")}
""",
)

if __name__ == "__main__":
    main()
