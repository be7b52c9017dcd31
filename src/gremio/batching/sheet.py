"""``index.html``: what was made, to look at. Everything in it is escaped; it links to the files beside it."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gremio.batching.jobs.row import Row
from gremio.batching.made import Made
from gremio.machine.placing import place

_PAGE = 500
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #1e1e22; background: #faf9f6 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 1rem }
figure { margin: 0 } img, video { width: 100%; border-radius: 4px; background: #ddd }
figcaption { font-size: 12px; color: #55555c; overflow-wrap: anywhere }
.failed { color: #a02020 } nav a { margin-right: 1ex }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1e } figcaption { color: #aaa } }
"""


def write_sheets(folder: Path, rows: Sequence[Row], made: Mapping[str, Made], job: Mapping[str, Any]) -> list[str]:
    """Write as many pages as the rows that are done with need; their names."""
    done = [row for row in rows if row.id in made]
    pages = max(1, -(-len(done) // _PAGE))
    names = [_name(number) for number in range(pages)]
    for number, name in enumerate(names):
        part = done[number * _PAGE : (number + 1) * _PAGE]
        text = "\n".join(_page(part, made, job, number, names, len(done), len(rows)))
        place(folder / name, partial(_write, text))
    return names


def _write(text: str, path: Path) -> None:
    path.write_text(text, "utf-8", "replace")


def _name(number: int) -> str:
    return f"index-{number + 1}.html" if number else "index.html"


def _page(
    rows: Sequence[Row],
    made: Mapping[str, Made],
    job: Mapping[str, Any],
    number: int,
    names: Sequence[str],
    done: int,
    total: int,
) -> Iterator[str]:
    title = html.escape(f"{job.get('pipeline', 'batch')}: {done} of {total} rows")
    yield f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>\n<style>{_STYLE}</style>'
    about = f"seed {job.get('seed')}, code {job.get('code-digest') or 'of diffusers'}"
    yield f"<h1>{title}</h1>\n<p>{html.escape(about)}</p>"
    if len(names) > 1:
        links = [f'<a href="{name}">{n}</a>' if n != number + 1 else str(n) for n, name in enumerate(names, 1)]
        yield f"<nav>{' '.join(links)}</nav>"
    yield "<main>"
    for row in rows:
        yield from _figure(row, made[row.id])
    yield "</main>\n</html>"


def _figure(row: Row, made: Made) -> Iterator[str]:
    said = row.cells.get("prompt") or ""
    caption = html.escape(f"{row.id} · {made.seed} · {said if isinstance(said, str) else ', '.join(map(str, said))}")
    if made.error:
        yield f'<figure><figcaption class="failed">{caption}<br>{html.escape(made.error)}</figcaption></figure>'
        return
    for file in made.files:
        link, name = quote(file.file), html.escape(file.file, quote=True)
        suffix = Path(file.file).suffix.lower()
        shown = f'<img src="{link}" alt="{name}" loading="lazy">' if suffix in _PICTURES else name
        if suffix == ".mp4":
            shown = f'<video src="{link}" preload="none" controls></video>'
        yield f'<figure><a href="{link}">{shown}</a><figcaption>{caption}</figcaption></figure>'
