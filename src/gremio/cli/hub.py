"""``gremio hub``: a Hub on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gremio.localhub import LocalHub


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, help="Port; 0 takes a free one.")
@click.option("--allow-remote", is_flag=True, help="Listen to other machines too; whoever reaches it can read it.")
def hub(folder: Path, host: str, port: int, allow_remote: bool) -> None:
    """Serve a Hub from FOLDER, with repositories, commits and tokens, for every client of the Hugging Face Hub.

    It needs no account and no network. Stop it with ^C; what was pushed stays in FOLDER.
    """
    from gremio.localhub import LocalHub

    LocalHub(folder, host=host, port=port, allow_remote=allow_remote).serve_forever(_tell)


def _tell(hub: LocalHub) -> None:
    click.echo(f"A Hub is at {hub.endpoint}. To use it, in another terminal:\n")
    click.echo(f"  export HF_ENDPOINT={hub.endpoint}")
    click.echo(f"  export HF_TOKEN={hub.token}\n")
    click.echo("Stop it with ^C.")
