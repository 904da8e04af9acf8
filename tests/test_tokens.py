"""The blind index of names, with a thief who counts, and the address tokens, with a forger."""

import os
import random
import time
from collections import Counter
from datetime import date
from heapq import nlargest
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.demo.people import background, plain_people
from db.demo.roster import roster
from db.demo.terms import Year
from privacy.names import name_token, normalise, search_tokens
from privacy.tokens import TokenError, open_token, seal

KEY = bytes(range(32))
VIEWER = UUID("aaaaaaaa-0000-4000-8000-000000000001")
LEARNER = UUID("bbbbbbbb-0000-4000-8000-000000000002")


def found(typed: str, *, given: str, family: str, district: str = "north") -> bool:
    return name_token(KEY, "north", given=given, family=family) in search_tokens(
        KEY, district, typed
    )


# Names


@given(st.text())
@example("İstanbul ß ﬁ ǅ")
def test_normalising_twice_changes_nothing(name):
    assert normalise(normalise(name)) == normalise(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José", "JOSE"),
        ("José", "Jose\u0301"),
        ("Müller", "muller"),
        ("Groß", "GROSS"),
        ("O’Brien", "O'Brien"),
        ("  Ana   María ", "ana maria"),
        ("Łukasz Đặng Søren", "lukasz dang soren"),
        ("Smith\u200b", "Smith"),
        ("García-López", "Garcia Lopez"),
        ("İpek", "ipek"),
    ],
)
def test_spellings_of_one_name_are_one(one, other):
    assert normalise(one) == normalise(other)


def test_names_of_other_scripts_stay_apart():
    names = ["Иван", "王芳", "王丽", "محمد", "김민준", "अनिता", "Ιωάννης"]
    assert len({normalise(name) for name in names} - {""}) == len(names)


@pytest.mark.parametrize(
    "typed",
    [
        "Ana García López",
        "García López Ana",
        "garcia lopez, ana",
        "Garcia-Lopez, ANA",
        "GARCIALOPEZ ANA",
    ],
)
def test_a_learner_is_found_however_her_full_name_is_typed(typed):
    assert found(typed, given="Ana", family="García López")


@pytest.mark.parametrize("typed", ["Mary Ann O'Brien", "OBrien Maryann", "o brien mary-ann"])
def test_a_name_of_many_words_is_found_at_every_split(typed):
    assert found(typed, given="Mary Ann", family="O’Brien")


def test_a_suffix_after_a_comma_is_found():
    assert found("Smith, Jr., John", given="John", family="Smith Jr.")


@pytest.mark.parametrize(
    "typed", ["García", "Ana", "", " , ", "García,", "  ana,,  ", "!!", "\ud800"]
)
def test_one_name_alone_makes_no_token(typed):
    assert search_tokens(KEY, "north", typed) == []


@pytest.mark.parametrize(("given", "family"), [("", "Suharto"), ("Suharto", ""), ("-", "Suharto")])
def test_a_learner_with_one_name_gets_no_token(given, family):
    assert name_token(KEY, "north", given=given, family=family) is None


def test_a_pasted_page_of_text_makes_no_tokens():
    assert search_tokens(KEY, "north", "ana garcia " * 1000) == []
    assert search_tokens(KEY, "north", "a " * 13) == []
    assert len(search_tokens(KEY, "north", "a b c d e f g h i j k l")) == 22


def test_a_comma_settles_the_order():
    token = name_token(KEY, "north", given="Kim", family="Lee")
    assert search_tokens(KEY, "north", "Lee, Kim") == [token]


def test_names_of_two_districts_share_no_token():
    assert found("Ana Garcia", given="Ana", family="Garcia")
    assert not found("Ana Garcia", given="Ana", family="Garcia", district="south")


def test_tokens_of_another_key_find_nothing():
    token = name_token(KEY, "north", given="Ana", family="Garcia")
    assert token not in search_tokens(os.urandom(32), "north", "Ana Garcia")


def test_no_two_names_of_different_letters_share_a_token():
    parts = ["a", "b", "ab", "ba", "aab"]
    tokens = {
        name_token(KEY, district, given=given, family=family)
        for district, given, family in product(["n", "na", "a"], parts, parts)
    }
    assert len(tokens) == 3 * len(parts) ** 2


def test_the_index_written_by_an_earlier_version_still_matches():
    token = name_token(KEY, "north", given="Ana", family="García López")
    assert token == bytes.fromhex("755e36ae348640fb202024bf10f98857")


@pytest.mark.parametrize("short", [b"", b"k" * 31])
def test_a_short_index_key_is_refused(short):
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        name_token(short, "north", given="Ana", family="García")


# The thief who counts: 10,000 learners, names by Zipf's law, and its weights are public


LEARNERS, FAMILIES, GIVENS = 10_000, 2_000, 800
FAMILY_WEIGHT = [1 / rank for rank in range(1, FAMILIES + 1)]
GIVEN_WEIGHT = [1 / rank for rank in range(1, GIVENS + 1)]


def learners_of_a_district(seed: int) -> list[tuple[str, str]]:
    dice = random.Random(seed)
    families = dice.choices(range(FAMILIES), FAMILY_WEIGHT, k=LEARNERS)
    givens = dice.choices(range(GIVENS), GIVEN_WEIGHT, k=LEARNERS)
    return [(word(given), word(family)) for given, family in zip(givens, families, strict=True)]


def word(rank: int) -> str:
    return "".join("bcdfghjklm"[int(digit)] for digit in str(rank))


def named_by_counting(tokens: list[bytes], names: list[str], commonest_first: list[str]) -> float:
    """The share of learners whom pairing the commonest token with the commonest name names."""
    ranked = [token for token, _ in Counter(tokens).most_common()]
    guess = dict(zip(ranked, commonest_first, strict=False))
    right = sum(guess.get(token) == name for token, name in zip(tokens, names, strict=True))
    return right / len(names)


def full_names_commonest_first() -> list[str]:
    weights = (
        (by_given * by_family, f"{word(given)} {word(family)}")
        for given, by_given in enumerate(GIVEN_WEIGHT)
        for family, by_family in enumerate(FAMILY_WEIGHT)
        if by_given * by_family * LEARNERS > 0.05
    )
    return [name for _, name in nlargest(LEARNERS, weights)]


@pytest.fixture(scope="module")
def learners():
    return learners_of_a_district(seed=7)


def compound(learners) -> list[bytes]:
    return [name_token(KEY, "north", given=given, family=family) for given, family in learners]


def family_only(learners) -> list[bytes]:
    """The index we do not build: by family name alone."""
    return [name_token(KEY, "north", given="x", family=family) for _, family in learners]


def test_counting_full_name_tokens_names_few_learners(learners):
    names = [f"{given} {family}" for given, family in learners]
    share = named_by_counting(compound(learners), names, full_names_commonest_first())
    assert 0 < share <= 0.07


def test_counting_family_name_tokens_would_name_a_third(learners):
    names = [family for _, family in learners]
    share = named_by_counting(family_only(learners), names, [word(r) for r in range(FAMILIES)])
    assert share >= 0.30


def demo_names(seed: int) -> list[tuple[str, str]]:
    """The learners of a demo district; another seed's stand for public frequencies."""
    people = roster("small", seed, Year(date(2026, 11, 25)))
    return [
        (person.given_name, person.family_name)
        for school in range(people.schools)
        for person in plain_people(people, "tokens", school, background(people, school))
    ]


def test_counting_names_few_learners_of_the_demo_district():
    """Its family names are about equally common, so that counting them alone gives less, too."""
    here, elsewhere = demo_names(20_260_101), demo_names(7)
    commonest = [f"{given} {family}" for (given, family), _ in Counter(elsewhere).most_common()]
    share = named_by_counting(compound(here), [f"{g} {f}" for g, f in here], commonest)
    assert share <= 0.07
    families = [family for _, family in here]
    by_count = [name for name, _ in Counter(families).most_common()]
    assert named_by_counting(family_only(here), families, by_count) > max(0.25, 5 * share)


def test_even_a_full_class_list_names_few_learners_by_counting(learners):
    names = [f"{given} {family}" for given, family in learners]
    families = [family for _, family in learners]
    dice = random.Random(8)  # the list's own order is not the table's

    def by_own_counts(these):
        return [name for name, _ in Counter(dice.sample(these, LEARNERS)).most_common()]

    assert named_by_counting(compound(learners), names, by_own_counts(names)) <= 0.15
    assert named_by_counting(family_only(learners), families, by_own_counts(families)) >= 0.45


# Address tokens


@given(st.uuids(), st.uuids(), st.text("abc", min_size=1), st.binary(min_size=32, max_size=32))
def test_every_identifier_comes_back(viewer, value, kind, secret):
    token = seal(secret, viewer=viewer, kind=kind, value=value)
    assert open_token(secret, token, viewer=viewer, kind=kind) == value


def test_a_bookmark_of_an_earlier_version_still_opens():
    token = "C_oxpq1Dxtk3Itq4TKK16dhxkn8_c1MS"
    assert seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER) == token
    assert open_token(KEY, token, viewer=VIEWER, kind="learner") == LEARNER


def test_a_token_stands_in_an_address_unescaped():
    for _ in range(500):
        token = seal(KEY, viewer=VIEWER, kind="learner", value=uuid4())
        assert len(token) == 32
        assert token.replace("-", "").replace("_", "").isalnum()


def test_neighbouring_identifiers_have_nothing_in_common():
    values = [UUID(int=number) for number in range(2000)]
    tokens = [seal(KEY, viewer=VIEWER, kind="learner", value=value) for value in values]
    assert len({token[:6] for token in tokens}) == len(tokens)


def test_two_viewers_tokens_have_nothing_in_common():
    tokens = [seal(KEY, viewer=uuid4(), kind="learner", value=LEARNER) for _ in range(2000)]
    assert len({token[:6] for token in tokens}) == len(tokens)


def refused(token: str, *, secret=KEY, viewer=VIEWER, kind="learner") -> bool:
    with pytest.raises(TokenError, match="Open the page from its list again") as refusal:
        open_token(secret, token, viewer=viewer, kind=kind)
    return str(LEARNER) not in str(refusal.value)


def test_another_viewers_token_is_refused():
    token = seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER)
    assert all(refused(token, viewer=uuid4()) for _ in range(300))


def test_a_token_of_another_kind_is_refused():
    token = seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER)
    assert refused(token, kind="class")
    assert refused(token, kind="")


def test_a_token_of_another_secret_is_refused():
    token = seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER)
    assert refused(token, secret=os.urandom(32))


def test_every_changed_character_is_refused():
    token = seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=\n é٣"
    for place, letter in product(range(32), alphabet):
        if token[place] != letter:
            assert refused(token[:place] + letter + token[place + 1 :])


@pytest.mark.parametrize("change", ["{}=", "{}\n", " {}", "{}AAAA", "", "=" * 32, "é" * 32])
def test_another_spelling_of_a_token_is_refused(change):
    assert refused(change.format(seal(KEY, viewer=VIEWER, kind="learner", value=LEARNER)))


def test_a_plus_for_a_minus_is_refused():
    tokens = (seal(KEY, viewer=VIEWER, kind="learner", value=uuid4()) for _ in range(1000))
    token = next(each for each in tokens if "-" in each)
    assert refused(token.replace("-", "+"))


@given(st.text(max_size=40))
def test_what_anyone_may_type_is_refused(typed):
    assert refused(typed)


@pytest.mark.parametrize("short", [b"", b"k" * 31])
def test_a_short_token_secret_is_refused(short):
    with pytest.raises(ValueError, match="shorter than 32 bytes"):
        seal(short, viewer=VIEWER, kind="learner", value=LEARNER)


def test_tokens_of_a_page_of_150_learners_cost_under_10_milliseconds():
    values = [uuid4() for _ in range(150)]

    def seconds() -> float:
        started = time.process_time()
        for value in values:
            seal(KEY, viewer=VIEWER, kind="learner", value=value)
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.010
