"""One small file from an address, with a limit on its size and on the time it may take."""

from __future__ import annotations

from gremio.errors import RefNotFound, Unavailable
from gremio.sources.access import Access, through_proxies
from gremio.sources.unreachable import network_errors, unreachable

_TIMEOUT = 30.0


def download(address: str, *, ref: str, limit: int, access: Access, own: str) -> bytes:
    """The bytes at ``address``, at most ``limit`` of them; ``own`` says what else may answer in that place.

    Raises:
        RefNotFound: there is nothing at that address.
        Unavailable: no answer, an error, or more than ``limit`` bytes.
    """
    from huggingface_hub import get_session

    data = bytearray()
    try:
        with (
            through_proxies(access.proxies),
            get_session().stream("GET", address, timeout=_TIMEOUT) as answer,
        ):
            if answer.status_code == 404:
                raise RefNotFound(f"there is nothing at {address}", ref=ref, next_step="Check the name and the commit.")
            answer.raise_for_status()
            for part in answer.iter_bytes():
                data += part
                if len(data) > limit:
                    raise Unavailable(f"{address} is larger than {limit} bytes", ref=ref)
    except network_errors() as error:
        raise unreachable(address, error, ref=ref, own=own) from error
    return bytes(data)
