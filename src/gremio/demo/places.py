"""Where the model and the shelf lie."""

from __future__ import annotations

from pathlib import Path

from gremio.errors import RefNotFound

_HERE = Path(__file__).parent

MODEL = _HERE / "model"


def shelf() -> Path:
    """The folder with our community pipelines: in the package, or at the top of a checkout.

    Raises:
        RefNotFound: this installation came without them.
    """
    for place in (_HERE / "shelf", _HERE.parents[2] / "shelf"):
        if (place / "long_prompt" / "pipeline.py").is_file():
            return place
    raise RefNotFound(
        "this installation came without the shelf", next_step="Install gremio again, or run in a checkout."
    )
