"""From the bytes of a request to values and pictures. Nothing that was sent names a file or an address to be opened."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import math
import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from gremio.errors import OptionError
from gremio.running.calls import Given
from gremio.serving import limits as limit
from gremio.serving.calls import Call
from gremio.serving.limits import Limits
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal, bad, of
from gremio.serving.schema import LARGEST_SEED

_MOST_MARKS = 100_000  # of commas and brackets: a body of nothing else would take fifty times its size in memory
_DEEPEST = 32
_FIELDS = 256
_LARGEST_INTEGER = 2**63
_KINDS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_HOW = "Send application/json or multipart/form-data."


@dataclass(frozen=True)
class Body:
    """``values`` as they came: parsed JSON, or texts of a form where ``typed`` is false; ``files`` by field."""

    values: Mapping[str, Any]
    typed: bool = True
    files: Mapping[str, list[bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A call, and the pictures that go with it, by the name of their file."""

    call: Call
    pictures: Mapping[str, bytes]


async def read(request: Request, limits: Limits) -> Body:
    """The body of a request.

    Raises:
        Refusal: it is too large, too slow, or not what it says.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refusal(415, "bad_encoding", "the body is compressed, and is not to be")
    try:
        async with asyncio.timeout(limits.patience):
            if kind == "application/json":
                return Body(parsed(await request.body()))
            if kind == "multipart/form-data":
                return await _form(request, limits)
    except TimeoutError:
        message = f"the body took more than {limits.patience:g} seconds"
        raise Refusal(408, "too_slow", message, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise Refusal(400, "hung_up", "the client hung up") from None
    raise Refusal(415, "bad_type", f"a body of type {kind[:60] or 'nothing'!r} can't be read. {_HOW}")


def parsed(data: bytes) -> dict[str, Any]:
    """JSON that is an object of plain values.

    Raises:
        Refusal: it isn't.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > _MOST_MARKS:
        raise bad("the JSON has too many values")
    try:
        found = json.loads(data, parse_constant=_no_number, object_pairs_hook=_once)
    except Refusal:
        raise
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_json", f"the body is no JSON: {str(error)[:200]}") from None
    if not isinstance(found, dict):
        raise Refusal(400, "bad_json", "the body is no JSON object")
    _check_plain(found)
    return found


def asked(body: Body, offered: Offered, limits: Limits) -> Asked:
    """The call of a pipeline that a body is, checked in all that can be told without drawing.

    Raises:
        Refusal: it names the argument that can't work.
    """
    values = dict(body.values)
    seed = _seed(values.pop("seed", None))
    pictures: dict[str, list[bytes]] = {name: list(files) for name, files in body.files.items()}
    unknown = [name for name in (*values, *pictures) if name not in offered.controls]
    if unknown:
        raise _unknown(offered, unknown[0])
    for name in list(values):
        if offered.takes_pictures(name):
            pictures.setdefault(name, []).extend(_encoded(name, values.pop(name)))
    stray = next((name for name in pictures if not offered.takes_pictures(name)), None)
    if stray is not None:
        raise bad(f"{stray} is no picture, so it can't be a file", stray)
    lacking = [n for n, each in offered.controls.items() if each.required and n not in values and n not in pictures]
    if lacking:
        raise Refusal(400, "missing", f"{offered.name} needs {' and '.join(lacking)}", lacking[0])
    given = {name: _given(value, body.typed) for name, value in values.items()}
    return _checked(offered, limits, given, pictures, seed)


def _checked(
    offered: Offered, limits: Limits, given: dict[str, Given], pictures: dict[str, list[bytes]], seed: int
) -> Asked:
    limit.check(limits, offered.signature, {name: each.value for name, each in given.items()})
    files, opened = _opened(offered, limits, pictures)
    names = {name: tuple(file for file, _ in found) for name, found in files.items()}
    single = frozenset(name for name in names if offered.takes_one(name))
    call = Call({name: (each.value, each.text) for name, each in given.items()}, seed, names, single)
    try:
        call.arguments(offered.signature, opened, torch=False)
    except OptionError as error:
        raise of(error) from None
    return Asked(call, {file: data for found in files.values() for file, data in found})


def _opened(
    offered: Offered, limits: Limits, pictures: Mapping[str, list[bytes]]
) -> tuple[dict[str, list[tuple[str, bytes]]], dict[str, list[Any]]]:
    """Names for the files, and what their headers say; no pixel is read here."""
    if sum(map(len, pictures.values())) > limits.inputs:
        raise bad(f"at most {limits.inputs} pictures are sent along")
    files: dict[str, list[tuple[str, bytes]]] = {}
    opened: dict[str, list[Any]] = {}
    for place, (name, found) in enumerate(pictures.items()):
        if not found or (len(found) > 1 and offered.takes_one(name)):
            raise bad(f"{name} is one picture, not {len(found)}", name)
        opened[name] = [_picture(name, data, limits) for data in found]
        suffixes = [_KINDS[each.format] for each in opened[name]]
        numbered = enumerate(zip(found, suffixes, strict=True))
        files[name] = [(f"input-{place}-{number}{suffix}", data) for number, (data, suffix) in numbered]
    return files, opened


def _picture(name: str, data: bytes, limits: Limits) -> Any:
    from PIL import Image

    try:
        found = Image.open(io.BytesIO(data), formats=tuple(_KINDS))
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise bad(f"{name} is no PNG, JPEG or WebP", name) from None
    if found.width * found.height > limits.pixels:
        told = f"{found.width}x{found.height}"
        raise bad(f"{name} has {told} pixels, and at most {limits.pixels} in all are taken", name)
    return found


def _encoded(name: str, value: Any) -> Iterator[bytes]:
    several = value if isinstance(value, list) else [value]
    for each in several:
        if not isinstance(each, str):
            raise bad(f"{name} is a picture: base64, a data URL, or a file of a multipart body", name)
        head, comma, text = each.partition(",")
        if comma and not (head.startswith("data:image/") and head.endswith(";base64")):
            raise bad(f"{name} is neither base64 nor a data URL of a picture in base64", name)
        try:
            yield base64.b64decode("".join((text if comma else each).split()), validate=True)
        except (binascii.Error, ValueError):
            why = f"{name} is neither base64 nor a data URL; files and addresses are not opened here"
            raise bad(why, name) from None


def _given(value: Any, typed: bool) -> Given:
    if typed:
        return Given.plain(value) if isinstance(value, str) else Given(value)
    if isinstance(value, list):
        return Given([_given(each, typed).value for each in value])
    if value.startswith("@"):
        # Elsewhere that names a file; what is sent names none.
        return Given.plain(value)
    given = Given.parse(value)
    _check_plain(given.value)
    return given


def _seed(value: Any) -> int:
    if value in (None, ""):
        return random.randrange(2**32)  # noqa: S311  a seed for pictures, not for secrets
    if isinstance(value, str):
        with suppress(ValueError):
            value = int(value[:20])
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
        raise bad("seed is an integer from 0 to 2**63 - 1", "seed")
    return value


async def _form(request: Request, limits: Limits) -> Body:
    try:
        async with request.form(max_files=limits.inputs, max_fields=_FIELDS, max_part_size=limits.body) as form:
            return await _of_form(form)
    except HTTPException as error:
        raise Refusal(400, "bad_form", f"the form can't be read: {error.detail}") from None


async def _of_form(form: FormData) -> Body:
    values: dict[str, Any] = {}
    files: dict[str, list[bytes]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files.setdefault(name, []).append(await value.read())
        elif name in values:
            values[name] = [*(values[name] if isinstance(values[name], list) else [values[name]]), value]
        else:
            values[name] = value
    _check_plain(values)
    return Body(values, typed=False, files=files)


def _unknown(offered: Offered, name: str) -> Refusal:
    takes = ", ".join([*offered.controls, "seed"])
    left = next((each.why for each in offered.form.left_out if each.name == name), "")
    told = f"can't be given {name[:80]} here: {left}" if left else f"takes no {name[:80]!r}"
    why = f"{offered.name} {told}"
    return Refusal(400, "unknown_argument", f"{why}. It takes: {takes}.", name[:80])


def _no_number(name: str) -> Any:
    raise bad(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise bad("a name is given twice in one object")
    return found


def _check_plain(value: Any, depth: int = 0) -> None:
    """Refuse what no pipeline wants and something on the way would break at."""
    if depth > _DEEPEST:
        raise bad(f"values are at most {_DEEPEST} deep")
    if isinstance(value, dict | list | tuple):
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        for each in inside:
            _check_plain(each, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise bad(f"{value} is no number")
    elif isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise bad("an integer has at most 64 bits")
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise bad("a text is no Unicode") from None
