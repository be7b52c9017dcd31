"""What the API says of a repository: its model card's metadata, its files, its visibility."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from gremio.localhub.repo_settings import timestamp
from gremio.localhub.repositories import Repository, get_commit
from gremio.localhub.snapshots import Entry, Snapshot, snapshot

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)


def parse_card(text: str) -> dict[str, Any]:
    """The metadata at the head of a README; raises ValueError where it is no YAML mapping."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}
    try:
        metadata = yaml.safe_load(match[1])
    except yaml.YAMLError as broken:
        raise ValueError(f"the metadata of README.md is no YAML: {broken}") from broken
    if not isinstance(metadata, dict | None):
        raise ValueError("the metadata of README.md is no mapping")
    return metadata or {}


def describe_repo(repo: Repository, commit: str, *, blobs: bool = False, siblings: bool = True) -> dict[str, Any]:
    """A repository at a commit, as ``model_info`` and ``dataset_info`` read it."""
    settings = repo.settings
    with snapshot(repo, commit) as files:
        card, config = _card(files), _config(files)
        info: dict[str, Any] = {
            "_id": commit[:24],
            "id": repo.name.id,
            "author": repo.name.namespace,
            "sha": commit,
            "createdAt": settings.created_at,
            "lastModified": timestamp(get_commit(files.git, commit).commit_time),
            "private": settings.private,
            "gated": settings.gated,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": _tags(card, config),
            "cardData": json.loads(json.dumps(card, default=str)),
        }
        if repo.name.kind == "model":
            library = card.get("library_name") or ("diffusers" if config else None)
            info |= {"modelId": repo.name.id, "library_name": library, "pipeline_tag": card.get("pipeline_tag")}
            info |= {"config": {"diffusers": config} if config else {}, "spaces": []}
        if siblings:
            info["siblings"] = _siblings(files, blobs=blobs)
    return {key: value for key, value in info.items() if value is not None}


def describe_entry(entry: Entry) -> dict[str, Any]:
    """A file or folder, as the tree lists it."""
    if entry.is_folder:
        return {"type": "directory", "oid": entry.oid, "size": 0, "path": entry.path}
    described = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
    if entry.pointer:
        lfs = {"oid": entry.pointer.oid, "size": entry.size, "pointerSize": entry.pointer_size}
        described["lfs"] = lfs
    return described


def _siblings(files: Snapshot, *, blobs: bool) -> list[dict[str, Any]]:
    if not blobs:
        return [{"rfilename": path} for path in files.oids()]
    return [_sibling(entry) for entry in files.files()]


def _sibling(entry: Entry) -> dict[str, Any]:
    described: dict[str, Any] = {"rfilename": entry.path, "blobId": entry.oid, "size": entry.size}
    if entry.pointer:
        lfs = {"sha256": entry.pointer.oid, "size": entry.size, "pointerSize": entry.pointer_size}
        described["lfs"] = lfs
    return described


def _card(files: Snapshot) -> dict[str, Any]:
    try:
        return parse_card(files.text("README.md"))
    except ValueError:
        return {}


def _config(files: Snapshot) -> dict[str, Any]:
    try:
        index = json.loads(files.text("model_index.json") or "{}")
    except ValueError:
        return {}
    names = index.get("_class_name") if isinstance(index, dict) else None
    name = names[-1] if isinstance(names, list) and names else names
    return {"_class_name": name} if isinstance(name, str) else {}


def _tags(card: dict[str, Any], config: dict[str, Any]) -> list[str]:
    given = card.get("tags")
    tags = [str(tag) for tag in given] if isinstance(given, list) else []
    if config:
        tags += ["diffusers", f"diffusers:{config['_class_name']}"]
    for key in ("library_name", "pipeline_tag"):
        tags += [card[key]] if isinstance(card.get(key), str) else []
    if isinstance(card.get("license"), str):
        tags.append(f"license:{card['license']}")
    return list(dict.fromkeys(tags))
