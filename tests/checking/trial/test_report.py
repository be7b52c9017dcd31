"""Reports as values, and what they say of outputs."""

import subprocess
import sys
from collections import namedtuple

import numpy as np
import pytest
import torch
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gremio.checking.trial.digest import count, describe, digest, is_finite
from gremio.checking.trial.report import FINDINGS, Finding, Report
from gremio.machine.processes import Trouble

TEXTS = st.text(max_size=20)
REPORTS = st.builds(
    Report,
    ref=TEXTS,
    reached=st.sampled_from(["read", "call", "done"]),
    runs=st.booleans(),
    findings=st.dictionaries(st.sampled_from(FINDINGS), st.builds(Finding, st.sampled_from(["yes", "no"]), TEXTS)),
    mends=st.tuples(TEXTS, TEXTS),
    missing=st.lists(TEXTS, max_size=2).map(tuple),
    error=st.none() | st.builds(Trouble, TEXTS, TEXTS, TEXTS, TEXTS),
    seconds=st.dictionaries(TEXTS, st.floats(0, 9), max_size=2),
    arguments=st.dictionaries(TEXTS, TEXTS, max_size=2),
)


@given(REPORTS)
def test_a_report_survives_json(report):
    """Also at the end of other output."""
    assert Report.from_dict(report.as_dict()) == report
    assert Report.from_output(f"noise\n{report.to_json()}\n") == report


@pytest.mark.parametrize("text", ["", "no report", "[1]", '{"ref": 1, "error": 3}', '{"class_name": "A"}'])
def test_what_is_no_report(text):
    """Is refused, whatever it is."""
    with pytest.raises(ValueError, match=r".+"):
        Report.from_output(text)


def test_reading_reports_costs_no_torch():
    """Whoever starts trials does not pay for what they load."""
    code = "import sys, gremio.checking.trial.report; print('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


PICTURE = Image.new("RGB", (6, 4))


@pytest.mark.parametrize(
    ("value", "words", "pieces"),
    [
        (ImagePipelineOutput(images=[PICTURE, PICTURE]), "images: 2 x 6x4 RGB", 2),
        (ImagePipelineOutput(images=np.zeros((3, 4, 6, 3), "float32")), "images: float32 (3, 4, 6, 3)", 3),
        ({"frames": [[PICTURE, PICTURE]]}, "frames: 1 x 2 x 6x4 RGB", 1),
        (([PICTURE], None), "first: 1 x 6x4 RGB", 1),
        (namedtuple("Out", "depth prediction")(1, PICTURE), "prediction: 6x4 RGB", 1),
        (torch.zeros(2, 3, 4, 4, dtype=torch.bfloat16), "output: bfloat16 (2, 3, 4, 4)", 2),
        ("a text", "output: 'a text'", 1),
    ],
)
def test_outputs_in_words(value, words, pieces):
    """The part that a person called for."""
    assert describe(value) == words
    assert count(value) == pieces


def test_digests_see_every_bit():
    """Values, shapes and types; equal values are equal."""
    zeros = np.zeros((2, 2), "float32")
    near = zeros.copy()
    near[1, 1] = np.finfo("float32").tiny
    different = [zeros, near, zeros.reshape(4), zeros.astype("float64"), [zeros], [zeros, zeros], PICTURE, "", None]
    assert len({digest(value) for value in different}) == len(different)
    assert digest([zeros.copy()]) == digest([zeros])
    assert digest(torch.zeros(2)) == digest(torch.zeros(2))


def test_numbers_that_are_none():
    """NaN and infinity are seen wherever they are."""
    assert is_finite([np.zeros(2), PICTURE])
    assert not is_finite(([np.array([1.0, np.nan])], None))
    assert not is_finite(torch.tensor([float("inf")]))
