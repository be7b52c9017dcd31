"""Controls of a form as Gradio's components, and what they hold back to values of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from gremio.errors import OptionError
from gremio.running.calls.attachment import read_picture
from gremio.running.form import Control, Form
from gremio.running.form.filling import shown_default
from gremio.studio.page.words import Words

_MOST_FRAMES = 512
_BRUSH = "#ffffff"


@dataclass(frozen=True)
class Field:
    """A control and the component that shows it. ``part`` is ``mask file`` for the second way to give a mask."""

    control: Control
    component: Any
    part: str = ""


def seed(words: Words) -> Any:
    """The field for the seed, which every form has."""
    return gr.Textbox(interactive=True, label=words("seed"), info=words("seed_about"), max_length=20, elem_id="seed")


def fields(controls: Sequence[Control], form: Form, words: Words) -> Iterator[Field]:
    """A component for each; a picture that a mask is drawn on has none of its own."""
    drawn_on = {each.over for each in form.controls if each.kind == "mask"}
    for control in controls:
        if control.name in drawn_on and control.kind == "picture":
            continue
        yield Field(control, _component(control, words))


def mask_files(form: Form, words: Words) -> Iterator[Field]:
    """The other way to give a mask that is drawn: as a file."""
    for control in form.controls:
        if control.kind == "mask" and control.over:
            yield Field(control, _picture(control, words("mask_file"), f"{control.name}-file"), "mask file")


def tensor_files(form: Form, words: Words) -> Iterator[Field]:
    """One place for all tensors: files that are named by what they are for."""
    if form.tensors:
        names = tuple(each.name for each in form.tensors)
        found = gr.File(
            interactive=True,
            label=words("tensors"),
            file_count="multiple",
            file_types=[".npy", ".safetensors"],
            type="filepath",
            height=140,
            elem_id="field-tensors",
        )
        gr.HTML(f"<p class=quiet>{escape(words('tensors_about', names=', '.join(names)))}</p>", padding=True)
        yield Field(Control("tensors", "tensors", words("tensors"), choices=names), found)


def values(held: Mapping[str, Any], fields: Sequence[Field], folder: Path) -> dict[str, object]:
    """The values of the form; pictures and films are written into ``folder``, and named by what they are for.

    Raises:
        OptionError: a file is no picture or film, or named like no tensor that is taken.
    """
    found: dict[str, object] = {}
    for field in fields:
        control, value = field.control, held.get(field.component.elem_id)
        if control.kind == "mask" and control.over and not field.part:
            found |= _painted(control, value, folder)
        elif control.kind == "tensors":
            found |= _tensors(control, value or (), folder)
        elif control.kind in ("picture", "mask", "pictures", "video"):
            if value:
                found[control.name] = list(_files(control, value, folder))
        elif value is not None:
            found[control.name] = value
    return found


def _component(control: Control, words: Words) -> Any:
    makers = {
        "prompt": _text,
        "text": _text,
        "list": _written,
        "json": _written,
        "mask": _mask,
        "picture": lambda each, said: _picture(each, _tip(each, said), each.name),
        "pictures": _several,
        "video": _several,
        "number": _number,
        "integer": _number,
        "choice": _choice,
        "boolean": _boolean,
    }
    return makers[control.kind](control, words)


def _tip(control: Control, words: Words) -> str:
    told = control.tip[:600]
    return f"{told} {words('lines')}".strip() if control.lines else told


def _label(control: Control, words: Words) -> str:
    return f"{control.label} ({words('required')})" if control.required else control.label


def _text(control: Control, words: Words) -> Any:
    lines = 3 if control.kind == "prompt" and "neg" not in control.name else 1
    return gr.Textbox(
        interactive=True,
        value=str(shown_default(control) or ""),
        label=_label(control, words),
        info=_tip(control, words) or None,
        lines=lines,
        max_lines=20,
        elem_id=f"field-{control.name}",
    )


def _written(control: Control, words: Words) -> Any:
    shown = shown_default(control)
    return gr.Textbox(
        interactive=True,
        value="" if shown is None else str(shown),
        label=f"{_label(control, words)} ({words('as_json')})",
        info=_tip(control, words) or None,
        placeholder="[…]" if control.kind == "list" else "{…}",
        elem_id=f"field-{control.name}",
    )


def _number(control: Control, words: Words) -> Any:
    shown = shown_default(control)
    value = shown if isinstance(shown, int | float) and not isinstance(shown, bool) else None
    common: dict[str, Any] = {
        "value": value,
        "label": _label(control, words),
        "info": _tip(control, words) or None,
        "elem_id": f"field-{control.name}",
    }
    if value is not None and control.least is not None and control.most is not None:
        step = control.step or (control.most - control.least) / 100
        return gr.Slider(control.least, control.most, interactive=True, step=step, **common)
    if value is None:
        # Gradio's own field for numbers can't be empty: what nobody filled in would come back as nought.
        return gr.Textbox(interactive=True, **common, placeholder=words("default"), max_length=40)
    return gr.Number(interactive=True, step=control.step or 0.1, **common)


def _choice(control: Control, words: Words) -> Any:
    shown = [(_word(each, words), each) for each in control.choices]
    own = [] if control.default in control.choices else [(words("default"), "")]
    return gr.Dropdown(
        interactive=True,
        choices=[*own, *shown],
        value=control.default if control.default in control.choices else "",
        label=_label(control, words),
        info=_tip(control, words) or None,
        elem_id=f"field-{control.name}",
    )


def _word(value: object, words: Words) -> str:
    return words("yes_word" if value else "no_word") if isinstance(value, bool) else str(value)


def _boolean(control: Control, words: Words) -> Any:
    return gr.Checkbox(
        interactive=True,
        value=bool(control.default),
        label=_label(control, words),
        info=_tip(control, words) or None,
        elem_id=f"field-{control.name}",
    )


def _picture(control: Control, tip: str, name: str) -> Any:
    with gr.Group():
        found = gr.Image(
            interactive=True,
            label=control.label if not tip else f"{control.label}",
            type="filepath",
            sources=["upload", "clipboard"],
            height=230,
            elem_id=f"field-{name}",
            buttons=[],
        )
        if tip:
            gr.HTML(f"<p class=quiet>{escape(tip)}</p>", padding=True)
    return found


def _mask(control: Control, words: Words) -> Any:
    if not control.over:
        return _picture(control, words("mask_file"), control.name)
    with gr.Group():
        found = gr.ImageEditor(
            interactive=True,
            label=f"{control.over.replace('_', ' ').capitalize()} + {control.label.lower()}",
            type="pil",
            format="png",
            sources=["upload", "clipboard"],
            brush=gr.Brush(default_size=24, colors=[_BRUSH], color_mode="fixed"),
            transforms=(),
            layers=False,
            height=420,
            elem_id=f"field-{control.name}",
            buttons=[],
        )
        gr.HTML(f"<p class=quiet>{escape(words('mask_drawn'))}</p>", padding=True)
    return found


def _several(control: Control, words: Words) -> Any:
    film = control.kind == "video"
    label = _label(control, words)
    return gr.File(
        interactive=True,
        label=label if control.files else f"{label} ({words('several')})",
        file_count="single" if control.files else "multiple",
        file_types=["video", "image"] if film else ["image"],
        type="filepath",
        height=140,
        elem_id=f"field-{control.name}",
    )


def _painted(control: Control, value: Any, folder: Path) -> dict[str, object]:
    """The picture, and where somebody painted on it, white on black."""
    background = (value or {}).get("background")
    if background is None:
        return {}
    picture = folder / f"{control.over}.png"
    background.convert("RGB").save(picture)
    found: dict[str, object] = {control.over: [picture]}
    from PIL import Image, ImageChops

    painted = Image.new("L", background.size, 0)
    for layer in value.get("layers") or ():
        alpha = layer.convert("RGBA").getchannel("A").resize(background.size)
        painted = ImageChops.lighter(painted, alpha.point(lambda level: 255 if level > 40 else 0))
    if painted.getbbox():
        mask = folder / f"{control.name}.png"
        painted.save(mask)
        found[control.name] = [mask]
    return found


def _files(control: Control, value: Any, folder: Path) -> Iterator[Path]:
    paths = [Path(str(each)) for each in (value if isinstance(value, list) else [value])]
    if control.files:
        target = folder / f"{control.name}{paths[0].suffix.lower()[:8]}"
        target.write_bytes(paths[0].read_bytes())
        yield target
        return
    pictures = [picture for path in paths for picture in _pictures(control, path)]
    for number, picture in enumerate(pictures[:_MOST_FRAMES], 1):
        name = control.name if len(pictures) == 1 else f"{control.name}-{number:03}"
        target = folder / f"{name}.png"
        # As it was read: what went in can be given to the command, and is then the same to the last bit.
        picture.save(target)
        yield target


def _tensors(control: Control, uploaded: Sequence[str], folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in map(Path, uploaded):
        if path.stem not in control.choices:
            raise OptionError(
                f"{path.name} is named like no tensor that this pipeline takes",
                next_step=f"Name the file {' or '.join(f'{name}{path.suffix}' for name in control.choices)}.",
            )
        target = folder / path.name
        target.write_bytes(path.read_bytes())
        found[path.stem] = target
    return found


def _pictures(control: Control, path: Path) -> Iterator[Any]:
    if control.kind != "video" or path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".bmp"):
        yield read_picture(path)
        return
    from PIL import Image, ImageSequence

    if path.suffix.lower() == ".gif":
        with Image.open(path) as film:
            yield from (frame.convert("RGB") for frame in ImageSequence.Iterator(film))
        return
    try:
        import imageio.v3 as imageio
    except ImportError as error:
        raise OptionError("films need the extra `video`", next_step='pip install "gremio[video]"') from error
    try:
        frames = imageio.imiter(path, plugin="FFMPEG")
        yield from (Image.fromarray(frame) for frame, _ in zip(frames, range(_MOST_FRAMES), strict=False))
    except Exception as error:
        raise OptionError(f"{path.name} can't be read as a film: {str(error)[:200]}") from error
