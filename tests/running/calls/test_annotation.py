"""Annotations, read as text."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from inspect import formatannotation
from typing import Any, Dict, List, Literal, Optional, Tuple, Union  # noqa: UP035 - what community pipelines write

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gremio.running.calls.annotation import Wanted

WORDS = [
    ("int", "an integer"),
    ("float | None", "a number"),
    ("bool", "true or false"),
    ("str | list[str]", "text or a list of texts"),
    ("Optional[Union[str, List[str]]]", "text or a list of texts"),
    ("list[int] | None", "a list of integers"),
    ("tuple[int, int]", "a tuple of 2 integers"),
    ("tuple[int]", "a tuple of integers"),
    ("tuple[int, ...]", "a tuple of integers"),
    ("list[list[float]]", "a list of lists of numbers"),
    ("dict[str, Any] | None", "a JSON object"),
    ("Literal['pil', 'np']", "one of 'pil', 'np'"),
    ("PipelineImageInput", "a picture or a list of pictures"),
    ("'torch.Tensor'", "a torch.Tensor"),
    ("Annotated[int, 'steps']", "an integer"),
    ("Somebody", "any value"),
    ("os.PathLike", "text"),
]


@pytest.mark.parametrize(("annotation", "words"), WORDS)
def test_an_annotation_in_words(annotation: str, words: str) -> None:
    """Every spelling that pipelines use says what it wants."""
    assert Wanted.parse(annotation).describe() == words


@pytest.mark.parametrize(
    ("live", "text"),
    [
        (Optional[Union[str, List[str]]], "str | list[str] | None"),  # noqa: UP006, UP007, UP045
        (Dict[str, Any], "dict"),  # noqa: UP006
        (Tuple[int, int], "tuple[int, int]"),  # noqa: UP006
        (Sequence[float], "list[float]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (PIL.Image.Image, "Image"),
        (typing.Optional["int"], "int | None"),
    ],
)
def test_live_types_read_like_text(live: object, text: str) -> None:
    """A live type and the text of the same type want the same."""
    assert Wanted.parse(formatannotation(live)) == Wanted.parse(text)


@pytest.mark.parametrize("live", [torch.Tensor, torch.dtype, np.ndarray, Callable[[int], None], torch.Generator])
def test_objects_cannot_be_written(live: object) -> None:
    """Tensors, dtypes, callables and generators are known not to be text."""
    assert not Wanted.parse(formatannotation(live)).or_none().is_writable


def test_a_live_alias_takes_pictures() -> None:
    """Diffusers' own alias, which is a union of eleven things once it is alive, still takes a picture or several."""
    from diffusers.image_processor import PipelineImageInput

    wanted = Wanted.parse(formatannotation(PipelineImageInput))
    assert wanted.takes_image


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """No annotation makes reading fail."""
    assert Wanted.parse(text).describe()
