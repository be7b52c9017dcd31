"""Who may run: every rule of the gate."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import gremio
from gremio.code import CodeTree, Digest, Origin
from gremio.errors import CodeChanged, NotTrusted, StoreError
from gremio.machine.settings import Settings
from gremio.sources.trees import Trees
from gremio.trust import ApprovedCode, CodeRequest, Grant, authorize, recall

COMMIT = "c" * 40
ORIGINS = {
    "local": Origin("local", "/code"),
    "mirror": Origin("mirror", "diffusers/mirror", COMMIT, "main", "main"),
    "hub": Origin("hub", "maria/castle", COMMIT, "main"),
}
TREES = {name: CodeTree({"pipeline.py": name.encode()}, "pipeline.py", origin) for name, origin in ORIGINS.items()}
GRANTS = {
    "nothing": lambda tree: Grant(),
    "True": lambda tree: Grant(named=True),
    "place": lambda tree: Grant.parse([tree.origin.repo]),
    "other place": lambda tree: Grant.parse(["else/where"]),
    "digest": lambda tree: Grant.parse([str(tree.digest)]),
    "other digest": lambda tree: Grant.parse([str(Digest.of_bytes(b""))]),
}
COVERING = ("True", "place", "digest")


@pytest.fixture
def settings(home, tmp_path) -> Settings:
    """The default policy, in the test's own home."""
    return Settings(home=home, cache_dir=tmp_path / "cache", endpoint="http://127.0.0.1:9")


def allowed(source: str, role: str, grant: str, settings: Settings, *, sole: bool = True) -> bool:
    """Whether the gate opens; either way its answer is complete."""
    tree = TREES[source]
    refused = None
    try:
        code = authorize(CodeRequest("ref", tree, GRANTS[grant](tree), role, sole), settings)
    except NotTrusted as error:
        refused = error
    if refused is None:
        assert code.tree == tree
        assert code.reason
    else:
        assert (refused.digest, refused.ref) == (str(tree.digest), "ref")
        assert refused.next_step
    return refused is None


@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("role", ["named", "found"])
@pytest.mark.parametrize("source", ORIGINS)
class TestPolicies:
    """Each policy over every source, role and grant."""

    def test_default(self, source, role, grant, settings):
        """Paths and community pipelines that are named run; all else needs a grant that covers it."""
        free = role == "named" and source in ("local", "mirror")
        assert allowed(source, role, grant, settings) is (free or grant in COVERING)

    def test_default_beside_other_code(self, source, role, grant, settings):
        """Where the call names other code, True does not mean the code that was found in the model."""
        free = role == "named" and source in ("local", "mirror")
        covering = COVERING if role == "named" else ("place", "digest")
        assert allowed(source, role, grant, settings, sole=False) is (free or grant in covering)

    def test_approved(self, source, role, grant, settings):
        """Only exactly these bytes."""
        assert allowed(source, role, grant, replace(settings, policy="approved")) is (grant == "digest")

    def test_never(self, source, role, grant, settings):
        """Nothing, not even what was granted by digest."""
        assert not allowed(source, role, grant, replace(settings, policy="never"))

    def test_remote_code_disabled(self, source, role, grant, settings):
        """Local code goes on as before; nothing that came over the network runs."""
        expected = source == "local" and (role == "named" or grant in COVERING)
        assert allowed(source, role, grant, replace(settings, remote_code_disabled=True)) is expected


def test_a_refusal_leaves_no_trace(settings):
    """Refused code is neither kept nor remembered."""
    assert not allowed("hub", "named", "nothing", settings)
    assert not [p for p in settings.home.rglob("*") if p.is_file()]


def test_code_found_beside_other_code_is_granted_by_a_list(settings):
    """The refusal does not suggest True where True would not help."""
    tree = TREES["hub"]
    with pytest.raises(NotTrusted) as caught:
        authorize(CodeRequest("ref", tree, Grant(named=True), "found", sole=False), settings)
    assert "trust_remote_code=['maria/castle'" in caught.value.next_step
    assert f"revision='{COMMIT}'" in caught.value.next_step


def changed(source: str, files: dict[str, bytes], commit: str = "d" * 40) -> CodeTree:
    """The same ref with other bytes."""
    return CodeTree(files, "pipeline.py", replace(ORIGINS[source], commit=commit))


@pytest.mark.parametrize("source", ["mirror", "hub"])
def test_other_bytes_under_the_same_ref_are_refused_with_a_diff(source, settings):
    """The error has both digests, a unified diff and both ways on; the new bytes are not kept."""
    grant = Grant(named=True)
    first = CodeTree({"pipeline.py": b"a\nb\n", "old.py": b"x\n"}, "pipeline.py", ORIGINS[source])
    authorize(CodeRequest("ref", first, grant), settings)
    second = changed(source, {"pipeline.py": b"a\nc\n", "new.py": b"y\n"})
    with pytest.raises(CodeChanged) as caught:
        authorize(CodeRequest("ref", second, grant), settings)
    error = caught.value
    assert error.diff.splitlines() == [
        "--- before/new.py",
        "+++ now/new.py",
        "@@ -0,0 +1 @@",
        "+y",
        "--- before/old.py",
        "+++ now/old.py",
        "@@ -1 +0,0 @@",
        "-x",
        "--- before/pipeline.py",
        "+++ now/pipeline.py",
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "+c",
    ]
    assert str(first.digest) in str(error)
    assert {"hub": f"custom_revision='{COMMIT}'", "mirror": "pass a version"}[source] in error.next_step
    assert Trees(settings.home).files(second.digest) is None
    accepted = authorize(CodeRequest("ref", second, Grant.parse([error.digest])), settings)
    assert accepted.reason == "granted by digest"
    assert authorize(CodeRequest("ref", second, grant), settings).tree == second


def test_a_long_diff_is_cut(settings):
    """An error message stays readable."""
    grant = Grant(named=True)
    authorize(CodeRequest("ref", changed("hub", {"pipeline.py": b"a\n" * 900}), grant), settings)
    with pytest.raises(CodeChanged) as caught:
        authorize(CodeRequest("ref", changed("hub", {"pipeline.py": b"b\n" * 900}), grant), settings)
    assert len(caught.value.diff.splitlines()) == 201
    assert caught.value.diff.endswith("more lines")


def test_other_revisions_are_other_memories(settings):
    """A pinned commit is not compared with what main was."""
    grant = Grant(named=True)
    authorize(CodeRequest("ref", TREES["hub"], grant), settings)
    pinned = CodeTree({"pipeline.py": b"other"}, "pipeline.py", Origin("hub", "maria/castle", "d" * 40, "d" * 40))
    assert authorize(CodeRequest("ref", pinned, grant), settings)


def test_a_local_folder_may_change(settings):
    """Who works on a pipeline is not asked after every edit."""
    for text in (b"a", b"b", b"a"):
        tree = CodeTree({"pipeline.py": text}, "pipeline.py", ORIGINS["local"])
        assert authorize(CodeRequest("ref", tree, Grant()), settings).tree == tree


@pytest.mark.parametrize("source", ORIGINS)
def test_recall_gives_back_what_was_approved(source, settings):
    """A worker process gets the same tree with its origin and its reason; nothing that was not approved."""
    tree = TREES[source]
    assert recall(tree.digest, settings) is None
    approved = authorize(CodeRequest("ref", tree, Grant(named=True)), settings)
    recalled = recall(tree.digest, settings)
    assert recalled is not None
    assert (recalled.tree, recalled.reason) == (approved.tree, approved.reason)


@pytest.mark.parametrize(
    ("change", "sources"),
    [({"policy": "never"}, set()), ({"remote_code_disabled": True}, {"local"}), ({"policy": "default"}, set(ORIGINS))],
)
def test_recall_obeys_the_policy(change, sources, settings):
    """What was approved under another policy does not run under this one."""
    for tree in TREES.values():
        authorize(CodeRequest("ref", tree, Grant(named=True)), settings)
    now = replace(settings, **change)
    assert {name for name, tree in TREES.items() if recall(tree.digest, now)} == sources


def test_recall_under_approved_wants_the_digest(settings):
    """What ran because it was named is not recalled where only granted digests may run."""
    tree, approved = TREES["local"], replace(settings, policy="approved")
    authorize(CodeRequest("ref", tree, Grant()), settings)
    assert recall(tree.digest, approved) is None
    authorize(CodeRequest("ref", tree, Grant.parse([tree.digest.hex])), approved)
    authorize(CodeRequest("ref", tree, Grant()), settings)
    assert recall(tree.digest, approved) is not None


def test_recall_refuses_altered_code(settings):
    """The stored files are hashed again."""
    tree = TREES["local"]
    authorize(CodeRequest("ref", tree, Grant()), settings)
    stored = Trees(settings.home).folder(tree.digest) / "pipeline.py"
    stored.chmod(0o644)
    stored.write_text("altered")
    with pytest.raises(StoreError):
        recall(tree.digest, settings)


def test_a_kept_tree_is_not_an_approved_one(settings):
    """That a tree lies in the store approves nothing."""
    Trees(settings.home).keep(TREES["hub"])
    assert recall(TREES["hub"].digest, settings) is None


def test_only_trust_makes_approved_code():
    """Nobody else has the seal, neither at run time nor in the source."""
    with pytest.raises(TypeError):
        ApprovedCode(TREES["local"], "because", object())
    makers = [
        path
        for path in Path(gremio.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ApprovedCode"
    ]
    assert {path.name for path in makers} == {"gate.py"}
