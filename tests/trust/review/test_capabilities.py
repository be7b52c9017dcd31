"""Reviews of code by its ref."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

import gremio
from gremio.code.review import Requirement
from gremio.errors import EntryNotFound, RefNotFound
from gremio.trust.review import NOTE
from gremio.trust.review.packages import packages

CODE = b"""
import click
import no_such_package
from diffusers import DiffusionPipeline
from .helper import save


class Painter(DiffusionPipeline):
    def __init__(self, unet):
        super().__init__()

    def __call__(self, prompt, steps=3):
        return save(prompt)
"""
FILES = {
    "pipeline.py": CODE,
    "helper.py": b"def save(x):\n    open(x, 'w')\n",
    "apart.py": b"import os\nos.system('true')\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline with a helper, and a file that it does not reach."""
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def codes(review) -> set[tuple[str, str]]:
    """Where each finding of a review is."""
    return {(finding.file, finding.code) for finding in review.findings}


def test_a_review_tells_what_code_is_and_could_do(folder) -> None:
    """Class, call and packages as `gremio.read` tells them; findings of every file, reached or not."""
    review = gremio.review(folder)
    assert review.code == gremio.read(folder)
    assert (review.entry, review.size, review.problem) == ("pipeline.py", sum(map(len, FILES.values())), "")
    assert set(review.files) == set(FILES)
    assert codes(review) == {("helper.py", "files/write"), ("apart.py", "process/start")}
    assert [finding.file for finding in review.high] == ["apart.py"]
    assert review.capabilities == {"process/start": 1, "files/write": 1}


def test_packages_are_told_with_version_and_licence(folder) -> None:
    """As far as they are installed; nothing is imported for it."""
    told = {each.name: each for each in gremio.review(folder).packages}
    assert (told["click"].version, told["click"].licence) == (version("click"), "BSD-3-Clause")
    assert not told["no_such_package"].installed
    assert told["no_such_package"].version == told["no_such_package"].licence == ""
    needed = Requirement("click", "click", optional=False, installed=True, file="a.py", line=1)
    assert packages([replace(needed, package="nobody-has-this")])[0].version == ""


def test_a_review_is_plain_data(folder) -> None:
    """It goes through JSON whole, says what it is no proof of, and holds no code."""
    told = json.loads(json.dumps(gremio.review(folder).as_dict()))
    assert told["code"]["class_name"] == "Painter"
    assert {finding["severity"] for finding in told["findings"]} == {"high", "medium"}
    assert told["note"] == NOTE
    assert "contents" not in told


def test_what_is_no_python_is_a_finding(tmp_path) -> None:
    """A file that can't be parsed is reviewed as what can't be, and so is code that is nested without end."""
    (tmp_path / "pipeline.py").write_bytes(b"x = (\n")
    for ref in (tmp_path, tmp_path / "pipeline.py"):
        review = gremio.review(ref)
        assert review.code is None
        assert "not Python" in review.problem
        assert codes(review) == {("pipeline.py", "obfuscation/unreadable")}
    (tmp_path / "pipeline.py").write_bytes(b"if a: pass\n" + b"elif a: pass\n" * 900)
    assert codes(gremio.review(tmp_path)) == {("pipeline.py", "obfuscation/tangled")}


def test_a_folder_without_an_entry_is_reviewed_file_by_file(tmp_path) -> None:
    """What the files could do is told, though none of them is the pipeline; a file that is named must be there."""
    (tmp_path / "one.py").write_bytes(b"import os\nos.remove('x')\n")
    review = gremio.review(tmp_path)
    assert (review.code, review.entry) == (None, "")
    assert "no pipeline.py" in review.problem
    assert codes(review) == {("one.py", "files/delete")}
    with pytest.raises(RefNotFound):
        gremio.review(tmp_path / "two.py")


def test_the_files_beside_the_code_are_read_too(tmp_path, hub, put) -> None:
    """Of a repository: configs that name other code, and a card that connects it with another repository."""
    config = {"_class_name": "UNet2DConditionModel", "auto_map": {"AutoModel": "other/repo--unet.UNet"}}
    files = {
        "pipeline.py": CODE,
        "helper.py": b"save = print\n",
        "model_index.json": json.dumps({"_class_name": "Painter", "unet": ["diffusers", "UNet2DConditionModel"]}),
        "unet/config.json": json.dumps(config),
        "README.md": "---\nprior:\n- other/prior\n---\n",
    }
    put("maria/painter", files)
    review = gremio.review("maria/painter")
    assert review.code is not None
    assert ("README.md", "remote/connected") in codes(review)
    assert any(file == "unet/config.json" for file, _ in codes(review))
    assert review.origin.startswith("hub maria/painter@")


def test_a_model_without_code_has_a_review(tmp_path, hub, put) -> None:
    """There is nothing to run, and its other files are read."""
    put("ana/model", {"model_index.json": "{}", "unet/weights.bin": b"\x80\x04"})
    review = gremio.review("ana/model")
    assert (review.code, review.files, review.digest) == (None, (), "")
    assert "no code" in review.problem
    with pytest.raises(EntryNotFound):
        gremio.review("hub:ana/model:other.py")


def test_a_commit_that_is_known_costs_no_request(hub, put) -> None:
    """The files beside the code are read at the commit of the code, whose listing is known by then."""
    commit = put("maria/painter", {"pipeline.py": b"x = 1\n", "config.json": "{}"})
    gremio.review("maria/painter", custom_revision=commit)
    del hub.requests[:]
    gremio.review("maria/painter", custom_revision=commit)
    assert hub.requests == []
