"""Custom classes as modules that diffusers loads components from."""

import sys

import diffusers
import pytest
import transformers

from gremio.errors import BadModelIndex
from gremio.loading.components.library import as_library, has_known_base


class MyUNet(diffusers.ModelMixin):
    pass


class MyScheduler(diffusers.SchedulerMixin):
    pass


class Homemade:
    @classmethod
    def from_pretrained(cls, folder):
        """One that needs nothing."""
        return cls()


@pytest.mark.parametrize(
    ("cls", "known"), [(MyUNet, True), (MyScheduler, True), (transformers.T5EncoderModel, True), (Homemade, False)]
)
def test_which_classes_diffusers_can_load_itself(cls, known):
    """Those that derive from a base it knows."""
    assert has_known_base(cls) is known


def test_the_module_holds_the_class_and_the_names_diffusers_compares_with():
    """It is importable by name, the same for the same code, and has the libraries' public classes."""
    name = as_library(MyUNet, digits="ab" * 32, path="unet/my-unet.v2.py", ref="m")
    module = __import__(name)
    assert module.MyUNet is MyUNet
    assert module.ModelMixin is diffusers.ModelMixin
    assert module.PreTrainedModel is transformers.PreTrainedModel
    assert not hasattr(module, "NoSuchClass")
    assert as_library(MyUNet, digits="ab" * 32, path="unet/my-unet.v2.py", ref="m") == name
    assert name != as_library(MyScheduler, digits="ab" * 32, path="unet/my-unet.v2.py", ref="m")
    assert sys.modules[name] is module


def test_what_has_no_from_pretrained_is_no_component():
    """The error says from which classes a component derives."""
    with pytest.raises(BadModelIndex, match=r"int in code\.py has no from_pretrained") as caught:
        as_library(int, digits="ab" * 32, path="code.py", ref="maria/castle")
    assert caught.value.ref == "maria/castle"
    assert "ModelMixin" in caught.value.next_step
