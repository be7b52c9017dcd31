"""Files of jobs: CSV, JSON lines, Parquet; and folders of pictures.

An empty cell, and null, is a cell that isn't there. The column ``id`` names a row; without one its number does.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from gremio.batching.jobs.row import Jobs, Problem, Row
from gremio.errors import OptionError
from gremio.machine.paths import expanded, is_folder

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", re.ASCII)
_NOT_ID = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_CELL = 64 * 1024 * 1024

Found = tuple[str, "dict[str, Any] | Problem"]
"""The place of a row, and its cells or what is wrong with it."""


def read_jobs(path: str | os.PathLike[str]) -> Jobs:
    """The rows of a file, or one for each picture of a folder.

    Raises:
        OptionError: there is no such file, it is none of these, or it has no rows.
    """
    file = expanded(path)
    if is_folder(file):
        return _jobs(_pictures(file), str(file.resolve()), named=str(path))
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        kinds = ", ".join(_READERS)
        raise OptionError("this is no file of jobs", ref=str(path), next_step=f"Give {kinds} or a folder of pictures.")
    try:
        return _jobs(reader(file), str(file.resolve().parent), named=str(path))
    except FileNotFoundError as error:
        raise OptionError("there is no such file", ref=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"it can't be read: {error}", ref=str(path), next_step="Save it as UTF-8.") from error


def _jobs(found: Iterator[Found], folder: str, *, named: str) -> Jobs:
    rows: list[Row] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for number, (place, cells) in enumerate(found, 1):
        row = cells if isinstance(cells, Problem) else _row(number, place, cells, folder)
        if isinstance(row, Problem):
            problems.append(row)
            continue
        # Two that differ in case only are one file on some systems.
        first = seen.setdefault(row.id.casefold(), place)
        if first != place:
            problems.append(Problem(place, f"its id {row.id!r} is that of {first} too"))
        rows.append(row)
    if not rows and not problems:
        raise OptionError("there are no rows in it", ref=named)
    return Jobs(tuple(rows), tuple(problems))


def _row(number: int, place: str, cells: dict[str, Any], folder: str) -> Row | Problem:
    given = {name: value for name, value in cells.items() if value is not None and value != ""}
    own = str(given.pop("id", f"{number:06}"))
    if not _ID.fullmatch(own):
        return Problem(place, f"its id {own!r} can't name a file: use letters, digits, - and _, at most 100")
    return Row(own, place, given, folder)


def _csv(path: Path) -> Iterator[Found]:
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        try:
            columns = [name.strip().replace("-", "_") for name in next(lines, [])]
        except csv.Error as error:
            raise OptionError(f"its first line is no CSV: {error}", ref=str(path)) from error
        _check_columns(columns, path)
        yield from _csv_rows(lines, columns)


def _csv_rows(lines: Any, columns: list[str]) -> Iterator[Found]:
    while True:
        place = f"line {lines.line_num + 1}"
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            # Where quotes don't fit, nothing after them can be told apart.
            yield place, Problem(place, f"it is no CSV: {error}")
            return
        if len(cells) > len(columns):
            yield place, Problem(place, f"it has {len(cells)} cells, and there are {len(columns)} columns")
        elif cells:
            yield place, dict(zip(columns, cells, strict=False))


def _check_columns(columns: list[str], path: Path) -> None:
    if not columns or not all(columns):
        raise OptionError(
            "its first line has to name every column", ref=str(path), next_step="Such as: id,prompt,steps"
        )
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice:
        raise OptionError(f"it has the column {twice!r} twice", ref=str(path))


def _jsonl(path: Path) -> Iterator[Found]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"line {number}", _object(line, f"line {number}")


def _object(line: str, place: str) -> dict[str, Any] | Problem:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Problem(place, f"it is no JSON: {error}")
    if not isinstance(found, dict):
        return Problem(place, "it is no JSON object, such as {" + '"prompt": "a fox"}')
    return {str(name).replace("-", "_"): value for name, value in found.items()}


def _parquet(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        yield from _parquet_rows(file, path)


def _parquet_rows(file: IO[bytes], path: Path) -> Iterator[Found]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise OptionError(
            "Parquet needs pyarrow",
            ref=str(path),
            next_step='pip install "gremio[parquet]", or give CSV or JSON lines.',
        ) from error
    try:
        table = pyarrow.parquet.ParquetFile(file)
        _check_columns(table.schema_arrow.names, path)
        number = 0
        for part in table.iter_batches():
            for cells in part.to_pylist():
                number += 1
                yield f"row {number}", {name.replace("-", "_"): value for name, value in cells.items()}
    except pyarrow.ArrowException as error:
        raise OptionError(f"it can't be read as Parquet: {error}", ref=str(path)) from error


def _pictures(folder: Path) -> Iterator[Found]:
    names = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in PICTURES and each.is_file())
    if not names:
        step = f"Pictures are {', '.join(PICTURES)}."
        raise OptionError("there are no pictures in this folder", ref=str(folder), next_step=step)
    stems = Counter(Path(name).stem for name in names)
    for name in names:
        # fox.png beside fox.jpg
        told = name if stems[Path(name).stem] > 1 else Path(name).stem
        own = _NOT_ID.sub("-", told).strip("-")[:100]
        yield name, {"image": f"@{name}"} | ({"id": own} if own else {})


_READERS: dict[str, Callable[[Path], Iterator[Found]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
