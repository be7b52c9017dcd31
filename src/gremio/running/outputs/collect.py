"""From what a pipeline returned to artifacts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from gremio.errors import OptionError
from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.foreign import is_array, is_picture, to_numpy
from gremio.running.outputs.layout import as_clips, has_nan
from gremio.running.outputs.sound import looks_like_sound, sounds

Role = Literal["pictures", "film", "sound", "text", "unnamed"]

# What a result calls what; of fields that are not here (flags, embeddings) the rest of a named result has no need.
_ROLES: dict[str, Role] = {
    "images": "pictures",
    "image": "pictures",
    "prediction": "pictures",
    "depth_colored": "pictures",
    "depth_np": "pictures",
    "frames": "film",
    "videos": "film",
    "video": "film",
    "audios": "sound",
    "audio": "sound",
    "waveforms": "sound",
    "text": "text",
    "texts": "text",
}
_RATES = ("sampling_rate", "sample_rate", "audio_sampling_rate", "audio_sample_rate")
_FASTEST = 1e6  # Hz; beyond that a rate is none
_FPS = 10.0  # what diffusers.utils.export_to_video and export_to_gif take
_NAN = "some of its values were no numbers (NaN) and are black; another dtype may help (float32, bfloat16)"
_UNSAFE = "the pipeline's safety checker replaced this picture"
_KNOWN = "Pictures, films, sounds, arrays and text can be saved; a pipeline chooses with --set output_type=pil or =np."


def collect(result: object, *, fps: float | None = None) -> list[Artifact]:
    """Everything worth a file in what a pipeline returned.

    - A named result (a Diffusers output, a dataclass, a named tuple, a mapping, an object of a class that is called
      an output): its ``images``, ``image``, ``prediction``, ``frames``, ``videos``, ``audios``, ``text`` and their
      like. If it has none of these, its first field.
    - A tuple: its first element, the way ``return_dict=False`` means it; a tuple of nothing but pictures is a list.
    - A list: of pictures, each one a picture (in ``frames``: the frames of one film); of lists of pictures, each one a
      film, unless they have alpha, which layers have and films don't; of arrays, each by its layout.
    - An array or tensor: by its layout, see ``layout`` and ``sound``; what is neither, as latents, stays an array.
    - A string: text.

    Films have ``fps`` frames per second, 10 without one; sounds the sampling rate that a field of the result names, and
    without one they stay arrays.

    Raises:
        OptionError: the result is nothing, is empty, or holds something that can't be saved.
    """
    reader = _Reader(fps or _FPS, _rate_in(result))
    artifacts = _with_verdicts(list(reader.read_result(result)), result)
    if not artifacts:
        raise OptionError(f"the pipeline returned an empty {type(result).__name__}", next_step=_KNOWN)
    return artifacts


@dataclasses.dataclass(frozen=True)
class _Reader:
    fps: float
    sampling_rate: float

    def read_result(self, result: object) -> Iterator[Artifact]:
        fields = _fields(result)
        if fields is not None:
            return self._read_fields(fields, type(result).__name__)
        if isinstance(result, tuple) and result and not all(map(is_picture, result)):
            return self.read(result[0], "unnamed")
        return self.read(result, "unnamed")

    def _read_fields(self, fields: Mapping[str, object], owner: str) -> Iterator[Artifact]:
        known = [name for name in fields if name in _ROLES and fields[name] is not None]
        if not fields:
            raise OptionError(f"the pipeline returned an empty {owner}", next_step=_KNOWN)
        for name in known or list(fields)[:1]:
            yield from self.read(fields[name], _ROLES.get(name, "unnamed"))

    def read(self, value: Any, role: Role) -> Iterator[Artifact]:
        if is_picture(value):
            yield _picture(value)
        elif isinstance(value, str):
            yield Artifact("text", value)
        elif is_array(value):
            yield from self._read_array(value, role)
        elif isinstance(value, (list, tuple)):
            yield from self._read_list(value, role)
        else:
            raise OptionError(
                f"the pipeline returned {_article(value)}, which can't be saved as a file", next_step=_KNOWN
            )

    def _read_list(self, values: Sequence[Any], role: Role) -> Iterator[Artifact]:
        if values and all(map(is_picture, values)):
            yield from self._film(values) if role == "film" else map(_picture, values)
            return
        if role == "film" and _are_frames(values):
            yield from self._read_array(_stack(values), role)
            return
        for value in values:
            nested = isinstance(value, (list, tuple))
            # [[picture, picture], …]: one film each. In a film, [(H, W, 3), …] are its frames.
            yield from self.read(value, "film" if nested and role in ("pictures", "unnamed") else role)

    def _read_array(self, value: object, role: Role) -> Iterator[Artifact]:
        array = to_numpy(value)
        if array.dtype == object:
            yield from self.read(array.tolist(), role)
        elif role == "sound" or (role == "unnamed" and self.sampling_rate and looks_like_sound(array)):
            yield from sounds(array, self.sampling_rate)
        else:
            yield from self._read_pixels(array, role)

    def _read_pixels(self, array: Any, role: Role) -> Iterator[Artifact]:
        if array.size == 0:
            return
        clips = as_clips(array) if role != "text" else None
        if clips is None:
            yield Artifact("array", array)
            return
        note = _NAN if has_nan(array) else ""
        if role == "film" and array.ndim in (3, 4):
            clips = clips.swapaxes(0, 1)
        for clip in clips:
            yield from self._film([_to_picture(frame) for frame in clip], note)

    def _film(self, frames: Sequence[Any], note: str = "") -> Iterator[Artifact]:
        if len(frames) == 1 or any("A" in frame.mode for frame in frames):
            yield from (dataclasses.replace(_picture(frame), note=note) for frame in frames)
        elif len({frame.size for frame in frames}) > 1:
            yield from map(_picture, frames)
        else:
            yield Artifact("frames", tuple(frames), self.fps, note)


def _fields(result: object) -> dict[str, object] | None:
    """The fields of a named result, or None when it is something else."""
    if isinstance(result, Mapping):
        return {str(name): value for name, value in result.items()}
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    if type(result).__name__.endswith("Output") and getattr(result, "__dict__", None):
        return dict(vars(result))
    names = getattr(type(result), "_fields", None)
    return {name: getattr(result, name) for name in names} if isinstance(result, tuple) and names else None


def _rate_in(result: object) -> float:
    fields = _fields(result) or {}
    told = (rate for name in _RATES if isinstance(rate := fields.get(name), (int, float)))
    return next((float(rate) for rate in told if 0 < rate <= _FASTEST), 0.0)


def _with_verdicts(artifacts: list[Artifact], result: object) -> list[Artifact]:
    """The same, with a note on each picture that a safety checker blacked out, for black pictures puzzle people."""
    fields = _fields(result)
    verdicts = fields.get("nsfw_content_detected") if fields else None
    if fields is None and isinstance(result, tuple) and len(result) == 2:
        verdicts = result[1]
    if not isinstance(verdicts, list) or len(verdicts) != len(artifacts):
        return artifacts
    return [
        dataclasses.replace(artifact, note=_UNSAFE) if _is_true(verdict) else artifact
        for artifact, verdict in zip(artifacts, verdicts, strict=True)
    ]


def _is_true(verdict: object) -> bool:
    """Whether this is True, Python's or numpy's; a picture is not."""
    return type(verdict).__name__.startswith("bool") and bool(verdict)


def _are_frames(values: Sequence[Any]) -> bool:
    """Whether this is a list of arrays of one shape with three axes: one film, frame by frame."""
    if not values or not all(map(is_array, values)):
        return False
    return len({tuple(value.shape) for value in values}) == 1 and len(values[0].shape) == 3


def _stack(values: Sequence[Any]) -> Any:
    import numpy as np

    return np.stack([to_numpy(value) for value in values])


def _picture(image: Any) -> Artifact:
    if not image.width or not image.height:
        raise OptionError("the pipeline returned a picture without pixels", next_step="Choose another --size.")
    return Artifact("image", image)


def _to_picture(pixels: Any) -> Any:
    """(H, W, C) bytes as a PIL image."""
    import numpy as np
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if pixels.shape[-1] == 1 else pixels))


def _article(value: object) -> str:
    if value is None:
        return "nothing"
    name = type(value).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"
