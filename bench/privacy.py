"""Audits the release mechanism at full size, and times releases about 100,000 learners."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import text

from bench.home import Home, Say
from bench.measuring import milliseconds, spread
from bench.processes import used
from privacy import Viewer, exact, releases
from privacy.releases import OVERVIEW, measuring
from privacy.releases.accounting import epsilon
from privacy.releases.noise import Noisy, noisy
from tests.neighbours import AUDITS

RUNS: Final = 100_000  # a side
LEARNERS: Final = 100_000
EXACT: Final = (10_000, 100_000)  # learners
SCHOOLS: Final = 60
WEEK: Final = date(2026, 3, 16)
PAGES: Final = 200
PAGE_TO_REACH: Final = 50.0  # ms
FIRST_TO_REACH: Final = 2_000.0  # ms
CATCHING: Final = ("a rate: one learner added", "a rate of some: one learner added")


def run(home: Home, say: Say) -> dict[str, Any]:
    """Both; the district is made for it and taken away again."""
    return {
        "audit": _audits(say),
        "controls": _controls(say),
        "speed": _speed(home, say),
        "exact": {learners: _exact(home, say, learners) for learners in EXACT},
    }


def _audits(say: Say) -> list[dict[str, Any]]:
    found = []
    for name, audit in AUDITS.items():
        say(f"{name}: {RUNS:,} runs a side ...")
        verdict = audit.verdict(RUNS // len(audit.before))
        found.append(
            {
                "neighbours": name,
                "runs": RUNS // len(audit.before),
                "claim": float(audit.claim()),
                "claimed epsilon": epsilon(audit.claim()),
                **asdict(verdict),
            }
        )
    return found


def _controls(say: Say) -> list[dict[str, Any]]:
    found = []
    for left in (0.5, 0.85):

        def weak(values: list[int], left: float = left, **terms: Any) -> Noisy:
            right = noisy(values, **terms)
            true = np.asarray(values, dtype=np.float64)
            less = true + (np.array(right.values) - true) * left
            return replace(right, values=tuple(less.tolist()))

        for name in CATCHING:
            say(f"{name}, with {left:.0%} of the noise ...")
            audit = AUDITS[name]
            with patch.object(measuring, "noisy", weak):
                verdict = audit.verdict(RUNS)
            found.append(
                {
                    "neighbours": f"{name}, {left:.0%} of the noise",
                    "claim": float(audit.claim()),
                    **asdict(verdict),
                }
            )
    return found


def _speed(home: Home, say: Say) -> dict[str, Any]:
    say(f"Making {LEARNERS:,} learners of {SCHOOLS} schools ...")
    with _district(home, LEARNERS) as viewer:
        first = {
            name: _cost(home, lambda name=name: releases.release(viewer, name, "school"))
            for name in ("enrolment", *OVERVIEW[1:], "median_time", "score_bands")
        }
        overview = milliseconds(
            lambda: releases.overview(viewer)
        )  # the district's, of the schools'
        stored = [
            milliseconds(lambda: releases.stored(viewer, OVERVIEW, "school")) for _ in range(PAGES)
        ]
        again = [
            milliseconds(lambda: releases.release(viewer, "pass", "school")) for _ in range(PAGES)
        ]
        page = _cost(
            home, lambda: [releases.stored(viewer, OVERVIEW, "school") for _ in range(PAGES)]
        )
    return {
        "learners": LEARNERS,
        "first release": first,
        "whole district": overview,
        "page of twelve": asdict(spread(stored)),
        "one stored": asdict(spread(again)),
        "page of twelve, processor": page["processor"] / PAGES,
    }


def _exact(home: Home, say: Say, learners: int) -> dict[str, dict[str, float]]:
    """The first time in a week that anybody of a school asks, and the second time."""
    say(f"Making {learners:,} learners of {SCHOOLS} schools ...")
    with _district(home, learners) as viewer:
        with home.jobs.begin() as db:
            for statement in (_TERM, _CLASSES, _TAUGHT):
                db.execute(text(statement), {"district": viewer.district_id, "week": WEEK})
        teacher = replace(viewer, role="teacher")
        return {
            name: _cost(
                home, lambda name=name: exact.figures(teacher, name.split()[0], patient=True)
            )
            for name in ("enrolment", "pass", "assessment_mean", "pass again")
        }


def _cost(home: Home, do: Callable[[], object]) -> dict[str, float]:
    """Milliseconds by the clock, and of processor time in this process and in PostgreSQL's."""
    before = used(os.getpid(), home.server.pid or 0)
    clock = milliseconds(do)
    took = used(os.getpid(), home.server.pid or 0) - before
    return {"clock": clock, "processor": 1_000 * (took.app + took.database)}


@contextmanager
def _district(home: Home, learners: int) -> Iterator[Viewer]:
    """A district with weekly rows and nothing else."""
    with home.raw.begin() as db:
        number = db.scalar(text("SELECT max(district_id) + 1 FROM chalkline.institutions")) or 1
    with home.jobs.begin() as db:
        db.execute(text(_INSTITUTIONS), {"district": number, "schools": SCHOOLS})
        db.execute(
            text(
                "INSERT INTO chalkline.release_versions"
                " VALUES (:district, :week, 2026, :week, now())"
            ),
            {"district": number, "week": WEEK},
        )
        db.execute(text(_ROWS), {"district": number, "week": WEEK, "learners": learners})
    with home.raw.execution_options(isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text("VACUUM ANALYZE chalkline.release_rows"))
    try:
        yield Viewer(
            district_id=number,
            staff_id=UUID(int=0),
            account_id=uuid4(),
            role="administrator",
            name="bench",
            district_name="Bench",
            generated=True,
            today=WEEK,
        )
    finally:
        with home.raw.begin() as db:
            for table in (
                "releases", "release_budgets", "release_rows", "release_versions", "classes",
                "academic_terms",
            ):  # fmt: skip
                db.execute(
                    text(f"DELETE FROM chalkline.{table} WHERE district_id = :district"),
                    {"district": number},
                )
            for kind in ("school", "district"):
                db.execute(
                    text(
                        "DELETE FROM chalkline.institutions"
                        " WHERE district_id = :district AND kind = :kind"
                    ),
                    {"district": number, "kind": kind},
                )


_INSTITUTIONS = """
WITH top AS (
    INSERT INTO chalkline.institutions (district_id, institution_id, kind, name, generated)
    VALUES (:district, gen_random_uuid(), 'district', 'Bench', true) RETURNING institution_id)
INSERT INTO chalkline.institutions (district_id, institution_id, kind, parent_id, name, generated)
SELECT :district, gen_random_uuid(), 'school', top.institution_id, 'School ' || n, true
FROM top, generate_series(1, :schools) n
"""
_ROWS = """
INSERT INTO chalkline.release_rows
    (district_id, data_version, slice, row_key, slice_key, school_id, grade_level, traits, figures)
SELECT :district, :week, 'all', gen_random_uuid(), '', s.ids[1 + n % array_length(s.ids, 1)],
       6 + n / array_length(s.ids, 1) % 3, '{}', jsonb_build_object('enrolment', 1,
           'active', (u < 0.9)::int,
           'completion', (u < 0.6)::int, 'pass', (u < 0.7)::int, 'chronic_absence', (u < 0.1)::int,
           'flagged', (u < 0.1)::int, 'reached', 0, 'progress', 100 * u, 'mastery', 100 * u,
           'assessment_mean', 100 * u, 'on_time', 100 * u, 'attendance', 80 + 20 * u,
           'time_on_task', 200 * u)
FROM (SELECT array_agg(institution_id) AS ids FROM chalkline.institutions
      WHERE district_id = :district AND kind = 'school') s,
     (SELECT n, (n * 7919 % 1000) / 1000.0 AS u
      FROM generate_series(1, CAST(:learners AS bigint)) n) l
"""
# Every school teaches three grades all nine courses of the generated catalogue.
_TERM = """
INSERT INTO chalkline.academic_terms
    (district_id, term_id, code, name, school_year, starts_on, ends_on)
VALUES (:district, gen_random_uuid(), 'bench', 'Bench', 2026, :week, CAST(:week AS date) + 90)
"""
_CLASSES = """
INSERT INTO chalkline.classes (district_id, class_id, school_id, course_id, term_id, title,
    grade_level, starts_on, ends_on)
SELECT :district, gen_random_uuid(), i.institution_id, c.course_id, t.term_id, 'Bench', g.grade,
       t.starts_on, t.ends_on
FROM chalkline.institutions i, chalkline.academic_terms t, generate_series(6, 8) AS g (grade),
     (SELECT course_id FROM chalkline.courses ORDER BY course_id LIMIT 9) c
WHERE i.district_id = :district AND i.kind = 'school' AND t.district_id = :district
"""
_TAUGHT = """
INSERT INTO chalkline.release_rows
    (district_id, data_version, slice, row_key, slice_key, school_id, grade_level, traits, figures)
SELECT r.district_id, r.data_version, s.slice, r.row_key, s.key, r.school_id, r.grade_level, '{}',
       r.figures
FROM chalkline.release_rows r,
     LATERAL (SELECT 'course' AS slice, course_id::text AS key FROM (
                  SELECT course_id, row_number() OVER (ORDER BY course_id) AS n
                  FROM chalkline.courses) c
              WHERE n <= 9 AND (n + r.grade_level) % 3 = 0
              UNION ALL SELECT DISTINCT 'subject', subject FROM (
                  SELECT subject, row_number() OVER (ORDER BY course_id) AS n
                  FROM chalkline.courses) c
              WHERE n <= 9 AND (n + r.grade_level) % 3 = 0) s
WHERE r.district_id = :district AND r.data_version = :week AND r.slice = 'all'
"""
