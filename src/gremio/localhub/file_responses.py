"""The bytes of a file as an HTTP response: whole, or the range that a resumed download asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from gremio.localhub.calls import Call
from gremio.localhub.objects import BLOCK, read_blocks
from gremio.localhub.refusals import Refusal
from gremio.localhub.snapshots import Entry, Snapshot

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)


def serve(call: Call, files: Snapshot, entry: Entry, *, media_type: str = "application/octet-stream") -> Response:
    """Answer GET and HEAD for one file, with the headers that huggingface_hub caches by."""
    span = _span(call.request.headers.get("range"), entry.size)
    start, stop = span or (0, entry.size)
    headers = {
        "X-Repo-Commit": files.commit,
        "ETag": f'"{entry.etag}"',
        "Accept-Ranges": "bytes",
        "Content-Length": str(stop - start),
        "X-Content-Type-Options": "nosniff",
    }
    if entry.pointer:
        headers |= {"X-Linked-Etag": f'"{entry.etag}"', "X-Linked-Size": str(entry.size)}
    if span:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{entry.size}"
    status = 206 if span else 200
    if call.request.method == "HEAD":
        return Response(None, status, headers, media_type)
    return StreamingResponse(_content(files, entry, start, stop), status, headers, media_type)


def _content(files: Snapshot, entry: Entry, start: int, stop: int) -> Iterator[bytes]:
    if entry.pointer:
        return read_blocks(files.repo.objects.path(entry.pointer.oid), start, stop)
    blob = files.blob(entry)
    return (blob[place : min(place + BLOCK, stop)] for place in range(start, stop, BLOCK))


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """The one range that was asked for, half open; what we don't understand means the whole file (RFC 9110, 14.2)."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size or start >= stop:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Refusal("the range lies outside the file", status=416, headers=headers)
    return start, stop
