"""The server: where it listens, how it starts and stops, what it notes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, get_session

from gremio.errors import HubError
from gremio.localhub import LocalHub

FOREGROUND = """
import sys
from gremio.localhub import LocalHub
LocalHub(sys.argv[1]).serve_forever(lambda hub: print(hub.endpoint, flush=True))
print("stopped")
"""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_loopback_only(tmp_path: Path, host: str) -> None:
    """Other addresses than loopback's are refused, with the way to ask for them."""
    with pytest.raises(HubError, match="allow_remote=True"):
        LocalHub(tmp_path / "hub", host=host)


def test_everywhere_on_purpose(tmp_path: Path) -> None:
    """Other addresses are listened to when that is asked for."""
    with LocalHub(tmp_path / "hub", host="0.0.0.0", allow_remote=True) as hub:
        port = hub.endpoint.rpartition(":")[2]
        assert HfApi(endpoint=f"http://127.0.0.1:{port}", token=hub.token).whoami()["name"] == hub.user


def test_port_in_use(tmp_path: Path) -> None:
    """A port that somebody has is an error that says so."""
    with LocalHub(tmp_path / "a") as hub:
        port = int(hub.endpoint.rpartition(":")[2])
        with pytest.raises(HubError, match="can't listen"), LocalHub(tmp_path / "b", port=port):
            pass


def test_not_running(tmp_path: Path) -> None:
    """A Hub that is not running has no address, and can be started again."""
    hub = LocalHub(tmp_path / "hub")
    for _ in range(2):
        with pytest.raises(HubError, match="not running"):
            _ = hub.endpoint
        with hub:
            assert HfApi(endpoint=hub.endpoint, token=hub.token).whoami()["name"] == "gremio"


def test_the_only_user_writes_anywhere(tmp_path: Path) -> None:
    """Without a table of users there is one, who may write to every namespace."""
    with LocalHub(tmp_path / "hub") as hub:
        assert HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("anyone/castle").repo_id == "anyone/castle"


def test_other_hosts(hub: LocalHub) -> None:
    """Requests for a name that merely points to loopback are not answered."""
    answer = get_session().get(f"{hub.endpoint}/api/models", headers={"host": "evil.example"})
    assert answer.status_code == 421


@pytest.mark.parametrize("path", ["", "/api/nothing/at/all/here", "/maria", "/api/spaces", "/api/models?cursor=x"])
def test_unknown_addresses(hub: LocalHub, path: str) -> None:
    """Addresses that mean nothing are answered with an error, not with a failure."""
    assert get_session().get(f"{hub.endpoint}{path}").status_code in (400, 404, 405)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None},
        {"name": 7},
        {"name": "x", "type": "kernel"},
        {"name": "x", "visibility": "secret"},
        {"name": "x", "private": "yes"},
        {"name": "x", "gated": "yes"},
    ],
)
def test_repositories_that_make_no_sense(hub: LocalHub, stranger: HfApi, body: dict[str, object]) -> None:
    """What can't be understood makes no repository, least of all a public one."""
    headers = {"authorization": f"Bearer {hub.token}"}
    assert get_session().post(f"{hub.endpoint}/api/repos/create", json=body, headers=headers).status_code == 400
    assert list(stranger.list_models()) == []


def test_bodies_that_make_no_sense(hub: LocalHub, api: HfApi, castle: str) -> None:
    """Bodies that make no sense are answered with 400."""
    headers = {"authorization": f"Bearer {hub.token}"}
    for path in ("commit/main", "preupload/main"):
        for body in ("", "{", "[]", "null", '{"key": 1}', '{"files": [{}]}', '{"key": "header", "value": {}}'):
            answer = get_session().post(f"{hub.endpoint}/api/models/{castle}/{path}", content=body, headers=headers)
            assert answer.status_code == 400, (path, body)


def test_requests_are_noted(hub: LocalHub, stranger: HfApi) -> None:
    """Method and path of each request are noted in order."""
    stranger.repo_exists("maria/castle")
    list(stranger.list_models(search="x"))
    assert hub.requests == [("GET", "/api/models/maria/castle"), ("GET", "/api/models")]


def test_nothing_is_printed(hub: LocalHub, castle: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The server itself writes nothing to the terminal."""
    get_session().get(f"{hub.endpoint}/{castle}/raw/main/pipeline.py")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground(tmp_path: Path, number: signal.Signals) -> None:
    """In the foreground it serves until it is told to stop, and then ends well."""
    command = [sys.executable, "-W", "error", "-c", FOREGROUND, str(tmp_path / "hub")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        assert list(HfApi(endpoint=endpoint, token=False).list_models()) == []
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "stopped\n", "")


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_is_cheap() -> None:
    """Importing the package loads none of the server."""
    loaded = run(
        "import sys, gremio.localhub; print([m for m in sys.modules if m in ('starlette', 'dulwich', 'uvicorn')])"
    )
    assert loaded == "[]\n"


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "dulwich"])
def test_without_the_extra(package: str) -> None:
    """Without the extra's packages the error names what to install."""
    code = f"""
import sys
sys.modules[{package!r}] = None
from gremio.errors import HubError
try:
    from gremio.localhub import LocalHub
except HubError as error:
    print(error)
"""
    assert 'pip install "gremio[hub]"' in run(code)
