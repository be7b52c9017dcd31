"""Who is asking, and what that person may do."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gremio.errors import HubError
from gremio.localhub.names import RepoName
from gremio.localhub.refusals import invalid_token
from gremio.localhub.repo_settings import RepoSettings

DEFAULT_USER = "gremio"


@dataclass(frozen=True)
class Access:
    """The table of users, their tokens and organisations; the first user is the default one.

    The default user may write to every namespace if ``default_writes_anywhere``, which is what a Hub of one person
    wants; everybody else writes to their own namespace and to those of their organisations.
    """

    users: Mapping[str, str] = field(repr=False)
    orgs: Mapping[str, Sequence[str]]
    default_writes_anywhere: bool

    @property
    def default_user(self) -> str:
        """The first of the users."""
        return next(iter(self.users))

    def identify(self, authorization: str | None) -> str | None:
        """The user whose token an ``Authorization`` header carries; None without one."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        for user, known in self.users.items():
            if scheme.lower() == "bearer" and hmac.compare_digest(known.encode(), token.strip().encode()):
                return user
        raise invalid_token()

    def orgs_of(self, user: str) -> list[str]:
        """The organisations that ``user`` belongs to."""
        return [org for org, members in self.orgs.items() if user in members]

    def may_write(self, user: str | None, repo: RepoName) -> bool:
        """Whether ``user`` may change ``repo``."""
        if user is None:
            return False
        if self.default_writes_anywhere and user == self.default_user:
            return True
        return repo.namespace == user or user in self.orgs.get(repo.namespace, ())

    def may_see(self, user: str | None, repo: RepoName, settings: RepoSettings) -> bool:
        """Whether ``user`` may know that ``repo`` exists."""
        return not settings.private or self.may_write(user, repo)

    def may_read(self, user: str | None, repo: RepoName, settings: RepoSettings) -> bool:
        """Whether ``user`` may have the bytes of its files."""
        return not settings.gated or user in settings.granted or self.may_write(user, repo)


def load_users(folder: Path) -> dict[str, str]:
    """The one user of a Hub that was given none; the token is made once and kept, readable by its owner only."""
    path = folder / "users.json"
    try:
        users = json.loads(path.read_text())
    except FileNotFoundError:
        return _first_user(path)
    except ValueError as broken:
        raise HubError("its table of users can't be read", ref=str(path), next_step="delete it") from broken
    return {str(user): str(token) for user, token in users.items()}


def _first_user(path: Path) -> dict[str, str]:
    users = {DEFAULT_USER: f"hf_{secrets.token_hex(17)}"}
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(users, file)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return load_users(path.parent)
    finally:
        temporary.unlink()
    return users
