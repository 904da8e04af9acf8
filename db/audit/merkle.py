"""The Merkle tree of RFC 6962, grown leaf by leaf: only the roots of whole subtrees are kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

EMPTY = sha256(b"").digest()


@dataclass
class Tree:
    """A growing tree: `size` leaves, and the roots of its perfect subtrees, largest first.

    >>> Tree().root().hex()[:16]
    'e3b0c44298fc1c14'
    >>> tree = Tree()
    >>> tree.extend([b"", b"\\x00", b"\\x10"])
    >>> tree.root().hex()[:16], tree.size, len(tree.peaks)
    ('aeb6bcfe274b70a1', 3, 2)
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Adds leaves' data in order; about two hashes each."""
        size, peaks = self.size, self.peaks
        for data in leaves:
            node, even = sha256(b"\0" + data).digest(), size
            while even & 1:
                node = sha256(b"\1" + peaks.pop() + node).digest()
                even >>= 1
            peaks.append(node)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """The Merkle tree hash of RFC 6962, section 2.1."""
        if not self.peaks:
            return EMPTY
        *rest, node = self.peaks
        for left in reversed(rest):
            node = sha256(b"\1" + left + node).digest()
        return node
