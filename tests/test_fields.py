"""Field encryption: what opens, what is refused, and that no error tells a learner's data."""

import os
import time
from datetime import UTC, datetime
from itertools import permutations, product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.fields import (
    FieldError,
    decrypt,
    decrypt_row,
    encrypt,
    encrypt_row,
    framed,
    new_data_key,
)
from privacy.keystore import learner_context, open_keystore

KEY = bytes(range(32))
PLACE = {
    "table": "learner_pii",
    "column": "family_name",
    "row": UUID("11111111-2222-3333-4444-555555555555"),
    "district": UUID("99999999-8888-7777-6666-555555555555"),
}
NAME = "Xochitl Quetzalcoatl"
MARCH = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def everything_said(problem: BaseException | None) -> str:
    """The error's words and those of every error behind it, arguments included."""
    said = ""
    while problem is not None:
        said += f"{problem!r} {problem.args} {vars(problem)}"
        problem = problem.__cause__ or problem.__context__
    return said


def refuses(key, stored, match="altered", **elsewhere) -> str:
    """The words of the refusal, once it is sure that they tell nothing of the text or key."""
    place = PLACE | elsewhere
    with pytest.raises(FieldError, match=match) as refusal:
        decrypt(key, stored, **place)
    said = everything_said(refusal.value)
    assert f"{place['table']}.{place['column']}" in said
    assert not any(word in said for word in ("Xochitl", "Quetzal", repr(key), repr(stored)))
    return str(refusal.value)


# What opens


@given(texts, st.binary(min_size=32, max_size=32))
def test_every_text_comes_back(text, key):
    assert decrypt(key, encrypt(key, text, **PLACE), **PLACE) == text


@given(st.integers(0, 70))
def test_a_text_may_end_in_what_looks_like_padding(length):
    text = "a" * length + "\x80\0\0"
    assert decrypt(KEY, encrypt(KEY, text, **PLACE), **PLACE) == text


@given(st.dictionaries(st.text("abc_", min_size=1), st.none() | texts, max_size=6))
def test_a_row_comes_back_with_its_gaps(values):
    where = {"table": "learner_pii", "row": uuid4(), "district": uuid4()}
    stored = encrypt_row(KEY, values, **where)
    assert decrypt_row(KEY, stored, **where) == values
    assert [column for column in stored if stored[column] is None] == [
        column for column in values if values[column] is None
    ]


def test_a_field_encrypted_in_an_earlier_version_still_opens():
    stored = (
        "010162b0f6a33e9a2cb815ee5b541d51134677c2c8447a902852ba00912a21a841bd67208d650ffe"
        "f345883aa01fc8eb2d4cd539a9166a0684ac305b7204"
    )
    assert decrypt(KEY, bytes.fromhex(stored), **PLACE) == NAME


def test_an_identifier_is_the_same_as_its_text():
    stored = encrypt(KEY, NAME, **PLACE)
    assert decrypt(KEY, stored, **(PLACE | {"row": str(PLACE["row"])})) == NAME


# What a thief sees


def test_one_text_twice_gives_two_ciphertexts():
    assert len({encrypt(KEY, NAME, **PLACE) for _ in range(500)}) == 500


def test_a_ciphertext_does_not_show_the_length_of_a_name():
    lengths = {len(encrypt(KEY, "é" * letters, **PLACE)) for letters in range(16)}
    assert lengths == {2 + 12 + 32 + 16}
    longer = len(encrypt(KEY, "a" * 32, **PLACE))  # the control: a block more does show
    assert longer == 2 + 12 + 64 + 16


def test_data_keys_do_not_repeat():
    keys = {new_data_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(key) for key in keys} == {32}


# What is refused


def test_every_flipped_bit_is_refused():
    stored = encrypt(KEY, NAME, **PLACE)
    for bit in range(8 * len(stored)):
        changed = bytearray(stored)
        changed[bit // 8] ^= 1 << bit % 8
        refuses(KEY, bytes(changed), "altered" if bit >= 16 else "has format")
    assert 8 * len(stored) == 496
    assert decrypt(KEY, stored, **PLACE) == NAME


def test_every_shortened_value_is_refused():
    stored = encrypt(KEY, NAME, **PLACE)
    for length in range(len(stored)):
        refuses(KEY, stored[:length], "cut short")


def test_every_other_header_is_refused():
    stored = encrypt(KEY, NAME, **PLACE)
    others = [pair for pair in product(range(256), repeat=2) if 1 in pair and pair != (1, 1)]
    for version, algorithm in others:
        said = refuses(KEY, bytes([version, algorithm]) + stored[2:], "has format")
        assert f"format {version}.{algorithm};" in said
    assert len(others) == 510


def test_swapped_rows_are_refused():
    rows = [uuid4() for _ in range(20)]
    stored = {row: encrypt(KEY, NAME, **(PLACE | {"row": row})) for row in rows}
    for one, other in permutations(rows, 2):
        refuses(KEY, stored[one], row=other)
    assert all(decrypt(KEY, stored[row], **(PLACE | {"row": row})) == NAME for row in rows)


@pytest.mark.parametrize("part", ["table", "column", "district"])
def test_swapped_places_are_refused(part):
    names = [f"{part}_{number}" for number in range(15)]
    stored = {name: encrypt(KEY, NAME, **(PLACE | {part: name})) for name in names}
    for one, other in permutations(names, 2):
        refuses(KEY, stored[one], **{part: other})
    assert all(decrypt(KEY, stored[name], **(PLACE | {part: name})) == NAME for name in names)


def test_another_learners_key_is_refused():
    stored = encrypt(KEY, NAME, **PLACE)
    for _ in range(300):
        refuses(new_data_key(), stored)


def test_random_bytes_are_refused():
    for _ in range(300):
        refuses(KEY, b"\x01\x01" + os.urandom(60))


AMBIGUOUS = ["a", "b", "ab", "ba", "a|b", "|", "", "a\0", "\0\0\0\1a"]


def test_no_two_places_are_taken_for_each_other():
    places = list(product(AMBIGUOUS, repeat=4))
    assert len({framed(*place) for place in places}) == len(places)
    assert len({"|".join(place) for place in places}) < len(places)  # the control: plain joining


@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5))
def test_framing_keeps_lists_apart(one, other):
    assert (framed(*one) == framed(*other)) == (one == other)


def test_parts_shifted_between_row_and_district_are_refused():
    stored = encrypt(KEY, NAME, **(PLACE | {"row": "12", "district": "3"}))
    refuses(KEY, stored, row="1", district="23")
    refuses(KEY, stored, row="123", district="")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_the_wrong_length_is_refused(length):
    stored = encrypt(KEY, NAME, **PLACE)
    refuses(b"k" * length, stored, f"32 bytes, this one is {length}")
    with pytest.raises(FieldError, match=r"learner_pii\.family_name") as refusal:
        encrypt(b"k" * length, NAME, **PLACE)
    assert NAME not in everything_said(refusal.value)


def test_half_a_character_is_refused_without_telling_the_rest():
    with pytest.raises(FieldError, match=r"learner_pii\.family_name") as refusal:
        encrypt(KEY, NAME + "\ud800", **PLACE)
    assert refusal.value.__context__ is None
    assert "Xochitl" not in everything_said(refusal.value)
    with pytest.raises(UnicodeEncodeError) as plain:  # the control: Python's own error tells
        (NAME + "\ud800").encode()
    assert "Xochitl" in everything_said(plain.value)


# Cost, in this process's own seconds, so that a busy machine does not matter


def test_ten_thousand_learners_with_four_fields_are_encrypted_in_two_seconds():
    values = {
        "given_name": "Ana",
        "family_name": NAME,
        "email": "a@b.example",
        "born": "2013-04-05",
    }
    started = time.process_time()
    for number in range(10_000):
        encrypt_row(new_data_key(), values, table="learner_pii", row=str(number), district="north")
    assert time.process_time() - started < 2


def test_names_of_150_learners_are_unwrapped_and_decrypted_in_15_milliseconds(tmp_path):
    store = open_keystore(tmp_path / "keys.json", create_at=MARCH)
    values = {"given_name": "Ana", "family_name": NAME}
    learners = []
    for number in range(150):
        key, where = new_data_key(), {"table": "learner_pii", "row": str(number), "district": "n"}
        wrapped = store.wrap(key, context=learner_context("n", where["row"]))
        learners.append((wrapped, encrypt_row(key, values, **where), where))

    def seconds() -> float:
        started = time.process_time()
        for wrapped, stored, where in learners:
            key = store.unwrap(wrapped, context=learner_context("n", where["row"]))
            assert decrypt_row(key, stored, **where) == values
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.015
