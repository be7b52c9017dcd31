"""``manifest.jsonl``: what a job is, and a line for every row that is done with.

The first line tells the job. A line is written, and is on the disk, after the files that it names are; so what a line
says is there, whatever ended the process. The last line may be torn, and is then no line. Of two lines of a row the
later holds. When a job is complete the file is written anew, in the order of the rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gremio.batching.made import Made
from gremio.errors import GremioError, OptionError
from gremio.machine.placing import place

NAME = "manifest.jsonl"
PARQUET = "manifest.parquet"
_KEY = "gremio-batch"
_VERSION = 1


@dataclass(frozen=True)
class Recorded:
    """What a manifest says: the job, and what became of rows, by id."""

    job: Mapping[str, Any]
    made: Mapping[str, Made]


class Manifest:
    """The manifest in one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def read(self) -> Recorded | None:
        """What it says; None where there is none, or nothing but a torn first line.

        Raises:
            GremioError: it is no manifest.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        # What follows the last newline is a line that was never finished.
        lines = data.split(b"\n")[:-1]
        if not lines:
            return None
        try:
            head = json.loads(lines[0])
            if not isinstance(head, dict) or head.get(_KEY) != _VERSION:
                raise ValueError("it does not begin as one")
            made = [Made.of(json.loads(line)) for line in lines[1:]]
        except (ValueError, TypeError, KeyError) as error:
            step = "Choose another -o, or move that file away."
            raise GremioError(f"it is no manifest of a batch: {error}", ref=str(self.path), next_step=step) from error
        return Recorded(head["job"], {each.row: each for each in made})

    def begin(self, job: Mapping[str, Any]) -> None:
        """Start a new one."""
        self._write([_head(job)])

    def mend(self) -> None:
        """Cut off what an interrupted process has left behind the last whole line."""
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            with self.path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())

    def add(self, made: Sequence[Made]) -> None:
        """Append lines; they are on the disk when this returns.

        Raises:
            OSError: they can't be written.
        """
        with self.path.open("ab") as file:
            file.write(b"".join(_line(each.as_dict()) for each in made))
            file.flush()
            os.fsync(file.fileno())

    def finish(self, job: Mapping[str, Any], made: Iterable[Made]) -> None:
        """Write it anew, with these lines in this order."""
        self._write([_head(job), *(_line(each.as_dict()) for each in made)])

    def _write(self, lines: list[bytes]) -> None:
        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())

        place(self.path, write)


def _head(job: Mapping[str, Any]) -> bytes:
    return _line({_KEY: _VERSION, "job": dict(job)})


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def require_pyarrow() -> None:
    """Say before the work, and not after it, that what writes Parquet is missing.

    Raises:
        OptionError: it is.
    """
    if find_spec("pyarrow") is None:
        raise OptionError("Parquet needs pyarrow", next_step='pip install "gremio[parquet]"')


def write_parquet(path: Path, made: Iterable[Made]) -> None:
    """The same as a table: a line for each file, and one for each row that has none. Needs pyarrow."""
    import pyarrow
    import pyarrow.parquet

    lines = [line for each in made for line in _flat(each)]
    place(path, lambda temporary: pyarrow.parquet.write_table(pyarrow.Table.from_pylist(lines, _schema()), temporary))


def _flat(made: Made) -> list[dict[str, Any]]:
    row = {"row": made.row, "seed": made.seed, "code": made.code, "seconds": made.seconds, "error": made.error}
    row |= {"note": made.note}
    files = [{"file": each.file, "sha256": each.sha256, "size": each.size} for each in made.files]
    return [row | each for each in files or [{"file": None, "sha256": None, "size": None}]]


def _schema() -> Any:
    import pyarrow

    text, whole = pyarrow.string(), pyarrow.int64()
    columns = {"row": text, "file": text, "sha256": text, "size": whole, "seed": whole, "code": text}
    return pyarrow.schema(list({**columns, "seconds": pyarrow.float64(), "error": text, "note": text}.items()))
