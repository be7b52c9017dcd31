"""Fills a local Hub with the model, the shelf and a mirror of community pipelines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gremio.demo.places import MODEL, shelf

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DEMO = "gremio/demo"
EMBER = "gremio/demo-ember"
TILING = "gremio/seamless-tiling"
MIRROR = "diffusers/community-pipelines-mirror"


@dataclass(frozen=True)
class Stock:
    """The commits of what was put there, 40 hex digits each."""

    model: str
    ember: str
    tiling: str


def stock(api: HfApi) -> Stock:
    """Create the repositories and upload their files, one commit each."""
    books = shelf()
    _put(api, MIRROR, {f"main/{name}.py": books / name / "pipeline.py" for name in _pipelines(books)}, "dataset")
    return Stock(
        model=_put(api, DEMO, _files(MODEL)),
        ember=_put(api, EMBER, _with_ember(books / "ember_scheduler")),
        tiling=_put(api, TILING, _files(books / "seamless_tiling")),
    )


def _pipelines(books: Path) -> list[str]:
    return sorted(path.parent.name for path in books.glob("*/pipeline.py"))


def _files(folder: Path) -> dict[str, Path | bytes]:
    return {
        p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }


def _with_ember(ember: Path) -> dict[str, Path | bytes]:
    """The model with a scheduler of our own: its code in its folder, its name in the index."""
    files = {path: data for path, data in _files(MODEL).items() if not path.startswith("scheduler/")}
    own = MODEL / "scheduler" / "scheduler_config.json"
    config = json.loads((ember / "scheduler" / "scheduler_config.json").read_bytes())
    model_config = json.loads(own.read_bytes())
    shared = {name: model_config[name] for name in config if name in model_config and not name.startswith("_")}
    index = json.loads((MODEL / "model_index.json").read_bytes())
    index["scheduler"] = ["ember_scheduler", "EmberScheduler"]
    return {
        **files,
        "model_index.json": json.dumps(index, indent=2).encode(),
        "scheduler/scheduler_config.json": json.dumps(config | shared, indent=2).encode(),
        "scheduler/ember_scheduler.py": ember / "scheduler" / "ember_scheduler.py",
    }


def _put(api: HfApi, repo_id: str, files: dict[str, Path | bytes] | dict[str, Path], kind: str = "model") -> str:
    from huggingface_hub import CommitOperationAdd

    api.create_repo(repo_id, repo_type=kind)
    operations = [CommitOperationAdd(path, data) for path, data in sorted(files.items())]
    message = "What the demo needs"
    return str(api.create_commit(repo_id, operations, commit_message=message, repo_type=kind).oid)
