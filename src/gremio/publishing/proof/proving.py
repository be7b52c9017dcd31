"""Has what was published loaded, in clean processes, and compares it with what was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gremio.errors import NotProven
from gremio.machine.processes import Ended
from gremio.machine.settings import Settings
from gremio.publishing.proof.exchange import LOADERS, Loader, ProofReport, ProofSubject
from gremio.publishing.proof.facts import Facts, differences
from gremio.publishing.proof.loads import Loads
from gremio.publishing.proof.proof import Attempt, Proof

_LAST = 12  # lines of what a process printed that are kept
_UNTRUSTED = frozenset({"NotTrusted", "CodeChanged"})


def prove(
    subject: ProofSubject,
    expected: Facts,
    loads: Loads,
    *,
    limits: Sequence[str] = (),
    mended: bool = False,
    loaders: Sequence[Loader] = LOADERS,
    token: str | None = None,
    before: Callable[[Loader], None] | None = None,
) -> Proof:
    """Load the subject once with each loader, one after the other, with an empty cache that they share.

    Args:
        subject: what was published, and the digest of the code that may run.
        expected: what it should be: facts of the object that was pushed, or of the folder (``facts_of_folder``).
        loads: what makes a load.
        limits: why plain diffusers can't load it; then it isn't tried.
        mended: whether Gremio mends the code; that plain diffusers can't load it then says nothing against it.
        loaders: ``gremio``, ``diffusers``, or both.
        token: of the Hub, where the repository is private.
        before: called with each loader before it starts, for whoever watches.

    Returns:
        The proof, good or bad; ``require`` raises if it is bad.
    """
    attempts: list[Attempt] = []
    with loads.sharing_a_cache(token) as load:
        for loader in loaders:
            why = _not_possible(loader, subject, loads.settings, limits, attempts)
            if why:
                attempts.append(Attempt(loader, "impossible", why))
                continue
            if before is not None:
                before(loader)
            attempt = _attempt(loader, expected, *load(subject, loader))
            attempts.append(_excused(attempt) if mended and loader == "diffusers" and attempt.error else attempt)
    return Proof(subject, tuple(attempts))


def facts_of_folder(subject: ProofSubject, loads: Loads) -> Facts:
    """What a folder holds, as Gremio loads it in a process of its own.

    Raises:
        NotProven: it can't be loaded, so there is nothing to publish that anybody could.
    """
    why = _not_possible("gremio", subject, loads.settings, (), ())
    if not why:
        with loads.sharing_a_cache() as load:
            report, ended = load(subject, "gremio")
        if report.facts is not None:
            return report.facts
        why = (*report.reasons, *_last_lines(ended))
    raise NotProven(
        "\n".join([f"the folder itself can't be loaded: {why[0]}", *why[1:]]),
        ref=subject.name,
        next_step="Make it load here first; --no-verify publishes it as it is.",
    )


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


def _last_lines(ended: Ended) -> tuple[str, ...]:
    """Without progress bars, which draw over themselves."""
    lines = [line.rstrip() for line in ended.err.splitlines()]
    return tuple(line for line in lines if line and "%|" not in line)[-_LAST:]
