"""In the new process: confined first, then what the parent asks for, one thing at a time. The foreign code runs here.

Asked are ``load``, ``share``, ``call``, ``info``, ``seed`` and ``cast``; answered is ``done`` or ``failed``,
with ``progress`` before it. A message of any other kind ends the worker.
"""

from __future__ import annotations

import importlib
import os
import random
import secrets
import socket
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gremio.sandbox.channel import Blob, Channel, ChannelClosed, Message
from gremio.sandbox.confinement.confine import Bounds, confine
from gremio.sandbox.told_model import ToldModel
from gremio.sandbox.values import BadValue, decode, encode

_LONGEST_TRACEBACK = 20_000


def work(asked: dict[str, Any], channel: int, log: int, parent: int) -> None:
    """Put everything away that is not the worker's, confine, then answer until the parent hangs up."""
    _tidy(channel, log, asked)
    bounds = asked["bounds"]
    confine(
        Bounds(
            read=tuple(map(Path, bounds["read"])),
            write=tuple(map(Path, bounds["write"])),
            megabytes=bounds["megabytes"],
            file_megabytes=bounds["file_megabytes"],
            device=bounds["device"],
            landlock_abi=bounds["landlock_abi"],
        ),
        parent,
    )
    import torch

    torch.set_num_threads(int(asked["threads"]))
    # Every fork has the randomness of what it was forked from, all of them the same.
    _seed_all(secrets.randbits(62))
    worker = Worker(Channel(socket.socket(fileno=channel)))
    try:
        while True:
            worker.answer()
    except ChannelClosed:
        return


def _tidy(channel: int, log: int, asked: dict[str, Any]) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, channel)
    os.closerange(channel + 1, 65536)
    scratch = asked["scratch"]
    os.chdir(scratch)
    os.environ.clear()
    os.environ.update(asked["environment"])
    _tell_imported(scratch)


def _tell_imported(scratch: str) -> None:
    """The libraries were imported before the fork, and have read where to write already."""
    import tempfile

    from huggingface_hub import constants

    tempfile.tempdir = scratch
    constants.HF_HUB_OFFLINE = True
    constants.HF_HUB_CACHE = constants.HF_HOME = scratch
    for name in ("diffusers.utils.dynamic_modules_utils", "transformers.dynamic_module_utils"):
        if name in sys.modules:
            sys.modules[name].HF_MODULES_CACHE = scratch  # type: ignore[attr-defined]


class Worker:
    """Answers one parent."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pipelines: dict[int, Any] = {}
        self._request = 0

    def answer(self) -> None:
        """One request."""
        message = self._channel.receive()
        self._request = message.id
        operation = {
            "load": self._load,
            "share": self._share,
            "call": self._call,
            "info": self._info,
            "seed": self._seed,
            "cast": self._cast,
        }[message.kind]
        try:
            told, blobs = encode(operation(dict(message.body), message.blobs), outputs=True)
        except ChannelClosed:
            raise
        except BaseException as error:
            self._channel.send(Message("failed", message.id, _failure(error)))
        else:
            self._channel.send(Message("done", message.id, {"value": told}, blobs))

    def _load(self, body: dict[str, Any], blobs: Iterable[Blob]) -> Any:
        from dataclasses import replace

        from gremio.loading.pipelines.facade import DiffusionPipeline
        from gremio.loading.pipelines.from_pretrained import load_resolved
        from gremio.loading.pipelines.options import Placement
        from gremio.loading.pipelines.request import LoadRequest
        from gremio.loading.pipelines.resolving import resolve

        given = decode(body["arguments"], [])
        placement = Placement.take(given)
        choice, code = _choice(body, list(blobs))
        home = ToldModel(body["model"], dict(zip(body["model"]["code"], code, strict=True)))
        request = replace(LoadRequest.parse(home.name, given), code=choice)
        return self._keep(body, load_resolved(DiffusionPipeline, resolve(request, home=home), placement))

    def _share(self, body: dict[str, Any], blobs: Iterable[Blob]) -> Any:
        from gremio.loading.pipelines.facade import DiffusionPipeline
        from gremio.loading.pipelines.from_pipe import share_pipeline

        source = self._pipelines[body["source"]]
        given = decode(body["arguments"], [])
        choice, _ = _choice(body, list(blobs))
        return self._keep(body, share_pipeline(DiffusionPipeline, source, given, choice=choice))

    def _keep(self, body: dict[str, Any], pipeline: Any) -> Any:
        self._pipelines[body["pipeline"]] = pipeline
        return self._info(body, [])

    def _info(self, body: dict[str, Any], blobs: Iterable[Blob]) -> Any:
        from gremio.running.calls import CallSignature

        pipeline = self._pipelines[body["pipeline"]]
        kinds = {name: type(part).__name__ for name, part in pipeline.components.items() if part is not None}
        return {
            "class": type(pipeline).__name__,
            "components": kinds,
            "arguments": list(CallSignature.of(type(pipeline)).names),
            "device": str(pipeline.device),
            "dtype": str(pipeline.dtype).removeprefix("torch."),
        }

    def _call(self, body: dict[str, Any], blobs: Iterable[Blob]) -> Any:
        pipeline = self._pipelines[body["pipeline"]]
        blobs = list(blobs)
        arguments = decode(body["arguments"], blobs)
        if blobs:
            # The parent, which has no torch, sends what it read from a file as an array.
            from gremio.running.calls import CallSignature, as_tensors

            arguments = as_tensors(CallSignature.of(pipeline), arguments)
        if body.get("callback"):
            arguments["callback_on_step_end"] = self._step_ended
        pipeline.progress_bar = self._bar
        return pipeline(**arguments)

    def _seed(self, body: dict[str, Any], blobs: Iterable[Blob]) -> None:
        _seed_all(body["number"])

    def _cast(self, body: dict[str, Any], blobs: Iterable[Blob]) -> None:
        """Standard components as the libraries make them in a dtype, saved below ``cast`` in the scratch folder."""
        from gremio.loading.pipelines.guarded import guarded
        from gremio.loading.pipelines.options import dtype_argument, parse_dtype

        home = ToldModel(body["model"], {})
        folder, dtype, variant = home.fetch(home.paths()), parse_dtype(body["dtype"]), body["variant"] or None
        for name, (library, class_name) in body["components"].items():
            argument = {"dtype": dtype} if library == "transformers" else dtype_argument(dtype)
            with guarded():
                cls = getattr(importlib.import_module(library), class_name)
                made = cls.from_pretrained(folder / name, variant=variant, use_safetensors=True, **argument)
            made.save_pretrained(Path("cast", name), variant=variant, safe_serialization=True)

    def _step_ended(self, pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        self._tell(step=int(step), timestep=float(timestep))
        return {}

    def _bar(self, iterable: Iterable[Any] | None = None, total: int | None = None) -> Bar:
        return Bar(self._tell, iterable, total)

    def _tell(self, **values: Any) -> None:
        self._channel.send(Message("progress", self._request, values))


class Bar(tqdm):  # type: ignore[misc]
    """A pipeline's progress bar that shows nothing; each step is told to the parent."""

    def __init__(self, tell: Callable[..., None], iterable: Iterable[Any] | None, total: int | None) -> None:
        super().__init__(iterable, total=total, disable=True)
        self._tell = tell

    def __iter__(self) -> Iterator[Any]:
        """Over what it was given, a step each."""
        for each in self.iterable:
            yield each
            self.update()

    def update(self, n: int = 1) -> None:
        """So many steps further."""
        self.n += n
        self._tell(done=int(self.n), total=None if self.total is None else int(self.total))


def _choice(body: dict[str, Any], blobs: list[Blob]) -> tuple[Any, list[bytes]]:
    """The code that the parent read and hashed, from the bytes that it sent, and those that belong to the model."""
    from gremio.code import CodeTree, Digest, Origin, PipelineRef
    from gremio.loading.pipelines.request import CodeChoice
    from gremio.trust import Grant

    # In here everything that was sent may run.
    grant = Grant(True, digests=frozenset(map(Digest.parse, body["digests"])), said="confined")
    sent, code = [bytes(blob) for blob in blobs], body["code"]
    if code is None:
        return CodeChoice(None, None, body["class_name"], grant, body["mend"]), sent
    own = sent[len(code["paths"]) :]
    files = dict(zip(code["paths"], sent, strict=False))
    tree = CodeTree(files, code["entry"], Origin(**code["origin"]), code["meant"])
    return CodeChoice(PipelineRef.parse(body["ref"]), None, body["class_name"], grant, body["mend"], tree), own


def _seed_all(number: int) -> None:
    import numpy
    import torch

    random.seed(number)
    numpy.random.seed(number % 2**32)
    torch.manual_seed(number)


def _failure(error: BaseException) -> dict[str, Any]:
    text = "".join(traceback.format_exception(error))[-_LONGEST_TRACEBACK:]
    what = "it returned something that can't leave a sandbox: " if isinstance(error, BadValue) else ""
    return {
        "error": type(error).__name__[:200],
        "text": f"{what}{error}"[:_LONGEST_TRACEBACK],
        "traceback": text.encode("utf-8", "replace").decode(),
    }
