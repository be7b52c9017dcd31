"""Links inside the project lead somewhere."""

import re

import pytest
from tests.docs.pages import ROOT, blocks, documents, prose, section

LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", documents(), ids=str)
def test_relative_links_resolve(page):
    """Every relative link names a file or folder, and its anchor a heading there."""
    for link in LINK.findall(prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target.relative_to(ROOT)), link


def _anchors(page):
    titles = [line.lstrip("#").strip() for line in prose(page).splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(
    ("page", "title"), [("README.md", "The two commands"), ("docs/es/README.md", "Los dos comandos")]
)
def test_the_readme_has_two_commands(page, title):
    """They are `make demo` and `make test`, and the Makefile has both."""
    inside = section(page, title)
    commands = [block.text.strip() for block in blocks(page, "sh") if block.text in inside]
    assert commands == ["make demo", "make test"]
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line}
    assert {"demo", "test"} <= targets
