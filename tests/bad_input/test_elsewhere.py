"""No network, no space, a download that breaks off: what was there stays whole, and nothing half-written is used."""

import errno
import logging
from pathlib import Path

import pytest
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, load_class
from gremio.errors import StoreError, Unavailable


def test_no_network_and_no_cache(monkeypatch):
    """The error says what can't be reached and that the cache would do."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9 can't be reached") as caught:
        DiffusionPipeline.from_pretrained("maria/model")
    assert caught.value.ref == "maria/model"
    assert "HF_ENDPOINT" in caught.value.next_step


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_offline_and_no_cache(hub, monkeypatch, how):
    """When the network may not be used, it isn't, and the error says so."""
    if how == "environment":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(Unavailable, match="the network may not be used") as caught:
        DiffusionPipeline.from_pretrained("maria/model", **({"local_files_only": True} if how == "argument" else {}))
    assert caught.value.ref == "maria/model"
    assert "Load it once with the network" in caught.value.next_step
    assert hub.requests == []


def test_no_network_with_a_cache(put, sd_folder, monkeypatch, caplog):
    """What was loaded before loads again, model and code, with a warning that names the place it came from."""
    put("maria/model", sd_folder)
    put("ana/code", {"pipeline.py": PLAIN})
    arguments = {"custom_pipeline": "ana/code", "trust_remote_code": True}
    DiffusionPipeline.from_pretrained("maria/model", **arguments)
    with caplog.at_level(logging.WARNING, "gremio"):
        monkeypatch.setattr("huggingface_hub.HfApi.repo_info", _refuse)
        assert type(DiffusionPipeline.from_pretrained("maria/model", **arguments)).__name__ == "Plain"
    assert "can't be reached; using what the cache has of maria/model" in caplog.text


def _refuse(*args, **kwargs):
    raise ConnectionError("connection refused")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing(write, monkeypatch, number, leftovers):
    """A full or read-only disk while code is stored: the error names the place, and nothing stays behind."""
    code = write(PLAIN)
    whole = Path.write_bytes

    def full(self, data):
        if "gremio-home" not in self.parts:
            return whole(self, data)
        whole(self, data[:3])
        raise OSError(number, "it takes nothing", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError) as caught:
        load_class(code)
    assert "gremio-home" in caught.value.message
    assert "GREMIO_HOME" in caught.value.next_step
    assert caught.value.ref == str(code)
    assert leftovers() == []
    monkeypatch.undo()


def test_a_download_that_breaks_off(put, sd_folder, monkeypatch):
    """The error says so; a second try completes the model."""
    import huggingface_hub.file_download as downloads

    put("maria/model", sd_folder)
    get = downloads.http_get

    def breaks(url, temp_file, **kwargs):
        if "unet/diffusion" in url:
            temp_file.write(b"half")
            raise ConnectionError("the line went dead")
        return get(url, temp_file, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(downloads, "http_get", breaks)
        with pytest.raises(Unavailable, match="the line went dead") as caught:
            DiffusionPipeline.from_pretrained("maria/model")
    assert caught.value.ref == "maria/model"
    assert DiffusionPipeline.from_pretrained("maria/model") is not None
