"""The process that draws: ``python -m gremio.serving.worker SHELF NUMBER``, with the file of a ``Shelf``.

It answers orders (``gremio.drawing.answering``): ``{"ask": "info"}`` with what its pipelines are, once they are loaded,
and others with what was made: ``{"pipeline": …, "calls": […], "folders": […], "suffix": …, "job": …}``.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gremio.drawing.answering import Draw, Tell, answer
from gremio.drawing.locked import device_of, load, seed_all, share
from gremio.drawing.quiet import silence
from gremio.drawing.state import State
from gremio.drawing.watching import Stopped, Watch, failing, watched
from gremio.errors import CodeFailed, ComponentMissing, GremioError, OptionError
from gremio.machine.processes import Trouble
from gremio.running.calls import CallSignature, find, takes_lists, together
from gremio.running.calls.attachment import read_picture
from gremio.running.outputs import Artifact, collect, making, save
from gremio.running.outputs.formats import FORMATS
from gremio.serving.calls import Call
from gremio.serving.offered import told
from gremio.serving.shelf import Shelf

log = logging.getLogger("gremio")

_MOST_BYTES = 1 << 30
_MOST_PIECES = 256
_STEM = "output"
_OWN = ("prompt", "negative_prompt", "steps")

Stop = Callable[[], bool]


class Worker:
    """Holds all pipelines of a shelf; those with the same weights share their components."""

    def __init__(self, shelf: Shelf, number: int) -> None:
        self._shelf = shelf
        self._number = number
        self._loaded: dict[str, Any] = {}
        self._signatures: dict[str, CallSignature] = {}
        self._states: dict[str, State] = {}
        self._owners: list[str] = []

    def draw(self, order: Mapping[str, Any], tell: Tell, stopped: Stop) -> Mapping[str, Any]:
        """Answer one order.

        Raises:
            Stopped: ``stopped`` became true meanwhile.
            GremioError: it can't be done.
        """
        if order.get("ask") == "info":
            return {"pipelines": {name: self._info(name) for name in self._shelf.pipelines}}
        try:
            return self._drawn(order, tell, stopped)
        except Exception as error:
            # In full for whoever runs the service; the client gets a sentence.
            whole = "".join(traceback.format_exception(error))
            beyond = getattr(error, "traceback", "") or getattr(error, "log", "")
            sys.stderr.write(f"job {order['job']} of {order['pipeline']}:\n{whole}{beyond}\n")
            if isinstance(error, GremioError):
                raise
            raise CodeFailed(
                f"{self._class(order['pipeline'])} made what can't be kept: {Trouble.of(error)}"
            ) from error

    def _info(self, name: str) -> dict[str, Any]:
        try:
            pipeline = self._get(name)
        except GremioError as error:
            # Of several it says which.
            error.message = f"{name} can't be served: {error.message}"
            raise
        except Exception as error:
            raise CodeFailed(f"{name} can't be served: making it raised {Trouble.of(error)}", ref=name) from error
        return {
            "class": self._class(name),
            "signature": told(self._signatures[name]),
            "about": "" if self._shelf.pipelines[name].sandbox else (type(pipeline).__doc__ or ""),
            "together": takes_lists(self._signatures[name]) and not self._shelf.pipelines[name].sandbox,
            "digest": str(pipeline.gremio.digest or ""),
        }

    def _class(self, name: str) -> str:
        return self._signatures[name].owner

    def _get(self, name: str) -> Any:
        if name not in self._loaded:
            pipeline = self._made(name)
            confined = self._shelf.pipelines[name].sandbox
            signature = pipeline.signature if confined else CallSignature.of(type(pipeline))
            if signature is None:
                raise OptionError("what this pipeline takes can't be told by reading it", ref=name)
            if not confined:
                self._states[name] = State([*pipeline.components.values(), pipeline])
            self._loaded[name], self._signatures[name] = pipeline, signature
        return self._loaded[name]

    def _made(self, name: str) -> Any:
        locked = self._shelf.pipelines[name]
        if locked.sandbox:
            # It maps the weights that another has mapped, so nothing need be shared.
            return load(locked, locked.device or "cpu")
        device, _ = device_of(locked.device, self._number)
        own = [each for each in self._owners if self._shelf.sets[each] == self._shelf.sets[name]]
        for source in own if locked.entry.code is not None else ():
            self._states[source].restore()
            try:
                return share(locked, self._loaded[source])
            except ComponentMissing as error:
                log.warning("%s can't have the weights of %s: %s", name, source, error.message)
        self._owners.append(name)
        return load(locked, device)

    def _drawn(self, order: Mapping[str, Any], tell: Tell, stopped: Stop) -> Mapping[str, Any]:
        name, calls = order["pipeline"], [Call.of(each) for each in order["calls"]]
        folders = list(map(Path, order["folders"]))
        made = self._get(name).gremio
        sent = calls[0].pictures.items()
        pictures = {field: [_read(field, folders[0] / file) for file in files] for field, files in sent}
        if stopped():
            raise Stopped
        artifacts = collect(self._result(name, calls, pictures, tell, stopped))
        _check(artifacts)
        shares = [artifacts] if len(calls) == 1 else [[each] for each in artifacts]
        if len(shares) != len(calls):
            raise CodeFailed(f"{self._class(name)} made {len(artifacts)} pictures of {len(calls)} calls")
        each = zip(folders, calls, shares, strict=True)
        return {"made": [self._kept(folder, call, share, made, order) for folder, call, share in each]}

    def _result(self, name: str, calls: list[Call], pictures: dict[str, Any], tell: Tell, stopped: Stop) -> Any:
        pipeline, signature = self._loaded[name], self._signatures[name]
        if self._shelf.pipelines[name].sandbox:
            return self._confined(pipeline, signature, calls[0], pictures, tell, stopped)
        arguments = [call.arguments(signature, pictures, torch=True) for call in calls]
        state = self._states[name]
        state.restore()
        seed_all(calls[0].seed)
        try:
            return _called(pipeline, together(signature, arguments) if len(calls) > 1 else arguments[0], tell, stopped)
        finally:
            state.restore()

    def _kept(
        self, folder: Path, call: Call, artifacts: list[Artifact], made: Any, order: Mapping[str, Any]
    ) -> dict[str, Any]:
        name = order["pipeline"]
        metadata = _metadata(made, self._signatures[name], call, name)
        # What can't be of the kind that is wanted is of its own, which the client is told.
        suffix = order["suffix"] if any(order["suffix"] in FORMATS[each.kind] for each in artifacts) else ""
        saved = save(artifacts, folder / f"{_STEM}{suffix}", metadata=metadata, stem=_STEM)
        pieces = [{"file": path.name, "kind": each.kind} for path, each in zip(saved.paths, artifacts, strict=True)]
        return {"pieces": pieces, "notes": [each.note for each in artifacts if each.note]}

    def _confined(
        self, pipeline: Any, signature: CallSignature, call: Call, pictures: dict[str, Any], tell: Tell, stopped: Stop
    ) -> Any:
        def step(done: int, total: int | None) -> None:
            if stopped():
                raise Stopped
            tell(done=done, total=total or 0)

        seed = find(signature, "seed")
        arguments = call.arguments(signature, pictures, torch=False)
        pipeline.seed(call.seed % 2**62)
        return pipeline(**arguments, **({seed: call.seed} if seed else {}), progress=step)


def _called(pipeline: Any, arguments: Mapping[str, Any], tell: Tell, stopped: Stop) -> Any:
    def moved(done: int, total: int) -> None:
        tell(done=done, total=total)

    with failing(type(pipeline).__name__, stopped), watched(pipeline, Watch(moved, stopped)):
        return pipeline(**arguments)


def _read(field: str, path: Path) -> Any:
    try:
        return read_picture(path)
    except OptionError as error:
        raise OptionError(f"{field} can't be read as a picture: it is damaged") from error


def _check(artifacts: list[Artifact]) -> None:
    size = sum(each.size for each in artifacts)
    if size > _MOST_BYTES or len(artifacts) > _MOST_PIECES:
        told = f"{len(artifacts)} pieces of {size / 2**20:.0f} MB in all"
        raise OptionError(f"it made {told}, and at most {_MOST_PIECES} and {_MOST_BYTES >> 20} MB are given out")


def _metadata(made: Any, signature: CallSignature, call: Call, name: str) -> dict[str, str]:
    """What made it, as everywhere; but who gets it has no need of this machine's paths."""
    said: dict[str, object] = {"seed": call.seed}
    rest = {each: value for each, (value, _) in call.values.items()}
    for option in _OWN:
        parameter = find(signature, option)  # type: ignore[arg-type]
        said[option.replace("_", "-")] = rest.pop(str(parameter), None)
    said["set"] = ", ".join(f"{each}={value}" for each, value in rest.items())
    found = making(made, said, ref=name, class_name=signature.owner)
    return {key: Path(value).name if _is_place(key, value) else value for key, value in found.items()}


def _is_place(key: str, value: str) -> bool:
    return key.endswith(("model", "source")) and Path(value).is_absolute()


def _prepared() -> Draw:
    shelf = Shelf.loads(Path(sys.argv[1]).read_text("utf-8"))
    if not all(each.sandbox for each in shelf.pipelines.values()):
        silence()
    return Worker(shelf, int(sys.argv[2])).draw


if __name__ == "__main__":
    answer(_prepared)
