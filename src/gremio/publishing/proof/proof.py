"""Whether what was published loads, and is what was published."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from gremio.errors import NotProven
from gremio.publishing.proof.exchange import Loader, ProofSubject

Verdict = Literal["ok", "failed", "impossible"]

NAMES = {"gremio": "Gremio", "diffusers": "plain diffusers"}


@dataclass(frozen=True)
class Attempt:
    """One load.

    Attributes:
        loader: what loaded.
        verdict: ``ok``; ``failed``, if it did not load or is something else; ``impossible``, if it wasn't tried.
        reasons: why it is not ok, in words.
        error: the class of the exception that ended it; empty if none did.
        log: the last lines that the process printed, where it failed.
        seconds: how long it took.
    """

    loader: Loader
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    error: str = ""
    log: tuple[str, ...] = ()
    seconds: float = 0.0

    def lines(self) -> list[str]:
        """For people: the verdict, the reasons, and below them what the process printed."""
        name = NAMES[self.loader]
        if self.verdict == "ok":
            return [f"{name}: loads, and is what was published ({self.seconds:.0f} s)"]
        what = "failed" if self.verdict == "failed" else "not possible" if self.error else "not tried"
        head = [f"{name}: {what}: {self.reasons[0]}", *(f"  {reason}" for reason in self.reasons[1:])]
        return [*head, *(f"    | {line}" for line in self.log)]


@dataclass(frozen=True)
class Proof:
    """What the attempts came to; ``made`` is when and with what, where that was in an earlier publish."""

    subject: ProofSubject
    attempts: tuple[Attempt, ...]
    made: str = ""

    @property
    def ok(self) -> bool:
        """Whether it loaded as what it is, and nothing that was tried failed."""
        verdicts = {each.verdict for each in self.attempts}
        return "ok" in verdicts and "failed" not in verdicts

    def lines(self) -> list[str]:
        """For people."""
        before = [f"proven on {self.made}; verify=True proves it again"] if self.made else []
        return before + [line for attempt in self.attempts for line in attempt.lines()]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"ok": self.ok, **asdict(self)}

    def require(self) -> None:
        """Be satisfied, or say why not.

        Raises:
            NotProven: an attempt failed, or nothing could be tried.
        """
        if self.ok:
            return
        at = f" at {self.subject.revision}" if self.subject.revision else ""
        raise NotProven(
            "\n".join([f"what lies there{at} is not proven to load as what was published:", *self.lines()]),
            ref=self.subject.name,
            next_step="Correct it and publish again; --no-verify (verify=False) publishes without this proof.",
        )
