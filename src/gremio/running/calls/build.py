"""From options to keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gremio.errors import OptionError
from gremio.running.calls.arguments import Arguments
from gremio.running.calls.attachment import read_picture
from gremio.running.calls.missing import check_complete
from gremio.running.calls.seed import generator
from gremio.running.calls.signature import CallSignature
from gremio.running.calls.size import Size
from gremio.running.calls.standard import FLAGS, OptionName, find, pictures
from gremio.running.calls.tensors import as_tensors
from gremio.running.calls.value import Given


def build(
    signature: CallSignature,
    *,
    prompt: str | None = None,
    negative_prompt: str | None = None,
    seed: int | None = None,
    steps: int | None = None,
    count: int | None = None,
    size: Size | None = None,
    images: Sequence[str] = (),
    settings: Mapping[str, str | Given] | None = None,
    device: str | None = "cpu",
    setting: str = "--set",
) -> dict[str, Any]:
    """The keyword arguments for a pipeline; an option that is None is left to the pipeline's own default.

    Args:
        signature: what the pipeline takes; each option goes to the name that it has for it (see ``standard``).
        prompt: text.
        negative_prompt: text.
        seed: a ``torch.Generator`` at this seed where the pipeline takes one, else the number.
        steps: denoising steps, at least 1.
        count: pictures (or films, or sounds) per prompt, at least 1. 1 is fine with any pipeline.
        size: in pixels.
        images: ``FILE`` or ``NAME=FILE``, each read as RGB, but a mask that is grey stays grey. Several for the same
            parameter make a list.
        settings: values by parameter name, as text or read before; see ``Given.parse`` and ``coerce``.
        device: where the seed's generator lives. Left at ``cpu``, a seed gives the same noise on every machine; None
            makes none, and so loads no torch, for whoever wants to know whether the rest fits.
        setting: what a refusal calls the giver of one of the ``settings``.

    Raises:
        OptionError: the pipeline has no parameter for an option, wants another value, or needs more than was given.
    """
    arguments = Arguments(signature)
    _put_texts(arguments, {"prompt": prompt, "negative_prompt": negative_prompt})
    _put_numbers(arguments, {"steps": steps, "count": count})
    _put_size(arguments, size)
    for name, value in (settings or {}).items():
        given = Given.parse(value) if isinstance(value, str) else value
        arguments.put(name, given, by=f"{setting} {name}")
    _put_images(arguments, images)
    # Last, for a generator is what loads torch, and a mistake elsewhere should be told before that.
    check_complete(arguments, coming=None if seed is None else find(signature, "seed"))
    if device is not None:
        _put_seed(arguments, seed, device)
    return as_tensors(signature, arguments.values)


def _put_texts(arguments: Arguments, texts: Mapping[OptionName, str | None]) -> None:
    for option, text in texts.items():
        if text is not None:
            arguments.put(arguments.name_for(option), Given.plain(text), by=FLAGS[option])


def _put_numbers(arguments: Arguments, numbers: Mapping[OptionName, int | None]) -> None:
    for option, number in numbers.items():
        if number is None:
            continue
        if number < 1:
            raise OptionError(f"{FLAGS[option]} {number} is too few", next_step="Choose at least 1.")
        if option == "count" and number == 1 and find(arguments.signature, option) is None:
            continue
        arguments.put(arguments.name_for(option), Given(number), by=FLAGS[option])


def _put_size(arguments: Arguments, size: Size | None) -> None:
    if size is None:
        return
    resolution = find(arguments.signature, "resolution")
    if resolution and find(arguments.signature, "height") is None:
        if size.width != size.height:
            raise OptionError(f"--size {size}: {arguments.signature.owner} draws squares only")
        arguments.put(resolution, Given(size.width), by="--size")
        return
    arguments.put(arguments.name_for("height"), Given(size.height), by="--size")
    arguments.put(arguments.name_for("width"), Given(size.width), by="--size")


def _put_images(arguments: Arguments, images: Sequence[str]) -> None:
    files: dict[str, list[Path]] = {}
    for text in images:
        name, path = _name_and_path(text)
        files.setdefault(name or _main_picture(arguments), []).append(path)
    for name, paths in files.items():
        read = [read_picture(path) for path in paths]
        arguments.put(name, Given(read if len(read) > 1 else read[0]), by=f"--image {name}")


def _name_and_path(text: str) -> tuple[str, Path]:
    """``mask_image=a.png`` names a parameter; a file that is really called so is written ``./mask_image=a.png``."""
    name, equals, file = text.partition("=")
    return (name, Path(file)) if equals and name.isidentifier() else ("", Path(text))


def _main_picture(arguments: Arguments) -> str:
    name = find(arguments.signature, "image")
    if name:
        return name
    names = [parameter.name for parameter in pictures(arguments.signature)]
    if not names:
        raise arguments.not_taken("--image")
    raise OptionError(
        f"--image: {arguments.signature.owner} takes several pictures, so say which this is",
        next_step="Write " + " or ".join(f"--image {name}=FILE" for name in names) + ".",
    )


def _put_seed(arguments: Arguments, seed: int | None, device: str) -> None:
    if seed is None:
        return
    name = arguments.name_for("seed")
    if name == "generator":
        arguments.put_as_is(name, generator(seed, device), by="--seed")
    else:
        arguments.put(name, Given(seed), by="--seed")
