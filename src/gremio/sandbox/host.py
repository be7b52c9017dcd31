"""``Sandbox``: a pipeline that runs in a process which can reach nothing, called as any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gremio.errors import OptionError, SandboxLost
from gremio.loading.modules.provenance import Provenance
from gremio.loading.pipelines.request import LoadRequest
from gremio.running.calls import CallSignature
from gremio.sandbox.attended import Attended, Listener, Progress
from gremio.sandbox.casting import shared
from gremio.sandbox.confinement.tiers import Tier, require
from gremio.sandbox.limits import Limits
from gremio.sandbox.orders import Order, order, share_order
from gremio.sandbox.values import BadValue, Generator, encode
from gremio.sources.model import ModelHome


class Sandbox:
    """A pipeline in a process that reads its model and writes into a scratch folder, and can do nothing else.

        with gremio.Sandbox.from_pretrained("maria/castle", custom_pipeline="ana/prompts") as pipe:
            image = pipe(prompt="a fox", generator=7).images[0]

    Nothing of the repository runs in this process, so no code has to be trusted; torch is not imported here either.
    """

    def __init__(self, wanted: Order, limits: Limits, ref: str) -> None:
        self._order = wanted
        self._ref = ref
        self._shared: list[Order] = []
        self._lock = threading.RLock()
        self._worker = Attended(wanted.read, limits, ref)
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
        wanted = shared(order(request, home), request, limits)
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
            return dict(self._worker.ask("info", {"pipeline": 0}))

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
            self._worker.ask("seed", {"number": number})

    def close(self) -> None:
        """End the process and remove its scratch folder."""
        with self._lock:
            self._closed = True
            self._worker.end("closed")

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
            return self._worker.ask("call", body, blobs, Listener(progress, callback))

    def _start(self) -> None:
        """A worker that has loaded everything, if there is none."""
        if self._closed:
            raise SandboxLost("this sandbox is closed", ref=self._ref, next_step="Make another.")
        if self._worker.is_there:
            return
        self._worker.start()
        try:
            self._worker.ask("load", {**self._order.body, "pipeline": 0}, self._order.blobs)
            for number in range(1, len(self._shared) + 1):
                self._share(number)
        except BaseException:
            # One that has only half of it is none.
            self._worker.end("it did not load")
            raise

    def _share(self, number: int) -> None:
        wanted = self._shared[number - 1]
        self._worker.ask("share", {**wanted.body, "pipeline": number, "source": 0}, wanted.blobs)


@dataclass(frozen=True)
class SharedPipeline:
    """Another class over the components of a sandbox's pipeline; it lives as long as the sandbox."""

    sandbox: Sandbox
    number: int

    def __call__(self, *, progress: Progress | None = None, **arguments: Any) -> Any:
        """As the sandbox itself is called."""
        return self.sandbox._called(self.number, progress, None, arguments)


def _seeded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``generator=7`` stands for a generator with that seed, since torch may not be here to make one."""
    found = dict(arguments)
    seed = found.get("generator")
    if isinstance(seed, int) and not isinstance(seed, bool):
        found["generator"] = Generator(seed)
    return found
