"""The parts of the page that are plain markup. Whatever comes from elsewhere is escaped: it is text, never markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import urlencode

from gremio.studio.cards import Card
from gremio.studio.choosing import Opened
from gremio.studio.drawing.order import Drawn, Piece
from gremio.studio.line import Job, Line
from gremio.studio.page.words import Words
from gremio.studio.sessions import Work
from gremio.trust.findings import Finding

_MOST_FINDINGS = 60


def address(language: str, **query: str) -> str:
    """A link within the studio."""
    return "/?" + urlencode({name: value for name, value in query.items() if value} | {"lang": language})


def header(words: Words, query: dict[str, str], *, back: bool) -> str:
    """The name of the place, the way back, and the other language."""
    others = "".join(
        f'<a href="{escape(address(each, **query))}" lang="{each}"'
        f"{' aria-current=true' if each == words.language else ''}>{name}</a>"
        for each, name in (("en", "English"), ("es", "Español"))
    )
    start = escape(address(words.language, all="1"))
    way = f'<a class="back" href="{start}">← {escape(words("back"))}</a>' if back else ""
    home = f'<a class="home" href="{start}">Gremio <span>{escape(words("studio"))}</span></a>'
    return f'<header class="top">{home}{way}<nav class="languages">{others}</nav></header>'


def cards(found: Iterable[Card], words: Words, *, more: bool) -> str:
    """A list of links."""
    items = "".join(_card(card, words) for card in found)
    if not items:
        return f'<p class="quiet" role="status">{escape(words("nothing"))}</p>'
    told = f'<p class="quiet">{escape(words("more_found"))}</p>' if more else ""
    return f'<ul class="cards">{items}</ul>{told}'


def _card(card: Card, words: Words) -> str:
    entry = card.entry
    ref, model = (f"shelf:{entry.name}", "demo") if card.on_shelf else (entry.ref, card.model)
    target = escape(address(words.language, ref=ref, model=model))
    if card.picture is not None:
        picture = f'<img src="/card/{escape(card.picture.name)}" alt="" loading="lazy" width="320" height="200">'
    else:
        picture = f'<span class="blank" aria-hidden="true">{escape(entry.heading[:1].upper())}</span>'
    authors = f"{words('by')} {', '.join(entry.authors[:3])}" if entry.authors else ""
    origin = words("shelf" if card.on_shelf else {"mirror": "community"}.get(entry.source, entry.source))
    tags = [*entry.tasks[:2], *([entry.family] if entry.family else []), origin]
    state = f'<span class="bad">{escape(words("missing"))}: {escape(", ".join(entry.missing))}</span>'
    return (
        f'<li><a class="card" href="{target}">{picture}<strong>{escape(entry.heading)}</strong>'
        f"<span class=about>{escape(entry.description[:220])}</span>"
        f"<span class=authors>{escape(authors)}</span>"
        f"<span class=tags>{''.join(f'<span>{escape(tag)}</span>' for tag in tags)}</span>"
        f"{state if entry.missing else ''}</a></li>"
    )


def about(opened: Opened, words: Words) -> str:
    """The title and what it is for."""
    lines = [line.strip() for line in opened.about.strip().splitlines()]
    first = " ".join(lines[: lines.index("")] if "" in lines else lines)[:600]
    return f"<h1>{escape(opened.title)}</h1><p class=about>{escape(first)}</p>"


def review(opened: Opened, words: Words) -> str:
    """Where the code comes from, its digest, and what it would be able to do."""
    if opened.tree is None or opened.review is None:
        return ""
    lacking = sorted({each.package or each.name for each in opened.review.missing})
    told = f"<p class=bad>{escape(words('lacks'))} <code>pip install {escape(' '.join(lacking))}</code></p>"
    return (
        f"<dl class=facts><dt>{escape(words('comes_from'))}</dt><dd><code>{escape(str(opened.tree.origin))}</code></dd>"
        f"<dt>{escape(words('digest'))}</dt><dd><code>{escape(str(opened.tree.digest))}</code></dd></dl>"
        f"{told if lacking else ''}{findings(opened.findings, words)}"
    )


def findings(found: Iterable[Finding], words: Words) -> str:
    """By severity; the least only counted."""
    shown = [each for each in found if each.severity != "low"]
    if not shown:
        return f"<p class=quiet>{escape(words('found_none'))}</p>"
    items = "".join(_finding(each, words) for each in shown[:_MOST_FINDINGS])
    rest = f"<li>… +{len(shown) - _MOST_FINDINGS}</li>" if len(shown) > _MOST_FINDINGS else ""
    return f"<ul class=findings>{items}{rest}</ul>"


def _finding(finding: Finding, words: Words) -> str:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    why = f"<br><small>{escape(finding.why)}</small>" if finding.severity == "high" else ""
    return (
        f"<li class={finding.severity}><b>{escape(words(finding.severity))}</b> <code>{escape(finding.code)}</code>"
        f" {escape(finding.what)} <code>{escape(place)}</code>{why}</li>"
    )


def error(text: str, words: Words) -> str:
    """Something that went wrong."""
    return f'<div class="trouble" role="alert"><b>{escape(words("failed"))}</b><pre>{escape(text)}</pre></div>'


def note(text: str) -> str:
    """Something to know."""
    return f'<p class="quiet" role="status">{escape(text)}</p>'


def status(work: Work, line: Line, seconds: float, words: Words) -> str:
    """How far a work is, with what can be seen of it already."""
    job = work.job
    notes = "".join(note(text) for text in _notes(job, words))
    if job.state == "failed":
        return error(job.error, words) + notes
    if job.state == "cancelled":
        return note(words("cancelled")) + notes
    if job.state == "done":
        took = f"{sum(each.seconds for each in job.drawn):.1f}"
        return note(words("done", seconds=took, seed=work.orders[0].seed)) + notes
    return f'<div class="progress" role="status" aria-live="polite">{_progress(job, line, seconds, words)}</div>{notes}'


def _progress(job: Job, line: Line, seconds: float, words: Words) -> str:
    if job.state == "waiting":
        return f"<p>{escape(words('waiting', count=line.before(job)))}</p><progress></progress>"
    if job.state == "loading":
        return f"<p>{escape(words('loading'))}</p><progress></progress>"
    parts = [words("drawing")]
    if job.step:
        parts.append(words("step", done=job.step, total=job.steps) if job.steps else words("step_only", done=job.step))
    left = job.left
    told = words("elapsed", seconds=round(seconds)) if left is None else words("left", seconds=max(1, round(left)))
    bar = f"<progress value={job.step} max={job.steps}></progress>" if job.steps else "<progress></progress>"
    return f"<p>{escape(' · '.join([*parts, told]))}</p>{bar}"


def _notes(job: Job, words: Words) -> Iterator[str]:
    yield from job.notes
    for what in job.unloaded:
        yield words("unloaded", what=what)
    for drawn in job.drawn:
        yield from (text.rpartition("/")[2] for text in drawn.notes)
        if drawn.shared:
            yield words("shared", count=drawn.shared)


def result(work: Work | None, words: Words) -> str:
    """What was made, one column for each pipeline; while it is made, what can be seen of it."""
    if work is None:
        return f"<p class=quiet>{escape(words('empty'))}</p>"
    columns = [_column(work, number, drawn, words) for number, drawn in enumerate(work.drawn)]
    if not work.job.over and work.job.preview:
        source = f"/made/{work.number}/{work.job.preview}"
        preview = f'<figure><img class="preview" src="{escape(source)}" alt="{escape(words("drawing"))}"></figure>'
        columns.append(f"<section>{preview}</section>")
    return f'<div class="results" data-columns="{len(columns)}">{"".join(columns)}</div>'


def _column(work: Work, number: int, drawn: Drawn, words: Words) -> str:
    title = f"<h3>{escape(work.titles[number])}</h3>" if len(work.orders) > 1 else ""
    return f"<section>{title}{''.join(_piece(work, each, words) for each in drawn.pieces)}</section>"


def _piece(work: Work, piece: Piece, words: Words) -> str:
    source = escape(f"/made/{work.number}/{piece.file}")
    link = f'<a class="download" href="{source}" download="{escape(piece.file)}">{escape(words("download"))}</a>'
    moving = piece.file.endswith(".mp4")
    if piece.kind == "audio":
        shown = f'<audio controls src="{source}"></audio>'
    elif piece.kind == "frames" and moving:
        shown = f'<video controls loop autoplay muted src="{source}"></video>'
    elif piece.kind in ("image", "frames"):
        shown = f'<img src="{source}" alt="{escape(work.asked.get("prompt") or work.titles[0])}">'
    elif piece.kind == "text":
        text = (work.folder / piece.file).read_text("utf-8", "replace")
        shown = f"<pre>{escape(text[:20_000])}</pre>"
    else:
        shown = f"<p><code>{escape(piece.file)}</code></p>"
    beside = work.folder / f"{piece.file}.json"
    told = f' <a href="{source}.json" download>.json</a>' if beside.is_file() else ""
    return f"<figure>{shown}<figcaption>{link}{told}</figcaption></figure>"


def again(work: Work | None, words: Words) -> str:
    """The command and the lines that make the same, each with a button that copies it."""
    if work is None or work.job.state != "done":
        return ""
    files = ", ".join(
        f'<a href="/made/{work.number}/{escape(each)}" download>{escape(each)}</a>' for each in work.inputs
    )
    told = f" {escape(words('inputs'))}: {files}" if files else ""
    parts = []
    for number, (title, script) in enumerate(zip(work.titles, work.scripts, strict=True)):
        heading = f"<h4>{escape(title)}</h4>" if len(work.titles) > 1 else ""
        parts.append(
            heading
            + copied(words("as_command"), words("copy"), work.commands[number], "command")
            + (copied(words("as_python"), words("copy"), script, "python") if script else "")
        )
    return f"<p class=quiet>{escape(words('copy_about'))}{told}</p>{''.join(parts)}"


def copied(title: str, button: str, text: str, kind: str) -> str:
    """A text with a button that copies it."""
    label = escape(f"{button}: {title}")
    return (
        f'<details class="copy"><summary>{escape(title)}</summary><button type="button" data-kind="{kind}"'
        f' data-copy="{escape(json.dumps(text))}" aria-label="{label}">{escape(button)}</button>'
        f'<pre data-what="{kind}">{escape(text)}</pre></details>'
    )


def history(works: Iterable[Work], words: Words) -> str:
    """What this visitor made, the newest first, each with its settings."""
    items = "".join(_entry(work, words) for work in reversed(list(works)) if work.job.state == "done")
    return f"<ol class=history>{items}</ol>" if items else f"<p class=quiet>{escape(words('empty'))}</p>"


def _entry(work: Work, words: Words) -> str:
    first = next((piece for drawn in work.drawn for piece in drawn.pieces if piece.kind in ("image", "frames")), None)
    shown = ""
    if first is not None and not first.file.endswith(".mp4"):
        shown = f'<img src="{escape(f"/made/{work.number}/{first.file}")}" alt="" loading="lazy">'
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in work.asked.items())
    title = " · ".join(work.titles)
    return (
        f"<li><details><summary>{shown}<span>{escape(title)}</span></summary><dl class=facts>{rows}</dl>"
        f"{result(work, words)}{again(work, words)}</details></li>"
    )
