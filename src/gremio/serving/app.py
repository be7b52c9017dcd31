"""The service as one ASGI application."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from gremio.serving import openai, routes
from gremio.serving.guard import Guard, Rules
from gremio.serving.line import Line
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal
from gremio.serving.routes import Desk
from gremio.version import __version__

log = logging.getLogger("gremio.serving")

_ABOUT = "Community pipelines of Diffusers. Errors have the form that clients of OpenAI know."

_CODES = {404: "not_found", 405: "method_not_allowed"}


def application(pipelines: Mapping[str, Offered], line: Line, rules: Rules) -> ASGIApp:
    """Everything, its guard before it. The line begins to draw with the application, and ends with it."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        await line.open()
        yield
        await line.close()

    app = FastAPI(
        title="Gremio",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=living,
    )
    desk = Desk(pipelines, line)
    app.include_router(routes.router(desk))
    app.include_router(openai.router(desk))
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _not_there)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _broken)
    if rules.keys:
        _tell_key(app)
    line.metrics.watch(waiting=lambda: line.waiting, drawing=lambda: line.drawing, kept_bytes=lambda: line.kept)
    return Guard(app, rules, line.metrics)


def _tell_key(app: FastAPI) -> None:
    made = app.openapi

    def openapi() -> dict[str, Any]:
        found = made()
        found.setdefault("components", {})["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"key": []}]
        return found

    app.openapi = openapi  # type: ignore[method-assign]


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return JSONResponse(error.as_dict(), error.status, dict(error.headers))


async def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "there is nothing here" if error.status_code == 404 else str(error.detail)
    refusal = Refusal(error.status_code, _CODES.get(error.status_code, "bad_request"), message)
    return JSONResponse(refusal.as_dict(), error.status_code, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return await _refused(request, Refusal(400, "bad_value", str(first["msg"]), str(first["loc"][-1])))


async def _broken(request: Request, error: Exception) -> Response:
    return await _refused(request, Refusal(500, "failed", "the service failed; its log has more"))
