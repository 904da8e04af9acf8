"""Writes an internal identifier into an address so that only its viewer's session can use it.

A token is the identifier's 16 bytes through AES-256 as one block, and the first 8 bytes of an
HMAC-SHA256 of that block; both keys come by HKDF from the key store's "token" secret, the viewer
and the kind of thing. It is the same at each visit, so bookmarks last, but it tells nothing:
two viewers' tokens for one learner have nothing in common, and a token sent to a colleague, or
used for another kind of page, does not open. It is no permission: the database still decides.
"""

import base64
import hmac
import re
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privacy.fields import framed

_KEY_BYTES = 32
_BLOCK_BYTES = 16
_TAG_BYTES = 8
_SHAPE = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


class TokenError(Exception):
    """An address token was changed, or made for another viewer or kind; it does not say which."""


def seal(secret: bytes, *, viewer: UUID, kind: str, value: UUID) -> str:
    """The viewer's token for an identifier: 32 characters that need no escaping in an address."""
    cipher, tag_key = _keys(secret, viewer, kind)
    encryptor = cipher.encryptor()
    block = encryptor.update(value.bytes) + encryptor.finalize()
    return base64.urlsafe_b64encode(block + _tag(tag_key, block)).decode()


def open_token(secret: bytes, token: str, *, viewer: UUID, kind: str) -> UUID:
    """The identifier that `seal` put into the token; TokenError for any other token."""
    cipher, tag_key = _keys(secret, viewer, kind)
    # The shape is checked because the decoder would pass over foreign characters.
    if _SHAPE.fullmatch(token):
        sealed = base64.urlsafe_b64decode(token)
        block, tag = sealed[:_BLOCK_BYTES], sealed[_BLOCK_BYTES:]
        if hmac.compare_digest(tag, _tag(tag_key, block)):
            decryptor = cipher.decryptor()
            return UUID(bytes=decryptor.update(block) + decryptor.finalize())
    raise TokenError("This address was changed or is not yours. Open the page from its list again.")


def _keys(secret: bytes, viewer: UUID, kind: str) -> tuple[Cipher[modes.ECB], bytes]:
    if len(secret) < _KEY_BYTES:
        raise ValueError("The token secret is shorter than 32 bytes. Pass the key store's secret.")
    info = framed("chalkline/address/v1", viewer, kind)
    both = HKDF(SHA256(), 2 * _KEY_BYTES, salt=None, info=info).derive(secret)
    # ECB is right here: exactly one block, as a permutation of identifiers.
    block_cipher = Cipher(algorithms.AES(both[:_KEY_BYTES]), modes.ECB())  # nosec B305
    return block_cipher, both[_KEY_BYTES:]


def _tag(tag_key: bytes, block: bytes) -> bytes:
    return hmac.digest(tag_key, block, "sha256")[:_TAG_BYTES]
