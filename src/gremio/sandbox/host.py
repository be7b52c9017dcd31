"""``Sandbox``: a pipeline that runs in a process which can reach nothing, called as any other."""

from __future__ import annotations

import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.errors import OptionError, SandboxFailed, SandboxLost
from gremio.loading.modules.provenance import Provenance
from gremio.loading.pipelines.request import LoadRequest
from gremio.machine.terminal import plain
from gremio.running.calls import CallSignature
from gremio.sandbox import scratch as scratches
from gremio.sandbox.channel import BadFrame, ChannelClosed, Message, TimedOut
from gremio.sandbox.confinement.places import python_places
from gremio.sandbox.confinement.tiers import LANDLOCK_ABI, Tier, require
from gremio.sandbox.forks import Process, forks
from gremio.sandbox.orders import Order, order, share_order
from gremio.sandbox.values import BadValue, Generator, decode, encode
from gremio.sandbox.watchdog import Allowance, watch
from gremio.sources.model import ModelHome

Progress = Callable[[int, int | None], None]
_LOADING = 10
_MOST_PROGRESS = 1_000_000  # of one call: a worker that talks without end is ended


@dataclass(frozen=True)
class Limits:
    """Of one worker: megabytes of memory and scratch folder, seconds of one call, threads of torch; and the tier."""

    megabytes: int
    scratch_megabytes: int
    seconds: float | None
    threads: int | None
    device: str = "cpu"
    tier: Tier = "full"

    @classmethod
    def take(cls, arguments: dict[str, Any]) -> Limits:
        """Take those arguments of ``from_pretrained`` out that are about the process.

        Raises:
            OptionError: one of them is no amount.
        """
        return cls(
            _megabytes(arguments.pop("memory", None) or "80%"),
            _megabytes(arguments.pop("scratch", "1GB")),
            arguments.pop("timeout", None),
            arguments.pop("threads", None),
            arguments.pop("device", "cpu"),
            arguments.pop("tier", "full"),
        )


class Sandbox:
    """A pipeline in a process that reads its model and writes into a scratch folder, and can do nothing else.

        with gremio.Sandbox.from_pretrained("maria/castle", custom_pipeline="ana/prompts") as pipe:
            image = pipe(prompt="a fox", generator=7).images[0]

    Nothing of the repository runs in this process, so no code has to be trusted; torch is not imported here either.
    """

    def __init__(self, wanted: Order, limits: Limits, ref: str) -> None:
        self._order = wanted
        self._limits = limits
        self._ref = ref
        self._shared: list[Order] = []
        self._lock = threading.RLock()
        self._process: Process | None = None
        self._scratch: Path | None = None
        self._owner = 0
        self._request = 0
        self._closed = False

    @classmethod
    def from_pretrained(
        cls,
        model: Any,
        *,
        memory: str | int | None = None,
        scratch: str | int = "1GB",
        timeout: float | None = None,
        threads: int | None = None,
        tier: Tier = "full",
        device: str = "cpu",
        **kwargs: Any,
    ) -> Sandbox:
        """As ``DiffusionPipeline.from_pretrained``, but confined.

        Args:
            model: a repository on the Hub, or a folder.
            memory: at most so much, as ``"8GB"`` or in bytes, weights that are moved among it; four fifths of this
                machine's if not given.
            scratch: how much it may write, likewise.
            timeout: seconds for each call; loading may take ten times as long.
            threads: of torch; as many as torch takes by itself if not given.
            tier: which layers there have to be; see the guide.
            device: ``cpu``, or ``cuda`` with the devices that it needs.
            **kwargs: ``custom_pipeline``, ``custom_revision``, ``class_name``, ``revision``, ``variant``, ``dtype`` and
                whatever else can be told as data. ``trust_remote_code`` isn't needed.

        Raises:
            SandboxUnavailable: this machine lacks a layer of the tier.
            SandboxFailed: the code raised while it was loaded.
            SandboxLost: its process ended, took too much or too long.
            GremioError: the model or the code can't be found or reached.
        """
        given = {"memory": memory, "scratch": scratch, "timeout": timeout, "threads": threads}
        limits = Limits.take(given | {"tier": tier, "device": device})
        kwargs.pop("trust_remote_code", None)
        return cls.of(LoadRequest.parse(model, kwargs), limits)

    @classmethod
    def of(cls, request: LoadRequest, limits: Limits, *, home: ModelHome | None = None, lock: str = "") -> Sandbox:
        """For a call that was parsed before; ``home`` and ``lock`` are of the entry that it is from."""
        require(limits.tier)
        if limits.device != "cpu":
            request = replace(request, rest={"device_map": limits.device, **request.rest})
        wanted = order(request, home)
        if lock:
            wanted = replace(wanted, made=replace(wanted.made, lock=lock))
        found = cls(wanted, limits, str(request.model))
        try:
            with found._lock:
                found._start()
        except BaseException:
            found.close()
            raise
        return found

    def __call__(
        self,
        *,
        progress: Progress | None = None,
        callback_on_step_end: Callable[[int, float], None] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call the pipeline; what it returns has the fields that it has outside.

        Args:
            progress: called with steps done and steps in all.
            callback_on_step_end: called with step and timestep, where the pipeline has such a callback.
            **arguments: of the pipeline: text, numbers, pictures, arrays, tensors, lists; ``generator`` is a seed.

        Raises:
            SandboxFailed: the code raised.
            SandboxLost: its process ended, hung or broke the rules. The next call starts a new one.
        """
        return self._called(0, progress, callback_on_step_end, arguments)

    def from_pipe(self, **kwargs: Any) -> SharedPipeline:
        """Another community class over the same components, in the same process."""
        with self._lock:
            wanted = share_order(dict(kwargs))
            self._start()
            self._shared.append(wanted)
            number = len(self._shared)
            try:
                self._share(number)
            except BaseException:
                self._shared.pop()
                raise
            return SharedPipeline(self, number)

    def info(self) -> dict[str, Any]:
        """The class, its components and arguments, its device and dtype, as the worker tells."""
        with self._lock:
            self._start()
            return dict(self._ask("info", {"pipeline": 0}))

    @property
    def gremio(self) -> Provenance:
        """Which code and which weights it is made of."""
        return self._order.made

    @property
    def signature(self) -> CallSignature | None:
        """What a call takes, as reading the class tells; None where reading can't tell."""
        return self._order.signature

    def seed(self, number: int) -> None:
        """Seed torch's own randomness in the worker, for pipelines that take no generator."""
        with self._lock:
            self._start()
            self._ask("seed", {"number": number})

    def close(self) -> None:
        """End the process and remove its scratch folder."""
        with self._lock:
            self._closed = True
            self._end("closed")

    def __enter__(self) -> Sandbox:
        """Closed at the end of the block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()

    def __del__(self) -> None:
        """A sandbox that nobody holds any more is closed."""
        with suppress(Exception):
            self.close()

    def _called(
        self,
        pipeline: int,
        progress: Progress | None,
        callback: Callable[[int, float], None] | None,
        arguments: dict[str, Any],
    ) -> Any:
        try:
            told, blobs = encode(_seeded(arguments))
        except BadValue as error:
            raise OptionError(str(error), ref=self._ref, next_step="Pass text, numbers, pictures, arrays.") from error
        with self._lock:
            self._start()
            body = {"pipeline": pipeline, "arguments": told, "callback": callback is not None}
            return self._ask("call", body, blobs, _Listener(progress, callback))

    def _start(self) -> None:
        """A worker that has loaded everything, if there is none."""
        if self._closed:
            raise SandboxLost("this sandbox is closed", ref=self._ref, next_step="Make another.")
        if self._process is not None and self._process.status is None:
            return
        self._end("replaced")
        self._scratch, self._owner = scratches.make(), os.getpid()
        process = forks.fork(self._order_of_process(self._scratch))
        self._process = process
        allowed = Allowance(self._limits.megabytes, 256, self._limits.scratch_megabytes)
        arguments = (process.pid, self._scratch, allowed, process.ended, lambda why: forks.end(process, why))
        threading.Thread(target=watch, args=arguments, daemon=True).start()
        self._ask("load", {**self._order.body, "pipeline": 0}, self._order.blobs)
        for number in range(1, len(self._shared) + 1):
            self._share(number)

    def _share(self, number: int) -> None:
        wanted = self._shared[number - 1]
        self._ask("share", {**wanted.body, "pipeline": number, "source": 0}, wanted.blobs)

    def _order_of_process(self, scratch: Path) -> dict[str, Any]:
        limits = self._limits
        read = [*python_places(limits.device), *self._order.read]
        places = {"read": list(map(str, read)), "write": [str(scratch)]}
        found: dict[str, Any] = {
            "bounds": {
                **places,
                "megabytes": limits.megabytes,
                "file_megabytes": limits.scratch_megabytes,
                "device": "cuda" if limits.device.startswith("cuda") else "cpu",
                "landlock_abi": LANDLOCK_ABI[limits.tier],
            },
            "scratch": str(scratch),
            "environment": _environment(scratch),
        }
        return found | ({"threads": limits.threads} if limits.threads else {})

    def _ask(self, kind: str, body: Mapping[str, Any], blobs: Any = (), listener: _Listener | None = None) -> Any:
        process = self._process
        assert process is not None
        # Not to be guessed: what is sent before it was asked for is no answer.
        self._request = secrets.randbits(62)
        seconds = self._limits.seconds
        if seconds is not None and kind in ("load", "share"):
            seconds *= _LOADING
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            process.channel.send(Message(kind, self._request, body, blobs), deadline=deadline)
            answer = self._answer(process, listener or _Listener(), deadline)
            value = decode(answer.body.get("value"), answer.blobs) if answer.kind == "done" else None
        except ChannelClosed:
            process.ended.wait(5)
            raise self._lost(process, _ending(process)) from None
        except TimedOut:
            raise self._lost(process, f"it took more than {seconds:g} seconds") from None
        except (BadFrame, BadValue) as error:
            raise self._lost(process, f"it sent what no worker sends: {error}") from None
        except BaseException:
            # Whoever interrupts a call would get its answer in the next one.
            self._end("interrupted")
            raise
        if answer.kind == "failed":
            raise _failed(answer, self._ref)
        return value

    def _answer(self, process: Process, listener: _Listener, deadline: float | None) -> Message:
        for _ in range(_MOST_PROGRESS):
            message = process.channel.receive(deadline=deadline)
            if message.id != self._request:
                raise BadFrame("an answer that nobody asked for")
            if message.kind in ("done", "failed"):
                return message
            if message.kind != "progress" or message.blobs:
                raise BadFrame(f"a message of kind {message.kind[:40]!r}")
            listener.hear(message.body)
        raise BadFrame("progress without end")

    def _lost(self, process: Process, why: str) -> SandboxLost:
        self._end(why)
        return SandboxLost(
            f"its process is gone and this call is lost: {process.why if process.why else why}",
            log=process.log,
            ref=self._ref,
            next_step="The next call starts a new one; what it printed is in the error's `log`, which `gremio -v run …` shows.",
        )

    def _end(self, why: str) -> None:
        if self._process is not None:
            forks.end(self._process, why)
            self._process = None
        if self._scratch is not None and self._owner == os.getpid():
            scratches.remove(self._scratch)
            self._scratch = None


@dataclass(frozen=True)
class SharedPipeline:
    """Another class over the components of a sandbox's pipeline; it lives as long as the sandbox."""

    sandbox: Sandbox
    number: int

    def __call__(self, *, progress: Progress | None = None, **arguments: Any) -> Any:
        """As the sandbox itself is called."""
        return self.sandbox._called(self.number, progress, None, arguments)


@dataclass(frozen=True)
class _Listener:
    """Who hears of progress."""

    progress: Progress | None = None
    callback: Callable[[int, float], None] | None = None

    def hear(self, body: Mapping[str, Any]) -> None:
        """Check what the worker says, and hand it on."""
        numbers = {name: body.get(name) for name in ("done", "total", "step", "timestep")}
        for value in numbers.values():
            if value is not None and not _is_number(value):
                raise BadFrame("progress that is no number")
        if self.progress and isinstance(numbers["done"], int):
            self.progress(numbers["done"], numbers["total"])
        if self.callback and isinstance(numbers["step"], int):
            self.callback(numbers["step"], float(numbers["timestep"] or 0))


def _is_number(value: object) -> bool:
    """One that can be shown and reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**63


def _seeded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``generator=7`` stands for a generator with that seed, since torch may not be here to make one."""
    found = dict(arguments)
    seed = found.get("generator")
    if isinstance(seed, int) and not isinstance(seed, bool):
        found["generator"] = Generator(seed)
    return found


def _failed(answer: Message, ref: str) -> SandboxFailed:
    kind, text, trace = (plain(str(answer.body.get(name))[:20_000]) for name in ("error", "text", "traceback"))
    return SandboxFailed(
        f"the code in the sandbox raised {kind}: {text}",
        kind=kind,
        traceback=trace,
        ref=ref,
        next_step="The error's `traceback` has the line; `gremio -v run …` shows it.",
    )


def _ending(process: Process) -> str:
    if process.why:
        return process.why
    if process.status is None:
        return "it hung up"
    return f"it was ended by signal {-process.status}" if process.status < 0 else f"it exited with {process.status}"


def _environment(scratch: Path) -> dict[str, str]:
    place = str(scratch)
    own = dict.fromkeys(("HOME", "TMPDIR", "HF_HOME", "GREMIO_HOME", "HF_MODULES_CACHE", "XDG_CACHE_HOME"), place)
    return own | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PATH": "/usr/bin:/bin",
        "USER": "sandbox",
    }


def _megabytes(value: str | int) -> int:
    """Bytes, ``"8GB"``, ``"500MB"`` or ``"80%"`` of this machine's memory, in megabytes."""
    text = str(value).strip().upper()
    units = {"GB": 1024, "G": 1024, "MB": 1, "M": 1}
    number, unit = text.rstrip("GMB% "), text[len(text.rstrip("GMB% ")) :].strip()
    try:
        amount = float(number)
    except ValueError:
        amount = -1
    if amount <= 0 or unit not in ("", "%", *units):
        raise OptionError(f"{value!r} is no amount of memory", next_step='Write "8GB", "500MB" or bytes.')
    if unit == "%":
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * amount / 100) >> 20
    return max(1, int(amount * units[unit])) if unit else max(1, int(amount) >> 20)
