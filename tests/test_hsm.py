"""Keys on a PKCS#11 token, tried on SoftHSM2: the same promises as the key file's, and its own."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass
from sqlalchemy import delete, update

from db.tables import DataKey
from privacy.datakeys import data_keys
from privacy.fields import new_data_key
from privacy.hsm import TokenKeyStore
from privacy.keystore import (
    KeyStoreError,
    UnknownKeyError,
    Wrapped,
    learner_context,
    open_keystore,
)
from privacy.rotation import rotate, verify
from tests import cast
from tests.conftest import District

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), MODULES[0])
MARCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ANA, BEN = learner_context("1", "ana"), learner_context("1", "ben")
PIN = "7391"
ELSEWHERE = """
import sys
from datetime import datetime
from privacy.keystore import open_keystore
store, now = open_keystore(sys.argv[1]), datetime.fromisoformat(sys.argv[3])
store.rotate(now=now)
store.retire(sys.argv[2], now=now)
"""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SoftHSM2's folder; its library reads the variable once, when it is first loaded."""
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    return folder


@pytest.fixture
def address(tokens: Path, tmp_path: Path) -> str:
    """A fresh token's."""
    label = f"chalkline-{uuid4().hex[:8]}"
    subprocess.run(
        f"softhsm2-util --init-token --free --label {label} --pin {PIN} --so-pin 564738".split(),
        check=True,
        capture_output=True,
    )
    pkcs11.lib(MODULE).reinitialize()  # SoftHSM2 finds new tokens only so
    pin = tmp_path / "pin"
    pin.touch(0o600)
    pin.write_text(PIN)
    return f"pkcs11:token={label}?module-path={MODULE}&pin-source=file:{pin}"


@pytest.fixture
def store(address: str) -> TokenKeyStore:
    made = open_keystore(address, create_at=MARCH)
    assert isinstance(made, TokenKeyStore)
    return made


def test_a_data_key_wrapped_on_the_token_comes_back(store: TokenKeyStore, address: str) -> None:
    key = new_data_key()
    wrapped = store.wrap(key, context=ANA)
    assert key not in wrapped.blob
    assert open_keystore(address).unwrap(wrapped, context=ANA) == key


def test_the_token_gives_no_key_away(store: TokenKeyStore) -> None:
    for found in store._session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}):
        with pytest.raises(pkcs11.exceptions.PKCS11Error):
            found[Attribute.VALUE]
        assert found[Attribute.SENSITIVE]
        assert not found[Attribute.EXTRACTABLE]


def test_a_data_key_opens_for_no_other_learner(store: TokenKeyStore) -> None:
    wrapped = store.wrap(new_data_key(), context=ANA)
    with pytest.raises(KeyStoreError, match="belongs to another learner"):
        store.unwrap(wrapped, context=BEN)


def test_every_flipped_bit_of_a_key_wrapped_on_the_token_is_refused(store: TokenKeyStore) -> None:
    wrapped = store.wrap(new_data_key(), context=ANA)
    for bit in range(8 * len(wrapped.blob)):
        blob = bytearray(wrapped.blob)
        blob[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyStoreError, match="altered"):
            store.unwrap(Wrapped(wrapped.kek_id, bytes(blob)), context=ANA)
    assert 8 * len(wrapped.blob) == 488


def test_a_kek_destroyed_on_the_token_opens_nothing_and_stays_listed(
    store: TokenKeyStore, address: str
) -> None:
    wrapped = store.wrap(new_data_key(), context=ANA)
    fresh = store.rotate(now=JUNE)
    assert store.current() == fresh
    gone = store.retire(wrapped.kek_id, now=JUNE)
    assert (gone.state, gone.retired_at) == ("retired", JUNE)
    with pytest.raises(UnknownKeyError, match="destroyed"):
        store.unwrap(wrapped, context=ANA)
    assert open_keystore(address).keys() == [gone, fresh]


def test_another_process_rotation_on_the_token_counts(store: TokenKeyStore, address: str) -> None:
    """Our store believes in the old KEK for a second; destroyed, it is asked for no more."""
    wrapped = store.wrap(new_data_key(), context=ANA)
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, address, wrapped.kek_id, JUNE.isoformat()],
        cwd=Path(__file__).parents[1],
        check=True,
    )
    fresh = store.wrap(new_data_key(), context=ANA)
    assert fresh.kek_id != wrapped.kek_id
    assert len(store.unwrap(fresh, context=ANA)) == 32
    with pytest.raises(UnknownKeyError):
        store.unwrap(wrapped, context=ANA)


def test_the_current_kek_of_a_token_is_not_destroyed(store: TokenKeyStore) -> None:
    with pytest.raises(KeyStoreError, match="in use"):
        store.retire(store.current().kek_id, now=JUNE)


def test_secrets_of_a_token_differ_and_outlive_its_keks(store: TokenKeyStore) -> None:
    before = {name: store.secret(name) for name in ("index", "token", "pseudonym")}
    store.rotate(now=JUNE)
    assert {name: store.secret(name) for name in before} == before
    assert len({*before.values()}) == 3
    assert {len(secret) for secret in before.values()} == {32}


def test_a_token_without_our_keys_is_not_filled_by_surprise(address: str) -> None:
    with pytest.raises(KeyStoreError, match="holds no key of Chalkline"):
        open_keystore(address)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a.replace("token=", "token=another-"), "no single token"),
        (lambda a: a.split("&")[0] + "&pin-value=9999", "PIN of token"),
        (lambda a: a.replace("libsofthsm2", "libnone"), "can not be used"),
        (lambda a: a.split("?")[0], "should be like"),
        (lambda a: a + "-gone", "can not be read"),
    ],
)
def test_a_token_that_can_not_be_used_says_why_and_never_the_pin(
    address: str, change: object, said: str
) -> None:
    with pytest.raises(KeyStoreError, match=said) as refusal:
        open_keystore(change(address), create_at=MARCH)
    assert PIN not in str(refusal.value)
    assert "9999" not in str(refusal.value)


def test_a_pin_file_open_to_others_is_refused(address: str, tmp_path: Path) -> None:
    (tmp_path / "pin").chmod(0o644)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        open_keystore(address, create_at=MARCH)


def test_a_database_rotates_on_a_token(district: District, store: TokenKeyStore) -> None:
    ana = cast.of("Ana Ruiz")
    with district.jobs.begin() as db:
        plain = data_keys(db, district.door.keystore, cast.LAKESIDE, [ana])[ana]
        db.execute(delete(DataKey).where(DataKey.learner_id != ana))
        wrapped = store.wrap(plain, context=learner_context(str(cast.LAKESIDE), ana))
        db.execute(update(DataKey).values(kek_id=wrapped.kek_id, wrapped=wrapped.blob))
    done = rotate(district.jobs, store, now=MARCH + timedelta(days=90))
    assert (done.rewrapped, done.retired) == (1, (wrapped.kek_id,))
    assert verify(district.jobs, store).opened == 1
    with district.jobs.begin() as db:
        assert data_keys(db, store, cast.LAKESIDE, [ana])[ana] == plain
