"""From words and filters to entries."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.catalog.conftest import DIGEST, OTHERS, PAINTER

from gremio.catalog import Catalog, Entry, Query, search
from gremio.catalog.results import remember
from gremio.catalog.store import FILE, Store, put, remove
from gremio.catalog.words import match
from gremio.code import CodeTree, Origin
from gremio.errors import StoreError
from gremio.machine.settings import Settings
from gremio.trust.approvals import Approval, Approvals


def _refs(entries):
    return [entry.ref for entry in entries]


@pytest.mark.parametrize(
    ("words", "refs"),
    [
        ("castle", ["painter_sdxl", "/pipes/mine.py"]),  # the title counts for more than the description
        ("castles painting", ["painter_sdxl"]),
        ("CASTANO", ["painter_sdxl"]),
        ("sdxl", ["painter_sdxl"]),
        ("img2img", ["painter_sdxl"]),
        ("mask_im", ["painter_sdxl"]),
        ("network", ["painter_sdxl"]),
        ("1111111111", ["painter_sdxl"]),
        ("castle walks", ["walker", "painter_sdxl", "/pipes/mine.py"]),  # none has both: those that have one
        ("mit", ["maria/lost"]),
        ("nothing like it", []),
        ("++", []),
        ("", ["painter_sdxl", "walker", "/pipes/mine.py", "maria/lost"]),
    ],
)
def test_words_find_what_has_them_best_first(keep, words, refs):
    """In whatever is known, whatever case, accent or ending; without words there is everything."""
    assert _refs(keep().find(Query(words)).entries) == refs


def test_filters_narrow(keep):
    """By task, family, source and what is not installed."""
    keep()
    assert _refs(search("castle", task="inpainting")) == ["painter_sdxl"]
    assert _refs(search(family="unknown", source="hub")) == ["maria/lost"]
    assert _refs(search(missing_packages=True)) == ["maria/lost"]
    assert "maria/lost" not in _refs(search(missing_packages=False))
    assert search("lost")[0].missing == ("no-such-package",)


def test_what_runs_here_is_what_a_check_found_with_what_is_installed(keep, monkeypatch):
    """Another version of a library makes the result one of then."""
    keep()
    here = Settings.from_environment()
    remember(here, {DIGEST: "runs"})
    assert _refs(search(runs=True)) == ["painter_sdxl"]
    assert search("painter")[0].runs.holds
    monkeypatch.setattr("gremio.catalog.results.version_of", lambda name: "99")
    assert search(runs=True) == ()
    assert (search("painter")[0].runs.outcome, search("painter")[0].runs.holds) == ("runs", False)
    remember(here, {DIGEST: "fails"})
    assert search("painter")[0].runs.outcome == "fails"


def test_approvals_are_looked_up_when_they_are_asked_for(keep):
    """No sync lies between an approval and what is found."""
    tree = CodeTree({"pipeline.py": b""}, "pipeline.py", Origin("local", "/pipes"))
    keep(replace(PAINTER, digest=str(tree.digest)), *OTHERS)
    approvals = Approvals(Settings.from_environment())
    approvals.add(Approval.now(tree.digest, by="maria"), tree)
    assert "maria" in search("painter", source="approved")[0].approved
    approvals.revoke(tree.digest)
    assert search("painter", source="approved") == ()


def test_older_code_of_a_name_is_found_when_it_is_asked_for(keep, older):
    """Else there is one entry for a name, the newest."""
    catalog = keep(older, PAINTER)
    assert len(search("castle")) == 1
    assert {each.revision for each in search("castle", every_revision=True)} == {"", "v0.30.0"}
    assert catalog.get("painter_sdxl") == PAINTER
    assert catalog.by_digest(older.digest) == older


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=()), max_size=12))
def test_no_text_is_an_error(text):
    """What would be syntax of the index, halves of characters and ends of strings are words or nothing."""
    file = sqlite3.connect(":memory:")
    file.execute("CREATE VIRTUAL TABLE words USING fts5(a)")
    for words in (text, f'{text}" OR a:*', f"c++ -x ^{text}* NEAR({text}"):
        for every in (True, False):
            if wanted := match(words, every=every):
                file.execute("SELECT * FROM words WHERE words MATCH ?", (wanted,)).fetchall()


def test_what_is_forgotten_is_in_no_index(keep):
    """Removing an entry leaves no word of it behind, and putting it twice no second one."""
    keep()
    keep(replace(PAINTER, title="Ruins"))
    assert _refs(search("ruins castles")) == ["painter_sdxl"]
    with Store(Settings.from_environment()).writing() as file:
        remove(file, "tests", ["painter_sdxl", "walker", "maria/lost", "/pipes/mine.py"])
    with Store(Settings.from_environment()).reading() as file:
        assert file.execute("SELECT count(*) FROM words WHERE words MATCH 'ruins OR castles OR flux'").fetchone() == (
            0,
        )
        assert file.execute("SELECT count(*) FROM facets").fetchone() == (0,)


def test_a_failed_change_leaves_what_was_there(keep):
    """Interrupted in the middle, nothing of it is seen."""
    keep()

    def interrupted() -> None:
        with Store(Settings.from_environment()).writing() as file:
            put(file, "tests", "painter_sdxl", "2", replace(PAINTER, title="Half"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert search("painter") == (PAINTER,)


def test_another_format_keeps_only_the_results(keep, monkeypatch):
    """What a sync can't make again stays."""
    keep()
    here = Settings.from_environment()
    remember(here, {DIGEST: "runs"})
    monkeypatch.setattr("gremio.catalog.store._FORMAT", 999)
    assert len(Catalog(here)) == 0
    assert keep(PAINTER).find(Query("castle", runs=True)).entries[0].runs.outcome == "runs"
    assert len(Catalog(here)) == 1


def test_a_damaged_file_says_what_to_do(home):
    """It can be made again."""
    home.mkdir()
    (home / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"Remove .*catalog sync"):
        search("castle")


def test_nothing_is_found_where_nothing_was_kept(home):
    """No file is made by looking."""
    assert search("castle") == ()
    assert Catalog(Settings.from_environment()).get("castle") is None
    assert not home.exists()


def test_an_entry_is_what_its_document_says(keep):
    """Also one with half a character in it."""
    assert Entry.read(PAINTER.document()) == PAINTER
    keep(replace(PAINTER, title="half \ud800 of \0 one"))
    assert search("half")[0].title == "half ? of \0 one"
