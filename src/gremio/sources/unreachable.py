"""What is said where neither the network nor the cache has something: why, and what works without."""

from __future__ import annotations

from gremio.errors import Unavailable
from gremio.sources.access import Access

OWN_HUB = "a Hub of your own or a mirror: set HF_ENDPOINT (`gremio hub FOLDER` starts one on this machine)"


def network_errors() -> tuple[type[Exception], ...]:
    """What the client's HTTP library raises when nothing answers; which library it is depends on its version."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    kinds: list[type[Exception]] = [ConnectionError, TimeoutError, OfflineModeIsEnabled, HfHubHTTPError]
    foreign = [base for base in HfHubHTTPError.__mro__ if base.__name__ in ("HTTPError", "RequestException")]
    return (*kinds, *(base for base in foreign if issubclass(base, Exception)))


def first_line(error: Exception) -> str:
    """What an error says, without its number and without what follows."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.partition("] ")[2] if line.startswith("[Errno ") else line


def unreachable(address: str, error: Exception, *, ref: str, own: str = OWN_HUB) -> Unavailable:
    """Nobody answers; ``own`` is what may answer in that place."""
    message = f"{address} can't be reached ({first_line(error)})"
    return Unavailable(message, ref=ref, next_step=f"Check the network. {_ways(own)}")


def not_cached(what: str, access: Access, *, ref: str, own: str = OWN_HUB) -> Unavailable:
    """The network may not be used, and ``what`` is not in the cache."""
    step = "Load it once with the network (without local_files_only=True, and HF_HUB_OFFLINE unset)."
    message = f"the network may not be used, and {what} is not in the cache ({access.cache_dir})"
    return Unavailable(message, ref=ref, next_step=f"{step} {_ways(own)}")


def _ways(own: str) -> str:
    ways = (
        "what was loaded here before: local_files_only=True does not even ask; cache_dir= names another cache",
        "a folder or .py file on this machine: ./folder, folder/file.py",
        own,
    )
    return "\n    ".join(["These work without it:", *ways])
