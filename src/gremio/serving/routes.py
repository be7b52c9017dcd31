"""What can be asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from gremio.serving import bodies
from gremio.serving.jobs import Job
from gremio.serving.line import Line
from gremio.serving.metrics import MEDIA
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal
from gremio.serving.replies import SUFFIXES, result, status, suffix_for
from gremio.serving.schema import of_call, request_body

_ALIVE = 15.0  # seconds of silence after which a stream says that it is still there
_GONE = Refusal(499, "hung_up", "the client hung up")

Handler = Callable[[Request], Awaitable[Response]]


class Desk:
    """Answers for these pipelines with what one line draws."""

    def __init__(self, pipelines: Mapping[str, Offered], line: Line) -> None:
        self.pipelines, self.line = pipelines, line

    def get(self, name: str) -> Offered:
        """The pipeline of this name.

        Raises:
            Refusal: there is none.
        """
        found = self.pipelines.get(name)
        if found is None:
            known = ", ".join(self.pipelines)
            message = f"there is no pipeline {name[:80]!r}. There are: {known}."
            raise Refusal(404, "no_such_pipeline", message, "pipeline")
        return found

    async def accepted(self, request: Request, offered: Offered, suffix: str) -> Job:
        """The job that a request becomes."""
        body = await bodies.read(request, self.line.limits)
        asked = await asyncio.to_thread(bodies.asked, body, offered, self.line.limits)
        return await self.line.put(offered, asked, owner=owner_of(request), suffix=suffix)

    async def awaited(self, request: Request, job: Job) -> None:
        """Wait for a job; one whose client hangs up meanwhile is cancelled."""
        waiting = [asyncio.ensure_future(each) for each in (job.finished(), _hung_up(request))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
            if not job.over:
                self.line.cancel(job, _GONE)

    async def called(self, request: Request, offered: Offered) -> Response:
        """One call, from its request to what it made."""
        accept = request.headers.get("accept", "")
        job = await self.accepted(request, offered, suffix_for(accept))
        try:
            await self.awaited(request, job)
            return await asyncio.to_thread(result, job, accept)
        finally:
            if job.over:
                await asyncio.to_thread(self.line.forget, job)


def owner_of(request: Request) -> str:
    """Whose key a request came with."""
    return str(request.scope.get("gremio.owner", ""))


def router(desk: Desk) -> APIRouter:
    """All of it but what is asked as of OpenAI."""
    found = APIRouter()
    for offered in desk.pipelines.values():
        _add_pipeline(found, desk, offered)
    _add_jobs(found, desk)
    _add_health(found, desk)
    return found


def _add_health(found: APIRouter, desk: Desk) -> None:
    @found.get("/health", summary="Whether it takes calls.", response_model=dict[str, Any])
    async def health() -> Response:
        told = {
            "status": "stopping" if desk.line.stopping else "ok",
            "waiting": desk.line.waiting,
            "drawing": desk.line.drawing,
        }
        return JSONResponse(told, 503 if desk.line.stopping else 200)

    @found.get("/metrics", summary="For Prometheus.", response_class=Response)
    async def metrics() -> Response:
        return Response(desk.line.metrics.text(), media_type=MEDIA)

    @found.get("/v1/pipelines", summary="What can be called.")
    async def pipelines() -> dict[str, Any]:
        return {"pipelines": [_brief(each) for each in desk.pipelines.values()]}


def _add_pipeline(found: APIRouter, desk: Desk, offered: Offered) -> None:
    path = f"/v1/pipelines/{offered.name}"

    @found.get(path, summary=f"What {offered.name} takes.", operation_id=f"about_{offered.name}")
    async def about() -> dict[str, Any]:
        return _brief(offered) | {"arguments": of_call(offered)}

    @found.post(
        path,
        summary=f"Call {offered.name} and wait for what it makes.",
        description=offered.about,
        operation_id=f"call_{offered.name}",
        openapi_extra={"requestBody": request_body(offered)},
        responses=_RESPONSES,
        response_class=Response,
    )
    async def call(request: Request) -> Response:
        return await desk.called(request, offered)


def _add_jobs(found: APIRouter, desk: Desk) -> None:
    line = desk.line
    bodies_of = {"content": {"application/json": {"schema": {"anyOf": [of_call(e) for e in desk.pipelines.values()]}}}}

    @found.post("/v1/jobs", status_code=202, summary="Have something drawn.", openapi_extra={"requestBody": bodies_of})
    async def submit(request: Request, pipeline: str = "", format: str = "") -> Response:  # noqa: A002
        only = next(iter(desk.pipelines)) if len(desk.pipelines) == 1 else ""
        job = await desk.accepted(request, desk.get(pipeline or only), _suffix(format))
        return JSONResponse(status(job, line), 202, {"Location": f"/v1/jobs/{job.id}"})

    @found.get("/v1/jobs/{number}", summary="How far a job is.")
    async def look(request: Request, number: str) -> dict[str, Any]:
        return status(line.get(number, owner_of(request)), line)

    @found.get("/v1/jobs/{number}/events", summary="The same, told whenever it changes.", response_class=Response)
    async def events(request: Request, number: str) -> Response:
        job = line.get(number, owner_of(request))
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(_events(job, line), media_type="text/event-stream", headers=headers)

    @found.get("/v1/jobs/{number}/result", summary="What a job made.", response_class=Response, responses=_RESPONSES)
    async def made(request: Request, number: str) -> Response:
        job = line.get(number, owner_of(request))
        if not job.over:
            raise Refusal(409, "not_done", f"the job is {job.state}")
        return await asyncio.to_thread(result, job, request.headers.get("accept", ""))

    @found.get("/v1/jobs/{number}/outputs/{place}", summary="One file of it.", response_class=Response)
    async def output(request: Request, number: str, place: int) -> Response:
        job = line.get(number, owner_of(request))
        if not 0 <= place < len(job.pieces):
            raise Refusal(404, "no_such_output", "the job made no such file, or not yet")
        piece = job.pieces[place]
        return FileResponse(piece.path, media_type=piece.media)

    @found.delete("/v1/jobs/{number}", summary="Cancel a job, or remove what it made.")
    async def cancel(request: Request, number: str) -> dict[str, Any]:
        job = line.get(number, owner_of(request))
        if job.over:
            line.forget(job)
        else:
            line.cancel(job)
        return status(job, line)


async def _events(job: Job, line: Line) -> AsyncIterator[bytes]:
    """Each change; the last is how it ended."""
    last = None
    while True:
        told = status(job, line)
        if told != last:
            last = told
            name = job.state if job.over else "progress"
            yield f"event: {name}\ndata: {json.dumps(told)}\n\n".encode()
        if job.over:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALIVE):
                await job.changed()
            continue
        yield b": still there\n\n"


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _brief(offered: Offered) -> dict[str, Any]:
    return {
        "name": offered.name,
        "class": offered.class_name,
        "about": offered.about,
        "digest": offered.digest,
        "url": f"/v1/pipelines/{offered.name}",
    }


def _suffix(text: str) -> str:
    suffix = f".{text}" if text else ""
    if suffix not in ("", *SUFFIXES.values()):
        known = ", ".join(each[1:] for each in SUFFIXES.values())
        raise Refusal(400, "bad_value", f"format is one of {known}", "format")
    return suffix


_FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One file where the client accepts its kind alone, else JSON with all of them in base64.",
        "content": {"application/json": {}, **dict.fromkeys(SUFFIXES, _FILE)},
    },
    400: {"description": "A value that can't work."},
    422: {"description": "The pipeline's own code raised."},
    429: {"description": "Too many wait; Retry-After says how long."},
    504: {"description": "It took too long."},
}
