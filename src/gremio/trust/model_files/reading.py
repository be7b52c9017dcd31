"""From the files of a model to findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

from gremio.sources.model import ModelHome
from gremio.trust.findings import Finding
from gremio.trust.model_files.documents import Document, kind_of, read_document
from gremio.trust.model_files.kinds import link_findings, name_findings
from gremio.trust.model_files.rules import RULES

_NO_LINKS: Mapping[str, str] = {}


def documents_in(files: Mapping[str, Callable[[], bytes]]) -> list[Document]:
    """The index, the configs and the shard indexes among the files, read."""
    every = frozenset(files)
    return [read_document(read(), path, kind, every) for path, read in sorted(files.items()) if (kind := kind_of(path))]


def findings_of(document: Document) -> list[Finding]:
    """What every rule finds in one file, in the order of the rules."""
    return [finding for rule in RULES for finding in rule.findings(document)]


def findings_in(files: Mapping[str, Callable[[], bytes]], *, links: Mapping[str, str] = _NO_LINKS) -> list[Finding]:
    """What is to be known of a model's files before any of them is loaded.

    Args:
        files: how to read each file, by its path in the repository. Only index, configs and shard indexes are read.
        links: where those files lead that are links out of the model; they are not read.
    """
    whole = {path: read for path, read in files.items() if path not in links}
    found = [finding for document in documents_in(whole) for finding in findings_of(document)]
    return [*link_findings(links), *found, *name_findings(files)]


def findings_of_model(
    home: ModelHome, paths: Collection[str] | None = None, *, folders: Collection[str] = ()
) -> list[Finding]:
    """The same for a model on the Hub or in a folder.

    Args:
        home: the model.
        paths: which of its files are meant; all of them if nothing is said.
        folders: folders of it that may be links themselves.
    """
    meant = home.paths() if paths is None else paths
    links = home.links([*meant, *folders])
    data = home.read([path for path in meant if kind_of(path) and path not in links])
    return findings_in({path: partial(data.__getitem__, path) for path in meant}, links=links)
