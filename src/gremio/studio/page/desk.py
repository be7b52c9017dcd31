"""What happens when a button is pressed: from the fields of a page to a job in the line, and its progress."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.errors import GremioError, OptionError
from gremio.machine.settings import Settings
from gremio.running.form import Filled, fill
from gremio.studio.choosing import Opened, Places, opened, question, weights_of
from gremio.studio.copying import command, script
from gremio.studio.drawing.artist import Artist, ProcessArtist, SandboxArtist
from gremio.studio.drawing.order import Order, Weights
from gremio.studio.line import Job, Line
from gremio.studio.page.words import Words
from gremio.studio.sessions import Session, Sessions, Work

_LARGEST_SEED = 2**32
_MOST_SEED = 2**63 - 1  # what `gremio run --seed` takes


@dataclass(frozen=True)
class Desk:
    """All that the pages of one server share.

    ``weights`` say how models are loaded (device, dtype) and which is taken where a page names none, empty for none.
    """

    settings: Settings
    places: Places
    weights: Weights
    sessions: Sessions
    line: Line
    artist: ProcessArtist
    confined: SandboxArtist
    first: str = ""

    def loaded_as(self, model: str) -> Weights:
        """The weights of a model; without one, those that the studio was started with, which may name none."""
        return replace(self.weights, model=model or self.weights.model)

    def close(self) -> None:
        """End what draws."""
        self.line.close()
        self.artist.close()
        self.confined.close()
        self.sessions.close()


@dataclass(frozen=True)
class Press:
    """The button and what was on the page: ``values`` by parameter, ``beside`` a ref to compare with."""

    opened: Opened
    values: Mapping[str, object]
    seed: int | None
    beside: str = ""
    sandbox: bool = False


def begin(desk: Desk, session: Session, press: Press, number: int, folder: Path, words: Words) -> Work:
    """Check everything and put it in the line.

    Raises:
        GremioError: a value does not fit, or a pipeline may not run.
    """
    filled = fill(press.opened.form, press.values)
    filled.check(press.opened.form.signature)
    seed = press.seed if press.seed is not None else secrets.randbelow(_LARGEST_SEED)
    order = Order(weights_of(press.opened), press.opened.code, filled.given(), seed, str(folder))
    orders, pipelines, notes = [order], [press.opened], []
    if press.beside:
        other, kept, lost = _other(desk, press, filled)
        below = folder / "beside"
        orders.append(replace(order, code=other.code, beside=order.code, given=kept.given()))
        pipelines.append(other)
        notes += [words("not_taken", names=", ".join(lost))] if lost else []
        assert not below.exists()
    artist: Artist = desk.confined if press.sandbox else desk.artist
    job = Job(session.key, orders, artist, notes=notes)
    work = Work(
        number=number,
        name=press.opened.ref,
        folder=folder,
        orders=tuple(orders),
        asked=dict(_asked(press.opened, filled, seed)),
        inputs=tuple(sorted(each.name for each in folder.iterdir() if each.is_file())),
        commands=tuple(command(each, sandbox=press.sandbox) for each in orders),
        scripts=tuple(
            "" if press.sandbox else script(each, one.form.signature)
            for each, one in zip(orders, pipelines, strict=True)
        ),
        titles=tuple(each.title for each in pipelines),
        job=job,
    )
    desk.line.put(job)
    session.keep(work)
    return work


def seed_of(text: str | None) -> int | None:
    """The seed that was typed; None where the field is empty.

    Raises:
        OptionError: it is none.
    """
    if not (text or "").strip():
        return None
    typed = str(text).strip()
    if not typed.isascii() or not typed.isdigit() or int(typed) > _MOST_SEED:
        raise OptionError(f"{typed!r} is no seed", next_step=f"A seed is a whole number from 0 to {_MOST_SEED}.")
    return int(typed)


def _other(desk: Desk, press: Press, filled: Filled) -> tuple[Opened, Filled, tuple[str, ...]]:
    """The pipeline to compare with, and what it takes of the same values."""
    weights = weights_of(press.opened)
    other = opened(press.beside, weights, settings=desk.settings)
    if question(other, settings=desk.settings) is not None:
        raise OptionError(
            "nobody has allowed its code to run yet", ref=press.beside, next_step="Open its own page first."
        )
    kept, lost = filled.for_another(other.form.signature)
    kept.check(other.form.signature)
    return other, kept, lost


def _asked(pipeline: Opened, filled: Filled, seed: int) -> Iterator[tuple[str, str]]:
    for name, value in filled.options.items():
        yield name, str(value)
    yield "seed", str(seed)
    yield from filled.settings.items()
    for text in filled.images:
        name, _, path = text.partition("=")
        yield name, Path(path).name
    if pipeline.code.ref and pipeline.weights is not None:
        yield "model", pipeline.weights.model


def told(error: Exception) -> str:
    """An error as it is shown."""
    return str(error) if isinstance(error, GremioError) else f"{type(error).__name__}: {error}"


def present(session: Session | None) -> Work | None:
    """The work that this visitor waits for."""
    works: Sequence[Any] = session.works if session else ()
    return next((each for each in reversed(works) if not each.job.over), None)
