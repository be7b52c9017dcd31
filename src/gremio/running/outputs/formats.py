"""Which kinds of file hold which kinds of artifact. The first is what a kind gets when nobody says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from gremio.errors import OptionError
from gremio.running.outputs.arrays import write_npy, write_npz
from gremio.running.outputs.artifact import Artifact, Kind
from gremio.running.outputs.films import write_animated_webp, write_gif, write_mp4
from gremio.running.outputs.pictures import write_jpeg, write_png, write_webp
from gremio.running.outputs.sound import write_wav
from gremio.running.outputs.texts import write_text

Format = Callable[[Artifact, Mapping[str, str], Path], None]

FORMATS: dict[Kind, dict[str, Format]] = {
    "image": {".png": write_png, ".jpg": write_jpeg, ".jpeg": write_jpeg, ".webp": write_webp},
    "frames": {".mp4": write_mp4, ".gif": write_gif, ".webp": write_animated_webp},
    "audio": {".wav": write_wav},
    "array": {".npy": write_npy, ".npz": write_npz},
    "text": {".txt": write_text},
}
SUFFIXES = tuple(dict.fromkeys(suffix for formats in FORMATS.values() for suffix in formats))
WORDS: dict[Kind, str] = {
    "image": "a picture",
    "frames": "a film",
    "audio": "a sound",
    "array": "an array",
    "text": "text",
}


def natural_suffix(kind: Kind) -> str:
    """The extension a kind gets when nobody says: .png, .mp4 (.gif without the extra ``video``), .wav, .npy, .txt."""
    return ".gif" if kind == "frames" and not can_write_mp4() else next(iter(FORMATS[kind]))


def can_write_mp4() -> bool:
    """Whether the extra ``video`` is installed."""
    return find_spec("imageio_ffmpeg") is not None


def check_suffix(suffix: str) -> None:
    """Refuse an extension that nothing could be written with here.

    Raises:
        OptionError: nothing is saved under it, or it needs an extra that is not installed.
    """
    if suffix not in SUFFIXES:
        raise OptionError(f"nothing can be saved as {suffix}", next_step=f"Choose one of {', '.join(SUFFIXES)}.")
    if suffix == ".mp4" and not can_write_mp4():
        raise OptionError(".mp4 needs the extra `video`", next_step='pip install "gremio[video]", or choose .gif.')


def check_fit(kind: Kind, suffix: str) -> None:
    """Refuse an extension that does not fit this kind.

    Raises:
        OptionError: it says which do.
    """
    if suffix not in FORMATS[kind]:
        raise OptionError(
            f"{WORDS[kind]} can't be saved as {suffix}", next_step=f"Choose {' or '.join(FORMATS[kind])}."
        )
