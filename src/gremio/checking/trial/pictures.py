"""Made-up pictures, films and sounds: smooth, not all the same, and the same every time."""

from __future__ import annotations

import math
from typing import Any


def picture(side: int, *, place: int = 0) -> Any:
    """A square RGB picture; another ``place`` shows another one."""
    import numpy as np
    from PIL import Image

    down, across = np.mgrid[0:side, 0:side] / side
    turn = place * 0.37
    waves = [np.sin(2 * math.pi * (across * (1 + k) + down * (2 - k) + turn + k / 3)) for k in range(3)]
    return Image.fromarray(((np.stack(waves, axis=-1) + 1) * 127).astype("uint8"))


def mask(side: int) -> Any:
    """A grey picture, white in the middle half and black around it."""
    import numpy as np
    from PIL import Image

    white = np.zeros((side, side), dtype="uint8")
    white[side // 4 : side - side // 4, side // 4 : side - side // 4] = 255
    return Image.fromarray(white)


def film(side: int, frames: int) -> list[Any]:
    """A picture that changes."""
    return [picture(side, place=place) for place in range(frames)]


def film_file(side: int, frames: int) -> str:
    """The path of a film in the temporary folder, which goes when the process ends: MP4, or GIF without imageio."""
    import atexit
    import tempfile
    from pathlib import Path

    import numpy as np

    folder = tempfile.TemporaryDirectory(prefix="gremio-trial-film-")
    atexit.register(folder.cleanup)
    pictures = film(side, frames)
    try:
        import imageio
    except ImportError:
        path = Path(folder.name) / "film.gif"
        pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    else:
        path = Path(folder.name) / "film.mp4"
        imageio.mimwrite(path, [np.asarray(each) for each in pictures], fps=10)
    return str(path)


def sound(samples: int = 16000) -> Any:
    """A tone as float32."""
    import numpy as np

    return (0.3 * np.sin(np.arange(samples) / 16000 * 2 * math.pi * 220)).astype("float32")


def as_tensor(image: Any) -> Any:
    """A picture as diffusers' image processor makes it: (1, 3, H, W) from -1 to 1."""
    import numpy as np
    import torch

    values = torch.from_numpy(np.asarray(image.convert("RGB")).astype("float32") / 127.5 - 1)
    return values.permute(2, 0, 1)[None]


def mask_as_tensor(image: Any) -> Any:
    """A mask as diffusers' mask processor makes it: (1, 1, H, W) of zeros and ones."""
    import numpy as np
    import torch

    return torch.from_numpy((np.asarray(image) > 127).astype("float32"))[None, None]
