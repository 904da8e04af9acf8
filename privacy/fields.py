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

A format that must go (another algorithm, another header) is named in RETIRING by the version that
writes the new one: its fields stay readable while `privacy.reencryption` renews them, and are
refused once it is named no more.
"""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
AES_256_GCM_PADDED = 1

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_BLOCK = 32


@dataclass(frozen=True)
class Format:
    """How a field is written: header version, algorithm, its name, and its cipher."""

    version: int
    algorithm: int
    name: str
    cipher: type[AESGCM] | type[ChaCha20Poly1305]

    @property
    def header(self) -> bytes:
        """The two bytes that every field of this format begins with."""
        return bytes([self.version, self.algorithm])


AES_GCM: Final = Format(VERSION, AES_256_GCM_PADDED, "AES-256-GCM", AESGCM)
CHACHA: Final = Format(VERSION, 2, "ChaCha20-Poly1305", ChaCha20Poly1305)  # should AES ever fall
CURRENT: Final = AES_GCM
RETIRING: tuple[Format, ...] = ()  # still readable, until every field is renewed


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
    form: Format = CURRENT,
) -> bytes:
    """One field's ciphertext; FieldError on a key of the wrong length or text that is not UTF-8."""
    aead = _field_cipher(data_key, table, column, form)
    nonce = os.urandom(_NONCE_BYTES)
    place = form.header + framed(table, column, row, district)
    return form.header + nonce + aead.encrypt(nonce, _padded(plaintext, table, column), place)


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
    form = next((one for one in (CURRENT, *RETIRING) if ciphertext[:2] == one.header), None)
    aead = _field_cipher(data_key, table, column, form or CURRENT)
    if len(ciphertext) < len(CURRENT.header) + _NONCE_BYTES + _BLOCK + _TAG_BYTES:
        raise FieldError(f"{table}.{column}: the stored value is cut short. Restore it.")
    if form is None:
        raise FieldError(
            f"{table}.{column}: the stored value has format {ciphertext[0]}.{ciphertext[1]}; this "
            f"version of Chalkline reads {CURRENT.version}.{CURRENT.algorithm}. "
            "Upgrade, or restore it."
        )
    place = form.header + framed(table, column, row, district)
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


def _field_cipher(
    data_key: bytes, table: str, column: str, form: Format
) -> AESGCM | ChaCha20Poly1305:
    """Deriving costs 5 microseconds, so field keys are not kept in memory between uses."""
    if len(data_key) != _KEY_BYTES:
        raise FieldError(
            f"{table}.{column}: a data key is {_KEY_BYTES} bytes, this one is {len(data_key)}. "
            "Pass the unwrapped key."
        )
    # No key serves two algorithms; that of the first has no name in its derivation.
    named = () if form is AES_GCM else (form.name,)
    info = framed("chalkline/field/v1", table, column, *named)
    return form.cipher(HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(data_key))


def _padded(plaintext: str, table: str, column: str) -> bytes:
    # Leaving the `with` before raising drops Python's own error, which carries the whole text.
    with contextlib.suppress(UnicodeEncodeError):
        text = plaintext.encode() + b"\x80"
        return text + bytes(-len(text) % _BLOCK)
    raise FieldError(f"{table}.{column}: the text holds half of a character. Correct the import.")
