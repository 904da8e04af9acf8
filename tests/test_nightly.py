"""What is done at night is done once, in each district's own night, and never lost."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from db.nightly import due, work_nights, work_through
from tests import cast
from tests.conftest import District

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


def waiting(district: District, now: datetime) -> list[int]:
    with district.jobs.begin() as db:
        return list(due(db, now=now))


def done_at(district: District, when: datetime) -> None:
    for number in (cast.LAKESIDE, cast.HILLCREST):
        work_through(district.jobs, district=number, now=when)


def test_a_district_is_due_at_once_and_then_not_before_its_next_night(district: District) -> None:
    assert waiting(district, NOON) == [cast.LAKESIDE, cast.HILLCREST]
    done_at(district, NOON)
    assert waiting(district, NOON + timedelta(hours=1)) == []
    assert waiting(district, NOON + timedelta(hours=17)) == []  # five in the morning, but too soon
    assert waiting(district, NOON + timedelta(hours=25)) == []  # the next noon, and not at night
    assert waiting(district, NOON + timedelta(hours=37)) == [1, 2]  # the second night
    assert waiting(district, NOON + timedelta(hours=45)) == [1, 2]  # missed: at any hour


def test_night_falls_where_the_schools_are(district: District) -> None:
    done_at(district, NOON)
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.institutions SET timezone = 'Asia/Tokyo'"
                " WHERE kind = 'district' AND district_id = 2"
            )
        )
    assert waiting(district, NOON + timedelta(hours=30)) == [2]  # 18:00 in UTC, 03:00 in Tokyo


def test_one_districts_failure_keeps_no_other_waiting(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.institutions SET timezone = 'Nowhere/Land'"
                " WHERE kind = 'district' AND district_id = 1"
            )
        )
    with pytest.raises(Exception, match="time zone"):
        work_nights(district.jobs, NOON)
    with district.jobs.begin() as db:
        db.execute(text("UPDATE chalkline.institutions SET timezone = 'UTC'"))
    assert waiting(district, NOON + timedelta(hours=1)) == [1]
