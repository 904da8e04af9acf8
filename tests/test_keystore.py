"""The key store: what it keeps, what it refuses, and what survives rotation, crashes and crowds."""

import base64
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from privacy.fields import new_data_key
from privacy.keystore import (
    KeyStoreError,
    UnknownKeyError,
    Wrapped,
    learner_context,
    open_keystore,
)
from privacy.local_keystore import LocalKeyStore

MARCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ANA = learner_context("north", "ana")
BEN = learner_context("north", "ben")
PROCESSES = 8


@pytest.fixture(autouse=True)
def _plain_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's tests leave a page as `__main__`, and a spawned process would run it first."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keys.json"


@pytest.fixture
def store(path):
    return open_keystore(path, create_at=MARCH)


def key_file(path: Path) -> dict:
    return json.loads(path.read_text())


def everything_said(problem: BaseException) -> str:
    """The error's words and those of every error behind it, attributes included."""
    said = ""
    while problem is not None:
        said += f"{problem!r} {problem.args} {vars(problem)} {getattr(problem, 'doc', '')}"
        problem = problem.__cause__ or problem.__context__
    return said


# Wrapping


def test_a_wrapped_data_key_comes_back(store):
    key = new_data_key()
    wrapped = store.wrap(key, context=ANA)
    assert wrapped.kek_id == store.current().kek_id
    assert key not in wrapped.blob
    assert store.unwrap(wrapped, context=ANA) == key


def test_a_key_wrapped_in_an_earlier_version_still_opens(path):
    path.parent.mkdir()
    kek = {
        "id": "20260302-0badcafe",
        "created_at": "2026-03-02T08:00:00+00:00",
        "state": "active",
        "retired_at": None,
        "key": base64.b64encode(bytes(range(32))).decode(),
    }
    path.write_text(json.dumps({"notice": "", "version": 1, "keks": [kek], "secrets": {}}))
    path.chmod(0o600)
    stored = (
        "0138230590db256714cda7e220a31d45ad6caa81f3058b6660642b65b966c7acf6b75252bbbd4bbb"
        "1c38f1e1d625c7ab966c1c755fbc5cd341af751343"
    )
    wrapped = Wrapped("20260302-0badcafe", bytes.fromhex(stored))
    assert open_keystore(path).unwrap(wrapped, context=ANA) == b"d" * 32


def test_a_data_key_does_not_open_for_another_learner(store):
    wrapped = store.wrap(new_data_key(), context=ANA)
    with pytest.raises(KeyStoreError, match="belongs to another learner"):
        store.unwrap(wrapped, context=BEN)


def test_a_data_key_does_not_open_under_another_kek_of_the_store(store):
    wrapped = store.wrap(new_data_key(), context=ANA)
    newer = store.rotate(now=JUNE)
    with pytest.raises(KeyStoreError, match="altered"):
        store.unwrap(Wrapped(newer.kek_id, wrapped.blob), context=ANA)


def test_every_flipped_bit_of_a_wrapped_key_is_refused(store):
    wrapped = store.wrap(new_data_key(), context=ANA)
    refused = 0
    for bit in range(8 * len(wrapped.blob)):
        blob = bytearray(wrapped.blob)
        blob[bit // 8] ^= 1 << bit % 8
        with pytest.raises(KeyStoreError, match="altered"):
            store.unwrap(Wrapped(wrapped.kek_id, bytes(blob)), context=ANA)
        refused += 1
    assert refused == 8 * 61


def test_every_shortened_wrapped_key_is_refused(store):
    wrapped = store.wrap(new_data_key(), context=ANA)
    for length in range(len(wrapped.blob)):
        with pytest.raises(KeyStoreError, match="altered"):
            store.unwrap(Wrapped(wrapped.kek_id, wrapped.blob[:length]), context=ANA)


def test_a_key_of_another_store_is_refused_by_name(store, tmp_path):
    other = open_keystore(tmp_path / "other.json", create_at=MARCH)
    wrapped = other.wrap(new_data_key(), context=ANA)
    with pytest.raises(UnknownKeyError, match=f"{wrapped.kek_id}.*Restore the key file"):
        store.unwrap(wrapped, context=ANA)


def test_only_a_whole_data_key_is_wrapped(store):
    with pytest.raises(KeyStoreError, match="32 bytes, this one is 5"):
        store.wrap(b"short", context=ANA)


# Rotation and retirement


def test_rotation_leaves_old_wraps_readable(store):
    key = new_data_key()
    before = store.wrap(key, context=ANA)
    newer = store.rotate(now=JUNE)
    after = store.wrap(key, context=ANA)
    assert store.current() == newer
    assert before.kek_id != newer.kek_id == after.kek_id
    assert store.unwrap(before, context=ANA) == store.unwrap(after, context=ANA) == key


def test_a_retired_kek_opens_nothing_and_says_when_it_went(store):
    wrapped = store.wrap(new_data_key(), context=ANA)
    store.rotate(now=JUNE)
    store.retire(wrapped.kek_id, now=JUNE)
    with pytest.raises(UnknownKeyError, match="retired on 2026-06-01 and destroyed"):
        store.unwrap(wrapped, context=ANA)


def test_a_retired_kek_is_gone_from_the_file_but_not_from_the_list(store, path):
    old = store.current()
    material = key_file(path)["keks"][0]["key"]
    assert material in path.read_text()
    newer = store.rotate(now=JUNE)
    retired = store.retire(old.kek_id, now=JUNE)
    assert material not in path.read_text()
    assert (retired.state, retired.created_at, retired.retired_at) == ("retired", MARCH, JUNE)
    assert open_keystore(path).keys() == [retired, newer]


def test_retiring_twice_keeps_the_first_date(store):
    old = store.current()
    store.rotate(now=MARCH)
    store.retire(old.kek_id, now=MARCH)
    assert store.retire(old.kek_id, now=JUNE).retired_at == MARCH


def test_the_current_kek_is_not_retired(store):
    with pytest.raises(KeyStoreError, match="Rotate first"):
        store.retire(store.current().kek_id, now=JUNE)
    assert store.current().state == "active"


def test_an_unknown_kek_is_not_retired(store):
    with pytest.raises(UnknownKeyError, match="20990101-00000000"):
        store.retire("20990101-00000000", now=JUNE)


def test_another_process_rotation_counts_at_once(store, path):
    newer = open_keystore(path).rotate(now=JUNE)
    assert store.current() == newer
    assert store.wrap(new_data_key(), context=ANA).kek_id == newer.kek_id


def test_another_process_retirement_counts_at_once(store, path):
    wrapped = store.wrap(new_data_key(), context=ANA)
    elsewhere = open_keystore(path)
    elsewhere.rotate(now=JUNE)
    elsewhere.retire(wrapped.kek_id, now=JUNE)
    with pytest.raises(UnknownKeyError, match="retired"):
        store.unwrap(wrapped, context=ANA)


def test_a_key_date_without_time_zone_is_refused(store):
    with pytest.raises(ValueError, match="time zone"):
        store.rotate(now=datetime(2026, 6, 1))  # noqa: DTZ001 - the mistake under test


# Named secrets


def test_secrets_outlive_every_kek(store, path):
    before = {name: store.secret(name) for name in ("index", "token", "pseudonym")}
    first = store.current()
    store.rotate(now=JUNE)
    store.retire(first.kek_id, now=JUNE)
    reopened = open_keystore(path)
    assert {name: reopened.secret(name) for name in before} == before


def test_secrets_differ_from_each_other(store):
    assert len({store.secret(name) for name in ("index", "token", "pseudonym")}) == 3


def test_a_secret_newer_than_the_file_is_made_once(store, path):
    whole = key_file(path)
    kept = base64.b64decode(whole["secrets"]["token"])
    del whole["secrets"]["index"]
    path.write_text(json.dumps(whole))
    stores = [open_keystore(path) for _ in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        made = set(pool.map(lambda each: each.secret("index"), stores))
    assert len(made) == 1
    assert open_keystore(path).secret("token") == kept


def test_a_mistyped_secret_is_refused(store):
    with pytest.raises(KeyStoreError, match="no secret 'indexx'"):
        store.secret("indexx")


# The file


def test_the_key_file_is_its_owners_alone_whatever_the_umask(path):
    usual = os.umask(0)
    try:
        open_keystore(path, create_at=MARCH).rotate(now=JUNE)
    finally:
        os.umask(usual)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601, 0o777])
def test_a_key_file_open_to_others_is_refused(store, path, mode):
    path.chmod(mode)
    with pytest.raises(KeyStoreError, match=f"Run: chmod 600 {path}"):
        open_keystore(path)


def test_a_key_file_opened_to_others_later_is_refused_too(store, path):
    store.wrap(new_data_key(), context=ANA)
    path.chmod(0o644)
    with pytest.raises(KeyStoreError, match="chmod 600"):
        store.wrap(new_data_key(), context=ANA)
    path.chmod(0o600)
    assert store.wrap(new_data_key(), context=ANA)


def test_a_missing_key_file_is_not_made_by_surprise(path):
    with pytest.raises(KeyStoreError, match="Restore it from its backup"):
        open_keystore(path)
    assert not path.exists()


def test_an_existing_store_is_never_made_anew(store, path):
    assert open_keystore(path, create_at=JUNE).keys() == store.keys()


def test_a_lost_key_file_stops_its_user_with_a_sentence(store, path):
    path.unlink()
    with pytest.raises(KeyStoreError, match="There is no key file"):
        store.wrap(new_data_key(), context=ANA)


def test_a_shortened_key_file_is_refused_and_never_quoted(store, path):
    whole = path.read_bytes().rstrip()
    keys = [key_file(path)["keks"][0]["key"], *key_file(path)["secrets"].values()]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(KeyStoreError, match="damaged") as refusal:
            open_keystore(path)
        said = everything_said(refusal.value)
        assert not any(key[:12] in said for key in keys)


def damaged(whole: dict, how: str) -> object:
    kek = whole["keks"][0]
    match how:
        case "newer version":
            return whole | {"version": 2}
        case "no keks":
            return whole | {"keks": []}
        case "one kek twice":
            return whole | {"keks": [kek, kek]}
        case "short key":
            return whole | {"keks": [kek | {"key": "c2hvcnQ="}]}
        case "key that is no base64":
            return whole | {"keks": [kek | {"key": "%" * 44}]}
        case "retired with its key":
            return whole | {"keks": [kek | {"state": "retired"}]}
        case "active without its key":
            return whole | {"keks": [kek | {"key": None}]}
        case "a date that is none":
            return whole | {"keks": [kek | {"created_at": "yesterday"}]}
        case "secrets in a list":
            return whole | {"secrets": ["index"]}
        case "a list":
            return [whole]
        case "a number":
            return 1
    raise AssertionError(how)


@pytest.mark.parametrize(
    "how",
    [
        "newer version",
        "no keks",
        "one kek twice",
        "short key",
        "key that is no base64",
        "retired with its key",
        "active without its key",
        "a date that is none",
        "secrets in a list",
        "a list",
        "a number",
    ],
)
def test_a_damaged_key_file_is_refused_in_words(store, path, how):
    path.write_text(json.dumps(damaged(key_file(path), how)))
    with pytest.raises(KeyStoreError, match=f"{path} is damaged .* or upgrade"):
        open_keystore(path)


def test_a_folder_in_place_of_the_key_file_is_refused_in_words(tmp_path):
    with pytest.raises(KeyStoreError, match="can not be read: Is a directory"):
        open_keystore(tmp_path)


def test_a_place_that_can_not_hold_the_key_file_is_refused_in_words(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(KeyStoreError, match=r"can not be written: File exists\. Check"):
        open_keystore(tmp_path / "file" / "keys.json", create_at=MARCH)


def test_no_key_shows_when_a_store_is_printed(store, path):
    kek = key_file(path)["keks"][0]["key"]
    raw = base64.b64decode(kek)
    store.wrap(new_data_key(), context=ANA)
    shown = repr(vars(store)) + repr(store) + repr(store.keys())
    assert store.current().kek_id in shown
    assert kek not in shown
    assert repr(raw)[2:10] not in shown


def test_a_link_to_the_key_file_stays_a_link(store, path, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(path)
    newer = open_keystore(link).rotate(now=JUNE)
    assert link.is_symlink()
    assert store.current() == newer


# Addresses of key stores


def test_a_file_address_opens_the_same_store(tmp_path):
    spaced = tmp_path / "my keys" / "keys.json"
    made = open_keystore(spaced, create_at=MARCH)
    assert open_keystore(spaced.as_uri()).keys() == made.keys()
    assert open_keystore(str(spaced)).keys() == made.keys()


@pytest.mark.parametrize(
    "address",
    [
        "awskms://alias/7391",
        "https://7391@vault.example/keys",
        "file://7391/keys.json",
    ],
)
def test_a_key_store_of_an_unknown_kind_is_refused_without_quoting_it(address):
    with pytest.raises(KeyStoreError, match="Give a local key file") as refusal:
        open_keystore(address, create_at=MARCH)
    assert f"'{address.split(':')[0]}:'" in str(refusal.value)
    assert "7391" not in everything_said(refusal.value)


# Crowds and crashes


def make(path: Path, gate, found) -> None:
    gate.wait()
    store = LocalKeyStore(path, create_at=MARCH)
    found.put((store.current().kek_id, store.secret("index")))


def rotate(path: Path, gate, found) -> None:
    gate.wait()
    found.put((LocalKeyStore(path).rotate(now=JUNE).kek_id, b""))


def at_once(task, path: Path) -> list[tuple[str, bytes]]:
    context = multiprocessing.get_context("spawn")
    gate, found = context.Barrier(PROCESSES), context.Queue()
    crowd = [context.Process(target=task, args=(path, gate, found)) for _ in range(PROCESSES)]
    for process in crowd:
        process.start()
    answers = [found.get(timeout=240) for _ in crowd]
    for process in crowd:
        process.join()
    found.close()
    found.join_thread()
    return answers


def test_eight_processes_make_one_store(path):
    answers = at_once(make, path)
    assert len(answers) == PROCESSES
    assert len(set(answers)) == 1
    assert sorted(each.name for each in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_eight_rotations_at_once_lose_no_kek(store, path):
    first = store.current().kek_id
    made = {kek_id for kek_id, _ in at_once(rotate, path)}
    assert len(made) == PROCESSES
    held = store.keys()
    assert {info.kek_id for info in held} == made | {first}


def test_a_killed_rotation_leaves_a_whole_store(store, path):
    wrapped = store.wrap(b"k" * 32, context=ANA)
    endless = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from privacy.local_keystore import LocalKeyStore\n"
        "store = LocalKeyStore(Path(sys.argv[1])); print('go', flush=True)\n"
        "while True: store.rotate(now=datetime(2026, 6, 1, tzinfo=UTC))\n"
    )
    dice = random.Random(5)
    for _ in range(6):
        command = [sys.executable, "-c", endless, str(path)]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        ) as process:
            process.stdout.readline()
            time.sleep(dice.uniform(0.001, 0.05))
            process.kill()
        assert open_keystore(path).unwrap(wrapped, context=ANA) == b"k" * 32
        open_keystore(path).rotate(now=JUNE)
    assert not path.with_name("keys.json.new").exists()


def test_what_a_crash_left_behind_is_replaced(store, path):
    left = path.with_name("keys.json.new")
    left.write_text("half a fi")
    store.rotate(now=JUNE)
    assert not left.exists()
    assert len(open_keystore(path).keys()) == 2


def make_on_a_full_disk(path: Path, found) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    try:
        LocalKeyStore(path, create_at=MARCH)
    except KeyStoreError as problem:
        found.send(str(problem))


def test_a_full_disk_leaves_nothing_half_written(path):
    context = multiprocessing.get_context("spawn")
    found, child = context.Pipe()
    process = context.Process(target=make_on_a_full_disk, args=(path, child))
    process.start()
    assert found.poll(240)
    assert (
        found.recv() == f"The key file {path} can not be written: File too large. Check its folder."
    )
    process.join()
    assert [each.name for each in path.parent.iterdir()] == ["keys.json.lock"]
