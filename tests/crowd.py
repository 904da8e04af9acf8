"""Fills a week's release rows with many invented learners, to release figures about."""

from datetime import date
from decimal import Decimal

from sqlalchemy import text

from tests import cast
from tests.conftest import District

WEEK = date(2026, 3, 16)
SCHOOLS = ("Elm Middle School", "Oak Middle School")
# A share of learners for each rate, a mean for the others; what one learner has is her number's.
TRUE = {
    "active": 0.9, "completion": 0.6, "pass": 0.75, "chronic_absence": 0.1, "flagged": 0.15,
    "reached": 0.1,
}  # fmt: skip


def crowd(
    district: District, learners: int = 500, *, week: date = WEEK, year: int = 2026, first: int = 0
) -> None:
    """`learners` more in each school of Lakeside, in grade 7, numbered from `first` on."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.release_versions VALUES (1, :week, :year, :week, now())"
                " ON CONFLICT DO NOTHING"
            ),
            {"week": week, "year": year},
        )
        for school in SCHOOLS:
            db.execute(
                text(_ROWS),
                {
                    "week": week,
                    "school": cast.of(school),
                    "first": first,
                    "last": first + learners - 1,
                    **TRUE,
                },
            )


def remove(district: District, school: str, number: int, *, week: date = WEEK) -> None:
    """Takes one learner of the crowd out of the week."""
    with district.jobs.begin() as db:
        gone = db.execute(
            text(
                "DELETE FROM chalkline.release_rows WHERE district_id = 1 AND data_version = :week"
                " AND row_key = CAST(md5(CAST(:school AS text) || :number) AS uuid)"
            ),
            {"week": week, "school": str(cast.of(school)), "number": str(number)},
        )
    assert gone.rowcount >= 1


def cap(district: District, *, year: Decimal, each: Decimal = Decimal(1)) -> None:
    """Sets this school year's caps, as if two administrators had agreed."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.release_budgets"
                " (district_id, school_year, rho_cap, rho_each, delta)"
                " VALUES (1, 2026, :cap, :each, 0.000001) ON CONFLICT (district_id, school_year)"
                " DO UPDATE SET rho_cap = excluded.rho_cap, rho_each = excluded.rho_each"
            ),
            {"cap": year, "each": each},
        )


def spent(district: District) -> Decimal:
    """What the budget row says."""
    with district.jobs.begin() as db:
        return Decimal(
            db.scalar(
                text(
                    "SELECT coalesce(sum(rho_spent), 0) FROM chalkline.release_budgets"
                    " WHERE district_id = 1"
                )
            )
        )


_ROWS = """
INSERT INTO chalkline.release_rows
    (district_id, data_version, slice, row_key, slice_key, school_id, grade_level, traits, figures)
SELECT 1, :week, 'all', md5(CAST(:school AS text) || n)::uuid, '', :school, 7, '{}',
       jsonb_build_object('enrolment', 1, 'active', (u < :active)::int,
           'completion', (u < :completion)::int, 'pass', (u < :pass)::int,
           'chronic_absence', (u < :chronic_absence)::int, 'flagged', (u < :flagged)::int,
           'reached', (u < :reached)::int, 'progress', 100 * u, 'mastery', 100 * u,
           'assessment_mean', 100 * u, 'on_time', 100 * u, 'attendance', 80 + 20 * u,
           'time_on_task', 200 * u, 'learning_velocity', 4 * u)
FROM (SELECT n, (n * 7919 % 1000) / 1000.0 AS u
      FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) n) AS learners
"""
