"""``Sandbox``: a pipeline that runs in a process which can reach nothing, called as any other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gremio.errors import OptionError, SandboxError
from gremio.loading.modules.provenance import Provenance
from gremio.loading.pipelines.request import LoadRequest
from gremio.running.calls import CallSignature
from gremio.sandbox.attended import Attended, Listener, Progress
from gremio.sandbox.casting import shared
from gremio.sandbox.confinement.tiers import Tier, require
from gremio.sandbox.limits import Limits
from gremio.sandbox.orders import Order, order, share_order
from gremio.sandbox.turns import Turns
from gremio.sandbox.values import BadValue, Generator, encode
from gremio.sources.model import ModelHome


class Sandbox:
    """A pipeline in a process that reads its model and writes into a scratch folder, and can do nothing else.

        with gremio.Sandbox.from_pretrained("maria/castle", custom_pipeline="ana/prompts") as pipe:
            image = pipe(prompt="a fox", generator=7).images[0]

    Nothing of the repository runs in this process, so no code has to be trusted; torch is not imported here either.
    It may be called from many threads: so many calls at once as there are ``workers``, the others wait.
    """

    def __init__(self, wanted: Order, limits: Limits, ref: str) -> None:
        self._orders = {0: wanted}
        self._numbers = itertools.count(1)
        self._ref = ref
        self._here = threading.local()
        self._was_ready = False
        self._workers = [Attended(wanted.read, limits, ref) for _ in range(limits.workers)]
        self._turns = Turns(self._workers, waiting=limits.waiting, patience=limits.patience, ref=ref)

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
        workers: int = 1,
        waiting: int = 100,
        patience: float | None = 600.0,
        **kwargs: Any,
    ) -> Sandbox:
        """As ``DiffusionPipeline.from_pretrained``, but confined.

        Args:
            model: a repository on the Hub, or a folder.
            memory: of a worker at most so much, as ``"8GB"`` or in bytes, weights that are moved among it; together
                four fifths of this machine's if not given.
            scratch: how much a worker may write, likewise.
            timeout: seconds for each call; loading may take ten times as long.
            threads: of torch, in each worker; if not given, as many as torch takes by itself, and of several workers
                each has its share of the cores.
            tier: which layers there have to be; see the guide.
            device: ``cpu``, or ``cuda`` with the devices that it needs.
            workers: how many processes there are at most. The first is started now, others when calls would wait.
            waiting: how many calls may wait for a worker.
            patience: seconds that each of them waits at most; None for as long as it takes.
            **kwargs: ``custom_pipeline``, ``custom_revision``, ``class_name``, ``revision``, ``variant``, ``dtype`` and
                whatever else can be told as data. ``trust_remote_code`` isn't needed.

        Raises:
            SandboxUnavailable: this machine lacks a layer of the tier.
            SandboxFailed: the code raised while it was loaded.
            SandboxLost: its process ended, took too much or too long.
            GremioError: the model or the code can't be found or reached.
        """
        given = {"memory": memory, "scratch": scratch, "timeout": timeout, "threads": threads}
        given |= {"tier": tier, "device": device, "workers": workers, "waiting": waiting, "patience": patience}
        limits = Limits.take(given)
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
            with found._turns.one() as worker:
                found._get_ready(worker)
        except BaseException:
            found.close()
            raise
        found._was_ready = True
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
            SandboxLost: its process ended, hung or broke the rules. The next call starts a new one; this one is not
                repeated.
            SandboxBusy: all workers are at work, and too many calls wait already, or this one waited too long.
        """
        return self._called(0, progress, callback_on_step_end, arguments)

    def from_pipe(self, **kwargs: Any) -> SharedPipeline:
        """Another community class over the same components, in the same processes."""
        wanted, number = share_order(dict(kwargs)), next(self._numbers)
        with self._turns.one() as worker:
            self._get_ready(worker)
            _load(worker, number, wanted)
        # Only now, so that no other worker has to do what can't be done.
        self._orders = {**self._orders, number: wanted}
        return SharedPipeline(self, number)

    def info(self) -> dict[str, Any]:
        """The class, its components and arguments, its device and dtype, as a worker tells."""
        with self._turns.one() as worker:
            self._get_ready(worker)
            return dict(worker.ask("info", {"pipeline": 0}))

    @property
    def gremio(self) -> Provenance:
        """Which code and which weights it is made of."""
        return self._orders[0].made

    @property
    def signature(self) -> CallSignature | None:
        """What a call takes, as reading the class tells; None where reading can't tell."""
        return self._orders[0].signature

    def seed(self, number: int) -> None:
        """Seed all randomness but a generator's for the next call of this thread: torch's, numpy's and Python's own."""
        self._here.seed = number

    def close(self) -> None:
        """End the processes and remove their scratch folders; calls under way are lost, and told so."""
        self._turns.close()

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
        body = {"pipeline": pipeline, "arguments": told, "callback": callback is not None}
        seed = self._here.__dict__.pop("seed", None)
        with self._turns.one() as worker:
            self._get_ready(worker)
            if seed is not None:
                worker.ask("seed", {"number": seed})
            return worker.ask("call", body, blobs, Listener(progress, callback))

    def _get_ready(self, worker: Attended) -> None:
        """Start it if it isn't there, and load into it what isn't in it."""
        try:
            if not worker.is_there:
                worker.start()
            for number, wanted in self._orders.items():
                if number not in worker.loaded:
                    _load(worker, number, wanted)
        except BaseException as error:
            # One that has only half of it is none.
            worker.end("it did not load")
            if isinstance(error, SandboxError) and self._was_ready:
                error.message = f"no new worker could be made ready, and this call was not made: {error.message}"
            raise


def _load(worker: Attended, number: int, wanted: Order) -> None:
    kind, source = ("share", {"source": 0}) if number else ("load", {})
    worker.ask(kind, {**wanted.body, "pipeline": number, **source}, wanted.blobs)
    worker.loaded.add(number)


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
