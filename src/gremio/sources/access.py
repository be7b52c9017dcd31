"""How one call may reach the Hub."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.machine.settings import Settings

_PROXY_LOCK = threading.RLock()
ARGUMENTS = ("token", "cache_dir", "local_files_only", "force_download", "proxies")
"""What a call says of it, under the names that they have everywhere with the Hub."""


@dataclass(frozen=True)
class Access:
    """``ARGUMENTS`` and the Hub's address."""

    endpoint: str
    cache_dir: Path
    token: str | bool | None = field(default=None, repr=False)
    local_files_only: bool = False
    force_download: bool = False
    proxies: Mapping[str, str] | None = None

    @classmethod
    def take(cls, arguments: dict[str, Any], settings: Settings) -> Access:
        """Take the Hub's arguments out of those of a call."""
        return cls.of(settings, **{name: arguments.pop(name) for name in ARGUMENTS if name in arguments})

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool | None = False,
        force_download: bool = False,
        proxies: Mapping[str, str] | None = None,
    ) -> Access:
        """What the caller passed, over what the environment says."""
        return cls(
            endpoint=settings.endpoint,
            cache_dir=Path(cache_dir).expanduser() if cache_dir else settings.cache_dir,
            token=token,
            local_files_only=bool(local_files_only) or settings.offline,
            force_download=force_download,
            proxies=proxies,
        )


@contextmanager
def through_proxies(proxies: Mapping[str, str] | None) -> Iterator[None]:
    """Send the Hub client's requests through ``proxies`` (scheme to address) while the block runs.

    huggingface_hub has one HTTP client a process, so calls with proxies take turns.
    """
    if not proxies:
        yield
        return
    from huggingface_hub import close_session, get_session, set_client_factory

    with _PROXY_LOCK:
        usual = get_session()
        kind: Any = type(usual)
        hooks = usual.event_hooks
        transport: Any = type(usual._transport)
        mounts = {f"{scheme.rstrip(':/')}://": address for scheme, address in proxies.items()}

        def client() -> Any:
            return kind(
                mounts={pattern: transport(proxy=address) for pattern, address in mounts.items()},
                event_hooks=hooks,
                follow_redirects=True,
                timeout=usual.timeout,
            )

        from huggingface_hub.utils._http import default_client_factory

        set_client_factory(client)
        try:
            yield
        finally:
            set_client_factory(default_client_factory)
            close_session()
