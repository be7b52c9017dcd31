"""What a call takes, as a JSON schema."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from gremio.running.calls.annotation import Wanted
from gremio.running.form import Control
from gremio.serving.offered import Offered

Schema = dict[str, Any]

LARGEST_SEED = 2**63 - 1
_SEED: Schema = {
    "type": "integer",
    "minimum": 0,
    "description": "Below 2**63. The same seed gives the same bytes; a random one, which is told, if not given.",
}
_ENCODED: Schema = {"type": "string", "contentEncoding": "base64", "description": "PNG, JPEG or WebP."}
_PLAIN: dict[str, Schema] = {
    "none": {"type": "null"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "dict": {"type": "object"},
    "image": _ENCODED,
}


def of_call(offered: Offered, *, multipart: bool = False) -> Schema:
    """The arguments of one pipeline; in a ``multipart`` body pictures are files."""
    properties = {name: _property(offered, control, multipart) for name, control in offered.controls.items()}
    required = [name for name, control in offered.controls.items() if control.required]
    found: Schema = {
        "title": offered.class_name,
        "type": "object",
        "properties": {**properties, "seed": _SEED},
        "additionalProperties": False,
    }
    return found | ({"required": required} if required else {})


def request_body(offered: Offered) -> Schema:
    """Both forms of it, for OpenAPI."""
    content = {
        "application/json": {"schema": of_call(offered)},
        "multipart/form-data": {"schema": of_call(offered, multipart=True)},
    }
    return {"required": True, "content": content}


def _property(offered: Offered, control: Control, multipart: bool) -> Schema:
    found = _pictures(offered, control, multipart) if offered.takes_pictures(control.name) else _value(offered, control)
    if control.tip:
        found = {**found, "description": control.tip}
    return found | _default(control)


def _pictures(offered: Offered, control: Control, multipart: bool) -> Schema:
    one = {"type": "string", "format": "binary"} if multipart else _ENCODED
    return dict(one) if offered.takes_one(control.name) else {"type": "array", "items": one}


def _value(offered: Offered, control: Control) -> Schema:
    if control.kind == "choice" and control.choices:
        return {"enum": list(control.choices)}
    parameter = offered.signature.get(control.name)
    return _of(parameter.wanted) if parameter else {"type": "string" if control.kind == "prompt" else "integer"}


def _default(control: Control) -> Schema:
    if control.required or control.default in (None, ...):
        return {}
    with suppress(TypeError, ValueError):
        return {"default": json.loads(json.dumps(control.default))}
    return {}


def _of(wanted: Wanted) -> Schema:
    """A type; what nobody can write is left out of a union, and alone is anything."""
    if wanted.what == "union":
        members = [_of(each) for each in wanted.inside if each.what != "object"]
        return members[0] if len(members) == 1 else {"anyOf": members} if all(members) else {}
    if wanted.what == "choice":
        return {"enum": list(wanted.choices)}
    if wanted.what in ("list", "tuple"):
        return _several(wanted)
    return dict(_PLAIN.get(wanted.what, {}))


def _several(wanted: Wanted) -> Schema:
    if wanted.exact_length:
        items = [_of(each) for each in wanted.inside]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    return {"type": "array", "items": _of(wanted.inside[0])} if wanted.inside else {"type": "array"}
