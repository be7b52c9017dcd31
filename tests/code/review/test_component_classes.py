"""Which class fills a slot, read from the rest of a repository."""

from __future__ import annotations

import pytest

from gremio.code.review.component_classes import component_classes, find_class
from gremio.errors import OptionError

PIPELINE = '''
from diffusers import DiffusionPipeline

class Dance(DiffusionPipeline):
    """Dances.

    Args:
        tokenizer (`CLIPTokenizer`): words.
    """

    def __init__(self, vae, reference_unet, denoising_unet, pose_guider, tokenizer, colour_net_2, nothing, helper=None):
        ...
'''
NETS = """
from torch import nn
from diffusers import UNet2DConditionModel

class UNet3D(UNet2DConditionModel): ...
class PoseGuider(nn.Module): ...
class ColourNet(nn.Module): ...
"""
SCRIPT = """
from diffusers import AutoencoderKL
from src.pipes.dance import Dance as Pipe
from src.nets import PoseGuider, UNet3D

def main(denoising_unet: UNet3D):
    vae = AutoencoderKL.from_pretrained("x").to("cuda")
    net = ref = UNet3D.from_pretrained_2d("x", unet_additional_kwargs={"mode": "write"}, steps=steps)
    guide = PoseGuider(320, block_out_channels=(16, 32)).to(dtype=weights, device="cuda")
    return Pipe(vae, wrapped(ref), denoising_unet=denoising_unet, pose_guider=guide, helper=guide)
"""
TREE = {"src/pipes/dance.py": PIPELINE, "src/nets.py": NETS, "scripts/run.py": SCRIPT, "broken.py": "vae ="}
SLOTS = ("vae", "reference_unet", "denoising_unet", "pose_guider", "tokenizer", "colour_net_2", "nothing", "helper")


def test_what_fills_each_slot(make_tree) -> None:
    """Handed over, by keyword or position, through names and methods; annotated; in the docstring; by its name."""
    found = component_classes(make_tree(TREE), "Dance", SLOTS)
    assert {slot: (each.name, each.path, each.seen, each.handed) for slot, each in found.items()} == {
        "vae": ("diffusers.AutoencoderKL", "", "scripts/run.py, line 7", True),
        "reference_unet": ("UNet3D", "src/nets.py", "scripts/run.py, line 8", True),
        "denoising_unet": ("UNet3D", "src/nets.py", "scripts/run.py, line 6", True),
        "pose_guider": ("PoseGuider", "src/nets.py", "scripts/run.py, line 9", True),
        "tokenizer": ("transformers.CLIPTokenizer", "", "the docstring in src/pipes/dance.py", False),
        "colour_net_2": ("ColourNet", "src/nets.py", "by its name", False),
        "helper": ("PoseGuider", "src/nets.py", "scripts/run.py, line 9", True),
    }
    assert found["pose_guider"].arguments == {0: 320, "block_out_channels": (16, 32)}
    assert found["reference_unet"].arguments == {"unet_additional_kwargs": {"mode": "write"}, "mode": "write"}
    assert found["reference_unet"].absolute == "tree.src.nets.UNet3D"
    assert str(found["pose_guider"]) == "PoseGuider of src/nets.py (scripts/run.py, line 9)"


def test_another_pipeline_of_the_same_name_hands_nothing(make_tree) -> None:
    """What a file makes counts for the class that it imports."""
    other = "class Dance: ...\nfrom nets import PoseGuider\nDance(nothing=PoseGuider(1))\n"
    found = component_classes(make_tree(TREE | {"src/other.py": other}), "Dance", ["nothing"])
    assert found == {}


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("PoseGuider", "PoseGuider", "src/nets.py"),
        ("src/nets.py:PoseGuider", "PoseGuider", "src/nets.py"),
        ("UNet2DModel", "diffusers.UNet2DModel", ""),
        ("transformers.CLIPTextModel", "transformers.CLIPTextModel", ""),
    ],
)
def test_a_class_by_what_a_person_writes(make_tree, text: str, name: str, path: str) -> None:
    """One of the tree's comes before one of the libraries'."""
    found = find_class(make_tree(TREE), text)
    assert (found.name, found.path) == (name, path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("PoseGuide", "Nearest: src/nets.py:PoseGuider"),
        ("src/pipes/dance.py:PoseGuider", "Nearest: src/nets.py:PoseGuider"),
        ("torch.nn.Linear", "Name one of the code's"),
        ("Twin", "Say which: a.py:Twin"),
    ],
)
def test_a_class_that_is_not_there(make_tree, text: str, says: str) -> None:
    """The error names what is near, or asks which."""
    tree = make_tree(TREE | {"a.py": "class Twin: ...\n", "b.py": "class Twin: ...\n"})
    with pytest.raises(OptionError) as caught:
        find_class(tree, text)
    assert says in str(caught.value)
