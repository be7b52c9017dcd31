"""Values as text, made what a parameter wants."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gremio.errors import OptionError
from gremio.running.calls import Parameter
from gremio.running.calls.coercion import coerce
from gremio.running.calls.value import Given

_NONE = object()


def parameter(annotation: str, default: object = _NONE) -> Parameter:
    """A parameter called scale."""
    required = default is _NONE
    return Parameter("scale", annotation, None if required else default, required)


GOOD = [
    ("int", "20", 20),
    ("int", "20.0", 20),
    ("float", "7", 7.0),
    ("float", "1e-3", 0.001),
    ("bool", "true", True),
    ("bool", "0", False),
    ("bool", "Yes", True),
    ("str", "2024", "2024"),
    ("str", "none", "none"),
    ("str", "[a cat", "[a cat"),
    ("str", '"quoted"', "quoted"),
    ("str | None", "null", None),
    ("str | list[str]", "1.5", "1.5"),
    ("str | list[str]", '["a", "b"]', ["a", "b"]),
    ("int | float", "5", 5),
    ("List[float] | float", "5", 5.0),
    ("float | list[float]", "[1, 2.5]", [1.0, 2.5]),
    ("list[int]", "1,2,3", [1, 2, 3]),
    ("list[int]", "4", [4]),
    ("list[str]", "latents", ["latents"]),
    ("list[list[int]]", "[[1, 2], [3]]", [[1, 2], [3]]),
    ("tuple[int, int]", "[1024, 768]", (1024, 768)),
    ("tuple[int]", "1, 2, 3", (1, 2, 3)),
    ("dict[str, Any]", '{"a": true, "b": null}', {"a": True, "b": None}),
    ("dict", "{'a': 1}", {"a": 1}),
    ("Literal['pil', 'np']", "np", "np"),
    ("Literal[1, 2]", "2", 2),
    ("Somebody", "[1, 2]", [1, 2]),
    ("Somebody", r"\d", r"\d"),
    ("int", " 7 ", 7),
    ("str", "@@handle", "@handle"),
    ("str | Callable[[int], int]", "slerp", "slerp"),
]


@pytest.mark.parametrize(("annotation", "text", "value"), GOOD)
def test_what_fits(annotation: str, text: str, value: object) -> None:
    """Text becomes the value that the annotation means, of the very type."""
    made = coerce(parameter(annotation), Given.parse(text))
    assert made == value
    assert type(made) is type(value)


BAD = [
    ("int", "twenty", "scale wants an integer, not 'twenty'"),
    ("int", "2.5", "scale wants an integer, not '2.5'"),
    ("int", "true", "scale wants an integer"),
    ("int", "none", "scale wants an integer"),
    ("float", "high", "scale wants a number"),
    ("bool", "2", "scale wants true or false"),
    ("tuple[int, int]", "(1, 2, 3)", "scale wants a tuple of 2 integers"),
    ("list[int]", "[1, 'b']", "scale wants a list of integers"),
    ("dict", "[1]", "scale wants a JSON object"),
    ("Literal['pil', 'np']", "jpg", "one of 'pil', 'np'"),
    ("Literal[1]", "true", "one of 1"),
    ("torch.Tensor", "[1.0]", "scale=@FILE.npy"),
    ("Callable[[int], None] | None", "print", "Callable, which can't be given"),
    ("PIL.Image.Image", "cat.png", "scale wants a picture"),
]


@pytest.mark.parametrize(("annotation", "text", "message"), BAD)
def test_what_does_not_fit(annotation: str, text: str, message: str) -> None:
    """The refusal says what is wanted, in words."""
    with pytest.raises(OptionError) as refused:
        coerce(parameter(annotation), Given.parse(text))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [(7, "7.5", 7.5), (7, "8", 8), (0.5, "1", 1.0), (False, "on", True), ("a", "3", "3"), (None, "3", 3)],
)
def test_a_default_says_what_is_wanted(default: object, text: str, value: object) -> None:
    """Without annotation the default's type is the hint."""
    assert coerce(parameter("", default), Given.parse(text)) == value


def test_a_default_dtype_is_no_text() -> None:
    """A parameter whose default is a dtype can't be written."""
    import torch

    with pytest.raises(OptionError, match="a dtype, which can't be given"):
        coerce(parameter("", torch.float16), Given.parse("float32"))


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.lists(st.integers())))
def test_json_comes_back(value: object) -> None:
    """What JSON writes reads back as the same value, infinities too."""
    assert Given.parse(json.dumps(value)).value == value


@given(st.text())
def test_text_stays_text(text: str) -> None:
    """Whatever a person types for a text is that text, but for a leading @ and quotes around it."""
    given_text = Given.parse("@" + text if text.startswith("@") else text)
    assert given_text.text == text
    assert given_text.value is not math.nan


def test_files_are_values(tmp_path: Path) -> None:
    """@file reads text, JSON and pictures; the last in RGB, where they are not grey, and upright."""
    (tmp_path / "prompt.txt").write_text("a hall\nat noon\n", "utf-8")
    (tmp_path / "boxes.json").write_text("[[0, 0.5]]", "utf-8")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("CMYK", (4, 2)).save(tmp_path / "a.jpg", exif=exif)
    assert coerce(parameter("str"), Given.parse(f"@{tmp_path}/prompt.txt")) == "a hall\nat noon"
    assert coerce(parameter("list[list[float]]"), Given.parse(f"@{tmp_path}/boxes.json")) == [[0.0, 0.5]]
    for annotation in ("PipelineImageInput", "torch.Tensor", "Somebody"):
        picture = coerce(parameter(annotation), Given.parse(f"@{tmp_path}/a.jpg"))
        assert (picture.mode, picture.size) == ("RGB", (2, 4))  # type: ignore[attr-defined]
    assert isinstance(coerce(parameter("list[Image.Image]"), Given.parse(f"@{tmp_path}/a.jpg")), list)
    with pytest.raises(OptionError, match="wants an integer, not a picture"):
        coerce(parameter("int"), Given.parse(f"@{tmp_path}/a.jpg"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.txt", None, "there is no file"),
        ("gone.png", None, "there is no file"),
        ("a.bin", b"", "is no file that can be read as a value"),
        ("a.json", b"{", "is no JSON"),
        ("a.txt", b"\xff\xfe\xfa", "can't be read as text"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "can't be read as a picture"),
        ("b.png", b"text", "can't be read as a picture"),
    ],
)
def test_files_that_cannot_be_values(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    """The refusal names the file."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(OptionError, match=message) as refused:
        Given.parse(f"@{tmp_path / name}")
    assert name in str(refused.value)
