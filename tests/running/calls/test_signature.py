"""What a live pipeline can be called with."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
import torch

from gremio.code import CodeTree, Origin
from gremio.code.review.classes import ClassReader
from gremio.code.review.signatures import SignatureReader
from gremio.errors import OptionError
from gremio.running.calls import CallSignature


class Painter:
    @torch.no_grad()
    def __call__(self, prompt: str | list[str], steps: int = 20, scale=7, *, flag: bool = None, **kwargs: Any) -> None:  # noqa: RUF013
        """Paint.

        Args:
            prompt (`str` or `list[str]`, *optional*, one of (a, b)):
                What to paint. More text
                over lines.
            steps (`int`,
                *optional*): How often. And more.
            flag: Whether. Really.

                A second paragraph: with a colon.

        Examples:
            nothing: here
        """


class Forwarder:
    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Pass on."""


class Mute:
    pass


def test_a_class_and_its_instance_read_the_same() -> None:
    """A decorated __call__ is seen through, and self is not a parameter."""
    signature = CallSignature.of(Painter)
    assert signature == CallSignature.of(Painter())
    assert signature.owner == "Painter"
    assert signature.names == ("prompt", "steps", "scale", "flag")
    assert signature.accepts_kwargs


@pytest.mark.parametrize(
    ("name", "required", "line"),
    [
        ("prompt", True, "What to paint."),
        ("steps", False, "How often."),
        ("flag", False, "Whether."),
        ("scale", False, ""),
    ],
)
def test_parameters_have_lines(name: str, required: bool, line: str) -> None:
    """Each parameter knows whether it must be given and its first sentence."""
    parameter = CallSignature.of(Painter).get(name)
    assert parameter is not None
    assert (parameter.required, parameter.help) == (required, line)


def test_a_none_default_is_allowed_back() -> None:
    """`flag: bool = None` wants a bool or none; a default without annotation says what is wanted."""
    signature = CallSignature.of(Painter)
    wanted = {parameter.name: parameter.wanted for parameter in signature.parameters}
    assert [each.what for each in wanted["flag"].members()] == ["bool", "none"]
    assert wanted["scale"].describe() == "an integer or a number"


def test_functions_wraps_is_followed() -> None:
    """A wrapper that says what it wraps has the signature of that."""

    def wrap(call: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(call)
        def outer(*args: Any, **kwargs: Any) -> None:
            call(*args, **kwargs)

        return outer

    @wrap
    def draw(prompt: str, n: int = 1) -> None:
        """Draw."""

    assert CallSignature.of(draw).names == ("prompt", "n")


def test_a_forwarder_is_known() -> None:
    """A __call__ of *args and **kwargs has no names to tell."""
    assert CallSignature.of(Forwarder).is_forwarder
    assert not CallSignature.of(Painter).is_forwarder


def test_what_cannot_be_called_is_refused() -> None:
    """A class without __call__ would otherwise read as its constructor."""
    with pytest.raises(OptionError, match="Mute has no __call__"):
        CallSignature.of(Mute)


def test_a_real_pipeline() -> None:
    """Diffusers' own image-to-image pipeline reads with help for its parameters."""
    from diffusers import StableDiffusionImg2ImgPipeline

    signature = CallSignature.of(StableDiffusionImg2ImgPipeline)
    strength = signature.get("strength")
    assert strength is not None
    assert strength.help == "Indicates extent to transform the reference `image`."
    assert signature.get("image").wanted.takes_image  # type: ignore[union-attr]
    assert not signature.get("prompt_embeds").wanted.is_writable  # type: ignore[union-attr]


def test_a_call_reads_as_it_lives() -> None:
    """Reading tells of a class what the live class tells, but for defaults that are names."""
    source = textwrap.dedent(inspect.getsource(Painter)).replace("scale=7", "scale=7, mode=MODE")
    tree = CodeTree({"painter.py": source.encode()}, "painter.py", Origin("local", ""))
    reader = SignatureReader(ClassReader(tree))
    read = CallSignature.read("Painter", reader.signature("Painter", "__call__"), reader.call_docstring("Painter"))
    live = CallSignature.of(Painter)
    assert [each for each in read.parameters if each.name != "mode"] == list(live.parameters)
    assert (read.accepts_kwargs, read.get("mode").wanted.what) == (live.accepts_kwargs, "any")


def test_a_call_that_is_assigned_is_not_told_by_reading() -> None:
    """Only the live class knows what it is then."""
    source = b"class Painter:\n    def paint(self, prompt): ...\n    __call__ = paint\n"
    tree = CodeTree({"painter.py": source}, "painter.py", Origin("local", ""))
    assert SignatureReader(ClassReader(tree)).signature("Painter", "__call__") == ()
