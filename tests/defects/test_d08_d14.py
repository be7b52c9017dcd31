"""D08 to D14: the network, revisions, the gate, and what a name means."""

from __future__ import annotations

import pytest
from huggingface_hub import snapshot_download
from tests.defects.painters import MIRROR, NOTED, Code, painter
from tests.files import lay
from tests.samples import instruct_pix2pix_sd3

from gremio import DiffusionPipeline, load_class
from gremio.errors import CodeChanged, NotTrusted, RefNotFound, RevisionNotFound, StoreError, Unavailable


def test_d08_a_community_pipeline_loads_again_without_a_network(mirror, mark, hub, go_offline, caplog):
    """A pipeline by name asks the Hub alone, and loads from the cache when nothing answers."""
    assert load_class("painter").mark() == f"{mark} main"
    assert hub.requests
    assert all(path.startswith(("/api/datasets/", "/datasets/")) for _, path in hub.requests)
    go_offline()
    assert load_class("painter").mark() == f"{mark} main"
    assert "can't be reached; using what the cache has" in caplog.text
    hub.requests.clear()
    assert load_class("painter", local_files_only=True).mark() == f"{mark} main"
    assert not hub.requests


def test_d08_what_was_never_loaded_says_that_the_network_is_missing(mirror, go_offline):
    """Without a network and a cache the error names the address and the way on."""
    go_offline()
    with pytest.raises(Unavailable, match="can't be reached"):
        load_class("painter")


@pytest.mark.parametrize("how", ["local_files_only", "HF_HUB_OFFLINE", "no answer"])
def test_d09_a_cached_code_repository_loads_offline(how, put, mark, hub, go_offline, monkeypatch):
    """Code on the Hub that was loaded once loads without a network, with no request."""
    files = {
        "pipeline.py": painter(Code("NAME"), head="from .sub.helper import NAME"),
        "sub/helper.py": f"NAME={mark!r}",
    }
    put("maria/castle", files)
    load_class("maria/castle", trust_remote_code=True)
    hub.requests.clear()
    if how == "no answer":
        go_offline()
    elif how == "HF_HUB_OFFLINE":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = load_class("maria/castle", trust_remote_code=True, local_files_only=how == "local_files_only")
    assert found.mark() == mark
    assert not hub.requests


def test_d09_what_another_client_cached_loads_offline(put, mark, hub, tmp_path):
    """A snapshot that huggingface_hub downloaded is enough."""
    put("maria/castle", {"pipeline.py": painter(mark)})
    snapshot_download("maria/castle", endpoint=hub.endpoint, cache_dir=tmp_path / "cache", token=False)
    hub.requests.clear()
    options = {"trust_remote_code": True, "local_files_only": True, "cache_dir": tmp_path / "cache"}
    assert load_class("maria/castle", **options).mark() == mark
    assert not hub.requests


def test_d09_model_and_code_load_offline(put, mark, sd_folder, hub):
    """A model on the Hub with code of another repository loads whole from the cache."""
    put("maria/model", sd_folder)
    put("maria/castle", {"pipeline.py": painter(mark)})
    load = {"custom_pipeline": "maria/castle", "trust_remote_code": True}
    DiffusionPipeline.from_pretrained("maria/model", **load)
    hub.requests.clear()
    pipe = DiffusionPipeline.from_pretrained("maria/model", **load, local_files_only=True)
    assert pipe.mark() == mark
    assert not hub.requests


@pytest.mark.parametrize(
    ("revision", "folder"), [(None, "main"), ("main", "main"), ("v0.30.0", "v0.30.0"), ("0.30.0", "v0.30.0")]
)
def test_d10_a_version_of_the_community_folder(revision, folder, mirror, mark):
    """``custom_revision`` takes a version with or without its v, and main."""
    assert load_class("painter", custom_revision=revision).mark() == f"{mark} {folder}"


def test_d10_a_ref_may_carry_its_revision(mirror, mark):
    """``mirror:name@version`` pins as ``custom_revision`` does."""
    assert load_class("mirror:painter@v0.30.0").mark() == f"{mark} v0.30.0"


@pytest.fixture
def github(put, hub, monkeypatch):
    """Diffusers' own repository, at an address of the shape of raw.githubusercontent.com."""
    monkeypatch.setenv("GREMIO_GITHUB", f"{hub.endpoint}/raw-github/huggingface/diffusers")
    return lambda text: put("huggingface/diffusers", {"examples/community/painter.py": text})


def test_d10_a_commit_of_diffusers(github, mark, hub, go_offline):
    """A full commit is fetched from GitHub once; later loads ask nobody, with or without a network."""
    commit = github(painter(mark))
    github(painter("later"))
    assert load_class("painter", custom_revision=commit).mark() == mark
    assert len(hub.requests) == 1
    assert load_class("painter", custom_revision=commit).mark() == mark
    assert len(hub.requests) == 1
    go_offline()
    assert load_class("painter", custom_revision=commit, local_files_only=True).mark() == mark


@pytest.mark.parametrize(("revision", "hint"), [("v9.9.9", "v0.30.0"), ("1234567", "in full, 40 digits")])
def test_d10_an_unknown_version_lists_those_there_are(revision, hint, mirror):
    """A version that the mirror lacks is refused with those it has; a short commit is told to be written in full."""
    with pytest.raises(RevisionNotFound, match=hint) as caught:
        load_class("painter", custom_revision=revision)
    assert "v0.30.0" in caught.value.nearest


def test_d10_an_unknown_commit_is_not_found(github):
    """A commit that Diffusers' repository lacks says which address has nothing."""
    github(painter())
    with pytest.raises(RefNotFound, match="examples/community/painter"):
        load_class("painter", custom_revision="0" * 40)


@pytest.mark.parametrize("revision", ["v0.30.0", "0.30.0"])
def test_d10_a_version_stays_what_it_was(revision, mirror, mark, put, hub):
    """A version that was loaded once is pinned: another file on the mirror changes nothing, and nothing is asked."""
    load_class("painter", custom_revision=revision)
    put(MIRROR, {"v0.30.0/painter.py": painter("other")}, repo_type="dataset")
    hub.requests.clear()
    assert load_class("painter", custom_revision=revision).mark() == f"{mark} v0.30.0"
    assert not hub.requests
    with pytest.raises(CodeChanged) as caught:
        load_class("painter", custom_revision=revision, force_download=True)
    assert "+        return 'other'" in caught.value.diff
    changed = load_class(
        "painter", custom_revision=revision, force_download=True, trust_remote_code=caught.value.digest
    )
    assert changed.mark() == "other"


def test_d10_a_stored_commit_is_verified_by_digest(github, home):
    """The copy of a pinned file that somebody altered is refused, not run."""
    commit = github(painter())
    load_class("painter", custom_revision=commit)
    (stored,) = home.glob("trees/*/painter.py")
    stored.chmod(0o644)
    stored.write_text(painter("altered"))
    with pytest.raises(StoreError, match=str(stored.parent)):
        load_class("painter", custom_revision=commit)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GREMIO_POLICY", "never"), ("GREMIO_POLICY", "approved"), ("DIFFUSERS_DISABLE_REMOTE_CODE", "1")],
)
def test_d11_code_of_the_mirror_passes_the_gate(variable, value, mirror, runs, monkeypatch):
    """Policies hold for Diffusers' own community folder too: nothing is executed."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(NotTrusted) as caught:
        load_class("painter", trust_remote_code=True)
    assert not runs()
    if value == "approved":
        assert load_class("painter", trust_remote_code=[caught.value.digest]).mark()


def test_d11_code_on_the_hub_needs_a_grant(put, runs):
    """Without ``trust_remote_code`` Hub code is refused, with the argument and the commit that allow it."""
    commit = put("maria/castle", {"pipeline.py": painter()})
    with pytest.raises(NotTrusted, match=commit) as caught:
        load_class("maria/castle")
    assert "trust_remote_code=True" in caught.value.next_step
    assert caught.value.digest in caught.value.next_step
    assert not runs()


def test_d12_the_current_directory_is_never_read(mirror, mark, put, tmp_path, monkeypatch, runs):
    """A mirror file with in-tree imports gets them from the installed diffusers, not from beside the caller."""
    head = """\
from ...utils import logging
from ..stable_diffusion.pipeline_output import StableDiffusionPipelineOutput as Output
"""
    put(MIRROR, {"main/in_tree.py": painter(Code("Output.__module__"), head=head)}, repo_type="dataset")
    trap = f"raise RuntimeError('{mark}')"
    names = (
        "utils.py",
        "stable_diffusion/__init__.py",
        "stable_diffusion/pipeline_output.py",
        "in_tree.py",
        "in_tree/x.py",
    )
    monkeypatch.chdir(lay(tmp_path / "a" / "b" / "c", dict.fromkeys(names, trap)))
    lay(tmp_path / "a" / "b", dict.fromkeys(names, trap))
    lay(tmp_path / "a", dict.fromkeys(names, trap))
    cls = load_class("in_tree")
    assert cls.mark() == "diffusers.pipelines.stable_diffusion.pipeline_output"
    assert runs() == [cls.__module__]


def test_d12_a_file_written_inside_diffusers_is_rebased(put, tmp_path):
    """The first example of Diffusers' tutorial, which has in-tree imports throughout, loads from the mirror."""
    name = "pipeline_stable_diffusion_3_instruct_pix2pix"
    put(MIRROR, {f"main/{name}.py": instruct_pix2pix_sd3(tmp_path / "code").read_bytes()}, repo_type="dataset")
    cls = load_class(name)
    assert cls.__name__ == "StableDiffusion3InstructPix2PixPipeline"
    assert issubclass(cls, DiffusionPipeline)


BLOCKS = "unet/showone_blocks.py"


def test_d13_a_grant_for_one_source_is_none_for_another(put, show_one_folder, runs, mark):
    """``trust_remote_code=True`` with ``custom_pipeline`` grants the code named, not the code among the weights."""
    put("ana/weights", show_one_folder)
    put("ana/weights", {BLOCKS: f"{NOTED}{(show_one_folder / BLOCKS).read_text()}\nMARK = {mark!r}"})
    put("maria/castle", {"pipeline.py": painter(mark)})
    with pytest.raises(NotTrusted, match="ana/weights"):
        DiffusionPipeline.from_pretrained("ana/weights", custom_pipeline="maria/castle", trust_remote_code=True)
    assert not [name for name in runs() if "showone" in name]
    grant = ["ana/weights", "maria/castle"]
    pipe = DiffusionPipeline.from_pretrained("ana/weights", custom_pipeline="maria/castle", trust_remote_code=grant)
    assert pipe.mark() == mark
    assert [name for name in runs() if "showone" in name] == [
        type(pipe.unet).__module__.replace("_unet_3d_condition", "_blocks")
    ]
    assert type(pipe.unet).__name__ == "ShowOneUNet3DConditionModel"


def test_d13_a_list_grants_what_it_names_alone(put, show_one_folder, mark, runs):
    """A grant for the weights' repository does not let the named code run."""
    put("ana/weights", show_one_folder)
    put("maria/castle", {"pipeline.py": painter(mark)})
    with pytest.raises(NotTrusted, match="maria/castle"):
        DiffusionPipeline.from_pretrained(
            "ana/weights", custom_pipeline="maria/castle", trust_remote_code="ana/weights"
        )
    assert not runs()


def test_d14_files_of_the_model_never_shadow_a_community_pipeline(mirror, mark, put, sd_folder, tmp_path, monkeypatch):
    """A name means the community folder, whatever lies among the weights or in the current directory."""
    traps = dict.fromkeys(("painter.py", "painter/pipeline.py", "pipeline.py"), "raise RuntimeError('shadowed')")
    put("ana/weights", sd_folder)
    put("ana/weights", traps)
    monkeypatch.chdir(lay(tmp_path / "here", traps))
    for model in ("ana/weights", sd_folder):
        pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline="painter")
        assert pipe.mark() == f"{mark} main"


def test_d14_a_folder_never_shadows_a_repository(put, mark, tmp_path, monkeypatch):
    """``owner/repo`` means the Hub also where a folder of that name exists."""
    put("maria/castle", {"pipeline.py": painter(mark)})
    monkeypatch.chdir(lay(tmp_path / "here", {"maria/castle/pipeline.py": painter("local")}))
    assert load_class("maria/castle", trust_remote_code=True).mark() == mark
    assert load_class("./maria/castle").mark() == "local"
