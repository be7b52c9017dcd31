"""``gremio serve``: pipelines that others call over HTTP."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import click

from gremio.cli import completing
from gremio.cli.consent import asking
from gremio.cli.libraries import require_extra
from gremio.cli.options import access_options, code_options, load_arguments, load_options, project_option
from gremio.machine.listening import Address
from gremio.machine.settings import Settings


@click.command()
@click.argument("refs", nargs=-1, required=True, metavar="[NAME=]REF…", shell_complete=completing.refs)
@click.option("-m", "--model", help="The weights: owner/repo or a folder. Without it REF is the model itself.")
@click.option("--host", default="127.0.0.1", help="Where it listens; anywhere but on loopback it needs a key.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 is a free one.")
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Keys that open it, one a line; else the one in GREMIO_API_KEY.",
)
@click.option("--no-key", is_flag=True, help="Need none, wherever it listens: something before it asks for one.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Another name that it is asked for under.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that draw, each with a GPU of its own.",
)
@click.option("--ray", is_flag=False, flag_value="local", metavar="[ADDRESS]", help="Replicas of a Ray cluster draw.")
@click.option(
    "--together",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Calls drawn in one, if alike but for prompts and seeds; it changes the last bits.",
)
@click.option(
    "--queue",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Calls that wait; more are answered with 429.",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=600, show_default=True, help="Seconds of one call."
)
@click.option("--max-body", type=click.IntRange(1), default=20, show_default=True, metavar="MB", help="Of one request.")
@click.option(
    "--max-pixels",
    type=click.IntRange(1),
    default=2048 * 2048,
    show_default=True,
    help="Of a picture, sent or asked for.",
)
@click.option("--max-steps", type=click.IntRange(1), default=150, show_default=True, help="Of one call.")
@click.option("--max-pictures", type=click.IntRange(1), default=4, show_default=True, help="That one call makes.")
@click.option("--max-frames", type=click.IntRange(1), default=128, show_default=True, help="Of a film.")
@click.option(
    "--keep",
    type=click.FloatRange(0, min_open=True),
    default=3600,
    show_default=True,
    help="Seconds that a result is kept.",
)
@click.option(
    "--keep-size",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    metavar="MB",
    help="Of all results together.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0, min_open=True),
    default=30,
    show_default=True,
    help="Seconds for a slow client.",
)
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=30,
    show_default=True,
    help="Seconds for calls that are drawn, at the end.",
)
@click.option("--threads", type=click.IntRange(1), help="Of torch, a worker; its own choice if not given.")
@load_options
@click.option("--sandbox", is_flag=True, help="In processes that can reach nothing.")
@project_option
@code_options
@access_options
def serve(refs: tuple[str, ...], **options: Any) -> None:
    """Serve pipelines over HTTP: pictures, films and sounds for whoever calls.

    REF is as for `gremio run`, or a name of gremio.lock. Several have one set of weights where these are the same. Each
    is called at /v1/pipelines/NAME; /openapi.json says what each takes. Clients of OpenAI work with /v1 as base_url.

    \b
    gremio serve lpw_stable_diffusion -m stable-diffusion-v1-5/stable-diffusion-v1-5
    gremio serve fox inpaint=lpw_stable_diffusion --workers 2 --host 0.0.0.0 --key-file keys
    curl -H "Accept: image/png" --json '{"prompt": "a fox"}' http://127.0.0.1:8000/v1/pipelines/fox -o fox.png

    Nobody but this machine can reach it unless --host is given. SIGTERM and Ctrl-C end it, once what is drawn is done.
    """
    require_extra("run")
    require_extra("serve")
    from gremio.serving.limits import Limits
    from gremio.serving.server import Ways, keys_of, serve

    settings = Settings.from_environment()
    host = options.pop("host")
    keys = keys_of(options.pop("key_file"), settings, host=host, open_to_all=options.pop("no_key"))
    # No pipeline needs it.
    os.environ.pop("GREMIO_API_KEY", None)
    address = Address.choose(host, options.pop("port"))
    ways = Ways(address, keys, options.pop("hosts"), options.pop("workers"), options.pop("ray"), options.pop("grace"))
    limits = Limits(
        body=options.pop("max_body") << 20,
        pixels=options.pop("max_pixels"),
        steps=options.pop("max_steps"),
        pictures=options.pop("max_pictures"),
        frames=options.pop("max_frames"),
        seconds=options.pop("timeout"),
        together=options.pop("together"),
        queue=options.pop("queue"),
        keep=options.pop("keep"),
        kept=options.pop("keep_size") << 20,
        patience=options.pop("patience"),
    )
    logging.getLogger("gremio.serving").setLevel(logging.INFO)

    def ready(names: list[str]) -> None:
        url = f"{address.origin}/v1/pipelines"
        click.echo(f"Serving {', '.join(names)} at {click.style(url, bold=True)}   (Ctrl-C ends it)")

    serve(_wish(refs, options), limits, ways, settings=settings, ask=asking, ready=ready)


def _wish(refs: tuple[str, ...], options: dict[str, Any]) -> Any:
    from gremio.serving.choosing import Wish

    own = ("model", "project", "dtype", "device", "threads", "sandbox")
    given = {name: options.pop(name) for name in own}
    return Wish(refs, **given, load=load_arguments(options))
