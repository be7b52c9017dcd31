"""What libraries may import and ask while they load a model."""

import importlib.util
import sys
import threading

import pytest
from transformers import dynamic_module_utils

from gremio.loading.pipelines.guarded import guarded

PACKAGE = "local_package_of_this_test"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A package in the current directory, which is on the path as it is for whoever starts Python there."""
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").write_text("")
    (tmp_path / f"{PACKAGE}_without_init").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")


def _sees(importer, name=PACKAGE):
    """Whether code of the module ``importer`` finds the package."""
    namespace = {"__name__": importer, "find_spec": importlib.util.find_spec}
    exec(f"found = find_spec({name!r}) is not None", namespace)
    return namespace["found"]


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}_without_init"])
def test_libraries_do_not_see_the_current_directory(here, name):
    """Whether it is a package or just a folder; community code, scripts and other threads go on seeing it."""
    seen = []
    with guarded():
        assert not _sees("transformers.utils.import_utils", name)
        assert not _sees("diffusers", name)
        assert _sees("__main__", name)
        assert _sees("gremio_code.abc.pipeline", name)
        thread = threading.Thread(target=lambda: seen.append(_sees("transformers", name)))
        thread.start()
        thread.join()
    assert seen == [True]
    assert _sees("transformers", name)


def test_a_current_directory_that_is_gone(here, tmp_path, monkeypatch):
    """Somebody removed it; loading goes on."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with guarded():
        assert dynamic_module_utils.TIME_OUT_REMOTE_CODE == 0


def test_installed_packages_are_found(here):
    """And the standard library."""
    with guarded():
        assert _sees("transformers", "numpy")
        assert _sees("transformers", "sqlite3")


def test_nobody_is_asked_until_the_last_load_ends(here):
    """One inside another, in several threads, ended by errors: afterwards all is as it was."""
    before, cached = dynamic_module_utils.TIME_OUT_REMOTE_CODE, dict(sys.path_importer_cache)
    inside, over = threading.Event(), threading.Event()

    def load():
        with guarded():
            inside.set()
            over.wait(10)

    thread = threading.Thread(target=load)
    thread.start()
    inside.wait(10)
    with pytest.raises(ZeroDivisionError), guarded(), guarded():
        1 / 0  # noqa: B018
    assert dynamic_module_utils.TIME_OUT_REMOTE_CODE == 0
    over.set()
    thread.join()
    assert before == dynamic_module_utils.TIME_OUT_REMOTE_CODE > 0
    assert all(sys.path_importer_cache.get(place) is finder for place, finder in cached.items())
