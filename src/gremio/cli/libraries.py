"""The libraries that commands need: whether they are there."""

from __future__ import annotations

from importlib.util import find_spec

from gremio.errors import MissingPackages

_NEEDED = {
    "run": ("runs pipelines", ("torch", "diffusers", "transformers")),
    "serve": ("serves", ("fastapi", "uvicorn", "python_multipart", "prometheus_client")),
}


def require_extra(extra: str) -> None:
    """Say at once, and not in every trial, that what an extra brings is not installed.

    Raises:
        MissingPackages: the extra is not.
    """
    does, needed = _NEEDED[extra]
    lacking = [name for name in needed if find_spec(name) is None]
    if lacking:
        message = f"this {does}, and {', '.join(lacking)} can't be imported"
        raise MissingPackages(message, packages=lacking, next_step=f'pip install "gremio[{extra}]"')
