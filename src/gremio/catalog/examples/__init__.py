"""How to use a pipeline, in lines that work as they are printed: made of its own example, and checked by reading.

In come what a pipeline's call takes and the Python that its author wrote somewhere; out comes a ``gremio run`` command
where the call has nothing but texts and numbers, else Python for Gremio, else nothing. Nothing is executed.

    uses       where a snippet loads the pipeline and how it calls it
    command    the same as a command, held against the call's signature
    python     the snippet itself, loading by Gremio, with what it needs checked
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gremio.catalog.entry import Example
from gremio.catalog.examples.command import command_of
from gremio.catalog.examples.python import python_of
from gremio.catalog.examples.uses import Subject, Use, uses_in

__all__ = ["Found", "Subject", "Use", "example_of", "found_in", "model_in", "plain_example"]

_PROMPT = "a castle by the sea, oil on canvas"
Found = Sequence[tuple[str, Use]]
"""Uses of a pipeline, each after the word for where it stands."""


def found_in(subject: Subject, snippets: Iterable[tuple[str, str]]) -> Found:
    """The uses in blocks of Python, each of which comes after the word for where it stands."""
    return [(origin, use) for origin, snippet in snippets for use in uses_in(snippet, subject)]


def example_of(subject: Subject, found: Found) -> Example | None:
    """The best of its own examples that works as it is printed: a command before Python."""
    for origin, use in found:
        if text := command_of(subject, use):
            return Example("command", text, origin)
    # One snippet may have many calls; the first of each speaks for it.
    snippets = {id(use.module): (origin, use) for origin, use in reversed(found)}
    for origin, use in reversed(snippets.values()):
        if text := python_of(subject, use):
            return Example("python", text, origin)
    return None


def plain_example(subject: Subject, model: str) -> Example | None:
    """A command with nothing but a prompt, if the call needs no more."""
    values = {subject.prompt: _PROMPT} if subject.prompt else None
    text = command_of(subject, Use(None, "", model, values))
    return Example("command", text, "signature") if text else None


def model_in(found: Found) -> str:
    """The first model that is named; empty if none is."""
    return next((use.model for _, use in found if use.model), "")
