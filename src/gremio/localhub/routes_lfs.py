"""Uploads of large files: git-lfs' batch API with huggingface_hub's multipart extension.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
"""

from __future__ import annotations

import logging
from math import ceil
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.calls import Call, page_routes, repo_route
from gremio.localhub.names import parse_count
from gremio.localhub.objects import Incoming, parse_oid
from gremio.localhub.refusals import Refusal, bad_request

_BUFFER = 1 << 20
_log = logging.getLogger(__name__)


def routes() -> list[Route]:
    """The routes of this module."""
    upload = "/api/{kind}/{namespace}/{name}/lfs/{oid}"
    return [
        *page_routes(".git/info/lfs/objects/batch", batch, "POST"),
        repo_route("/lfs/verify", verify, "POST"),
        Route(upload, put_object, methods=["PUT"]),
        repo_route("/lfs/{oid}/parts/{number}", put_part, "PUT"),
        repo_route("/lfs/{oid}/parts", join_parts, "POST"),
        repo_route("/xet-write-token/{revision}", no_xet),
        repo_route("/xet-read-token/{revision}", no_xet),
    ]


def batch(call: Call) -> Response:
    """Where to upload what isn't here yet."""
    repo, user = call.readable_repo, call.known_user
    if call.json.get("operation") != "upload":
        raise Refusal("this local Hub serves files at /resolve, not through git-lfs", status=501)
    wanted = [(parse_oid(str(item.get("oid"))), parse_count(item.get("size"))) for item in call.dicts("objects")]
    multipart = "multipart" in list(call.json.get("transfers") or ())
    objects = []
    for oid, size in wanted:
        described: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
        if repo.objects.size(oid) != size:
            described["actions"] = _actions(call, oid, size, multipart=multipart and size > call.state.part_size)
        objects.append(described)
    return JSONResponse({"transfer": "basic", "objects": objects, "user": user})


async def put_object(request: Request) -> Response:
    """Take a whole object, a piece at a time."""
    call = Call(request)
    oid, size = _signed_upload(call)
    with call.state.storage.get(call.name).objects.receive(oid, size) as incoming:
        await _stream(request, incoming)
        await run_in_threadpool(incoming.finish)
    return Response()


def put_part(call: Call) -> Response:
    """Take one part of an object."""
    oid, size = _signed_upload(call)
    number = parse_count(call.part("number"))
    part_size = call.state.part_size
    if len(call.body) != min(part_size, size - part_size * (number - 1)):
        raise bad_request(f"part {number} has the wrong size")
    etag = call.state.storage.get(call.name).objects.add_part(oid, number, call.body)
    return Response(headers={"ETag": f'"{etag}"'})


def join_parts(call: Call) -> Response:
    """Make an object of the parts."""
    oid, size = _signed_upload(call)
    repo = call.state.storage.get(call.name)
    with repo.locked():
        if repo.objects.size(oid) != size:
            repo.objects.join_parts(oid, size, range(1, ceil(size / call.state.part_size) + 1))
    return JSONResponse({})


def verify(call: Call) -> Response:
    """Whether an object came whole."""
    oid = parse_oid(call.text("oid"))
    if call.readable_repo.objects.size(oid) != call.json.get("size"):
        raise Refusal(f"{oid} is not here, or not whole", status=404)
    return JSONResponse({})


def no_xet(call: Call) -> Response:
    """Say what to do instead: this Hub has no Xet storage."""
    message = "this Hub has no Xet storage: set HF_HUB_DISABLE_XET=1 where you upload from"
    _log.warning("%s (%s)", message, call.name.id)  # hf_xet does not show what it is answered
    raise Refusal(message, status=404)


def _actions(call: Call, oid: str, size: int, *, multipart: bool) -> dict[str, Any]:
    path = f"/{call.name.api_path}/lfs/{oid}"
    verification = {"href": f"{call.base}/{call.name.api_path}/lfs/verify"}
    if not multipart:
        return {"upload": {"href": _signed(call, path, size)}, "verify": verification}
    numbers = range(1, ceil(size / call.state.part_size) + 1)
    header = {f"{number:05d}": _signed(call, f"{path}/parts/{number}", size) for number in numbers}
    header["chunk_size"] = str(call.state.part_size)
    return {"upload": {"href": _signed(call, f"{path}/parts", size), "header": header}, "verify": verification}


def _signed(call: Call, path: str, size: int) -> str:
    return call.base + call.state.signer.sign(path, size=size)


def _signed_upload(call: Call) -> tuple[str, int]:
    query = dict(call.request.query_params)
    call.state.signer.check(call.request.url.path, query)
    return parse_oid(call.part("oid")), parse_count(query.get("size"))


async def _stream(request: Request, incoming: Incoming) -> None:
    buffer = bytearray()
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) >= _BUFFER:
            await run_in_threadpool(incoming.write, bytes(buffer))
            buffer.clear()
    await run_in_threadpool(incoming.write, bytes(buffer))
