"""Repositories on the Hub: whole, verified, or a clean failure."""

from __future__ import annotations

from contextlib import suppress

import pytest
from huggingface_hub import HfApi

from gremio.errors import AccessDenied, EntryNotFound, RefNotFound, RevisionNotFound, StoreError, Unavailable
from gremio.localhub import LocalHub

FILES = {"pipeline.py": "x = 1\n" * 1000, "a/b.py": "y = 2\n", "weights.bin": "0" * 100, "README.md": "# Castle"}


def test_only_code_is_downloaded(put, get, home):
    """Weights stay where they are; the origin has the commit and what was asked for."""
    commit = put("maria/castle", FILES)
    tree = get("maria/castle")
    assert set(tree.files) == {"pipeline.py", "a/b.py"}
    assert (tree.origin.commit, tree.origin.revision) == (commit, "main")
    cached = home.parent / "hub-cache" / "models--maria--castle" / "snapshots" / commit
    assert {p.name for p in cached.rglob("*") if p.is_file()} == {"pipeline.py", "b.py"}


@pytest.mark.parametrize(
    ("ref", "entry"),
    [
        ("maria/castle", "pipeline.py"),
        ("hub:maria/castle:a/b.py", "a/b.py"),
        ("hub:maria/castle@main:a/b.py", "a/b.py"),
    ],
)
def test_a_ref_may_name_the_file(put, get, ref, entry):
    """All refs into one repository share its digest."""
    put("maria/castle", FILES)
    tree = get(ref)
    assert tree.entry == entry
    assert tree.digest == get("maria/castle").digest


def test_an_altered_cache_is_refused_with_its_path(put, get, home):
    """Code that somebody changed in the Hub's cache is not what the repository has; ``force_download`` mends it."""
    commit = put("maria/castle", FILES)
    get("maria/castle")
    cached = home.parent / "hub-cache" / "models--maria--castle" / "snapshots" / commit / "pipeline.py"
    cached.resolve().write_text("import os")
    for options in ({}, {"local_files_only": True}, {"revision": commit}):
        with pytest.raises(StoreError, match=str(cached)) as caught:
            get("maria/castle", **options)
        assert "force_download" in caught.value.next_step
    assert get("maria/castle", force_download=True).files["pipeline.py"].decode() == FILES["pipeline.py"]
    assert get("maria/castle").files["pipeline.py"].decode() == FILES["pipeline.py"]


class Cutting:
    """ASGI middleware that ends the next ``left`` downloads in the middle of the file."""

    left = 0

    def __call__(self, app):
        """Wrap the Hub's application."""

        async def wrapped(scope, receive, send):
            if not self.left or "/resolve/" not in scope["path"] or scope["method"] != "GET":
                return await app(scope, receive, send)
            self.left -= 1
            return await self._half(app, scope, receive, send)

        return wrapped

    async def _half(self, app, scope, receive, send):
        async def half(message):
            body = message.get("body")
            if body:
                message = message | {"body": body[: len(body) // 2], "more_body": True}
            await send(message)
            if body:
                raise ConnectionResetError

        # Returning without the rest makes the server close the connection.
        try:
            await app(scope, receive, half)
        except ConnectionResetError:
            return


@pytest.fixture
def cutting(tmp_path, monkeypatch, impatient):
    """A Hub with a castle, and what cuts its downloads."""
    cutter = Cutting()
    with LocalHub(tmp_path / "cutting", users={"maria": "hf_maria"}, middleware=[cutter]) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo("maria/castle")
        for path, text in FILES.items():
            api.upload_file(path_or_fileobj=text.encode(), path_in_repo=path, repo_id="maria/castle")
        yield cutter


CODE = {path: text.encode() for path, text in FILES.items() if path.endswith(".py")}


def test_a_download_that_keeps_breaking_fails_cleanly(cutting, get, home):
    """There is no half file in the cache, nothing loads from it, and the next load gets all of it."""
    cutting.left = 1000
    with pytest.raises(Unavailable) as caught:
        get("maria/castle")
    assert caught.value.next_step
    snapshots = home.parent / "hub-cache" / "models--maria--castle" / "snapshots"
    assert all(p.read_bytes() in CODE.values() for p in snapshots.rglob("*.py"))
    with pytest.raises(Unavailable):
        get("maria/castle", local_files_only=True)
    cutting.left = 0
    assert get("maria/castle").files == CODE


def test_a_download_that_breaks_once_is_made_whole(cutting, get):
    """At the latest the second load has the whole files."""
    cutting.left = 1
    with suppress(Unavailable):
        assert get("maria/castle").files == CODE
    assert get("maria/castle").files == CODE


def test_a_repository_that_is_not_there(hub, get, tmp_path, monkeypatch):
    """The error names it, and the local folder of that name if there is one."""
    (tmp_path / "maria" / "castle").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefNotFound, match="maria/castle") as caught:
        get("maria/castle")
    assert "./maria/castle" in caught.value.next_step


def test_a_gated_repository_says_where_to_ask(put, get, hub):
    """Without access the error is an AccessDenied with the page."""
    put("maria/castle", FILES)
    hub.configure("maria/castle", gated="auto")
    with pytest.raises(AccessDenied, match="gated") as caught:
        get("maria/castle", token=hub.token_of("ana"))
    assert f"{hub.endpoint}/maria/castle" in caught.value.next_step


def test_an_unknown_revision_lists_branches_and_tags(put, get, api):
    """The error says what there is."""
    put("maria/castle", FILES)
    api.create_tag("maria/castle", tag="v1")
    with pytest.raises(RevisionNotFound, match="v2") as caught:
        get("maria/castle", "v2")
    assert set(caught.value.nearest) == {"main", "v1"}


def test_a_repository_without_an_entry_lists_its_files(put, get):
    """Where there is no ``pipeline.py`` the error names the Python files and how to name one."""
    put("maria/castle", {"a/b.py": "", "c.py": ""})
    with pytest.raises(EntryNotFound, match=r"hub:owner/repo:file\.py") as caught:
        get("maria/castle")
    assert caught.value.nearest == ("a/b.py", "c.py")


def test_the_index_may_name_the_entry(put, get):
    """Without ``pipeline.py`` the module that the model index names is the entry."""
    put("maria/castle", {"painter.py": "", "model_index.json": '{"_class_name": ["painter", "Painter"]}'})
    assert get("maria/castle").entry == "painter.py"


def test_a_pull_request_is_a_revision(put, get, api):
    """``refs/pr/1`` resolves as a branch does, and works offline afterwards."""
    put("maria/castle", FILES)
    api.create_pull_request("maria/castle", title="Mine")
    first = get("maria/castle", "refs/pr/1")
    assert get("maria/castle", "refs/pr/1", local_files_only=True) == first
