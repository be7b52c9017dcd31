from __future__ import annotations

import json

from gremio.code.review import read

SOURCE = '''
"""A pipeline."""
import zz_missing
from ...utils.torch_utils import randn_tensor
from ..pipeline_utils import DiffusionPipeline
from .helper import steps

class Painter(DiffusionPipeline):
    """Paints."""

    def __init__(self, unet, scheduler):
        super().__init__()

    def __call__(self, prompt: str, steps: int = steps):
        """Draw a picture."""
'''


def test_a_review_tells_it_all(make_tree) -> None:
    """One reading answers what the code is, what it takes, what it needs and what was re-pointed."""
    review = read(make_tree({"painter.py": SOURCE, "helper.py": "steps = 3", "other.py": "def"}))
    assert review.class_name == "Painter"
    assert review.files == ("helper.py", "painter.py")
    assert [slot.name for slot in review.components] == ["unet", "scheduler"]
    assert [parameter.name for parameter in review.call] == ["prompt", "steps"]
    assert (review.docstring, review.call_docstring) == ("Paints.", "Draw a picture.")
    assert [item.name for item in review.missing] == ["zz_missing"]
    assert [found.new.rpartition(".")[2] for found in review.relocations] == ["randn_tensor", "DiffusionPipeline"]
    assert review.unresolved == ()
    assert json.loads(json.dumps(review.as_dict()))["requirements"][0]["package"] == "zz-missing"


def test_code_without_a_pipeline_is_still_reviewed(make_tree) -> None:
    """No class to load is something that a review says, not a reason to have none."""
    review = read(make_tree({"a.py": "from diffusers import ModelMixin\nclass Net(ModelMixin): ...\n"}))
    assert review.class_name is None
    assert "Net (model)" in review.problem
    assert [(info.name, info.kind) for info in review.classes] == [("Net", "model")]
