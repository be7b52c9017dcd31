"""What the Hub answers instead of doing what was asked: a status, and the error code that the client looks for."""

from __future__ import annotations

from collections.abc import Mapping

from gremio.errors import HubError


class Refusal(HubError):
    """A refused request; ``status`` and ``code`` are what huggingface_hub tells its own errors apart by."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        ref: str = "",
        next_step: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, ref=ref, next_step=next_step)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def bad_request(message: str) -> Refusal:
    """The request itself makes no sense."""
    return Refusal(message, status=400)


def invalid_token() -> Refusal:
    """A token was sent and nobody has it; the client compares this very sentence."""
    return Refusal("Invalid credentials in Authorization header", status=401)


def token_needed() -> Refusal:
    """Nobody is logged in and somebody has to be."""
    return Refusal("Invalid username or password.", status=401, next_step="pass token=..., or set HF_TOKEN")


def forbidden(message: str) -> Refusal:
    """The user is known and may not do this."""
    return Refusal(message, status=403)


def repo_not_found(repo_id: str, *, anonymous: bool) -> Refusal:
    """No such repository, or none that this user may know of; strangers get a 401, as from the real Hub."""
    return Refusal("Repository not found", status=401 if anonymous else 404, code="RepoNotFound", ref=repo_id)


def gated(repo_id: str, *, anonymous: bool) -> Refusal:
    """The repository is known and its files need a grant."""
    message = f"Access to model {repo_id} is restricted. You must have access to it and be authenticated to access it."
    return Refusal(message, status=401 if anonymous else 403, code="GatedRepo", ref=repo_id)


def revision_not_found(revision: str) -> Refusal:
    """No branch, tag or commit of that name."""
    return Refusal(f"Invalid rev id: {revision}", status=404, code="RevisionNotFound")


def entry_not_found(message: str, *, commit: str) -> Refusal:
    """The commit lacks the file; the client caches that, so it is told the commit."""
    return Refusal(message, status=404, code="EntryNotFound", headers={"X-Repo-Commit": commit})


def conflict(message: str) -> Refusal:
    """What should be made exists already."""
    return Refusal(message, status=409)


def stale_parent() -> Refusal:
    """The branch moved on since the ``parent_commit`` of this commit."""
    return Refusal("A commit has happened since. Please refresh and try again.", status=412)
