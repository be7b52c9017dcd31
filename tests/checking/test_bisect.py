"""Finding the revision that broke it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gremio.checking.bisect import Bisection, Step
from gremio.checking.judges import CommandJudge, Judgement, TrialJudge
from gremio.checking.request import TrialRequest
from gremio.checking.revisions import Revision, revisions_between
from gremio.code import CodeTree, Origin, PipelineRef
from gremio.errors import EntryNotFound, NotTrusted, OptionError, RefNotFound, RevisionNotFound
from gremio.machine.processes import Children, Limits
from gremio.machine.settings import Settings
from gremio.sources import Access


def search(verdicts: str, codes: str | None = None, **more):
    """Bisect revisions 0, 1, 2 … of which each letter tells: g good, b bad, a absent, s can't be judged."""
    words = {"g": "good", "b": "bad", "s": "skipped"}
    asked: list[str] = []

    def get(revision: Revision) -> CodeTree:
        at = int(revision.name)
        if verdicts[at] == "a":
            raise EntryNotFound("there is no pipeline.py")
        text = codes[at] if codes else revision.name
        return CodeTree({"pipeline.py": text.encode()}, "pipeline.py", Origin("hub", "a/b"))

    def judge(revision: Revision) -> Judgement:
        asked.append(revision.name)
        return Judgement(words[verdicts[int(revision.name)]])

    steps: list[Step] = []
    found = Bisection("a/b", get, judge, told=steps.append, **more).search(
        [Revision(str(n)) for n in range(len(verdicts))]
    )
    assert list(found.steps) == steps
    return found, asked


@pytest.mark.parametrize("at", range(1, 40))
def test_the_first_bad_one_is_found(at: int) -> None:
    """Wherever it is, in as many looks as halving takes."""
    found, asked = search("g" * at + "b" * (40 - at))
    assert (found.first_bad.revision.name, found.last_good.revision.name) == (str(at), str(at - 1))
    assert len(asked) <= 2 + 6


def test_revisions_without_the_code_are_passed_over() -> None:
    """They are neither good nor bad."""
    found, _ = search("gaaagaaabaab")
    assert (found.first_bad.revision.name, found.last_good.revision.name, found.between) == ("8", "4", ())


def test_what_cannot_be_judged_is_told() -> None:
    """If the change may lie there, it is said which ones those are."""
    found, _ = search("ggssbb")
    assert found.first_bad.revision.name == "4"
    assert [revision.name for revision in found.between] == ["2", "3"]


def test_the_same_code_is_judged_once() -> None:
    """Unless what judges looks at more than the code."""
    found, asked = search("ggggbbbb", "aaaabbbb")
    assert (found.first_bad.revision.name, asked) == ("4", ["0", "7"])
    assert {step.same_as.name for step in found.steps if step.same_as} == {"0", "7"}
    assert len(search("ggggbbbb", "aaaabbbb", code_decides=False)[1]) > 2


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ("bbb", "revision 0 is not good"),
        ("ggg", "revision 2 is not bad"),
        ("agb", "does not have this code"),
        ("gbs", "could not be judged"),
    ],
)
def test_both_ends_are_looked_at_first(verdicts: str, says: str) -> None:
    """A search between wrong ends would find nonsense."""
    with pytest.raises(OptionError, match=says):
        search(verdicts)


@pytest.fixture
def between(hub):
    """``between("castle", "v0.9.0", "main")``: the revisions."""

    def revisions(ref: str, good: str, bad: str) -> list[str]:
        settings = Settings.from_environment()
        found = revisions_between(PipelineRef.parse(ref), good, bad, access=Access.of(settings), settings=settings)
        return [revision.name for revision in found]

    return revisions


def test_a_name_has_the_mirrors_versions(mirror, between) -> None:
    """In the order of versions, main last, without those that lack the file."""
    mirror({f"{at}/castle": "runs" for at in ("v0.9.0", "v0.10.2", "v0.30.0", "main")} | {"v0.20.0/tower": "runs"})
    assert between("castle", "v0.9.0", "main") == ["v0.9.0", "v0.10.2", "v0.30.0", "main"]
    assert between("mirror:castle", "0.10.2", "0.30.0") == ["v0.10.2", "v0.30.0"]
    for good, bad, error, says in (
        ("main", "v0.9.0", OptionError, "not older than"),
        ("v0.9.0", "v0.9.0", OptionError, "not older than"),
        ("v0.20.0", "main", RevisionNotFound, "not in version v0.20.0"),
        ("v7", "main", RevisionNotFound, "no version 'v7'"),
    ):
        with pytest.raises(error, match=says):
            between("castle", good, bad)
    with pytest.raises(RefNotFound, match=r"no version of .* has moat\.py"):
        between("moat", "v0.9.0", "main")


def test_a_repository_has_its_commits(put, between, api) -> None:
    """Named by commit, by its first digits, by branch or by tag."""
    commits = [put("ana/brush", {"pipeline.py": f"# {n}"}) for n in range(4)]
    api.create_tag("ana/brush", tag="v1", revision=commits[1])
    assert between("ana/brush", commits[0], "main") == commits
    assert between("ana/brush", "v1", commits[2]) == commits[1:3]
    assert between("ana/brush", commits[2][:9], "main") == commits[2:]
    for good, bad, error, says in (
        ("main", "main", OptionError, "not older"),
        ("main", commits[1], OptionError, "not among the"),
        ("nope", "main", RevisionNotFound, "no revision 'nope'"),
        (commits[0], "nope", RevisionNotFound, "no revision 'nope'"),
    ):
        with pytest.raises(error, match=says):
            between("ana/brush", good, bad)
    with pytest.raises(OptionError, match="names a revision itself"):
        between("hub:ana/brush@v1", commits[0], "main")


def test_what_is_here_is_for_git(between, code, tmp_path: Path) -> None:
    """In a repository the command is told; elsewhere there is nothing to walk."""
    folder = code({"castle": "runs"})
    with pytest.raises(OptionError, match="has no revisions"):
        between(str(folder / "castle.py"), "a", "b")
    (tmp_path / ".git").mkdir()
    with pytest.raises(OptionError, match="git bisect start b a && git bisect run gremio check"):
        between(str(folder / "castle.py"), "a", "b")


def test_a_trial_judges(runner, mirror, hub) -> None:
    """What runs is good, what doesn't is bad with its report, and what may not run is no answer."""
    mirror({"v1/castle": "runs", "v2/castle": "fails", "v3/castle": "refused"})
    judge = TrialJudge(runner(), TrialRequest("castle", quick=True))
    assert judge(Revision("v1")).verdict == "good"
    bad = judge(Revision("v2"))
    assert (bad.verdict, bad.report.error.kind) == ("bad", "KeyError")
    with pytest.raises(NotTrusted, match="nobody allowed it"):
        judge(Revision("v3"))


def test_a_command_judges() -> None:
    """It gets ref and revision in two ways; 0 is good, 125 says nothing, anything else is bad."""
    script = (
        "import os, sys; assert sys.argv[1:] == ['a/b@r', os.environ['GREMIO_BISECT_REF']]\n"
        "sys.exit({'0': 0, '1': 125, '2': 'no paint'}[os.environ['GREMIO_BISECT_REVISION'][0]])"
    ).replace("'a/b@r'", "'a/b@' + os.environ['GREMIO_BISECT_REVISION']")
    judge = CommandJudge([sys.executable, "-c", script, "{ref}@{revision}", "{ref}"], "a/b", Children(), Limits(30))
    found = [judge(Revision(name)) for name in "012"]
    assert [each.verdict for each in found] == ["good", "skipped", "bad"]
    assert found[2].why == "exit code 1: no paint"
    slow = CommandJudge([sys.executable, "-c", "import time; time.sleep(60)"], "a/b", Children(), Limits(0.5))
    assert slow(Revision("0")) == Judgement("bad", "no end after 0.5 seconds")


def test_a_command_that_is_not_there_is_said() -> None:
    """Before anything is fetched or judged."""
    with pytest.raises(OptionError, match="no command 'no-such-command'"):
        CommandJudge(["no-such-command"], "a/b", Children(), Limits())
