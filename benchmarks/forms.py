"""Call every community pipeline of a folder by the form that the studio shows for it, and count.

    python benchmarks/forms.py /path/to/diffusers/examples/community [--only NAME …] [--json OUT]

Each file that `gremio check` can call gets the same tiny components and is then called again by its form alone: what
the check passes is put into the controls as a person would (a picture is uploaded as a file, a number typed), the rest
stays as the form shows it. Whatever a form has no control for is not passed. Nothing of the folder is kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from confining import SEED, working

_LARGEST_LIST = 400  # values; what has more is no text that a person types


class NotTyped(Exception):
    """Nobody could put this into the control."""


def drive(file: Path, place: Path) -> None:
    """In a process of its own: find a call that works, and make it by the form."""
    row: dict[str, Any] = {"file": file.name, "outcome": "does not run here"}
    try:
        _drive(file, place, row)
        row["outcome"] = "called"
    except BaseException as error:
        row["why"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    (place / "row.json").write_text(json.dumps(row))


def _drive(file: Path, place: Path, row: dict[str, Any]) -> None:
    import torch

    from gremio.checking.trial.pipelines import seed_all
    from gremio.checking.trial.stand_ins import stand_ins
    from gremio.running.calls import CallSignature, build
    from gremio.running.form import Form, fill
    from gremio.running.outputs import collect

    torch.set_num_threads(1)
    with stand_ins(seed=SEED):
        maker, caller, _ = working(file)
        if caller.plan.entry != "__call__":
            row["outcome"] = "has no __call__"
            raise ValueError(f"it is called by {caller.plan.entry}()")
        row["outcome"] = "form lacks what is required"
        form = Form.of(CallSignature.of(caller.pipeline))
        if form.lacking:
            raise ValueError(", ".join(f"{each.name}: {each.why}" for each in form.lacking))
        row["outcome"] = "form does not call it"
        given = caller.plan.arguments()
        row["values"] = values = {
            each.name: typed(each, given[each.name], place) for each in form.controls if each.name in given
        }
        values |= {each.name: saved(each.name, given.get(each.name), place) for each in form.tensors}
        filled = fill(form, values)
        arguments = build(form.signature, **filled.given(), seed=SEED if form.seed else None)
        pipeline = maker.ready()
        seed_all(SEED)
        collect(pipeline(**arguments))


def typed(control: Any, value: Any, place: Path) -> Any:
    """What a person would put into the control to mean this value: text, a number, or files."""
    if value is None:
        return None
    if control.kind in ("picture", "mask", "pictures", "video"):
        several = value if isinstance(value, list | tuple) else [value]
        files = [_uploaded(each, place / f"{control.name}{number}.png") for number, each in enumerate(several)]
        return files[0] if control.kind in ("picture", "mask") and len(files) == 1 else files
    if control.lines and isinstance(value, list | tuple):
        flat = all(isinstance(each, str) for each in value)
        return "\n".join(value) if flat else json.dumps(value)
    if isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    try:
        text = json.dumps(value)
    except TypeError:
        raise NotTyped(f"{control.name} was called with {type(value).__name__}") from None
    if len(text) > 10 * _LARGEST_LIST:
        raise NotTyped(f"{control.name} was called with {len(text)} characters")
    return text


def saved(name: str, value: Any, place: Path) -> str | None:
    """A tensor as the file that a person uploads; what is none is left out."""
    import numpy as np

    [value] = value if isinstance(value, list) and len(value) == 1 else [value]
    if not hasattr(value, "numpy") or not hasattr(value, "float"):
        return None
    path = place / f"{name}.npy"
    np.save(path, (value.float() if value.is_floating_point() else value).numpy())
    return str(path)


def _uploaded(value: Any, path: Path) -> str:
    """A file with this picture: a tensor between -1 and 1 or an array is drawn as one."""
    import numpy as np
    import PIL.Image
    import torch

    if isinstance(value, str | Path):
        return str(value)
    if isinstance(value, torch.Tensor):
        tensor = value[0] if value.ndim == 4 else value
        spread = (tensor.float() + 1) / 2 if float(tensor.min()) < 0 else tensor.float()
        array = spread.permute(1, 2, 0).numpy() if tensor.ndim == 3 else spread.numpy()
        value = (array.clip(0, 1) * 255).round().astype("uint8")
    if isinstance(value, np.ndarray):
        array = value[0] if value.ndim == 4 else value
        array = array if array.dtype == np.uint8 else (array.clip(0, 1) * 255).astype("uint8")
        value = PIL.Image.fromarray(array.squeeze(-1) if array.ndim == 3 and array.shape[-1] == 1 else array)
    if not isinstance(value, PIL.Image.Image):
        raise NotTyped(f"{path.stem} was called with {type(value).__name__}, which is no picture")
    value.save(path)
    return str(path)


def main() -> None:
    """Print a line per file that its form does not call, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", help="A file's name without .py; several in turn.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = [file for file in sorted(options.folder.glob("*.py")) if not options.only or file.stem in options.only]
    rows = []
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GREMIO_HOME": f"{home}/gremio", "HF_HOME": f"{home}/hf", "HF_HUB_OFFLINE": "1"}
        os.environ |= {"OMP_NUM_THREADS": "1", "DIFFUSERS_VERBOSITY": "error", "TRANSFORMERS_VERBOSITY": "error"}
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        from gremio.machine.processes.fork_server import import_libraries

        import_libraries()
        context = multiprocessing.get_context("fork")
        for file in files:
            place = Path(home, file.stem)
            (place / "code").mkdir(parents=True)
            # Alone: what lies beside it may be taken for its components.
            file = Path(shutil.copy(file, place / "code" / file.name))
            process = context.Process(target=drive, args=(file, place))
            process.start()
            process.join(600)
            process.kill()
            told = place / "row.json"
            row = (
                json.loads(told.read_text()) if told.exists() else {"file": file.name, "outcome": "no result in 600 s"}
            )
            rows.append(row)
            if row["outcome"] != "called":
                print(f"{file.stem}: {row['outcome']}: {row.get('why', '')}", flush=True)
    print(dict(Counter(str(row["outcome"]) for row in rows).most_common()))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
