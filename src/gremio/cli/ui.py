"""``gremio ui``: the studio, in the browser."""

from __future__ import annotations

import webbrowser

import click

from gremio.cli import completing
from gremio.cli.libraries import require_extra
from gremio.machine.listening import Address
from gremio.machine.settings import Settings


@click.command()
@click.argument("ref", required=False, shell_complete=completing.refs)
@click.option("-m", "--model", default="", help="The weights: owner/repo or a folder.")
@click.option("--model-revision", default="", help="Of the weights: branch, tag or commit.")
@click.option("--variant", default="", help="Weights of that variant, such as fp16.")
@click.option("--device", default="", help="cuda, mps, cpu; the best there is if not given.")
@click.option(
    "--dtype",
    default="",
    type=click.Choice(["", "float32", "float16", "bfloat16", "fp32", "fp16", "bf16"]),
    metavar="DTYPE",
    help="float32, float16 or bfloat16; float32 if not given.",
)
@click.option(
    "--host", default="127.0.0.1", help="Another address opens the page to others, who need the token that is shown."
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="A free one if not given.")
@click.option("--browser/--no-browser", default=True, help="Open the page; or only show its address.")
def ui(
    ref: str | None,
    *,
    model: str,
    model_revision: str,
    variant: str,
    device: str,
    dtype: str,
    host: str,
    port: int,
    browser: bool,
) -> None:
    """Find pipelines and try them in the browser, without writing a line.

    Without REF the page shows what there is to find: the shelf that comes along, with a small model, and what `gremio
    catalog sync` has found. With REF, a pipeline as `gremio run` takes it, its form is shown at once.

    \b
    gremio ui
    gremio ui lpw_stable_diffusion --model stable-diffusion-v1-5/stable-diffusion-v1-5
    gremio ui ./my_pipeline --model ./my_model

    Nobody but this machine can reach the page unless --host is given. Ctrl-C ends it; what was drawn goes with it.
    """
    require_extra("run")
    from gremio.studio.drawing.order import Weights
    from gremio.studio.server import serve

    address = Address.choose(host, port)
    weights = Weights(model, model_revision, variant, device, dtype)

    def ready() -> None:
        click.echo(f"The studio is at {click.style(address.url, bold=True)}   (Ctrl-C ends it)")
        if address.token:
            click.echo("Whoever has this address with its token can run pipelines on this machine.", err=True)
        if browser:
            webbrowser.open(address.url)

    serve(ref, weights, address, settings=Settings.from_environment(), ready=ready)
