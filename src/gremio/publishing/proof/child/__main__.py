"""``python -m gremio.publishing.proof.child SUBJECT``: loads it once; the last line of stdout tells what there is.

For `gremio publish` and ``push_to_hub``, which start it with an empty cache.
"""

from __future__ import annotations

import os
import sys
from typing import Any, get_args

import click

from gremio.publishing.proof.request import Loader, ProofSubject
from gremio.publishing.publication import Kind


@click.command()
@click.argument("name")
@click.option("--loader", type=click.Choice(get_args(Loader)), default="gremio")
@click.option("--kind", type=click.Choice(get_args(Kind)), default="pipeline")
@click.option("--revision", default="", help="The commit; none for a folder.")
@click.option("--class-name", default="", help="Which class of the entry file.")
@click.option("--entry", default="", help="The file with the class, where it isn't the one that NAME's own files name.")
@click.option("--digest", default="", help="The code that may run under Gremio; without it none may.")
def main(loader: Loader, **subject: Any) -> None:
    """Load NAME, a repository or a folder, and say what it is made of."""
    # Everything that prints goes to stderr, C libraries and child processes too: stdout is the report's.
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    from gremio.publishing.proof.child.loading import report

    text = report(ProofSubject(**subject), loader).to_json()
    sys.stdout.flush()
    with os.fdopen(out, "w", encoding="ascii") as stdout:
        stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
