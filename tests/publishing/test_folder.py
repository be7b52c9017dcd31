"""What of an author's folder would be published."""

import json
import shutil
from functools import partial

import pytest
from tests.files import lay

from gremio.errors import BadModelIndex, CodeError, ModelError, NoClass, OptionError, RefNotFound
from gremio.publishing.folder import read_folder
from gremio.publishing.folder.blocks import at_repository

PIPELINE = "from diffusers import DiffusionPipeline\n\n\nclass Painter(DiffusionPipeline):\n    pass\n"
NET = "from diffusers import ModelMixin\n\n\nclass Net(ModelMixin):\n    pass\n"


@pytest.fixture
def folder(tmp_path):
    """``folder({"pipeline.py": "..."})``: a folder with these files; what is no text becomes JSON."""

    return partial(lay, tmp_path / "mine")


def index_of(publication):
    """The model index as it would lie there."""
    return json.loads(publication.files["model_index.json"])


def stays(publication):
    """Paths that are left out, with the reason."""
    return {each.path: each.why for each in publication.left_out}


class TestCode:
    """A pipeline without weights."""

    def test_the_entry_is_where_everybody_looks(self, folder):
        """One file of another name becomes ``pipeline.py``, and its helpers come along."""
        place = folder({"painter.py": f"import brush\n{PIPELINE}", "brush.py": "width = 3\n", "unused.py": ""})
        found = read_folder(place / "painter.py")
        assert (found.kind, found.class_name) == ("code", "Painter")
        assert set(found.files) == {"pipeline.py", "brush.py"}
        assert found.files["pipeline.py"].startswith(b"from . import brush\n")
        assert (place / "painter.py").read_text().startswith("import brush\n")

    def test_what_belongs_to_it_goes_and_the_rest_stays(self, folder):
        """Licence and pictures of the card go; tests, notes and hidden files stay, unless they are named."""
        place = folder(
            {
                "pipeline.py": PIPELINE,
                "test_pipeline.py": "",
                "old.py": "",
                "LICENSE": "mine",
                "README.md": "![a fox](pictures/fox.png) and <img src='pictures/cat.png'>",
                "pictures/fox.png": b"png",
                "pictures/cat.png": b"png",
                "pictures/dog.png": b"png",
                ".env": "KEY=1",
                ".git/config": "",
            }
        )
        found = read_folder(place)
        assert set(found.files) == {"LICENSE", "pipeline.py", "pictures/fox.png", "pictures/cat.png"}
        assert set(stays(found)) == {"test_pipeline.py", "old.py", "pictures/dog.png"}
        assert stays(found)["test_pipeline.py"] == "a test"
        assert found.card.startswith("![a fox]")
        assert "pictures/dog.png" in read_folder(place, include=["pictures/*"]).files

    def test_a_pattern_that_fits_nothing_is_told(self, folder):
        """It is a slip, and a file would be missed."""
        with pytest.raises(OptionError, match=r"\*\.jpg"):
            read_folder(folder({"pipeline.py": PIPELINE}), include=["*.jpg"])

    def test_one_of_several_files(self, folder):
        """The only pipeline is meant; of two, nobody knows."""
        place = folder({"painter.py": PIPELINE, "helper.py": "x = 1\n"})
        assert read_folder(place).class_name == "Painter"
        folder({"other.py": PIPELINE.replace("Painter", "Other")})
        with pytest.raises(CodeError, match="not clear what to publish") as caught:
            read_folder(place)
        assert "name the file" in str(caught.value)

    def test_the_folder_that_is_meant_is_named(self, folder):
        """Where it lies one below."""
        place = folder({"scheduler/scheduler_config.json": {"_class_name": "Mine"}, "README.md": ""})
        with pytest.raises(CodeError, match="mine/scheduler"):
            read_folder(place)

    def test_nothing_there(self, tmp_path):
        """A path that is none."""
        with pytest.raises(RefNotFound, match="no folder and no"):
            read_folder(tmp_path / "gone")


class TestPipeline:
    """A model's folder with code."""

    @pytest.fixture
    def plain(self, show_one_folder, tmp_path):
        """As plain diffusers saves it, with the code put beside it by hand, all of it at the top."""
        place = shutil.copytree(show_one_folder, tmp_path / "model")
        for file in place.glob("unet/*.py"):
            file.rename(place / file.name)
        index = json.loads((place / "model_index.json").read_text())
        index["_class_name"] = "TextToVideoIFPipeline"
        index["_name_or_path"] = "/home/maria/model"
        index["unet"] = ["diffusers_modules.local.showone_unet_3d_condition", "ShowOneUNet3DConditionModel"]
        (place / "model_index.json").write_text(json.dumps(index))
        return place

    def test_the_index_is_put_right(self, plain):
        """What the tutorial edits by hand: the class, the component, and where their files lie."""
        found = read_folder(plain)
        index = index_of(found)
        assert index["_class_name"] == ["pipeline_t2v_base_pixel", "TextToVideoIFPipeline"]
        assert index["unet"] == ["showone_unet_3d_condition", "ShowOneUNet3DConditionModel"]
        assert "_name_or_path" not in index
        assert {"unet/showone_unet_3d_condition.py", "unet/showone_blocks.py"} <= set(found.files)
        assert json.loads(found.files["unet/config.json"])["auto_map"] == {
            "AutoModel": "showone_unet_3d_condition.ShowOneUNet3DConditionModel"
        }
        assert index["_gremio"]["digest"] == str(found.tree.digest)
        assert not stays(found)

    def test_where_somebodys_component_lay_is_not_told(self, plain):
        """Saving leaves the path of a home in a config; a repository's name may stay."""
        config = json.loads((plain / "unet" / "config.json").read_text())
        for told, kept in (("/home/maria/unet", False), ("../unet", False), ("showlab/show-1-base", True)):
            (plain / "unet" / "config.json").write_text(json.dumps(config | {"_name_or_path": told}))
            assert ("_name_or_path" in json.loads(read_folder(plain).files["unet/config.json"])) is kept

    def test_a_pipeline_that_the_index_does_not_know_yet(self, sd_folder, tmp_path):
        """The author put ``pipeline.py`` beside a model; its class takes the place of the model's."""
        place = shutil.copytree(sd_folder, tmp_path / "model")
        (place / "pipeline.py").write_text(PIPELINE.replace("DiffusionPipeline", "StableDiffusionPipeline"))
        assert index_of(read_folder(place))["_class_name"] == ["pipeline", "Painter"]

    def test_a_model_without_code(self, sd_folder):
        """Every file as it is, and no code."""
        found = read_folder(sd_folder)
        assert (found.class_name, found.tree, found.review) == ("StableDiffusionPipeline", None, None)
        assert found.files["unet/diffusion_pytorch_model.safetensors"].is_file()

    def test_pickles_are_refused_unless_safetensors_hold_the_same(self, sd_folder, tmp_path):
        """Whoever loads a pickle runs what is in it."""
        place = shutil.copytree(sd_folder, tmp_path / "model")
        (place / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickle")
        found = read_folder(place)
        assert "unet/diffusion_pytorch_model.bin" not in found.files
        assert "safetensors" in stays(found)["unet/diffusion_pytorch_model.bin"]
        (place / "unet" / "diffusion_pytorch_model.safetensors").unlink()
        with pytest.raises(ModelError, match=r"diffusion_pytorch_model\.bin is no safetensors") as caught:
            read_folder(place)
        assert "save_pretrained" in str(caught.value)

    def test_what_plain_diffusers_can_not_leave_out(self, sd_folder, tmp_path):
        """A component that is None, and that the class does not call optional."""
        place = shutil.copytree(sd_folder, tmp_path / "model")
        (place / "pipeline.py").write_text(
            "from diffusers import DiffusionPipeline\n\n\nclass Painter(DiffusionPipeline):\n"
            "    def __init__(self, unet, safety_checker): ...\n"
        )
        (limit,) = read_folder(place).limits
        assert "takes safety_checker, which is None here" in limit

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"_class_name": "Nowhere"}, "names the pipeline 'Nowhere'"),
            ({"unet": ["my_unet", "MyUNet"]}, "defines MyUNet"),
            ({"unet": ["diffusers", "NoSuchModel"]}, "defines NoSuchModel"),
        ],
    )
    def test_code_that_is_not_there(self, sd_folder, tmp_path, changed, told):
        """The entry, and where its file belongs."""
        place = shutil.copytree(sd_folder, tmp_path / "model")
        index = json.loads((place / "model_index.json").read_text()) | changed
        (place / "model_index.json").write_text(json.dumps(index))
        with pytest.raises(BadModelIndex, match=told) as caught:
            read_folder(place)
        assert "Put the file" in str(caught.value)

    def test_what_was_recorded_before_is_kept(self, plain):
        """Where code and weights came from."""
        record = {
            "sources": {"pipeline": {"class_name": "P", "source": "hub", "repo": "ana/p", "commit": "1" * 40}},
            "model": {"repo": "ana/weights", "commit": "2" * 40},
        }
        index = json.loads((plain / "model_index.json").read_text()) | {"_gremio": record}
        (plain / "model_index.json").write_text(json.dumps(index))
        found = read_folder(plain)
        assert (found.sources[0].repo, found.model) == ("ana/p", ("ana/weights", "2" * 40))
        assert index_of(found)["_gremio"]["sources"]["pipeline"]["commit"] == "1" * 40


class TestComponent:
    """One class with its config."""

    def test_the_config_says_where_the_class_is(self, folder):
        """Which is what AutoModel asks for."""
        place = folder(
            {"net.py": NET, "config.json": {"_class_name": "Net", "width": 3}, "README.md": "", "x.bin": b""}
        )
        (place / "x.bin").unlink()
        found = read_folder(place)
        assert (found.kind, found.class_name) == ("component", "Net")
        assert json.loads(found.files["config.json"])["auto_map"] == {"AutoModel": "net.Net"}

    def test_other_classes_stay_mapped(self, folder):
        """A transformers model's config names its own class beside the model's."""
        mapped = {"AutoConfig": "net.NetConfig", "AutoModel": "old.Net"}
        found = read_folder(folder({"net.py": NET, "config.json": {"_class_name": "Net", "auto_map": mapped}}))
        assert json.loads(found.files["config.json"])["auto_map"] == {**mapped, "AutoModel": "net.Net"}

    def test_a_class_that_is_nowhere(self, folder):
        """Neither beside the config nor in a library."""
        with pytest.raises(NoClass, match=r"config\.json names Net"):
            read_folder(folder({"config.json": {"_class_name": "Net"}, "other.py": ""}))

    def test_a_component_of_diffusers(self, sd_folder):
        """Weights and config, and no code."""
        found = read_folder(sd_folder / "unet")
        assert (found.kind, found.class_name, found.tree) == ("component", "UNet2DConditionModel", None)


class TestBlocks:
    """Modular blocks."""

    BLOCK = "from diffusers.modular_pipelines import ModularPipelineBlocks\n\n\nclass One(ModularPipelineBlocks): ...\n"

    def test_the_config_is_put_right(self, folder):
        """Its class is told by the code, where it says none."""
        found = read_folder(folder({"one.py": self.BLOCK, "modular_config.json": {}}))
        config = json.loads(found.files["modular_config.json"])
        assert (found.kind, config["auto_map"]) == ("blocks", {"ModularPipelineBlocks": "one.One"})

    def test_components_that_come_along_lie_in_the_repository(self, folder):
        """The place on the author's machine is not where others find them; other repositories stay."""
        here = {"pretrained_model_name_or_path": "/home/maria/mine", "subfolder": "net"}
        there = {"pretrained_model_name_or_path": "ana/vae", "subfolder": ""}
        found = read_folder(
            folder(
                {
                    "one.py": self.BLOCK,
                    "modular_config.json": {"auto_map": {"ModularPipelineBlocks": "one.One"}},
                    "modular_model_index.json": {
                        "net": ["diffusers", "AutoModel", here],
                        "vae": ["diffusers", "AutoencoderKL", there],
                    },
                    "net/config.json": {"_class_name": "Net", "auto_map": {"AutoModel": "net.Net"}},
                    "net/net.py": NET,
                    "net/diffusion_pytorch_model.safetensors": b"",
                }
            )
        )
        assert {"one.py", "net/net.py", "net/diffusion_pytorch_model.safetensors"} <= set(found.files)
        index = json.loads(at_repository(found, "maria/mine").files["modular_model_index.json"])
        assert index["net"][2]["pretrained_model_name_or_path"] == "maria/mine"
        assert index["vae"][2]["pretrained_model_name_or_path"] == "ana/vae"
