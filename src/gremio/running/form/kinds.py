"""Which control fits a parameter: by its annotation, then by its default, then by what its name means everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from gremio.running.calls import Parameter
from gremio.running.calls.annotation import Wanted, What
from gremio.running.calls.standard import is_mask
from gremio.running.calls.tensors import TENSOR_NAME
from gremio.running.form.control import Kind, LeftOut

_PICTURE = re.compile(
    r"(.*_)?(image|img|picture|photo)s?(_?\d|_\w+)?|rgb|depth|(input|prompt|ref)_imgs|.*_image_\w+", re.IGNORECASE
)
_FILM_FILE = re.compile(r"(.*_)?video_(path|file)", re.IGNORECASE)
_FILM = re.compile(r"(.*_)?(frames|video|clip)", re.IGNORECASE)
_PROMPT = re.compile(r"(.*_)?(prompts?|text|caption)(_?\d)?", re.IGNORECASE)
_CALLBACK = re.compile(r"^callback|_callback$|_fn$|_func(tion)?$")
_NUMBERED = re.compile(r"(num|n)_|_(size|width|height|steps?|scale|strength|idx|index|id|pad)$")

FUNCTION = "a function"
OF_FUNCTION = "goes with a function"
TENSOR = "a tensor"


def kind_of(parameter: Parameter) -> Kind | LeftOut:
    """The kind of control, or why there can be none."""
    why = _unfit(parameter)
    if why:
        return LeftOut(parameter.name, why, parameter.required)
    return _special(parameter) or _by_type(parameter)


def takes_file(parameter: Parameter) -> bool:
    """Whether a video is wanted as a file."""
    return _FILM_FILE.fullmatch(parameter.name) is not None


def takes_several(parameter: Parameter) -> bool:
    """Whether a list of texts is welcome too."""
    members = parameter.wanted.members()
    return any(each.what in ("list", "tuple", "any") for each in members)


def _unfit(parameter: Parameter) -> str:
    if "Callable" in parameter.annotation:
        return FUNCTION
    if _CALLBACK.search(parameter.name):
        return OF_FUNCTION if _kinds(parameter.wanted) & {"int", "list"} else FUNCTION
    if _is_picture(parameter):
        return ""
    if not parameter.wanted.is_writable:
        texts = [each.text for each in parameter.wanted.members() if each.text]
        return TENSOR if any(each.is_array for each in parameter.wanted.members()) else f"a {' or '.join(texts)}"
    about_tensors = _says_nothing(parameter.wanted) or parameter.wanted.takes_image
    return TENSOR if TENSOR_NAME.search(parameter.name) and about_tensors else ""


def _special(parameter: Parameter) -> Kind | None:
    """What a name means, where the type lets it."""
    name, wanted = parameter.name, parameter.wanted
    if takes_file(parameter):
        return "video"
    if _is_picture(parameter):
        if is_mask(name):
            return "mask"
        if _FILM.fullmatch(name):
            return "video"
        return "pictures" if _is_several(parameter) else "picture"
    if _PROMPT.fullmatch(name) and (_kinds(wanted) & {"str", "list", "any"}):
        return "prompt"
    return None


def _by_type(parameter: Parameter) -> Kind:
    wanted, default = parameter.wanted, parameter.default
    kinds = _kinds(wanted)
    if any(each.choices for each in wanted.members()):
        return "choice"
    if isinstance(default, bool) or "bool" in kinds:
        return "boolean" if isinstance(default, bool) else "choice"
    for found, kind in _KINDS:
        if found(kinds, default):
            return kind
    return "json"


Fits = Callable[[set[What], object], bool]
_KINDS: tuple[tuple[Fits, Kind], ...] = (
    # Written out as a list, or text of another form than a number: both are told apart by how they begin.
    (lambda kinds, default: isinstance(default, list | tuple), "list"),
    (lambda kinds, default: isinstance(default, dict), "json"),
    (lambda kinds, default: isinstance(default, str), "text"),
    (lambda kinds, default: kinds <= {"int", "none"} and "int" in kinds, "integer"),
    (lambda kinds, default: kinds <= {"int", "float", "none"} and bool(kinds & {"int", "float"}), "number"),
    (lambda kinds, default: isinstance(default, int | float) and bool(kinds & {"int", "float"}), "number"),
    (lambda kinds, default: bool(kinds & {"list", "tuple"}) and "str" not in kinds, "list"),
    (lambda kinds, default: "str" in kinds, "text"),
    (lambda kinds, default: bool(kinds & {"list", "tuple"}), "list"),
)


def _is_picture(parameter: Parameter) -> bool:
    """Whether pictures are welcome: the annotation says so, or the name does and the annotation does not object."""
    wanted, name = parameter.wanted, parameter.name
    if wanted.takes_image or any(map(_holds_pictures, wanted.members())):
        return not TENSOR_NAME.search(name)
    named = is_mask(name) or any(each.fullmatch(name) for each in (_PICTURE, _FILM))
    if (
        not named
        or _NUMBERED.search(name)
        or TENSOR_NAME.search(name)
        or not (parameter.required or parameter.default is None)
    ):
        return False
    members = [each for each in wanted.members() if each.what != "none"]
    return all(each.what == "any" or each.is_array or _holds_arrays(each) for each in members)


def _holds_pictures(wanted: Wanted) -> bool:
    return wanted.what in ("list", "tuple") and any(
        each.what == "image" or _holds_pictures(each) for element in wanted.inside for each in element.members()
    )


def _holds_arrays(wanted: Wanted) -> bool:
    inside = [each for element in wanted.inside for each in element.members()]
    return wanted.what in ("list", "tuple") and all(each.is_array or each.what in ("any", "image") for each in inside)


def _is_several(parameter: Parameter) -> bool:
    """Whether one picture alone is not meant."""
    members = [each for each in parameter.wanted.members() if each.what != "none"]
    if members and all(each.what in ("list", "tuple") for each in members):
        return True
    return parameter.name.endswith(("images", "imgs", "pictures")) and not parameter.wanted.takes_image


def _says_nothing(wanted: Wanted) -> bool:
    return all(each.what in ("any", "none", "object") or _holds_arrays(each) for each in wanted.members())


def _kinds(wanted: Wanted) -> set[What]:
    return {each.what for each in wanted.members()} - {"object"}
