"""What made a file, written into it and read back.

Keys are ``gremio:prompt``, ``gremio:seed`` and so on. Values are any Unicode text.

    .png                 one iTXt chunk per key
    .jpg .jpeg .webp     EXIF UserComment, JSON in ASCII
    .gif                 comment, JSON in ASCII
    everything else      a JSON file beside it: out.wav has out.wav.json

A JPEG holds 64 KiB of EXIF; what is longer goes to a file beside it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.errors import GremioError, OptionError
from gremio.machine.placing import place

if TYPE_CHECKING:
    from PIL import Image, PngImagePlugin

_KEY = re.compile(r"gremio:[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_BY_FILE = frozenset({".mp4", ".wav", ".npy", ".npz", ".txt"})
_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_ASCII = b"ASCII\0\0\0"
_JPEG_LIMIT = 65_000


def normalise(metadata: Mapping[str, str]) -> dict[str, str]:
    """The same with values that UTF-8 can hold.

    Raises:
        OptionError: a key is not ``gremio:`` with letters, digits and ``_.:-``, or is too long for a PNG.
    """
    for key in metadata:
        if not _KEY.fullmatch(key):
            raise OptionError(f"{key!r} can't be a key of metadata")
    # Half a surrogate pair, which file names and broken JSON bring, is in no Unicode file.
    return {key: value.encode("utf-8", "replace").decode("utf-8") for key, value in metadata.items()}


def png_chunks(metadata: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    """The chunks of a PNG: iTXt, the only kind that holds more than Latin-1."""
    from PIL import PngImagePlugin

    chunks = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        chunks.add_itxt(key, value)
    return chunks


def exif(metadata: Mapping[str, str]) -> bytes:
    """The EXIF block of a JPEG or WebP, empty when there is nothing to say."""
    from PIL import Image

    if not metadata:
        return b""
    block = Image.Exif()
    block.get_ifd(_EXIF_IFD)[_USER_COMMENT] = _ASCII + comment(metadata)
    return block.tobytes()


def comment(metadata: Mapping[str, str]) -> bytes:
    """The comment of a GIF, empty when there is nothing to say."""
    return json.dumps(dict(metadata)).encode("ascii") if metadata else b""


def fits_inside(suffix: str, metadata: Mapping[str, str]) -> bool:
    """Whether a file of this kind can hold the metadata itself."""
    if suffix in (".jpg", ".jpeg"):
        return len(exif(metadata)) <= _JPEG_LIMIT
    return suffix not in _BY_FILE


def sidecar(path: Path) -> Path:
    """The file beside a file that can't hold metadata."""
    return path.with_name(path.name + ".json")


def write_beside(path: Path, metadata: Mapping[str, str]) -> Path | None:
    """Write the file beside; with nothing to say, take away an old one of ours, which would tell of another file."""
    beside = sidecar(path)
    if metadata:
        text = json.dumps(dict(metadata), ensure_ascii=False, indent=2) + "\n"
        return place(beside, lambda temporary: temporary.write_text(text, "utf-8"))
    try:
        if beside.is_file() and _ours(_loads(beside.read_bytes())):
            beside.unlink()
    except OSError as error:
        raise GremioError(f"{beside} tells of an older file and can't be removed: {error}") from error
    return None


def read_metadata(path: str | Path) -> dict[str, str]:
    """What was written when the file was saved, by key; empty for a file that says nothing.

    The text comes from the file: whoever made the file chose it. PIL reads pictures; torch and numpy are not needed.

    Raises:
        GremioError: there is no such file, it is no picture or a damaged one, or the JSON beside it is none.
    """
    path = Path(path)
    if not path.is_file():
        raise OptionError(f"there is no file {path}")
    inside = {} if path.suffix.lower() in _BY_FILE else _read_picture(path)
    return inside or _read_beside(path)


def _read_beside(path: Path) -> dict[str, str]:
    beside = sidecar(path)
    try:
        return _ours(json.loads(beside.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise GremioError(f"{beside} can't be read: {error}") from error


def _read_picture(path: Path) -> dict[str, str]:
    try:
        from PIL import Image
    except ImportError as error:
        raise GremioError(f"{path}: reading pictures needs Pillow", next_step='pip install "gremio[run]"') from error
    try:
        with Image.open(path) as picture:
            # Only decoding shows that a file is whole.
            picture.load()
            return _ours(picture.info) or _ours(_loads(_comment_in(picture)))
    # PIL's plugins report damage in all of these ways.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise GremioError(f"{path} can't be read as a picture: {error}") from error


def _comment_in(picture: Image.Image) -> bytes:
    if picture.format == "GIF":
        return _bytes(picture.info.get("comment"))
    if picture.format not in ("JPEG", "WEBP"):
        return b""
    return _bytes(picture.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT)).removeprefix(_ASCII)


def _bytes(value: object) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else value if isinstance(value, bytes) else b""


def _loads(comment: bytes) -> object:
    try:
        return json.loads(comment)
    except (ValueError, RecursionError):
        # Somebody else's comment.
        return None


def _ours(found: Any) -> dict[str, str]:
    pairs = found.items() if isinstance(found, dict) else ()
    # PIL gives a text chunk as a subclass of str that carries its language.
    return {str(key): str(value) for key, value in pairs if _is_ours(key) and isinstance(value, str)}


def _is_ours(key: object) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None
