"""D01 to D07: whose code runs, how often, and in how many threads and processes at once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from tests.defects.painters import NOTED, Code, painter, seen_of
from tests.files import lay

from gremio import DiffusionPipeline, load_class


def test_d01_two_folders_with_pipeline_py_live_side_by_side(tmp_path, sd_folder):
    """Two local folders with a ``pipeline.py`` each keep their own code, also in objects that live already."""
    folders = {m: lay(tmp_path / m, {"pipeline.py": painter(Code("what()"), head=WHAT % m)}) for m in ("a", "b")}
    first = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=folders["a"])
    second = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=folders["b"])
    assert (first.mark(), second.mark()) == ("a", "b")
    assert type(first) is not type(second)
    assert type(first).__module__ != type(second).__module__


WHAT = "def what():\n    return %r\n"


def test_d02_stale_bytecode_is_never_trusted(tmp_path):
    """Code of equal size and time as other code before it is still read anew."""
    marks = []
    for text in ("red", "sky", "elm"):
        file = lay(tmp_path / "code", {"pipeline.py": painter(text)}) / "pipeline.py"
        os.utime(file, (1_700_000_000, 1_700_000_000))
        marks.append(load_class(tmp_path / "code").mark())
    assert marks == ["red", "sky", "elm"]


def test_d02_bytecode_beside_the_file_is_not_read(tmp_path):
    """A ``__pycache__`` in the folder plays no part."""
    folder = lay(tmp_path / "code", {"pipeline.py": painter("old")})
    env = os.environ | {"RUNS": str(tmp_path / "r"), "PYTHONPATH": str(folder)}
    compiling = "import py_compile; py_compile.compile('pipeline.py', invalidation_mode="
    subprocess.run(
        [sys.executable, "-c", f"{compiling}py_compile.PycInvalidationMode.UNCHECKED_HASH)"],
        cwd=folder,
        env=env,
        check=True,
    )
    assert list(folder.glob("__pycache__/*.pyc"))
    lay(folder, {"pipeline.py": painter("new")})
    assert load_class(folder).mark() == "new"


def test_d03_helpers_of_the_same_name_stay_apart(tmp_path):
    """Each of two trees gets its own ``helper``, by a relative import or by its plain name."""
    classes = {}
    for mark, line in (("a", "from .helper import NAME"), ("b", "from helper import NAME")):
        files = {"pipeline.py": painter(Code("NAME"), head=line), "helper.py": f"NAME = {mark!r}"}
        classes[mark] = load_class(lay(tmp_path / mark, files))
    assert {mark: cls.mark() for mark, cls in classes.items()} == {"a": "a", "b": "b"}


@pytest.mark.parametrize("dots", [".", ""])
def test_d04_modules_of_one_name_in_two_folders_stay_apart(tmp_path, dots):
    """``unet/layers.py`` and ``vae/layers.py`` of one tree are two modules."""
    head = f"from {dots}unet.layers import NAME as unet\nfrom {dots}vae.layers import NAME as vae"
    files = {
        "pipeline.py": painter(Code("(unet, vae)"), head=head),
        "unet/layers.py": "NAME = 'unet'",
        "vae/layers.py": "NAME = 'vae'",
    }
    assert load_class(lay(tmp_path / "code", files)).mark() == ("unet", "vae")


def test_d05_code_is_executed_once_and_keeps_its_identity(tmp_path, mark, runs, sd_folder):
    """The same code, loaded three times from two places, is one class that was executed once."""
    first, second = (lay(tmp_path / place, {"pipeline.py": painter(mark)}) for place in ("one", "two"))
    cls = load_class(first)
    assert load_class(first) is cls
    assert load_class(second) is cls
    assert type(DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=first)) is cls
    assert len(runs()) == 1
    assert pickle.loads(pickle.dumps(cls)) is cls


BRUSH = f"""{NOTED}
from .paint import Paint

class Brush:
    def __init__(self, mark):
        self.mark, self.paint = mark, Paint()
"""


def test_d05_an_instance_is_unpickled_in_a_spawned_worker(tmp_path, mark, runs):
    """A worker process imports the class by its name, from the store, without loading a pipeline first."""
    folder = lay(tmp_path / "code", {"pipeline.py": BRUSH, "paint.py": "class Paint:\n    pass"})
    brush = load_class(folder, class_name="Brush")(mark)
    lay(folder, {"pipeline.py": "raise RuntimeError('the folder is not read again')"})
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        seen, module, paint, pid = pool.submit(seen_of, brush).result(timeout=60)
    assert (seen, module, paint) == (mark, type(brush).__module__, "Paint")
    assert pid != os.getpid()
    assert runs() == [module] * 2


def test_d06_eight_threads_load_at_once(tmp_path, mark, runs):
    """Eight threads that load two trees at once all get the right class, executed once each."""
    folders = {
        n: lay(tmp_path / n, {"pipeline.py": painter(Code("NAME"), head="from .helper import NAME"), "helper.py": text})
        for n, text in ((n, f"NAME = {mark + n!r}") for n in ("a", "b"))
    }
    together = threading.Barrier(8)

    def load(number: int) -> type:
        together.wait(20)
        return load_class(folders["ab"[number % 2]])

    with ThreadPoolExecutor(8) as pool:
        classes = list(pool.map(load, range(8)))
    assert [cls.mark() for cls in classes] == [mark + "ab"[n % 2] for n in range(8)]
    assert len(set(classes)) == 2
    assert len(runs()) == 2


LOAD_AT_ONCE = """
import sys, time
from pathlib import Path
from gremio.code import PipelineRef
from gremio.loading.modules import load
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.trust import CodeRequest, Grant, authorize
own, others = sys.argv[1], sys.argv[2:]
Path(own).touch()
while not all(Path(other).exists() for other in others):
    time.sleep(0.002)
settings = Settings.from_environment()
tree = fetch(PipelineRef.parse("maria/castle"), revision=None, access=Access.of(settings), settings=settings)
code = authorize(CodeRequest("maria/castle", tree, Grant(named=True)), settings)
print(load(code, "Brush").cls("red").mark, "torch" in sys.modules)
"""


def test_d07_processes_load_at_once(tmp_path, put, runs, home):
    """Processes that load one repository into one empty home at the same moment all get its code, whole."""
    parts = {f"part_{n}.py": f"N = {n}" for n in range(20)}
    head = "\n".join(f"from .part_{n} import N as N{n}" for n in range(20))
    put("maria/castle", parts | {"paint.py": "class Paint:\n    pass", "pipeline.py": f"{head}\n{BRUSH}"})
    ready = [str(tmp_path / f"ready-{n}") for n in range(3)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD_AT_ONCE, own, *ready], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for own in ready
    ]
    ended = [process.communicate(timeout=100) for process in started]
    assert [out.split() for out, _ in ended] == [["red", "False"]] * 3, [error for _, error in ended]
    assert len(runs()) == 3
    assert not list(home.rglob(".new-*"))
    assert len([folder for folder in (home / "trees").iterdir() if folder.is_dir()]) == 1
