"""Which pipeline is meant, what its code is, and whether it may run here. Reads; executes nothing, loads no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gremio.code import CodeTree, PipelineRef
from gremio.code.review import Review
from gremio.code.review import read as read_tree
from gremio.drawing.choosing import approved, plainly
from gremio.errors import CodeChanged, EntryNotFound, NotTrusted, OptionError
from gremio.loading.pipelines.request import LoadRequest
from gremio.loading.pipelines.resolving import resolve
from gremio.machine.paths import expanded, lies_here
from gremio.machine.settings import Settings
from gremio.running.calls import CallSignature
from gremio.running.form import Form
from gremio.sources import Access, fetch
from gremio.sources.model import reads_as_path
from gremio.studio.drawing.order import Code, Weights
from gremio.trust.findings import Finding, by_weight, scan


@dataclass(frozen=True)
class Places:
    """Which folders and files of this machine may be named in the page: those that whoever started it has named."""

    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str | Path]) -> Places:
        """As they are written, and where they lead."""
        given = list(map(str, texts))
        return cls(frozenset([*given, *(str(expanded(text).resolve()) for text in given)]))

    def check(self, text: str) -> None:
        """Refuse what would have a visitor of the page read files of this machine.

        Raises:
            OptionError: it is a path that nobody named at the start.
        """
        if text in self.named:
            return
        local = reads_as_path(text) or text.startswith("local:") or lies_here(text)
        if local or PipelineRef.parse(text).source == "local":
            raise OptionError(
                "the page opens no folders or files of this machine but those it was started with",
                ref=text,
                next_step=f"Start it with `gremio ui {text}` or `--model {text}`.",
            )


@dataclass(frozen=True)
class Question:
    """Code that needs somebody's word: the tree, why, and what has changed since it was last used (a diff)."""

    tree: CodeTree
    ref: str
    why: str
    findings: tuple[Finding, ...]
    diff: str = ""


@dataclass(frozen=True)
class Opened:
    """One pipeline as its page shows it.

    ``tree``, ``review`` and ``findings`` are of its code, None and empty for one of Diffusers' own classes.
    """

    ref: str
    code: Code
    weights: Weights | None
    form: Form
    title: str
    about: str
    tree: CodeTree | None = None
    review: Review | None = None
    findings: tuple[Finding, ...] = field(default=(), repr=False)


def opened(ref: str, weights: Weights, *, settings: Settings) -> Opened:
    """Find the code that ``ref`` names and read it; where the weights name no other model it brings its own pipeline.

    Raises:
        GremioError: it isn't there, can't be read, or has no call that can be told.
    """
    parsed, alone = PipelineRef.parse(ref), weights.model in ("", ref)
    try:
        tree = fetch(parsed, revision=None, access=Access.of(settings), settings=settings)
    except EntryNotFound:
        if not alone:
            raise
        return _stock(ref, weights, settings)
    review = read_tree(tree)
    if review.class_name is None or not review.call:
        why = review.problem or f"{review.class_name} has no __call__, so it can't be drawn with"
        step = "Modular blocks and single components are drawn with by `gremio run`."
        raise OptionError(why, ref=ref, next_step=step if review.blocks or review.problem else "")
    signature = CallSignature.read(review.class_name, review.call, review.call_docstring)
    code = Code("" if alone else ref)
    findings = by_weight(scan(tree))
    model = None if alone and parsed.source == "mirror" else replace(weights, model=weights.model or ref)
    return Opened(ref, code, model, Form.of(signature), review.class_name, review.docstring, tree, review, findings)


def weights_of(opened: Opened) -> Weights:
    """What is loaded.

    Raises:
        OptionError: there is no model.
    """
    if opened.weights is None:
        raise OptionError(
            "a community pipeline has no weights of its own", ref=opened.ref, next_step="Choose a model above."
        )
    return opened.weights


def question(opened: Opened, *, settings: Settings) -> Question | None:
    """What has to be asked before this may run with its model; None where nothing has to be.

    Raises:
        GremioError: the model can't be found, or does not fit, or the policy lets nobody decide.
    """
    weights = weights_of(opened)
    given = {"revision": weights.revision, "variant": weights.variant}
    arguments = opened.code.arguments() | {name: value for name, value in given.items() if value}
    try:
        approved(LoadRequest.parse(weights.model, arguments), plainly)
    except NotTrusted as refusal:
        if not isinstance(refusal.code, CodeTree):
            raise
        return Question(refusal.code, refusal.ref, refusal.message, by_weight(scan(refusal.code)))
    except CodeChanged as refusal:
        if opened.tree is None or str(opened.tree.digest) != refusal.digest:
            raise
        return Question(opened.tree, refusal.ref, refusal.message.split("\n")[0], opened.findings, refusal.diff)
    return None


def _stock(ref: str, weights: Weights, settings: Settings) -> Opened:
    """A model with a pipeline of Diffusers' own."""
    resolved = resolve(LoadRequest.parse(ref, {}))
    reader, name = resolved.reading()
    signature = CallSignature.read(
        name.rpartition(".")[2], reader.signature(name, "__call__"), reader.call_docstring(name)
    )
    model = replace(weights, model=ref)
    return Opened(ref, Code(), model, Form.of(signature), signature.owner, reader.docstring(name))
