"""Other forms of the same arguments, to try after a call failed: few, and only what the error speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gremio.checking.trial.arguments import Plan

_SIZES = re.compile(
    r"size|shape|dimension|expand|reshape|view|broadcast|kernel|too small|height|width|index|range|element|non-empty",
    re.I,
)
_PICTURES = re.compile(r"\bPIL\b|Image|tensor|ndarray|ndim|subscriptable", re.I)
_STEPS = re.compile(r"step|empty|index|zero|NoneType|referenced before|not associated", re.I)
_NO_MATTER_OF_FORM = (ImportError, NameError, NotImplementedError)


def variants(plan: Plan, error: Exception) -> Iterator[Plan]:
    """The plans to try next, the likeliest first."""
    text = str(error)
    is_picture = "'Image' object" in text
    if isinstance(error, _NO_MATTER_OF_FORM) or (isinstance(error, AttributeError) and not is_picture):
        return
    given = plan.arguments()
    if _PICTURES.search(text) and not plan.tensors:
        yield plan.with_tensors()
    if "output_type" in given and re.search(r"output_type|numpy|'np'|ndarray", text):
        yield plan.changed(output_type="pil")
    if plan.steps_name and _STEPS.search(text):
        yield plan.changed(**{plan.steps_name: 4})
    if _SIZES.search(text):
        for side in (128, 256, 512):
            if side > plan.measures.side:
                yield plan.at_side(side)
