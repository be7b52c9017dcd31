"""What is answered: JSON with the files in it, or one file as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gremio.serving.jobs import Job, Piece
from gremio.serving.line import Line
from gremio.serving.refusals import Refusal

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "video/mp4": ".mp4"}
_RAW = ("image", "video", "audio")
_PIECE = 1 << 18


class InPieces(Response):
    """Sent piece by piece, so that a client which reads slowly but does read is not hung up on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        data = memoryview(self.body)
        for start in range(0, len(data), _PIECE):
            await send({"type": "http.response.body", "body": bytes(data[start : start + _PIECE]), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def suffix_for(accept: str) -> str:
    """The kind of file that a client wants; empty for whatever comes by nature."""
    return next((SUFFIXES[kind] for kind in _kinds(accept) if kind in SUFFIXES), "")


def status(job: Job, line: Line) -> dict[str, Any]:
    """How far a job is."""
    here = f"/v1/jobs/{job.id}"
    found: dict[str, Any] = {
        "id": job.id,
        "pipeline": job.offered.name,
        "state": job.state,
        "seed": job.call.seed,
        "step": job.step,
        "steps": job.steps,
        "created": round(job.created, 3),
        "seconds": job.seconds,
    }
    if job.state == "waiting":
        found["before"] = line.before(job)
    if job.state == "done":
        pieces = enumerate(job.pieces)
        found["outputs"] = [{**_about(each), "url": f"{here}/outputs/{number}"} for number, each in pieces]
        found["notes"] = list(job.notes)
    if job.error:
        found |= job.error.as_dict()
    return found


def result(job: Job, accept: str) -> Response:
    """What a job made, in the form that the client accepts: one file as it is, or JSON with all of them.

    Raises:
        Refusal: there is nothing of that form, or nothing at all.
    """
    if job.error:
        raise job.error
    told = {"X-Gremio-Job": job.id, "X-Gremio-Seed": str(job.call.seed), "X-Gremio-Outputs": str(len(job.pieces))}
    if not _wants_file(accept):
        return InPieces(as_json(_whole(job)), media_type="application/json", headers=told)
    wanted = [kind for kind in _kinds(accept) if kind.partition("/")[0] in _RAW]
    piece = next((each for each in job.pieces if any(_fits(each.media, kind) for kind in wanted)), None)
    if piece is None:
        made = ", ".join(dict.fromkeys(each.media for each in job.pieces))
        raise Refusal(406, "not_acceptable", f"it made {made}, which the client does not accept")
    return InPieces(piece.path.read_bytes(), media_type=piece.media, headers=told)


def _whole(job: Job) -> dict[str, Any]:
    outputs = [{**_about(each), **_contents(each)} for each in job.pieces]
    return {
        "id": job.id,
        "pipeline": job.offered.name,
        "seed": job.call.seed,
        "seconds": job.seconds,
        "notes": list(job.notes),
        "outputs": outputs,
    }


def _about(piece: Piece) -> dict[str, Any]:
    return {"kind": piece.kind, "type": piece.media, "bytes": piece.size}


def _contents(piece: Piece) -> dict[str, str]:
    data = piece.path.read_bytes()
    if piece.kind == "text":
        return {"text": data.decode("utf-8", "replace")}
    return {"data": base64.b64encode(data).decode()}


def as_json(value: object) -> bytes:
    """UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def _wants_file(accept: str) -> bool:
    kinds = list(_kinds(accept))
    return bool(kinds) and not {"application/json", "*/*", "application/*"} & set(kinds)


def _kinds(accept: str) -> Iterator[str]:
    for each in accept.split(","):
        kind = each.partition(";")[0].strip().lower()
        if kind:
            yield kind


def _fits(media: str, kind: str) -> bool:
    return media == kind or kind == f"{media.partition('/')[0]}/*"
