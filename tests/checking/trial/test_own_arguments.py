"""Arguments that a pipeline has and its stock sibling has not, turned on one by one."""

import signal
from contextlib import suppress
from types import SimpleNamespace
from typing import Callable  # noqa: UP035 - as the community writes it

import pytest
from tests.checking.trial.conftest import PAINTER, plan_of

from gremio.checking.outcomes import outcome
from gremio.checking.trial.argument_hints import Hints
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.observing import TooLong, limited
from gremio.checking.trial.own_values import another, turning_on
from gremio.checking.trial.report import Report
from gremio.checking.trial.stock_sibling import stock_sibling

NO_SLOTS = SimpleNamespace(review=SimpleNamespace(components=()))
OWN = PAINTER.replace(
    "callback_on_step_end=None):",
    "callback_on_step_end=None, glow: float = 0.0, wash: str = 'wet', hooks=None, idle: int = 3, never: bool = False,"
    " grid: int = 8, needs: float = 0.0, by: float = 0.5):",
).replace(
    "size = self",
    "assert wash in ('wet', 'dry', 'none')\n"
    "        if grid not in (8, 16): raise ValueError(f'grid must not be {grid}')\n"
    "        Meter()(grid)\n"
    "        if needs > 0 and not glow: raise RuntimeError('nothing to do')\n"
    "        size = self",
    1,
)
OWN = OWN.replace(
    "image = (image / 2",
    "image = image + glow * by + {'wet': 0, 'dry': 0.1, 'none': 0.2}[wash]\n"
    "        if needs > 0: image = image * needs\n"
    "        image = (image / 2",
)
# A call as the pipeline is one, which takes only what it is passed and does not name it.
OWN += """

class Meter:
    def __call__(self, grid):
        if grid == 16: raise ValueError('too fine')
"""


def beside_glow(arguments: str, body: str) -> str:
    """One that has only these and ``glow`` of its own, since each is several calls, and begins its call with this."""
    return (
        PAINTER.replace("callback_on_step_end=None):", f"glow: float = 0.0, {arguments}):")
        .replace("if callback_on_step_end is not None:\n", "if False:\n")
        .replace("size = self", f"{body}\n        size = self", 1)
        .replace("image = (image / 2", "image = (image / 2 + glow")
    )


def test_each_is_turned_on(trial, code):
    """With an effect on the output or the way through the code, or it is said why nothing is known of it."""
    report = trial(code(OWN))
    assert report.runs, report.error
    assert report.sibling == "DDPMPipeline"
    assert {name: (each.verdict, each.detail) for name, each in report.own_arguments.items()} == {
        "callback_on_step_end": ("yes", "it is called 6 times"),
        "glow": ("yes", "0.5: the output differs"),
        "wash": ("yes", "'dry': the output differs"),
        "hooks": ("unknown", "nothing tells what it takes"),
        "idle": ("unknown", "4 has no effect"),
        "never": ("unknown", "True has no effect"),
        "grid": ("unknown", "refused: 16: ValueError: too fine"),
        "needs": ("yes", "0.5: the output differs"),
        "by": ("yes", "0.25: the output differs"),
    }
    assert [*report.not_exercised] == ["hooks", "idle", "never", "grid"]


@pytest.mark.parametrize("failing", ["forward() got an unexpected keyword", "no such size"])
def test_one_that_fails_is_no_pipeline_that_runs(trial, code, failing):
    """Whatever runs without it; the error says with which value, and the output of the plain call is there."""
    report = trial(code(beside_glow("never: bool = False", f"if never: raise KeyError('{failing}')")))
    assert (report.runs, report.reached, outcome(report)) == (False, "own", "partly")
    assert report.error.message == f"with never=True: '{failing}'"
    assert report.error.place.startswith("community.py:")
    assert report.own_arguments["never"].verdict == "error"
    assert report.own_arguments["glow"].verdict == "yes"
    assert report.output == "images: float32 (1, 16, 16, 3)"


def test_each_choice_has_to_work(trial, code):
    """Where the code lists what there is."""
    body = "assert wash in ('wet', 'dry', 'none')\n        if wash == 'none': raise KeyError('none')"
    report = trial(code(beside_glow("wash: str = 'wet'", body)))
    assert report.own_arguments["wash"].detail == "'none': KeyError: 'none'"
    assert not report.runs


def test_what_works_only_as_documented(trial, code):
    """An argument that fails by itself is tried with what the documented call has beside it."""
    example = '"""\n>>> pipe(num_inference_steps=500, never=True, idle=0)\n"""\n'
    needs = "if never:\n            if idle: raise KeyError(idle)\n            glow = 1.0"
    body = beside_glow("never: bool = False, idle: int = 3", needs)
    assert trial(code(example + body)).own_arguments["never"].verdict == "yes"
    assert trial(code(body)).own_arguments["never"].verdict == "error"


@pytest.mark.parametrize(
    ("name", "sibling"),
    [
        ("CogVideoXSTGPipeline", "CogVideoXPipeline"),
        ("SDXLLongPromptPipeline", "StableDiffusionXLPipeline"),
        ("StableDiffusionXLDifferentialImg2ImgPipeline", "StableDiffusionXLImg2ImgPipeline"),
        ("EDITPipeline", "DDPMPipeline"),
    ],
)
def test_the_stock_sibling_is_told_by_the_name_else_by_the_kind_of_model(name, sibling):
    """The longest name of Diffusers' whose words it has, in their order."""
    made = type(name, (), {"__module__": "gremio_code.abc.pipeline"})
    assert stock_sibling(Subject(made, NO_SLOTS)).__name__ == sibling


def test_a_base_is_the_sibling():
    """Before any name."""
    from diffusers import StableDiffusionPipeline

    made = type("FluxPipeline", (StableDiffusionPipeline,), {"__module__": "gremio_code.abc.pipeline"})
    assert stock_sibling(Subject(made, NO_SLOTS)) is StableDiffusionPipeline


CODE = b'''
class Mode(Enum):
    FULL = "full"
    HALF = "half"
EXAMPLE = """
    >>> scale = 7
    >>> pipe(prompt="a", way="slow", scale=scale, image=load())
```py
pipe(way="fast")
```
"""
SIDES = {"left": 1, "right": 2}
def call(way="fast", mode="full", size=8, scale=1.0, table="a", side="left"):
    if side not in SIDES: pass
    if way not in ["fast", "slow"] or self._way == "steady": pass
    if size not in (8, 12) or size == 3 or scale > 2.5: pass
    inner(kind=table)
def inner(kind):
    return {"a": 1, "b": 2}[kind]
'''


def test_the_code_tells_what_there_is_to_choose_from():
    """Comparisons, tables, enums, documented calls; a number that is asked for alone is no choice."""
    hints = Hints.of({"a.py": CODE, "broken.py": b"def"}, ["way", "mode", "size", "scale", "table", "side"])
    assert hints.choices["way"] == ("fast", "slow")
    assert hints.texts["way"] == ("steady",)
    assert hints.choices["size"] == (8, 12)
    assert hints.choices["table"] == ("a", "b")
    assert hints.choices["side"] == ("left", "right")
    assert ("full", "half") in hints.kinds
    assert hints.limits["scale"] == (2.5,)
    assert hints.limits["size"] == (3,)
    assert hints.examples("scale") == [7]
    assert hints.beside("way") == {"prompt": "a", "scale": 7}


def _call(
    self,
    prompt: list[list[str]],
    on: bool = True,
    small: float = 0.25,
    one: float = 1.0,
    count: int = 10,
    size: int = 512,
    layers: list[int] = (19,),
    tiles: list[list[float]] | None = None,
    stop: Callable[[], bool] | None = None,
    sigmas: list[float] | None = None,
    settings: dict = {"a": 1},  # noqa: B006
    unknown=None,
):
    pass


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("on", [False]),
        ("small", [0.125, 0.625]),
        ("one", [0.5, 2.0]),
        ("count", [11, 9, 2, 0]),
        ("size", [1024, 256, 16]),
        ("layers", [(20,), (18,), (2,), (0,)]),
        ("tiles", [[[0.5]]]),
        ("sigmas", [[1.0, 0.75, 0.5, 0.25]]),
        ("settings", [{"a": 2}]),
        ("unknown", []),
    ],
)
def test_values_have_the_form_of_the_default(name, values):
    """And none of them is the default itself."""
    made = plan_of(_call)
    assert turning_on(made.signature.get(name), made, Hints()) == values


def test_callbacks_answer_as_they_are_annotated():
    """A question is answered with no, tensors are given back."""
    made = plan_of(_call)
    (ask,) = turning_on(made.signature.get("stop"), made, Hints())
    assert ask() is False
    assert ask.calls == 1


def test_another_value_is_of_the_same_form():
    """Or there is none."""
    assert next(another([[3]])) == [[4]]
    assert next(another({"a": "x", "b": True})) == {"a": "x", "b": False}
    assert list(another("x")) == []


@pytest.mark.skipif(not hasattr(signal, "SIGPROF"), reason="there is no timer for the processor's time")
def test_a_call_without_end_is_broken_off():
    """Also in code that catches everything."""

    def stubborn():
        while True:
            with suppress(Exception):
                sum(range(1000))

    with pytest.raises(TooLong, match="more than 0 s"), limited(0.05):
        stubborn()


def test_counts_of_a_report():
    """Without own arguments there is nothing to exercise."""
    assert (Report("x").exercised, Report("x").not_exercised) == (0, {})
