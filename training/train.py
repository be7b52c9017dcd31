"""Makes the demo model from nothing: `python -m training.train`.

An interrupted run goes on from its last checkpoint when started again, and so does a finished one
that is given more minutes for the denoiser or the decoder; `--fresh` forgets it.
"""

import argparse
import shutil
from pathlib import Path
from typing import Final

from diffusers import AutoencoderKL

from training.autoencoder import polish_decoder, train_autoencoder
from training.diffusion import measure_scale, train_denoiser
from training.export import export
from training.pictures import caption_words
from training.ranks import run_ranks
from training.tokenizer import new_tokenizer

HERE: Final = Path(__file__).parent
WORK: Final = HERE / "work"
MODEL: Final = HERE.parent / "src" / "gremio" / "demo" / "model"
# Minutes of two CPU cores that nobody else uses.
AUTOENCODER: Final = 17.0
DENOISER: Final = 150.0
DECODER: Final = 8.0


def _set_scale(folder: Path) -> None:
    """Write the measured scale of the latents into the autoencoder's config."""
    autoencoder = AutoencoderKL.from_pretrained(folder)
    autoencoder.register_to_config(scaling_factor=round(measure_scale(autoencoder), 4))
    autoencoder.save_pretrained(folder)


def main() -> None:
    """Train the parts one after the other, then write the model folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--autoencoder", type=float, default=AUTOENCODER, metavar="MINUTES")
    parser.add_argument("--denoiser", type=float, default=DENOISER, metavar="MINUTES")
    parser.add_argument("--decoder", type=float, default=DECODER, metavar="MINUTES")
    parser.add_argument("--fresh", action="store_true", help="forget an interrupted run")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(exist_ok=True)
    run_ranks(train_autoencoder, WORK, options.autoencoder)
    _set_scale(WORK / "autoencoder")
    new_tokenizer(caption_words()).save_pretrained(WORK / "tokenizer")
    run_ranks(train_denoiser, WORK, options.denoiser)
    run_ranks(polish_decoder, WORK, options.decoder)
    export(WORK, MODEL)


if __name__ == "__main__":
    main()
