"""Two reviews compared."""

from __future__ import annotations

import gremio
from gremio.trust.review import changes

BEFORE = {"pipeline.py": "import os\n\ndef f(p):\n    os.remove(p)\n    open(p, 'w')\n"}
AFTER = {
    "pipeline.py": "# A line above.\nimport os\nimport requests\n\ndef f(p):\n    os.remove(p)\n    os.system(p)\n"
}


def reviewed(folder, files):
    """The review of a folder with these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return gremio.review(folder)


def test_what_came_and_went_is_told(tmp_path) -> None:
    """Capabilities, packages and lines; what only moved down is neither."""
    told = changes(reviewed(tmp_path / "a", BEFORE), reviewed(tmp_path / "b", AFTER))
    assert [finding.code for finding in told.came] == ["process/start"]
    assert [finding.code for finding in told.went] == ["files/write"]
    assert told.high == told.came
    assert (told.packages_came, told.packages_went) == (("requests",), ())
    assert [str(file) for file in told.code.files] == ["pipeline.py  +3 -1"]


def test_the_same_code_has_no_changes(tmp_path) -> None:
    """A review compared with itself."""
    one = reviewed(tmp_path, BEFORE)
    told = changes(one, one)
    assert (told.came, told.went, told.code.files) == ((), (), ())


def test_one_more_of_the_same_is_one_that_came(tmp_path) -> None:
    """A second place that does the same is told, though the first was there before."""
    twice = {"pipeline.py": BEFORE["pipeline.py"] + "\ndef g(p):\n    os.remove(p)\n"}
    told = changes(reviewed(tmp_path / "a", BEFORE), reviewed(tmp_path / "b", twice))
    assert [(finding.code, finding.line) for finding in told.came] == [("files/delete", 8)]
