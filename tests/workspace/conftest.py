"""A project whose pipeline and model lie on the local Hub."""

from __future__ import annotations

import pytest
from tests.samples.code import PLAIN

from gremio.workspace import LockEntry, Workspace


@pytest.fixture
def work(tmp_path, hub):
    """A workspace without entries."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Workspace(folder)


@pytest.fixture
def asked(put, sd_folder):
    """What to lock: code of one repository, weights of another."""
    put("maria/sd", sd_folder)
    put("maria/code", {"pipeline.py": PLAIN})
    return LockEntry("fox", ref="maria/code", model="maria/sd")


@pytest.fixture
def locked(work, asked):
    """The workspace with that, approved; nothing of the weights is fetched."""
    entry, trees = work.resolve(asked)
    work.put(work.approved(entry, *given(entry)), trees, new=True)
    return work


def given(entry):
    """Approvals of all code of an entry."""
    from gremio.trust.approvals import Approval

    return [Approval.now(code.digest, by="maria") for code in entry.codes]
