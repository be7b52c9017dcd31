"""What a person may write to name code, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code import PipelineRef
from gremio.errors import RefError


@pytest.mark.parametrize(
    ("text", "source", "name", "revision", "path"),
    [
        ("lpw_stable_diffusion", "mirror", "lpw_stable_diffusion", None, None),
        ("lpw-x.1", "mirror", "lpw-x.1", None, None),
        ("mirror:painter", "mirror", "painter", None, None),
        ("mirror:painter@v0.30.0", "mirror", "painter", "v0.30.0", None),
        ("owner/repo", "hub", "owner/repo", None, None),
        ("owner/repo.v1", "hub", "owner/repo.v1", None, None),
        ("hub:owner/repo", "hub", "owner/repo", None, None),
        ("hub:owner/repo@main", "hub", "owner/repo", "main", None),
        ("hub:owner/repo@refs/pr/1:a/b.py", "hub", "owner/repo", "refs/pr/1", "a/b.py"),
        ("hub:owner/repo:b.py", "hub", "owner/repo", None, "b.py"),
        (".", "local", ".", None, None),
        ("./folder", "local", "folder", None, None),
        ("../folder", "local", "../folder", None, None),
        ("/folder", "local", "/folder", None, None),
        ("a/b/c", "local", "a/b/c", None, None),
        ("a/b/", "local", "a/b", None, None),
        ("file.py", "local", "file.py", None, None),
        ("owner/file.py", "local", "owner/file.py", None, None),
        ("my.pipeline.py", "local", "my.pipeline.py", None, None),
        ("local:folder", "local", "folder", None, None),
        ("~nobody-here/x", "local", "~nobody-here/x", None, None),
        (Path("folder"), "local", "folder", None, None),
        (Path("owner/repo"), "local", "owner/repo", None, None),
    ],
)
def test_one_text_means_one_thing(text, source, name, revision, path):
    """The table of all forms."""
    ref = PipelineRef.parse(text)
    assert (ref.source, ref.name, ref.revision, ref.path) == (source, name, revision, path)
    assert str(ref) == str(text)


@pytest.mark.parametrize("text", ["~/folder", Path("~/folder"), "local:~/folder"])
def test_a_tilde_is_the_home(text):
    """A local path starts at the home folder where it says so."""
    assert PipelineRef.parse(text).name == str(Path.home() / "folder")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "https://huggingface.co/a/b",
        "a\0b",
        None,
        3,
        "mirror:../x",
        "mirror:a/b",
        "hub:repo",
        "-x",
        "hub:@x",
    ],
)
def test_what_can_name_nothing_is_refused(text):
    """Anything else is a RefError that lists the forms."""
    with pytest.raises(RefError) as caught:
        PipelineRef.parse(text)
    assert caught.value.next_step


@given(st.one_of(st.text(), st.from_regex(r"[a-z.~/\\:@]{0,12}", fullmatch=True)))
def test_parsing_gives_a_ref_or_a_ref_error(text):
    """No text whatever makes parsing fail in another way."""
    try:
        ref = PipelineRef.parse(text)
    except RefError:
        return
    assert ref.source in ("mirror", "hub", "local")
    assert ref.name


@given(st.from_regex(r"[a-z.]{1,6}(/[a-z.]{1,6}){0,2}", fullmatch=True))
def test_the_current_directory_plays_no_part(tmp_path_factory, text):
    """A text means the same before and after a file or folder of that name appears."""

    def meaning():
        try:
            return PipelineRef.parse(text)
        except RefError:
            return None

    folder = tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        before = meaning()
        if ".." not in text.split("/"):
            (folder / text).mkdir(parents=True, exist_ok=True)
            (folder / text / "pipeline.py").touch()
        assert meaning() == before
