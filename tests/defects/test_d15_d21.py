"""D15 to D21: which class, where it goes, how the Hub is reached and how often."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from diffusers import DDIMPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from huggingface_hub import CommitOperationAdd, HfApi
from tests.defects.painters import NOTED, Code, component, painter
from tests.files import lay

import gremio
from gremio import DiffusionPipeline, load_class
from gremio.errors import NotFound, OptionError, Unavailable
from gremio.localhub import LocalHub


@pytest.fixture
def model(sd_folder, tmp_path):
    """A copy of the tiny Stable Diffusion, to write into."""
    return shutil.copytree(sd_folder, tmp_path / "model")


def change_index(folder, **entries):
    """Change some entries of a model index."""
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | entries))


@pytest.fixture
def installed():
    """``gremio.install()`` while the test runs."""
    gremio.install()
    yield
    gremio.uninstall()


@pytest.mark.parametrize("place", ["None.py", "safety_checker/None.py", "None/__init__.py"])
def test_d15_none_py_is_ignored(place, model, runs):
    """A component that the index leaves out stays out, whatever files are called ``None``."""
    lay(model, {place: f"{NOTED}\nclass None_: pass"})
    pipe = DiffusionPipeline.from_pretrained(model)
    assert type(pipe) is StableDiffusionPipeline
    assert pipe.safety_checker is None
    assert not runs()


def test_d15_none_py_in_a_tree_of_code_is_no_class(model, tmp_path, runs):
    """``None.py`` beside a pipeline's code is carried along and never run."""
    code = lay(tmp_path / "code", {"pipeline.py": painter(), "None.py": f"{NOTED}\nraise RuntimeError"})
    pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline=code)
    assert [name.rpartition(".")[2] for name in runs()] in ([], ["pipeline"])
    assert type(pipe).__name__ == "Painter"


@pytest.mark.parametrize("named", ["StableDiffusionImg2ImgPipeline", ["painter", "Painter"], ["pipeline", "Nobody"]])
def test_d16_an_explicit_class_wins_over_the_index(named, model, installed, runs):
    """The class that the script names is what it gets; the repository's code is neither needed nor run."""
    lay(model, {"painter.py": painter(), "pipeline.py": painter()})
    change_index(model, _class_name=named)
    assert type(StableDiffusionPipeline.from_pretrained(model)) is StableDiffusionPipeline
    assert not runs()


def test_d16_the_base_class_takes_what_the_index_names(model, installed):
    """Only ``DiffusionPipeline`` leaves the choice to the repository."""
    from diffusers import DiffusionPipeline as Theirs

    change_index(model, _class_name="StableDiffusionImg2ImgPipeline")
    assert type(Theirs.from_pretrained(model)) is StableDiffusionImg2ImgPipeline
    assert type(DiffusionPipeline.from_pretrained(model)) is StableDiffusionImg2ImgPipeline


def test_d16_custom_code_may_narrow_an_explicit_class(model, tmp_path, installed):
    """``custom_pipeline`` with an explicit class is taken when it derives from that class."""
    text = "from diffusers import StableDiffusionPipeline\nclass Mine(StableDiffusionPipeline):\n    pass\n"
    code = lay(tmp_path / "code", {"pipeline.py": text})
    pipe = StableDiffusionPipeline.from_pretrained(model, custom_pipeline=code)
    assert type(pipe).__name__ == "Mine"
    assert isinstance(pipe, StableDiffusionPipeline)


def test_d16_custom_code_may_not_replace_an_explicit_class(model, tmp_path, installed):
    """``custom_pipeline`` that is something else is refused with both names and the way out."""
    code = lay(tmp_path / "code", {"pipeline.py": painter()})
    with pytest.raises(OptionError, match="Painter is not a DDIMPipeline") as caught:
        DDIMPipeline.from_pretrained(model, custom_pipeline=code)
    assert "DiffusionPipeline.from_pretrained" in str(caught.value)


@pytest.fixture
def with_brush(model, tmp_path):
    """The model with a UNet of its own class, whose code lies in ``unet/brush.py``."""
    files = {"brush.py": component(Code("NAME"), head="from .paint import NAME"), "paint.py": "NAME = 'brush'"}
    code = lay(tmp_path / "brush", files)
    shutil.rmtree(model / "unet")
    load_class(code / "brush.py")().save_pretrained(model / "unet")
    lay(model / "unet", files)
    change_index(model, unet=["brush", "Brush"])
    return model


@pytest.mark.parametrize("device_map", ["balanced", "cpu"])
def test_d17_device_map_with_a_custom_component(device_map, with_brush, tmp_path):
    """A custom component is placed with the others."""
    code = lay(tmp_path / "code", {"pipeline.py": painter("red")})
    pipe = DiffusionPipeline.from_pretrained(
        with_brush, custom_pipeline=code, device_map=device_map, trust_remote_code=[str(with_brush)]
    )
    assert (pipe.mark(), pipe.unet.mark()) == ("red", "brush")
    assert {p.device.type for p in pipe.unet.parameters()} == {"cpu"}


def test_d18_the_token_reaches_code_and_weights(put, sd_folder, hub, mark, tmp_path):
    """``token`` and ``cache_dir`` hold for the private model and for the private code alike."""
    put("maria/model", sd_folder, private=True)
    put("maria/castle", {"pipeline.py": painter(mark)}, private=True)
    load = {"custom_pipeline": "maria/castle", "trust_remote_code": True, "cache_dir": tmp_path / "elsewhere"}
    pipe = DiffusionPipeline.from_pretrained("maria/model", **load, token=hub.token)
    assert pipe.mark() == mark
    cached = sorted(p.name for p in (tmp_path / "elsewhere").iterdir() if p.name.startswith("models--"))
    assert cached == ["models--maria--castle", "models--maria--model"]
    assert not (tmp_path / "hub-cache").exists()
    hub.requests.clear()
    assert DiffusionPipeline.from_pretrained("maria/model", **load, local_files_only=True).mark() == mark
    assert not hub.requests


@pytest.mark.parametrize("token", [None, False, "hf_ana"])
def test_d18_a_private_repository_stays_closed(token, put, hub):
    """Without the right token the error names the repository and says that a token may be missing."""
    put("maria/castle", {"pipeline.py": painter()}, private=True)
    with pytest.raises(NotFound, match="maria/castle") as caught:
        load_class("maria/castle", trust_remote_code=True, token=token)
    assert "token" in str(caught.value)


def test_d18_local_files_only_asks_nothing(put, hub):
    """``local_files_only`` with an empty cache fails without a request."""
    put("maria/castle", {"pipeline.py": painter()})
    with pytest.raises(Unavailable, match="network may not be used"):
        load_class("maria/castle", trust_remote_code=True, local_files_only=True)
    assert not hub.requests


def test_d19_unpinned_code_says_which_commit_would_pin_it(put, sd_folder, mark, caplog):
    """``revision`` pins the weights alone; the warning names ``custom_revision`` and the commit, once."""
    weights = put("maria/model", sd_folder)
    first = put("maria/castle", {"pipeline.py": painter(mark)})
    load = {"custom_pipeline": "maria/castle", "trust_remote_code": True, "revision": weights}
    for _ in range(2):
        DiffusionPipeline.from_pretrained("maria/model", **load)
    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"custom_revision='{first}'" in warning
    caplog.clear()
    second = put("maria/castle", {"pipeline.py": painter(f"{mark} later")})
    pipe = DiffusionPipeline.from_pretrained("maria/model", **load, custom_revision=first)
    assert (pipe.mark(), pipe.gremio.commit) == (mark, first)
    assert not caplog.records
    assert load_class("maria/castle", trust_remote_code=True, custom_revision=second).mark() == f"{mark} later"


@pytest.mark.parametrize("revision", ["v1", "side"])
def test_d19_tags_and_branches_of_the_code(revision, put, api, mark):
    """``custom_revision`` takes a tag or a branch of the code's repository."""
    put("maria/castle", {"pipeline.py": painter(mark)})
    api.create_tag("maria/castle", tag="v1")
    api.create_branch("maria/castle", branch="side")
    put("maria/castle", {"pipeline.py": painter("later")})
    assert load_class("maria/castle", trust_remote_code=True, custom_revision=revision).mark() == mark


class Meddler:
    """ASGI middleware that does something once: after the first answer about a repository is made, before it goes."""

    def __init__(self):
        self.meddle = None

    def __call__(self, app):
        """Wrap the Hub's application."""

        async def wrapped(scope, receive, send):
            if self.meddle is None or "/revision/" not in scope["path"]:
                await app(scope, receive, send)
                return
            meddle, self.meddle = self.meddle, None
            answer = []

            async def keep(message):
                answer.append(message)

            await app(scope, receive, keep)
            await asyncio.to_thread(meddle)
            for message in answer:
                await send(message)

        return wrapped


def test_d20_a_commit_between_two_requests_changes_nothing(tmp_path, monkeypatch, mark):
    """The first answer decides the commit: files, provenance and cache are of that one, though main has moved on."""
    meddler = Meddler()
    with LocalHub(tmp_path / "hub", users={"maria": "hf_maria"}, middleware=[meddler]) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        api = HfApi(endpoint=hub.endpoint, token=hub.token)

        def put(text):
            files = {"pipeline.py": painter(Code("NAME"), head="from .helper import NAME"), "helper.py": text}
            adding = [CommitOperationAdd(path, data.encode()) for path, data in files.items()]
            return api.create_commit("maria/castle", adding, commit_message="Put").oid

        api.create_repo("maria/castle")
        first = put(f"NAME = '{mark} first'")
        moved = []
        meddler.meddle = lambda: moved.append(put(f"NAME = '{mark} second'"))
        assert load_class("maria/castle", trust_remote_code=True).mark() == f"{mark} first"
        assert moved
        assert moved[0] != first
        assert load_class("maria/castle", trust_remote_code=True, custom_revision=first).mark() == f"{mark} first"
        assert load_class("maria/castle", trust_remote_code=True, custom_revision=moved[0]).mark() == f"{mark} second"
    snapshots = tmp_path / "hub-cache" / "models--maria--castle" / "snapshots"
    assert {p.name for p in snapshots.iterdir()} == {first, moved[0]}
    assert "first" in (snapshots / first / "helper.py").read_text()


def test_d21_a_pinned_load_asks_nothing(put, sd_folder, hub, mark, runs):
    """With both commits given, the second load makes no request and executes nothing."""
    weights = put("maria/model", sd_folder)
    commit = put("maria/castle", {"pipeline.py": painter(mark)})
    load = {
        "revision": weights,
        "custom_pipeline": "maria/castle",
        "custom_revision": commit,
        "trust_remote_code": True,
    }
    first = DiffusionPipeline.from_pretrained("maria/model", **load)
    hub.requests.clear()
    second = DiffusionPipeline.from_pretrained("maria/model", **load)
    assert not hub.requests
    assert len(runs()) == 1
    assert type(first) is type(second)
    assert (second.gremio.model_commit, second.gremio.commit) == (weights, commit)


def test_d21_an_unpinned_load_asks_once_a_repository(put, sd_folder, hub, mark, runs):
    """Without commits, a cached load asks each repository which commit it is at, and nothing more."""
    put("maria/model", sd_folder)
    put("maria/castle", {"pipeline.py": painter(mark)})
    load = {"custom_pipeline": "maria/castle", "trust_remote_code": True}
    DiffusionPipeline.from_pretrained("maria/model", **load)
    hub.requests.clear()
    DiffusionPipeline.from_pretrained("maria/model", **load)
    assert [path.split("?")[0] for _, path in hub.requests] == [
        "/api/models/maria/model/revision/main",
        "/api/models/maria/castle/revision/main",
    ]
    assert len(runs()) == 1


def test_d21_code_in_the_model_is_read_once(put, with_brush, hub, runs):
    """A pinned model with code of its own loads again with no request; its code ran once."""
    change_index(with_brush, _class_name=["painter", "Painter"])
    lay(with_brush, {"painter.py": painter("own")})
    commit = put("maria/model", with_brush)
    DiffusionPipeline.from_pretrained("maria/model", revision=commit, trust_remote_code=True)
    before = runs()
    hub.requests.clear()
    pipe = DiffusionPipeline.from_pretrained("maria/model", revision=commit, trust_remote_code=True)
    assert (pipe.mark(), pipe.unet.mark()) == ("own", "brush")
    assert not hub.requests
    assert runs() == before


def test_d21_a_pinned_version_asks_nothing(mirror, mark, hub, runs):
    """A community pipeline at a version costs requests the first time only."""
    load_class("painter", custom_revision="v0.30.0")
    hub.requests.clear()
    assert load_class("painter", custom_revision="0.30.0").mark() == f"{mark} v0.30.0"
    assert not hub.requests
    assert len(runs()) == 1
