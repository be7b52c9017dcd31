"""Who draws next, who waits, and who has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gremio.drawing.process import Cancelled
from gremio.errors import GremioError, OptionError
from gremio.studio import line as lines
from gremio.studio.drawing.artist import Artist, Tell
from gremio.studio.drawing.order import Code, Drawn, Event, Order, Weights
from gremio.studio.line import Job, Line

ORDER = Order(Weights("model"), Code("ref"), {"settings": {}, "images": []}, 7, "/nowhere")


class Slow(Artist):
    """Draws until it is let go, or told to stop."""

    def __init__(self, error: Exception | None = None) -> None:
        self.go = threading.Event()
        self.error = error

    def draw(self, order: Order, tell: Tell, cancelled: threading.Event) -> Drawn:
        """Three steps, then wait."""
        for done in (1, 2, 3):
            tell(Event("step", done=done, total=30))
        while not self.go.wait(0.005):
            if cancelled.is_set():
                raise Cancelled
        if self.error:
            raise self.error
        return Drawn((), seconds=1.0)

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def line() -> Iterator[Line]:
    """A line of its own."""
    found = Line()
    yield found
    found.close()


def job(line: Line, artist: Artist, owner: str = "maria") -> Job:
    """One more in the line."""
    found = Job(owner, [ORDER], artist)
    line.put(found)
    return found


def until(condition: Callable[[], object]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_everybody_sees_how_many_are_before_them(line: Line) -> None:
    """And one is drawn after the other."""
    artist = Slow()
    first, second, third = (job(line, artist) for _ in range(3))
    until(lambda: first.step == 3)
    assert [line.before(each) for each in (first, second, third)] == [0, 1, 2]
    assert first.left is not None
    line.cancel(second)
    assert (second.state, line.before(third)) == ("cancelled", 1)
    artist.go.set()
    until(lambda: third.state == "done")


def test_what_is_drawn_stops_when_it_is_cancelled(line: Line) -> None:
    """And the next one begins."""
    first, artist = job(line, Slow()), Slow()
    second = job(line, artist)
    until(lambda: first.step == 3)
    line.cancel(first)
    until(lambda: second.step == 3)
    assert first.state == "cancelled"
    artist.go.set()
    until(lambda: second.state == "done")


@pytest.mark.parametrize("error", [GremioError("no paint"), RuntimeError("no paint")])
def test_what_fails_is_told_and_holds_nobody_up(line: Line, error: Exception) -> None:
    """Whatever was raised."""
    artist = Slow(error)
    artist.go.set()
    failed = job(line, artist)
    until(lambda: failed.over)
    assert (failed.state, "no paint" in failed.error) == ("failed", True)
    good = Slow()
    good.go.set()
    after = job(line, good)
    until(lambda: after.state == "done")


def test_nobody_fills_the_line(line: Line) -> None:
    """Four of one person may wait, and others still come in."""
    artist = Slow()
    first = job(line, artist)
    until(lambda: first.step == 3)
    for _ in range(4):
        job(line, artist)
    with pytest.raises(OptionError, match="waiting already"):
        job(line, artist)
    job(line, artist, "ana")


def test_a_closed_tab_stops_what_it_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody has looked at for a while."""
    monkeypatch.setattr(lines, "_ABANDONED", 0.05)
    monkeypatch.setattr(lines, "_PAUSE", 0.01)
    line = Line()
    left = job(line, Slow())
    until(lambda: left.state == "cancelled")
    line.close()
