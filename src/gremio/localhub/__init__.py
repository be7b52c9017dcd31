"""A small Hub on loopback that speaks the Hub's HTTP protocol to the unmodified huggingface_hub client.

    with LocalHub(folder) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("maria/castle")

Repositories are real git (bare, with LFS objects beside) in ``folder``; nothing but loopback is listened to unless
that is asked for. The server needs the extra ``gremio[hub]``; importing this package does not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gremio.errors import HubError

if TYPE_CHECKING:
    from gremio.localhub.server import LocalHub

__all__ = ["LocalHub"]


def __getattr__(name: str) -> object:
    """Load the server when it is first asked for."""
    if name != "LocalHub":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from gremio.localhub.server import LocalHub
    except ModuleNotFoundError as missing:
        raise HubError(
            f"the local Hub needs the package {missing.name!r}, which is not installed",
            next_step='pip install "gremio[hub]"',
        ) from missing
    return LocalHub
