"""What components were like, and making them so again: what one call leaves in them, no other has.

Community pipelines put their own functions in place of a model's, exchange its attention, keep tensors in its blocks,
and leave all that behind. Where several share one set of weights, and where the same call has to draw the same, nothing
may stay. Values of weights are no part of this: nobody changes those to draw.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

_HELD = (dict, OrderedDict, list, set)
_WEIGHTS = ("_parameters", "_buffers")


class State:
    """Of components and all modules inside, as they are when this is made: attributes, and what containers hold."""

    def __init__(self, components: Iterable[Any]) -> None:
        self._saved = [(vars(each), dict(vars(each))) for each in _objects(components)]
        containers = [value for _, saved in self._saved for name, value in saved.items() if _is_held(name, value)]
        self._held = [(value, value.copy()) for value in containers]

    def restore(self) -> None:
        """Make them so again."""
        for now, saved in self._saved:
            if len(now) != len(saved) or any(now.get(name, self) is not value for name, value in saved.items()):
                now.clear()
                now.update(saved)
        for value, saved in self._held:
            # Most are empty and stay so.
            if (value or saved) and not _same(value, saved):
                _refill(value, saved)


def _same(value: Any, saved: Any) -> bool:
    """Whether a container holds the very same; nothing in it is asked whether it equals."""
    if len(value) != len(saved):
        return False
    if isinstance(value, dict):
        return all(value.get(name, saved) is each for name, each in saved.items())
    return all(one is other for one, other in zip(value, saved, strict=True))


def _refill(value: Any, saved: Any) -> None:
    value.clear()
    value.extend(saved) if isinstance(value, list) else value.update(saved)


def _is_held(name: str, value: object) -> bool:
    return type(value) in _HELD and name not in _WEIGHTS


def _objects(components: Iterable[Any]) -> Iterator[Any]:
    seen: set[int] = set()
    for component in components:
        modules = component.modules() if hasattr(component, "modules") else (component,)
        for each in modules:
            if hasattr(each, "__dict__") and id(each) not in seen:
                seen.add(id(each))
                yield each
