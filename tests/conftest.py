"""What every test stands on: a home of its own, loopback only, one local Hub a process."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from gremio.localhub import LocalHub
    from gremio.publishing.proof.loads import Loads

# huggingface_hub reads these once, when it is first imported, so they are set before any test module is.
_SESSION = Path(tempfile.mkdtemp(prefix="gremio-tests-"))
os.environ["HF_HOME"] = str(_SESSION / "hf")
os.environ["HOME"] = str(_SESSION / "home")
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_XET"] = "1"
# Tiny tensors gain nothing from threads, and on a busy machine threads that wait for each other cost tenfold.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["DIFFUSERS_VERBOSITY"] = "error"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
for _name in ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "GREMIO_POLICY", "DIFFUSERS_DISABLE_REMOTE_CODE"):
    os.environ.pop(_name, None)
(_SESSION / "home").mkdir()

# Compiled once, and not again by each of the hundreds of processes that tests start, whatever an image says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Torch and its like leave millions of objects that stay: walking through all of them, again and again, for the little
# garbage that tests make is a tenth of the time.
gc.set_threshold(20_000, 10, 20)

# A machine that is busy with something else is no failure.
settings.register_profile("gremio", deadline=None)
settings.load_profile("gremio")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else ""
    if host and not (host == "localhost" or host.startswith("127.") or host == "::1"):
        raise AssertionError(f"a test tried to reach {host}: tests use loopback only")
    _connect(self, address)  # type: ignore[arg-type]


socket.socket.connect = _loopback_only  # type: ignore[method-assign]


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, since a tenth of the time a test waits for what it has started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of two processes that begin with one half of the tests has dear fixtures of its own, and takes over cheap
    tests of the other in the end: so hardly any is made twice.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    by_need: dict[str, list[list[pytest.Item]]] = {"forks": [], "": [], "loads": []}
    for path, tests in files.items():
        names = {name for test in tests for name in getattr(test, "fixturenames", ())}
        forked = names & {"forks", "zygote", "zygotes"} or path.parent.name == "docs"
        by_need["forks" if forked else "loads" if "loads" in names else ""].append(tests)
    first, rest = by_need["forks"], by_need[""]
    while rest and sum(map(len, first)) < len(items) / 2:
        first.append(rest.pop(0))
    items[:] = [item for tests in (*first, *by_need["loads"], *rest) for item in tests]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remove what tests have made when all of them passed: a later run, which has to read the disk for that, takes
    several times as long.
    """
    if exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(session.config._tmp_path_factory.getbasetemp(), ignore_errors=True)  # type: ignore[attr-defined]


def pytest_unconfigure() -> None:
    """Remove the session's folders at the end."""
    shutil.rmtree(_SESSION, ignore_errors=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gremio's state and the Hub's cache, fresh for each test."""
    monkeypatch.setenv("GREMIO_HOME", str(tmp_path / "gremio-home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    return tmp_path / "gremio-home"


@pytest.fixture(scope="session")
def _pool() -> Iterator[None]:
    """The Hub client's connections, closed at the end: making a client costs more than most tests."""
    yield
    from huggingface_hub import close_session

    close_session()


@pytest.fixture(scope="session")
def _session_hub(_pool: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalHub, Path]]:
    """The local Hub that the tests of this process have in turn, and its folder: stopping one takes long."""
    from gremio.localhub import LocalHub

    folder = tmp_path_factory.mktemp("hub")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A number of its own, so that it has the same address again after a test that stopped it.
    with LocalHub(folder, users={"maria": "hf_maria", "ana": "hf_ana"}, port=port) as running:
        yield running, folder


@pytest.fixture
def hub(_session_hub: tuple[LocalHub, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A local Hub without repositories, which HF_ENDPOINT names; maria writes anywhere, ana to what is hers."""
    running, folder = _session_hub
    running.requests.clear()
    monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
    yield running
    if (folder / "repos").exists():
        (folder / "repos").rename(folder / f"repos-{time.monotonic_ns()}")


@pytest.fixture
def one_hub(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """The local Hub for plain transformers and diffusers too, which know one Hub a process."""
    from huggingface_hub import constants, hf_api
    from transformers.utils import hub as transformers_hub

    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(hf_api.api, "endpoint", hub.endpoint)
    monkeypatch.setattr(transformers_hub, "_hf_api", None, raising=False)
    return hub


@pytest.fixture
def api(hub: LocalHub) -> HfApi:
    """Maria's client; whoever loads has no token unless the test passes one."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.endpoint, token=hub.token)


@pytest.fixture
def put(hub: LocalHub, api: HfApi) -> Callable[..., str]:
    """``put("maria/castle", {"pipeline.py": "x = 1"})`` or ``put("maria/castle", folder)``: commit, return its id.

    The requests of putting are not counted in ``hub.requests``.
    """
    from huggingface_hub import CommitOperationAdd

    def commit(
        repo_id: str, files: Mapping[str, bytes | str] | Path, *, repo_type: str = "model", private: bool = False
    ) -> str:
        before = len(hub.requests)
        contents = _files_of(files) if isinstance(files, Path) else files
        api.create_repo(repo_id, repo_type=repo_type, private=private, exist_ok=True)
        operations = [
            CommitOperationAdd(path, data.encode() if isinstance(data, str) else data)
            for path, data in contents.items()
        ]
        made = api.create_commit(repo_id, operations, commit_message="Put", repo_type=repo_type)
        del hub.requests[before:]
        return made.oid

    return commit


def _files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="session")
def forks() -> Iterator[tuple[str, ...]]:
    """What runs a module, put before its name, in a fork of one process that has imported the libraries."""
    from gremio.machine.processes import forking

    # Not in large pages: what is forked here lives for a moment, in which memory that comes from malloc costs more.
    with forking(os.environ) as start:
        yield start


@pytest.fixture(scope="session")
def zygote(forks: tuple[str, ...]) -> Iterator[None]:
    """What this process's sandboxes are forked from is such a fork itself, in place of one that imports for seconds."""
    from gremio.sandbox.forks import forks as of_sandboxes

    of_sandboxes.start = forks
    yield
    of_sandboxes.stop()


@pytest.fixture
def zygotes(forks: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the sandboxes of every process that a test starts, unless it is a fork."""
    code = f"from gremio.sandbox.forks import forks\nforks.start = {forks!r}\n"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)


@pytest.fixture(scope="session")
def _session_loads(_session_hub: tuple[LocalHub, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loads]:
    from gremio.machine.settings import Settings
    from gremio.publishing.proof.loads import Loads

    settings = Settings(tmp_path_factory.mktemp("loads"), Path(), _session_hub[0].endpoint)
    with Loads(settings) as loads:
        yield loads


@pytest.fixture
def loads(hub: LocalHub, _session_loads: Loads, monkeypatch: pytest.MonkeyPatch) -> Loads:
    """What makes the loads of proofs, in forks of one process; publishing takes it too, in place of one of its own."""
    from gremio.machine.settings import Settings

    def shared(settings: Settings) -> AbstractContextManager[Loads]:
        _session_loads.settings = settings
        return nullcontext(_session_loads)

    monkeypatch.setattr("gremio.publishing.publish.Loads", shared)
    return shared(Settings.from_environment()).__enter__()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pauses before the next try pauses for a moment only."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """``write(text, "pipeline.py")``: a file of code in the folder ``code``; its path."""

    def write(text: str, name: str = "pipeline.py") -> Path:
        file = tmp_path / "code" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    return write


@pytest.fixture
def plain_code(write: Callable[..., Path]) -> Path:
    """A file with the smallest community pipeline: Stable Diffusion under another name."""
    from tests.samples.code import PLAIN

    return write(PLAIN, "plain.py")


@pytest.fixture
def forget_imports() -> Iterator[None]:
    """The tutorial's plain imports leave nothing behind."""
    yield
    for name in ("showone_unet_3d_condition", "showone_blocks", "pipeline_t2v_base_pixel"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="session")
def sd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion without a safety checker; look, don't write: copy it first."""
    from tests.samples import tiny_sd

    return tiny_sd(tmp_path_factory.mktemp("models") / "sd")


@pytest.fixture(scope="session")
def show_one_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny text-to-video model whose pipeline and UNet bring their code; look, don't write: copy it first."""
    from tests.samples import show_one

    return show_one(tmp_path_factory.mktemp("models") / "show_one")


@pytest.fixture(scope="session")
def easel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of ``samples/painter.py``: a scheduler's config; look, don't write."""
    folder = tmp_path_factory.mktemp("easel")
    (folder / "scheduler").mkdir()
    index = {"_class_name": "Painter", "_diffusers_version": "0.36.0", "scheduler": ["diffusers", "DDIMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": "DDIMScheduler"}))
    return folder
