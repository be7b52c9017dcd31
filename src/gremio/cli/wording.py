"""How the commands speak: what they found, errors in terms of options, and lists under a title."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import click

from gremio.errors import GremioError
from gremio.machine.terminal import plain, plain_line

_OPTIONS: tuple[tuple[str, str], ...] = (
    (r"trust_remote_code=\['([^']+)', …\] with each repository", r"--trust \1, and once more for each repository"),
    (r"trust_remote_code=\['([^']+)'\](?: to load_components)?", r"--trust \1"),
    # Of a component in another repository, which no option pins.
    (r" and revision=\{[^}]*\}", ""),
    (r"trust_remote_code=True", "--trust-remote-code"),
    (r"custom_revision='([^']+)'", r"--revision \1"),
    (r"\bcustom_revision\b", "--revision"),
    (r"\brevision='([^']+)'", r"--model-revision \1"),
    (r"force_download=True", "--force-download"),
    (r"local_files_only=True", "--offline"),
    (r"\bcache_dir=", "--cache-dir"),
    (r"verify=True", "--verify"),
    (r"class_name=", "--class-name "),
    (r'device_map="([^"]+)"', r"--device \1"),
    (r"device_map='([^']+)'", r"--device \1"),
    (r"\btoken=", "--token TOKEN"),
    # Where a text has both, the option.
    (r"\w+=(?:True|False) \((?:or )?(--[\w-]+)\)", r"\1"),
    (r"(--[\w-]+) \(\w+=(?:True|False)\)", r"\1"),
)


def explain(error: GremioError) -> str:
    """The message, safe to print, with the way on in terms of this command."""
    head = f"{error.ref}: {error.message}" if error.ref else error.message
    return in_options(plain(f"{head}\n  {error.next_step}" if error.next_step else head))


def in_options(text: str) -> str:
    """A text about arguments, told with options."""
    for pattern, option in _OPTIONS:
        text = re.sub(pattern, option, text)
    return text


def answer(form: str, document: object, lines: Iterable[str]) -> None:
    """Print what a command found: as lines for people, else as JSON for scripts.

    JSON is plain ASCII: what code has hidden in its text can't act on a terminal.
    """
    for line in lines if form == "human" else (json.dumps(document, indent=2),):
        click.echo(line)


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """The lines, made safe to print and indented below a title; nothing where there are none."""
    found = list(lines)
    if found:
        yield click.style(title, fg="cyan")
        yield from (f"  {plain_line(line)}" for line in found)
