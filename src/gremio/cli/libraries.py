"""The libraries that load and draw, as the commands need them: there, and quiet."""

from __future__ import annotations

from importlib.util import find_spec

from gremio.errors import MissingPackages

_NEEDED = ("torch", "diffusers", "transformers")
_SERVING = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")


def require_run_extra() -> None:
    """Say at once, and not in every trial, that what loads and draws is not installed.

    Raises:
        MissingPackages: the extra ``run`` is not.
    """
    lacking = [name for name in _NEEDED if find_spec(name) is None]
    if lacking:
        message = f"this runs pipelines, and {', '.join(lacking)} can't be imported"
        raise MissingPackages(message, packages=lacking, next_step='pip install "gremio[run]"')


def require_serve_extra() -> None:
    """Say at once that what serves is not installed.

    Raises:
        MissingPackages: the extra ``serve`` is not.
    """
    lacking = [name for name in _SERVING if find_spec(name) is None]
    if lacking:
        message = f"this serves, and {', '.join(lacking)} can't be imported"
        raise MissingPackages(message, packages=lacking, next_step='pip install "gremio[serve]"')


def quiet_libraries(*, bars: bool) -> None:
    """Leave the word to us: what diffusers and transformers have to say below an error confuses a maker of pictures.

    ``bars``: whether they may show progress while they download and load, for a terminal.
    """
    import transformers

    # Before diffusers is imported, since that is when transformers begins to talk.
    transformers.logging.set_verbosity_error()

    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    if not bars:
        transformers.logging.disable_progress_bar()
        diffusers.utils.logging.disable_progress_bar()
