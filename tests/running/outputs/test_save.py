"""Artifacts into files."""

from __future__ import annotations

import errno
import os
import stat
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gremio.errors import GremioError, OptionError
from gremio.running.outputs import Artifact, Kind, check_out, formats, read_metadata, save

METADATA = {"gremio:prompt": "un salón — 広間", "gremio:seed": "7"}
PICTURE = Image.linear_gradient("L").convert("RGB").resize((33, 21))


def artifact(kind: Kind) -> Artifact:
    """One of each kind."""
    values: dict[Kind, tuple[Any, float]] = {
        "image": (PICTURE, 0),
        "frames": (tuple(PICTURE.rotate(angle) for angle in (0, 30, 60, 90)), 8),
        "audio": (np.arange(-2000, 2000, dtype=np.int16).reshape(2, -1), 16000),
        "array": (np.arange(6.0).reshape(2, 3), 0),
        "text": ("a hall", 0),
    }
    return Artifact(kind, *values[kind])


PAIRS = [(kind, suffix) for kind, suffixes in formats.FORMATS.items() for suffix in suffixes]


@pytest.mark.parametrize(("kind", "suffix"), PAIRS)
def test_every_format_is_written_and_says_what_made_it(tmp_path: Path, kind: Kind, suffix: str) -> None:
    """Every kind in every format is a whole file, in a folder that is made, whose metadata reads back."""
    out = tmp_path / "new" / f"out{suffix}"
    saved = save([artifact(kind)], out, metadata=METADATA, stem="x")
    assert saved.paths == (out,)
    assert out.stat().st_size > 0
    assert read_metadata(out) == METADATA
    assert not saved.notes
    beside = {".wav", ".npy", ".npz", ".txt", ".mp4"}
    expected = {out.name, out.name + ".json"} if suffix in beside else {out.name}
    assert {each.name for each in out.parent.iterdir()} == expected


def test_what_is_in_the_files(tmp_path: Path) -> None:
    """Pixels, samples and numbers are what they were."""
    pictures = save([artifact("image")], tmp_path / "a.png").paths
    assert np.array_equal(np.asarray(Image.open(pictures[0])), np.asarray(PICTURE))
    with Image.open(save([artifact("frames")], tmp_path / "a.gif").paths[0]) as film:
        assert (film.n_frames, film.info["duration"], film.info["loop"]) == (4, 120, 0)
    with wave.open(str(save([artifact("audio")], tmp_path / "a.wav").paths[0])) as sound:
        assert sound.getparams()[:4] == (2, 2, 16000, 2000)
        assert np.frombuffer(sound.readframes(1), "<i2").tolist() == [-2000, 0]
    array = artifact("array").value
    assert np.array_equal(np.load(save([artifact("array")], tmp_path / "a.npy").paths[0]), array)
    with np.load(save([artifact("array")], tmp_path / "a.npz").paths[0]) as archive:
        assert np.array_equal(archive["array"], array)
    assert save([artifact("text")], tmp_path / "a.txt").paths[0].read_text("utf-8") == "a hall\n"


# imageio-ffmpeg's reader leaves its pipes open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_film_of_odd_size(tmp_path: Path) -> None:
    """H.264 wants even sides: a film of 33x21 becomes 34x22, frame for frame."""
    import imageio_ffmpeg

    path = save([artifact("frames")], tmp_path / "a.mp4").paths[0]
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    assert (meta["size"], meta["fps"], len(list(reader))) == ((34, 22), 8.0, 4)


@pytest.mark.parametrize(
    ("log", "reason"), [("FFMPEG STDERR OUTPUT:\n", "it gave no reason"), ("log\nNo space left\n", "No space left")]
)
def test_a_failing_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, reason: str) -> None:
    """The refusal has the path and ffmpeg's last word, and nothing is left."""

    def fail(path: str, *_: object, **__: object) -> None:
        Path(path).touch()
        raise OSError(log)

    monkeypatch.setattr("imageio_ffmpeg.write_frames", fail)
    with pytest.raises(GremioError, match=reason) as refused:
        save([artifact("frames")], tmp_path / "a.mp4")
    assert str(refused.value).startswith(str(tmp_path / "a.mp4"))
    assert not names(tmp_path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "HSV", "YCbCr"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_every_mode(tmp_path: Path, mode: str, suffix: str) -> None:
    """A picture of any mode that a pipeline hands out is saved."""
    path = save([Artifact("image", Image.new(mode, (8, 8)))], tmp_path / f"a{suffix}").paths[0]
    with Image.open(path) as picture:
        assert picture.size == (8, 8)


def test_transparency_becomes_white_in_a_jpeg(tmp_path: Path) -> None:
    """What nobody could see is not black all of a sudden."""
    path = save([Artifact("image", Image.new("RGBA", (8, 8)))], tmp_path / "a.jpg").paths[0]
    with Image.open(path) as picture:
        assert picture.getpixel((4, 4)) == (255, 255, 255)


def names(folder: Path) -> list[str]:
    """The files of a folder."""
    return sorted(each.name for each in folder.iterdir())


def test_names_of_our_own_are_never_taken(tmp_path: Path) -> None:
    """In a folder each run finds free numbers; a stem stays in the folder, and is plain."""
    for stem in ("owner/re po", "Owner_Ré.Po", "'owner' · re-po!"):
        save([artifact("image")], tmp_path, stem=stem)
    assert names(tmp_path) == ["owner-re-po-1.png", "owner-re-po-2.png", "owner-re-po.png"]
    save([artifact("image")] * 2, f"{tmp_path}/", stem="owner/re po")
    assert names(tmp_path)[2:4] == ["owner-re-po-3.png", "owner-re-po-4.png"]


def test_without_out_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No -o saves here, under the stem."""
    monkeypatch.chdir(tmp_path)
    assert [save([artifact("text")], None, stem=stem).paths[0].name for stem in ("sdxl-2", "sdxl-2", "../..")] == [
        "sdxl-2.txt",
        "sdxl-2-1.txt",
        "gremio.txt",
    ]


def test_a_given_name_is_written_over(tmp_path: Path) -> None:
    """-o hall.png replaces hall.png, whole; without an extension the kind's own is added."""
    for _ in range(2):
        save([artifact("image")], tmp_path / "hall.png")
        save([artifact("image")], str(tmp_path / "hall"))
        save([artifact("image")] * 3, tmp_path / "hall.PNG")
    assert names(tmp_path) == ["hall-1.PNG", "hall-2.PNG", "hall-3.PNG", "hall.png"]


def test_mixed_kinds(tmp_path: Path) -> None:
    """The sound of a film goes beside it, and does not replace a sound that nobody named."""
    (tmp_path / "out.wav").write_text("mine")
    saved = save([artifact("frames"), artifact("audio"), artifact("image"), artifact("image")], tmp_path / "out.gif")
    assert [path.name for path in saved.paths] == ["out.gif", "out-1.wav", "out-1.png", "out-2.png"]
    assert (tmp_path / "out.wav").read_text() == "mine"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("image", "a.mp4", "a picture can't be saved as .mp4\n  Choose .png or .jpg"),
        ("frames", "a.png", "a film can't be saved as .png"),
        ("audio", "a.npy", "a sound can't be saved as .npy\n  Choose .wav."),
        ("text", "a.png", "text can't be saved as .png"),
        ("image", "a.xyz", "nothing can be saved as .xyz"),
    ],
)
def test_extensions_that_do_not_fit(tmp_path: Path, kind: Kind, name: str, message: str) -> None:
    """The refusal says which fit, and nothing is written."""
    with pytest.raises(OptionError) as refused:
        save([artifact(kind)], tmp_path / name)
    assert message in str(refused.value)
    assert not names(tmp_path)


def test_without_the_extra_a_film_is_a_gif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ffmpeg a film becomes a GIF, with a note; .mp4 by name is refused, before the run too."""
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    saved = save([artifact("frames")], tmp_path / "film")
    assert saved.paths == (tmp_path / "film.gif",)
    assert 'pip install "gremio[video]"' in saved.notes[0]
    for refuse in (check_out, lambda out: save([artifact("frames")], out)):
        with pytest.raises(OptionError, match="needs the extra"):
            refuse(tmp_path / "film.mp4")


def test_notes_name_their_file(tmp_path: Path) -> None:
    """What a person should know comes back beside the paths."""
    saved = save([Artifact("image", PICTURE, note="it is black")], tmp_path / "a.png")
    assert saved.notes == (f"{tmp_path / 'a.png'}: it is black",)


def test_many_at_once_take_names_of_their_own(tmp_path: Path) -> None:
    """Runs at the same time never share a name."""
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: save([artifact("text")], tmp_path, stem="x").paths[0], range(24)))
    assert len(set(saved)) == 24
    assert len(names(tmp_path)) == 24


def test_a_link_is_followed(tmp_path: Path) -> None:
    """-o on a link writes where it leads, and the link stays."""
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    save([artifact("image")], tmp_path / "link.png")
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").is_file()


def test_files_have_ordinary_permissions(tmp_path: Path) -> None:
    """What is saved is as readable as any file that a program writes."""
    (tmp_path / "plain").write_text("x")
    path = save([artifact("image")], tmp_path / "a.png").paths[0]
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A write that fails names the path, keeps the old file, and leaves nothing half-written."""
    out = tmp_path / "a.txt"
    out.write_text("old")

    def fail(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(GremioError, match=r"a\.txt can't be written") as refused:
        save([artifact("text")], out)
    assert isinstance(refused.value, OptionError) == (number == errno.EACCES)
    assert os.strerror(number) in str(refused.value)
    assert out.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A path through a file is refused, before the run and while saving."""
    (tmp_path / "file").write_text("x")
    for refuse in (check_out, lambda out: save([artifact("text")], out)):
        with pytest.raises(OptionError, match="file"):
            refuse(tmp_path / "file" / "deeper" / "a.txt")


def test_a_picture_too_large_for_its_format(tmp_path: Path) -> None:
    """What the encoder refuses names the path."""
    with pytest.raises(GremioError, match=r"a\.webp can't be written"):
        save([Artifact("image", Image.new("RGB", (16384, 1)))], tmp_path / "a.webp")
    assert not names(tmp_path)


@pytest.mark.parametrize("out", [None, "a.png", "new/folder/", "stem", Path("a.JPG")])
def test_good_outs_pass_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: Any) -> None:
    """The check before a run makes nothing."""
    monkeypatch.chdir(tmp_path)
    check_out(out)
    assert not names(tmp_path)


def test_nothing_to_save() -> None:
    """No artifacts is a mistake."""
    with pytest.raises(OptionError, match="nothing to save"):
        save([])
