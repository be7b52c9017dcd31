"""Places that fsspec writes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from tests.batching.conftest import same

from gremio.errors import BatchError, OptionError


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A file system in memory, empty."""
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_files_go_where_a_url_says(paint, jobs: Callable[..., Path], tmp_path: Path, memory) -> None:
    """The same bytes and the same manifest as in a folder, and nothing stays behind on this machine."""
    file = jobs(*({"prompt": f"fox {n}"} for n in range(3)))
    here = paint(file)
    there = paint(file, out="memory://bucket/foxes")
    assert same(there) == same(here)
    names = [f"00000{n}.png" for n in (1, 2, 3)]
    assert memory.cat("/bucket/foxes/000002.png") == (tmp_path / "out" / "000002.png").read_bytes()
    found = {path.rpartition("/")[2] for path in memory.find("/bucket/foxes")}
    assert found == {*names, "manifest.jsonl", "index.html"}
    assert not list((tmp_path / "gremio-home" / "batches").rglob("*.png"))


def test_another_machine_goes_on_there(
    paint, jobs: Callable[..., Path], tmp_path: Path, memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest lies there too; what is gone there is drawn again, and what is not is not."""
    file, out = jobs(*({"prompt": f"fox {n}"} for n in range(3))), "memory://bucket/foxes"
    paint(file, out=out)
    before = memory.cat("/bucket/foxes/000002.png")
    memory.rm("/bucket/foxes/000002.png")
    monkeypatch.setenv("GREMIO_HOME", str(tmp_path / "another"))
    report = paint(file, out=out, resume=True)
    assert (report.before, report.drawn) == (2, 1)
    assert memory.cat("/bucket/foxes/000002.png") == before


def test_a_repository_on_the_hub(paint, jobs, api, hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that come together are one commit."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    monkeypatch.setattr("gremio.batching.remote.HubTarget.pause", 0.5)
    api.create_repo("maria/foxes", repo_type="dataset")
    file = jobs(*({"prompt": f"fox {n}"} for n in range(4)))
    report = paint(file, out="hf://datasets/maria/foxes/june")
    assert report.drawn == 4
    found = api.list_repo_files("maria/foxes", repo_type="dataset")
    assert {"june/000001.png", "june/000004.png", "june/manifest.jsonl", "june/index.html"} <= set(found)
    assert len(api.list_repo_commits("maria/foxes", repo_type="dataset")) < 8
    manifest = Path(api.hf_hub_download("maria/foxes", "june/manifest.jsonl", repo_type="dataset"))
    lines = manifest.read_text().splitlines()
    assert [json.loads(line)["row"] for line in lines[1:]] == [each.row for each in report.made]
    assert paint(file, out="hf://datasets/maria/foxes/june", resume=True).drawn == 0


def test_what_nothing_writes_to_is_refused(paint, jobs, hub) -> None:
    """Before anything is drawn, with what to do."""
    with pytest.raises(OptionError, match="nothing here writes to nowhere://"):
        paint(jobs({"prompt": "x"}), out="nowhere://bucket")
    with pytest.raises(BatchError, match="hf://datasets/maria/none"):
        paint(jobs({"prompt": "x"}), out="hf://datasets/maria/none")
