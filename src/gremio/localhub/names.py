"""The names that travel in URLs: repositories, revisions and paths. Parsed here, once, and safe afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from gremio.localhub.refusals import bad_request

Kind = Literal["model", "dataset"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_RESERVED = frozenset({"api", "datasets", "kernels", "models", "raw-github", "spaces"})
_FORBIDDEN_IN_PATH = re.compile(r"[\x00-\x1f\x7f\\]")
_FORBIDDEN_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|$)|(?:^|/)[.-]|[./]$|^/|^@$")


@dataclass(frozen=True, order=True)
class RepoName:
    """One repository of the Hub."""

    kind: Kind
    namespace: str
    name: str

    @classmethod
    def parse(cls, kind: str, text: str) -> RepoName:
        """Parse ``namespace/name``; the rules are those of huggingface_hub's ``validate_repo_id``."""
        namespace, _, name = text.partition("/")
        if kind not in KINDS:
            raise bad_request(f"this local Hub keeps models and datasets, no {kind}s")
        if not all(_PART.fullmatch(part) for part in (namespace, name)) or len(text) > 96:
            raise bad_request(f"{text!r} is no repository id: it should look like 'namespace/name'")
        if "--" in text or ".." in text or name.endswith(".git") or namespace.lower() in _RESERVED:
            raise bad_request(f"{text!r} can't be used as a repository id")
        return cls(kind, namespace, name)

    @property
    def id(self) -> str:
        """As people write it: ``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def url_path(self) -> str:
        """Its page, below the endpoint."""
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"

    @property
    def api_path(self) -> str:
        """Its API, below the endpoint."""
        return f"api/{self.kind}s/{self.id}"


def parse_path(text: str) -> str:
    """The path of a file in a repository, or a refusal of one that would leave it."""
    parts = text.split("/")
    if _FORBIDDEN_IN_PATH.search(text) or any(part in ("", ".", "..") or len(part) > 255 for part in parts):
        raise bad_request(f"{text!r} is no path inside a repository")
    if any(part.lower() == ".git" for part in parts):
        raise bad_request(f"{text!r} belongs to git")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request(f"{text!r} is not valid UTF-8") from None
    return text


def parse_branch_or_tag(text: str) -> str:
    """A new branch's or tag's name, by git's rules, that can't be taken for a commit."""
    unsafe = _FORBIDDEN_IN_REF.search(text) or not text or len(text) > 200 or not text.isascii()
    if unsafe or re.fullmatch(r"[0-9a-f]{40}", text) or text.startswith("refs/"):
        raise bad_request(f"{text!r} is no name for a branch or a tag")
    return text


def parse_count(value: object) -> int:
    """A size, a number or a limit: not negative, and small enough for a disk."""
    text = str(value)
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise bad_request(f"{text!r} is no count")
    return int(text)
