"""Finds a learner by full name without decrypting: a blind index of family and given name.

A token is HMAC-SHA256, cut to 16 bytes, of (district, family name, given name), with a key that
is not in the database. Equal names of one district give equal tokens; nothing else shows.

Why never the family name alone: equal tokens can be counted. Whoever steals the table and knows
how common family names are pairs the commonest token with the commonest name, and so on down. On
10,000 learners whose names follow Zipf's law this names about 38 % of them. Family and given name
together hardly repeat, so their counts say little: the same attack names about 4 %. Both are
measured in `tests/test_tokens.py`. What stays: learners of one full name in one district share a
token, and a thief who already has a full list of the district's names learns the few whose full
name is unusually common (about 10 % in the same experiment, against 55 % by family name alone).
The district is part of the token, so counts can not be pooled over districts.
"""

import hmac
import unicodedata
from uuid import UUID

from privacy.fields import framed

_TOKEN_BYTES = 16
_MOST_LETTERS = 200
_MOST_WORDS = 12
# Letters that Unicode does not split into a plain letter and an accent, as keyboards type them.
_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def normalise(name: str) -> str:
    """The name as compared: no case, accents or punctuation, single spaces.

    >>> normalise("  O’Brien-NUÑEZ ")
    'o brien nunez'
    >>> normalise("Søren Łukasz Đặng")
    'soren lukasz dang'
    """
    folded = unicodedata.normalize("NFKD", name).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold().translate(_PLAIN)
    return " ".join("".join(map(_letter, folded)).split())


def name_token(index_key: bytes, district: UUID | str, *, given: str, family: str) -> bytes | None:
    """The learner's token for the index, or None when only one of the two names is known.

    A learner with a single name is found through her class: a token of one name alone could be
    counted, as the module's docstring tells. Spaces do not count: "De La Cruz" is "Delacruz".
    """
    given, family = (normalise(name).replace(" ", "") for name in (given, family))
    if not (given and family):
        return None
    message = framed("chalkline/name/v1", district, family, given)
    return hmac.digest(_checked(index_key), message, "sha256")[:_TOKEN_BYTES]


def search_tokens(index_key: bytes, district: UUID | str, typed: str) -> list[bytes]:
    """The tokens that what a person typed may stand for; look for learners with any of them.

    "Family, Given" means just that; otherwise both orders and every split are tried. Empty when
    fewer than two names, or a text too long to be a name, were typed: ask for the full name.
    """
    found = (
        name_token(index_key, district, given=given, family=family)
        for given, family in _readings(typed)
    )
    return list(dict.fromkeys(token for token in found if token is not None))


def _readings(typed: str) -> list[tuple[str, str]]:
    """What was typed, as (given, family) pairs.

    >>> _readings("García López, Ana")
    [('ana', 'garcia lopez')]
    >>> _readings("Ana García")
    [('ana', 'garcia'), ('garcia', 'ana')]
    """
    parts = [part for part in map(normalise, typed[:_MOST_LETTERS].split(",")) if part]
    by_comma = len(parts) > 1
    pieces = parts if by_comma else " ".join(parts).split()
    splits = [(" ".join(pieces[:at]), " ".join(pieces[at:])) for at in range(1, len(pieces))]
    if len(typed) > _MOST_LETTERS or len(pieces) > _MOST_WORDS:
        return []
    if by_comma:
        return [(last, first) for first, last in splits]
    return [pair for first, last in splits for pair in ((first, last), (last, first))]


def _letter(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf":  # accents, and marks that do not show
        return ""
    # A modifier letter (Lm) is mostly an apostrophe by another name: Ka‘ahumanu.
    return character if category[0] in "LN" and category != "Lm" else " "


def _checked(index_key: bytes) -> bytes:
    if len(index_key) < 32:
        raise ValueError("The index key is shorter than 32 bytes. Pass the key store's secret.")
    return index_key
