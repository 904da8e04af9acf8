"""Makes the audit trail tamper-evident: a hash chain inside, signed Merkle roots outside.

A chain alone shows a changed row, but not rows cut off its end nor a chain written anew by whoever
can write the table. So the root of a Merkle tree over the chain is signed every few minutes and
kept in a folder outside the database; `verify` holds the one against the other.
"""

from db.audit.chain import chain
from db.audit.checkpoints import AuditError, Checkpoint, Notary, checkpoint
from db.audit.verify import Verdict, verify

__all__ = ["AuditError", "Checkpoint", "Notary", "Verdict", "chain", "checkpoint", "verify"]
