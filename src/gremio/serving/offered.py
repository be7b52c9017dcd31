"""One pipeline as its callers see it, told by the loaded class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gremio.running.calls import CallSignature, Parameter
from gremio.running.form import Control, Form

_PICTURES = ("picture", "mask", "pictures", "video")
_PLACES = ("path", "paths", "file", "files", "filename", "dir", "directory", "folder", "url", "uri")


@dataclass(frozen=True)
class Offered:
    """``about`` is the first paragraph of the class's docstring; ``digest`` of its code, empty for Diffusers' own.
    ``together`` says whether several calls of it can be one.
    """

    name: str
    class_name: str
    about: str
    digest: str
    signature: CallSignature
    together: bool = False

    @cached_property
    def form(self) -> Form:
        """What a call is asked for."""
        return Form.of(self.signature)

    @cached_property
    def controls(self) -> dict[str, Control]:
        """What may be given, by name; nothing that names a file or an address: none is opened for anybody."""
        return {
            each.name: each
            for each in self.form.controls
            if each.name != "seed" and not each.files and each.name.rpartition("_")[2].lower() not in _PLACES
        }

    def takes_pictures(self, name: str) -> bool:
        """Whether an argument is a picture, or several."""
        control = self.controls.get(name)
        return control is not None and control.kind in _PICTURES

    def takes_one(self, name: str) -> bool:
        """Whether several pictures are not meant."""
        return self.controls[name].kind in ("picture", "mask")


def told(signature: CallSignature) -> dict[str, Any]:
    """A signature as data; a default that JSON can't hold is left out."""
    return {
        "owner": signature.owner,
        "accepts_kwargs": signature.accepts_kwargs,
        "parameters": [_told(each) for each in signature.parameters],
    }


def signature_of(said: Mapping[str, Any]) -> CallSignature:
    """And back."""
    parameters = (_parameter(each) for each in said["parameters"])
    return CallSignature(said["owner"], tuple(parameters), said["accepts_kwargs"])


def _told(parameter: Parameter) -> dict[str, Any]:
    told = {name: getattr(parameter, name) for name in ("name", "annotation", "required", "about")}
    try:
        return told | {"default": json.loads(json.dumps(parameter.default))}
    except (TypeError, ValueError):
        return told


def _parameter(said: Mapping[str, Any]) -> Parameter:
    annotation = said["annotation"]
    if "default" not in said:
        # Nothing can be told from a default that is not here.
        return Parameter(said["name"], annotation or "Any", ..., said["required"], said["about"])
    return Parameter(said["name"], annotation, said["default"], said["required"], said["about"])
