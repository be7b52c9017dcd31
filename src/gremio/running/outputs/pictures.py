"""Writing one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.metadata import exif, fits_inside, png_chunks

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITY = 95
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I"})
_JPEG_MODES = frozenset({"L", "RGB", "CMYK"})
_WEBP_MODES = frozenset({"RGB", "RGBA"})


def write_png(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A PNG with every pixel as it is."""
    _in_mode(artifact.value, _PNG_MODES).save(path, "PNG", pnginfo=png_chunks(metadata))


def write_jpeg(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A JPEG of quality 95; what is transparent becomes white."""
    block = exif(metadata) if fits_inside(".jpg", metadata) else b""
    _in_mode(_on_white(artifact.value), _JPEG_MODES).save(path, "JPEG", quality=_QUALITY, exif=block)


def write_webp(artifact: Artifact, metadata: Mapping[str, str], path: Path) -> None:
    """A WebP of quality 95."""
    picture = _in_mode(artifact.value, _WEBP_MODES, "RGBA" if _has_alpha(artifact.value) else "RGB")
    picture.save(path, "WEBP", quality=_QUALITY, exif=exif(metadata))


def _in_mode(picture: Image, modes: frozenset[str], fallback: str = "RGB") -> Image:
    return picture if picture.mode in modes else picture.convert(fallback)


def _has_alpha(picture: Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _on_white(picture: Image) -> Image:
    if not _has_alpha(picture):
        return picture
    from PIL import Image

    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
