"""``gremio run``: one command, a picture."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing, locked, modular, sandboxed
from gremio.cli.consent import asking
from gremio.cli.libraries import require_extra
from gremio.cli.options import (
    access_arguments,
    access_options,
    code_options,
    load_options,
    named_values,
    project_option,
)
from gremio.code import PipelineRef
from gremio.drawing.quiet import quiet_libraries
from gremio.errors import BadModelIndex, CodeFailed, GremioError, NoClass, OptionError
from gremio.loading.modular.resolving import ResolvedModular
from gremio.loading.pipelines.request import LoadRequest
from gremio.loading.pipelines.resolving import Resolved, approve_components, choose_files, resolve
from gremio.running.calls import CallSignature, Size, build, find
from gremio.running.outputs import making

if TYPE_CHECKING:
    from gremio.running.outputs import Saved

_OF_CALL = ("prompt", "negative_prompt", "steps", "count", "images", "settings")


@click.command()
@click.argument("ref", shell_complete=completing.refs)
@click.option("-m", "--model", help="The weights: owner/repo or a folder. Without it REF is the model itself.")
@click.option("-p", "--prompt", help="What to draw.")
@click.option("--negative-prompt", help="What not to draw.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="For the same picture again; random, and told, if not given."
)
@click.option("--steps", type=int, help="Denoising steps.")
@click.option("-n", "--count", type=int, help="How many pictures.")
@click.option("--size", metavar="WxH", help="In pixels.")
@click.option(
    "--image", "images", multiple=True, metavar="[NAME=]FILE", help="A picture to start from; several in turn."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=named_values,
    metavar="NAME=VALUE",
    help="Any other argument of the pipeline; @FILE reads a file.",
)
@click.option("-o", "--output", metavar="PATH", help="File or folder for what is drawn.")
@click.option("--fps", type=click.FloatRange(0, min_open=True), help="Frames per second of films.")
@load_options
@click.option("--sandbox", is_flag=True, help="In a process that can reach nothing; its code needs no trust then.")
@click.option("--locked", is_flag=True, help="REF is a name in gremio.lock, or it is an error.")
@project_option
@code_options
@access_options
def run(ref: str, **options: Any) -> None:
    """Draw with REF, a community pipeline, and the weights of --model; or with a name in gremio.lock.

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py), and may have modular blocks
    in place of a pipeline. A model that brings its pipeline, or its blocks, is a REF by itself.

    \b
    gremio run lpw_stable_diffusion --model stable-diffusion-v1-5/stable-diffusion-v1-5 --prompt "a (red:1.3) fox"
    gremio run ./my_pipeline --model ./my_model --prompt "a fox" --set guidance_scale=4 -o fox.png
    gremio run fox --prompt "a fox"

    The last form runs what `gremio add fox …` locked, and nothing else, without a request.
    """
    from gremio.running.outputs import check_out

    check_out(options["output"])
    require_extra("run")
    size = Size.parse(options["size"]) if options["size"] else None
    device, dtype = options.pop("device"), options.pop("dtype")
    # All that can be refused is refused before torch is loaded.
    entry = locked.entry_of(ref, options["model"], only_locked=options.pop("locked"), project=options.pop("project"))
    if options.pop("sandbox") or (entry and entry[1].sandbox):
        _run_confined(ref, options, entry, sandboxed.placed(device, dtype), size)
        return
    resolved = locked.resolve(*entry, options) if entry else _resolved(ref, options)
    given = {name: options[name] for name in _OF_CALL} | {"size": size}
    if isinstance(resolved, Resolved):
        _check(resolved, given)
    seed = _seed(options.pop("seed"))
    pipeline = locked.noted(_load(resolved, device, dtype, given), entry)
    _tell(_draw(pipeline, seed, ref, options, given))


def _run_confined(
    ref: str, options: dict[str, Any], entry: locked.Entry | None, placed: dict[str, Any], size: Size | None
) -> None:
    given = {name: options[name] for name in _OF_CALL} | {"size": size}
    seed = _seed(options.pop("seed"))
    made = locked.confined(*entry, options, placed) if entry else sandboxed.loaded(*_arguments(ref, options), placed)
    with made as pipeline:
        result = sandboxed.call(pipeline, given, seed)
        _tell(_saved(result, pipeline, seed, ref, options, pipeline.info()["class"]))


def _tell(saved: Saved) -> None:
    for path in saved.paths:
        click.echo(path)
    for note in saved.notes:
        click.echo(f"note: {note}", err=True)


def _seed(given: int | None) -> int:
    if given is not None:
        return given
    chosen = random.randrange(2**32)  # noqa: S311  a seed for pictures, not for secrets
    click.echo(f"seed {chosen}", err=True)
    return chosen


def _resolved(ref: str, options: dict[str, Any]) -> Resolved | ResolvedModular:
    model, arguments = _arguments(ref, options)
    try:
        return asking(lambda: resolve(LoadRequest.parse(model, arguments)))
    except (BadModelIndex, NoClass) as error:
        if isinstance(error, BadModelIndex) and "custom_pipeline" not in arguments:
            error.next_step = f"If REF is code, add its weights: --model owner/repo or a folder. {error.next_step}"
        return modular.instead(model, arguments, error)


def _arguments(ref: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The model, and the arguments for ``from_pretrained``."""
    model, parsed = options.pop("model"), PipelineRef.parse(ref)
    if model is None and parsed.source == "mirror":
        step = f"{parsed.hint_at_local}Add --model owner/repo or a folder."
        what = "a community pipeline has no weights of its own, and gremio.lock has no such name"
        raise OptionError(what, ref=ref, next_step=step)
    revision = options.pop("revision")
    arguments = {
        **access_arguments(options),
        "trust_remote_code": [*options.pop("trust"), options.pop("trust_remote_code")],
        "class_name": options.pop("class_name"),
        "revision": options.pop("model_revision"),
        "variant": options.pop("variant"),
        "mend": not options.pop("no_mend"),
    }
    if model is not None:
        arguments |= {"custom_pipeline": ref, "custom_revision": revision}
    elif revision and arguments["revision"]:
        raise OptionError("REF is the model and its code here", ref=ref, next_step="Give --revision alone.")
    elif revision:
        arguments["revision"] = revision
    given = {name: value for name, value in arguments.items() if value is not None}
    return ref if model is None else model, given


def _check(resolved: Resolved, given: Mapping[str, Any]) -> None:
    """Whether components and their code may be loaded and the arguments fit, as far as reading the class tells."""
    reader, name = resolved.reading()
    with suppress(NoClass):
        slots = [slot.name for slot in reader.components(name)]
        choose_files(resolved, [slot for slot in slots if resolved.index.has(slot)])
        asking(lambda: approve_components(resolved, slots))
        if signature := CallSignature.of_code(reader, name):
            build(signature, **given, seed=0 if find(signature, "seed") else None, device=None)


def _load(resolved: Resolved | ResolvedModular, device: str | None, dtype: str | None, given: Mapping[str, Any]) -> Any:
    quiet_libraries(bars=sys.stderr.isatty())
    import torch

    from gremio.loading.pipelines.facade import DiffusionPipeline
    from gremio.loading.pipelines.from_pretrained import load_resolved
    from gremio.loading.pipelines.options import Placement

    here = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    placement = Placement.take({"device_map": device or (here.type if here else "cpu"), "dtype": dtype})
    if isinstance(resolved, ResolvedModular):
        pipeline = modular.load(resolved, placement, given)
    else:
        pipeline = load_resolved(DiffusionPipeline, resolved, placement)
    pipeline.set_progress_bar_config(disable=not sys.stderr.isatty())
    return pipeline


def _draw(pipeline: Any, seed: int, ref: str, options: Mapping[str, Any], given: Mapping[str, Any]) -> Saved:
    import torch

    signature = modular.signature(pipeline)
    arguments = build(signature, **given, seed=seed if find(signature, "seed") else None)
    # A pipeline that takes no generator draws from torch's own; seeded, it too gives the same picture again.
    torch.manual_seed(seed)
    try:
        result = pipeline(**arguments, **modular.outputs(pipeline))
    except GremioError:
        raise
    except Exception as error:
        raise CodeFailed(
            f"{signature.owner} raised {type(error).__name__} while it was drawing: {error}",
            ref=ref,
            next_step="`gremio -v run …` shows where; `gremio show` tells what the pipeline takes.",
        ) from error
    return _saved(result, pipeline, seed, ref, options, signature.owner)


def _saved(result: Any, pipeline: Any, seed: int, ref: str, options: Mapping[str, Any], class_name: str) -> Saved:
    from gremio.running.outputs import collect, save

    artifacts = collect(result, fps=options["fps"])
    told = metadata(pipeline, seed=seed, options=options, ref=ref, class_name=class_name)
    return save(artifacts, options["output"], metadata=told, stem=PipelineRef.parse(ref).name.rsplit("/", 1)[-1])


def metadata(pipeline: Any, *, seed: int, options: Mapping[str, Any], ref: str, class_name: str) -> dict[str, str]:
    """What to write into a picture: enough to draw it again."""
    said = {
        "prompt": options.get("prompt"),
        "negative-prompt": options.get("negative_prompt"),
        "seed": seed,
        "steps": options.get("steps"),
        "size": options.get("size"),
        "set": ", ".join(f"{k}={v}" for k, v in options.get("settings", {}).items()),
    }
    return making(pipeline.gremio, said, ref=ref, class_name=class_name)
