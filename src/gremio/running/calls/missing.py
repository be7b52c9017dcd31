"""Parameters without default that nobody gave."""

from __future__ import annotations

from gremio.errors import OptionError
from gremio.running.calls.arguments import Arguments
from gremio.running.calls.signature import CallSignature, Parameter
from gremio.running.calls.standard import FORMS, option_for


def check_complete(arguments: Arguments, *, coming: str | None) -> None:
    """Refuse a call that Python would refuse. ``coming`` is a parameter that is given later.

    Raises:
        OptionError: it names every parameter that is missing and how to pass it.
    """
    given = {*arguments.values, coming}
    missing = [each for each in arguments.signature.parameters if each.required and each.name not in given]
    if missing:
        names = " and ".join(each.name for each in missing)
        ways = dict.fromkeys(_way(arguments.signature, each) for each in missing)
        raise OptionError(f"{arguments.signature.owner} needs {names}", next_step=f"Pass {', '.join(ways)}.")


def _way(signature: CallSignature, parameter: Parameter) -> str:
    option = option_for(signature, parameter.name)
    if option:
        return FORMS[option]
    if parameter.wanted.takes_image:
        return f"--image {parameter.name}=FILE"
    if any(each.is_array for each in parameter.wanted.members()):
        return f"--set {parameter.name}=@FILE.npy"
    if not parameter.wanted.is_writable:
        return f"{parameter.name} ({parameter.wanted.describe()}) from Python, for it can't be written"
    about = parameter.help.rstrip(".") or parameter.wanted.describe()
    return f"--set {parameter.name}=VALUE ({about})"
