"""Everything Gremio can refuse or fail with. Imports nothing.

GremioError
├── RefError                what was written can't be a ref
├── NotFound                a ref, a revision or a file that isn't there
│   ├── RefNotFound
│   ├── RevisionNotFound
│   └── EntryNotFound
├── AccessDenied            private or gated, and no token opens it
├── Unavailable             neither the network nor the cache has it
├── StoreError              our own store can't be written or is damaged
├── CodeError               the code can't be used as it is
│   ├── UnreadableCode      it does not parse
│   ├── NoClass             no pipeline or component class in it
│   ├── SeveralClasses      more than one, and none is meant
│   ├── UnsafePath          a path that leaves its folder
│   ├── CodeFailed          it raised while it was executed
│   └── MissingPackages     it needs packages that aren't installed
├── TrustError              nobody allowed this code to run
│   ├── NotTrusted
│   └── CodeChanged         the ref now has other bytes than before
├── LockError               the lock can't be read, or does not say what is needed
│   └── NotAsLocked         what is here is not what the lock says
├── ModelError              the model can't be loaded as it is
│   ├── BadModelIndex
│   ├── UnsafeModel         a file of it reaches out of the model
│   └── ComponentMissing
├── PublishError            it can't be published as it is, or not there
│   ├── SecretsFound        tokens, keys or home paths in what would be uploaded
│   ├── BranchMoved         somebody else committed there meanwhile
│   └── NotProven           what was published does not load, or is something else
├── SandboxError            something went wrong in a sandbox, or on the way into one
│   ├── SandboxUnavailable  this machine lacks a layer of the tier that was asked for
│   ├── SandboxFailed       the code in it raised
│   ├── SandboxLost         its process ended, hung, or said what it may not say
│   └── SandboxBusy         all its workers are at work, and too many calls wait
├── BatchError              a batch can't go on, or not like this
│   ├── JobDiffers          it is not the job that was begun there
│   ├── DiskFull            nothing more can be written where its files go
│   └── TooManyFailures     more rows failed than may
├── SharingError            from_pipe can't be done without touching the source
├── OptionError             an argument with a value that can't work
│   └── BadRows             rows of a batch that are no calls of its pipeline
└── HubError                the local Hub can't do what was asked
"""

from __future__ import annotations

from collections.abc import Sequence


class GremioError(Exception):
    """What happened, to which ref, and what to do next.

    ``ref`` is what the person wrote, ``next_step`` the command or argument that helps.
    """

    def __init__(self, message: str, *, ref: str = "", next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.ref = ref
        self.next_step = next_step

    def __str__(self) -> str:
        """The message after its ref, with the next step on a line of its own."""
        text = f"{self.ref}: {self.message}" if self.ref else self.message
        return f"{text}\n  {self.next_step}" if self.next_step else text

    def __reduce__(self) -> tuple[object, tuple[type[GremioError], dict[str, object]]]:
        """Survive a trip through pickle whatever fields a subclass adds."""
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[GremioError], fields: dict[str, object]) -> GremioError:
    error = kind.__new__(kind, fields["message"])
    error.__dict__.update(fields)
    return error


class RefError(GremioError):
    """What was written can't be a ref."""


class NotFound(GremioError):
    """Something that was named isn't there; ``nearest`` has names that are."""

    def __init__(self, message: str, *, ref: str = "", next_step: str = "", nearest: Sequence[str] = ()) -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.nearest = tuple(nearest)


class RefNotFound(NotFound):
    """No such community pipeline, repository, folder or file."""


class RevisionNotFound(NotFound):
    """The repository or folder has no such revision."""


class EntryNotFound(NotFound):
    """The repository or folder lacks a file that was needed."""


class AccessDenied(GremioError):
    """The repository is private or gated and the token, if any, does not open it."""


class Unavailable(GremioError):
    """The network can't be reached (or may not be) and the cache does not have it."""


class StoreError(GremioError):
    """The store can't be written, or what it holds is damaged."""


class CodeError(GremioError):
    """Code that can't be used as it is."""


class UnreadableCode(CodeError):
    """A Python file that does not parse; ``path`` and ``line`` say where."""

    def __init__(self, message: str, *, path: str, line: int, ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.path = path
        self.line = line


class NoClass(CodeError):
    """The entry file defines no class of the wanted kind."""


class SeveralClasses(CodeError):
    """The entry file defines several and none is clearly meant; ``names`` lists them."""

    def __init__(self, message: str, *, names: Sequence[str], ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.names = tuple(names)


class UnsafePath(CodeError):
    """A path inside a repository or an index that would leave its folder."""


class CodeFailed(CodeError, ImportError):
    """The code raised while it was executed; the cause is chained."""


class MissingPackages(CodeError, ImportError):
    """Packages that the code imports and this environment lacks; ``packages`` are the names to install."""

    def __init__(self, message: str, *, packages: Sequence[str], ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.packages = tuple(packages)


class TrustError(GremioError):
    """Code that nobody allowed to run; ``digest`` is the code's.

    ``code`` is the tree itself where a person's word would let it run, None where the policy lets nobody decide.
    """

    def __init__(
        self, message: str, *, digest: str = "", code: object = None, ref: str = "", next_step: str = ""
    ) -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.digest = digest
        self.code = code


class NotTrusted(TrustError):
    """No policy, approval or grant covers this code."""


class CodeChanged(TrustError):
    """The ref was used before with other bytes; ``diff`` is a unified diff from those to these."""

    def __init__(self, message: str, *, digest: str, diff: str, ref: str = "", next_step: str = "") -> None:
        super().__init__(message, digest=digest, ref=ref, next_step=next_step)
        self.diff = diff


class LockError(GremioError):
    """A ``gremio.lock`` that can't be read, or has no such entry."""


class NotAsLocked(LockError):
    """Files, code or a repository that are not what the lock says; ``paths`` names those that differ or lack."""

    def __init__(self, message: str, *, paths: Sequence[str] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.paths = tuple(paths)


class ModelError(GremioError):
    """A model that can't be loaded as it is."""


class BadModelIndex(ModelError, ValueError):
    """A model index that is no JSON, or has an entry that may not or can't be loaded."""


class UnsafeModel(ModelError):
    """A file of the model reaches out of it, or could never be loaded; ``findings`` say which, where and why."""

    def __init__(self, message: str, *, findings: Sequence[object] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.findings = tuple(findings)


class ComponentMissing(ModelError):
    """The pipeline class demands components that the model lacks; ``names`` lists them."""

    def __init__(self, message: str, *, names: Sequence[str], ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.names = tuple(names)


class PublishError(GremioError):
    """Something that can't be published as it is, or not to where it should go."""


class SecretsFound(PublishError):
    """What would be uploaded holds what nobody else should read; ``findings`` say where, one by one."""

    def __init__(self, message: str, *, findings: Sequence[object] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.findings = tuple(findings)


class BranchMoved(PublishError):
    """The branch has commits that this publish did not know of; ``commit`` is where it is now."""

    def __init__(self, message: str, *, commit: str = "", ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.commit = commit


class NotProven(PublishError):
    """What was published can't be loaded by somebody else, or loads as something else."""


class SandboxError(GremioError):
    """Something went wrong in a sandbox, or on the way into one."""


class SandboxUnavailable(SandboxError):
    """The tier that was asked for can't be had here; ``missing`` names its layers that this machine lacks."""

    def __init__(self, message: str, *, missing: Sequence[str] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.missing = tuple(missing)


class SandboxFailed(SandboxError):
    """The code in a sandbox raised: ``kind`` is the exception's name, ``traceback`` its text, made safe to print."""

    def __init__(
        self, message: str, *, kind: str = "", traceback: str = "", ref: str = "", next_step: str = ""
    ) -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.kind = kind
        self.traceback = traceback


class SandboxLost(SandboxError):
    """A worker ended, hung, took too much or broke the rules; the call is lost. ``log`` is what it printed."""

    def __init__(self, message: str, *, log: str = "", ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.log = log


class SandboxBusy(SandboxError):
    """All workers of a sandbox are at work, and this call could not wait, or not longer. It was not made."""


class SharingError(GremioError, ValueError):
    """``from_pipe`` can't do what was asked without changing or copying what it shares."""


class OptionError(GremioError, ValueError):
    """An argument with a value that can't work: dtype, device, call argument."""


class BadRows(OptionError):
    """Rows that are no calls of the pipeline; ``problems`` say which and why, all of them."""

    def __init__(self, message: str, *, problems: Sequence[object] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.problems = tuple(problems)


class BatchError(GremioError):
    """A batch that can't go on, or not like this; what was drawn stays, and ``resume`` goes on from there."""


class JobDiffers(BatchError):
    """What lies there was begun as another job; ``differences`` say what is not what it was."""

    def __init__(self, message: str, *, differences: Sequence[str] = (), ref: str = "", next_step: str = "") -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.differences = tuple(differences)


class DiskFull(BatchError):
    """Nothing more can be written where a batch's files go."""


class TooManyFailures(BatchError):
    """More rows of a batch failed than may."""


class HubError(GremioError):
    """The local Hub can't do what was asked."""
