"""Ranges and choices, read from what a docstring says of a parameter.

Docstrings are written for people, so this looks for the few ways in which they say it, and otherwise knows nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[`'\"*]*(-?\d+(?:\.\d+)?(?:e-?\d+)?)[`'\"*]*"
_BETWEEN = (
    rf"between\s+{_NUMBER}\s+and\s+{_NUMBER}",
    rf"from\s+{_NUMBER}\s+to\s+{_NUMBER}",
    rf"\bin(?: the)?(?: range)?(?: of)?\s*[`'\"]*[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]",
    rf"ranges?\s*:?\s*[`'\"]*[\[(]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[\])]",
)
_SPOKEN = _BETWEEN[:2]
"""Those that may tell of something else, and count only where the sentence says that something has to be so."""
_LEAST = (
    rf"(?:at least|no less than|not less than|minimum(?: value)?(?: is| of)?|>=|≥)\s+{_NUMBER}",
    rf"greater than or equal to\s+{_NUMBER}",
)
_MOST = (rf"(?:at most|no more than|not more than|maximum(?: value)?(?: is| of)?|<=|≤)\s+{_NUMBER}",)
_MUST = re.compile(r"\b(must|should|has to|have to|needs? to|between|range|valid|value)", re.IGNORECASE)
_CHOOSE = re.compile(r"(?:choose|chosen|select|one of|either|options?(?: are)?|can be|must be)\b([^.]*)", re.IGNORECASE)
_QUOTED = re.compile(r"[`'\"]+([\w.+-]{1,40})[`'\"]+")


@dataclass(frozen=True)
class Limits:
    """Both ends of a range; None where no such end is told."""

    least: float | None = None
    most: float | None = None

    def hold(self, value: object) -> bool:
        """Whether a value lies between; what is no number lies anywhere."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def limits(text: str, default: object) -> Limits:
    """The range that a text tells. One that the code's own default lies outside of is about something else."""
    found = _limits(" ".join(text.split()))
    return found if found.hold(default) else Limits()


def choices(text: str, default: object) -> tuple[str, ...]:
    """The words that a text lets one choose from, the default among them; empty where it lists none."""
    if not isinstance(default, str):
        return ()
    for listed in _CHOOSE.findall(" ".join(text.split())):
        words = tuple(dict.fromkeys(_QUOTED.findall(listed)))
        if len(words) > 1 and default in words:
            return words
    return ()


def _limits(text: str) -> Limits:
    for pattern in _BETWEEN:
        for sentence in re.split(r"(?<=[a-z)`])\.\s", text):
            both = re.search(pattern, sentence, re.IGNORECASE)
            plain = pattern in _SPOKEN
            if both and (not plain or _MUST.search(sentence)) and float(both[1]) < float(both[2]):
                return Limits(float(both[1]), float(both[2]))
    return Limits(_first(_LEAST, text) or _nought(text), _first(_MOST, text))


def _nought(text: str) -> float | None:
    return 0.0 if re.search(r"non-?negative|must be positive", text, re.IGNORECASE) else None


def _first(patterns: tuple[str, ...], text: str) -> float | None:
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return next((float(each[1]) for each in found if each), None)
