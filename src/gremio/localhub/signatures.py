"""Signed upload addresses: huggingface_hub uploads large files without its token, so the address is the permission."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from gremio.localhub.refusals import forbidden

_VALID_SECONDS = 6 * 3600


class Signer:
    """Signs the query of an address with a secret of this process."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def sign(self, path: str, **query: int) -> str:
        """``path`` with its query and a signature over both, good for some hours."""
        text = f"{path}?{urlencode({**query, 'expires': int(time.time()) + _VALID_SECONDS})}"
        return f"{text}&signature={self._digest(text)}"

    def check(self, path: str, query: Mapping[str, str]) -> None:
        """Refuse an address that `sign` didn't make, or made too long ago."""
        signed = {key: value for key, value in query.items() if key != "signature"}
        expected = self._digest(f"{path}?{urlencode(signed)}")
        genuine = hmac.compare_digest(expected.encode(), query.get("signature", "").encode())
        if not genuine or int(signed["expires"]) < time.time():
            raise forbidden("this upload address is not valid, or not any more")

    def _digest(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode(), "sha256").hex()
