"""``gremio.lock``: entries as TOML that reads well, merges well and is the same for the same entries.

Shaped after PEP 751 where it fits: ``lock-version``, ``created-by``, one table an entry, sorted by name; one line a
file.

    lock-version = "1.0"
    created-by = "gremio"

    [[pipelines]]
    name = "fox"
    ref = "lpw_stable_diffusion"
    model = "stable-diffusion-v1-5/stable-diffusion-v1-5"

    [pipelines.code]
    source = "mirror"
    repo = "diffusers/community-pipelines-mirror"
    commit = "3e78…"
    entry = "lpw_stable_diffusion.py"
    digest = "sha256:…"

    [pipelines.code.files]
    "lpw_stable_diffusion.py" = "sha256:…"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gremio.code import Digest, Origin, check_path
from gremio.errors import GremioError, LockError
from gremio.machine.writing import store_errors, write_file
from gremio.trust.approvals import Approval
from gremio.workspace.entry import LockedCode, LockedModel, LockEntry

LOCK = "gremio.lock"
_VERSION = "1.0"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_ASKED = ("ref", "revision", "class-name", "model", "model-revision", "variant")


def read_lock(file: Path) -> dict[str, LockEntry]:
    """The entries of a lock by name; none where there is no file.

    Raises:
        LockError: it is no lock, or one of a later format.
    """
    with store_errors(file):
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError as error:
            raise LockError("it is not UTF-8", ref=str(file), next_step=_MEND) from error
    return parse(text, ref=str(file))


def write_lock(file: Path, entries: Iterable[LockEntry]) -> None:
    """Put the entries into the file, in one step.

    Raises:
        StoreError: it can't be written.
    """
    write_file(file, format_lock(entries).encode())


def check_name(name: str) -> str:
    """Return the name if an entry may have it.

    Raises:
        LockError: it has characters that names don't have.
    """
    if not _NAME.fullmatch(name):
        raise LockError("this can't name a pipeline", ref=name, next_step="Use letters, digits, dots and dashes.")
    return name


_MEND = "Mend it by hand, take it from version control, or remove it and add its pipelines again."


def parse(text: str, *, ref: str = LOCK) -> dict[str, LockEntry]:
    """Read a lock.

    Raises:
        LockError: it can't be one; the error names the entry and the key.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise LockError(f"it is no TOML ({error})", ref=ref, next_step=_MEND) from error
    if document.get("lock-version") != _VERSION:
        raise LockError(
            f"its lock-version is {document.get('lock-version')!r}, and this gremio reads {_VERSION}",
            ref=ref,
            next_step="Use the gremio that wrote it, or a newer one.",
        )
    tables = document.get("pipelines", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise LockError('"pipelines" is no list of tables', ref=ref, next_step=_MEND)
    entries: dict[str, LockEntry] = {}
    for table in tables:
        entry = _Reader(table, ref).entry()
        if entry.name in entries:
            raise LockError(f"{entry.name} is in it twice", ref=ref, next_step=_MEND)
        entries[entry.name] = entry
    return entries


class _Reader:
    """One table of the file, every value checked."""

    def __init__(self, table: Mapping[str, Any], ref: str) -> None:
        self._table = table
        self._ref = ref
        self._name = str(table.get("name", "an entry without a name"))

    def entry(self) -> LockEntry:
        name = check_name(self._text(self._table, "name"))
        asked = {key.replace("-", "_"): self._text(self._table, key, default="") for key in _ASKED}
        code = self._part(self._table, "code")
        weights = self._part(self._table, "weights")
        return LockEntry(
            name,
            **asked,
            sandbox=self._flag("sandbox"),
            code=self._code(code) if code else None,
            weights=self._model(weights) if weights else None,
        )

    def _code(self, table: Mapping[str, Any]) -> LockedCode:
        origin = Origin(
            self._text(table, "source"),
            self._text(table, "repo"),
            self._text(table, "commit", default=""),
            self._text(table, "commit", default=""),
            self._text(table, "path", default=""),
        )
        digest = self._digest(self._text(table, "digest"))
        return LockedCode(
            origin,
            self._path(self._text(table, "entry")),
            digest,
            self._files(table),
            self._texts(table, "packages"),
            self._approval(self._part(table, "approval"), digest),
        )

    def _model(self, table: Mapping[str, Any]) -> LockedModel:
        code = self._part(table, "code")
        return LockedModel(
            self._text(table, "repo"),
            self._text(table, "commit", default=""),
            self._files(table),
            self._text(table, "variant", default=""),
            self._code(code) if code else None,
        )

    def _approval(self, table: Mapping[str, Any], digest: Digest) -> Approval | None:
        if not table:
            return None
        findings = table.get("findings", [])
        if not isinstance(findings, list) or not all(isinstance(each, str) for each in findings):
            raise self._bad("findings", findings)
        by, at = self._text(table, "by"), self._text(table, "at")
        return Approval(digest, by, at, self._text(table, "note", default=""), tuple(findings))

    def _files(self, table: Mapping[str, Any]) -> dict[str, str]:
        return {self._path(path): str(self._digest(text)) for path, text in self._texts(table, "files").items()}

    def _texts(self, table: Mapping[str, Any], key: str) -> dict[str, str]:
        found = self._part(table, key)
        if not all(isinstance(value, str) for value in found.values()):
            raise self._bad(key, found)
        return dict(found)

    def _part(self, table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = table.get(key, {})
        if not isinstance(found, dict):
            raise self._bad(key, found)
        return found

    def _text(self, table: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
        found = table.get(key, default)
        if not isinstance(found, str) or (default is None and not found):
            raise self._bad(key, found)
        return found

    def _flag(self, key: str) -> bool:
        found = self._table.get(key, False)
        if not isinstance(found, bool):
            raise self._bad(key, found)
        return found

    def _digest(self, text: str) -> Digest:
        try:
            return Digest.parse(text)
        except GremioError as error:
            raise self._bad("a hash", text) from error

    def _path(self, text: str) -> str:
        try:
            return check_path(text)
        except GremioError as error:
            raise self._bad("a path", text) from error

    def _bad(self, key: str, value: object) -> LockError:
        return LockError(f"{self._name}: {key} is {value!r}", ref=self._ref, next_step=_MEND)


def format_lock(entries: Iterable[LockEntry]) -> str:
    """The text of a lock; the same entries in any order give the same text."""
    import tomli_w

    tables = [_entry(entry) for entry in sorted(entries, key=lambda each: each.name)]
    return tomli_w.dumps({"lock-version": _VERSION, "created-by": "gremio", "pipelines": tables})


def _entry(entry: LockEntry) -> dict[str, Any]:
    asked = {key: getattr(entry, key.replace("-", "_")) for key in _ASKED}
    table: dict[str, Any] = {"name": entry.name} | {key: value for key, value in asked.items() if value}
    if entry.sandbox:
        table["sandbox"] = True
    if entry.code:
        table["code"] = _code(entry.code)
    if entry.weights:
        table["weights"] = _model(entry.weights)
    return table


def _code(code: LockedCode) -> dict[str, Any]:
    origin = code.origin
    table: dict[str, Any] = {"source": origin.source, "repo": origin.repo}
    table |= {key: value for key, value in (("commit", origin.commit), ("path", origin.path)) if value}
    table |= {"entry": code.entry, "digest": str(code.digest), "files": dict(sorted(code.files.items()))}
    if code.approval:
        told = code.approval
        table["approval"] = {"by": told.by, "at": told.at} | ({"note": told.note} if told.note else {})
        if told.findings:
            table["approval"]["findings"] = list(told.findings)
    if code.packages:
        table["packages"] = dict(sorted(code.packages.items()))
    return table


def _model(model: LockedModel) -> dict[str, Any]:
    table: dict[str, Any] = {"repo": model.repo}
    table |= {key: value for key, value in (("commit", model.commit), ("variant", model.variant)) if value}
    table["files"] = dict(sorted(model.files.items()))
    if model.code:
        table["code"] = _code(model.code)
    return table
