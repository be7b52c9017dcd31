"""A table as a page of Markdown, for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gremio.checking.counting import Counts, SideBySide, counts, is_stock, side_by_side
from gremio.checking.outcomes import OUTCOMES, Outcome, advice
from gremio.checking.portable import without_folders
from gremio.checking.table import Column, Entry, Table

WORDS: dict[Outcome, str] = {
    "runs": "runs",
    "partly": "own argument fails",
    "loads": "loads, does not run",
    "fails": "does not load",
    "packages": "packages missing",
    "refused": "not allowed to run",
    "timeout": "out of time",
    "memory": "out of memory",
    "crashed": "crashed",
    "no pipeline": "no pipeline",
}
_LONGEST = 200


def page(table: Table) -> str:
    """The counts, then each file by version, why what does not run doesn't, and what was not exercised."""
    lines = ["# What runs", "", *_when(list(table)), ""]
    lines += _totals(counts(table))
    lines += _beside(side_by_side(table))
    lines += _files(table)
    for column in table.columns():
        lines += _reasons(column, table)
    lines += _not_exercised(table)
    return "\n".join(lines).rstrip() + "\n"


def _when(entries: Sequence[Entry]) -> Iterator[str]:
    dates = sorted({entry.date for entry in entries})
    if not dates:
        yield "Nothing was checked yet."
        return
    when = f"on {dates[0]}" if len(dates) == 1 else f"from {dates[0]} to {dates[-1]}"
    yield f"Checked {when} by `gremio check --all`, which writes this page."
    yield ""
    packages = sorted({name for entry in entries for name in entry.versions})
    for name in packages:
        found = sorted({entry.versions.get(name, "") for entry in entries} - {""})
        yield f"- {name} {', '.join(found)}"


def _totals(found: Sequence[Counts]) -> Iterator[str]:
    words = [word for word in OUTCOMES if word != "runs" and any(each.by_outcome.get(word) for each in found)]
    yield "## Counts"
    yield ""
    yield from _table(
        ["code", "diffusers", "loaded by", "runs", *(WORDS[word] for word in words), "own arguments exercised"],
        (
            [
                *_heads(each.column),
                f"**{each.runs} of {each.pipelines}**",
                *(str(each.by_outcome.get(word, 0)) for word in words),
                "not tried" if each.own is None else f"{each.exercised} of {each.own}",
            ]
            for each in found
        ),
    )
    yield ""


def _heads(column: Column) -> list[str]:
    mends = "" if column.mend else ", no mends"
    return [_cell(column.version), column.diffusers, f"{column.loader}{mends}"]


def _beside(pairs: Sequence[SideBySide]) -> Iterator[str]:
    if not pairs:
        return
    yield "## Beside plain diffusers"
    yield ""
    titles = ["code", "diffusers", "mended", "run in both", "bit-identical", "differ", "random in either"]
    yield from _table(
        [*titles, "only in plain diffusers"],
        (
            [
                _cell(pair.ours.version),
                pair.ours.diffusers,
                "yes" if pair.ours.mend else "no",
                str(pair.both),
                str(pair.identical),
                *(_names(names) for names in (pair.differing, pair.unsettled, pair.only_diffusers)),
            ]
            for pair in pairs
        ),
    )
    yield ""


def _names(names: Sequence[str]) -> str:
    return f"{len(names)}: {', '.join(f'`{_cell(name)}`' for name in names)}" if names else "0"


def _files(table: Table) -> Iterator[str]:
    columns = table.columns()
    yield "## Files"
    yield ""
    rows = (
        [f"`{_cell(name)}`", *(_mark(table, table.get(name, column)) for column in columns)] for name in table.names()
    )
    yield from _table(["file", *(_cell(str(column)) for column in columns)], rows)
    yield ""


def _mark(table: Table, entry: Entry | None) -> str:
    if entry is None:
        return ""
    word = WORDS[table.outcome(entry)]
    if is_stock(entry):
        word += ", no code of its own"
    if own := entry.report.own_arguments:
        word += f" {entry.report.exercised}/{len(own)}"
    if entry.outcome == "runs":
        repaired = [*(["mended"] if entry.report.mends else []), *(["relocated"] if entry.report.relocations else [])]
        return f"**{word}**" + (f" ({', '.join(repaired)})" if repaired else "")
    return word


def _reasons(column: Column, table: Table) -> Iterator[str]:
    failed = [entry for entry in table.of_column(column) if table.outcome(entry) not in ("runs", "no pipeline")]
    if not failed:
        return
    yield f"## Why not: {column}"
    yield ""
    for entry in failed:
        yield f"- `{entry.name}`, {WORDS[entry.outcome]}: {reason(entry)}"
    yield ""


def _not_exercised(table: Table) -> Iterator[str]:
    """Of the newest version, as Gremio loads it: of which arguments nothing is known, and why."""
    columns = [column for column in table.columns() if column.loader == "gremio" and column.mend]
    entries = [entry for entry in table.of_column(columns[-1]) if entry.report.not_exercised] if columns else []
    if not entries:
        return
    yield f"## Own arguments not exercised: {columns[-1]}"
    yield ""
    for entry in entries:
        report = entry.report
        told = (f"`{name}`: {_plain(why)}" for name, why in report.not_exercised.items())
        yield f"- `{entry.name}`{f', beside `{report.sibling}`' if report.sibling else ''}: {'; '.join(told)}"
    yield ""


def _plain(text: str) -> str:
    return f"`{_quoted(text)}`"


def reason(entry: Entry) -> str:
    """Why it does not run, in one line of Markdown."""
    report = entry.report
    if report.missing:
        return _plain(advice(report))
    if report.error is None:
        return f"it ended at the stage `{report.reached}`"
    text = _plain(f"{report.error.kind}: {report.error.message}")
    if report.error.place:
        text += f" at {_plain(report.error.place)}"
    return text


def _quoted(text: str) -> str:
    """On one line and inside backticks, without the folders of this machine."""
    line = without_folders(" ".join(text.split())).replace("`", "'")
    line = line.replace("](", "] (")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for row in rows:
        yield _row(row)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
