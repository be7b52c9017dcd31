"""``gremio doctor``: what is installed, allowed and reachable. Never loads torch."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gremio.cli.options import format_option
from gremio.cli.wording import answer
from gremio.code.libraries.packages import version_of
from gremio.machine.settings import Settings
from gremio.sandbox.confinement.tiers import layers
from gremio.version import __version__

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface_hub", "pillow")
_EXTRAS = {
    "run": ("torch", "diffusers", "transformers"),
    "hub": ("starlette", "uvicorn", "dulwich"),
    "video": ("imageio",),
}


@click.command()
@format_option
@click.pass_context
def doctor(ctx: click.Context, form: str) -> None:
    """Say what gremio finds here: versions, extras, folders, the policy, and whether the Hub answers.

    Exits with 1 when something that drawing needs is missing.
    """
    settings = Settings.from_environment()
    report = examine(settings)
    answer(form, report, _lines(report))
    ctx.exit(1 if report["problems"] else 0)


def examine(settings: Settings) -> dict[str, Any]:
    """Everything that is reported, as plain data."""
    versions = {name: version_of(name) or None for name in _PACKAGES}
    extras = {name: all(map(version_of, packages)) for name, packages in _EXTRAS.items()}
    hub = {"endpoint": settings.endpoint, "offline": settings.offline, "answer": _reach(settings)}
    problems = ['the extra `run` is missing: pip install "gremio[run]"'] if not extras["run"] else []
    if not _writable(settings.home):
        problems.append(f"{settings.home} can't be written; set GREMIO_HOME")
    return {
        "gremio": __version__,
        "python": platform.python_version(),
        "packages": versions,
        "extras": extras,
        "home": str(settings.home),
        "cache": str(settings.cache_dir),
        "policy": settings.policy,
        "remote_code_disabled": settings.remote_code_disabled,
        "sandbox": layers(),
        "hub": hub,
        "problems": problems,
    }


def _writable(folder: Path) -> bool:
    place = next((p for p in (folder, *folder.parents) if p.exists()), folder)
    return os.access(place, os.W_OK)


def _reach(settings: Settings) -> str:
    if settings.offline:
        return "not asked: offline"
    from huggingface_hub import get_session

    from gremio.sources.unreachable import first_line, network_errors

    try:
        reply = get_session().get(f"{settings.endpoint}/api/models?limit=1", timeout=5)
    except network_errors() as error:
        return f"no answer ({first_line(error)})"
    return "answers" if reply.status_code < 500 else f"answers with error {reply.status_code}"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    yield f"gremio {report['gremio']} on Python {report['python']}"
    for name, found in report["packages"].items():
        yield f"  {name:<16} {found or 'not installed'}"
    yield "extras      " + ", ".join(f"{n}: {'yes' if there else 'no'}" for n, there in report["extras"].items())
    yield f"home        {report['home']}"
    yield f"cache       {report['cache']}"
    disabled = ", remote code disabled" if report["remote_code_disabled"] else ""
    yield f"policy      {report['policy']}{disabled}"
    yield f"hub         {report['hub']['endpoint']}: {report['hub']['answer']}"
    lacking = [name for name, there in report["sandbox"].items() if not there]
    yield f"sandbox     {'no ' + ', no '.join(lacking) if lacking else 'every layer is here'}"
    for problem in report["problems"]:
        yield click.style(f"problem     {problem}", fg="red")
    if not report["problems"]:
        yield click.style("Everything that drawing needs is there.", fg="green")
