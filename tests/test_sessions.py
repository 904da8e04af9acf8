"""The door: without a valid context nobody sees a row, and nobody ever sees another's."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

import privacy
from db.tables import Enrollment, Learner
from privacy import Viewer
from privacy.session import sign
from tests import cast
from tests.conftest import District

TESS = cast.viewer("Tess Moran")


def seen_with(district: District, context: str, role: str = "chalkline_teacher") -> int:
    """How many learners a transaction sees with this context set by hand."""
    with district.door.engine.begin() as db:
        db.execute(text("SELECT set_config('role', :r, true)"), {"r": role})
        db.execute(text("SELECT set_config('chalkline.context', :c, true)"), {"c": context})
        return db.scalar(select(func.count()).select_from(Learner)) or 0


def signed(
    district: District, *, role: str = "teacher", seconds: int = 60, **changes: object
) -> str:
    said = {
        "district": 1,
        "staff": TESS.staff_id,
        "role": role,
        "expires": int(time.time()) + seconds,
    }
    return sign(district.door.secret, **{**said, **changes})  # type: ignore[arg-type]


def test_a_valid_context_sees_the_teachers_learners(district: District) -> None:
    assert seen_with(district, signed(district)) == 4  # the control for every refusal below


def test_a_missing_context_sees_nothing(district: District) -> None:
    assert seen_with(district, "") == 0


def test_an_expired_context_sees_nothing(district: District) -> None:
    assert seen_with(district, signed(district, seconds=-1)) == 0


def test_a_context_signed_with_another_secret_sees_nothing(district: District) -> None:
    forged = sign(b"x" * 32, district=1, staff=TESS.staff_id, role="teacher", expires=2**40)
    assert seen_with(district, forged) == 0


@pytest.mark.parametrize("part", range(6))
def test_a_context_with_any_part_changed_sees_nothing(district: District, part: int) -> None:
    parts = signed(district).split("|")
    parts[part] = {
        0: "v2",
        1: "2",
        2: str(cast.of("Omar Haddad")),
        3: "counselor",
        4: "9" * 11,
        5: "0" * 64,
    }[part]
    assert seen_with(district, "|".join(parts)) == 0


@pytest.mark.parametrize(
    "garbage", ["|", "v1|||||", "v1|1|x|teacher|1|", "x" * 10_000, "v1|1|2|3|4|5|6|7"]
)
def test_a_garbled_context_sees_nothing(district: District, garbage: str) -> None:
    assert seen_with(district, garbage) == 0


def test_a_context_of_another_role_sees_nothing(district: District) -> None:
    assert seen_with(district, signed(district, role="counselor")) == 0


def test_after_commit_the_connection_sees_nothing(district: District) -> None:
    with privacy.session(TESS) as db:
        assert db.scalar(select(func.count()).select_from(Learner)) == 4
        raw = db.connection.driver_connection
    assert raw is not None
    with pytest.raises(Exception, match="permission denied"):
        raw.execute("SELECT count(*) FROM chalkline.learners")
    raw.rollback()


def test_the_app_cannot_read_the_secret_that_signs(district: District) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(TESS) as db:
        db.execute(text("SELECT * FROM chalkline.context_secrets"))


@pytest.mark.parametrize("role", ["chalkline_job", "chalkline_owner", "postgres"])
def test_the_app_cannot_become_a_role_that_sees_all(district: District, role: str) -> None:
    with pytest.raises(DBAPIError), district.door.engine.begin() as db:
        db.execute(text(f"SET LOCAL ROLE {role}"))


def test_an_unknown_role_is_refused_in_words(district: District) -> None:
    stranger = cast.viewer("Tess Moran", role="janitor")  # type: ignore[arg-type]
    with (
        pytest.raises(privacy.NotAllowed, match="'janitor' is not a role"),
        privacy.session(stranger),
    ):
        pass


def test_interleaved_sessions_on_one_pool_never_see_each_others_rows(district: District) -> None:
    """8 threads x 40 transactions, a quarter of them broken by an error in the middle."""
    expected: dict[str, set[UUID]] = {
        "Tess Moran": {cast.of(n) for n in ("Ana Ruiz", "Ben Cole", "Gia Rossi", "Dev Patel")},
        "Omar Haddad": {cast.of("Eve Lind")},
        "Ines Duarte": {cast.of("Finn Gray")},
        "Carla Weiss": {cast.of(n) for n in ("Ana Ruiz", "Ben Cole", "Dev Patel")},
        "Zoe Quist": {cast.of("Yan Zhou")},
        "Adam Price": set(),
    }

    def work(seed: int) -> list[str]:
        rng = random.Random(seed)
        wrong = []
        for _ in range(40):
            name = rng.choice(list(expected))
            viewer = cast.viewer(name)
            shared = privacy.together(viewer) if rng.random() < 0.5 else nullcontext()
            try:
                with shared, privacy.session(viewer) as db:
                    table = Learner if name != "Adam Price" else None
                    seen = set(db.scalars(select(Learner.learner_id))) if table else set()
                    if seen != expected[name]:
                        wrong.append(name)
                    if rng.random() < 0.25:
                        db.execute(text("SELECT 1/0"))
            except DBAPIError:
                continue
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert [name for found in pool.map(work, range(8)) for name in found] == []


def test_sessions_together_are_one_transaction_of_one_viewer_in_one_thread(
    district: District,
) -> None:
    def at_work(viewer: Viewer) -> tuple[int, int]:
        """Which transaction a session is part of, and how many learners it sees."""
        with privacy.session(viewer) as db:
            number = db.scalar(text("SELECT txid_current()")) or 0
            return number, db.scalar(select(func.count()).select_from(Learner)) or 0

    with privacy.together(TESS):
        one, other = at_work(TESS), at_work(TESS)
        omar = at_work(cast.viewer("Omar Haddad"))
        with ThreadPoolExecutor(1) as pool:
            elsewhere = pool.submit(at_work, TESS).result()
    after = at_work(TESS)
    assert one == other
    assert omar[1] == 1
    assert len({one[0], omar[0], elsewhere[0], after[0]}) == 4


def test_after_an_error_together_the_next_session_is_whole(district: District) -> None:
    with pytest.raises(DBAPIError), privacy.together(TESS), privacy.session(TESS) as db:
        db.execute(text("SELECT 1/0"))
    with privacy.session(TESS) as db:
        assert db.scalar(select(func.count()).select_from(Learner)) == 4


def test_rows_of_another_district_with_the_same_class_identifier_stay_hidden(
    district: District,
) -> None:
    with privacy.session(TESS) as db:
        seen = set(
            db.scalars(select(Enrollment.learner_id).where(Enrollment.class_id == cast.SAME_CLASS))
        )
    assert seen == {cast.of("Ana Ruiz"), cast.of("Ben Cole"), cast.of("Gia Rossi")}
