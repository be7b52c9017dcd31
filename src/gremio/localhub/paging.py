"""Long lists go out in pages; the next one is named in a ``Link`` header, as GitHub does it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from gremio.localhub.calls import Call
from gremio.localhub.names import parse_count


def page(call: Call, items: Sequence[object]) -> Response:
    """The page of ``items`` that the query's ``cursor`` names."""
    start = cursor(call)
    stop = start + call.desk.page_size
    return JSONResponse(items[start:stop], headers=next_page(call, stop) if stop < len(items) else None)


def cursor(call: Call) -> int:
    """Where this page starts."""
    return parse_count(call.query("cursor") or "0")


def next_page(call: Call, start: int) -> dict[str, str]:
    """The header that names the page from ``start`` on."""
    url = call.request.url
    address = f"{call.base}{url.path}?{url.include_query_params(cursor=start).query}"
    return {"Link": f'<{address}>; rel="next"'}
