"""Sample files in the manner of Diffusers' community folder."""

from pathlib import Path
from shutil import copyfile

_CODE = Path(__file__).parent / "code"
_SHELF = Path(__file__).parents[2] / "shelf"


def instruct_pix2pix_sd3(folder: Path) -> Path:
    """Write `pipeline_stable_diffusion_3_instruct_pix2pix.py`, whose imports are those of a file inside diffusers."""
    return _place(_CODE / "pipeline_stable_diffusion_3_instruct_pix2pix.py", Path(folder))


def long_prompt_weighting_sd(folder: Path) -> Path:
    """Write `lpw_stable_diffusion.py`: long weighted prompts for Stable Diffusion."""
    return _place(_SHELF / "long_prompt" / "pipeline.py", Path(folder), "lpw_stable_diffusion.py")


def _place(source: Path, folder: Path, name: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(copyfile(source, folder / (name or source.name)))
