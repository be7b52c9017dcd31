"""Where the studio listens, what it leaves behind, and what its page may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremio.errors import OptionError
from gremio.machine.listening import Address
from gremio.machine.own_folder import own_folder
from gremio.running.outputs import Artifact
from gremio.studio.choosing import Places
from gremio.studio.drawing.outcome import check_size
from gremio.studio.page.words import _WORDS, Words, language


def test_loopback_needs_no_token_and_anything_else_does() -> None:
    """A free port is found; one that is none is refused."""
    here = Address.choose("127.0.0.1", 0)
    assert here.token == ""
    assert here.port > 0
    assert "?token=" in Address.choose("0.0.0.0", 0).url
    with pytest.raises(OptionError, match="can't be listened on"):
        Address.choose("203.0.113.1", 0)


def test_what_a_dead_server_left_is_removed_and_a_living_one_keeps_its_own(tmp_path: Path) -> None:
    """Each has a lock as long as it lives."""
    left = tmp_path / "left"
    (left / "sessions").mkdir(parents=True)
    with own_folder(tmp_path) as one, own_folder(tmp_path) as other:
        assert not left.exists()
        assert one.exists()
        assert other.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["/etc", "./x", "~/x", "a/b/c", "local:x", "../x", "x.py", "{here}"])
def test_a_page_names_no_path_of_this_machine(text: str, tmp_path: Path) -> None:
    """But those that the studio was started with."""
    named = text.format(here=tmp_path)
    with pytest.raises(OptionError, match="the page opens no folders"):
        Places.of([]).check(named)
    Places.of([named]).check(named)
    Places.of([]).check("owner/repo")
    Places.of([]).check("lpw_stable_diffusion")


def test_every_word_is_there_in_both_languages() -> None:
    """With the same values to put in."""
    for name, (english, spanish) in _WORDS.items():
        assert english, name
        assert spanish, name
        assert english.count("{") == spanish.count("{"), name
    assert Words("es")("draw") == "Dibujar"


@pytest.mark.parametrize(
    ("wanted", "header", "found"),
    [("es", "en", "es"), ("", "fr-FR, es;q=0.8", "es"), ("", "", "en"), ("xx", "de", "en")],
)
def test_the_language_is_the_one_asked_for_or_liked(wanted: str, header: str, found: str) -> None:
    """English where neither is spoken here."""
    assert language(wanted, header) == found


def test_two_gigabytes_are_not_written(tmp_path: Path) -> None:
    """They are refused before anything of them is on the disk."""
    import numpy

    large = numpy.broadcast_to(numpy.zeros(1), (1 << 28,))
    with pytest.raises(OptionError, match="1 pieces of 2048 MB"):
        check_size([Artifact("array", large)], "ref")
    check_size([Artifact("text", "x" * 1000)], "ref")
