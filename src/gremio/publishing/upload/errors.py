"""What can go wrong on the way to the Hub, each with the way on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremio.errors import (
    AccessDenied,
    GremioError,
    PublishError,
    RefError,
    RefNotFound,
    RevisionNotFound,
    StoreError,
    Unavailable,
)
from gremio.machine.settings import Settings
from gremio.sources.unreachable import OWN_HUB, first_line, network_errors

_NOTHING = "Nothing was published"
_WITHOUT = "\n    ".join(
    [
        "These work without it:",
        "`gremio publish FOLDER --dry-run`, which shows all that would be published",
        "gremio.save_pretrained(obj, folder), which writes the same into a folder",
        OWN_HUB,
    ]
)


def require_network(settings: Settings, ref: str) -> None:
    """Refuse at once where the network may not be used."""
    from huggingface_hub import constants

    if settings.offline or constants.HF_HUB_OFFLINE:
        step = f"Unset HF_HUB_OFFLINE (and TRANSFORMERS_OFFLINE) and publish again. {_WITHOUT}"
        raise Unavailable("nothing can be published, since the network may not be used", ref=ref, next_step=step)


def require_token(token: str | bool | None, settings: Settings, ref: str) -> str:
    """The token to publish with; AccessDenied where nobody is logged in."""
    from huggingface_hub import get_token

    found = token if isinstance(token, str) and token else None if token is False else get_token()
    if not found:
        raise AccessDenied(
            f"nobody is logged in on {settings.endpoint}, and publishing needs an account",
            ref=ref,
            next_step="Run `hf auth login`, or pass token= (or set HF_TOKEN) with a token that may write.",
        )
    return found


def require_repo_id(repo_id: str) -> None:
    """Refuse what can be no repository's name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        why = " ".join(str(error).split())
        raise RefError(f"the Hub takes no such name ({why})", ref=repo_id, next_step="Write owner/name.") from error


@contextmanager
def publishing_errors(repo_id: str, settings: Settings, *, revision: str = "") -> Iterator[None]:
    """Let only our errors out, each with the ref and the way on."""
    try:
        yield
    except Exception as error:
        told = _told(error, repo_id, settings.endpoint, revision)
        if told is None:
            raise
        raise told from error


def _told(error: Exception, repo_id: str, endpoint: str, revision: str) -> GremioError | None:
    """Our words for an error of the client, the network or the disk; None for any other."""
    from huggingface_hub import errors as hub

    match error:
        case hub.GatedRepoError():
            step = f"Ask for access at {endpoint}/{repo_id}."
            return AccessDenied("this repository is gated for your account", ref=repo_id, next_step=step)
        case hub.RepositoryNotFoundError():
            step = "Check the name, and that the token in use may see it."
            return RefNotFound(f"there is no such repository on {endpoint}", ref=repo_id, next_step=step)
        case hub.RevisionNotFoundError():
            step = "Check revision=; a branch that is absent is made, a pull request is not."
            return RevisionNotFound(f"there is no revision {revision!r}", ref=repo_id, next_step=step)
        case hub.HfHubHTTPError():
            return _answered(error, repo_id, endpoint)
        case _ if isinstance(error, network_errors()):
            return _unreachable(error, repo_id, endpoint)
        case OSError():
            return StoreError(
                f"{Path(str(error.filename)).name if error.filename else 'a file'} can't be read"
                f" ({error.strerror or first_line(error)}). {_NOTHING}",
                ref=repo_id,
                next_step="Check that the folder is whole and nobody changes it meanwhile, then publish again.",
            )
        case ValueError():
            # The client's word for a card that the Hub does not take, and for an answer that makes no sense.
            return PublishError(f"the Hub does not take it ({first_line(error)}). {_NOTHING}", ref=repo_id)
        case RuntimeError():
            # So the client wraps what went wrong with one large file.
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            known = isinstance(cause, OSError | hub.HfHubHTTPError) and _told(cause, repo_id, endpoint, revision)
            return known or _unreachable(cause, repo_id, endpoint)
    return None


def _answered(error: Exception, repo_id: str, endpoint: str) -> GremioError:
    """An answer that refuses, in our words."""
    response = getattr(error, "response", None)
    status = response.status_code if response is not None else 500
    if status == 401:
        step = "Run `hf auth login` again, or pass another token=."
        return AccessDenied(f"{endpoint} does not know the token in use", ref=repo_id, next_step=step)
    if status == 403:
        return AccessDenied(
            f"the account in use may not write there ({first_line(error)})",
            ref=repo_id,
            next_step="Use a token with the right to write, publish under your own name, or pass create_pr=True.",
        )
    if status in (400, 409, 413, 422):
        return PublishError(f"the Hub does not take it ({first_line(error)}). {_NOTHING}", ref=repo_id)
    return _unreachable(error, repo_id, endpoint)


def _unreachable(error: Exception, repo_id: str, endpoint: str) -> Unavailable:
    return Unavailable(
        f"{endpoint} can't be reached or failed ({first_line(error)}). {_NOTHING}",
        ref=repo_id,
        next_step="Check the network and HF_ENDPOINT, and publish again: what was sent already is not sent twice."
        f" {_WITHOUT}",
    )
