"""Tiny models and sample community code, built without a network, for the whole test suite.

Every builder takes the folder to write into and returns a Path. Weights are random, and the same ones every time.
"""

from importlib import import_module

_HOME = {
    "instruct_pix2pix_sd3": "community",
    "long_prompt_weighting_sd": "community",
    "show_one": "text_to_video",
    "tiny_sd": "stable_diffusion",
    "tiny_sd3": "stable_diffusion_3",
    "clip_tokenizer": "tokenizers",
    "t5_tokenizer": "tokenizers",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import a builder, and torch with it, at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
