"""Properties of a pipeline that runs, each found out by calling it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gremio.checking.trial.calling import Caller
from gremio.checking.trial.counting import counted
from gremio.checking.trial.digest import count, digest, is_finite
from gremio.checking.trial.report import Finding

Make = Callable[[], Any]


def find_out(caller: Caller, result: object, make: Make) -> Mapping[str, Finding]:
    """All of them; one that raises says so and stops none of the others."""
    tries: dict[str, Callable[[], Finding]] = {
        "deterministic": lambda: deterministic(caller, result, make),
        "steps": lambda: steps(caller),
        "generator": lambda: generator(caller),
        "dtype": lambda: dtypes(caller, make),
        "batch": lambda: batch(caller, result),
        "callback": lambda: callback(caller),
    }
    return {name: _guarded(each) for name, each in tries.items()}


def deterministic(caller: Caller, result: object, make: Make) -> Finding:
    """Two calls at one seed agree bit for bit, and another seed makes another output."""
    if digest(caller.call()) != digest(result):
        if digest(caller.on(make()).call()) == digest(result):
            return Finding("no", "a second call differs from the first; on a pipeline made anew it does not")
        return Finding("no", "two calls at the same seed differ")
    seed = caller.plan.seed + 1
    other = caller.call(global_seed=seed, arguments=caller.plan.with_seed(seed))
    if digest(other) == digest(result):
        return Finding("unknown", "two calls at the same seed agree, but another seed makes the same output too")
    return Finding("yes", "two calls at the same seed agree bit for bit, and another seed differs")


def steps(caller: Caller) -> Finding:
    """More steps asked for are more steps made."""
    name = caller.plan.steps_name
    if name is None:
        return Finding("unknown", "the signature has no number of steps")
    few = caller.plan.arguments().get(name, 2)
    if not isinstance(few, int):
        return Finding("unknown", f"{name} is no number here")
    seen = {}
    # A strength below one may swallow one step more; three times as many it can't.
    for asked in (few, few + 1, few * 3):
        with counted(caller.pipeline) as counts:
            caller.call(arguments={**caller.plan.arguments(), name: asked})
        seen[asked] = counts.steps
        if seen[asked] > seen[few]:
            break
    told = ", ".join(f"{asked} asked for: {made} made" for asked, made in seen.items())
    if not any(seen.values()):
        return Finding("unknown", "no component's step or forward was called")
    return Finding("yes" if max(seen.values()) > seen[few] else "no", told)


def generator(caller: Caller) -> Finding:
    """With the same generator the global randomness does not matter."""
    if caller.plan.signature.get("generator") is None:
        return Finding("unknown", "the signature has no generator")
    first, second = (digest(caller.call(global_seed=seed)) for seed in (1, 2))
    if first != second:
        return Finding("no", "the same generator gives another output when torch's global seed is another")
    other = digest(caller.call(global_seed=1, arguments=caller.plan.with_seed(caller.plan.seed + 1)))
    if other == first:
        return Finding("unknown", "another seed of the generator gives the same output: nothing is drawn from it")
    return Finding("yes", "the generator alone decides the output")


def dtypes(caller: Caller, make: Make) -> Finding:
    """It runs in bfloat16 or in float16, each on a pipeline of its own."""
    import torch

    works, told = False, []
    for dtype in (torch.bfloat16, torch.float16):
        name = str(dtype).removeprefix("torch.")
        try:
            cast = make()
            cast.to(dtype=dtype)
            result = caller.on(cast).call()
        except Exception as error:
            told.append(f"{name} raises {_line(error)}")
            continue
        finite = is_finite(result)
        works |= finite
        told.append(f"{name} runs" if finite else f"{name} gives values that are no numbers")
    return Finding("yes" if works else "no", "; ".join(told))


def batch(caller: Caller, result: object) -> Finding:
    """Twice as much asked for is twice as much made."""
    signature, arguments = caller.plan.signature, caller.plan.arguments()
    for name in ("num_images_per_prompt", "num_videos_per_prompt", "num_waveforms_per_prompt"):
        if signature.get(name) is not None:
            return _twice(caller, result, {name: 2}, f"{name}=2")
    prompt = next((name for name in ("prompt", "prompts") if isinstance(arguments.get(name), str)), None)
    if prompt is not None and any(each.what in ("list", "any") for each in _members(signature.get(prompt))):
        return _twice(caller, result, {prompt: [arguments[prompt]] * 2}, "two prompts")
    if signature.get("batch_size") is not None:
        return _twice(caller, result, {"batch_size": 2}, "batch_size=2")
    return Finding("unknown", "the signature has neither several prompts nor several outputs for one")


def callback(caller: Caller) -> Finding:
    """A callback is called."""
    signature, calls = caller.plan.signature, 0

    def on_end(pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        return tensors

    def on_step(*values: Any) -> None:
        nonlocal calls
        calls += 1

    given: dict[str, Any]
    if signature.get("callback_on_step_end") is not None:
        given = {"callback_on_step_end": on_end}
    elif signature.get("callback") is not None:
        given = {"callback": on_step}
        if signature.get("callback_steps") is not None:
            given["callback_steps"] = 1
    else:
        return Finding("unknown", "the signature has no callback")
    caller.call(**given)
    return Finding("yes" if calls else "no", f"{next(iter(given))} was called {calls} times")


def _twice(caller: Caller, result: object, change: Mapping[str, Any], told: str) -> Finding:
    once, both = count(result), count(caller.call(**change))
    return Finding("yes" if both == 2 * once else "no", f"{told}: {both} instead of {once}")


def _members(parameter: Any) -> tuple[Any, ...]:
    return parameter.wanted.members() if parameter is not None else ()


def _guarded(attempt: Callable[[], Finding]) -> Finding:
    try:
        return attempt()
    except Exception as error:
        return Finding("error", _line(error))


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"
