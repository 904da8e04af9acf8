"""Encrypts a learner's personal fields one by one, so that a stolen database gives no name.

Each learner has a data key of her own, which a key store wraps (`privacy.keystore`). A field's key
is HKDF-SHA256 of that data key and the field's table and column. What is stored is

    1 byte header version | 1 byte algorithm | 12 bytes random nonce | ciphertext and 16-byte tag

and the tag also covers header, algorithm, table, column, row and district: a ciphertext moved to
another learner, column, table or district does not open. Algorithm 1 is AES-256-GCM over the UTF-8
text, padded to whole blocks of 32 bytes (0x80, then zeros): unpadded, the lengths of a learner's
names and e-mail alone would pick her out of a printed class list.

A random nonce is safe here because a field key encrypts one field of one learner, a few times in
her school life. Destroying a data key erases its learner, in the backups too.
"""

import contextlib
import os
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
AES_256_GCM_PADDED = 1

_KEY_BYTES = 32
_HEADER = bytes([VERSION, AES_256_GCM_PADDED])
_NONCE_BYTES = 12
_TAG_BYTES = 16
_BLOCK = 32


class FieldError(Exception):
    """A field can not be encrypted or read. Says where it stands, never what it holds."""


def new_data_key() -> bytes:
    """32 random bytes: a learner's data key. Store it only as a key store wrapped it."""
    return os.urandom(_KEY_BYTES)


def encrypt(
    data_key: bytes,
    plaintext: str,
    *,
    table: str,
    column: str,
    row: UUID | str,
    district: UUID | str,
) -> bytes:
    """One field's ciphertext; FieldError on a key of the wrong length or text that is not UTF-8."""
    aead = _field_cipher(data_key, table, column)
    nonce = os.urandom(_NONCE_BYTES)
    place = _HEADER + framed(table, column, row, district)
    return _HEADER + nonce + aead.encrypt(nonce, _padded(plaintext, table, column), place)


def decrypt(
    data_key: bytes,
    ciphertext: bytes,
    *,
    table: str,
    column: str,
    row: UUID | str,
    district: UUID | str,
) -> str:
    """The field's text; FieldError when anything at all differs from what was encrypted."""
    aead = _field_cipher(data_key, table, column)
    if len(ciphertext) < len(_HEADER) + _NONCE_BYTES + _BLOCK + _TAG_BYTES:
        raise FieldError(f"{table}.{column}: the stored value is cut short. Restore it.")
    if ciphertext[:2] != _HEADER:
        raise FieldError(
            f"{table}.{column}: the stored value has format {ciphertext[0]}.{ciphertext[1]}; this "
            f"version of Chalkline reads {VERSION}.{AES_256_GCM_PADDED}. Upgrade, or restore it."
        )
    place = _HEADER + framed(table, column, row, district)
    with contextlib.suppress(InvalidTag, UnicodeDecodeError):
        nonce, sealed = ciphertext[2 : 2 + _NONCE_BYTES], ciphertext[2 + _NONCE_BYTES :]
        return aead.decrypt(nonce, sealed, place).rstrip(b"\0")[:-1].decode()
    raise FieldError(
        f"{table}.{column}: the stored value was altered, belongs to another row, or was encrypted "
        "with another learner's key. Restore the row from a backup."
    )


def encrypt_row(
    data_key: bytes,
    values: Mapping[str, str | None],
    *,
    table: str,
    row: UUID | str,
    district: UUID | str,
) -> dict[str, bytes | None]:
    """A learner's fields by column, each encrypted; an absent value (None) stays absent."""
    return {
        column: None
        if text is None
        else encrypt(data_key, text, table=table, column=column, row=row, district=district)
        for column, text in values.items()
    }


def decrypt_row(
    data_key: bytes,
    values: Mapping[str, bytes | None],
    *,
    table: str,
    row: UUID | str,
    district: UUID | str,
) -> dict[str, str | None]:
    """The reverse of `encrypt_row`, for the columns given: decrypt only what will be shown."""
    return {
        column: None
        if stored is None
        else decrypt(data_key, stored, table=table, column=column, row=row, district=district)
        for column, stored in values.items()
    }


def framed(*parts: UUID | str) -> bytes:
    """The parts, each behind its length in 4 bytes, so no two lists of parts give the same bytes.

    >>> framed("ab", "c").hex(" ", 1)
    '00 00 00 02 61 62 00 00 00 01 63'
    >>> framed("ab", "c") == framed("a", "bc")
    False
    """
    encoded = [str(part).encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _field_cipher(data_key: bytes, table: str, column: str) -> AESGCM:
    """Deriving costs 5 microseconds, so field keys are not kept in memory between uses."""
    if len(data_key) != _KEY_BYTES:
        raise FieldError(
            f"{table}.{column}: a data key is {_KEY_BYTES} bytes, this one is {len(data_key)}. "
            "Pass the unwrapped key."
        )
    info = framed("chalkline/field/v1", table, column)
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(data_key))


def _padded(plaintext: str, table: str, column: str) -> bytes:
    # Leaving the `with` before raising drops Python's own error, which carries the whole text.
    with contextlib.suppress(UnicodeEncodeError):
        text = plaintext.encode() + b"\x80"
        return text + bytes(-len(text) % _BLOCK)
    raise FieldError(f"{table}.{column}: the text holds half of a character. Correct the import.")
