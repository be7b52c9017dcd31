"""The documentation and the command have the same options."""

import re

import pytest
from tests.docs.pages import ROOT, pages, section

from gremio.cli.main import gremio

COMMANDS = gremio.list_commands(None)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMAND = re.compile(r"(?:`|\$ )gremio ([a-z]+)")


def _options(command):
    names = [name for each in command.params for name in (*each.opts, *each.secondary_opts)]
    return {name for name in names if name.startswith("-")}


def _everything():
    commands = [gremio, *(gremio.get_command(None, name) for name in COMMANDS)]
    commands += [each for group in commands[1:] for each in getattr(group, "commands", {}).values()]
    return set().union(*map(_options, commands)) | {"--help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_guide(name):
    """The section of a command in the guide has each of its options, long and short."""
    text = section("docs/guide/command.md", f"gremio {name}")
    missing = [each for each in _options(gremio.get_command(None, name)) if f"`{each}" not in text]
    assert not missing


def test_the_options_before_the_command_are_in_the_guide():
    """So are those of `gremio` itself."""
    text = (ROOT / "docs/guide/command.md").read_text()
    assert all(f"`{each}`" in text for each in _options(gremio))


@pytest.mark.parametrize("page", pages(), ids=str)
def test_what_the_pages_name_exists(page):
    """Every command and every option that a page names is one of `gremio`'s."""
    text = (ROOT / page).read_text()
    assert set(COMMAND.findall(text)) <= set(COMMANDS)
    assert set(OPTION.findall(text)) <= _everything()
