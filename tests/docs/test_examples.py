"""The examples of the documentation, run as a reader would, page by page."""

import ast
import shlex

import pytest
from tests.docs.pages import ROOT, blocks, pages

from gremio.cli.main import gremio, run


def _pages_to_run():
    """Every page with examples; of two with the same ones to the letter, as a translation is, one."""
    found = {}
    for page in pages():
        shown = tuple((block.language, block.note, block.text) for block in blocks(page, "python", "console"))
        if shown:
            found[shown] = page
    return sorted(found.values())


PAGES = _pages_to_run()
SERVES_OR_TAKES_LONG = {"hub", "demo", "ui"}


# diffusers passes the Hub's client an argument that it no longer takes, and numpy tensors of torch.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument:UserWarning")
@pytest.mark.parametrize("page", PAGES, ids=str)
def test_the_examples_of_a_page_run(page, world):
    """Python blocks run in order in one namespace, commands exit with 0 or with the code that the page says."""
    replaced = world(page)
    names = {"__name__": "page"}
    for block in blocks(page, "python", "console"):
        text = block.text
        for old, new in replaced.items():
            text = text.replace(old, new)
        if block.language == "console":
            _run_commands(text, block)
        else:
            # Line numbers of a traceback are those of the page.
            module = ast.increment_lineno(ast.parse(text), block.line - 1)
            code = compile(module, str(ROOT / page), "exec", dont_inherit=True)
            if not block.note.startswith("no-run"):
                exec(code, names)


def _run_commands(text, block):
    wanted = int(block.note.removeprefix("exit-") or 0)
    for line in text.splitlines():
        assert line.startswith("$ gremio "), line
        arguments = shlex.split(line)[2:]
        if arguments[0] in SERVES_OR_TAKES_LONG:
            gremio.get_command(None, arguments[0]).make_context(arguments[0], arguments[1:])
        else:
            assert run(arguments) == wanted, line


def test_what_is_not_run_says_why():
    """A block that is only compiled gives its reason in its fence, and there are few."""
    notes = [block.note for page in pages() for block in blocks(page, "python") if block.note]
    assert all(note.startswith("no-run: ") and len(note) > 12 for note in notes)
    assert len(notes) <= 4
