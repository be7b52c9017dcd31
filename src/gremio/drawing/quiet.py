"""Leaves the word to Gremio: what libraries have to say confuses a maker of pictures, and is none of a worker's."""

from __future__ import annotations


def quiet_libraries(*, bars: bool) -> None:
    """Nothing below an error from diffusers and transformers.

    ``bars``: whether they may show progress while they download and load, for a terminal.
    """
    import transformers

    # Before diffusers is imported, since that is when transformers begins to talk.
    transformers.logging.set_verbosity_error()

    import diffusers

    diffusers.utils.logging.set_verbosity_error()
    if not bars:
        transformers.logging.disable_progress_bar()
        diffusers.utils.logging.disable_progress_bar()


def silence() -> None:
    """In a process whose parent has the word: no bars either, and no warnings."""
    import warnings

    warnings.simplefilter("ignore")
    quiet_libraries(bars=False)
