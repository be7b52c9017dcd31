"""The identity of code: one SHA-256 over paths and contents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gremio.errors import RefError

_HEX = re.compile(r"[0-9a-f]{64}")
_HEADER = b"gremio tree 1\n"


@dataclass(frozen=True, order=True)
class Digest:
    """64 lower-case hex digits; ``sha256:`` in front is how it is written for people."""

    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``sha256:<64 hex>`` or the bare digits.

        Raises:
            RefError: the text is no digest.
        """
        digits = text.removeprefix("sha256:").lower()
        if not _HEX.fullmatch(digits):
            raise RefError("this is not a digest", ref=text, next_step="A digest is sha256: and 64 hex digits.")
        return cls(digits)

    @classmethod
    def is_digest(cls, text: str) -> bool:
        """Whether ``parse`` would accept this text."""
        return bool(_HEX.fullmatch(text.removeprefix("sha256:").lower()))

    @classmethod
    def of_bytes(cls, data: bytes) -> Digest:
        """The digest of one file's contents."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_files(cls, files: Mapping[str, bytes]) -> Digest:
        """The digest of a tree: every logical path with the digest of its contents, in path order."""
        whole = hashlib.sha256(_HEADER)
        for path in sorted(files):
            # The length in front keeps a path that contains a newline from reading as two entries.
            name = path.encode("utf-8", "surrogatepass")
            whole.update(b"%d %s %s\n" % (len(name), name, cls.of_bytes(files[path]).hex.encode()))
        return cls(whole.hexdigest())

    @property
    def short(self) -> str:
        """The first twelve digits, for a line that a person reads."""
        return self.hex[:12]

    def __str__(self) -> str:
        """``sha256:`` and the digits."""
        return f"sha256:{self.hex}"
