"""Saving drops code (D28, D29)."""

import sys

from tests.publishing.saving.test_components import FILES

import gremio
from gremio import DiffusionPipeline
from gremio.publishing.proof.facts import differences
from gremio.publishing.proof.object_facts import facts_of


def test_d28_a_custom_pipeline_and_component_are_saved_with_their_code(show_one_folder, tmp_path):
    """diffusers leaves the code out and writes a name into the index that leads nowhere; here it loads anywhere."""
    pipe = DiffusionPipeline.from_pretrained(show_one_folder, trust_remote_code=True)
    pipe.save_pretrained(tmp_path / "plain")
    assert not list((tmp_path / "plain").rglob("*.py"))
    gremio.save_pretrained(pipe, tmp_path / "saved")
    again = DiffusionPipeline.from_pretrained(tmp_path / "saved", trust_remote_code=True)
    assert differences(facts_of(pipe), facts_of(again)) == ()


def test_d29_modular_blocks_are_saved_with_their_code(tmp_path, monkeypatch):
    """diffusers writes a config that names a file which is not there."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    from twice_blocks import TwiceBlocks

    blocks = TwiceBlocks()
    try:
        blocks.save_pretrained(tmp_path / "plain")
        assert not list((tmp_path / "plain").rglob("*.py"))
        folder = gremio.save_pretrained(blocks, tmp_path / "saved")
    finally:
        for name in FILES:
            sys.modules.pop(name.removesuffix(".py"), None)
    again = gremio.load_class(folder)()
    assert again.init_pipeline()(number=2, output="number") == 8
