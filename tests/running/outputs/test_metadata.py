"""What made a file, inside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from gremio.errors import GremioError, OptionError
from gremio.running.outputs import Artifact, Kind, read_metadata, save

TINY = Image.new("RGB", (2, 2))
ARTIFACTS: dict[str, Artifact] = {
    ".png": Artifact("image", TINY),
    ".jpg": Artifact("image", TINY),
    ".webp": Artifact("image", TINY),
    ".gif": Artifact("frames", (TINY, Image.new("RGB", (2, 2), "red")), 8),
    ".txt": Artifact("text", "a"),
}
KEYS = st.from_regex(r"gremio:[a-z0-9-]{1,40}", fullmatch=True)


@pytest.mark.parametrize("suffix", ARTIFACTS)
@settings(max_examples=25, deadline=None)
@given(metadata=st.dictionaries(KEYS, st.text(), max_size=6))
def test_metadata_comes_back(suffix: str, metadata: dict[str, str]) -> None:
    """Any Unicode text reads back from every kind of file, control characters and newlines too."""
    with TemporaryDirectory() as folder:
        path = save([ARTIFACTS[suffix]], Path(folder) / f"a{suffix}", metadata=metadata).paths[0]
        assert read_metadata(path) == metadata


@pytest.mark.parametrize("suffix", ARTIFACTS)
def test_long_prompts_come_back(tmp_path: Path, suffix: str) -> None:
    """A text that EXIF can't hold goes beside a JPEG."""
    metadata = {"gremio:prompt": "広間 " * 40000}
    path = save([ARTIFACTS[suffix]], tmp_path / f"a{suffix}", metadata=metadata).paths[0]
    assert read_metadata(path) == metadata
    assert (tmp_path / f"a{suffix}.json").exists() == (suffix in (".jpg", ".txt"))


def test_a_value_that_no_file_can_hold(tmp_path: Path) -> None:
    """Half a surrogate pair is no reason to lose a picture."""
    path = save([ARTIFACTS[".png"]], tmp_path / "a.png", metadata={"gremio:prompt": "x\ud800"}).paths[0]
    assert read_metadata(path) == {"gremio:prompt": "x?"}


@pytest.mark.parametrize("key", ["prompt", "gremio:", "gremio:é", "gremio:" + "a" * 80, "gremio:a\0b"])
def test_keys_that_a_png_cannot_hold(tmp_path: Path, key: str) -> None:
    """A key that can't be written is refused before anything is."""
    with pytest.raises(OptionError, match="can't be a key"):
        save([ARTIFACTS[".png"]], tmp_path / "a.png", metadata={key: "x"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ARTIFACTS)
def test_a_file_without(tmp_path: Path, suffix: str) -> None:
    """A file that says nothing gives nothing."""
    assert read_metadata(save([ARTIFACTS[suffix]], tmp_path / f"a{suffix}").paths[0]) == {}


def test_foreign_texts_are_not_ours(tmp_path: Path) -> None:
    """What other programs wrote into a picture is left alone."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", "steps: 20")
    TINY.save(tmp_path / "a.png", pnginfo=chunks, dpi=(72, 72))
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0nice weather"
    TINY.save(tmp_path / "a.jpg", exif=exif)
    TINY.save(tmp_path / "a.gif", comment=b'["gremio:prompt"]')
    TINY.save(tmp_path / "a.bmp")
    assert [read_metadata(tmp_path / f"a.{kind}") for kind in ("png", "jpg", "gif", "bmp")] == [{}] * 4


def test_a_new_file_without_metadata_loses_the_old_one_beside(tmp_path: Path) -> None:
    """A file beside never tells of an older file; one that is not ours stays."""
    out = tmp_path / "a.txt"
    save([ARTIFACTS[".txt"]], out, metadata={"gremio:seed": "1"})
    save([ARTIFACTS[".txt"]], out)
    assert read_metadata(out) == {}
    (tmp_path / "a.txt.json").write_text('{"mine": 1}')
    save([ARTIFACTS[".txt"]], out)
    assert json.loads((tmp_path / "a.txt.json").read_text()) == {"mine": 1}
    assert read_metadata(out) == {}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif"])
@pytest.mark.parametrize("part", [0, 1, 20, 0.5, 0.9])
def test_damaged_pictures(tmp_path: Path, suffix: str, part: float) -> None:
    """A picture that is cut short is refused, by name, wherever it was cut."""
    picture = Image.effect_noise((64, 64), 90).convert("RGB")
    kind: Kind = "frames" if suffix == ".gif" else "image"
    value = (picture, picture.rotate(90)) if kind == "frames" else picture
    path = save([Artifact(kind, value, 8)], tmp_path / f"a{suffix}", metadata={"gremio:seed": "1"}).paths[0]
    whole = path.read_bytes()
    # Only a GIF's first frame is decoded.
    path.write_bytes(whole[: int(part if part >= 1 else len(whole) * part * (0.4 if kind == "frames" else 1))])
    with pytest.raises(GremioError, match=f"a{suffix} can't be read"):
        read_metadata(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.png", None, "there is no file"),
        ("gone.wav", None, "there is no file"),
        ("a.pdf", b"%PDF-1.4", "can't be read as a picture"),
        ("a.png", b"a text", "can't be read as a picture"),
    ],
)
def test_what_is_no_picture(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    """The refusal names the path."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(GremioError, match=message) as refused:
        read_metadata(tmp_path / name)
    assert name in str(refused.value)


def test_a_broken_file_beside(tmp_path: Path) -> None:
    """JSON that is none is refused, by its own name."""
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "a.wav.json").write_text("{")
    with pytest.raises(GremioError, match=r"a\.wav\.json can't be read"):
        read_metadata(tmp_path / "a.wav")


def test_reading_loads_no_torch_and_no_numpy(tmp_path: Path) -> None:
    """A picture's metadata needs PIL alone."""
    path = save([ARTIFACTS[".png"]], tmp_path / "a.png", metadata={"gremio:seed": "1"}).paths[0]
    code = (
        "import sys; from gremio.running.outputs import read_metadata; "
        "print(read_metadata(sys.argv[1]), [m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    src = str(Path(__file__).parents[3] / "src")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, cwd=src)
    assert done.stdout.strip() == "{'gremio:seed': '1'} []"
