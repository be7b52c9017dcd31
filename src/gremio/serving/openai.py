"""Pictures as clients of OpenAI ask for them: ``client.images.generate(...)`` with another ``base_url``."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gremio.errors import OptionError
from gremio.running.calls import OptionName, Size, find
from gremio.serving import bodies
from gremio.serving.bodies import Body
from gremio.serving.jobs import Job
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal, bad
from gremio.serving.replies import InPieces, as_json
from gremio.serving.routes import Desk, owner_of

_FORMATS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
# What says how OpenAI's own models draw; nothing here has a meaning for it.
_UNHEEDED = ("quality", "style", "user", "background", "moderation", "output_compression", "partial_images")
_NAMES: tuple[tuple[str, OptionName], ...] = (("prompt", "prompt"), ("n", "count"))

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "model": {"type": "string", "description": "A name of /v1/pipelines; the first if not given."},
        "prompt": {"type": "string"},
        "n": {"type": "integer", "minimum": 1},
        "size": {"type": "string", "examples": ["512x512", "auto"]},
        "response_format": {"enum": ["b64_json"]},
        "output_format": {"enum": list(_FORMATS)},
    },
    "description": "Whatever else the pipeline takes may be given too, `seed` among it.",
}


def router(desk: Desk) -> APIRouter:
    """``/v1/images/generations`` and ``/v1/models``."""
    found = APIRouter(tags=["OpenAI"])
    started = int(time.time())

    @found.get("/v1/models", summary="What can be called, as OpenAI lists it.")
    async def models() -> dict[str, Any]:
        told = [{"id": n, "object": "model", "created": started, "owned_by": "gremio"} for n in desk.pipelines]
        return {"object": "list", "data": told}

    body = {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}

    @found.post(
        "/v1/images/generations",
        summary="Pictures, as OpenAI makes them.",
        openapi_extra={"requestBody": body},
        response_class=Response,
    )
    async def generations(request: Request) -> Response:
        limits = desk.line.limits
        values = dict((await bodies.read(request, limits)).values)
        offered = _model(desk, values.pop("model", None))
        suffix = _format(values)
        asked = await asyncio.to_thread(bodies.asked, Body(_arguments(offered, values)), offered, limits)
        job = await desk.line.put(offered, asked, owner=owner_of(request), suffix=suffix)
        try:
            await desk.awaited(request, job)
            return await asyncio.to_thread(_answer, job)
        finally:
            if job.over:
                await asyncio.to_thread(desk.line.forget, job)

    return found


def _model(desk: Desk, name: Any) -> Offered:
    if name is None:
        return next(iter(desk.pipelines.values()))
    if not isinstance(name, str) or name not in desk.pipelines:
        known = ", ".join(desk.pipelines)
        raise Refusal(404, "model_not_found", f"there is no model {str(name)[:80]!r}. There are: {known}.", "model")
    return desk.pipelines[name]


def _format(values: dict[str, Any]) -> str:
    if values.pop("stream", None):
        raise bad("pictures are not streamed here; /v1/jobs tells progress", "stream")
    if values.pop("response_format", None) not in (None, "b64_json"):
        raise bad("response_format is b64_json here", "response_format")
    named = values.pop("output_format", None) or "png"
    if named not in _FORMATS:
        raise bad(f"output_format is one of {', '.join(_FORMATS)}", "output_format")
    return _FORMATS[named]


def _arguments(offered: Offered, values: dict[str, Any]) -> dict[str, Any]:
    """By the names that the pipeline has."""
    found = {name: value for name, value in values.items() if name not in ("prompt", "n", "size", *_UNHEEDED)}
    for name, option in _NAMES:
        value = values.get(name)
        parameter = find(offered.signature, option)
        if value is None or (name == "n" and value == 1 and parameter is None):
            continue
        if parameter is None:
            raise bad(f"{offered.name} takes no {name}", name)
        found[parameter] = value
    return found | _size(offered, values.get("size"))


def _size(offered: Offered, text: Any) -> dict[str, Any]:
    if text in (None, "auto"):
        return {}
    try:
        size = Size.parse(str(text))
    except OptionError:
        raise bad("size is WIDTHxHEIGHT or auto", "size") from None
    names = [find(offered.signature, option) for option in ("width", "height")]
    square = find(offered.signature, "resolution")
    if all(names):
        return dict(zip(map(str, names), (size.width, size.height), strict=True))
    if square and size.width == size.height:
        return {square: size.width}
    raise bad(f"{offered.name} takes no such size", "size")


def _answer(job: Job) -> Response:
    if job.error:
        raise job.error
    pictures = [each for each in job.pieces if each.kind == "image"]
    if not pictures:
        raise Refusal(422, "no_pictures", f"{job.offered.name} made no pictures; call /v1/pipelines/{job.offered.name}")
    data = [{"b64_json": base64.b64encode(each.path.read_bytes()).decode()} for each in pictures]
    told = {"X-Gremio-Job": job.id, "X-Gremio-Seed": str(job.call.seed)}
    return InPieces(as_json({"created": int(job.created), "data": data}), media_type="application/json", headers=told)
