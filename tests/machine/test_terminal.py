"""Text that somebody else wrote, made safe to print."""

from __future__ import annotations

from gremio.machine.terminal import plain, plain_line


def test_what_could_steer_a_terminal_is_spelled_out() -> None:
    """Escape codes, controls and characters that turn text around; what can be seen stays as it is."""
    assert plain("a\x1b[2J\u202e\x9b\r\tñ 你\n") == "a\\x1b[2J\\u202e\\x9b\\r\tñ 你\n"


def test_one_line_stays_one_line() -> None:
    """A line end in a file's name can't make a line of its own."""
    assert plain_line("a.py\n\thigh: 0") == "a.py\\n    high: 0"
