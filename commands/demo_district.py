"""Makes a demo district: generated, refreshed, measured, furnished, and with accounts to try."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from commands.data import SEED
from commands.databases import jobs
from commands.demo_office import furnish
from commands.logins import Newcomer, give_accounts
from commands.scoring import scored
from commands.terminal import day, watched
from db import demo as generated_district
from db.demo.staff import StaffMember
from db.effects import measure_effects
from db.nightly import work_through
from db.refresh import refresh
from db.settings import Settings
from privacy.keystore import KeyStore
from privacy.names import normalise
from privacy.people import sealer, source_hash

Scale = Literal["small", "district"]


def make_demo(
    settings: Settings, keystore: KeyStore, *, scale: Scale, seed: int = SEED, today: str = ""
) -> dict[str, Any]:
    """Generates and refreshes a district, and gives some of its staff accounts."""
    with jobs(settings) as work, watched() as progress:
        report = generated_district.load(
            work,
            scale=scale,
            seed=seed,
            today=day(today) or datetime.now(UTC).date(),
            seal=sealer(keystore),
            source_hash=source_hash(keystore),
            progress=progress,
        )
        refresh(work, districts=[report.district_id], now=datetime.now(UTC), progress=progress)
        work_through(work, district=report.district_id, now=datetime.now(UTC), progress=progress)
        measure_effects(work, now=datetime.now(UTC), districts=[report.district_id])
        with work.begin() as connection:
            furnish(connection, keystore, report.district_id, report.staff)
        scored(work, [report.district_id], progress=progress)
        logins = give_accounts(work, report.district_id, _to_try(report.staff), settings)
    _release_overview(settings)
    return {
        "district": report.district_id,
        "name": report.name,
        "rows": report.rows,
        "logins": logins,
    }


def _release_overview(settings: Settings) -> None:
    """The week's figures at once, as the worker makes them within a minute of any other loading."""
    from privacy import close_door, open_door, releases  # here: noise takes a second to import

    open_door(settings)
    try:
        releases.weekly_overview(now=datetime.now(UTC))
    finally:
        close_door()


def _to_try(staff: Sequence[StaffMember]) -> list[Newcomer]:
    """A few of the generated staff, the teacher with most to find first."""
    first = next(one for one in staff if one.look_first)
    at_school = [one for one in staff if one.school == first.school]
    other = next(one for one in at_school if one.role == "teacher" and one is not first)
    counselor = next(one for one in at_school if one.role == "counselor")
    office = [one for one in staff if one.school is None]
    # Of these, one proposes and another approves.
    administrators = [one for one in office if one.role == "administrator"][:2]
    clerks = [one for one in office if one.role == "records"]
    officer = next(one for one in office if one.role == "security")
    return [
        Newcomer(one.staff_id, one.display_name, one.role, _sign_in_name(one.display_name))
        for one in (first, other, counselor, *administrators, *clerks, officer)
    ]


def _sign_in_name(display_name: str) -> str:
    """
    >>> _sign_in_name("Nadine Engström")
    'nadine.engstrom'
    """
    return normalise(display_name).replace(" ", ".")
