"""What a scan finds in hostile code, and what it leaves alone in honest code."""

from __future__ import annotations

import base64
import time
import zlib

import pytest
from tests.trust.findings.benign import HEAD, LOOK_ALIKES
from tests.trust.findings.hostile import PIPELINE, TREES, TRICKS

from gremio.code import CodeTree, Origin
from gremio.trust.findings import high, scan


def found_in(files: dict[str, bytes]):
    """The findings of a tree."""
    return scan(CodeTree(files, "pipeline.py", Origin("local", "/samples")))


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_meets_its_finding(trick) -> None:
    """One trick in a pipeline like any other is found, told gravely, and at its place."""
    code, text = TRICKS[trick]
    files = {"pipeline.py": (PIPELINE + text).encode()}
    met = [each for each in high(found_in(files)) if each.code == code]
    assert met
    assert all(each.line > PIPELINE.count("\n") for each in met)
    assert all(each.snippet.strip("…") in text for each in met)


@pytest.mark.parametrize("trick", TREES)
def test_a_trick_over_several_files_meets_its_finding(trick) -> None:
    """Names are followed from file to file, and every file of the tree is read, whatever it is."""
    code, files = TREES[trick]
    assert code in {each.code for each in high(found_in(files))}


def test_the_pipeline_of_the_tricks_is_harmless() -> None:
    """So it is the trick that is found."""
    assert found_in({"pipeline.py": PIPELINE.encode()}) == ()


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_honest_code_meets_no_high_finding(name) -> None:
    """What ordinary pipelines do is told at most as worth knowing."""
    files = {"pipeline.py": (HEAD + LOOK_ALIKES[name]).encode(), "words.txt": b"import of goods\n"}
    assert high(found_in(files)) == ()


def test_the_same_capability_is_graver_at_import() -> None:
    """A file that is written when the pipeline is called is worth knowing; while it is imported, a person must look."""
    later = found_in({"pipeline.py": b"def f():\n    open('x', 'w')\n"})
    at_once = found_in({"pipeline.py": b"def f():\n    open('x', 'w')\nf()\n"})
    assert [(each.severity, each.line) for each in later] == [("medium", 2)]
    assert [(each.severity, each.line) for each in at_once] == [("high", 2)]
    assert "while the file is imported" in at_once[0].what


def test_a_script_is_not_run_by_an_import() -> None:
    """What stands below ``__name__ == "__main__"`` runs never; unless the name is assigned."""
    text = b"if __name__ == '__main__':\n    open('x', 'w')\n"
    assert [each.severity for each in found_in({"pipeline.py": text})] == ["medium"]
    assert [each.severity for each in found_in({"pipeline.py": b"__name__ = '__main__'\n" + text})] == ["high"]


def test_a_guess_is_told_as_one() -> None:
    """Where only the name of an attribute speaks, the confidence is low."""
    sure, guess = (found_in({"pipeline.py": text})[0] for text in (b"import os\nos.popen('a')\n", b"x.popen('a')\n"))
    assert (sure.code, sure.confidence) == ("process/start", "high")
    assert (guess.code, guess.confidence) == ("process/start", "low")


def test_a_line_has_one_finding_of_a_kind() -> None:
    """The gravest counts, and of those the surest."""
    found = found_in({"pipeline.py": b"import os\nos.system('a'); os.popen('b'); x.popen('c')\n"})
    assert [(each.code, each.line, each.confidence) for each in found] == [("process/start", 2, "high")]


def test_a_long_line_is_shown_around_its_place() -> None:
    """The snippet of a line without end has what was found."""
    text = b"x = [" + b"1, " * 300 + b"__import__('os').system('true'), " + b"2, " * 300 + b"]\n"
    (found,) = (each for each in found_in({"pipeline.py": text}) if each.code == "process/start")
    assert "os" in found.snippet
    assert len(found.snippet) < 200


_BLOB = base64.b64encode(zlib.compress(b"0" * 30_000_000))
BOMBS = {
    "lists of lists": "a0 = [1] * 10\n"
    + "".join(f"a{i} = [{f'a{i - 1},' * 20}]\n" for i in range(1, 30))
    + "x = f'{a29}'\n",
    "texts of texts": "a0 = 'a' * 1000\n" + "".join(f"a{i} = {'+'.join([f'a{i - 1}'] * 20)}\n" for i in range(1, 30)),
    "numbers": (
        "a = sum(range(10**12))\nb = 10**10**10\nc = 1 << 10**10\nd = '%1000000000d' % 1\ne = f'{1:1000000000}'\n"
    ),
    "compressed": f"import zlib, base64\nx = zlib.decompress(base64.b64decode({_BLOB!r}))\n",
    "names in a circle": "".join(f"def f{i}():\n    global a{i}\n    a{i} = [{'a0, a1, a2, '}][0]\n" for i in range(9))
    + "a5.x\n",
    "calls of itself": "def f(n): return f(n - 1) + f(n - 2)\nx = f(50).y\n",
    "class of itself": (
        "class A(A):\n    def f(self): return self.x.y\n\nclass B(C): ...\n\nclass C(B): ...\n\nB().q.r\n"
    ),
    "chain of names": "a0 = 1\n" + "".join(f"a{i} = a{i - 1}\n" for i in range(1, 900)),
    "sum of names": f"x = {' + '.join(['a'] * 900)}\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_code_that_is_made_to_cost_costs_little(bomb) -> None:
    """Neither memory nor time without bounds can be asked for, and the scan ends."""
    before = time.process_time()
    found_in({"pipeline.py": BOMBS[bomb].encode()})
    assert time.process_time() - before < 4
