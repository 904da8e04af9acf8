"""Signs the Merkle root of the audit trail and keeps it in a folder outside the database."""

import base64
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert

from db.audit.chain import copied, end, one_at_a_time
from db.audit.merkle import Tree
from db.in_words import InWordsError
from db.settings import Settings, secret_file, sync_folder
from db.tables import AuditCheckpoint

EVERY: Final = timedelta(minutes=5)
_NEW: Final = (
    "COPY (SELECT encode(hash, 'hex') FROM chalkline.audit_log "
    "WHERE position > {size} ORDER BY position) TO STDOUT"
)


class AuditError(InWordsError, RuntimeError):
    """The trail, its checkpoints or their folder are not as they must be; says what and why."""


@dataclass(frozen=True)
class Checkpoint:
    """A signed root over the first `size` rows; `peaks` let the next one be made from it alone."""

    size: int
    root: bytes
    at: datetime
    peaks: tuple[bytes, ...]
    key_id: str
    signature: bytes

    def said(self) -> bytes:
        """What is signed: RFC 6962's tree head (version, type, milliseconds, size, root)."""
        return struct.pack(">BBQQ", 0, 1, _milliseconds(self.at), self.size) + self.root


@dataclass(frozen=True)
class Notary:
    """The folder of checkpoints, one file a day, and the key that signs them."""

    folder: Path
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, settings: Settings) -> "Notary":
        """The notary of an installation; its key is made the first time, beside the others."""
        seed = secret_file(settings.context_secret_file.parent / "audit.key")
        return cls(settings.checkpoints, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the public key's SHA-256."""
        return sha256(self.key.public_key().public_bytes_raw()).hexdigest()[:16]

    def kept(self) -> Iterator[Checkpoint]:
        """Every checkpoint, oldest first. AuditError for one that is damaged or not ours."""
        public = self.key.public_key()
        for file in sorted(self.folder.glob("*.jsonl")):
            for number, line in enumerate(file.read_bytes().splitlines(), start=1):
                try:
                    one = _read(json.loads(line))
                    public.verify(one.signature, one.said())
                    if Tree(one.size, list(one.peaks)).root() != one.root:
                        raise ValueError("peaks")
                except (InvalidSignature, ValueError, KeyError, TypeError):
                    raise AuditError(
                        f"{file}, line {number}, is no checkpoint signed with this installation's "
                        "key. Restore the folder and the key audit.key from their backup."
                    ) from None
                yield one

    def sign(self, tree: Tree, *, now: datetime) -> Checkpoint:
        """Signs the tree as it stands and keeps that, on the disk, before it returns."""
        plain = Checkpoint(tree.size, tree.root(), now, tuple(tree.peaks), self.key_id, b"")
        signed = Checkpoint(
            plain.size, plain.root, now, plain.peaks, self.key_id, self.key.sign(plain.said())
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{now:%Y-%m-%d}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_written(signed))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self.folder)
        return signed


def checkpoint(connection: Connection, notary: Notary, *, now: datetime) -> Checkpoint | None:
    """Signs what was chained since the last checkpoint; None when nothing was.

    It goes on from the last checkpoint in the folder, not from the rows below it: a trail that was
    written anew can not get a signature that fits it. AuditError when rows are gone.
    """
    one_at_a_time(connection)
    last = max(notary.kept(), key=lambda one: one.size, default=None)
    tree = Tree(last.size, list(last.peaks)) if last else Tree()
    rows, _ = end(connection)
    if rows < tree.size:
        raise AuditError(
            f"The audit trail ends at row {rows:,}, but {tree.size:,} rows were signed on "
            f"{last.at if last else now:%Y-%m-%d %H:%M}. Rows are missing from its end."
        )
    if rows == tree.size:
        return None
    lines = copied(connection, _NEW.format(size=tree.size))
    tree.extend(bytes.fromhex(line.decode()) for line in lines)
    signed = notary.sign(tree, now=now)
    connection.execute(
        insert(AuditCheckpoint).values(
            tree_size=signed.size,
            root_hash=signed.root,
            signature=signed.signature,
            key_id=signed.key_id,
            at=now,
        )
    )
    return signed


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _written(one: Checkpoint) -> bytes:
    whole = {
        "size": one.size,
        "root": _text(one.root),
        "at": one.at.isoformat(),
        "peaks": [_text(peak) for peak in one.peaks],
        "key": one.key_id,
        "signature": _text(one.signature),
    }
    return json.dumps(whole).encode() + b"\n"


def _read(whole: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        size=whole["size"],
        root=base64.b64decode(whole["root"]),
        at=datetime.fromisoformat(whole["at"]),
        peaks=tuple(base64.b64decode(peak) for peak in whole["peaks"]),
        key_id=whole["key"],
        signature=base64.b64decode(whole["signature"]),
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
