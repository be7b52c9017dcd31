"""What is being done, for whoever waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str], None]


@contextmanager
def telling(tell: Tell | None) -> Iterator[Tell]:
    """``tell`` itself; else a line with the time that has passed, where progress bars are wanted."""
    if tell is not None:
        yield tell
        return
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled
    from tqdm import tqdm

    # None leaves it to tqdm, which shows nothing where there is no terminal.
    disabled = True if are_progress_bars_disabled() else None
    with tqdm(bar_format="{desc} {elapsed}", disable=disabled, leave=False) as bar:
        yield bar.set_description_str
