"""Has what was published loaded, in clean processes, and compares it with what was meant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from gremio.errors import NotProven
from gremio.machine.processes import Children, Ended, Limits, Trouble
from gremio.machine.settings import Settings
from gremio.machine.writing import scratch
from gremio.publishing.proof.environment import clean_environment
from gremio.publishing.proof.exchange import LOADERS, Loader, ProofReport, ProofSubject
from gremio.publishing.proof.facts import Facts, differences
from gremio.publishing.proof.proof import Attempt, Proof

# -P: what lies in the current directory is no module of ours.
PROOF = (sys.executable, "-P", "-m", "gremio.publishing.proof.child")
_TIMEOUT = 1800.0
_LAST = 12  # lines of what a process printed that are kept
_UNTRUSTED = frozenset({"NotTrusted", "CodeChanged"})


def prove(
    subject: ProofSubject,
    expected: Facts,
    *,
    settings: Settings,
    limits: Sequence[str] = (),
    mended: bool = False,
    loaders: Sequence[Loader] = LOADERS,
    token: str | None = None,
    timeout: float | None = _TIMEOUT,
    before: Callable[[Loader], None] | None = None,
    command: Sequence[str] = PROOF,
) -> Proof:
    """Load the subject once with each loader, one after the other, with an empty cache that they share.

    Args:
        subject: what was published, and the digest of the code that may run.
        expected: what it should be: facts of the object that was pushed, or of the folder (``facts_of_folder``).
        settings: where the Hub is, and what may run on this machine.
        limits: why plain diffusers can't load it; then it isn't tried.
        mended: whether Gremio mends the code; that plain diffusers can't load it then says nothing against it.
        loaders: ``gremio``, ``diffusers``, or both.
        token: of the Hub, where the repository is private.
        timeout: seconds for each load, downloads included; None for no end.
        before: called with each loader before it starts, for whoever watches.
        command: what makes a load, given the subject's arguments.

    Returns:
        The proof, good or bad; ``require`` raises if it is bad.
    """
    attempts: list[Attempt] = []
    with _processes(settings, token, timeout, command) as load:
        for loader in loaders:
            why = _not_possible(loader, subject, settings, limits, attempts)
            if why:
                attempts.append(Attempt(loader, "impossible", why))
                continue
            if before is not None:
                before(loader)
            attempt = _attempt(loader, expected, *load(subject, loader))
            attempts.append(_excused(attempt) if mended and loader == "diffusers" and attempt.error else attempt)
    return Proof(subject, tuple(attempts))


def facts_of_folder(
    subject: ProofSubject, *, settings: Settings, timeout: float | None = _TIMEOUT, command: Sequence[str] = PROOF
) -> Facts:
    """What a folder holds, as Gremio loads it in a process of its own.

    Raises:
        NotProven: it can't be loaded, so there is nothing to publish that anybody could.
    """
    why = _not_possible("gremio", subject, settings, (), ())
    if not why:
        with _processes(settings, None, timeout, command) as load:
            report, ended = load(subject, "gremio")
        if report.facts is not None:
            return report.facts
        why = (*report.reasons, *_last_lines(ended))
    raise NotProven(
        "\n".join([f"the folder itself can't be loaded: {why[0]}", *why[1:]]),
        ref=subject.name,
        next_step="Make it load here first; --no-verify publishes it as it is.",
    )


_Load = Callable[[ProofSubject, Loader], tuple[ProofReport, Ended]]


@contextmanager
def _processes(settings: Settings, token: str | None, timeout: float | None, command: Sequence[str]) -> Iterator[_Load]:
    """A folder with empty caches, gone afterwards, and what makes a load in it."""
    # Whole models come here.
    with scratch(settings.home / "proofs") as folder:
        empty = folder / "empty"
        empty.mkdir()
        children = Children(clean_environment(folder, settings, token))

        def load(subject: ProofSubject, loader: Loader) -> tuple[ProofReport, Ended]:
            ended = children.run([*command, *subject.arguments(loader)], Limits(timeout), folder=empty)
            try:
                return ProofReport.from_output(ended.out), ended
            except ValueError:
                return ProofReport(error=Trouble("", _without_report(ended))), ended

        yield load


def _not_possible(
    loader: Loader, subject: ProofSubject, settings: Settings, limits: Sequence[str], before: Sequence[Attempt]
) -> tuple[str, ...]:
    """Why it isn't to be tried; empty if it is."""
    if subject.digest and settings.remote_code_disabled:
        return ("DIFFUSERS_DISABLE_REMOTE_CODE is set here, and it brings code",)
    if subject.digest and settings.policy == "never":
        return ("GREMIO_POLICY=never is set here, and it brings code",)
    if loader == "diffusers" and any(each.error in _UNTRUSTED for each in before):
        return ("the code that lies there is not the code that was published",)
    return tuple(limits) if loader == "diffusers" else ()


def _attempt(loader: Loader, expected: Facts, report: ProofReport, ended: Ended) -> Attempt:
    seconds = round(ended.seconds, 1)
    if report.facts is None:
        kind = report.error.kind if report.error else ""
        return Attempt(loader, "failed", report.reasons, kind, _last_lines(ended), seconds)
    found = differences(expected, report.facts)
    return Attempt(loader, "failed" if found else "ok", found, seconds=seconds)


def _excused(attempt: Attempt) -> Attempt:
    why = "it can't load this code, which Gremio mends to go with the libraries that are installed here"
    return replace(attempt, verdict="impossible", reasons=(why, *attempt.reasons))


def _without_report(ended: Ended) -> str:
    if ended.timed_out:
        return f"no result after {ended.seconds:.0f} seconds"
    last = f": {ended.last_line}" if ended.last_line else ""
    hint = " (the system ends a process so when memory runs out)" if ended.how == "SIGKILL" else ""
    return f"its process ended with {ended.how} and no report{hint}{last}"


def _last_lines(ended: Ended) -> tuple[str, ...]:
    """Without progress bars, which draw over themselves."""
    lines = [line.rstrip() for line in ended.err.splitlines()]
    return tuple(line for line in lines if line and "%|" not in line)[-_LAST:]
