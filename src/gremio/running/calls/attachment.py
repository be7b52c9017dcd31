"""Files given as values: pictures, arrays, JSON and text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gremio.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def read(name: str) -> object:
    """What ``@name`` stands for: a PIL image, a NumPy array, what a .json file holds, or a .txt file's text without its
    last newline.

    Raises:
        OptionError: there is no such file, it can't be read, or its extension is none of these.
    """
    path = Path(name).expanduser()
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise OptionError(
            f"@{name} is no file that can be read as a value",
            next_step=f"@FILE reads {', '.join(_READERS)}. For a value that begins with @, write @@{name}.",
        )
    return reader(path)


def read_picture(path: Path) -> Image:
    """A picture in RGB, shape (H, W, 3), turned the way its camera held it; one that is grey stays so, shape (H, W).

    Raises:
        OptionError: there is no such file, or it is no whole picture.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise OptionError(f"{path}: pictures need Pillow", next_step='pip install "gremio[run]"') from error
    try:
        with Image.open(path.expanduser()) as picture:
            return ImageOps.exif_transpose(picture).convert("L" if picture.mode in ("1", "L") else "RGB")
    except FileNotFoundError as error:
        raise _no_such_file(path) from error
    # PIL's plugins report damage in all of these ways.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise OptionError(f"{path} can't be read as a picture: {error}") from error


def read_array(path: str | Path) -> np.ndarray:
    """The array of a .npy file, or the only tensor of a .safetensors file. Nothing in a file can run.

    Raises:
        OptionError: there is no such file, it is damaged, or has several tensors.
    """
    try:
        import numpy as np
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError as error:
        raise OptionError(f"{path}: arrays need NumPy", next_step='pip install "gremio[run]"') from error
    path = Path(path).expanduser()
    try:
        if path.suffix.lower() == ".npy":
            # Mapped first: a file that claims to be larger than it is takes no memory.
            return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        tensors = load_file(path)
    except FileNotFoundError as error:
        raise _no_such_file(path) from error
    except (OSError, ValueError, TypeError, KeyError, EOFError, SyntaxError, SafetensorError) as error:
        raise OptionError(f"{path} can't be read as an array: {error}") from error
    if len(tensors) != 1:
        names = ", ".join(sorted(tensors)[:8]) or "none"
        raise OptionError(f"{path} has {len(tensors)} tensors ({names})", next_step="Save one in each file.")
    return next(iter(tensors.values()))


def _read_json(path: Path) -> object:
    try:
        return json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{path} is no JSON: {error}") from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except FileNotFoundError as error:
        raise _no_such_file(path) from error
    except (OSError, ValueError) as error:
        raise OptionError(f"{path} can't be read as text: {error}") from error


def _no_such_file(path: Path) -> OptionError:
    return OptionError(f"there is no file {path}", next_step="For a value that begins with @, write @@.")


_READERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys(_PICTURES, read_picture),
    ".npy": read_array,
    ".safetensors": read_array,
    ".json": _read_json,
    ".txt": _read_text,
}
