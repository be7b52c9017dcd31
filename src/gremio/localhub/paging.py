"""Long lists go out in pages; the next one is named in a ``Link`` header, as GitHub does it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from starlette.responses import JSONResponse, Response

from gremio.localhub.calls import Call
from gremio.localhub.names import parse_count


def page(call: Call, items: Iterable[object]) -> Response:
    """The page of ``items`` that the query's ``cursor`` names."""
    size, start = call.state.page_size, cursor(call)
    found = list(islice(items, start, start + size + 1))
    return JSONResponse(found[:size], headers=next_page(call, start + size) if len(found) > size else None)


def cursor(call: Call) -> int:
    """Where this page starts."""
    return parse_count(call.query("cursor") or "0")


def next_page(call: Call, start: int) -> dict[str, str]:
    """The header that names the page from ``start`` on."""
    url = call.request.url
    address = f"{call.base}{url.path}?{url.include_query_params(cursor=start).query}"
    return {"Link": f'<{address}>; rel="next"'}
