"""The audit trail: who adds and reads, and every way of tampering with it, tried and caught."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

import privacy
from db.audit import AuditError, Notary, chain, checkpoint, keyuse, unusual, verify
from db.audit.keyuse import USED, tell_uses
from db.audit.merkle import Tree
from db.audit.work import chain_all, check, sign
from privacy import people, trail
from tests import cast
from tests.conftest import District

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TESS, SAM = cast.viewer("Tess Moran"), cast.viewer("Sam Shah")
ROOTS = (  # of RFC 6962's reference implementation, for its eight inputs
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
LEAVES += ("606162636465666768696a6b6c6d6e6f",)


class UndoneError(Exception):
    """Rolls a transaction back."""


@pytest.fixture
def notary(district: District, tmp_path: Path) -> Notary:
    """A notary of this test's own."""
    return Notary.of(replace(district.settings, checkpoints=tmp_path / "checkpoints"))


@pytest.fixture
def thief(district: District) -> Iterator[Engine]:
    """Somebody with every right over the database, and none over the folder of checkpoints."""
    engine = create_engine(district.super_url)
    yield engine
    engine.dispose()


def write(rows: int, *, viewer: privacy.Viewer = TESS, action: str = "looked") -> None:
    """So many rows, each in a transaction of its own."""
    for number in range(rows):
        with privacy.session(viewer) as db:
            trail.record(db, viewer, action, detail={"number": number})


def signed_trail(district: District, notary: Notary) -> None:
    """Thirty rows: twenty signed at once, ten more signed later."""
    for count in (20, 10):
        write(count)
        chain_all(district.jobs, now=NOW)
        sign(district.jobs, notary, now=NOW)


def faults(district: District, notary: Notary) -> tuple[str | None, int | None]:
    """What verification says."""
    with district.jobs.begin() as db:
        verdict = verify(db, notary)
    return verdict.fault, verdict.bad_row


def by_chain_alone(district: District, tmp_path: Path) -> str | None:
    """What verification would say without checkpoints: the negative control."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS "
                "SELECT * FROM chalkline.audit_checkpoints"
            )
        )
        db.execute(text("DELETE FROM chalkline.audit_checkpoints"))
        verdict = verify(db, Notary.of(replace(district.settings, checkpoints=tmp_path / "none")))
        db.execute(text("INSERT INTO chalkline.audit_checkpoints SELECT * FROM kept"))
    return verdict.fault


# The tree.


def test_the_tree_is_that_of_rfc_6962() -> None:
    tree, roots = Tree(), []
    for leaf in LEAVES:
        tree.extend([bytes.fromhex(leaf)])
        roots.append(tree.root().hex())
    assert tuple(roots) == ROOTS


@pytest.mark.parametrize("cut", range(9))
def test_a_tree_goes_on_from_its_peaks_alone(cut: int) -> None:
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    tree = Tree()
    tree.extend(leaves[:cut])
    again = Tree(tree.size, list(tree.peaks))
    again.extend(leaves[cut:])
    assert again.root().hex() == ROOTS[-1]


# Writing.


@pytest.mark.parametrize(
    "verb",
    [
        "UPDATE chalkline.audit_log SET action = 'x'",
        "UPDATE chalkline.audit_log SET position = 1",
        "DELETE FROM chalkline.audit_log",
        "TRUNCATE chalkline.audit_log",
    ],
)
def test_every_role_of_the_application_can_only_add(district: District, verb: str) -> None:
    write(1)
    for name in ("Tess Moran", "Carla Weiss", "Adam Price", "Rita Sol", "Sam Shah"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            privacy.session(cast.viewer(name)) as db,
        ):
            db.execute(text(verb))
    with pytest.raises(DBAPIError, match="permission denied"), privacy.signin_session() as db:
        db.execute(text(verb))


def test_nobody_gives_a_row_its_place_herself(district: District) -> None:
    statement = text(
        "INSERT INTO chalkline.audit_log (district_id, actor, role, action, position)"
        " VALUES (1, :a, 'teacher', 'x', 7)"
    )
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        privacy.session(TESS) as db,
    ):
        db.execute(statement, {"a": TESS.staff_id})


def test_signing_in_writes_no_row_that_looks_like_a_persons(district: District) -> None:
    statement = text(
        "INSERT INTO chalkline.audit_log (district_id, actor, role, action) VALUES (1, :a, :r, 'x')"
    )
    with privacy.signin_session() as db:
        db.execute(statement, {"a": TESS.staff_id, "r": "sign-in"})
    with pytest.raises(DBAPIError, match="row-level security"), privacy.signin_session() as db:
        db.execute(statement, {"a": TESS.staff_id, "r": "teacher"})


def test_eight_writers_with_rollbacks_leave_no_gap(district: District, notary: Notary) -> None:
    def one(number: int) -> int:
        kept = 0
        for turn in range(12):
            try:
                with privacy.session(TESS) as db:
                    trail.record(db, TESS, "looked", detail={"writer": number, "turn": turn})
                    if (number + turn) % 3 == 0:
                        raise UndoneError
                    kept += 1
            except UndoneError:
                pass
            if turn % 4 == 0:
                chain_all(district.jobs, now=NOW)
        return kept

    with ThreadPoolExecutor(8) as pool:
        kept = sum(pool.map(one, range(8)))
    chain_all(district.jobs, now=NOW)
    with district.jobs.begin() as db:
        positions = list(db.scalars(text("SELECT position FROM chalkline.audit_log ORDER BY 1")))
        assert verify(db, notary).fault is None
    assert positions == list(range(1, kept + 1))
    assert kept == 64


def test_a_row_is_chained_once_and_in_batches(district: District) -> None:
    write(7)
    placed = []
    for _ in range(4):
        with district.jobs.begin() as db:
            placed.append(chain(db, most=3))
    assert placed == [3, 3, 1, 0]


# Seeing.


def test_reading_names_is_noted_once_and_by_anonymous_identifiers(district: District) -> None:
    learners = [cast.of("Ana Ruiz"), cast.of("Ben Cole"), cast.of("Eve Lind")]
    for _ in range(3):
        with privacy.session(TESS) as db:
            assert len(people.names(db, TESS, learners)) == 2
    with district.jobs.begin() as db:
        rows = db.execute(text("SELECT action, actor, detail FROM chalkline.audit_log")).all()
    expected = sorted(str(cast.of(f"anonymous {name}")) for name in ("Ana Ruiz", "Ben Cole"))
    assert [(row.action, row.actor) for row in rows] == [("saw learners", TESS.staff_id)]
    assert sorted(rows[0].detail["subjects"]) == expected


def test_a_view_that_failed_is_noted_when_it_succeeds(district: District) -> None:
    learners = [cast.of("Ana Ruiz")]
    with suppress(UndoneError), privacy.session(TESS) as db:
        people.names(db, TESS, learners)
        raise UndoneError
    with privacy.session(TESS) as db:
        people.names(db, TESS, learners)
    with district.jobs.begin() as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.audit_log")) == 1


def test_each_reads_her_own_rows_and_the_security_officer_her_districts(district: District) -> None:
    zoe = cast.viewer("Zoe Quist")
    for viewer in (TESS, cast.viewer("Omar Haddad"), zoe):
        write(1, viewer=viewer)

    def seen(viewer: privacy.Viewer) -> set[object]:
        with privacy.session(viewer) as db:
            return set(db.scalars(text("SELECT actor FROM chalkline.audit_log")))

    assert seen(TESS) == {TESS.staff_id}
    assert seen(SAM) == {TESS.staff_id, cast.of("Omar Haddad")}
    assert seen(zoe) == {zoe.staff_id}
    assert seen(cast.viewer("Adam Price")) == set()


# Tampering.


def test_an_honest_trail_is_whole(district: District, notary: Notary) -> None:
    signed_trail(district, notary)
    assert faults(district, notary) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'read nothing'",
        "actor = gen_random_uuid()",
        "at = at - interval '1 microsecond'",
        "detail = '{}'",
        "subject = gen_random_uuid()",
        "role = 'counselor'",
        "district_id = 2",
        "hash = sha256(hash)",
        "previous = sha256(previous)",
        "audit_id = gen_random_uuid()",
    ],
)
def test_a_changed_row_is_named(
    district: District, notary: Notary, thief: Engine, change: str
) -> None:
    signed_trail(district, notary)
    with thief.begin() as db:
        db.execute(text(f"UPDATE chalkline.audit_log SET {change} WHERE position = 13"))
    fault, row = faults(district, notary)
    assert row == 13
    assert fault is not None
    assert "Row 13" in fault


def test_a_fault_early_in_a_long_trail_is_named_and_kept(
    district: District, notary: Notary, thief: Engine
) -> None:
    """The rest is still on its way from the server when the fault is found."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.audit_log (district_id, actor, role, action, detail)"
                " SELECT 1, gen_random_uuid(), 'teacher', repeat('looked ', 40), '{}'"
                " FROM generate_series(1, 20000)"
            )
        )
    chain_all(district.jobs, now=NOW)
    with thief.begin() as db:
        db.execute(text("UPDATE chalkline.audit_log SET action = 'x' WHERE position = 7"))
    assert check(district.jobs, notary, now=NOW).bad_row == 7
    with privacy.session(SAM) as db:
        assert db.scalar(text("SELECT bad_row FROM chalkline.audit_checks")) == 7


def test_a_missing_row_is_named(district: District, notary: Notary, thief: Engine) -> None:
    signed_trail(district, notary)
    with thief.begin() as db:
        db.execute(text("DELETE FROM chalkline.audit_log WHERE position = 13"))
    assert faults(district, notary) == ("Row 13 is missing: row 14 follows.", 13)


def test_two_rows_that_changed_places_are_named(
    district: District, notary: Notary, thief: Engine
) -> None:
    signed_trail(district, notary)
    with thief.begin() as db:
        for before, after in ((13, 1000), (14, 13), (1000, 14)):
            db.execute(
                text("UPDATE chalkline.audit_log SET position = :a WHERE position = :b"),
                {"a": after, "b": before},
            )
    assert faults(district, notary)[1] == 13


def test_rows_cut_off_the_end_are_missed_by_the_chain_and_caught_by_the_checkpoints(
    district: District, notary: Notary, thief: Engine, tmp_path: Path
) -> None:
    signed_trail(district, notary)
    with thief.begin() as db:
        db.execute(text("DELETE FROM chalkline.audit_log WHERE position > 25"))
    assert by_chain_alone(district, tmp_path) is None  # the control
    fault, row = faults(district, notary)
    assert row == 26
    assert fault is not None
    assert "rows 26 to 30 are missing" in fault


def written_anew(thief: Engine, first: int) -> None:
    """What a thief does: changes a row and makes every hash from there on again."""
    with thief.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.audit_log SET action = CASE position WHEN :n THEN 'nothing' "
                "ELSE action END, position = NULL, previous = NULL, hash = NULL "
                "WHERE position >= :n"
            ),
            {"n": first},
        )
        chain(db)


def test_a_chain_written_anew_is_missed_by_the_chain_and_caught_by_the_checkpoints(
    district: District, notary: Notary, thief: Engine, tmp_path: Path
) -> None:
    signed_trail(district, notary)
    written_anew(thief, 23)
    assert by_chain_alone(district, tmp_path) is None  # the control
    fault, row = faults(district, notary)
    assert row == 21  # the first twenty rows still have their signed root
    assert fault is not None
    assert "between 21 and 30" in fault


def test_later_checkpoints_do_not_heal_a_chain_written_anew(
    district: District, notary: Notary, thief: Engine
) -> None:
    signed_trail(district, notary)
    written_anew(thief, 5)
    write(5)
    chain_all(district.jobs, now=NOW)
    assert sign(district.jobs, notary, now=NOW) == 35
    assert faults(district, notary)[1] == 1


def test_a_trail_shorter_than_its_checkpoint_is_not_signed_again(
    district: District, notary: Notary, thief: Engine
) -> None:
    signed_trail(district, notary)
    with thief.begin() as db:
        db.execute(text("DELETE FROM chalkline.audit_log WHERE position > 25"))
    with pytest.raises(AuditError, match="missing from its end"):
        sign(district.jobs, notary, now=NOW)
    with privacy.session(SAM) as db:
        told = db.execute(text("SELECT fault, bad_row FROM chalkline.audit_checks")).one()
    assert told.bad_row == 26


def test_a_thief_of_the_database_can_not_sign(
    district: District, notary: Notary, thief: Engine, tmp_path: Path
) -> None:
    signed_trail(district, notary)
    written_anew(thief, 5)
    forger = replace(notary, key=Ed25519PrivateKey.generate())
    (file,) = notary.folder.glob("*.jsonl")
    file.unlink()
    with thief.begin() as db:
        db.execute(text("DELETE FROM chalkline.audit_checkpoints"))
    with district.jobs.begin() as db:
        assert checkpoint(db, forger, now=NOW) is not None
        assert verify(db, forger).fault is None  # the control: it is whole by the forger's key
    fault, _ = faults(district, notary)
    assert fault is not None
    assert "no checkpoint signed with this installation's key" in fault


def test_a_lost_folder_of_checkpoints_is_told(district: District, notary: Notary) -> None:
    signed_trail(district, notary)
    (file,) = notary.folder.glob("*.jsonl")
    file.unlink()
    fault, _ = faults(district, notary)
    assert fault is not None
    assert "lacks 2 that the database knows" in fault


def test_every_changed_bit_of_a_checkpoint_is_refused(district: District, notary: Notary) -> None:
    write(3)
    chain_all(district.jobs, now=NOW)
    sign(district.jobs, notary, now=NOW)
    (file,) = notary.folder.glob("*.jsonl")
    good = file.read_bytes()
    [kept] = notary.kept()
    refused = 0
    for place in range(0, len(good) - 1, 3):
        changed = bytearray(good)
        changed[place] ^= 1
        file.write_bytes(changed)
        try:
            read = [(one.size, one.root, one.at) for one in notary.kept()]
        except AuditError:
            refused += 1
        else:  # white space, or the key's name, which is not signed
            assert read == [(kept.size, kept.root, kept.at)]
    assert refused > 80


def test_nothing_is_signed_when_nothing_is_new(district: District, notary: Notary) -> None:
    signed_trail(district, notary)
    assert sign(district.jobs, notary, now=NOW) is None
    assert len(list(notary.kept())) == 2


def test_a_check_is_kept_for_the_security_officer(district: District, notary: Notary) -> None:
    signed_trail(district, notary)
    check(district.jobs, notary, now=NOW)
    with privacy.session(SAM) as db:
        told = db.execute(text("SELECT rows, fault FROM chalkline.audit_checks")).one()
    assert tuple(told) == (30, None)
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(TESS) as db:
        db.execute(text("SELECT 1 FROM chalkline.audit_checks"))


# Uses of keys.


def used(district: District, when: datetime, *uses: tuple[str, str, str, int]) -> None:
    """Batches of uses as they would have been written at another time: (who, key, why, number)."""
    with district.jobs.begin() as db:
        for who, key, why, number in uses:
            db.execute(
                text(
                    "INSERT INTO chalkline.key_usage"
                    " (district_id, kek_id, actor, purpose, uses, at)"
                    " VALUES (1, :key, :who, :why, :number, :at)"
                ),
                {"who": who, "key": key, "why": why, "number": number, "at": when},
            )


def told(district: District, action: str) -> list[dict[str, object]]:
    """Details of the trail's rows of a kind, in the order of the chain."""
    chain_all(district.jobs, now=NOW)
    with privacy.session(SAM) as db:
        rows = db.scalars(
            text("SELECT detail FROM chalkline.audit_log WHERE action = :a ORDER BY position"),
            {"a": action},
        )
        return list(rows)


TEACHER = f"teacher {TESS.staff_id}"


def test_an_hours_uses_of_keys_become_one_row_a_key_and_purpose(district: District) -> None:
    with district.jobs.begin() as db:
        tell_uses(db, now=datetime.now(UTC) + timedelta(hours=1))  # the cast's own
    before, hour = len(told(district, USED)), NOW - timedelta(hours=1)
    page = (TEACHER, "k1", "showing a page", 30)
    used(district, hour, page, page, ("loader", "k1", "sealing", 5), (TEACHER, "k2", page[2], 1))
    used(district, NOW + timedelta(minutes=1), page)
    with district.jobs.begin() as db:
        assert tell_uses(db, now=NOW + timedelta(minutes=4)) == 3
    with district.jobs.begin() as db:
        assert tell_uses(db, now=NOW + timedelta(minutes=5)) == 0
    rows = told(district, USED)[before:]
    assert sorted((row["key"], row["purpose"], row["uses"], row["users"]) for row in rows) == [
        ("k1", "sealing", 5, 1),
        ("k1", "showing a page", 60, 1),
        ("k2", "showing a page", 1, 1),
    ]
    assert {row["hour"] for row in rows} == {"2026-03-20T11:00Z"}
    with district.jobs.begin() as db:  # the hour that had not ended
        assert tell_uses(db, now=NOW + timedelta(hours=1, minutes=4)) == 1


@pytest.mark.parametrize(
    "change", ["UPDATE chalkline.key_usage SET uses = 1", "DELETE FROM chalkline.key_usage"]
)
def test_a_log_of_key_uses_that_was_changed_is_named(
    district: District, notary: Notary, thief: Engine, change: str
) -> None:
    used(district, NOW - timedelta(hours=1), (TEACHER, "k1", "showing a page", 30))
    with district.jobs.begin() as db:
        tell_uses(db, now=NOW)
    chain_all(district.jobs, now=NOW)
    assert faults(district, notary) == (None, None)  # the control
    with thief.begin() as db:
        db.execute(text(f"{change} WHERE kek_id = 'k1'"))
    fault, row = faults(district, notary)
    assert row is not None
    assert fault is not None
    assert "30 uses of key k1" in fault


def test_far_more_uses_of_keys_than_ever_are_told_once_and_many_as_ever_are_not(
    district: District,
) -> None:
    rush, omar = keyuse.MANY, f"teacher {cast.of('Omar Haddad')}"
    for ago in range(2, 9):  # Omar's work takes as many keys every hour
        used(district, NOW - timedelta(hours=ago), (omar, "k1", "a page", rush))
        used(district, NOW - timedelta(hours=ago), (TEACHER, "k1", "a page", 300))
    used(
        district,
        NOW - timedelta(hours=1),
        (omar, "k1", "a page", rush),
        (TEACHER, "k1", "a page", rush),
    )
    for _ in range(2):
        with district.jobs.begin() as db:
            tell_uses(db, now=NOW)
    assert alerts(district) == [("keys", "Tess Moran", rush)]
    assert told(district, keyuse.UNUSUAL) == [{"uses": rush, "hour": "2026-03-20T11:00Z"}]


def test_nobody_who_counts_uses_says_that_they_were_told(district: District) -> None:
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        privacy.signin_session() as db,
    ):
        db.execute(
            text(
                "INSERT INTO chalkline.key_usage (kek_id, actor, purpose, uses, told_in)"
                " VALUES ('k', 'x', 'y', 1, gen_random_uuid())"
            )
        )


# Unusual access.


def at(
    db: Connection, name: str, moments: Iterator[datetime], action: str, learners: list[str]
) -> None:
    """Rows of the trail as they would have been written at other times."""
    for learner in learners:
        db.execute(
            text(
                "INSERT INTO chalkline.audit_log (district_id, at, actor, role, action, subject) "
                "VALUES (1, :at, :actor, 'teacher', :action, :subject)"
            ),
            {
                "at": next(moments),
                "actor": cast.of(name),
                "action": action,
                "subject": cast.of(f"anonymous {learner}") if learner else None,
            },
        )


def every(start: datetime, step: timedelta) -> Iterator[datetime]:
    """Moments from `start` on."""
    return (start + number * step for number in itertools.count())


def alerts(district: District) -> list[tuple[str, str, int]]:
    """(kind, whose, count) of all alerts."""
    chain_all(district.jobs, now=NOW)
    names = {cast.of(name): name for name in cast.STAFF}
    with privacy.session(SAM) as db:
        rows = db.execute(text("SELECT kind, actor, count FROM chalkline.access_alerts ORDER BY 1"))
        return [(row.kind, names[row.actor], row.count) for row in rows]


def test_a_burst_of_records_is_told_once_with_its_count(district: District) -> None:
    strangers = [f"learner {number}" for number in range(unusual.BURST)]
    with district.jobs.begin() as db:
        at(db, "Tess Moran", every(NOW, timedelta(seconds=20)), unusual.VIEWED, strangers[:-1])
    assert alerts(district) == []
    with district.jobs.begin() as db:
        at(
            db,
            "Tess Moran",
            every(NOW + timedelta(minutes=9), timedelta(0)),
            unusual.VIEWED,
            strangers,
        )
    assert alerts(district) == [("burst", "Tess Moran", unusual.BURST)]
    assert alerts(district) == [("burst", "Tess Moran", unusual.BURST)]


def test_the_same_learner_opened_often_is_no_burst(district: District) -> None:
    with district.jobs.begin() as db:
        at(db, "Tess Moran", every(NOW, timedelta(seconds=1)), unusual.VIEWED, ["Ana Ruiz"] * 60)
    assert alerts(district) == []


def test_looking_at_night_is_told_and_by_day_is_not(district: District) -> None:
    night = datetime(2026, 3, 20, 2, 30, tzinfo=UTC)
    with district.jobs.begin() as db:
        at(db, "Omar Haddad", every(NOW, timedelta(0)), unusual.VIEWED, ["Eve Lind"])
        at(db, "Tess Moran", every(night, timedelta(0)), unusual.VIEWED, ["Ana Ruiz", "Ben Cole"])
    assert alerts(district) == [("night", "Tess Moran", 2)]


def test_night_is_by_the_districts_clock(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.institutions SET timezone = 'America/Chicago' "
                "WHERE kind = 'district'"
            )
        )
        moment = datetime(2026, 3, 20, 2, 30, tzinfo=UTC)  # half past nine in the evening there
        at(db, "Tess Moran", every(moment, timedelta(0)), unusual.VIEWED, ["Ana Ruiz"])
    assert alerts(district) == []


def test_a_learner_of_another_school_is_told_and_ones_own_is_not(district: District) -> None:
    with district.jobs.begin() as db:
        at(db, "Tess Moran", every(NOW, timedelta(0)), unusual.VIEWED, ["Ana Ruiz", "Finn Gray"])
    assert alerts(district) == [("other school", "Tess Moran", 1)]


def test_guessing_at_an_account_is_told(district: District) -> None:
    with district.jobs.begin() as db:
        at(db, "Tess Moran", every(NOW, timedelta(0)), unusual.REFUSED, [""] * unusual.GUESSES)
        at(db, "Omar Haddad", every(NOW, timedelta(0)), unusual.REFUSED, [""])
    assert alerts(district) == [("guessing", "Tess Moran", unusual.GUESSES)]


def test_nobody_reviews_an_alert_about_herself(district: District) -> None:
    with district.jobs.begin() as db:
        at(db, "Sam Shah", every(NOW, timedelta(0)), unusual.REFUSED, [""] * unusual.GUESSES)
    assert alerts(district) == [("guessing", "Sam Shah", unusual.GUESSES)]
    review = text("UPDATE chalkline.access_alerts SET reviewed_by = :who, reviewed_at = now()")
    with pytest.raises(DBAPIError, match="check constraint"), privacy.session(SAM) as db:
        db.execute(review, {"who": SAM.staff_id})


def test_the_hash_is_over_the_row_as_copy_writes_it(district: District) -> None:
    write(1)
    chain_all(district.jobs, now=NOW)
    with district.jobs.begin() as db:
        row = db.execute(
            text(
                "SELECT concat_ws(E'\\t', position, audit_id, district_id, at AT TIME ZONE 'UTC',"
                " actor, role, action, '\\N', detail) AS line, hash FROM chalkline.audit_log"
            )
        ).one()
    assert sha256(bytes(32) + row.line.encode()).digest() == bytes(row.hash)
