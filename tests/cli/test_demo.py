"""``gremio demo``."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import gremio.cli.demo
import gremio.demo.tour  # noqa: F401  patched below by its name


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_each_stop_has_one_bar_and_plain_files(gremio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing draws over itself; a bar ends where it said that it would."""
    promised: dict[str, int] = {}
    made: Counter[str] = Counter()

    @contextmanager
    def bar(title: str, steps: int) -> Iterator[Callable[[], object]]:
        promised[title] = steps
        yield lambda: made.update([title])

    monkeypatch.setattr(sys.modules["gremio.demo.tour"], "_STEPS", 1)
    monkeypatch.setattr(sys.modules["gremio.cli.demo"], "_bar", bar)
    done = gremio("demo", "--output", tmp_path / "out")
    assert done.code == 0, done.err
    assert promised == made
    assert len(promised) == 5
    assert all(title in done.out for title in promised)
    assert not re.search(r"\r|%\||it/s", done.out + done.err)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 18
    assert all(re.fullmatch(r"[a-z0-9-]+\.png", name) for name in names)


def test_a_bar_is_for_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And gone when its stop is over."""
    from gremio.cli.demo import _bar

    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        with _bar("From a folder", 3) as step:
            step()
        shown = capsys.readouterr().err
        assert ("From a folder" in shown) == terminal
    assert shown.endswith("\r")
