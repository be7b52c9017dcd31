"""The keyword arguments of one call while they are gathered."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from gremio.errors import OptionError
from gremio.running.calls.coercion import coerce
from gremio.running.calls.signature import CallSignature
from gremio.running.calls.standard import FLAGS, OptionName, find, is_mask
from gremio.running.calls.value import Given

_FEW = 24


class Arguments:
    """Values by parameter name; each knows which option gave it, so that no two give the same."""

    def __init__(self, signature: CallSignature) -> None:
        self.signature = signature
        self.values: dict[str, object] = {}
        self._givers: dict[str, str] = {}

    def put(self, name: str, given: Given, *, by: str) -> None:
        """Set a parameter, made what it wants.

        Raises:
            OptionError: there is no such parameter, it wants something else, or another option gave it already.
        """
        parameter = self.signature.get(name)
        if parameter is None and (not self.signature.accepts_kwargs or self._is_slip(name)):
            raise self._no_such(name, by)
        value = coerce(parameter, given) if parameter else given.value
        self.put_as_is(name, value if is_mask(name) else _in_colour(value), by=by)

    def put_as_is(self, name: str, value: object, *, by: str) -> None:
        """Set a parameter to a value that needs no reading.

        Raises:
            OptionError: another option gave it already.
        """
        if name in self._givers:
            raise OptionError(f"{name} is given by {self._givers[name]} and by {by}", next_step="Leave one out.")
        self._givers[name] = by
        self.values[name] = value

    def name_for(self, option: OptionName) -> str:
        """The name that this pipeline has for a standard option.

        Raises:
            OptionError: it has none.
        """
        name = find(self.signature, option)
        if name is None:
            raise self.not_taken(FLAGS[option])
        return name

    def not_taken(self, flag: str) -> OptionError:
        """The refusal of an option that this pipeline has no parameter for."""
        signature = self.signature
        taken = ", ".join(signature.names) or "nothing"
        return OptionError(
            f"{flag}: {signature.owner} has no parameter for it",
            next_step=f"It takes: {taken}." + (" Pass one with --set NAME=VALUE." if signature.names else ""),
        )

    def _is_slip(self, name: str) -> bool:
        """Whether a name that ``**kwargs`` would swallow is one letter or two away from a parameter."""
        return bool(get_close_matches(name, self.signature.names, n=1, cutoff=0.85))

    def _no_such(self, name: str, by: str) -> OptionError:
        names = self.signature.names
        near = get_close_matches(name, names, n=3, cutoff=0.6)
        hints = [f"Did you mean {' or '.join(near)}?"] if near else []
        if len(names) <= _FEW or not near:
            hints.append(f"It takes: {', '.join(names) or 'nothing'}.")
        return OptionError(f"{by}: {self.signature.owner} has no parameter {name!r}", next_step=" ".join(hints))


def _in_colour(value: Any) -> Any:
    """Grey pictures as RGB, which is what pipelines expect of all but masks."""
    if isinstance(value, list):
        return [_in_colour(each) for each in value]
    return value.convert("RGB") if Given(value).is_image and value.mode == "L" else value
