"""Writing the frames of one film."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.errors import GremioError
from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.metadata import comment, exif

if TYPE_CHECKING:
    from PIL.Image import Image


def write_gif(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A GIF that repeats for ever. It counts time in hundredths of a second, at least two of them."""
    first, *rest = artifact.value
    duration = max(20, round(100 / artifact.rate) * 10)
    first.save(path, "GIF", save_all=True, append_images=rest, duration=duration, loop=0, comment=comment(metadata))


def write_animated_webp(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """An animated WebP that repeats for ever."""
    first, *rest = (frame.convert("RGB") for frame in artifact.value)
    duration = max(1, round(1000 / artifact.rate))
    first.save(path, "WEBP", save_all=True, append_images=rest, duration=duration, loop=0, exif=exif(metadata))


def write_mp4(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """An MP4 (H.264, 4:2:0, which plays everywhere), by the ffmpeg that imageio-ffmpeg brings."""
    frames = artifact.value
    ffmpeg = importlib.import_module("imageio_ffmpeg")
    try:
        writer = ffmpeg.write_frames(
            str(path), _even(frames[0].size), fps=artifact.rate, codec="libx264", macro_block_size=1, quality=8
        )
        _feed(writer, frames)
    except OSError as error:
        # ffmpeg's whole log would be the message.
        raise _failed(path, error) if error.errno is None else error from error
    except RuntimeError as error:
        raise _failed(path, error) from error


def _feed(writer: Any, frames: tuple[Image, ...]) -> None:
    writer.send(None)
    try:
        for frame in frames:
            writer.send(_at_even_size(frame).tobytes())
    finally:
        writer.close()


def _failed(path: Path, error: Exception) -> GremioError:
    lines = [line.strip() for line in str(error).splitlines()]
    # The log ends with the reason, or with its own heading when ffmpeg said nothing.
    last = next((line for line in reversed(lines) if line and not line.endswith(":")), "it gave no reason")
    return GremioError(f"ffmpeg could not write {path.suffix}: {last}", next_step="Choose .gif.")


def _even(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def _at_even_size(frame: Image) -> Image:
    """The frame in RGB, its last column or row doubled where H.264 needs an even number."""
    frame = frame.convert("RGB")
    if _even(frame.size) == frame.size:
        return frame
    whole = frame.resize(_even(frame.size))
    width, height = frame.size
    whole.paste(frame, (whole.width - width, whole.height - height))
    whole.paste(frame, (0, 0))
    return whole
